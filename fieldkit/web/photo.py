"""顔写真: the judged photo is looked at, chosen, used for a declared reason, or taken again.

Before a photo is used a person gives one tick under drawn pictures of what a machine cannot know
(hat, mask, glasses, hair). What stops a photo leaves two ways: again, or a lawful reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, redirect, request
from flask.typing import ResponseReturnValue

from fieldkit import apply, erase, paper, photo_calls, shot, visit
from fieldkit.apply import Case
from fieldkit.errors import BadInput, KitError
from fieldkit.people import everybody
from fieldkit.rules import photo_exceptions
from fieldkit.store import photos, records
from fieldkit.web.common import error_rows, kit, number_errors, page, vault
from fieldkit.web.photo_look import exception_shown, judged, pictures_shown
from fieldkit.web.visits import case_of, frame

screens = Blueprint("photo", __name__)


@dataclass(frozen=True)
class Declared:
    """What was typed under 「撮り直せない事情があるとき」."""

    reasons: list[str]
    text: str
    channel: str


def _tried(case: Case) -> dict[str, Any] | None:
    """The shot that is being looked at, or the kept one."""
    tried = shot.tried(case.trip, case.applicant.id)
    if tried:
        return tried
    kept = case.body.get("photo_id")
    return {"id": kept, "verdict": "pass", "findings": []} if kept else None


def _stops(tried: dict[str, Any]) -> dict[str, str]:
    """Mark code → advice of everything that stops the photo."""
    return {f["code"]: f["advice"] for f in tried["findings"] if f["severity"] == "stop"}


def _draw(case: Case, tried: dict[str, Any] | None, errors: list[BadInput]) -> ResponseReturnValue:
    city = kit().city()
    table, limits = city.photo, city.photo_limits
    if why := apply.no_photo(case, city):
        return page("visit/no_photo.html", why=why, **frame(case))
    if tried is None:
        return page("visit/camera.html", **frame(case))
    stops = [*_stops(tried)]
    offered = photo_exceptions.reasons_offered(stops, limits)
    lying = photo_exceptions.preselected(str(tried.get("pose", "")), stops, limits, table)
    values = {
        "reasons": request.form.getlist("reasons") if errors else list(lying),
        "reason_text": request.form.get("reason_text", ""),
        "channel": request.form.get("channel", table.default_channel),
        "checked": request.form.get("checked", ""),
    }
    names = {person.id: person.name for person in everybody(vault())}
    shown = {
        **judged(tried),
        "sealed": tried["id"] not in vault().photo_keys,
        "kept": tried["id"] == case.body.get("photo_id"),
        "closed": case.slip.reservation.get("state") == "visited",
        "declaring": bool(errors) and request.form.get("act") == "declare",
    }
    return (
        page(
            "visit/photo.html",
            photo=shown,
            pictures=pictures_shown(tried, table),
            reasons=[{"value": c, "label": label} for c, label in offered.items()],
            examples=[table.examples[c] for c in offered if c in table.examples],
            channels=[{"value": c.code, "label": c.label, "note": c.act}
                      for c in table.channels.values()],
            longest=table.max_text,
            exception=exception_shown(case, table, limits, names),
            errors=error_rows(errors),
            values=values,
            **frame(case),
        ),
        422 if errors else 200,
    )


@screens.get("/visit/<rid>/a/<aid>/photo")
def show(rid: str, aid: str) -> ResponseReturnValue:
    case = case_of(rid, aid)
    retake = request.args.get("again") == "1"
    return _draw(case, None if retake else _tried(case), [])


@screens.get("/visit/<rid>/a/<aid>/photo/<photo_id>/view")
def view(rid: str, aid: str, photo_id: str) -> ResponseReturnValue:
    """The bytes for the canvas, while the visit's keys are in memory; 410 with the reason after."""
    case = case_of(rid, aid)
    if photos.row_of(vault(), photo_id)["record_id"] != case.applicant.id:
        raise KitError("unknown_photo", "この写真はこの申請者のものではありません。", "retry")
    try:
        data = photos.show(vault(), photo_id)
    except KitError as error:
        if error.code != "photo_sealed":
            raise
        return Response(error.sentence, 410, mimetype="text/plain")
    vault().note("photo_viewed", photo_id)
    return Response(data, mimetype="image/jpeg")


@screens.post("/visit/<rid>/a/<aid>/photo")
def choose(rid: str, aid: str) -> ResponseReturnValue:
    with photos.CHANGE:
        return _choose(rid, aid)


