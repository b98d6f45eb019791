"""What is damaged and can never be sent: a supervisor gives it up, with a reason, on the record.

A sealed thing ends only against the city's receipt or against a reason that a supervisor recorded
(design §5). Only what is parked because its file is damaged or gone can be given up; what the city
merely refuses can be sent again.
"""

from __future__ import annotations

from typing import Any

from fieldkit import erase
from fieldkit.errors import BadInput, NotAllowed, NotReady
from fieldkit.store.vault import Vault
from sync import fail

LOST = ("file_damaged", "file_missing", "cannot_open", "wrong_format")
REASONS = {
    "retaken": "撮り直した、または入れ直した",
    "paper": "紙の申請書で受け付けた",
    "withdrawn": "申請を取りやめた",
    "lost": "元にもどせない（本人へ連絡する）",
}


def hopeless(vault: Vault) -> list[dict[str, Any]]:
    """The parked things that no sending can save: `{"what": "photo"|"save", "id", "reason"}`."""
    marks = ", ".join("?" for _ in LOST)
    rows = vault.book.all(
        f"SELECT 'photo' AS what, id, reason FROM photo WHERE state = 'parked'"
        f" AND reason IN ({marks})"
        f" UNION ALL SELECT 'save', op_id, reason FROM outbox WHERE state = 'parked'"
        f" AND reason IN ({marks})",
        *LOST,
        *LOST,
    )
    return [dict(row) for row in rows]


def give_up(vault: Vault, reason: str) -> int:
    """Give up all of them for one reason; returns how many. Photos are erased, saves are let go."""
    if vault.user.role != "supervisor":
        raise NotAllowed("送れない項目をあきらめられるのは監督者だけです。")
    if reason not in REASONS:
        raise BadInput("reason", "あきらめる理由を選んでください。")
    found = hopeless(vault)
    if not found:
        raise NotReady("あきらめる項目はありません。")
    with vault.book.write() as conn:
        for item in found:
            vault.note("given_up", item["id"], reason)
            if item["what"] == "save":
                conn.execute(
                    "UPDATE outbox SET state = 'given_up' WHERE op_id = ?", (item["id"],)
                )
    fail.point("giveup.noted")
    pictures = [item["id"] for item in found if item["what"] == "photo"]
    erase.erase_photos(vault, pictures, "damaged")
    return len(found)
