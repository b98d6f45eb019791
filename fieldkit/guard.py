"""The guard of the local web app: who may ask, from where, and what a browser may keep.

Loopback is shared by every program and person of the machine, so nothing rests on "only us":
exact Host before Flask, a launch cookie that only a one-time token gives (`launch.py`),
same-origin requests only, a session bound to the unlocked vault and to its window, a token per
session in every post, no-store everywhere, and a content policy without exceptions.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from fieldkit.errors import NotAllowed
from fieldkit.kit import Kit, Session
from fieldkit.screen_roles import ALLOWED, may_open
from fieldkit.store.keyslots import ROLES

COOKIE = "__Host-kit"
LAUNCH_COOKIE = "__Host-kit-launch"
PUBLIC = frozenset({"static", "health", "launch.page_launch", "launch.enter"})
"""What a window without a launch cookie gets: code, no data."""
OPEN = PUBLIC | {"login.page_login", "login.enter"}
LONGEST = 8 * 3600
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:;"
    " connect-src 'self'; font-src 'self'; form-action 'self'; frame-ancestors 'none';"
    " base-uri 'none'"
)
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": CSP,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
NO_LAUNCH = "この画面は、キットが開いた窓だけで使えます。キットから開いてください。"
REFUSED = "この画面は、この端末の出張申請キットからだけ開けます。キットを開き直してください。"

Start = Callable[..., Any]


class HostGuard:
    """WSGI: anything but the exact Host of this start is answered 400 before Flask sees it."""

    def __init__(self, app: Callable[..., Iterable[bytes]], hosts: frozenset[str]) -> None:
        self.app = app
        self.hosts = hosts

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        if environ.get("HTTP_HOST", "").lower() not in self.hosts:
            kind = ("Content-Type", "text/plain; charset=utf-8")
            start("400 Bad Request", [kind, *HEADERS.items()])
            return [REFUSED.encode()]
        return self.app(environ, start)


def install(app: Flask, kit: Kit) -> None:
    """Put the guard in front of every view."""

    @app.before_request
    def check() -> ResponseReturnValue | None:
        g.session = None
        g.launch = None
        if not _from_here(kit):
            return Response(REFUSED, 403, mimetype="text/plain")
        g.launch = kit.gate.find(request.cookies.get(LAUNCH_COOKIE, ""))
        if g.launch is None and (request.endpoint or "") not in PUBLIC:
            return _no_launch()
        if request.method == "HEAD" and (request.endpoint or "") not in PUBLIC:
            return Response(status=405)  # Flask would run the view: a print without its sheet
        if request.endpoint == "launch.enter":
            return None  # the one-time token in its body says who asks
        session = _session(kit)
        g.session = session
        if session is None and (request.endpoint or "") not in OPEN:
            return _to_login()
        token = session.csrf if session else kit.login_csrf
        if request.method not in ("GET", "HEAD") and not _token_matches(token):
            return _stale()
        if session is not None:
            _check_role(session)
        return None

    @app.after_request
    def seal(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers[name] = value
        return response


def _check_role(session: Session) -> None:
    """NotAllowed where this kind of screen is another role's work (001 特記1, 5)."""
    if may_open(session.user.role, request.endpoint or ""):
        return
    allowed = ALLOWED[request.blueprint or ""]
    who = "・".join(ja for role, ja in ROLES.items() if role in allowed)
    raise NotAllowed(f"この画面は{who}が使います。担当を替えてログインしてください。")


def _no_launch() -> ResponseReturnValue:
    """401 for every route alike. A page carries the script that takes the token off the address."""
    if not _wants_page():
        return Response(NO_LAUNCH, 401, mimetype="text/plain")
    return render_template("launch.html"), 401


def _from_here(kit: Kit) -> bool:
    """Same-origin only: other local ports are *same-site* to a browser, so that is not enough.

    One door is open to others: a window comes to the launch page from the launcher's own file.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if request.endpoint == "launch.page_launch" and _is_top_navigation():
        return True
    if site not in (None, "same-origin", "none"):
        return False
    if site == "none" and request.method != "GET":
        return False
    origin = request.headers.get("Origin")
    if request.method in ("GET", "HEAD"):
        return origin is None or origin == f"http://{kit.settings.host}"
    return origin == f"http://{kit.settings.host}"


def _is_top_navigation() -> bool:
    told = request.headers
    return (
        request.method == "GET"
        and told.get("Sec-Fetch-Mode") == "navigate"
        and told.get("Sec-Fetch-Dest") == "document"
        and "Origin" not in told
    )


def _session(kit: Kit) -> Session | None:
    found = kit.sessions.get(request.cookies.get(COOKIE, ""))
    if found is None or kit.vault is None or g.launch is None or found.launch != g.launch.digest:
        return None
    now = time.monotonic()
    idle = now - found.seen > kit.settings.idle_seconds + 60 and not kit.progress.running
    if idle or now - found.born > LONGEST:
        kit.put_away()
        return None
    if request.endpoint != "outbox.progress":
        found.seen = now
    return found


def _token_matches(token: str) -> bool:
    given = request.headers.get("X-CSRF-Token", "")
    if not given and request.mimetype in (
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ):
        given = request.form.get("csrf", "")
    return hmac.compare_digest(given.encode(), token.encode())


def _wants_page() -> bool:
    return "text/html" in request.headers.get("Accept", "") and "HX-Request" not in request.headers


def _to_login() -> ResponseReturnValue:
    """A page goes to the login and comes back; a part of a page says 401."""
    if not _wants_page():
        return Response("ログインしてください。", 401, mimetype="text/plain")
    back = request.path if request.method == "GET" else "/"
    return redirect(f"/login?next={quote(back)}" if back != "/" else "/login")


def _stale() -> ResponseReturnValue:
    if not _wants_page():
        return Response("画面を開き直してください。", 403, mimetype="text/plain")
    return redirect("/login")


def set_cookie(response: Any, value: str, name: str = COOKIE) -> None:
    response.set_cookie(name, value, secure=True, httponly=True, samesite="Strict", path="/")


def clear_cookie(response: Any) -> None:
    response.set_cookie(
        COOKIE, "", max_age=0, secure=True, httponly=True, samesite="Strict", path="/"
    )
    response.headers["Clear-Site-Data"] = '"cache", "storage"'


def new_host_label() -> str:
    """A name that only this start knows: cookies of 127.0.0.1 are seen by every local port."""
    return "kit" + secrets.token_hex(6)
