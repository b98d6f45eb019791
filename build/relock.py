"""Write build/lock.txt and build/lock-dev.txt anew, with the hash of every file.

    python build/relock.py              keep the locked versions, take in what the .in files added
    python build/relock.py --upgrade    take the newest versions that the .in files allow

The locks are universal (one file for Windows, macOS and Linux, Python 3.11 and 3.12; markers say
where a package is needed) and complete (installed with ``--no-deps --require-hashes``). The
``-nodeps.in`` files name packages that come without their own list of needs. A package of which
no wheel exists is refused: a laptop has no compiler, and building would run foreign code.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PYTHON = "3.11"  # the oldest one supported; the lock is made for it and everything newer
BANNED = ("jax", "jaxlib", "opencv-contrib-python", "scipy", "tensorflow")
NO_UV = "\n".join(
    (
        "uv が見つかりません。ロックファイルの作り直しには uv が必要です（pip install uv）。",
        "uv was not found. Relocking needs it: pip install uv, then run this again.",
    )
)

HEAD = {
    "lock.txt": """\
# Every package the kit runs on, with its hash.
# Install with: pip install --no-deps --require-hashes -r build/lock.txt
# Made by build/relock.py from requirements.in and requirements-nodeps.in. Do not edit.
""",
    "lock-dev.txt": """\
# What the tests need on top of lock.txt; install lock.txt first.
# Made by build/relock.py from requirements-dev.in and requirements-dev-nodeps.in. Do not edit.
""",
}


def pins(text: str) -> dict[str, str]:
    """Return {package name: version} of a lock file's text."""
    return dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)==([^\s;\\]+)", text, flags=re.M))


def compile_lock(uv: str, source: Path, old: str, options: list[str]) -> str:
    """Let uv turn one .in file into locked lines; `old` holds the versions to keep."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.txt"
        out.write_text(old, encoding="utf-8")
        command = [uv, "pip", "compile", str(source), "-o", str(out), "--quiet"]
        command += ["--universal", "--python-version", PYTHON, "--generate-hashes"]
        command += ["--no-header", "--no-annotate", "--only-binary", ":all:", *options]
        subprocess.run(command, check=True)
        return out.read_text(encoding="utf-8")


def relock(uv: str, name: str, stem: str, extra: list[str]) -> None:
    """Write one lock file."""
    path = HERE / name
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    whole = compile_lock(uv, HERE / f"{stem}.in", old, extra)
    alone = compile_lock(uv, HERE / f"{stem}-nodeps.in", old, ["--no-deps", *extra])
    twice = pins(whole).keys() & pins(alone).keys()
    banned = pins(whole + alone).keys() & set(BANNED)
    if twice or banned:
        raise SystemExit(f"{name}: locked twice: {sorted(twice)}; not wanted: {sorted(banned)}")
    text = HEAD[name] + whole + alone
    path.write_text(text, encoding="utf-8", newline="\n")
    print(f"{name}: {len(pins(text))} packages")


def main() -> int:
    """Relock both files; 2 when uv is missing."""
    parser = argparse.ArgumentParser(description="Write the two lock files anew (needs uv).")
    parser.add_argument("--upgrade", action="store_true", help="take the newest allowed versions")
    parser.add_argument("--uv", default=shutil.which("uv"), help="path of uv, if not on PATH")
    given = parser.parse_args()
    if not given.uv or not shutil.which(given.uv):
        print(NO_UV, file=sys.stderr)
        return 2
    extra = ["--upgrade"] if given.upgrade else []
    relock(given.uv, "lock.txt", "requirements", extra)
    # Shared packages stand in both files, with one version: the dev lock is bound by lock.txt.
    bound = ["--constraint", str(HERE / "lock.txt")]
    relock(given.uv, "lock-dev.txt", "requirements-dev", [*extra, *bound])
    return 0


if __name__ == "__main__":
    sys.exit(main())
