"""Fill build/wheels, so that a laptop without network can be set up from this folder alone.

    python build/collect_wheels.py                             for this machine
    python build/collect_wheels.py --platform win_amd64        for the laptops (the usual case)
    python build/collect_wheels.py --platform win_amd64 --python 3.11 --dev

Then copy the whole folder to the laptop and start `python build/run.py` there. Everything is
checked: each file's hash against the lock, each file's tag against the platform, and nothing
missing. A file that does not belong is named and the exit code is 1.

pip reads the locks' markers for the machine it runs on; the few packages that only Windows needs
(colorama for the tests) are therefore asked for by name.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import _python
import _setup

SUFFIXES = {
    "win_amd64": ("win_amd64",),
    "linux_x86_64": ("_x86_64",),
    "macos_arm64": ("_arm64", "_universal2"),
}
ASKED = {
    "win_amd64": ["win_amd64"],
    "linux_x86_64": [f"manylinux_2_{n}_x86_64" for n in (34, 31, 28, 27, 24, 17)]
    + ["manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64"],
    "macos_arm64": [f"macosx_{n}_0_arm64" for n in (14, 13, 12, 11)]
    + ["macosx_11_0_universal2", "macosx_10_9_universal2"],
}


def entries(lock: Path) -> dict[str, tuple[str, str, set[str]]]:
    """Return {name: (version, marker, sha256 hashes)} of a lock file."""
    found: dict[str, tuple[str, str, set[str]]] = {}
    text = lock.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        match = re.match(r"([a-z0-9][\w.-]*)==([^\s;]+)\s*(?:;\s*(.*?))?\s*(?=--hash)", line)
        if match:
            hashes = set(re.findall(r"--hash=sha256:([0-9a-f]{64})", line))
            found[match[1]] = (match[2], match[3] or "", hashes)
    return found


def for_platform(lock: Path, platform: str) -> str:
    """Return the lock's text with the markers decided for that platform instead of this one."""
    lines = []
    for name, (version, marker, hashes) in entries(lock).items():
        if "sys_platform == 'win32'" in marker and not platform.startswith("win"):
            continue
        lines.append(" ".join([f"{name}=={version}", *(f"--hash=sha256:{h}" for h in hashes)]))
    return "\n".join(lines) + "\n"


def this_platform() -> str:
    """Return the name, as in ASKED, of the machine we are on."""
    here = sysconfig.get_platform().replace("-", "_")
    if here.startswith("macosx"):
        return "macos_arm64"
    return here


def download(pip: list[str], lock: Path, platform: str, python: str) -> int:
    """Let pip fetch every wheel of a lock into build/wheels; return pip's exit code."""
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "wanted.txt"
        wanted.write_text(for_platform(lock, platform), encoding="utf-8")
        command = [*pip, "download", "-qq", "--disable-pip-version-check", "--no-deps"]
        command += ["--only-binary=:all:", "--require-hashes", "-r", str(wanted)]
        command += ["-d", str(_setup.WHEELS), "--python-version", python]
        command += ["--implementation", "cp"]
        for tag in ASKED[platform]:
            command += ["--platform", tag]
        for abi in ("cp" + python.replace(".", ""), "abi3", "none"):
            command += ["--abi", abi]
        return subprocess.run(command, check=False).returncode


def check(locks: list[Path], platform: str, python: str) -> list[str]:
    """Return what is wrong with build/wheels, in sentences; nothing when it is complete.

    Wheels for the other Python may lie beside (two runs fill the folder for both), but every
    package has to be there for this one.
    """
    own = "cp" + python.replace(".", "")
    others = {"cp" + version.replace(".", "") for version in _python.SUITABLE} - {own}
    wanted = {name: entry for lock in locks for name, entry in entries(lock).items()}
    wrong, seen = [], set()
    for wheel in sorted(_setup.WHEELS.glob("*.whl")):
        name = wheel.name.split("-")[0].lower().replace("_", "-").replace(".", "-")
        if name not in wanted:
            wrong.append(f"{wheel.name}: ロックにない部品です / not in the lock")
        elif hashlib.sha256(wheel.read_bytes()).hexdigest() not in wanted[name][2]:
            wrong.append(f"{wheel.name}: 中身がロックと違います / hash is not the locked one")
        elif not wheel.stem.endswith(("-any", *SUFFIXES[platform])):
            wrong.append(f"{wheel.name}: {platform} 用ではありません / not for {platform}")
        elif wheel.stem.split("-")[-2] not in others:  # the abi tag: cp312, abi3 or none
            seen.add(name)
    for name, (version, marker, _) in wanted.items():
        elsewhere = "sys_platform == 'win32'" in marker and not platform.startswith("win")
        if name not in seen and not elsewhere:
            wrong.append(f"{name}=={version}: Python {python} 用がありません / missing")
    return wrong


def main() -> int:
    """Fetch and check; 0 only when the folder is complete and nothing else is in it."""
    parser = argparse.ArgumentParser(description="build/wheels を用意します。")
    parser.add_argument("--platform", choices=sorted(ASKED), default=this_platform())
    parser.add_argument("--python", choices=_python.SUITABLE, default="3.12")
    parser.add_argument(
        "--dev", action="store_true", help="テストの部品も / the tests' packages too"
    )
    parser.add_argument("--check-only", action="store_true", help="確かめるだけ / fetch nothing")
    given = parser.parse_args()
    names = ["lock.txt", "lock-dev.txt"] if given.dev else ["lock.txt"]
    locks = [_setup.ROOT / "build" / name for name in names]
    if not given.check_only:
        base = _python.find() or sys.executable
        for lock in locks:
            if download([base, "-m", "pip"], lock, given.platform, given.python):
                _setup.stop(f"{lock.name} の部品をそろえられませんでした。 / pip download failed.")
    wrong = check(locks, given.platform, given.python)
    size = sum(wheel.stat().st_size for wheel in _setup.WHEELS.glob("*.whl")) // 1_000_000
    _setup.say(*wrong, f"build/wheels: {size} MB, " + ("NG" if wrong else "OK"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
