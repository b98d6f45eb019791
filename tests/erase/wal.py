"""Pages of a write-ahead log that the file system put into blocks that do not touch.

A frame is a head of 24 bytes and a page of 4096, so that every page of a log lies across a block
border. The log's salts (8 bytes, in its head and in every frame) say where frames are; the rest of
a page lies at the begin of a block where the next frame's head stands in the right place.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from tests.erase.disks import Piece
from tests.erase.pages import PAGE

HEAD = re.compile(rb"\x37\x7f\x06[\x82\x83]\x00\x2d\xe2\x18\x00\x00\x10\x00.{4}(.{8})", re.S)
FRAME = 24


def log_salts(pieces: list[Piece]) -> set[bytes]:
    return {match.group(1) for _, data in pieces for match in HEAD.finditer(data)}


def stitched(pieces: list[Piece]) -> Iterator[bytes]:
    """Frames (head and page, 4120 bytes) put together from a block and every block that may
    follow it; those that lay together anyway are among them."""
    heads: set[bytes] = set()
    tails: dict[tuple[bytes, int], set[bytes]] = defaultdict(set)
    for salt in log_salts(pieces):
        for place, data in pieces:
            at = data.find(salt, 8)
            while at >= 0:
                begin = at - 8
                in_block = (place + begin) % PAGE
                part = data[begin : begin + min(FRAME + PAGE, PAGE - in_block)]
                if len(part) > FRAME:
                    heads.add(part)
                if begin >= in_block:
                    tails[salt, in_block].add(data[begin - in_block : begin])
                at = data.find(salt, at + 1)
    for head in heads:
        missing = FRAME + PAGE - len(head)
        for tail in tails.get((head[8:16], missing), set()) if missing < PAGE else ():
            yield head + tail
