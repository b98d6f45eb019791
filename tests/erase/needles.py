"""What is looked for: words in every coding in which they could lie on a disk, and a photo."""

from __future__ import annotations

import base64
import json
import unicodedata
from collections.abc import Iterable, Mapping
from contextlib import suppress
from urllib.parse import quote

import numpy as np

from sync.ids import code_of

SHORTEST = 6  # bytes; what is shorter turns up by chance


def of_text(text: str) -> set[bytes]:
    """One word as UTF-8, UTF-16, cp932, in JSON, in an address, in base64."""
    found: set[bytes] = set()
    for word in {text, unicodedata.normalize("NFKC", text), "".join(text.split())}:
        codes = [word.encode("utf-8"), word.encode("utf-16-le"), word.encode("utf-16-be")]
        with suppress(UnicodeEncodeError):  # nobody can have written it in cp932 then
            codes.append(word.encode("cp932"))
        found |= {*codes, json.dumps(word)[1:-1].encode(), quote(word).encode()}
        found |= {part for code in codes[:2] for part in of_base64(code)}
    return {data for data in found if len(data) >= SHORTEST}


def of_base64(data: bytes) -> list[bytes]:
    """The middle of `data` in base64, for each of the three places it can begin at."""
    made = []
    for before in range(3):
        text = base64.b64encode(b"\0" * before + data)
        made.append(text[4 * (before > 0) : len(text) // 4 * 4 - 4])
    return [text for text in made if len(text) >= 8]


def of_secret(secret: bytes) -> set[bytes]:
    """A key or a day secret: its bytes, hex, base64, and the 26 characters of the sheet."""
    found = {secret, secret.hex().encode(), secret.hex().upper().encode(), *of_base64(secret)}
    if len(secret) == 16:
        code = code_of(secret)
        plain = code.replace("-", "").replace(" ", "")
        for text in {code, plain, plain.lower()}:
            found |= {text.encode(), text.encode("utf-16-le")}
    return found


def of_photo(jpeg: bytes, samples: int = 48) -> set[bytes]:
    """Pieces of the picture's own bytes, all over it; its head is like any other JPEG's."""
    step = max(24, (len(jpeg) - 1024) // samples)
    return {jpeg[at : at + 24] for at in range(700, len(jpeg) - 24, step)}


class Net:
    """Finds any of many needles in one pass: two tables of two bytes, then the needle itself."""

    def __init__(self, needles: Mapping[str, Iterable[bytes]]) -> None:
        self.by_start: dict[bytes, list[tuple[bytes, str]]] = {}
        self.first = np.zeros(65536, bool)
        self.second = np.zeros(65536, bool)
        for name, forms in needles.items():
            for data in forms:
                assert len(data) >= SHORTEST, name
                self.by_start.setdefault(data[:4], []).append((data, name))
                self.first[int.from_bytes(data[:2], "little")] = True
                self.second[int.from_bytes(data[2:4], "little")] = True

    def find(self, data: bytes) -> set[str]:
        """The names of the needles that lie in `data`."""
        found: set[str] = set()
        for odd in (0, 1) if len(data) >= SHORTEST else ():
            pairs = np.frombuffer(data, "<u2", (len(data) - odd) // 2, odd)
            places = np.flatnonzero(self.first[pairs[:-1]])
            places = places[self.second[pairs[places + 1]]]
            for place in places.tolist():
                at = 2 * place + odd
                for needle, name in self.by_start.get(data[at : at + 4], ()):
                    if name not in found and data.startswith(needle, at):
                        found.add(name)
        return found
