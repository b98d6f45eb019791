"""顔写真: the judged photo is looked at and chosen, or taken again (design §5)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, request
from flask.typing import ResponseReturnValue

from fieldkit import erase, shot, visit
from fieldkit.apply import Case
from fieldkit.errors import BadInput, KitError
from fieldkit.photo import load_limits
from fieldkit.store import photos, records
from fieldkit.web.common import error_rows, kit, number_errors, page, vault
from fieldkit.web.visits import case_of, frame

screens = Blueprint("photo", __name__)
VERDICT = {"pass": "ok", "advise": "warn", "stop": "stop"}


def _tried(case: Case) -> dict[str, Any] | None:
    """The shot that is being looked at, or the kept one."""
    tried = shot.tried(case.trip, case.applicant.id)
    if tried:
        return tried
    kept = case.body.get("photo_id")
    return {"id": kept, "verdict": "pass", "findings": []} if kept else None


def _draw(case: Case, tried: dict[str, Any] | None, errors: list[BadInput]) -> ResponseReturnValue:
    if tried is None:
        return page("visit/camera.html", **frame(case))
    limits = load_limits(kit().settings.forms_dir)
    severity = {"stop": "stop", "advise": "warn"}
    shown = {
        "id": tried["id"],
        "verdict": VERDICT[tried["verdict"]],
        "sealed": tried["id"] not in vault().photo_keys,
        "kept": tried["id"] == case.body.get("photo_id"),
        "closed": case.slip.reservation.get("state") == "visited",
        "findings": [
            {**f, "severity": severity.get(f["severity"], "ok")} for f in tried["findings"][:2]
        ],
    }
    reasons = [{"code": code, "label": label} for code, label in limits.reasons.items()]
    return (
        page(
            "visit/photo.html",
            photo=shown,
            reasons=reasons,
            errors=error_rows(errors),
            values=request.form,
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
    case = case_of(rid, aid)
    visit.refuse_if_closed(case.trip, case.applicant)
    tried = _tried(case)
    base = f"/visit/{rid}/a/{aid}"
    if request.form.get("act") == "retake" or tried is None:
        shot.forget_tries(vault(), case.applicant.id, str(case.body.get("photo_id", "")))
        records.drop_draft(case.trip, aid, shot.DRAFT)
        return redirect(f"{base}/photo?again=1")
    if request.form.get("photo_id") != tried["id"]:
        return redirect(f"{base}/photo")
    override, errors = _override(tried)
    if errors:
        return _draw(case, tried, errors)
    _keep(case, tried["id"], override)
    return redirect(base)


def _override(tried: dict[str, Any]) -> tuple[dict[str, str], list[BadInput]]:
    """A lawful reason, asked for only where something stops the photo (domain §1.5)."""
    stops = [f for f in tried["findings"] if f["severity"] == "stop"]
    if not stops:
        return {}, []
    if not all(f["overridable"] for f in stops):
        return {}, [BadInput("photo_id", "この写真は使えません。撮り直してください。")]
    code = request.form.get("reason_code", "")
    text = request.form.get("reason_text", "").strip()
    errors = number_errors({"reason_text": text})
    if code not in load_limits(kit().settings.forms_dir).reasons:
        errors.append(BadInput("reason_code", "事情を選んでください。"))
    if not text:
        errors.append(BadInput("reason_text", "申請書に書く理由を入れてください。"))
    return {"reason_code": code, "reason_text": text}, errors


def _keep(case: Case, photo_id: str, override: dict[str, str]) -> None:
    """Choose a photo; one that was chosen before is erased as retaken."""
    before = str(case.body.get("photo_id", ""))
    photos.keep(vault(), photo_id)
    answers = {**case.answers}
    if override or answers.get("photo_reason"):
        answers["photo_reason"] = override.get("reason_text", "")
    fields = {"photo_id": photo_id, "photo_override": override, "papers_printed": False}
    if answers != case.answers:
        fields["answers"] = answers
    visit.save_application(vault(), case.trip, case.applicant, fields)
    records.drop_draft(case.trip, case.applicant.id, shot.DRAFT)
    if before and before != photo_id:
        erase.erase_photo(vault(), before, "retaken")
