"""Removable media on Linux: what /proc/self/mountinfo, /sys and udev's notes say, without a tool.

A mount counts where the kernel calls its disk removable, where it is an SD card in a built-in
reader, or where the desktop mounted a FAT or exFAT medium for the person (/media, /run/media).
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any

MOUNTS = Path("/proc/self/mountinfo")
SYS = Path("/sys/dev/block")
UDEV = Path("/run/udev/data")
FLASH = ("vfat", "exfat", "msdos", "fuseblk")
_ESCAPED = re.compile(r"\\([0-7]{3})")


def removable() -> list[dict[str, Any]]:
    """The fields of a `media.Drive` for each removable medium that is mounted."""
    found = []
    for row in _mounts():
        disk = _disk(row["number"])
        if disk is None or not (_is_removable(disk) or _by_desktop(row)):
            continue
        with suppress(OSError):
            room = shutil.disk_usage(row["mount"])
            notes = _notes(row["number"])
            found.append(
                {
                    "mount": row["mount"],
                    "label": notes.get("ID_FS_LABEL", ""),
                    "size": room.total,
                    "free": room.free,
                    "kind": "removable",
                    "filesystem": row["filesystem"],
                    "serial": _serial(row["device"], notes),
                    "device": row["device"],
                }
            )
    return found


def mounted_at(place: Path) -> dict[str, str]:
    """File system, serial and device of what is mounted exactly there; empty for a plain folder."""
    for row in reversed(_mounts()):
        if row["mount"] == place:
            if row["number"] is None:
                return {"filesystem": row["filesystem"]}
            return {
                "filesystem": row["filesystem"],
                "serial": _serial(row["device"], _notes(row["number"])),
                "device": row["device"],
            }
    return {}


def _mounts() -> list[dict[str, Any]]:
    """Mount point, file system, device and its "major:minor" (None: no block device)."""
    rows = []
    for line in MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        words, _, about = line.partition(" - ")
        place, kind, source = words.split()[4], *about.split()[:2]
        number = _number(_plain(source))
        rows.append(
            {
                "mount": Path(_plain(place)),
                "filesystem": kind,
                "device": _plain(source) if number else "",
                "number": number,
            }
        )
    return rows


def _number(source: str) -> str | None:
    with suppress(OSError):
        seen = os.stat(source)
        if stat.S_ISBLK(seen.st_mode):
            return f"{os.major(seen.st_rdev)}:{os.minor(seen.st_rdev)}"
    return None


def _plain(word: str) -> str:
    """A path as it is: mountinfo writes blanks and the like as \\040; its bytes are UTF-8."""
    return _ESCAPED.sub(lambda m: chr(int(m.group(1), 8)), word)


def _disk(number: str | None) -> Path | None:
    """The whole disk in /sys; None once it is pulled out, though still mounted."""
    if number is None or not (SYS / number).exists():
        return None
    block = (SYS / number).resolve()
    return block.parent if (block / "partition").exists() else block


def _is_removable(disk: Path) -> bool:
    said = [_text(disk / "removable") == "1", _text(disk / "device" / "type") == "SD"]
    return any(said) and not disk.name.startswith("loop")


def _by_desktop(row: dict[str, Any]) -> bool:
    here = str(row["mount"]).startswith(("/media/", "/run/media/"))
    return here and row["filesystem"] in FLASH


def _notes(number: str) -> dict[str, str]:
    """What udev wrote down about a device: `ID_FS_LABEL`, `ID_FS_UUID`, …"""
    lines = _text(UDEV / f"b{number}").splitlines()
    pairs = (line[2:].partition("=") for line in lines if line.startswith("E:"))
    return {name: value for name, _, value in pairs}


def _serial(device: str, notes: dict[str, str]) -> str:
    """The volume's number: as udev noted it, else out of its first sector where that is allowed."""
    if notes.get("ID_FS_UUID"):
        return notes["ID_FS_UUID"]
    with suppress(OSError), open(device, "rb") as raw:
        head = raw.read(512)
        for mark, name, place in ((3, b"EXFAT   ", 100), (82, b"FAT32   ", 67), (54, b"FAT1", 39)):
            if head[mark : mark + len(name)] == name:
                return head[place : place + 4][::-1].hex()
    return ""


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
