"""食い違い: both values side by side, who said them and when; a supervisor decides."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, redirect, request
from flask.typing import ResponseReturnValue

from fieldkit import conflicts
from fieldkit.errors import BadInput
from fieldkit.screen_roles import may
from fieldkit.web.common import error_rows, number_errors, page, vault
from fieldkit.web.conflicts_look import clash_row, twin_row

screens = Blueprint("conflicts", __name__)


@screens.app_context_processor
def _for_all_pages() -> dict[str, Any]:
    """`clashes_waiting()`: how many cases wait, for the first screen of a supervisor."""
    return {"clashes_waiting": lambda: conflicts.waiting(vault()) if _mine() else 0}


def _mine() -> bool:
    return g.get("session") is not None and may(g.session.user.role, "conflicts")


def _draw(about: str, errors: list[BadInput]) -> ResponseReturnValue:
    clashes, twins = conflicts.clashes(vault()), conflicts.twins(vault())
    shown = page(
        "conflicts.html",
        waiting=[clash_row(one) for one in clashes if one.waits],
        history=[clash_row(one) for one in clashes if not one.waits],
        twins=[twin_row(one) for one in twins if one.waits],
        twins_done=[twin_row(one) for one in twins if not one.waits],
        locked=_locked(),
        about=about,
        errors=error_rows(errors),
        values=request.form,
    )
    return shown, 422 if errors else 200


def _locked() -> int:
    """How many containers are closed, whose cases cannot be shown."""
    rows = vault().book.all("SELECT id FROM trip WHERE state = 'out'")
    return sum(row["id"] not in vault().trips for row in rows)


@screens.get("/conflicts")
def show() -> ResponseReturnValue:
    return _draw("", [])


@screens.post("/conflicts/clash")
def decide() -> ResponseReturnValue:
    """One of the two values stands."""
    form = request.form
    return _decided(
        form.get("id", ""),
        lambda why: conflicts.decide(vault(), form.get("id", ""), form.get("take", ""), why),
    )


@screens.post("/conflicts/twin")
def decide_twin() -> ResponseReturnValue:
    """One person or two."""
    form, same = request.form, request.form.get("same", "")
    if same not in ("yes", "no"):
        raise BadInput("same", "同じ人かどうかを選んでください。")
    return _decided(
        form.get("id", ""),
        lambda why: conflicts.decide_twin(vault(), form.get("id", ""), same == "yes", why),
    )


def _decided(case_id: str, act: Any) -> ResponseReturnValue:
    why = request.form.get("why", "")
    errors = number_errors({"why": why})
    try:
        if not errors:
            act(why)
    except BadInput as error:
        errors.append(error)
    if errors:
        return _draw(case_id, [BadInput(f"why-{case_id}", e.sentence) for e in errors])
    return redirect("/conflicts")
