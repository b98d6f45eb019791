"""The city's forms and settings as they travel: a ZIP of plain files, and the city's word on it.

A *statement* (purpose `settings`) names one version: `{"v", "city", "epoch", "no", "digest",
"size", "at"}`. Versions are ordered by (epoch, no): a city that was restored begins a new epoch.
The ZIP is made the same each time, and read with suspicion: it is unpacked in memory, by names that
are safe on every system, of known kinds, within limits (sync/PROTOCOL.md §4).
"""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sync import wire
from sync.wire import WireError

PURPOSE = "settings"
PART = 1024 * 1024
ZIP_LIMIT = 32 * 1024 * 1024
TOTAL_LIMIT = 64 * 1024 * 1024
FILE_LIMIT = 16 * 1024 * 1024
FILES = 2000
SUFFIXES = frozenset(
    {".toml", ".md", ".json", ".txt", ".csv", ".tsv", ".xz", ".typ", ".ttf", ".otf", ".svg",
     ".png", ".jpg", ".pdf", ".xlsx"}
)  # fmt: skip
PART_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}")
DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.I)
DAY = (2026, 1, 1, 0, 0, 0)
OTHERS = frozenset({"Thumbs.db", "desktop.ini"})
"""What systems leave in folders; such files, and hidden ones, stay behind."""


@dataclass(frozen=True)
class Statement:
    """One version of the settings, as the city signed it."""

    epoch: int
    no: int
    digest: str
    size: int
    at: str
    body: str
    signature: str

    @property
    def order(self) -> tuple[int, int]:
        return self.epoch, self.no


class BadFile(ValueError):
    """A file that cannot be published: its name in the folder."""


def safe_name(name: str) -> bool:
    """Whether a path inside the ZIP can be unpacked on any system, and is of a known kind."""
    parts = name.split("/")
    if not 1 <= len(parts) <= 4 or Path(parts[-1]).suffix.lower() not in SUFFIXES:
        return False
    return all(
        PART_NAME.fullmatch(one) and not one.endswith(".") and not DEVICES.fullmatch(one)
        for one in parts
    )


def pack(files: Mapping[str, bytes]) -> bytes:
    """The ZIP of these files: sorted, without times, the same bytes each time. BadFile, ValueError
    where it could not be unpacked again."""
    bad = [name for name in files if not safe_name(name)]
    if bad:
        raise BadFile(bad[0])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, DAY)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            made.writestr(entry, files[name])
    data = out.getvalue()
    try:
        unpack(data)
    except WireError as error:
        raise ValueError(error.code) from None
    return data


def unpack(data: bytes) -> dict[str, bytes]:
    """The files of a ZIP, in memory. WireError("too_large", "bad_settings")."""
    if len(data) > ZIP_LIMIT:
        raise WireError("too_large")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            entries = packed.infolist()
            _look(entries)
            return {entry.filename: _read(packed, entry) for entry in entries}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError,
            ValueError, struct.error):  # fmt: skip
        raise WireError("bad_settings") from None


def _look(entries: Iterable[zipfile.ZipInfo]) -> None:
    seen: set[str] = set()
    total = 0
    for entry in entries:
        total += entry.file_size
        mode = entry.external_attr >> 16
        odd = mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG)
        packed = entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        name = entry.filename
        if odd or packed or entry.flag_bits & 1 or not safe_name(name) or name.lower() in seen:
            raise WireError("bad_settings")
        seen.add(name.lower())
        if len(seen) > FILES or entry.file_size > FILE_LIMIT or total > TOTAL_LIMIT:
            raise WireError("too_large")
    if not seen:
        raise WireError("bad_settings")
    if any(folder in seen for name in seen for folder in _above(name)):
        raise WireError("bad_settings")  # a file where another one needs a folder


def _above(name: str) -> Iterable[str]:
    parts = name.split("/")
    return ("/".join(parts[:n]) for n in range(1, len(parts)))


def _read(packed: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """No more than the entry says, whatever is packed in it."""
    with packed.open(entry) as file:
        data = file.read(entry.file_size + 1)
    if len(data) != entry.file_size:
        raise WireError("bad_settings")
    return data


def files_of(folder: Path, leave: Iterable[str] = ()) -> dict[str, bytes]:
    """What lies in a folder, by path; hidden files and the folders named in `leave` stay behind."""
    found = {}
    skipped = set(leave)
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if parts[0] in skipped or path.name in OTHERS or any(p.startswith(".") for p in parts):
            continue
        if path.is_symlink():
            raise BadFile("/".join(parts))
        if path.is_file():
            found["/".join(parts)] = path.read_bytes()
    return found


# -- the city's word ------------------------------------------------------------------------------
def statement(city: str, epoch: int, no: int, digest: str, size: int, at: str) -> bytes:
    """What the city signs."""
    return wire.canonical(
        {"v": wire.PROTOCOL, "city": city, "epoch": epoch, "no": no, "digest": digest,
         "size": size, "at": at}
    )  # fmt: skip


def read(publics: Iterable[bytes], city: str, body: str, signature: str) -> Statement:
    """A statement that one of these keys of the city signed; WireError otherwise."""
    for public in publics:
        try:
            wire.verify(public, PURPOSE, body.encode(), signature)
        except WireError:
            continue
        break
    else:
        raise WireError("bad_signature")
    try:
        told = wire.parse(body.encode())
        if told["v"] != wire.PROTOCOL:
            raise WireError("other_version")
        if told["city"] != city:
            raise WireError("not_for_us")
        made = Statement(
            wire.whole(told["epoch"]), wire.whole(told["no"]), str(told["digest"]),
            wire.whole(told["size"]), str(told["at"]), body, signature,
        )  # fmt: skip
    except (KeyError, TypeError, ValueError):
        raise WireError("malformed") from None
    if not re.fullmatch("[0-9a-f]{64}", made.digest) or not 0 < made.size <= ZIP_LIMIT:
        raise WireError("malformed")
    return made
