"""Which changes of other kits a page has seen that posts here: it carries the number in `seen`."""

from __future__ import annotations

from flask import request

from fieldkit.store import heard, records
from fieldkit.store.opentrip import OpenTrip


def seen(trip: OpenTrip, record_id: str, form: str) -> int:
    """What the posted page, or the draft that stands in it, was drawn with; for a page that is
    drawn now what it shows. fieldkit/store/heard.py says what it is for."""
    told = request.form.get("seen", "")
    drawn = [int(told)] if told.isascii() and told.isdigit() and len(told) < 16 else []
    draft = records.draft_seen(trip, record_id, form)
    return min([heard.newest(trip), *drawn, *([] if draft is None else [draft])])
