"""写真の印刷・オンライン申請: print sheets, the file for the online application, the contact sheet.

PDFs open in the browser's own viewer. The file goes onto a USB stick by the kit itself, never as a
download, and is owed until the kit has erased it from there.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, redirect, request
from flask.typing import ResponseReturnValue

from fieldkit import apply, handover, media, prints
from fieldkit.apply import Case
from fieldkit.errors import BadInput, KitError, NotReady
from fieldkit.paper.fill import SUBSTITUTE
from fieldkit.paper.photo_sheet import PAPERS
from fieldkit.photo.exporting import online_problem
from fieldkit.store import photos
from fieldkit.store.opentrip import OpenTrip
from fieldkit.web.common import error_rows, kit, page, pdf, say_day, say_moment, size_ja, vault
from fieldkit.web.ledger_words import FILES
from fieldkit.web.visits import case_of, frame

screens = Blueprint("prints", __name__)


def _photo_id(case: Case) -> str:
    return str(case.body.get("photo_id") or "")


def _why_not(photo_id: str) -> tuple[str, str]:
    """Why nothing can be printed, and why no file can be written; "" where it can."""
    if not photo_id:
        says = "写真がまだありません。写真の画面で「この写真を使う」を押すと、印刷できます。"
        return says, says
    try:
        return "", online_problem(photos.show(vault(), photo_id)) or ""
    except KitError as error:
        return error.sentence, error.sentence


def _drives() -> list[dict[str, str]]:
    return [
        {"value": str(d.mount), "label": d.name, "note": f"空き {size_ja(d.free)}"}
        for d in media.drives()
    ]


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "at": say_moment(row["at"]),
        "reason_ja": FILES.get(row["reason"], "") if row["state"] == "gone" else "",
    }


def _draw(case: Case, errors: list[BadInput]) -> ResponseReturnValue:
    photo_id = _photo_id(case)
    print_no, file_no = _why_not(photo_id)
    times = prints.times(vault(), photo_id)
    papers = [
        {"code": code, "name": p.name, "size": f"{p.width:g}×{p.height:g}mm",
         "times": times.get(code, 0)}
        for code, p in PAPERS.items()
    ]  # fmt: skip
    drawn = page(
        "visit/prints.html",
        papers=papers,
        counted="・".join(f"{p['name']} {p['times']}回" for p in papers),
        print_no=print_no,
        file_no=file_no,
        drives=_drives(),
        files=[_shown(row) for row in handover.of_person(vault(), case.applicant.id)],
        trip_id=case.trip.id,
        errors=error_rows(errors),
        values=request.form,
        **frame(case),
    )
    return drawn, 422 if errors else 200


@screens.get("/visit/<rid>/a/<aid>/prints")
def show(rid: str, aid: str) -> ResponseReturnValue:
    return _draw(case_of(rid, aid), [])


@screens.get("/visit/<rid>/a/<aid>/prints/<paper>.pdf")
def sheet(rid: str, aid: str, paper: str) -> ResponseReturnValue:
    """`?back=yes` adds the page with name and birth date for the other side."""
    case = case_of(rid, aid)
    if not _photo_id(case):
        raise NotReady(_why_not("")[0])
    made = prints.sheet(
        vault(),
        _photo_id(case),
        paper,
        str(case.state.values.get("name") or case.applicant.get("name")),
        str(case.state.values.get("birth") or case.applicant.get("birth") or ""),
        request.args.get("back") == "yes",
        kit().settings.clock(),
        case.state.values.get(SUBSTITUTE, "") or str(case.applicant.get("kana") or ""),
    )
    return pdf(made, aid)


@screens.post("/visit/<rid>/a/<aid>/prints/file")
def hand_out(rid: str, aid: str) -> ResponseReturnValue:
    case = case_of(rid, aid)
    mount = request.form.get("drive", "")
    if not mount:
        return _draw(case, [BadInput("drive", "どのUSBメモリに書き出すかを選んでください。")])
    try:
        if not _photo_id(case):
            raise NotReady(_why_not("")[0])
        handover.hand_out(vault(), _photo_id(case), mount)
    except KitError as error:
        return _draw(case, [BadInput("drive", error.sentence)])
    return redirect(f"/visit/{rid}/a/{aid}/prints")


# -- what still lies on sticks -------------------------------------------------------------------
def _files(errors: list[BadInput]) -> ResponseReturnValue:
    drawn = page(
        "visit/files.html",
        files=[_shown(row) for row in handover.owed(vault())],
        supervisor=g.session.user.role == "supervisor",
        errors=error_rows(errors),
    )
    return drawn, 422 if errors else 200


@screens.get("/files")
def files() -> ResponseReturnValue:
    return _files([])


@screens.post("/files/<file_id>")
def settle(file_id: str) -> ResponseReturnValue:
    """Erase one file from its stick; `act=lost` is a supervisor's word instead."""
    try:
        if request.form.get("act") == "lost":
            handover.declare_lost(vault(), file_id)
        else:
            handover.take_back(vault(), file_id)
    except KitError as error:
        return _files([BadInput("", error.sentence)])
    return redirect("/files")


# -- the contact sheet of a day ------------------------------------------------------------------
def _title(trip: OpenTrip) -> str:
    return f"写真一覧　{say_day(trip.day)}"


@screens.get("/trip/<trip_id>/contact")
def contact(trip_id: str) -> ResponseReturnValue:
    trip = vault().trip(trip_id)
    people = prints.numbered(vault(), trip)
    return page(
        "visit/contact.html",
        title=_title(trip),
        trip_id=trip_id,
        people=[
            {
                "number": one.number,
                "name": one.name,
                "reception_no": one.reception_no,
                "photo": bool(one.photo_id),
                "needs_none": not one.photo_id and bool(
                    apply.no_photo(case_of(one.reservation_id, one.applicant_id), kit().city())
                ),
            }
            for one in people
        ],
        count=sum(bool(one.photo_id) for one in people),
        why_none=prints.NO_PHOTO,
    )


@screens.get("/trip/<trip_id>/contact.pdf")
def contact_pdf(trip_id: str) -> ResponseReturnValue:
    trip = vault().trip(trip_id)
    return pdf(prints.contact(vault(), trip, _title(trip), kit().settings.clock()), trip_id)
