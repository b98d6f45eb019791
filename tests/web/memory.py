"""Search the memory of a running process for bytes, without its help (Linux: /proc/PID/mem)."""

from __future__ import annotations

import base64
import mmap
from array import array
from collections.abc import Iterator, Mapping
from pathlib import Path

Found = dict[str, int]
PIECE = 8 * 1024 * 1024
OVER = 256
PAGE = mmap.PAGESIZE


def forms_of(secret: bytes) -> dict[str, bytes]:
    """A key as it may stand in memory: raw, hexadecimal, base64. The last half of each: the
    allocator writes its own links over the beginning of a freed block."""
    coded = base64.b64encode(secret).rstrip(b"=")
    return {
        "raw": secret[-16:],
        "hex": secret.hex().encode()[-32:],
        "HEX": secret.hex().upper().encode()[-32:],
        "b64": coded[-21:],
    }


def slices_of(data: bytes, count: int = 8, size: int = 24) -> list[bytes]:
    """Pieces of a file, evenly spread behind its head, so that a part of it is found too."""
    step = (len(data) - 800) // count
    return [data[700 + i * step :][:size] for i in range(count)]


def regions(pid: int) -> Iterator[tuple[int, int]]:
    """Every mapping that the program can write to: heap, stacks, anonymous, private data."""
    for line in Path(f"/proc/{pid}/maps").read_text(encoding="utf-8").splitlines():
        span, rights = line.split()[:2]
        if rights.startswith("rw"):
            start, end = (int(word, 16) for word in span.split("-"))
            yield start, end


def present(pid: int, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The runs of a mapping that are in memory (or swapped out): the rest was never touched."""
    with Path(f"/proc/{pid}/pagemap").open("rb") as file:
        file.seek(start // PAGE * 8)
        flags = array("Q", file.read((end - start) // PAGE * 8))
    begun = None
    for i, flag in enumerate(flags):
        if flag >> 62 and begun is None:
            begun = start + i * PAGE
        elif not flag >> 62 and begun is not None:
            yield begun, start + i * PAGE
            begun = None
    if begun is not None:
        yield begun, end


def search(pid: int, needles: Mapping[str, bytes]) -> Found:
    """How often each needle stands in the memory of a process; names with no find are left out."""
    found: Found = {}
    runs = (run for start, end in regions(pid) for run in present(pid, start, end))
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for start, end in runs:
            for at in range(start, end, PIECE):
                memory.seek(at)
                data = memory.read(min(PIECE + OVER, end - at))
                for what, needle in needles.items():
                    count = data.count(needle, 0, PIECE + len(needle) - 1)
                    if count:
                        found[what] = found.get(what, 0) + count
    return found
