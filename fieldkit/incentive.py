"""謝礼: one gift for one person who applied, counted against the bag's stock (003 §4(1)).

The book holds the applicant's id, the item, the yen and codes: no name. Giving and taking back are
one transaction each, so that a kill leaves it given, or not given, and never twice.
"""

from __future__ import annotations

from typing import Any

from fieldkit import reserve, visit
from fieldkit.errors import BadInput, NotReady
from fieldkit.rules.gifts import Gift
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.record_rows import Record
from fieldkit.store.vault import Vault
from sync import fail
from sync.ids import new_id

UNDONE = {
    "refused": "ご本人が受け取らなかった",
    "not_given": "渡していないのに記録した",
    "returned": "返してもらった",
}
OFF = "謝礼は使わない設定です（設定ファイル incentive.toml）。"


def left(vault: Vault, gift: Gift) -> int:
    """How many are left in this laptop's bag; below 0 where the city lowered the stock."""
    row = vault.book.one("SELECT count(*) AS n FROM incentive WHERE state = 'given'")
    return gift.stock - (row["n"] if row else 0)


def of_person(vault: Vault, applicant_id: str) -> dict[str, Any] | None:
    """The gift that one person has; None where there is none (any more)."""
    row = vault.book.one(
        "SELECT * FROM incentive WHERE record_id = ? AND state = 'given'", applicant_id
    )
    return dict(row) if row else None


def give(vault: Vault, trip: OpenTrip, applicant: Record, gift: Gift | None) -> str:
    """Record that the gift was handed over; returns its id, the first one's when asked again.

    NotReady while the gift is off, the application is not confirmed, or nothing is left.
    """
    if gift is None:
        raise NotReady(OFF)
    now = visit.application(trip, applicant.id)
    if now is None or now.get("state") != "confirmed":
        raise NotReady("謝礼は、申請の「内容の確認」が終わった方にお渡しします。")
    with vault.book.write() as conn:  # one writer at a time: the look and the row belong together
        had = of_person(vault, applicant.id)
        if had is not None:
            return str(had["id"])
        if left(vault, gift) <= 0:
            raise NotReady(
                "この端末の謝礼の残りがありません。数を確かめて、監督者に連絡してください。"
            )
        gift_id = new_id()
        conn.execute(
            "INSERT INTO incentive (id, record_id, item, yen, state, at, actor)"
            " VALUES (?, ?, ?, ?, 'given', ?, ?)",
            (gift_id, applicant.id, gift.name, gift.yen, vault.now(), vault.user.id),
        )
        fail.point("incentive.row")
        vault.note("incentive_given", applicant.id, f"yen={gift.yen}")
    fail.point("incentive.given")
    return gift_id


def undo(vault: Vault, applicant_id: str, why: str) -> None:
    """Take a record back with a reason (a key of UNDONE); the row stays, the stock comes back."""
    if why not in UNDONE:
        raise BadInput("why", "取り消す理由を選んでください。")
    with vault.book.write() as conn:
        had = of_person(vault, applicant_id)
        if had is None:
            raise NotReady("この方の謝礼は記録されていません。画面を開き直してください。")
        conn.execute(
            "UPDATE incentive SET state = 'undone', reason = ? WHERE id = ?", (why, had["id"])
        )
        fail.point("incentive.undoing")
        vault.note("incentive_undone", applicant_id, why)
    fail.point("incentive.undone")


def rows(vault: Vault) -> list[dict[str, Any]]:
    """Every gift that was recorded, oldest first, numbered; undone ones keep their number."""
    found = vault.book.all("SELECT * FROM incentive ORDER BY rowid")
    return [{**dict(row), "number": number} for number, row in enumerate(found, start=1)]


def signers(vault: Vault, trip: OpenTrip) -> list[dict[str, Any]]:
    """The people of an open trip who have a gift, in the order of the visits: for signatures."""
    given = {row["record_id"]: row for row in rows(vault) if row["state"] == "given"}
    return [
        {
            **given[person.id],
            "name": str(person.get("name")),
            "reception_no": str(slip.reservation.get("reception_no") or ""),
        }
        for slip in reserve.slips(trip)
        for person in slip.applicants
        if person.id in given
    ]
