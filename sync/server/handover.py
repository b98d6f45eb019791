"""The hand-over to J-LIS: confirmed photos as files named by 申請書ID.

A photo goes `exporting → exported → submitted → accepted | returned → erasing → erased`: a row
before and after each act, so that the same command finishes what a kill cut off. No name of a
person is in a file name, a list or the ledger. Here: what may be handed over, and why not.
sync/server/handover_files.py writes the folder, sync/server/handover_results.py keeps J-LIS's word,
sync/server/handover_erase.py ends a photo.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sync.merge import Doc
from sync.server import retakes
from sync.server import store as t
from sync.server.engine import CONFIG
from sync.server.sqlshelf import SqlShelf
from sync.states import CONFIRMED

KEEP_DAYS = 30
FORM_ID = re.compile(r"[0-9]{23}")
PHOTO_FIELDS = ("photo_id", "photo_checked", "photo_exception", "no_photo_reason", "state")
WHY = {
    "coming": "写真がまだ全部届いていません",
    "no_application": "この写真を使う申請がありません（撮り直したか、消されています）",
    "not_confirmed": "申請の内容がまだ確認されていません",
    "no_form_id": "申請書IDがありません",
    "two_form_ids": "申請書IDが二つあります",
    "same_form_id": "同じ申請書IDの申請がほかにもあります",
    "same_photo": "この写真を使う申請が、ほかにもあります",
    "clash": "写真か申請書IDに食い違いがあります（事務所のキットで判断してください）",
    "returned": "J-LISから返却されています（撮り直しを待っています）",
    "unreadable": "写真を開けません",
}


@dataclass(frozen=True)
class Item:
    """A photo that can be handed over. Its form id does not show where the value is printed."""

    photo: str
    application: str
    form_id: str = field(repr=False)


@dataclass(frozen=True)
class NotYet:
    """A photo that cannot, and a key of WHY. `reception_no` is "" where there is none."""

    photo: str
    reception_no: str
    why: str


@dataclass(frozen=True)
class Plan:
    """What `make` would write now, and what not."""

    ready: tuple[Item, ...]
    not_yet: tuple[NotYet, ...]


def keep_days(folder: Path | None) -> int:
    """`[handover] keep_days` of server.toml: how long an accepted photo stays; 30 without it."""
    path = folder / CONFIG if folder else None
    if path is None or not path.exists():
        return KEEP_DAYS
    told = tomllib.loads(path.read_text(encoding="utf-8")).get("handover", {})
    days = told.get("keep_days", KEEP_DAYS)
    if isinstance(days, bool) or not isinstance(days, int) or not 0 <= days <= 3650:
        raise ValueError("keep_days")
    return int(days)


def form_ids(body: dict[str, Any]) -> set[str]:
    """Every 申請書ID among the answers, whatever the form calls its question."""
    answers = body.get("answers")
    values = answers.values() if isinstance(answers, dict) else ()
    return {v for v in values if isinstance(v, str) and FORM_ID.fullmatch(v)}


def plan(shelf: SqlShelf) -> Plan:
    """What can be handed over now, and what cannot, with the reason."""
    r = t.record
    query = sa.select(r).where(r.c.kind == "application", r.c.state == "live").order_by(r.c.id)
    docs = [shelf.doc(row) for row in shelf.conn.execute(query)]
    by_photo = {str(doc.body.get("photo_id")): doc for doc in docs}
    named = Counter(str(doc.body.get("photo_id")) for doc in docs)
    used = Counter(x for doc in docs if not retakes.came_back(doc) for x in form_ids(doc.body))
    clashes, done = _clashing(shelf), states(shelf)
    ready, not_yet, p = [], [], t.photo.c
    photos = sa.select(p.id, p.state).where(p.state != "erased").order_by(p.id)
    for row in shelf.conn.execute(photos):
        state = done.get(row.id, "")
        if state not in ("", "exporting", "returned"):
            continue
        doc, many = by_photo.get(row.id), named[row.id] > 1
        why = "same_photo" if many else _why_not(row.state, state, doc, used, clashes)
        if why or doc is None:
            not_yet.append(NotYet(row.id, reception_no(shelf, doc), why))
        else:
            ready.append(Item(row.id, doc.id, form_ids(doc.body).pop()))
    return Plan(tuple(ready), tuple(not_yet))


def _why_not(
    photo: str, state: str, doc: Doc | None, used: Counter[str], clashes: dict[str, set[str]]
) -> str:
    """A key of WHY, or ""."""
    if photo == "coming":
        return "coming"
    if doc is None:
        return "no_application"
    if state == "returned":
        return "returned"
    ids = form_ids(doc.body)
    if doc.body.get("state") != CONFIRMED:
        return "not_confirmed"
    if len(ids) != 1:
        return "two_form_ids" if ids else "no_form_id"
    asked = {f"answers.{k}" for k, v in doc.body["answers"].items() if v in ids}
    if clashes.get(doc.id, set()) & {*PHOTO_FIELDS, *asked, "answers"}:
        return "clash"
    return "same_form_id" if used[next(iter(ids))] > 1 else ""


def _clashing(shelf: SqlShelf) -> dict[str, set[str]]:
    """{record: the fields over which somebody still has to decide}."""
    c, found = t.clash, dict[str, set[str]]()
    for row in shelf.conn.execute(sa.select(c.c.record, c.c.names).where(c.c.state == "waiting")):
        found.setdefault(row.record, set()).update(re.findall(r'"([^"]+)"', row.names))
    return found


def reception_no(shelf: SqlShelf, doc: Doc | None) -> str:
    """The reception number above an application: how people speak of a case without its name."""
    for _ in range(3):
        if doc is None or doc.kind == "reservation":
            break
        doc = shelf.docs([doc.parent]).get(doc.parent) if doc.parent else None
    return str(doc.body.get("reception_no", "")) if doc is not None else ""


def states(shelf: SqlShelf) -> dict[str, str]:
    """{photo: how far its hand-over is}."""
    h = t.handover.c
    return {row.photo: row.state for row in shelf.conn.execute(sa.select(h.photo, h.state))}
