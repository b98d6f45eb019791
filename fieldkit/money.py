"""Receipts for money: gapless numbers with the laptop's prefix, amounts that are never edited.

`book` mode (the default) records the number of the paper receipt book, which stays the legal
record; `printed` needs the treasurer's approval and is chosen in the city's settings (domain §5.5).
"""

from __future__ import annotations

import json
from typing import Any

from sqlcipher3 import dbapi2 as sqlcipher

from fieldkit import visit
from fieldkit.errors import BadInput, NotAllowed, NotReady
from fieldkit.rules.fees import Fee
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.records import Record
from fieldkit.store.vault import Vault
from sync import fail


def issue_receipt(
    vault: Vault,
    trip: OpenTrip,
    applicant: Record,
    fee: Fee,
    payer_name: str,
    mode: str = "book",
    paper_no: str = "",
) -> str:
    """Record that the exact fee was received; returns the receipt number, e.g. `K01-00001`.

    The number and its row are one transaction; the application learns it afterwards. After a kill
    in between, the same call gives the same number again. BadInput for a paper number used before;
    NotReady where a receipt over another amount was issued (its amount is never edited).
    """
    number = _number_of(vault, applicant.id) or _new_number(
        vault, applicant.id, fee, mode, paper_no
    )
    row = receipt_row(vault, number)
    if row and row["amount"] != fee.yen:
        raise NotReady(
            f"{row['amount']:,}円の領収書（{number}）を出したあとに、手数料が{fee.yen:,}円に"
            "変わりました。お金を受け取る前に、監督者へ連絡してください。"
        )
    paper_no = str(row["paper_no"] or "") if row else paper_no
    fail.point("money.numbered")
    visit.save_application(
        vault,
        trip,
        applicant,
        {
            "receipt_no": number,
            "paper_receipt_no": paper_no,
            "payer_name": payer_name,
            "fee": {
                "yen": fee.yen,
                "breakdown": [list(row) for row in fee.breakdown],
                "reason_code": fee.reason_code,
                "says": fee.says,
                "express": fee.express,
            },
        },
    )
    return number


def spoil_receipt(vault: Vault, trip: OpenTrip, applicant: Record, reason: str) -> None:
    """書損: the receipt stays in its place with its reason, its number is never used again, and the
    application waits for its fee anew. Only a supervisor does this; the money is handed back.

    The reason is a person's words and may name somebody: it goes to the city with the application
    and ends with the trip. The book outlives the trip and keeps the number only.
    """
    if vault.user.role != "supervisor":
        raise NotAllowed("領収書を書損にできるのは監督者だけです。")
    if not reason:
        raise BadInput("spoil_reason", "書損にする理由を入れてください。")
    number = _number_of(vault, applicant.id)
    if number is None:
        raise NotReady("書損にする領収書がありません。")
    now = visit.application(trip, applicant.id)
    spoiled = [*(now.get("spoiled", []) if now else []), {"no": number, "reason": reason}]
    fields = {"receipt_no": "", "paper_receipt_no": "", "fee": {}, "state": "doing"}
    visit.save_application(vault, trip, applicant, {**fields, "spoiled": spoiled})
    with vault.book.write() as conn:
        conn.execute("UPDATE money SET state = 'spoiled' WHERE no = ?", (number,))
        vault.note("receipt_spoiled", number)


def _number_of(vault: Vault, applicant_id: str) -> str | None:
    row = vault.book.one(
        "SELECT no FROM money WHERE application_id = ? AND state = 'issued'", applicant_id
    )
    return row["no"] if row else None


def _new_number(vault: Vault, applicant_id: str, fee: Fee, mode: str, paper_no: str) -> str:
    with vault.book.write() as conn:
        if (
            paper_no
            and conn.execute("SELECT 1 FROM money WHERE paper_no = ?", (paper_no,)).fetchone()
        ):
            raise BadInput(
                "paper_receipt_no",
                "この領収書番号はすでに使われています。領収書つづりの番号を確かめてください。",
            )
        last = conn.execute("SELECT coalesce(max(number), 0) AS n FROM money").fetchone()["n"]
        no = f"{vault.device_id}-{last + 1:05d}"
        try:
            conn.execute(
                "INSERT INTO money (no, number, application_id, amount, breakdown, mode, paper_no,"
                " state, officer, issued_at) VALUES (?, ?, ?, ?, ?, ?, ?, 'issued', ?, ?)",
                (
                    no,
                    last + 1,
                    applicant_id,
                    fee.yen,
                    json.dumps([list(row) for row in fee.breakdown], ensure_ascii=False),
                    mode,
                    paper_no or None,
                    vault.user.id,
                    vault.now(),
                ),
            )
        except sqlcipher.IntegrityError:
            raise BadInput("paper_receipt_no", "この領収書番号はすでに使われています。") from None
        vault.note("fee_received", no)
    return no


def receipt_row(vault: Vault, no: str) -> dict[str, Any] | None:
    """One receipt with its breakdown as a list of [label, yen]."""
    row = vault.book.one("SELECT * FROM money WHERE no = ?", no)
    return {**dict(row), "breakdown": json.loads(row["breakdown"])} if row else None
