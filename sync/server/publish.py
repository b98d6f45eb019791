"""The city's forms and settings for all its kits: published from a folder, signed, kept by number.

The bytes are stored as they are signed. A kit hears of the newest version in every answer and
fetches it part by part (`POST /ksp/v1/settings`); it judges for itself whether it can use it.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sync import settings_bundle as bundle
from sync import wire
from sync.server import audit
from sync.server import store as t
from sync.server.receipts import now
from sync.server.sqlshelf import SqlShelf
from sync.server.sqlstore import SqlStore
from sync.server.trouble import Trouble
from sync.wire import WireError, b64

OWN = ("fonts", "data", "print")
"""What every kit brings itself; it goes along only where the city asks for it."""


@dataclass(frozen=True)
class Published:
    """One version. `new` is False where the newest one has the same content."""

    no: int
    digest: str
    size: int
    files: int
    new: bool


def publish(store: SqlStore, folder: Path, who: str, everything: bool = False) -> Published:
    """Sign and store what lies in a folder as the next version; Trouble for what cannot be."""
    files = _files(folder, everything)
    try:
        data = bundle.pack(files)
    except bundle.BadFile as error:
        raise Trouble(
            f"「{error}」は配れません。英数字の名前の、様式のファイルだけにしてください。"
        ) from None
    except ValueError:
        raise Trouble("ファイルが多すぎるか、大きすぎます。") from None
    digest = wire.sha256(data)
    with store.write() as shelf:
        last = shelf.conn.execute(_newest(t.settings.c.no, t.settings.c.digest)).first()
        if last is not None and last.digest == digest:
            return Published(last.no, digest, len(data), len(files), False)
        city, no, at = shelf.city(), (last.no if last else 0) + 1, now()
        body = bundle.statement(city.code, city.epoch, no, digest, len(data), at)
        signature = wire.sign(wire.signing_private(city.sign_private), bundle.PURPOSE, body)
        shelf.conn.execute(
            t.settings.insert().values(
                no=no,
                digest=digest,
                size=len(data),
                body=data,
                statement=body.decode(),
                signature=signature,
                made_at=at,
                made_by=who,
            )
        )
        audit.note(shelf, who, "settings_published", f"settings-{no}", digest[:16])
    return Published(no, digest, len(data), len(files), True)


def _files(folder: Path, everything: bool) -> dict[str, bytes]:
    if not folder.is_dir():
        raise Trouble("そのフォルダーはありません。")
    try:
        files = bundle.files_of(folder, () if everything else OWN)
    except bundle.BadFile as error:
        raise Trouble(f"「{error}」はリンクです。ファイルそのものを置いてください。") from None
    if not any(name.endswith(".toml") and "/" not in name for name in files):
        raise Trouble("様式のフォルダーではありません（すぐ下に .toml のファイルがありません）。")
    for name, data in files.items():
        if name.endswith(".toml"):
            try:
                tomllib.loads(data.decode("utf-8"))
            except ValueError as error:
                raise Trouble(f"「{name}」を読めません（{error}）。") from None
    return files


def _newest(*columns: Any) -> sa.Select[Any]:
    return sa.select(*columns).order_by(t.settings.c.no.desc()).limit(1)


def versions(store: SqlStore) -> list[Any]:
    """Every version without its bytes, newest first."""
    s = t.settings.c
    query = sa.select(s.no, s.digest, s.size, s.made_at, s.made_by).order_by(s.no.desc())
    with store.read() as shelf:
        return list(shelf.conn.execute(query))


# -- what a kit hears and fetches -----------------------------------------------------------------
def newest(shelf: SqlShelf) -> dict[str, Any] | None:
    """The newest version as the news tell it."""
    s = t.settings.c
    row = shelf.conn.execute(_newest(s.no, s.digest, s.size, s.statement, s.signature)).first()
    return _told(row) if row else None


def _told(row: Any) -> dict[str, Any]:
    return {
        "no": row.no,
        "digest": row.digest,
        "size": row.size,
        "statement": row.statement,
        "signature": row.signature,
    }


def part(store: SqlStore, asked: dict[str, Any]) -> dict[str, Any]:
    """`{"digest", "start", "held"?}` → `{"settings", "start", "data"}`: at most 1 MiB from `start`.

    `digest` "" asks for the newest version, whatever it is; nothing of it where it is `held`.
    """
    wanted, start = str(asked.get("digest", "")), asked.get("start", 0)
    if not isinstance(start, int) or isinstance(start, bool) or start < 0:
        raise WireError("malformed")
    s = t.settings.c
    query = _newest(s.no, s.digest, s.size, s.statement, s.signature)
    with store.read() as shelf:
        row = shelf.conn.execute(query.where(s.digest == wanted) if wanted else query).first()
        if row is None:
            return {"settings": None, "start": start, "data": ""}
        data = b""
        if row.digest != asked.get("held") or wanted:
            piece = sa.func.substr(s.body, start + 1, bundle.PART)
            found = shelf.conn.execute(sa.select(piece).where(s.no == row.no)).scalar()
            data = bytes(found or b"")
    return {"settings": _told(row), "start": start, "data": b64(data)}
