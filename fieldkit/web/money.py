"""手数料: the amount with its reason, exact money only, and the receipt's number and paper."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from fieldkit import apply, money, visit
from fieldkit.apply import Case
from fieldkit.errors import BadInput, NotFound, NotReady
from fieldkit.rules.cash import PRINTED
from fieldkit.rules.fees import Fee, NeedsEvidence, check_tendered
from fieldkit.rules.names import half_width_digits
from fieldkit.rules.verdict import Refused
from fieldkit.web import receipt_paper
from fieldkit.web.address import base_of
from fieldkit.web.common import error_rows, kit, number_errors, page, say_moment, vault
from fieldkit.web.visits import case_of, frame

screens = Blueprint("money", __name__)


def _draw(case: Case, errors: list[BadInput], values: dict[str, str]) -> ResponseReturnValue:
    city = kit().city()
    found = apply.fee_of(case, city)
    shown: dict[str, object] = {"yen": None, "says": "", "breakdown": []}
    fee = found.otherwise if isinstance(found, NeedsEvidence) else found
    kind, wishes = apply.applicant_kind(case), case.state.values.get("express") == "yes"
    reissue = kind not in ("new", "renew")
    asks = reissue or (kind == "new" and wishes)
    if isinstance(fee, Fee):
        lines = [{"label": label, "yen": yen} for label, yen in fee.breakdown]
        shown = {"yen": fee.yen, "says": fee.says, "breakdown": lines}
    elif isinstance(fee, Refused):
        shown["says"] = fee.sentence + "".join(fee.nearest[: 0 if reissue else None])
    listed = [r for r in city.fees.reasons.values() if r.offered_for(kind)]
    reasons = [{"code": r.code, "label": r.label} for r in listed]
    choice = apply.fee_choice(case)
    start = {
        "reason_code": str(choice.get("reason_code") or getattr(fee, "reason_code", "")),
        "evidence": str(choice.get("evidence", "")),
        "payer_name": str(case.applicant.get("name")),
    }
    return (
        page(
            "visit/fee.html",
            fee=shown,
            needs_reason=asks,
            needs_evidence=reissue,
            reasons=reasons if asks else [],
            receipt=_receipt(case),
            spoiled=[_spoiled(case, row) for row in money.spoiled_of(vault(), case.applicant.id)],
            whys=[{"value": code, "label": ja} for code, ja in money.WHY.items()],
            cash=city.cash,
            errors=error_rows(errors),
            values={**start, **values},
            **frame(case),
        ),
        422 if errors else 200,
    )


def _receipt(case: Case) -> dict[str, Any] | None:
    row = money.receipt_row(vault(), str(case.body.get("receipt_no") or ""))
    if row is None:
        return None
    return {"no": row["no"], "yen": row["amount"], "paper_no": row["paper_no"] or "",
            "pdf": receipt_url(case)}  # fmt: skip


def _spoiled(case: Case, row: dict[str, Any]) -> dict[str, Any]:
    printed = row["mode"] == PRINTED
    return {
        **{name: row[name] for name in ("no", "paper_no", "why", "reason")},
        "at": say_moment(row["issued_at"]),
        "pdf": f"{base_of(case)}/fee/spoiled/{row['number']}.pdf" if printed else None,
    }


def receipt_url(case: Case) -> str | None:
    """Where an applicant's receipt is printed; None with a paper book, or before it is paid."""
    row = money.receipt_row(vault(), str(case.body.get("receipt_no") or ""))
    printed = row is not None and row["mode"] == PRINTED
    return f"{base_of(case)}/papers/receipt.pdf" if printed else None


@screens.get("/visit/<rid>/a/<aid>/fee")
def show(rid: str, aid: str) -> ResponseReturnValue:
    return _draw(_ready(rid, aid), [], {})


def _ready(rid: str, aid: str) -> Case:
    case = case_of(rid, aid)
    if not case.state.complete:
        raise NotReady("申請書の記入が終わると、手数料が決まります。先に申請書を記入してください。")
    return case


