"""Likely the same person twice: found at the city, decided by a person, never merged alone.

Names, birth dates and addresses lie boxed, so nobody can search them. Each applicant leaves keyed
digests (HMAC under a key of the server's) of normalised pairs: name and birth date, kana and birth
date, birth date and address, kana and address. Two records with a digest in common are a pair.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from sync.clash import WAITING, Doc
from sync.server import store as t
from sync.server.receipts import now
from sync.server.sqlshelf import SqlShelf

PURPOSE = "twin-index"
SAME, OTHER, LAPSED = "same", "other", "lapsed"
MOST = 10
"""A digest that more people share than this (a large home) tells nothing."""
VARIANTS = str.maketrans(
    "髙𠮷﨑嵜碕邉邊邊辺澤濵濱齋齊斎廣國嶋嶌德瀨", "高吉崎崎崎辺辺辺辺沢浜浜斉斉斉広国島島徳瀬"
)
DIGITS = str.maketrans("〇一二三四五六七八九", "0123456789")


def plain(text: Any) -> str:
    """A name as it is compared: width, blanks, variation selectors and common variants alike."""
    folded = unicodedata.normalize("NFKC", str(text or ""))
    kept = (c for c in folded if unicodedata.category(c)[0] in "LN")
    return "".join(kept).translate(VARIANTS).casefold()


def kana(text: Any) -> str:
    """Kana as it is compared: hiragana as katakana, small letters large."""
    folded = unicodedata.normalize("NFKC", str(text or ""))
    large = folded.translate(str.maketrans("ァィゥェォッャュョヮ", "アイウエオツヤユヨワ"))
    shifted = (chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" else c for c in large)
    return "".join(c for c in shifted if "ァ" <= c <= "ヺ").translate(
        str.maketrans("ァィゥェォッャュョヮ", "アイウエオツヤユヨワ")
    )


def place(reservation: dict[str, Any]) -> str:
    """An address as it is compared: the postal code and the numbers of block and house."""
    postal = re.sub(r"\D", "", unicodedata.normalize("NFKC", str(reservation.get("postal") or "")))
    address = unicodedata.normalize("NFKC", str(reservation.get("address") or ""))
    numbers = re.findall(r"\d+", address.translate(DIGITS))
    return f"{postal}:{'-'.join(numbers)}" if postal and numbers else ""


def keys_of(shelf: SqlShelf, person: dict[str, Any], reservation: dict[str, Any]) -> dict[str, str]:
    """`{digest: what is alike}` of one applicant."""
    name, said, where = plain(person.get("name")), kana(person.get("kana")), place(reservation)
    birth = str(person.get("birth") or "")
    pairs = {
        "name_birth": (name, birth),
        "kana_birth": (said, birth),
        "birth_place": (birth, where),
        "kana_place": (said, where),
    }
    secret = shelf.box.derived(PURPOSE)
    return {
        hmac.new(secret, "\0".join((why, *pair)).encode(), hashlib.sha256).hexdigest()[:32]: why
        for why, pair in pairs.items()
        if all(pair)
    }


def row_of(shelf: SqlShelf, twin_id: str) -> Any | None:
    return shelf.conn.execute(sa.select(t.twin).where(t.twin.c.id == twin_id)).first()


def catch_up(shelf: SqlShelf, done: int, upto: int) -> None:
    """Look at every applicant that changed after `done`, or whose reservation did."""
    r = t.record.c
    if _new_key(shelf):
        done = 0
    fresh = sa.and_(r.rev > done, r.rev <= upto)
    homes = sa.select(r.id).where(fresh, r.kind == "reservation")
    query = sa.select(t.record).where(fresh, r.kind == "applicant")
    docs = {row.id: shelf.doc(row) for row in shelf.conn.execute(query)}
    moved = sa.select(t.record).where(r.kind == "applicant", r.parent.in_(homes.scalar_subquery()))
    docs |= {row.id: shelf.doc(row) for row in shelf.conn.execute(moved)}
    parents = shelf.docs(doc.parent for doc in docs.values())
    for doc in sorted(docs.values(), key=lambda doc: doc.id):
        home = parents.get(doc.parent)
        _look(shelf, doc, home.body if home else {}, max(doc.rev, home.rev if home else 0))


def _new_key(shelf: SqlShelf) -> bool:
    """Whether the server's key is another one than that of the digests, which then begin anew."""
    mark = hashlib.sha256(shelf.box.derived(PURPOSE)).hexdigest()[:16]
    row = shelf.conn.execute(sa.select(t.meta.c.value).where(t.meta.c.name == PURPOSE)).first()
    if row is not None and row.value == mark:
        return False
    shelf.conn.execute(t.meta.delete().where(t.meta.c.name == PURPOSE))
    shelf.conn.execute(t.meta.insert().values(name=PURPOSE, value=mark))
    shelf.conn.execute(t.twin_key.delete())
    return True


