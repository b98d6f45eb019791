"""謝礼: one gift a person, up to the city's limit, with the list for signatures."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, redirect, request
from flask.typing import ResponseReturnValue

from fieldkit import incentive
from fieldkit.apply import Case
from fieldkit.errors import BadCityData, BadInput, NotFound, NotReady
from fieldkit.paper.tally import signature_list
from fieldkit.rules.gifts import Gift
from fieldkit.screen_roles import may
from fieldkit.store.opentrip import OpenTrip
from fieldkit.web.common import error_rows, kit, names_of, page, pdf, say_moment, vault
from fieldkit.web.visits import case_of, frame

screens = Blueprint("incentives", __name__)


@screens.app_context_processor
def _for_all_pages() -> dict[str, Any]:
    """`gift_on()`: whether this city hands out gifts, and this person may."""
    return {"gift_on": lambda: may(g.session.user.role, "incentives") and _has_gift()}


def _has_gift() -> bool:
    """False too while a table of the city is broken: the page itself has to open."""
    try:
        return kit().city().gift is not None
    except BadCityData:
        return False


def _gift() -> Gift:
    gift = kit().city().gift
    if gift is None:
        raise NotReady(incentive.OFF)
    return gift


# -- one person ---------------------------------------------------------------------------------
def _draw(case: Case, errors: list[BadInput]) -> ResponseReturnValue:
    gift = _gift()
    row = incentive.of_person(vault(), case.applicant.id)
    return (
        page(
            "visit/gift.html",
            gift=gift,
            left=incentive.left(vault(), gift),
            ready=case.body.get("state") == "confirmed",
            given={**row, "at": say_moment(row["at"]), "actor": names_of().get(row["actor"], "")}
            if row
            else None,
            undo=[{"value": code, "label": ja} for code, ja in incentive.UNDONE.items()],
            errors=error_rows(errors),
            values={},
            **frame(case),
        ),
        422 if errors else 200,
    )


@screens.get("/visit/<rid>/a/<aid>/gift")
def show(rid: str, aid: str) -> ResponseReturnValue:
    return _draw(case_of(rid, aid), [])


@screens.post("/visit/<rid>/a/<aid>/gift")
def give(rid: str, aid: str) -> ResponseReturnValue:
    case = case_of(rid, aid)
    incentive.give(vault(), case.trip, case.applicant, _gift())
    return redirect(request.path)


@screens.post("/visit/<rid>/a/<aid>/gift/undo")
def undo(rid: str, aid: str) -> ResponseReturnValue:
    case = case_of(rid, aid)
    try:
        incentive.undo(vault(), case.applicant.id, request.form.get("why", ""))
    except BadInput as error:
        return _draw(case, [error])
    return redirect(f"/visit/{rid}/a/{aid}/gift")


# -- the list -----------------------------------------------------------------------------------
def _open_trips() -> list[OpenTrip]:
    found = [trip for trip in vault().trips.values() if trip.kind == "field"]
    return sorted(found, key=lambda trip: trip.day)


@screens.get("/incentives")
def board() -> ResponseReturnValue:
    gift = _gift()
    trips = _open_trips()
    named = {row["id"]: row for trip in trips for row in incentive.signers(vault(), trip)}
    names = names_of()
    rows = [
        {
            **row,
            "name": named[row["id"]]["name"] if row["id"] in named else "",
            "reception_no": named[row["id"]]["reception_no"] if row["id"] in named else "",
            "at": say_moment(row["at"]),
            "actor": names.get(row["actor"], row["actor"]),
            "undone": incentive.UNDONE.get(row["reason"], ""),
        }
        for row in incentive.rows(vault())
    ]
    given = [row for row in rows if row["state"] == "given"]
    return page(
        "incentives.html",
        gift=gift,
        left=incentive.left(vault(), gift),
        rows=rows,
        count=len(given),
        yen=sum(row["yen"] for row in given),
        trips=[{"id": trip.id, "day": trip.day} for trip in trips],
    )


@screens.get("/incentives/<trip_id>/list.pdf")
def signatures(trip_id: str) -> ResponseReturnValue:
    """The 受領簿 of a day that is open now: its names come from the trip and stay in it."""
    _gift()
    trip = next((one for one in _open_trips() if one.id == trip_id), None)
    if trip is None:
        raise NotFound("この日の訪問データは閉じています。26文字で開いてから印刷してください。")
    rows = incentive.signers(vault(), trip)
    if not rows:
        raise NotReady("この日に謝礼を渡した方はいません。")
    told = {"city": kit().city().city_name, "device": vault().device_id}
    settings = kit().settings
    data = signature_list(settings.forms_dir, trip.day, rows, told, settings.clock())
    return pdf(data, f"gifts-{trip.id}")
