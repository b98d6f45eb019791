"""撮影: the live guide and the shot. No picture is ever uploaded as a form or written in clear: the
raw bytes are judged in memory and sealed at once (design §5)."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from fieldkit import shot
from fieldkit.errors import BadInput
from fieldkit.photo import guide, load_limits, worst_two
from fieldkit.web.common import kit, vault
from fieldkit.web.visits import case_of

screens = Blueprint("camera", __name__)


@screens.post("/visit/<rid>/a/<aid>/photo/guide")
def live(rid: str, aid: str) -> ResponseReturnValue:
    case_of(rid, aid)
    try:
        lines = request.headers.get("X-Frame-Height", "")
        tall = int(lines) if lines.isdecimal() else None
        return jsonify(guide(request.get_data(), full_height=tall))
    except BadInput as error:
        return jsonify({"state": "none", "says": error.sentence, "box": None})


@screens.post("/visit/<rid>/a/<aid>/photo/shoot")
def shoot(rid: str, aid: str) -> ResponseReturnValue:
    """Judge a shot; where there is a face, seal its 35:45 crop. Nothing else is kept of it."""
    case = case_of(rid, aid)
    limits = load_limits(kit().settings.forms_dir)
    taken = shot.take(vault(), case.trip, case.applicant, request.get_data(), limits, "camera")
    return jsonify(
        {
            "verdict": taken.judged.verdict,
            "findings": [asdict(f) for f in worst_two(taken.judged.findings)],
            "photo_id": taken.photo_id,
            "next": f"/visit/{rid}/a/{aid}/photo" if taken.photo_id else None,
        }
    )
