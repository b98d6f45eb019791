"""手数料: the amount with its reason, exact money only, and the receipt's number."""

from __future__ import annotations

import re

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from fieldkit import apply, money, visit
from fieldkit.apply import Case
from fieldkit.errors import BadInput, NotReady
from fieldkit.rules.fees import Fee, NeedsEvidence, check_tendered
from fieldkit.rules.names import half_width_digits
from fieldkit.rules.verdict import Refused
from fieldkit.web.common import error_rows, kit, number_errors, page, vault
from fieldkit.web.visits import case_of, frame

screens = Blueprint("money", __name__)
PAPER_NO = re.compile(r"[0-9A-Za-z-]{1,20}")


def _draw(case: Case, errors: list[BadInput], values: dict[str, str]) -> ResponseReturnValue:
    city = kit().city()
    found = apply.fee_of(case, city)
    shown: dict[str, object] = {"yen": None, "says": "", "breakdown": []}
    fee = found.otherwise if isinstance(found, NeedsEvidence) else found
    if isinstance(fee, Fee):
        lines = [{"label": label, "yen": yen} for label, yen in fee.breakdown]
        shown = {"yen": fee.yen, "says": fee.says, "breakdown": lines}
    elif isinstance(fee, Refused):
        shown["says"] = fee.sentence
    reissue = apply.applicant_kind(case) not in ("new", "renew")
    reasons = [{"code": r.code, "label": r.label} for r in city.fees.reasons.values()]
    choice = apply.fee_choice(case)
    number = case.body.get("receipt_no")
    receipt = {"no": number, "yen": (case.body.get("fee") or {}).get("yen")} if number else None
    start = {
        "reason_code": str(choice.get("reason_code") or getattr(fee, "reason_code", "")),
        "evidence": str(choice.get("evidence", "")),
        "payer_name": str(case.applicant.get("name")),
    }
    return (
        page(
            "visit/fee.html",
            fee=shown,
            needs_reason=reissue,
            reasons=reasons if reissue else [],
            receipt=receipt,
            errors=error_rows(errors),
            values={**start, **values},
            **frame(case),
        ),
        422 if errors else 200,
    )


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
    reason = request.form.get("spoil_reason", "").strip()
    errors = number_errors({"spoil_reason": reason})
    try:
        if not errors:
            money.spoil_receipt(vault(), case.trip, case.applicant, reason)
    except BadInput as error:
        errors.append(error)
    if errors:
        return _draw(case, errors, {"spoil_reason": reason})
    return redirect(f"/visit/{rid}/a/{aid}/fee")


@screens.post("/visit/<rid>/a/<aid>/fee")
def receive(rid: str, aid: str) -> ResponseReturnValue:
    """Take the exact fee. A changed reason first shows the new amount, then asks again."""
    case, form = _ready(rid, aid), request.form
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
        free = {"fee": {"yen": 0, "breakdown": [], "reason_code": found.reason_code}}
        visit.save_application(vault(), case.trip, case.applicant, free)
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
    payer = values.get("payer_name", "").strip()
    if not payer:
        errors.append(BadInput("payer_name", "領収書のあて名を入れてください。"))
    paper_no = half_width_digits(values.get("paper_receipt_no", "")).strip()
    if paper_no and not PAPER_NO.fullmatch(paper_no):  # it outlives the visit: never words
        errors.append(
            BadInput(
                "paper_receipt_no",
                "冊子の領収書番号は、数字・英字・ハイフンの20文字までで入れてください。",
            )
        )
    if errors:
        return _draw(case, errors, values)
    mode = "book" if paper_no else "printed"
    try:
        money.issue_receipt(vault(), case.trip, case.applicant, fee, payer, mode, paper_no)
    except BadInput as error:
        return _draw(case, [error], values)
    return redirect(f"/visit/{case.slip.reservation.id}/a/{case.applicant.id}/fee")