def _look(shelf: SqlShelf, doc: Doc, home: dict[str, Any], rev: int) -> None:
    keys = keys_of(shelf, doc.body, home) if doc.state == "live" else {}
    k = t.twin_key.c
    had = {row.key for row in shelf.conn.execute(sa.select(k.key).where(k.record == doc.id))}
    if had == set(keys):
        return
    shelf.conn.execute(t.twin_key.delete().where(k.record == doc.id))
    if keys:
        rows = [{"key": key, "record": doc.id} for key in keys]
        shelf.conn.execute(t.twin_key.insert(), rows)
    alike: dict[str, set[str]] = {}
    for key, why in keys.items():
        others = [
            row.record
            for row in shelf.conn.execute(
                sa.select(k.record).where(k.key == key, k.record != doc.id).limit(MOST + 1)
            )
        ]
        for other in others if len(others) <= MOST else ():
            alike.setdefault(other, set()).add(why)
    _pairs(shelf, doc.id, alike, rev)


def _pairs(shelf: SqlShelf, record: str, alike: dict[str, set[str]], rev: int) -> None:
    """New pairs wait; those that are alike no more lapse; what a person decided stays."""
    w = t.twin.c
    known = {
        row.b if row.a == record else row.a: row
        for row in shelf.conn.execute(sa.select(t.twin).where(sa.or_(w.a == record, w.b == record)))
    }
    for other, why in alike.items():
        told = ",".join(sorted(why))
        if other not in known:
            a, b = sorted((record, other))
            values = {"id": _id(a, b), "a": a, "b": b, "why": told, "state": WAITING}
            shelf.conn.execute(t.twin.insert().values(**values, rev=rev, at=now()))
        elif known[other].state in (WAITING, LAPSED):
            _change(shelf, known[other], rev, why=told, state=WAITING)
    for other, row in known.items():
        if other not in alike and row.state == WAITING:
            _change(shelf, row, rev, state=LAPSED)


def _change(shelf: SqlShelf, row: Any, rev: int, **values: Any) -> None:
    if any(getattr(row, name) != value for name, value in values.items()):
        change = t.twin.update().where(t.twin.c.id == row.id)
        shelf.conn.execute(change.values(rev=max(rev, row.rev), **values))


def _id(a: str, b: str) -> str:
    return hashlib.sha256(f"fieldkit/twin/v1|{a}|{b}".encode()).hexdigest()[:32]


def settled(
    shelf: SqlShelf, twin_id: str, same: bool, seq: int, actor: str, at: str, word: dict[str, Any]
) -> None:
    """Write down what a person decided; what was decided before stays."""
    change = t.twin.update().where(t.twin.c.id == twin_id, t.twin.c.state.in_((WAITING, LAPSED)))
    sealed = shelf.box.seal_json("twin-word", twin_id, word)
    state = SAME if same else OTHER
    shelf.conn.execute(
        change.values(state=state, rev=seq, decided_by=actor, decided_at=at, word=sealed)
    )


def changed(within: sa.ColumnElement[bool], cursor: int, upto: int) -> sa.Select[Any]:
    """The pairs that changed after `cursor` and of which both records are `within`."""
    w, r = t.twin.c, t.record.c
    query = sa.select(t.twin).where(w.rev > cursor, w.rev <= upto)
    for one in (w.a, w.b):
        query = query.where(sa.exists(sa.select(r.id).where(r.id == one, within)))
    return query.order_by(w.rev, w.id)


def told(shelf: SqlShelf, row: Any, docs: dict[str, Doc]) -> dict[str, Any]:
    """A pair as it travels to a device: what is alike, and both people in short."""
    word = shelf.box.open_json("twin-word", row.id, row.word) if row.word else {}
    decided = {"by": row.decided_by, "at": row.decided_at, **word} if row.decided_by else None
    return {
        "id": row.id,
        "a": _short(row.a, docs),
        "b": _short(row.b, docs),
        "why": row.why.split(","),
        "state": row.state,
        "rev": row.rev,
        "at": row.at,
        "decided": decided,
    }


def _short(record: str, docs: dict[str, Doc]) -> dict[str, Any]:
    person = docs.get(record)
    home = docs.get(person.parent) if person else None
    shown = {name: person.get(name) if person else None for name in ("name", "kana", "birth")}
    shown |= {
        name: home.get(name) if home else None
        for name in ("address", "katagaki", "visit_date", "reception_no", "state")
    }
    return {"id": record, "reservation": person.parent if person else "", **shown}


def people_of(shelf: SqlShelf, rows: Iterable[Any]) -> dict[str, Doc]:
    """The people of these pairs and their reservations."""
    docs = shelf.docs({one for row in rows for one in (row.a, row.b)})
    return docs | shelf.docs({doc.parent for doc in docs.values()})
