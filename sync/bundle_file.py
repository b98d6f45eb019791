"""The bytes of a bundle file: written in one go, read without trust in any of its directories.

Everything stands where the manifest lets it be computed, so that a file that was cut off or whose
ZIP headers are damaged still gives each part that is whole.
"""

from __future__ import annotations

import os
import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from sync import wire
from sync.bundle import ID, MOST_PARTS, SEALED, Address, Manifest, Part, seal, unseal
from sync.wire import WireError

LIMIT = 2 * 1024**3
"""Bytes of one file; FAT32 ends at 4 GiB, ZIP without its 64-bit form too."""
MOST = 2 * wire.PART_LIMIT
"""Bytes of one request, in a file that somebody else wrote."""
MANIFEST = "manifest"
MANIFEST_LIMIT = 16 * 1024**2
AGAIN = "-2"
_NAME = re.compile(f"({ID})/manifest(-2)?".encode())
_LONGEST = 64
_LOCAL, _CENTRAL, _END = struct.Struct("<4s5H3I2H"), struct.Struct("<4s6H3I5H2I"), "<4s4H2IH"
_DAY = 0x21  # 1980-01-01: a date of the file itself says nothing
_PIECE = 1 << 20


def _places(file_id: str, head: int, parts: Sequence[Part]) -> dict[str, tuple[int, int]]:
    """`{part name: (where its sealed bytes begin, how many)}`, in the order of the file.

    Second copies stand behind all parts, the second manifest behind everything.
    """
    sizes = [(MANIFEST, head), *((part.name, part.size) for part in parts)]
    sizes += [(part.name + AGAIN, part.size) for part in parts if part.twice]
    sizes.append((MANIFEST + AGAIN, head))
    found, at = {}, 0
    for name, size in sizes:
        at += _LOCAL.size + len(f"{file_id}/{name}")
        found[name] = (at, size + SEALED)
        at += size + SEALED
    return found


def size_of(manifest: Manifest, parts: Sequence[Part]) -> int:
    """The size of the whole file, before it is written."""
    file_id = manifest.address.id
    places = _places(file_id, len(manifest.to_bytes()), parts)
    names = sum(_CENTRAL.size + len(f"{file_id}/{name}") for name in places)
    begin, size = places[MANIFEST + AGAIN]
    return begin + size + names + struct.calcsize(_END)


def pack(manifest: Manifest, parts: Sequence[Part], public: bytes) -> Iterator[bytes]:
    """The file, piece by piece. WireError("changed") where a part is no more what it was."""
    file_id, kind = manifest.address.id, manifest.kind
    head = manifest.to_bytes()
    by_name = {name: part for part in parts for name in (part.name, part.name + AGAIN)}
    directory = []
    places = _places(file_id, len(head), parts)
    for name, (begin, size) in places.items():
        data = head
        if name in by_name:
            data = by_name[name].make()
            if wire.sha256(data) != by_name[name].sha256:
                raise WireError("changed")
        sealed = seal(public, kind, file_id, name, data)
        entry = f"{file_id}/{name}".encode()
        told = (zlib.crc32(sealed), size, size, len(entry), 0)
        yield _LOCAL.pack(b"PK\3\4", 20, 0, 0, 0, _DAY, *told) + entry
        yield sealed
        at = begin - _LOCAL.size - len(entry)
        row = _CENTRAL.pack(b"PK\1\2", 20, 20, 0, 0, 0, _DAY, *told, 0, 0, 0, 0, at)
        directory.append(row + entry)
    whole, end = b"".join(directory), sum(places[MANIFEST + AGAIN])
    yield whole + struct.pack(_END, b"PK\5\6", 0, 0, len(places), len(places), len(whole), end, 0)


class Opened:
    """A file whose manifest could be opened; parts are read and opened one at a time."""

    def __init__(self, file: BinaryIO, private: bytes, manifest: Manifest) -> None:
        self.manifest = manifest
        self.parts = manifest.parts()
        asks = manifest.kind not in ("reply", "enrolled")
        if len(self.parts) > MOST_PARTS or (asks and any(p.size > MOST for p in self.parts)):
            raise WireError("too_large")
        self._file = file
        self._end = file.seek(0, os.SEEK_END)
        self._private = private
        self._id = manifest.address.id
        self._places = _places(self._id, len(manifest.to_bytes()), self.parts)

    def part(self, part: Part) -> bytes | None:
        """The plain bytes of a part, None where they are damaged (both of them, if twice)."""
        for name in (part.name, part.name + AGAIN)[: 1 + part.twice]:
            begin, size = self._places[name]
            if begin + size > self._end:  # cut off: no room is made for what is not there
                continue
            self._file.seek(begin)
            sealed = self._file.read(size)
            try:
                data = unseal(self._private, self.manifest.kind, self._id, name, sealed)
            except WireError:
                continue
            if len(data) == part.size and wire.sha256(data) == part.sha256:
                return data
        return None


def named(file: BinaryIO) -> Address | None:
    """Whose file it claims to be: unsigned, and only good for a sentence to a person."""
    for _, found in _heads(file):
        return Address(found[2].decode(), found[3].decode(), int(found[4]))
    return None


def read(kind: str, file: BinaryIO, private: bytes) -> Opened:
    """Open a file sealed to `private`. WireError: `wrong_format` where it is no such file,
    `cannot_open` where it is for somebody else or both manifests are damaged."""
    why = "wrong_format"
    for place, found in _heads(file):
        why = "cannot_open"
        file.seek(place - 12)  # the size, as the header before the name says it
        size = struct.unpack("<I", file.read(4))[0]
        file.seek(place + len(found[0]))
        sealed = file.read(min(size, MANIFEST_LIMIT))
        name = MANIFEST + (found[5] or b"").decode()
        try:
            manifest = Manifest.unseal(private, kind, found[1].decode(), name, sealed)
            return Opened(file, private, manifest)
        except WireError:
            continue
    raise WireError(why)


def _heads(file: BinaryIO) -> Iterator[tuple[int, re.Match[bytes]]]:
    """Where the name of a manifest stands: at the begin of a whole file, again at its end."""
    at, last, left, kept = 0, 0, 8, b""
    while True:
        file.seek(at)
        piece = file.read(_PIECE)
        if not piece:
            return
        data = kept + piece
        for found in _NAME.finditer(data):
            place = at - len(kept) + found.start()
            if place >= max(_LOCAL.size, last + 1) and found.end() + 1 < len(data):
                yield place, found
                last, left = place, left - 1
                if not left:
                    return
        at += len(piece)
        kept = data[-_LONGEST:]
