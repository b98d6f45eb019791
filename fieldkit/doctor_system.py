"""What the machine keeps behind the kit's back, and which of it is true here (THREATS.md).

Memory that the system writes to the disk (swap, hibernation, crash dumps), copies that it makes by
itself (file sync, snapshots of the screen, search index), and a disk without encryption are
outside of the program: city IT sets them, this says what it sees. 003 4(2).

Three answers. 「分かりません」 is one of them and is never shown as good: a setting that an
ordinary user may not read, or a system that the kit does not know.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

State = Literal["yes", "no", "unknown"]
WORDS: dict[State, str] = {"yes": "はい　　　　", "no": "いいえ　　　", "unknown": "分からない　"}


@dataclass(frozen=True)
class Setting:
    """One statement about the machine: whether it is true, and what to do where it is not."""

    name: str
    state: State
    says: str


Finding = tuple[State, str]


class Machine:
    """Reads the machine; None where something is not there or may not be read."""

    def __init__(self, data_dir: Path, system: str = sys.platform) -> None:
        self.data_dir = data_dir
        self.system = "windows" if system == "win32" else system

    def read(self, path: str) -> str | None:
        try:
            return Path(path).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None

    def names(self, folder: str) -> list[str] | None:
        try:
            return sorted(os.listdir(folder))
        except OSError:
            return None

    def registry(self, key: str, name: str) -> Any | None:
        """A value below `HKLM\\…` or `HKCU\\…`."""
        if self.system != "windows":
            return None
        import winreg

        top, _, rest = key.partition("\\")
        hive = {"HKLM": "HKEY_LOCAL_MACHINE", "HKCU": "HKEY_CURRENT_USER"}[top]
        try:
            with winreg.OpenKey(getattr(winreg, hive), rest) as opened:  # type: ignore[attr-defined]
                return winreg.QueryValueEx(opened, name)[0]  # type: ignore[attr-defined]
        except OSError:
            return None

    def run(self, *words: str) -> str | None:
        try:
            done = subprocess.run(words, capture_output=True, timeout=20, check=False)
        except (OSError, subprocess.SubprocessError):
            return None
        return done.stdout.decode(errors="replace") if done.returncode == 0 else None

    def env(self, name: str) -> str:
        return os.environ.get(name, "")

    def temp(self) -> Path:
        return Path(tempfile.gettempdir())

    def device(self, path: Path) -> str | None:
        """`major:minor` of the disk that holds this path (or its nearest parent that exists)."""
        for place in (path, *path.absolute().parents):
            try:
                number = place.stat().st_dev
            except OSError:
                continue
            return f"{os.major(number)}:{os.minor(number)}" if hasattr(os, "major") else None
        return None


def run(data_dir: Path, machine: Machine | None = None) -> list[Setting]:
    """Every statement, in the order of the list; never raises, changes nothing."""
    from fieldkit import doctor_linux, doctor_windows

    here = machine or Machine(data_dir)
    if here.system == "windows":
        checks = doctor_windows.CHECKS
    elif here.system.startswith("linux"):
        checks = doctor_linux.CHECKS
    else:
        checks = {name: _not_known for name in doctor_linux.CHECKS}
    return [_one(name, check, here) for name, check in {**checks, "synced": _synced}.items()]


def _one(name: str, check: Callable[[Any], Finding], machine: Machine) -> Setting:
    try:
        state, says = check(machine)
    except Exception as error:  # what cannot be found out is not known
        state, says = "unknown", f"調べている途中で止まりました（{type(error).__name__}）。"
    return Setting(name, state, says)


def _not_known(_machine: Machine) -> Finding:
    return "unknown", "この種類の端末では調べられません。情報部門に確かめてください。"


SYNCED = ("onedrive", "dropbox", "google drive", "googledrive", "icloud", "nextcloud", "box sync")
HOME = ("documents", "desktop", "ドキュメント", "デスクトップ", "マイ ドキュメント")


def _synced(machine: Machine) -> Finding:
    """The data folder is not where the system, or a program, copies files to somewhere else."""
    path = machine.data_dir.absolute()
    parts = [part.lower() for part in path.parts]
    for name in ("OneDrive", "OneDriveCommercial", "OneDriveConsumer"):
        root = machine.env(name)
        if root and str(path).lower().startswith(root.lower()):
            return "no", _move("OneDrive")
    for part in parts:
        for known in SYNCED:
            if part.startswith(known):
                return "no", _move(part)
    if any(part in HOME for part in parts):
        return "no", _move("ドキュメントやデスクトップ")
    return "yes", "データの置き場所は、知られている同期フォルダーの外にあります。"


def _move(where: str) -> str:
    return (
        f"データの置き場所が「{where}」の中にあり、ほかの場所へ写されるおそれがあります。"
        "同期されないフォルダーへ移してください。"
    )
