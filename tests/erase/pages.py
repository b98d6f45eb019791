"""SQLCipher pages in raw bytes, wherever they begin.

A page has 4096 bytes: ciphertext (AES-256-CBC), 16 bytes IV, 64 bytes HMAC-SHA512 over ciphertext,
IV and page number. On page 1 the first 16 bytes are the salt of the file instead. Two ways:

- `streams` decrypts *every* 16 bytes at every 4-byte offset by the 16 bytes before them, so that a
  torn page, or half of one, gives its text too. It asks for no HMAC and misses nothing.
- `authentic` says which whole pages authenticate. Only a place whose first block decrypts to
  something that SQLite writes there is tried (b-tree flags, or the page number of a chain): no page
  that holds a record begins otherwise.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.erase.keys import mac_key

PAGE, USED, BLOCK = 4096, 4016, 16
STEP = USED // BLOCK  # blocks from a page's begin to its IV
PAGE_NUMBERS = 2048
Blocks = np.ndarray
Page = tuple[int, int, bytes]  # place, page number, text


def _decrypt(data: bytes, key: bytes) -> Blocks:
    """Every 16 bytes through the block cipher, without the chaining."""
    made = Cipher(algorithms.AES(key), modes.ECB()).decryptor().update(data)
    return np.frombuffer(made, np.uint8).reshape(-1, BLOCK)


def _aligned(data: bytes, shift: int) -> bytes:
    return data[shift : shift + (len(data) - shift) // BLOCK * BLOCK]


def streams(data: bytes, key: bytes) -> Iterator[bytes]:
    """The text under `key`, four times: for pages that begin at 0, 4, 8 or 12 modulo 16."""
    for shift in range(0, BLOCK, 4):
        cut = _aligned(data, shift)
        if len(cut) < 2 * BLOCK:
            return
        cipher = np.frombuffer(cut, np.uint8).reshape(-1, BLOCK)
        yield (_decrypt(cut, key)[1:] ^ cipher[:-1]).tobytes()


def _is_first(block: Blocks) -> Blocks:
    """Which rows can begin a page of a database."""
    high = block[:, 3] <= PAGE >> 8, block[:, 5] <= PAGE >> 8  # cells, begin of content
    tree = np.isin(block[:, 0], (2, 5, 10, 13)) & high[0] & high[1] & (block[:, 7] <= 60)
    chain = (block[:, 0] == 0) & (block[:, 1] == 0)
    return tree | chain


def _is_header(block: Blocks) -> Blocks:
    """Which rows are bytes 16 to 31 of a database: page size 4096, reserve 80, the three fixed."""
    head = block[:, 0:8]
    fixed = [0x10, 0x00, None, None, 0x50, 0x40, 0x20, 0x20]
    found = np.ones(len(block), bool)
    for at, value in enumerate(fixed):
        found &= (head[:, at] == value) if value is not None else (head[:, at] <= 2)
    return found


def authentic(data: bytes, key: bytes, salts: set[bytes]) -> Iterator[Page]:
    """Pages that authenticate under `key` in a file with one of `salts` (see `salts_in`)."""
    for shift in range(0, BLOCK, 4):
        cut = _aligned(data, shift)
        count = len(cut) // BLOCK - STEP - 4
        if count <= 0:
            return
        cipher = np.frombuffer(cut, np.uint8).reshape(-1, BLOCK)
        plain, ivs = _decrypt(cut, key), cipher[STEP : STEP + count]
        wanted = _is_first(plain[:count] ^ ivs) | _is_header(plain[1 : count + 1] ^ ivs)
        wanted &= ivs.any(axis=1)
        for place in np.flatnonzero(wanted).tolist():
            at = shift + place * BLOCK
            yield from _proved(data, at, key, salts)


def _proved(data: bytes, at: int, key: bytes, salts: set[bytes]) -> Iterator[Page]:
    page = data[at : at + PAGE]
    told = int.from_bytes(data[at - 24 : at - 20], "big") if at >= 24 else 0  # a WAL frame's head
    for salt in salts:
        number = _number_of(page, mac_key(key, salt), told, page[:BLOCK] == salt)
        if number:
            begin = BLOCK if number == 1 else 0
            mode = modes.CBC(page[USED : USED + BLOCK])
            opened = Cipher(algorithms.AES(key), mode).decryptor().update(page[begin:USED])
            yield at, number, opened
            return


def _number_of(page: bytes, mac: bytes, told: int, first: bool) -> int:
    """The page number under which the HMAC is right; 0 for none."""
    mark = page[USED + BLOCK : PAGE]
    if first:
        made = hmac.digest(mac, page[BLOCK : USED + BLOCK] + (1).to_bytes(4, "little"), "sha512")
        return int(made == mark)
    begun = hmac.new(mac, page[: USED + BLOCK], "sha512")
    for number in (told, *range(1, PAGE_NUMBERS)):
        whole = begun.copy()
        whole.update(number.to_bytes(4, "little"))
        if number and whole.digest() == mark:
            return number
    return 0


def salts_in(data: bytes, key: bytes) -> set[bytes]:
    """The salts of the files under `key` whose first page lies in these bytes."""
    found = set()
    for shift in range(0, BLOCK, 4):
        cut = _aligned(data, shift)
        count = len(cut) // BLOCK - STEP - 4
        if count <= 0:
            break
        ivs = np.frombuffer(cut, np.uint8).reshape(-1, BLOCK)[STEP : STEP + count]
        headers = _is_header(_decrypt(cut, key)[1 : count + 1] ^ ivs) & ivs.any(axis=1)
        for place in np.flatnonzero(headers).tolist():
            at = shift + place * BLOCK
            salt, page = data[at : at + BLOCK], data[at : at + PAGE]
            if _number_of(page, mac_key(key, salt), 0, True):
                found.add(salt)
    return found


class FirstPages:
    """All blocks that could be page 1 of a database, to try very many keys on them quickly."""

    def __init__(self, blocks: set[bytes]) -> None:
        """`blocks`: 4096 bytes each, as they lie on the block borders of the medium."""
        real = [block for block in blocks if any(block[USED : USED + BLOCK])]
        self.second = b"".join(block[BLOCK : 2 * BLOCK] for block in real)
        ivs = b"".join(block[USED : USED + BLOCK] for block in real)
        self.ivs = np.frombuffer(ivs, np.uint8).reshape(-1, BLOCK)

    def fits(self, key: bytes) -> bool:
        """Whether `key` opens the first page of some database on this disk."""
        if not len(self.ivs):
            return False
        return bool(_is_header(_decrypt(self.second, key) ^ self.ivs).any())
