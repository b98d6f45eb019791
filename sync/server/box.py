"""What lies in the city's database is sealed by the application: a dump of it tells nobody a name.

Each purpose has its own AES-256-GCM key, derived from the server's key file; the row's id is bound
into the box, so that a box moved to another row does not open. The same on every database.
"""

from __future__ import annotations

import json
import secrets
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sync.wire import WireError, canonical


class Box:
    """Seals and opens the secret columns. `key` is the content of `server.key` (32 bytes)."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._ciphers: dict[str, AESGCM] = {}

    def derived(self, purpose: str) -> bytes:
        """A 32-byte key of its own for a purpose."""
        info = f"fieldkit/city/{purpose}/v1".encode()
        return HKDF(SHA256(), 32, salt=None, info=info).derive(self._key)

    @property
    def name(self) -> str:
        """A name for the key that tells nothing about it."""
        return self.derived("key-id")[:8].hex()

    def _cipher(self, purpose: str) -> AESGCM:
        if purpose not in self._ciphers:
            self._ciphers[purpose] = AESGCM(self.derived(purpose))
        return self._ciphers[purpose]

    def seal(self, purpose: str, row: str, plain: bytes) -> bytes:
        nonce = secrets.token_bytes(12)
        return nonce + self._cipher(purpose).encrypt(nonce, plain, row.encode())

    def open(self, purpose: str, row: str, sealed: bytes) -> bytes:
        """WireError("not_stored") for changed bytes, another row or another server's key."""
        try:
            return self._cipher(purpose).decrypt(sealed[:12], sealed[12:], row.encode())
        except (InvalidTag, ValueError):
            raise WireError("not_stored") from None

    def seal_json(self, purpose: str, row: str, value: Any) -> bytes:
        return self.seal(purpose, row, canonical(value))

    def open_json(self, purpose: str, row: str, sealed: bytes) -> Any:
        return json.loads(self.open(purpose, row, sealed))
