"""Find a Python that can run the kit (3.11 or 3.12, 64 bit) and a pip that can fill its venv.

Only the standard library; syntax that Python 3.8 can read (see _setup.py).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

SUITABLE = ("3.12", "3.11")
# Variables that would let packages from outside .venv in, or send packages somewhere else.
FOREIGN = ("PYTHONHOME", "PYTHONPATH", "PYTHONSAFEPATH", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT")
PROBE = (
    "import sys, sysconfig; bad = sysconfig.get_platform() in ('win32', 'win-arm64');"
    "print('%d.%d' % sys.version_info[:2] if sys.maxsize > 2**32 and not bad else 'no')"
)


def output(command: list[str]) -> str:
    """Run a short command; return what it printed, or '' when it cannot run or failed."""
    env = {key: value for key, value in os.environ.items() if key not in FOREIGN}
    try:
        done = subprocess.run(
            command,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    except OSError:
        return ""
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else ""


def usable(python: str | Path) -> bool:
    """True when this Python runs, is 64 bit and is 3.11 or 3.12."""
    return output([str(python), "-c", PROBE]) in SUITABLE


def imports(python: str, module: str) -> bool:
    """True when this Python has the module."""
    return bool(output([python, "-c", f"import {module}; print(1)"]))


def find() -> str | None:
    """Return the path of a suitable Python: the running one first, then those on this machine."""
    for command in _candidates():
        if output([*command, "-c", PROBE]) in SUITABLE:
            # Of a venv, take the Python it was made from: a venv in a venv breaks with the outer.
            base = "import sys; print(getattr(sys, '_base_executable', sys.executable))"
            return output([*command, "-c", base])
    return None


def _candidates() -> list[list[str]]:
    found = [[sys.executable]]
    for version in SUITABLE:
        found.append(["python" + version])
        if os.name == "nt":
            found.append(["py", "-" + version])
        else:
            found.extend([place] for place in _pyenv_places(version))
        if shutil.which("uv"):
            place = output(["uv", "python", "find", "--no-project", version])
            found.extend([[place]] if place else [])
    return found


def _pyenv_places(version: str) -> list[str]:
    """The Pythons of pyenv; another person's folder that we may not read counts as none."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    try:
        return [str(p) for p in sorted((root / "versions").glob(version + ".*/bin/python"))]
    except OSError:
        return []


def pip_for(venv: Path, base: str | None) -> list[str] | None:
    """Return the command that is pip for this venv: its own, else the base Python's pip in it."""
    own = [str(venv), "-m", "pip"]
    if output([*own, "--version"]):
        return own
    where = "import os, pip; print(os.path.dirname(pip.__file__))"
    folder = output([base, "-c", where]) if base else ""
    if folder and output([str(venv), folder, "--version"]):
        return [str(venv), folder]  # what `pip --python` does inside, but for older pips too
    if base and output([base, "-m", "pip", "--python", str(venv), "--version"]):
        return [base, "-m", "pip", "--python", str(venv)]
    return None


def none_found() -> list[str]:
    """The sentences for: no suitable Python on this machine."""
    mine = ".".join(str(part) for part in sys.version_info[:2])
    return [
        f"64ビット版の Python 3.11 か 3.12 が必要です（いま動いているのは {mine}）。",
        "  Windows: https://www.python.org/downloads/windows/ の 3.12 (64-bit) を入れてください。",
        "  Debian/Ubuntu: apt install python3.12 python3.12-venv（3.11 でも可）",
        "入れたあと、同じコマンドをもう一度実行してください。",
        f"64-bit Python 3.11 or 3.12 is needed (this is {mine}). Install it, run this again.",
    ]


def no_venv() -> list[str]:
    """The sentences for: a Python that cannot make a venv (Debian without python3-venv)."""
    return [
        "この Python は仮想環境 (venv) を作れません。",
        "  Debian/Ubuntu: sudo apt install python3-venv python3-pip を実行してください。",
        "入れたあと、同じコマンドをもう一度実行してください。",
        "This Python can make no virtual environment: apt install python3-venv python3-pip.",
    ]
