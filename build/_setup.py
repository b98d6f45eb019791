"""Make `.venv` in the repository root, filled from the lock files. Shared by run.py and test.py.

Only the standard library, and syntax that Python 3.8 can read, so that somebody with an old
Python is told so in a sentence instead of in a SyntaxError.

The promise: after `ready(...)` the returned Python has exactly the locked packages. A second
start only reads two stamps. A set-up that was killed is thrown away and made again; two set-ups
at the same time wait for each other; no package without a hash in the lock is installed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import _python

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
WHEELS = ROOT / "build" / "wheels"
MAKING = VENV / ".making"  # stands while a set-up is under way; left behind by a killed one
GUARD = VENV / ".setup-lock"


def say(*lines: str) -> None:
    """Print lines to stderr at once, on any console (unknown characters become '?')."""
    for line in lines:
        encoding = sys.stderr.encoding or "utf-8"
        print(line.encode(encoding, "replace").decode(encoding), file=sys.stderr, flush=True)


def stop(*lines: str) -> NoReturn:
    """Print what is wrong, in Japanese and English, and leave with exit code 3."""
    say("", *lines, "")
    raise SystemExit(3)


def venv_python() -> Path:
    """Return where the Python of `.venv` is, on this system."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def stamp(lock: Path) -> Path:
    """Return the stamp that says: this very lock file is installed."""
    return VENV / (".lock-" + hashlib.sha256(lock.read_bytes()).hexdigest())


def ready(*names: str) -> Path:
    """Make `.venv` hold the named lock files of build/ and return its Python.

    Leaves with exit code 3 and two sentences when that is impossible.
    """
    locks = [ROOT / "build" / name for name in names]
    if _complete(locks):
        return venv_python()
    VENV.mkdir(exist_ok=True)
    with _alone():
        if not _complete(locks):  # another start may have done it while we waited
            _make(locks)
    return venv_python()


def child_env() -> dict[str, str]:
    """Return the environment for a program run by `.venv`: this tree, no foreign packages."""
    env = {key: value for key, value in os.environ.items() if key not in _python.FOREIGN}
    env["PYTHONPATH"] = str(ROOT)
    return env


def _complete(locks: list[Path]) -> bool:
    here = venv_python().exists() and not MAKING.exists()
    return here and all(stamp(lock).exists() for lock in locks)


def _make(locks: list[Path]) -> None:
    base = _python.find()
    if MAKING.exists() or not _python.usable(venv_python()):
        if base is None:
            stop(*_python.none_found())
        MAKING.touch()
        say("はじめての準備をしています（数分かかることがあります）… / first set-up …")
        _clear()
        _create(str(base))
    MAKING.touch()
    pip = _python.pip_for(venv_python(), base)
    if pip is None:
        stop(*_python.no_venv())
    for lock in locks:
        if not stamp(lock).exists():
            _install(pip, lock)
    MAKING.unlink()


def _clear() -> None:
    """Empty `.venv`, but keep the guard that this very process holds, and the mark."""
    for child in VENV.iterdir():
        if child in (GUARD, MAKING):
            continue
        if child.is_dir() and not child.is_symlink():
            shutil.rmtree(str(child))
        else:
            child.unlink()


def _create(base: str) -> None:
    """Make the empty venv: with pip, else without pip, else with virtualenv."""
    ways = [["-m", "venv"], ["-m", "venv", "--without-pip"], ["-m", "virtualenv"]]
    if not _python.imports(base, "ensurepip"):
        ways = ways[1:]
    for way in ways:
        _python.output([base, *way, str(VENV)])
        if _python.usable(venv_python()) and _python.pip_for(venv_python(), base):
            return
    stop(*_python.no_venv())


def _install(pip: list[str], lock: Path) -> None:
    for old in VENV.glob(".lock-*"):
        if old.read_text(encoding="utf-8") == lock.name:
            old.unlink()
    command = [*pip, "install", "--no-deps", "--require-hashes", "--only-binary=:all:"]
    command += ["-qq", "--no-input", "--disable-pip-version-check", "-r", str(lock)]
    offline = _has_wheels_for(lock)
    if offline:
        command += ["--no-index", "--find-links", str(WHEELS)]
    say(f"  {lock.name} ← {'build/wheels' if offline else 'pip'}")
    env = {key: value for key, value in os.environ.items() if key not in _python.FOREIGN}
    env["PIP_USER"] = "0"
    if subprocess.run(command, env=env, stdin=subprocess.DEVNULL, check=False).returncode:
        stop(*_failed(lock, offline))
    stamp(lock).write_text(lock.name, encoding="utf-8")


def _has_wheels_for(lock: Path) -> bool:
    """True when build/wheels was filled for this lock: its first package is there."""
    for line in lock.read_text(encoding="utf-8").splitlines():
        if "==" in line and not line.startswith("#"):
            name = line.split("==")[0].replace("-", "_").lower()
            return any(w.name.lower().startswith(name + "-") for w in WHEELS.glob("*.whl"))
    return False


def _failed(lock: Path, offline: bool) -> list[str]:
    if offline:
        return [
            "build/wheels の中身が足りないか、壊れています（上の表示を見てください）。",
            "ネットワークのある端末で python build/collect_wheels.py をやり直してください。",
            "build/wheels is incomplete or damaged: run build/collect_wheels.py again.",
        ]
    return [
        f"{lock.name} の部品を入れられませんでした（上の表示を見てください）。",
        "ネットワークを確かめてもう一度実行するか、build/wheels に部品を用意してください。",
        f"Could not install {lock.name}. Check the network and run this again,",
        "or fill build/wheels (python build/collect_wheels.py) on another machine.",
    ]


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the set-up guard; wait while another process holds it. Dies with the process."""
    with open(str(GUARD), "a+b") as file:
        told = False
        while not _grab(file.fileno()):
            if not told:
                say("別の準備が動いています。終わるまで待ちます… / waiting for another set-up …")
                told = True
            time.sleep(0.3)
        yield  # closing the file lets go of the guard


def _grab(number: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(number, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
