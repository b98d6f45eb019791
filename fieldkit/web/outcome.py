"""今日は申請しない: the person declines or it is put off; a visit can then still be closed."""

from __future__ import annotations

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from fieldkit import visit
from fieldkit.errors import BadInput, NotReady
from fieldkit.web.common import error_rows, number_errors, page, vault
from fieldkit.web.visits import case_of, frame

screens = Blueprint("outcome", __name__)


def _draw(rid: str, aid: str, errors: list[BadInput]) -> ResponseReturnValue:
    case = case_of(rid, aid)
    now = case.body.get("state", "")
    start = {"outcome": now if now in ("declined", "postponed") else ""}
    start["note"] = str(case.body.get("outcome_note", ""))
    typed = {k: request.form[k] for k in ("outcome", "note") if k in request.form}
    return (
        page(
            "visit/outcome.html",
            aside=bool(start["outcome"]),
            errors=error_rows(errors),
            values={**start, **typed},
            **frame(case),
        ),
        422 if errors else 200,
    )


@screens.get("/visit/<rid>/a/<aid>/outcome")
def show(rid: str, aid: str) -> ResponseReturnValue:
    return _draw(rid, aid, [])


@screens.post("/visit/<rid>/a/<aid>/outcome")
def save(rid: str, aid: str) -> ResponseReturnValue:
    case = case_of(rid, aid)
    note = request.form.get("note", "").strip()
    resumed = request.form.get("act") == "resume"
    errors = number_errors({"note": note})
    try:
        if not errors:
            outcome = "doing" if resumed else request.form.get("outcome", "")
            visit.set_aside(vault(), case.trip, case.applicant, outcome, note)
    except BadInput as error:
        errors.append(error)
    except NotReady as error:
        errors.append(BadInput("outcome", error.sentence))
    if errors:
        return _draw(rid, aid, errors)
    return redirect(f"/visit/{rid}/a/{aid}" if resumed else f"/visit/{rid}")
