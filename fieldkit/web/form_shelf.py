"""様式と記入例: every form as a blank and as a filled example, and the letters to facilities."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Blueprint, g, request
from flask.typing import ResponseReturnValue

from fieldkit import apply, guides, reserve, shelf
from fieldkit.apply import Case
from fieldkit.errors import NotFound
from fieldkit.forms import load_form
from fieldkit.paper.languages import LANGUAGES
from fieldkit.reserve import Slip
from fieldkit.screen_roles import may
from fieldkit.store.opentrip import OpenTrip
from fieldkit.web.common import kit, page, pdf, today, vault
from fieldkit.web.today import window_text
from sync.ids import is_id

screens = Blueprint("form_shelf", __name__)
SECTIONS = (("eight", "申請と届出の様式（ア～ク）"), ("other", "そのほかの紙（コ）"))


@screens.get("/forms")
def listing() -> ResponseReturnValue:
    found = shelf.shelved(kit().settings.forms_dir)
    rows = [_row(one) for one in found if not one.problem]
    return page(
        "form_shelf.html",
        sections=[
            {
                "id": code,
                "title": title,
                "forms": [r for r in rows if (r["group"] == shelf.OTHER) == (code == "other")],
            }
            for code, title in SECTIONS
        ],
        broken=[{"name": one.name, "says": one.problem} for one in found if one.problem],
    )


def _row(one: shelf.Shelved) -> dict[str, Any]:
    return {
        "name": one.name,
        "title": one.title,
        "group": one.group,
        "version": one.version,
        "has_sample": one.has_sample,
        "languages": _languages(one.languages),
    }


def _languages(codes: tuple[str, ...]) -> list[dict[str, str]]:
    return [{"value": code, "label": LANGUAGES[code]} for code in codes]


@screens.get("/forms/<name>/<any(blank, sample):kind>.pdf")
def one(name: str, kind: str) -> ResponseReturnValue:
    """A form with nobody in it; `?lang=` is ja, easy or en."""
    settings, language = kit().settings, request.args.get("lang", "ja")
    data = shelf.print_shelved(
        vault(), settings.forms_dir, kit().city(), name, kind, language, settings.clock()
    )
    return pdf(data)


# -- the papers of one reservation ----------------------------------------------------------------
@screens.get("/forms/reservation/<rid>")
def reservation(rid: str) -> ResponseReturnValue:
    """What to hand out before this visit. The slip is read, so the ledger says so."""
    _, slip = _slip_of(rid)
    vault().note("view", rid)
    settings, place = kit().settings, str(slip.reservation.get("place"))
    return page(
        "form_shelf_reservation.html",
        rid=rid,
        reception_no=slip.reservation.get("reception_no"),
        day=slip.reservation.get("visit_date"),
        window=window_text(slip.reservation),
        people=[{"id": a.id, "name": a.get("name")} for a in slip.applicants],
        papers=[_guide(settings.forms_dir, guide) for guide in guides.of_place(place)],
        back=_back(rid),
        who={"reception_no": slip.reservation.get("reception_no"), "name": ""},
    )


def _guide(forms_dir: Path, guide: guides.Guide) -> dict[str, Any]:
    """A paper of the list, with the sentence that says why it cannot be printed."""
    form = shelf.one_of(forms_dir, guide.form)
    return {
        "form": guide.form,
        "what": guide.what,
        "each": guide.each,
        "title": form.title,
        "problem": form.problem,
        "languages": _languages(form.languages),
    }


@screens.get("/forms/reservation/<rid>/<form>.pdf")
def of_visit(rid: str, form: str) -> ResponseReturnValue:
    """The paper of everybody as one PDF, or the one of the visit."""
    return _print(rid, form, "")


@screens.get("/forms/reservation/<rid>/<form>/<aid>.pdf")
def of_person(rid: str, form: str, aid: str) -> ResponseReturnValue:
    return _print(rid, form, aid)


def _print(rid: str, form: str, aid: str) -> ResponseReturnValue:
    trip, slip = _slip_of(rid)
    place = str(slip.reservation.get("place"))
    guide = next((found for found in guides.of_place(place) if found.form == form), None)
    people = [a for a in slip.applicants if not aid or a.id == aid]
    if guide is None or not people:
        raise NotFound("この予約に、この紙はありません。一覧を開き直してください。")
    settings, city, language = kit().settings, kit().city(), request.args.get("lang", "ja")
    shelf.check_language(load_form(settings.forms_dir, form), language)
    of_all = load_form(settings.forms_dir, apply.FORM)
    cases: list[Case] = [
        apply.case_of(trip, slip, person, of_all, today())
        for person in (people if guide.each else people[:1])
    ]
    data = guides.print_guide(
        vault(), settings.forms_dir, city, form, cases, language,
        settings.clock(), len(slip.applicants),
    )  # fmt: skip
    return pdf(data)


def _slip_of(rid: str) -> tuple[OpenTrip, Slip]:
    """The reservation where this person works with it: in an open visit, or at the desk."""
    if is_id(rid):
        if may(g.session.user.role, "visits"):
            for trip in vault().trips.values():
                if trip.kind == "field" and _holds(trip, rid):
                    return trip, reserve.slip(trip, rid)
        if may(g.session.user.role, "desk"):
            desk = reserve.open_desk(vault())
            if _holds(desk, rid):
                return desk, reserve.slip(desk, rid)
    raise NotFound("この予約は、いま開いているデータにありません。一覧を開き直してください。")


def _holds(trip: OpenTrip, rid: str) -> bool:
    return trip.db.one("SELECT 1 FROM record WHERE id = ?", rid) is not None


def _back(rid: str) -> str:
    """Where the person came from: the visit for field staff, the slip for the desk."""
    at_visit = may(g.session.user.role, "visits") and any(
        trip.kind == "field" and _holds(trip, rid) for trip in vault().trips.values()
    )
    return f"/visit/{rid}" if at_visit else f"/desk/{rid}"
