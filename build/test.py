"""Check everything: set-up, system programs, ruff, mypy, pytest. One command, asks nothing.

    python build/test.py [anything for pytest]

On Debian or Ubuntu as root the missing programs (browser, PDF reader, …) are installed; elsewhere
they are named, with what is left out. All three checks run even if one fails; the last line is
pytest's own, and the exit code is not 0 if any of them failed.
"""

from __future__ import annotations

import sys

if sys.version_info < (3, 8):  # noqa: UP036 - this sentence is for those who have an old Python
    sys.exit("Python 3.11 か 3.12 が必要です。 / Python 3.11 or 3.12 is needed.")

import os
import subprocess

import _python
import _setup
import _system


def prepare_system() -> list[str]:
    """Install what can be installed; say loudly what stays missing, and return its names."""
    wanted = _system.missing()
    base = _python.find()
    if base and not _python.imports(base, "ensurepip") and not _python.imports(base, "pip"):
        wanted = [*wanted, "python3-venv", "python3-pip"]
    if wanted and _system.can_install():
        _setup.say("apt-get install " + " ".join(wanted) + " …")
        _system.install(wanted)
    left = _system.missing()
    for name in left:
        _setup.say(
            f"!! ありません / MISSING: {name}", f"   省かれます / left out: {_system.NEEDED[name]}"
        )
    return left


def main() -> int:
    """Run the three checks; 0 only if all are clean."""
    left = prepare_system()
    python = str(_setup.ready("lock.txt", "lock-dev.txt"))
    env = dict(_setup.child_env(), FIELDKIT_MISSING=",".join(left))
    os.chdir(str(_setup.ROOT))
    failed: list[str] = []
    workers = min((os.cpu_count() or 1) + 1, 4)  # they wait for disks and browsers a third of it
    spread = ["-n", str(workers), "--dist", "loadfile"]  # the tests of a file stay in one process
    spread += ["--no-loadscope-reorder"]  # few tests are not quick tests: keep the files' order
    for check in (["ruff", "check", "."], ["mypy"], ["pytest", "-q", *spread, *sys.argv[1:]]):
        if check[0] == "pytest":
            for name in failed:  # said before pytest, whose own closing line comes last
                _setup.say(f"!! {name} が失敗しました / {name} FAILED, see above")
        sys.stdout.flush()
        done = subprocess.run(
            [python, "-m", *check], env=env, stdin=subprocess.DEVNULL, check=False
        )
        if done.returncode:
            failed.append(check[0])
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
