"""Receipts for money: gapless numbers with the laptop's prefix, amounts that are never edited.

`book` mode (the default) records the number of the paper receipt book, which stays the legal
record; `printed` needs the treasurer's approval (domain §5.5; `forms/cash.toml`). A number is
reserved, then the application's record is made, then the number counts: fieldkit/store/cash.py.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlcipher3 import dbapi2 as sqlcipher

from fieldkit import money_refuse, visit
from fieldkit.errors import BadInput, NotAllowed, NotReady
from fieldkit.rules.cash import PRINTED, Cash, approval_line, check_paper_no
from fieldkit.rules.fees import Fee
from fieldkit.rules.wareki import wareki
from fieldkit.store import cash as rows
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.record_rows import Record
from fieldkit.store.vault import Vault
from sync import fail

WHY = {
    "wrong_payer": "あて名や日付を書きまちがえた",
    "changed": "申請の内容が変わり、金額が変わった",
    "withdrawn": "申請をとりやめ、お金を返した",
    "paper": "領収書の用紙をよごした・破った・なくした",
    "other": "そのほか",
}
"""Why a receipt is spoiled, in the kit's words: the book keeps the code."""
REASONS = {**WHY, rows.INTERRUPTED: "記録の途中で止まりました", "": "書損"}


def issue_receipt(
    vault: Vault,
    trip: OpenTrip,
    applicant: Record,
    fee: Fee,
    payer_name: str,
    *,
    cash: Cash,
    paper_no: str = "",
) -> str:
    """Record that the exact fee was received; returns the receipt number, e.g. `K01-00001`.

    One number for one applicant, however often it is asked for. NotAllowed for somebody who is
    not appointed (C1); BadInput for a paper number that is missing, outside of the book or used;
    NotReady where a receipt over another amount was issued (its amount is never edited).
    """
    money_refuse.not_appointed(vault, cash)
    if fee.yen <= 0:
        raise NotReady("手数料は0円です。領収書は出しません。")
    if cash.mode == PRINTED and cash.approved_on and vault.now()[:10] < str(cash.approved_on):
        raise NotReady(
            f"領収書の印刷は{wareki(cash.approved_on)}から承認されています。"
            "それまでは紙の領収書つづりを使ってください（設定ファイル cash.toml の mode）。"
        )
    visit.refuse_if_closed(trip, applicant)
    with rows.CHANGE:
        row = _standing(vault, trip, applicant, fee)
        if row is None:
            money_refuse.aside(trip, applicant)
            number = _begin(vault, trip, applicant.id, fee, cash, paper_no)
            fail.point("money.begun")
            row = receipt_row(vault, number)
        assert row is not None
        try:
            _record(vault, trip, applicant, fee, payer_name, row, approval_line(cash))
            fail.point("money.recorded")
            rows.issue(vault, row["no"])
        except BaseException:
            rows.settle(vault, trip)
            raise
        fail.point("money.issued")
    return str(row["no"])


def receive_nothing(vault: Vault, trip: OpenTrip, applicant: Record, fee: Fee) -> None:
    """Record a fee of 0 yen with its reason; BadInput where there is none, NotReady where money is
    due or was taken."""
    if fee.yen != 0:
        raise NotReady(f"手数料は{fee.yen:,}円です。受け取ってから記録してください。")
    if not fee.reason_code:
        raise BadInput("reason_code", "0円にする理由を選んでください。")
    free = {"yen": 0, "breakdown": [], "reason_code": fee.reason_code, "by": vault.user.id}
    with rows.CHANGE:
        _standing(vault, trip, applicant, fee)
        money_refuse.aside(trip, applicant)
        visit.save_application(vault, trip, applicant, {"fee": free})


def spoil_receipt(
    vault: Vault, trip: OpenTrip, applicant: Record, reason: str, why: str = "other"
) -> None:
    """書損: the receipt stays in its place with its reason, its number is never used again, and the
    application waits for its fee anew. Only a supervisor does this; the money is handed back.

    `why` is a key of WHY and stays in the book. The `reason` is a person's words and may name
    somebody: it goes to the city with the application and ends with the trip. NotReady while the
    day's tally was checked with this receipt in it.
    """
    if vault.user.role != "supervisor":
        raise NotAllowed("領収書を書損にできるのは監督者だけです。")
    if why not in WHY:
        raise BadInput("spoil_why", "書損にする理由を選んでください。")
    if not reason:
        raise BadInput("spoil_reason", "書損にする理由を入れてください。")
    with rows.CHANGE:
        rows.settle(vault, trip)
        row = _issued(vault, applicant.id)
        if row is None:
            raise NotReady("書損にする領収書がありません。")
        money_refuse.checked(vault, row)
        now = visit.application(trip, applicant.id)
        one = {"no": row["no"], "reason": reason, "why": why, **_as_issued(now)}
        spoiled = [*(now.get("spoiled", []) if now else []), one]
        fields = {"receipt_no": "", "paper_receipt_no": "", "fee": {}, "state": "doing"}
        visit.save_application(vault, trip, applicant, {**fields, "spoiled": spoiled})
        fail.point("money.spoil_saved")
        rows.spoil(vault, row["no"], why)
        fail.point("money.spoiled")


