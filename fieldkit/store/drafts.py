"""Drafts: what is being typed, in a trip's store until the page is saved. Never sent."""

from __future__ import annotations

import json
from typing import Any

from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.vault import Vault


def save_draft(
    vault: Vault, trip: OpenTrip, record_id: str, form: str, body: Any, seen: int | None = None
) -> str:
    """Keep what is being typed; returns the time for 「保存しました」. The oldest `seen` stays as
    long as the draft does."""
    now = vault.now()
    with trip.db.write() as conn:
        conn.execute(
            "INSERT INTO draft (record_id, form, body, updated_at, seen) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (record_id, form) DO UPDATE SET body = excluded.body,"
            " updated_at = excluded.updated_at,"
            " seen = coalesce(min(seen, excluded.seen), seen, excluded.seen)",
            (record_id, form, json.dumps(body, ensure_ascii=False), now, seen),
        )
    return now


def draft_seen(trip: OpenTrip, record_id: str, form: str) -> int | None:
    """What the page was drawn with on which this draft was begun; None for no draft."""
    row = trip.db.one("SELECT seen FROM draft WHERE record_id = ? AND form = ?", record_id, form)
    return row["seen"] if row else None


def draft(trip: OpenTrip, record_id: str, form: str) -> dict[str, Any] | None:
    row = trip.db.one("SELECT body FROM draft WHERE record_id = ? AND form = ?", record_id, form)
    return json.loads(row["body"]) if row else None


def drop_draft(trip: OpenTrip, record_id: str, form: str) -> None:
    with trip.db.write() as conn:
        conn.execute("DELETE FROM draft WHERE record_id = ? AND form = ?", (record_id, form))
