"""The sealed objects of a container or a person, each with what proves that it is gone.

A save ends with its container; a photo may end before it. The digest and the size are those of the
sealed bytes, as the city's receipt names them: a digest of the data itself could be guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fieldkit.deletion_records import Thing
from fieldkit.evidence import ENDS, Evidence, Word
from sync import receipt as receipts


def things_of(look: Evidence, where: str, values: Sequence[str]) -> list[Thing]:
    """The saves and photos that `where` selects (its columns are those of both tables)."""
    saves = look.book.all(
        "SELECT o.*, t.state AS trip_state, t.erased_at AS trip_erased_at FROM outbox o"
        f" LEFT JOIN trip t ON t.id = o.trip_id WHERE o.{where} ORDER BY o.n",
        *values,
    )
    pictures = look.book.all(
        "SELECT p.*, t.state AS trip_state FROM photo p LEFT JOIN trip t ON t.id = p.trip_id"
        f" WHERE p.{where} ORDER BY p.captured_at, p.id",
        *values,
    )
    return [_save(look, row) for row in saves] + [_photo(look, row) for row in pictures]


def _save(look: Evidence, row: Any) -> Thing:
    gone = row["trip_state"] == "wiped"
    held = _stands_for(look, row)
    word = look.word(held["receipt"])
    return Thing(
        kind=row["entity"],
        id=row["op_id"],
        trip_id=row["trip_id"],
        sha256=row["sha256"],
        size=row["size"],
        word=word,
        reason="trip_end" if gone else "",
        logical_at=row["trip_erased_at"] or "" if gone else "",
        crypto_at="",
        row=look.row(row["trip_id"], *ENDS) if gone else None,
        fault=_not_held(word, held["op_id"], held) if gone else "",
    )


def _stands_for(look: Evidence, row: Any) -> Any:
    """The save that took this one's place (fieldkit/parked.py), or itself."""
    seen = set()
    while row["state"] == "superseded" and row["op_id"] not in seen:
        seen.add(row["op_id"])
        following = look.book.one(
            "SELECT o.* FROM handled h JOIN outbox o ON o.op_id = h.next WHERE h.id = ?",
            row["op_id"],
        )
        if following is None:
            return row
        row = following
    return row


def _photo(look: Evidence, row: Any) -> Thing:
    gone = row["state"] == "erased"
    word = look.word(row["receipt"]) if row["receipt"] else Word()
    fault = ""
    if gone:
        if look.photo_left(row["trip_id"], row["id"]):
            fault = "消去したはずの写真のファイルが、まだこの端末にあります。"
        elif not look.said_at(row["id"], row["erased_at"], "erased"):
            fault = "取扱記録簿に、写真の消去の行がありません。"
        elif row["reason"] == "receipt":
            fault = _not_held(look.word(row["receipt"]), row["id"], row)
    elif row["trip_state"] == "wiped":
        fault = "消去の記録がない写真があります。"
    return Thing(
        kind="photo",
        id=row["id"],
        trip_id=row["trip_id"],
        sha256=row["sha256"],
        size=row["size"],
        word=word,
        reason=row["reason"] if gone else "",
        logical_at=row["erased_at"] or "" if gone else "",
        crypto_at="",
        row=look.row(row["id"], "erased") if gone else None,
        fault=fault,
    )


def _not_held(word: Word, object_id: str, row: Any) -> str:
    """Why the city's word does not prove that it holds exactly these bytes; "" where it does."""
    if word.fault:
        return word.fault
    if not receipts.proves(word.value or {"items": []}, object_id, row["sha256"], row["size"]):
        return "受領証が、この品目の封印した中身を示していません。"
    return ""
