"""撮影: the live guide, the shot, and which camera. No picture is ever uploaded as a form or
written in clear: the raw bytes are judged in memory and sealed at once (design §5)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from fieldkit import apply, shot
from fieldkit.errors import KitError
from fieldkit.photo import burst, guide, warm_up, worst_two
from fieldkit.web.common import kit, number_errors, vault
from fieldkit.web.visits import case_of

screens = Blueprint("camera", __name__)

DELETE_FILE = (
    "取り込みました。元の写真を、電話やパソコンから消してください。"
    "「最近削除した項目」やごみ箱からも消します。"
)
LONGEST_BODY = 2000
"""Bytes of what is told about a camera: its name, and no tree that has no end."""


@screens.get("/visit/<rid>/a/<aid>/photo/camera")
def prepare(rid: str, aid: str) -> ResponseReturnValue:
    """The camera page opens: which camera was used last. The face engine gets ready meanwhile,
    while the person is being seated."""
    case_of(rid, aid)
    warm_up()
    return jsonify({"label": shot.camera_name(vault())})


@screens.post("/visit/<rid>/a/<aid>/photo/camera")
def remember(rid: str, aid: str) -> ResponseReturnValue:
    """The camera that was chosen, by its name."""
    case_of(rid, aid)
    small = (request.content_length or 0) <= LONGEST_BODY
    told: Any = request.get_json(force=True, silent=True) if small else None
    name = told.get("label", "") if isinstance(told, dict) else ""
    name = name if isinstance(name, str) else ""
    for error in number_errors({"camera": name}):
        raise error
    shot.remember_camera(vault(), name)
    return jsonify({"label": shot.camera_name(vault())})


@screens.post("/visit/<rid>/a/<aid>/photo/guide")
def live(rid: str, aid: str) -> ResponseReturnValue:
    """What to do next, from one small frame. Never an error: the shutter works without a guide."""
    case_of(rid, aid)
    lines = request.headers.get("X-Frame-Height", "")
    tall = int(lines) if lines.isascii() and lines.isdecimal() and len(lines) < 6 else None
    lying = request.headers.get("X-Pose") == "lying"
    try:
        return jsonify(guide(request.get_data(), full_height=tall, lying=lying))
    except KitError as error:
        return jsonify({"state": "none", "says": error.sentence, "box": None})


@screens.post("/visit/<rid>/a/<aid>/photo/shoot")
def shoot(rid: str, aid: str) -> ResponseReturnValue:
    """Judge a shot; where there is a face, seal its 35:45 crop. Nothing else is kept of it.

    The body is one picture, or a burst (`fieldkit/photo/burst.py`) of which the best is judged.
    `X-Source` (camera, file) and `X-Pose` (sitting, lying) say how it was taken.
    """
    case = case_of(rid, aid)
    apply.refuse_photo(case, kit().city())
    source = request.headers.get("X-Source", "camera")
    pose = request.headers.get("X-Pose", "sitting")
    lengths = request.headers.get("X-Frames")
    body = request.get_data()
    frames = (body,) if lengths is None else burst.split(body, lengths)
    best = burst.best_frame(frames)
    limits = kit().city().photo_limits
    taken = shot.take(vault(), case.trip, case.applicant, frames[best], limits, source, pose)
    return jsonify(
        {
            "verdict": taken.judged.verdict,
            "findings": [asdict(f) for f in worst_two(taken.judged.findings)],
            "photo_id": taken.photo_id,
            "taken": best,
            "frames": len(frames),
            "afterwards": DELETE_FILE if source == "file" and taken.photo_id else "",
            "next": f"/visit/{rid}/a/{aid}/photo" if taken.photo_id else None,
        }
    )
