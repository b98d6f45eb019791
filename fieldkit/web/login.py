"""Log in, hide the screen, log out."""

from __future__ import annotations

import time
from urllib.parse import quote

from flask import Blueprint, current_app, g, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from fieldkit import guard, launch
from fieldkit.errors import KitError
from fieldkit.screen_roles import may_open
from fieldkit.store import delay, keyslots
from fieldkit.store.keyslots import RECOVERY_ID
from fieldkit.web.common import kit, page, vault

screens = Blueprint("login", __name__)


def _inside(path: str) -> str:
    """A path of this kit, or the first screen: never another site.

    Browsers drop tabs and line ends and read `\\` as `/`, so neither is let through.
    """
    plain = path.isprintable() and "\\" not in path
    return path if plain and path.startswith("/") and not path.startswith("//") else "/"


def _back(path: str, role: str) -> str:
    """Where the work goes on; the first screen where `path` is another role's work."""
    try:
        endpoint, _ = current_app.url_map.bind("").match(path.split("?")[0])
    except HTTPException:
        return "/"
    return path if may_open(role, endpoint) else "/"


def _draw(
    errors: list[dict[str, str]], user: str = "", status: int = 200, ask_clock: bool = False
) -> ResponseReturnValue:
    settings = kit().settings
    people = [
        {"id": u.id, "name": u.name, "role_ja": u.role_ja}
        for u in keyslots.users(settings.data_dir / "slots.json")
        if u.id != RECOVERY_ID
    ]
    failures, now = settings.data_dir / "login-delay.json", settings.clock()
    wait = delay.seconds_left(failures, now)
    values = {"user": user, "next": _inside(request.values.get("next", "/"))}
    return (
        page(
            "login.html",
            users=people,
            wait_seconds=wait,
            wait_says=delay.why(failures, now, wait) if wait else "",
            ask_clock=ask_clock,
            recovery=user == RECOVERY_ID,
            errors=errors,
            values=values,
            by_link=g.launch.kind == launch.LINK,
            again=g.launch.again,
        ),
        status,
    )


@screens.get("/login")
def page_login() -> ResponseReturnValue:
    return _draw([], RECOVERY_ID if request.args.get("with") == "recovery" else "")


@screens.post("/login")
def enter() -> ResponseReturnValue:
    user = request.form.get("user", "")
    try:
        words = request.form.get("passphrase", "")
        sure = request.form.get("clock_confirmed") == "yes"
        cookie = kit().log_in(user, words, time.monotonic(), g.launch.digest, sure)
    except KitError as error:
        if error.code not in ("wrong_login", "wait", "clock_back"):
            raise
        field = "clock_confirmed" if error.code == "clock_back" else "passphrase"
        sentence = error.sentence
        if user == RECOVERY_ID:
            sentence = sentence.replace("利用者名または合言葉", "復旧用の26文字")
        errors = [{"field": field, "sentence": sentence}]
        return _draw(errors, user, 403, error.code == "clock_back")
    response = redirect(_back(_inside(request.form.get("next", "/")), vault().user.role))
    guard.set_cookie(response, cookie)
    return response


@screens.post("/lock")
def hide() -> ResponseReturnValue:
    """Everything closes; what was open comes back with the next passphrase."""
    vault().note("lock", vault().device_id)
    kit().put_away()
    back = _inside(request.form.get("back", "/").split("#")[0] or "/")
    response = redirect(f"/login?next={quote(back)}")
    guard.clear_cookie(response)
    return response
