"""Make a city server: its key file, its signing key, its console password."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from sync import wire
from sync.ids import code_of
from sync.server import store
from sync.server.receipts import now


@dataclass(frozen=True)
class Made:
    """What `init` tells once: the console password, and the city's key as it is printed."""

    console_password: str
    fingerprint: str


def initialise(folder: Path, code: str, name: str) -> Made:
    """Create the store of city `code` in an empty folder; FileExistsError where there is one."""
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / "server.key").exists():
        raise FileExistsError(folder / "server.key")
    store.new_key_file(folder / "server.key")
    engine = store.open_store(folder)
    private, public = wire.new_signing_key()
    password = code_of(secrets.token_bytes(16))
    hashed = Argon2id(
        salt=secrets.token_bytes(16), length=32, iterations=3, lanes=4, memory_cost=64 * 1024
    ).derive_phc_encoded(password.encode())
    with engine.begin() as conn:
        conn.execute(
            store.city.insert().values(
                code=code,
                name=name,
                epoch=1,
                sign_private=private,
                sign_public=public,
                console_hash=hashed,
                made_at=now(),
            )
        )
    engine.dispose()
    return Made(password, wire.fingerprint(public))


def city_fingerprint(engine: sa.Engine) -> str:
    with engine.connect() as conn:
        return wire.fingerprint(conn.execute(sa.select(store.city.c.sign_public)).scalar_one())