@screens.post("/visit/<rid>/a/<aid>/fee/spoil")
def spoil(rid: str, aid: str) -> ResponseReturnValue:
    """A supervisor spoils the receipt, with a reason; the fee is then asked for again."""
    case = case_of(rid, aid)
    reason, why = request.form.get("spoil_reason", "").strip(), request.form.get("spoil_why", "")
    errors = number_errors({"spoil_reason": reason})
    try:
        if not errors:
            money.spoil_receipt(vault(), case.trip, case.applicant, reason, why)
    except BadInput as error:
        errors.append(error)
    if errors:
        return _draw(case, errors, {"spoil_reason": reason, "spoil_why": why})
    return redirect(f"/visit/{rid}/a/{aid}/fee")


@screens.post("/visit/<rid>/a/<aid>/fee")
def receive(rid: str, aid: str) -> ResponseReturnValue:
    """Take the exact fee. A changed reason first shows the new amount, then asks again."""
    case, form = _ready(rid, aid), request.form
    visit.refuse_if_closed(case.trip, case.applicant)
    city = kit().city()
    values = {k: v for k, v in form.items() if k not in ("csrf", "act")}
    before = apply.fee_of(case, city)
    found = apply.fee_of(case, city, form.get("reason_code", ""), form.get("evidence", "").strip())
    errors = number_errors(values)
    if isinstance(found, Refused):
        errors.append(apply.refuse(found, "reason_code"))
    elif isinstance(found, NeedsEvidence):
        errors.append(BadInput("evidence", f"{found.says}確かめた内容を書いてください。"))
    if errors or not isinstance(found, Fee):
        return _draw(case, errors, values)
    if money.already(vault(), case.trip, case.applicant, found):  # another window was first
        return redirect(f"{base_of(case)}/fee")
    chosen = {
        "kind": apply.applicant_kind(case),
        "reason_code": found.reason_code,
        "evidence": form.get("evidence", "").strip(),
    }
    visit.save_application(vault(), case.trip, case.applicant, {"fee_choice": chosen})
    case = case_of(rid, aid)
    if not isinstance(before, Fee) or before.yen != found.yen:
        said = f"理由により、手数料は{found.yen:,}円です。金額を確かめて、もう一度押してください。"
        return _draw(case, [BadInput("reason_code", said)], values)
    if found.yen == 0:
        money.receive_nothing(vault(), case.trip, case.applicant, found)
        return redirect(f"/visit/{rid}/a/{aid}")
    return _issue(case, found, values)


def _issue(case: Case, fee: Fee, values: dict[str, str]) -> ResponseReturnValue:
    errors: list[BadInput] = []
    text = re.sub(r"[,，、円¥￥\s]", "", half_width_digits(values.get("tendered", "")))
    tendered = int(text) if text.isdecimal() and len(text) < 9 else -1
    if tendered < 0:
        errors.append(BadInput("tendered", "受け取った金額を数字で入れてください。"))
    else:
        answer = check_tendered(fee, tendered, kit().city().fees)
        if isinstance(answer, Refused):
            errors.append(apply.refuse(answer, "tendered"))
    cash, paper_no = kit().city().cash, values.get("paper_receipt_no", "")
    payer = values.get("payer_name", "").strip()
    errors += receipt_paper.wrong_payer(payer, cash)
    if errors:
        return _draw(case, errors, values)
    try:
        money.issue_receipt(
            vault(), case.trip, case.applicant, fee, payer, cash=cash, paper_no=paper_no
        )
    except BadInput as error:
        return _draw(case, [error], values)
    return redirect(f"{base_of(case)}/fee")


# -- the printed receipt, only where the treasurer approved it ----------------------------------
@screens.get("/visit/<rid>/a/<aid>/papers/receipt.pdf")
def receipt(rid: str, aid: str) -> ResponseReturnValue:
    case = case_of(rid, aid)
    row = money.receipt_row(vault(), str(case.body.get("receipt_no") or ""))
    if row is None:
        raise NotReady("手数料を受け取ると、領収書を印刷できます。")
    return receipt_paper.printed(case, row)


@screens.get("/visit/<rid>/a/<aid>/fee/spoiled/<int:number>.pdf")
def spoiled(rid: str, aid: str, number: int) -> ResponseReturnValue:
    """The crossed-out sheet of a spoiled number, to be kept with the stubs (C7)."""
    case = case_of(rid, aid)
    rows = money.spoiled_of(vault(), case.applicant.id)
    row = next((one for one in rows if one["number"] == number), None)
    if row is None:
        raise NotFound("書損の領収書がありません。手数料の画面を開き直してください。")
    return receipt_paper.printed(case, money.receipt_row(vault(), row["no"]) or row)
