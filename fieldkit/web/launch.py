"""The first page of a window: its script gives the one-time token, and gets the launch cookie."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from fieldkit import guard
from fieldkit.web.common import kit

screens = Blueprint("launch", __name__)
LONGEST = 200
SPENT = (
    "このリンクは使えません（一度だけ、決まった時間だけ使えます）。"
    "キットから窓を開き直すか、新しいリンクを出してください。"
)


@screens.get("/launch")
def page_launch() -> ResponseReturnValue:
    """The same for everybody: no name, no city, no token. `#…` never reaches the server."""
    return render_template("launch.html")


@screens.post("/launch")
def enter() -> ResponseReturnValue:
    """Spend the token of the body (text, at most 200 bytes); 204 with the cookie, or 403."""
    length = request.content_length
    token = request.get_data()[:LONGEST] if length and length <= LONGEST else b""
    again = bool(request.cookies.get(guard.LAUNCH_COOKIE))
    cookie = kit().gate.redeem(token.decode("ascii", "replace"), again)
    if cookie is None:
        return jsonify({"error": "no_launch", "says": SPENT, "sentence": SPENT}), 403
    response = Response(status=204)
    guard.set_cookie(response, cookie, guard.LAUNCH_COOKIE)
    return response