def _as_issued(now: Record | None) -> dict[str, str]:
    """What a printed receipt still says when it is crossed out: its payer and the approval."""
    approval = (now.get("fee") or {}).get("approval", "") if now else ""
    if now is None or not approval:
        return {}
    return {"payer": str(now.get("payer_name") or ""), "approval": str(approval)}


def receipt_row(vault: Vault, no: str) -> dict[str, Any] | None:
    """One receipt with its breakdown as a list of [label, yen]."""
    row = vault.book.one("SELECT * FROM money WHERE no = ?", no)
    return {**dict(row), "breakdown": json.loads(row["breakdown"])} if row else None


def spoiled_of(vault: Vault, applicant_id: str) -> Sequence[dict[str, Any]]:
    """The spoiled numbers of one applicant, oldest first, with `why` in the kit's words."""
    found = vault.book.all(
        "SELECT * FROM money WHERE application_id = ? AND state = 'spoiled' ORDER BY number",
        applicant_id,
    )
    return [{**dict(row), "why": REASONS.get(row["reason"], REASONS["other"])} for row in found]


def already(vault: Vault, trip: OpenTrip, applicant: Record, fee: Fee) -> str:
    """The number of the receipt that was issued over just this fee; "" before there is one.

    NotReady where it was issued over another amount: only a supervisor can spoil it.
    """
    with rows.CHANGE:
        row = _standing(vault, trip, applicant, fee)
    return str(row["no"]) if row else ""


def _standing(vault: Vault, trip: OpenTrip, applicant: Record, fee: Fee) -> dict[str, Any] | None:
    rows.settle(vault, trip)
    row = _issued(vault, applicant.id)
    if row and row["state"] == "begun":  # the disk was full when it was to be settled
        raise NotReady("前の領収書番号の確認が終わっていません。もう一度どうぞ。")
    if row and row["amount"] != fee.yen:
        raise NotReady(
            f"{row['amount']:,}円の領収書（{row['no']}）を出したあとに、手数料が{fee.yen:,}円に"
            "変わりました。お金を受け取る前に、監督者へ連絡してください。"
        )
    return row


def _issued(vault: Vault, applicant_id: str) -> dict[str, Any] | None:
    row = vault.book.one(
        "SELECT * FROM money WHERE application_id = ? AND state <> 'spoiled'", applicant_id
    )
    return dict(row) if row else None


def _begin(
    vault: Vault, trip: OpenTrip, applicant_id: str, fee: Fee, cash: Cash, paper_no: str
) -> str:
    number = ""
    if cash.mode == PRINTED:
        if paper_no:
            say = "領収書はキットで印刷します。紙の領収書の番号は入れないでください。"
            raise BadInput("paper_receipt_no", say)
    else:
        number = check_paper_no(paper_no, cash)
        money_refuse.used(vault, number)
    values = {
        "amount": fee.yen,
        "breakdown": json.dumps([list(line) for line in fee.breakdown], ensure_ascii=False),
        "mode": cash.mode,
        "paper_no": number or None,
    }
    try:
        return rows.begin(vault, trip, applicant_id, values)
    except sqlcipher.IntegrityError:
        say = "この領収書番号はすでに使われています。番号を確かめてください。"
        raise BadInput("paper_receipt_no", say) from None


def _record(
    vault: Vault,
    trip: OpenTrip,
    applicant: Record,
    fee: Fee,
    payer_name: str,
    row: dict[str, Any],
    approval: str,
) -> None:
    now = visit.application(trip, applicant.id)
    if now is not None and now.get("receipt_no") == row["no"]:
        return  # pressed twice: the first time counts
    visit.save_application(
        vault,
        trip,
        applicant,
        {
            "receipt_no": row["no"],
            "paper_receipt_no": str(row["paper_no"] or ""),
            "payer_name": payer_name,
            "fee": {
                "yen": fee.yen,
                "breakdown": [list(line) for line in fee.breakdown],
                "reason_code": fee.reason_code,
                "says": fee.says,
                "express": fee.express,
                **({"approval": approval} if approval else {}),
            },
        },
    )
