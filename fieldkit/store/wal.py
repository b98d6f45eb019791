"""Read a write-ahead log before SQLite does, because SQLite says nothing about a damaged one.

Each frame of a WAL carries a checksum over itself and all before it. At the first frame that does
not fit SQLite stops, and everything behind it is gone without a word: that is right for the tail
that a power cut tore, and wrong for a bit that flipped in rows that were acknowledged.

What can be told apart: every commit is on the disk before the next one begins (synchronous=FULL),
so a power cut tears at most one transaction. Two commits or more from the first bad frame on
cannot be a torn tail. With one, damage and tear look alike: the file is kept and it is noted.
What cannot be seen here: a WAL that was cut at a commit, put back or removed whole (only the
city, which knows the ledger's head, sees that).
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, Literal

Finding = Literal["whole", "torn", "damaged"]
HEADER, FRAME = 32, 24
MAGIC = (0x377F0682, 0x377F0683)


def look(path: Path) -> Finding:
    """`whole`; `torn`: the last transaction may be missing; `damaged`: acknowledged rows are."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return "whole"
    if not any(data[:HEADER]):
        return "whole"  # nothing was begun in it
    if len(data) < HEADER:
        return "torn"
    magic, _, size, _, salt1, salt2 = struct.unpack(">6I", data[:24])
    begin = struct.unpack(">2I", data[24:HEADER])
    if magic not in MAGIC or _plain_sum(data[:24], magic) != begin:
        return "damaged" if len(data) >= HEADER + FRAME else "torn"
    return _frames(data[HEADER:], size, magic, (salt1, salt2), begin)


def _plain_sum(data: bytes, magic: int) -> tuple[int, int]:
    words = struct.unpack(f"{'>' if magic & 1 else '<'}{len(data) // 4}I", data)
    one = two = 0
    for i in range(0, len(words), 2):
        one = (one + words[i] + two) & 0xFFFFFFFF
        two = (two + words[i + 1] + one) & 0xFFFFFFFF
    return one, two


def _frames(
    data: bytes, size: int, magic: int, salts: tuple[int, int], begin: tuple[int, int]
) -> Finding:
    import numpy as np

    step = FRAME + size
    count = len(data) // step
    rest = data[count * step :]
    cut = len(rest) >= 16 and struct.unpack(">2I", rest[8:16]) == salts
    if count == 0:
        return "torn" if cut else "whole"
    table = np.frombuffer(data, np.uint8, count * step).reshape(count, step)
    heads = table[:, :FRAME].copy().view(">u4").astype(np.uint32)
    body = np.concatenate([table[:, :8], table[:, FRAME:]], axis=1)
    words = body.view(">u4" if magic & 1 else "<u4").astype(np.uint32)
    ours = (heads[:, 2] == salts[0]) & (heads[:, 3] == salts[1])
    near = (heads[:, 2] == salts[0]) | (heads[:, 3] == salts[1])
    good = _first_bad(words, heads, ours, begin)
    if int(np.count_nonzero(ours[good:] & (heads[good:, 1] != 0))) >= 2:
        return "damaged"
    return "torn" if cut or bool(near[good:].any()) else "whole"


def _first_bad(words: Any, heads: Any, ours: Any, begin: tuple[int, int]) -> int:
    """The index of the first frame whose salt or running checksum does not fit.

    The checksum is linear: for a pair of words (a, b), sums (s, t) become (s+t+a, s+2t+a+b), so a
    frame is one matrix times the sums before it, plus weights times its words, all modulo 2^32.
    """
    import numpy as np

    pairs = words.shape[1] // 2
    weights = np.zeros((words.shape[1], 2), np.uint32)
    m = [[1, 0], [0, 1]]  # the matrix to the power of the pairs that still follow
    for j in range(pairs - 1, -1, -1):
        weights[2 * j] = [(row[0] + row[1]) & 0xFFFFFFFF for row in m]
        weights[2 * j + 1] = [row[1] for row in m]
        m = [[(r[0] + r[1]) & 0xFFFFFFFF, (r[0] + 2 * r[1]) & 0xFFFFFFFF] for r in m]
    own = np.stack([(words * weights[:, i]).sum(axis=1, dtype=np.uint32) for i in (0, 1)], axis=1)
    one, two = begin
    for k in range(len(words)):
        one, two = (
            (m[0][0] * one + m[0][1] * two + int(own[k, 0])) & 0xFFFFFFFF,
            (m[1][0] * one + m[1][1] * two + int(own[k, 1])) & 0xFFFFFFFF,
        )
        if not ours[k] or (one, two) != (int(heads[k, 4]), int(heads[k, 5])):
            return k
    return len(words)