def _choose(rid: str, aid: str) -> ResponseReturnValue:
    case = case_of(rid, aid)
    visit.refuse_if_closed(case.trip, case.applicant)
    tried = _tried(case)
    base, act = f"/visit/{rid}/a/{aid}", request.form.get("act")
    if apply.no_photo(case, kit().city()):
        return redirect(f"{base}/photo")
    if act == "retake" or tried is None:
        shot.forget_tries(vault(), case.applicant.id, str(case.body.get("photo_id", "")))
        records.drop_draft(case.trip, aid, shot.DRAFT)
        return redirect(f"{base}/photo?again=1")
    if request.form.get("photo_id") != tried["id"]:
        return redirect(f"{base}/photo")
    declared = Declared(
        request.form.getlist("reasons"),
        request.form.get("reason_text", "").strip(),
        request.form.get("channel", ""),
    ) if act == "declare" else None  # fmt: skip
    errors = _problems(case, tried, declared)
    if errors:
        return _draw(case, tried, errors)
    _keep(case, tried, declared)
    return redirect(base)


def _problems(case: Case, tried: dict[str, Any], declared: Declared | None) -> list[BadInput]:
    """Why this photo cannot be used like this; empty when it can."""
    stops = _stops(tried)
    fixed = [f["advice"] for f in tried["findings"]
             if f["severity"] == "stop" and not f["overridable"]]
    if fixed:
        says = f"この写真は、事情があっても使えません。撮り直してください：{fixed[0]}"
        return [BadInput("", says)]
    if stops and declared is None:
        first = next(iter(stops.values()))
        return [BadInput("", f"このままでは使えません。撮り直してください：{first}")]
    errors, city = [], kit().city()
    if declared is not None:
        errors = number_errors({"reason_text": declared.text})
        errors += photo_exceptions.problems(
            stops, declared.reasons, declared.text, declared.channel,
            case.state.values.get("form_id", ""), city.photo_limits, city.photo,
        )  # fmt: skip
        if not errors and declared.channel == "paper":
            errors = _unprintable(declared.text)
    if request.form.get("checked") != "yes":
        says = "絵のようなものが写っていないか目で確かめて、印を付けてください。"
        errors.append(BadInput("checked", says))
    return errors


def _unprintable(text: str) -> list[BadInput]:
    """The reason must fit the name box of the printed form, and have only characters it draws."""
    try:
        wide = paper.overflows(kit().settings.forms_dir, apply.FORM, {"photo_reason": text})
    except KitError as error:
        return [BadInput("reason_text", error.sentence)]
    says = "申請書の氏名の欄に入りません。短くしてください。"
    return [BadInput("reason_text", says)] if wide else []


def _keep(case: Case, tried: dict[str, Any], declared: Declared | None) -> None:
    """Choose a photo; one that was chosen before is erased as retaken."""
    before, photo_id = str(case.body.get("photo_id", "")), str(tried["id"])
    photos.keep(vault(), photo_id)
    asked = sorted({str(f["ask"]) for f in tried["findings"] if f.get("ask")})
    fields: dict[str, Any] = {
        "photo_id": photo_id,
        "photo_checked": {
            "at": vault().now(),
            "by": vault().user.id,
            "asked": asked,
            "seen": photo_id in vault().photo_keys,  # after a restart: from memory
        },
        "photo_exception": {
            "reasons": declared.reasons,
            "text": declared.text,
            "channel": declared.channel,
            "call": {},
        } if declared else {},
    }  # fmt: skip
    on_paper = declared is not None and declared.channel == "paper"
    answers = {**case.answers}
    if on_paper or answers.get("photo_reason"):
        answers["photo_reason"] = declared.text if declared and on_paper else ""
    if answers != case.answers:
        fields["answers"] = answers
    visit.save_application(vault(), case.trip, case.applicant, fields)
    records.drop_draft(case.trip, case.applicant.id, shot.DRAFT)
    if before and before != photo_id:
        erase.erase_photo(vault(), before, "retaken")


@screens.post("/visit/<rid>/a/<aid>/photo/call")
def log_call(rid: str, aid: str) -> ResponseReturnValue:
    """The call of a declared exception was made (or was not, after all)."""
    case, made = case_of(rid, aid), request.form.get("act") == "called"
    photo_calls.log(vault(), case.trip, case.slip, case.applicant, kit().city().photo, made)
    return redirect(f"/visit/{rid}/a/{aid}/photo")
