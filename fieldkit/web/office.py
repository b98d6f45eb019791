"""全体の状況: on a kit of the office, what all kits sent, in numbers."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, redirect
from flask.typing import ResponseReturnValue

from fieldkit import office, renew, tripend
from fieldkit.errors import BadInput
from fieldkit.kits_told import OtherKit
from fieldkit.office import Day, Out, Overview
from fieldkit.screen_roles import may
from fieldkit.web.common import error_rows, page, say_moment, unsure, vault
from fieldkit.web.returned import STATES as TASK_STATES
from fieldkit.web.today import APPLICATION_JA

screens = Blueprint("office", __name__)
STATES = ("booked", "shared", "visited", "cancelled")
PROFILES = {"field": "訪問", "desk": "予約受付", "booth": "窓口", "office": "庁内"}


@screens.app_context_processor
def _for_all_pages() -> dict[str, Any]:
    """`office_kit()`: whether the entry of this screen is shown."""
    return {"office_kit": lambda: _mine() and office.is_office(vault())}


def _mine() -> bool:
    return g.get("session") is not None and may(g.session.user.role, "office")


@screens.get("/office")
def show() -> ResponseReturnValue:
    return _draw([])


def _draw(errors: list[BadInput]) -> ResponseReturnValue:
    found = office.overview(vault(), office.open_office(vault()))
    shown = page("office.html", **_looks(found), errors=error_rows(errors))
    return shown, 422 if errors else 200


def _looks(found: Overview) -> dict[str, Any]:
    return {
        "days": [_day(one) for one in found.days],
        "out": [_out(one) for one in found.out],
        "unknown_out": found.unknown_out,
        "clashes": found.clashes,
        "twins": found.twins,
        "tasks": [
            {
                "reception_no": task.record.get("reception_no"),
                "reason": task.record.get("reason"),
                "on": task.record.get("on"),
                "look": TASK_STATES[task.state][0],
                "state_ja": TASK_STATES[task.state][1],
            }
            for task in found.tasks
        ],
        "kits": [_kit(one) for one in found.kits],
        "told_at": say_moment(found.told_at) if found.told_at else "",
    }


def _day(one: Day) -> dict[str, Any]:
    ended = {state: one.applications.get(state, 0) for state in office.DONE}
    return {
        "day": one.day,
        "states": [one.states.get(state, 0) for state in STATES],
        "people": one.people,
        "confirmed": ended["confirmed"],
        "aside": "、".join(
            f"{APPLICATION_JA[state]} {ended[state]}"
            for state in ("declined", "postponed")
            if ended[state]
        ),
        "undone": one.undone,
    }


def _out(one: Out) -> dict[str, Any]:
    numbers = "・".join(one.numbers)
    return {"kit": one.kit, "day": one.day, "numbers": numbers, "n": len(one.numbers)}


def _kit(one: OtherKit) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "profile_ja": PROFILES.get(one.profile, one.profile),
        "active": one.active,
        "seen": say_moment(one.seen) if one.seen else "",
        "out": len(one.out),
        "here": one.id == vault().device_id,
    }


@screens.post("/office/erase")
def end() -> ResponseReturnValue:
    """The season is over: all that this kit was told is erased; the city keeps it."""
    if errors := unsure("消去してよいこと"):
        return _draw(errors)
    renew.end_office(vault())
    tripend.tell_city(vault())
    return redirect("/erase")
