"""The searcher: raw bytes of a disk, what a thief knows, and what is to be found or not.

It is not a kit: it opens what it finds by the formats alone, and it would rather find a thing twice
than miss it. `Found.hits` says each needle with the way by which it was reached:
`plain`, `inflated`, `ledger`, `trip <id>`, `record`, `photo`.
"""

from __future__ import annotations

import io
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from PIL import Image

from tests.erase import keys, pages, sealed, wal
from tests.erase.disks import Piece
from tests.erase.keys import Given
from tests.erase.needles import Net

ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08")
DOCUMENTS = (b"%PDF-1", b"PK\x03\x04")


@dataclass
class Found:
    """What the disk gave. `pages` counts pages that authenticate, by the key's name."""

    hits: set[tuple[str, str]] = field(default_factory=set)
    pages: Counter[str] = field(default_factory=Counter)
    slots: int = 0
    store_keys: int = 0
    bytes: int = 0
    trips: set[str] = field(default_factory=set)
    pictures: list[tuple[int, int]] = field(default_factory=list)
    documents: Counter[str] = field(default_factory=Counter)
    opened_photos: int = 0
    opened_texts: int = 0

    def names(self) -> set[str]:
        return {name for name, _ in self.hits}

    def ways(self, name: str) -> set[str]:
        return {way for found, way in self.hits if found == name}


def search(pieces: Iterable[Piece], given: Given, needles: Mapping[str, Iterable[bytes]]) -> Found:
    """Everything that these bytes give to somebody who knows `given`."""
    return _Search(list(pieces), given, Net(needles)).run()


class _Search:
    def __init__(self, pieces: list[Piece], given: Given, net: Net) -> None:
        self.pieces, self.given, self.net = pieces, given, net
        self.found = Found(bytes=sum(len(data) for _, data in pieces))
        self.ids: set[str] = set()

    def run(self) -> Found:
        slots = {}
        for _, data in self.pieces:
            self._plain(data)
            slots.update(keys.slots_in(data))
        store_keys = keys.open_slots(slots.values(), self.given.words) | set(self.given.store_keys)
        self.found.slots, self.found.store_keys = len(slots), len(store_keys)
        self.frames = [(0, frame) for frame in wal.stitched(self.pieces)]
        for key in store_keys:
            self._database("ledger", keys.ledger_key(key))
        for trip_id, key in self._trip_keys(store_keys):
            self.found.trips.add(trip_id)
            self._database(f"trip {trip_id}", key)
        self._sealed()
        return self.found

    def _note(self, way: str, data: bytes) -> None:
        self.found.hits |= {(name, way) for name in self.net.find(data)}

    def _plain(self, data: bytes) -> None:
        self._note("plain", data)
        self.ids |= {match.group().decode() for match in keys.UUID.finditer(data)}
        for magic in DOCUMENTS:
            self.found.documents[magic.decode("latin-1")] += data.count(magic)
        for match in ZLIB.finditer(data):
            text = _inflated(data[match.start() : match.start() + (1 << 20)])
            if text:
                self._note("inflated", text)
        self.found.pictures += pictures(data)

    def _trip_keys(self, store_keys: set[bytes]) -> Iterator[tuple[str, bytes]]:
        """Every day secret with every id on the disk: those that open some page 1."""
        blocks = set()
        for place, data in self.pieces:
            for at in range(-place % pages.PAGE, len(data) - pages.PAGE + 1, pages.PAGE):
                blocks.add(data[at : at + pages.PAGE])
        first = pages.FirstPages(blocks)
        for store_key in store_keys:
            for trip_id in sorted(self.ids):
                for secret in self.given.secrets:
                    key = keys.trip_key(store_key, trip_id, secret)
                    if first.fits(key):
                        yield trip_id, key

    def _database(self, name: str, key: bytes) -> None:
        """All that one key gives: text of any 16 bytes, and the pages that authenticate."""
        salts: set[bytes] = set()
        everything = self.pieces + self.frames
        for _, data in everything:
            salts |= pages.salts_in(data, key)
        seen: set[bytes] = set()
        for _, data in everything:
            for stream in pages.streams(data, key):
                self._note(name, stream)
            for _, _, text in pages.authentic(data, key, salts) if salts else ():
                seen.add(text)
                self._note(name, text)
                self.ids |= {match.group().decode() for match in keys.UUID.finditer(text)}
        self.found.pages[name] += len(seen)

    def _sealed(self) -> None:
        """Photos and saves, with the private keys and photo keys that were given."""
        given, ids = self.given, sorted(self.ids)
        photo_keys = set(given.photo_keys)
        texts: set[bytes] = set()
        for _, data in self.pieces:
            for trip_id, private in given.privates.items():
                found = sealed.photo_keys(data, trip_id, private, ids)
                photo_keys |= {key for _, key in found}
                texts |= set(sealed.texts(data, b"FKRE1", "record", trip_id, private, ids))
            if given.device:
                texts |= set(sealed.texts(data, b"FKAN1", "answer", *given.device, ids))
        for text in texts:
            self._note("record", text)
        opened: set[bytes] = set()
        for _, data in self.pieces if photo_keys else []:
            for jpeg in sealed.photos(data, photo_keys):
                self._note("photo", jpeg)
                if pictures(jpeg):
                    opened.add(jpeg[:4096])
        self.found.opened_photos, self.found.opened_texts = len(opened), len(texts)


def _inflated(data: bytes) -> bytes:
    """What a deflate stream gives, as far as it goes; b"" where there is none."""
    unpack = zlib.decompressobj(47)
    try:
        return unpack.decompress(data, 1 << 22)
    except zlib.error:
        return b""


def pictures(data: bytes) -> list[tuple[int, int]]:
    """The size of each JPEG that can be shown, at any byte; a cut one counts too."""
    sizes = []
    at = data.find(b"\xff\xd8\xff")
    while at >= 0:
        try:
            with Image.open(io.BytesIO(data[at : at + (1 << 22)])) as image:
                size = image.size
                if min(size) >= 32 and image.format == "JPEG":
                    sizes.append(size)
        except (OSError, ValueError, SyntaxError):
            pass
        at = data.find(b"\xff\xd8\xff", at + 1)
    return sizes
