"""The outbox, thing by thing: what waits, what is held up, and what became of what was held up.

A line is a photo, or all saves of one record that are in the same state for the same reason. No
personal data: numbers, days, states and codes (their words: fieldkit/outbox_says.py).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from fieldkit import whose
from fieldkit.errors import NotFound
from fieldkit.store import numbering
from fieldkit.store.vault import Vault
from fieldkit.whose import Reception

OPEN = ("queued", "parked", "handed")
ASIDE = ("parked", "handed")
_SAVES = (
    "SELECT 'save' AS what, op_id AS id, entity, record_id, trip_id, state, reason, size, sha256,"
    " queued_at AS since, attempts, n FROM outbox"
)
_PHOTOS = (
    "SELECT 'photo', id, 'photo', record_id, trip_id, state, reason, size, sha256,"
    " captured_at, attempts, 0 FROM photo"
)


@dataclass(frozen=True)
class Item:
    """One line of the outbox. `void`: a receipt for it became worthless when the city was set back.

    `ids` are the saves (or the photo) that the line stands for, oldest first.
    """

    what: str
    entity: str
    record_id: str
    trip_id: str
    state: str
    reason: str
    since: str
    size: int
    attempts: int
    ids: tuple[str, ...]
    reception: Reception | None
    void: bool

    @property
    def id(self) -> str:
        return self.ids[0]


def waiting(vault: Vault) -> list[Item]:
    """All that is not proved to be at the city: what needs a person first, then the oldest."""
    numbering.adopt_orphans(vault)
    marks = ", ".join("?" for _ in OPEN)
    rows = vault.book.all(
        f"{_SAVES} WHERE state IN ({marks}) UNION ALL {_PHOTOS} WHERE state IN ({marks})"
        " ORDER BY since, n",
        *OPEN,
        *OPEN,
    )
    found = _grouped(vault, [dict(row) for row in rows])
    return sorted(found, key=lambda item: item.state not in ASIDE)


def one(vault: Vault, object_id: str) -> Item:
    """The line in which a save or photo stands; NotFound where it is settled or not known."""
    for item in waiting(vault):
        if object_id in item.ids:
            return item
    raise NotFound("この項目は、もう送信の一覧にありません。送信の画面を開き直してください。")


def _grouped(vault: Vault, rows: list[dict[str, Any]]) -> list[Item]:
    lines: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        alone = row["what"] == "photo" or not row["record_id"]
        last = row["id"] if alone else row["reason"]
        key = (row["what"], row["trip_id"], row["record_id"], row["state"], last)
        lines.setdefault(key, []).append(row)
    where, void = whose.receptions(vault) if lines else {}, _void(vault)
    return [
        Item(
            what=first["what"],
            entity=first["entity"],
            record_id=first["record_id"],
            trip_id=first["trip_id"],
            state=first["state"],
            reason=first["reason"],
            since=first["since"],
            size=sum(row["size"] for row in found),
            attempts=max(row["attempts"] for row in found),
            ids=tuple(row["id"] for row in found),
            reception=where.get(first["record_id"]),
            void=any(row["id"] in void for row in found),
        )
        for found in lines.values()
        for first in found[:1]
    ]


def _void(vault: Vault) -> set[str]:
    """What a receipt had proved that is void since the city was restored."""
    rows = vault.book.all("SELECT body FROM receipt WHERE void = 1")
    return {str(item["id"]) for row in rows for item in json.loads(row["body"])["items"]}


def handled(vault: Vault, limit: int = 50) -> list[dict[str, Any]]:
    """What supervisors did with what was held up, newest first; it stays listed for ever."""
    rows = vault.book.all(
        "SELECT h.*, o.entity, o.record_id, o.state FROM handled h"
        " JOIN outbox o ON o.op_id = h.id UNION ALL"
        " SELECT h.*, 'photo', p.record_id, p.state FROM handled h JOIN photo p ON p.id = h.id"
        " ORDER BY at DESC, id LIMIT ?",
        limit,
    )
    where = whose.receptions(vault) if rows else {}
    return [{**dict(row), "reception": where.get(row["record_id"])} for row in rows]


def last_contact(vault: Vault) -> str:
    """When the city last gave this laptop a receipt; "" before the first."""
    row = vault.book.one("SELECT kept_at FROM receipt ORDER BY rowid DESC LIMIT 1")
    return str(row["kept_at"]) if row else ""
