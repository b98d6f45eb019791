"""The way back to `server.key` when the server is gone: sheets of paper, two of which open it.

A random number below a prime is the value at 0 of a line; every sheet is another point of that line
(Shamir's scheme with a threshold of two). Any two sheets give the line back; one alone says nothing
at all. The number becomes an X25519 key, to whose public half `server.key` is sealed. That box lies
in the store and in every backup; the private half lies nowhere but on paper.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sync.ids import code_of, groups, secret_of
from sync.packet import context, hpke_open, hpke_seal
from sync.wire import WireError, b64, sha256, unb64

PRIME = 2**255 - 19
LINES = ("一行目", "二行目")
MOST = 20
"""Sheets at most; two are needed."""


@dataclass(frozen=True)
class Sheet:
    """One person's sheet: its number (from 1), and its 32 bytes as two codes of 26 characters."""

    number: int
    codes: tuple[str, str]

    @property
    def shown(self) -> tuple[str, str]:
        """The codes as they are printed, in groups of four."""
        return groups(self.codes[0]), groups(self.codes[1])


@dataclass(frozen=True)
class Recovery:
    """What the store and every backup keep; it opens nothing without two sheets."""

    public: bytes
    sealed: bytes
    sheets: Mapping[int, tuple[str, str]]
    at: str

    def to_json(self) -> dict[str, Any]:
        return {
            "v": 1,
            "public": b64(self.public),
            "sealed": b64(self.sealed),
            "sheets": {str(n): list(marks) for n, marks in self.sheets.items()},
            "at": self.at,
        }

    @staticmethod
    def from_json(value: Any) -> Recovery:
        """WireError("malformed") for anything else."""
        try:
            sheets = {int(n): (str(a), str(b)) for n, (a, b) in value["sheets"].items()}
            return Recovery(unb64(value["public"]), unb64(value["sealed"]), sheets, value["at"])
        except (KeyError, TypeError, ValueError, AttributeError):
            raise WireError("malformed") from None

    def line(self, number: int, place: int, code: str) -> bytes:
        """The half of a sheet that was typed; ValueError where it is not what was printed."""
        half = secret_of(code)
        if number not in self.sheets or _mark(self.public, half) != self.sheets[number][place]:
            raise ValueError("not this line of this sheet")
        return half

    def key(self, typed: Mapping[int, bytes]) -> bytes:
        """`server.key` from two sheets `{number: 32 bytes}`; WireError("cannot_open") if not."""
        (i, at_i), (j, at_j) = [(n, int.from_bytes(v, "big")) for n, v in typed.items()][:2]
        slope = (at_j - at_i) * pow(j - i, -1, PRIME)
        private, public = _pair((at_i - i * slope) % PRIME)
        if public != self.public:
            raise WireError("cannot_open")
        return hpke_open(private, self.sealed, _where(self.public))


def make(server_key: bytes, copies: int, at: str) -> tuple[Recovery, list[Sheet]]:
    """A new recovery key for this server key: what is kept, and the sheets that are printed."""
    if not 2 <= copies <= MOST:
        raise ValueError("two sheets are needed to open")
    secret, slope = secrets.randbelow(PRIME), secrets.randbelow(PRIME - 1) + 1
    _, public = _pair(secret)
    halves = {n: _halves((secret + n * slope) % PRIME) for n in range(1, copies + 1)}
    marks = {n: (_mark(public, a), _mark(public, b)) for n, (a, b) in halves.items()}
    sealed = hpke_seal(public, server_key, _where(public))
    sheets = [Sheet(n, (code_of(a), code_of(b))) for n, (a, b) in halves.items()]
    return Recovery(public, sealed, marks, at), sheets


def sealed_anew(old: Recovery, server_key: bytes) -> Recovery:
    """The same sheets for another server key."""
    return Recovery(old.public, hpke_seal(old.public, server_key, _where(old.public)),
                    old.sheets, old.at)  # fmt: skip


def _halves(value: int) -> tuple[bytes, bytes]:
    data = value.to_bytes(32, "big")
    return data[:16], data[16:]


def _pair(secret: int) -> tuple[bytes, bytes]:
    raw = HKDF(SHA256(), 32, salt=None, info=b"fieldkit/city/recovery/v1").derive(
        secret.to_bytes(32, "big")
    )
    private = X25519PrivateKey.from_private_bytes(raw)
    public = private.public_key().public_bytes(
        serialization.Encoding.Raw, serialization.PublicFormat.Raw
    )
    return raw, public


def _where(public: bytes) -> bytes:
    return context("server-key", "", sha256(public))


def _mark(public: bytes, half: bytes) -> str:
    """Tells whether a typed line is right, and nothing that helps to guess its 128 bits."""
    return sha256(b"fieldkit-recovery-line-v1\0" + public + half)
