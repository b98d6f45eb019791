"""Removable media: camera cards and readers, seen, read, overwritten and emptied in place.

`drives()` names what is plugged in (Windows: fieldkit/media_windows.py, Linux: media_linux.py);
`KIT_MEDIA` adds folders for readers that the system does not call removable. A drive is a value of
one moment: a card can be pulled out at any time, so that every act looks again (`still_there`).
What overwriting can and cannot do on flash memory is said in fieldkit/CARDS.md.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fieldkit import media_linux, media_windows
from fieldkit.media_says import card_gone, odd_card, own_medium, refused
from fieldkit.store.files import sync_dir

MEBI = 1 << 20
FILL = "KITFILL"
CONDEMNED = "KITGONE"
SYSTEM = {"system volume information", ".spotlight-v100", ".fseventsd", "lost+found"}
"""Folders that a computer writes on a medium, in small letters."""
_NO_FF = bytes(range(255)) + b"\0"


@dataclass(frozen=True)
class Drive:
    """One medium as it is mounted now; sizes in bytes.

    `kind` is "removable" (a medium of its own, whose free space can be overwritten) or "folder"
    (part of another disk: its free space is never filled). `serial` tells two media apart; "" where
    the system does not say. `device` is where its raw bytes may be read, "" where nowhere.
    """

    mount: Path
    label: str
    size: int
    free: int
    kind: str
    filesystem: str = ""
    serial: str = ""
    device: str = ""

    @property
    def name(self) -> str:
        """What a person calls it: its label, else where it is plugged in."""
        return self.label or str(self.mount)


def refuse_own(drive: Drive, data_dir: Path) -> None:
    """KitError `own_medium` where the kit's own data lies on the medium, or the medium in it."""
    mount, data = drive.mount.resolve(), data_dir.resolve()
    if mount == data or mount in data.parents or data in mount.parents:
        raise own_medium()


def drives() -> list[Drive]:
    """What is plugged in now, and the folders of `KIT_MEDIA`; by mount path."""
    found = []
    if sys.platform == "win32":
        found = [Drive(**row) for row in media_windows.removable()]
    elif sys.platform.startswith("linux"):
        found = [Drive(**row) for row in media_linux.removable()]
    known = {drive.mount for drive in found}
    told = [Path(name) for name in os.environ.get("KIT_MEDIA", "").split(os.pathsep) if name]
    found += [one for place in told if place not in known for one in _folder(place)]
    return sorted(filter(_has_name, found), key=lambda drive: str(drive.mount))


def _has_name(drive: Drive) -> bool:
    """Whether a screen can name it: a path that is no text (bytes of another coding) cannot be."""
    return str(drive.mount).encode("utf-8", "replace").decode() == str(drive.mount)


def _folder(place: Path) -> Iterator[Drive]:
    """A folder that the city named: a medium of its own where something is mounted there."""
    with suppress(OSError):
        place = place.resolve(strict=True)
        seen = place.stat()
        if not stat.S_ISDIR(seen.st_mode):
            return
        room = shutil.disk_usage(place)
        row = media_linux.mounted_at(place) if sys.platform.startswith("linux") else {}
        yield Drive(
            mount=place,
            label=place.name,
            size=room.total,
            free=room.free,
            kind="removable" if os.path.ismount(place) else "folder",
            filesystem=row.get("filesystem", ""),
            serial=row.get("serial", "") or f"{seen.st_dev:x}-{seen.st_ino:x}",
            device=row.get("device", ""),
        )


def drive_at(mount: str) -> Drive:
    """The drive that is mounted there now. Never a free path: only one of `drives()`."""
    for drive in drives():
        if str(drive.mount) == mount:
            return drive
    raise card_gone()


def same_media(drive: Drive, serial: str) -> bool:
    """Whether it is the medium with that serial; True where one of the two is not known."""
    return not serial or not drive.serial or drive.serial == serial


def still_there(drive: Drive) -> None:
    """KitError `card_gone` where the medium was pulled out or changed since `drive` was seen."""
    if drive_at(str(drive.mount)).serial != drive.serial:
        raise card_gone()


def files(drive: Drive, links_ok: bool = False) -> list[Path]:
    """Every file on it in the order of its names; an empty list means that it really is empty.

    Left out are the kit's own fill files and what a computer writes on every medium. A link or a
    pipe leads off the medium or never ends: `odd_card`, or left out where `links_ok`.
    KitError `card_gone` where it cannot be read to the end.
    """
    try:
        inside = [*_inside(drive)]
    except OSError as error:
        raise refused(error) from None
    still_there(drive)
    if not links_ok and any(_is_link(one) or not (one.is_dir() or one.is_file()) for one in inside):
        raise odd_card()
    found = {Path(one.path) for one in inside if one.is_file() and not _is_link(one)}
    return sorted(found - set(fills(drive)))


def _inside(drive: Drive) -> Iterator[os.DirEntry[str]]:
    """Whatever lies on it, a folder before its contents; no link is followed. OSError if pulled."""
    folders = [str(drive.mount)]
    while folders:
        with os.scandir(folders.pop()) as here:
            for one in here:
                if not _is_link(one) and one.is_dir():
                    if one.name.lower() in SYSTEM:
                        continue
                    folders.append(one.path)
                yield one


def _is_link(one: os.DirEntry[str]) -> bool:
    """A link, or on Windows a junction, to another place."""
    if sys.platform == "win32" and one.stat(follow_symlinks=False).st_reparse_tag:
        return True
    return one.is_symlink()


def noise(size: int) -> bytes:
    """Random bytes without 0xFF: a search for pictures finds no begin of one among them."""
    return os.urandom(size).translate(_NO_FF)


def write_all(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]


def erase_file(path: Path) -> None:
    """Overwrite a file where it lies, give it a name that says nothing, remove it; OSError if not.

    In place, because FAT and exFAT keep a file's clusters while it is written over. Its old name
    may stay readable as a deleted entry of the folder until that is written over too. Bytes that
    have another name as well, on this medium or another, are overwritten with their last name.
    """
    seen = path.lstat()
    if stat.S_ISREG(seen.st_mode) and seen.st_nlink <= 1:
        _overwrite(path)
    nameless = path if is_condemned(path) else condemn(path)
    nameless.unlink()
    sync_dir(nameless.parent)


def _overwrite(path: Path) -> None:
    if not path.stat().st_mode & stat.S_IWRITE:
        path.chmod(stat.S_IREAD | stat.S_IWRITE)  # "protected" in the camera
    fd = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        left = os.fstat(fd).st_size
        while left:
            size = min(left, MEBI)
            write_all(fd, noise(size))
            left -= size
        os.fsync(fd)
    finally:
        os.close(fd)


def condemn(path: Path) -> Path:
    """Give a file that will be erased a name that says so, so that a kill in the middle of its
    overwriting leaves no file that nobody knows."""
    to = path.with_name(f"{CONDEMNED}{secrets.token_hex(4)}.TMP")
    path.rename(to)
    sync_dir(to.parent)
    return to


def is_condemned(path: Path) -> bool:
    return path.name.startswith(CONDEMNED)


def remove_folders(drive: Drive) -> None:
    """Remove the empty folders; what a computer writes on every medium may stay."""
    with suppress(OSError):
        for folder in reversed([one.path for one in _inside(drive) if one.is_dir()]):
            with suppress(OSError):
                os.rmdir(folder)


def fills(drive: Drive) -> list[Path]:
    return sorted(drive.mount.glob(f"{FILL}*.TMP"))
