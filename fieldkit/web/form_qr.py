"""申請書ID: read from the QR of the applicant's form, or typed twice.

A frame is looked at in memory and forgotten. Of what a QR holds only the 23 digits leave this
file: the address in it is never followed, logged, kept or sent back.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from fieldkit import form_ids, visit
from fieldkit.apply import Case, typed
from fieldkit.errors import NotFound
from fieldkit.photo.qr import read_codes
from fieldkit.rules import form_id
from fieldkit.rules.verdict import Refused
from fieldkit.web.address import base_of
from fieldkit.web.asking import Wanted
from fieldkit.web.common import kit, today, vault
from fieldkit.web.visits import case_of

screens = Blueprint("form_qr", __name__)
AGAIN = "_again"
"""The second field of the question: its name and this."""


@screens.post("/visit/<rid>/a/<aid>/form-id/scan")
def scan(rid: str, aid: str) -> ResponseReturnValue:
    """A frame of the camera: the ID of the form in it, or what is to be done."""
    case = case_of(rid, aid)
    visit.refuse_if_closed(case.trip, case.applicant)
    number = _page_of(case)
    hosts = kit().city().form_id_hosts
    texts = read_codes(
        request.get_data(), lambda text: isinstance(form_id.from_qr(text, hosts), form_id.FormId)
    )
    read = form_id.from_qrs(texts, hosts)
    if isinstance(read, Refused):
        says = read.sentence + (" ".join(read.nearest) if texts else "")
        return jsonify({"found": False, "says": says})
    form_ids.keep_scan(vault(), case, read)
    again = f"/visit/{rid}/a/{aid}/form/{number}?read={vault().now()[11:19]}"
    told = {"found": True, "says": "読み取りました。", "id": read.digits, "next": again}
    return jsonify(told)


def _page_of(case: Case) -> int:
    """The page where the form asks for the ID."""
    name = form_ids.question_of(case.form)
    pages = case.form.evaluate(typed(case), today()).pages
    for number, page in enumerate(pages, start=1):
        if name and name in page.questions:
            return number
    raise NotFound("この申請書には、申請書IDを入れる欄がありません。")


def entry(case: Case, name: str, value: str) -> dict[str, Any] | None:
    """What the template needs besides for the question of the ID; None for every other one.

    `how` locks the box: scan or typed (twice), unless 「直す」 was pressed.
    """
    if name != form_ids.question_of(case.form):
        return None
    base = base_of(case)
    again = request.form.get(name + AGAIN, "")
    shows = not form_id.has_number(again)
    return {
        "how": "" if "fix" in request.args else form_ids.source_of(case, value).get("how", ""),
        "again": again if shows else "",
        "scan_url": f"{base}/form-id/scan",
    }


def settle(case: Case, typed: dict[str, str], kept: dict[str, str]) -> Wanted:
    """The ID becomes an answer in `kept` only when it was scanned or typed twice.

    Until then the former answer stays and what was typed waits in the draft. Twelve digits are
    taken out of `typed`, so that the page does not show them again.
    """
    name = form_ids.question_of(case.form)
    if name not in kept:
        return Wanted()
    text, again = typed[name], request.form.get(name + AGAIN, "")
    read = form_ids.settle(vault(), case, text, again)
    if isinstance(read, form_ids.Settled):
        kept[name] = read.digits
        return Wanted(fields={"form_id_source": read.source})
    kept[name] = case.answers.get(name, "")
    says = {name: read.sentence}
    if form_id.has_number(text) or form_id.has_number(again):
        typed[name] = "" if form_id.has_number(text) else text
        return Wanted(never=says, not_yet=says)
    return Wanted(not_yet=says, waiting={name: form_ids.for_draft(text)})
