"""The city's console: who may come in. Pages: console_pages.py, acts: console_acts.py.

Two steps let a supervisor in (sync/server/supervisors.py); each page needs the session, each act
the session's token as well. No script runs, and no name of an applicant is on any page.
"""

from __future__ import annotations

from flask import Blueprint, Response, current_app, g, redirect, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from sync.server import console_html as h
from sync.server import sessions, supervisors
from sync.server.sqlstore import SqlStore

console = Blueprint("console", __name__)
OPEN = ("console.style", "console.login", "console.enter")


def city() -> SqlStore:
    found: SqlStore = current_app.extensions["city"]
    return found


def _cookie() -> str:
    """With TLS a name that browsers only take with Secure, from this host, for every path."""
    return "__Host-ksp" if request.is_secure else "ksp"


def _foreign() -> bool:
    """Whether a page of somebody else sent this form."""
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin", "")
    return site not in ("same-origin", "none") or (
        bool(origin) and origin != request.host_url.rstrip("/")
    )


@console.before_request
def guard() -> ResponseReturnValue | None:
    """Nobody without a session; no act without its token."""
    g.session = request.cookies.get(_cookie(), "")
    g.who = sessions.who(city(), g.session) if g.session else ""
    if request.method == "POST" and _foreign():
        return sorry(403)
    if request.endpoint in OPEN:
        return None
    if not g.who:
        return redirect("/login", 303) if request.method == "GET" else sorry(403)
    if request.method == "POST" and request.form.get("csrf") != token():
        return sorry(403)
    return None


def token() -> str:
    return sessions.token(city().box, g.session)


def show(title: str, *parts: str | Markup, here: str = "", status: int = 200) -> Response:
    """A page for somebody who is in."""
    made = h.page(title, city_name(), *parts, here=here, csrf=token())
    return Response(made, status, mimetype="text/html")


def city_name() -> str:
    with city().read() as shelf:
        return shelf.city().name


SORRY = {
    403: "この操作は受け付けられませんでした。画面を開き直してください。",
    404: "その画面はありません。",
    413: "送られたものが大きすぎます。",
    429: "回数が多すぎます。しばらく待ってください。",
}


def sorry(status: int) -> Response:
    """A sentence in place of a page that is not there."""
    says = SORRY.get(status, "いまは答えられません。しばらくして、もう一度開いてください。")
    way = h.para(h.link("/", "概要へもどる"))
    return Response(h.page("開けません", "", h.para(says), way), status, mimetype="text/html")


@console.get("/console.css")
def style() -> Response:
    return Response(h.STYLE, mimetype="text/css")


# -- in and out ---------------------------------------------------------------------------------
@console.get("/login")
def login(says: str = "", status: int = 200) -> Response:
    code = 'inputmode="numeric" maxlength="6" required'
    inside = h.form(
        "/login", "", h.field("id", "番号", more="required"),
        h.field("password", "合言葉", "password", "required"),
        h.field("code", "確認コード（認証アプリの6けた）", more=code), h.button("入る"),
    )  # fmt: skip
    with city().read() as shelf:
        anybody = bool(supervisors.every(shelf))
    hint = "" if anybody else h.para(
        "まだだれも入れません。市サーバの機械で、"
        "監督者を加える命令（supervisor add）を実行してください。", "says",
    )  # fmt: skip
    made = h.page("監督者の確認", city_name(), h.para(says, "warn") if says else "", hint, inside)
    return Response(made, status, mimetype="text/html")


@console.post("/login")
def enter() -> ResponseReturnValue:
    told = request.form
    code = "".join(told.get("code", "").split())[:12]
    session = supervisors.sign_in(
        city(), told.get("id", "").strip()[:40], told.get("password", "")[:400], code
    )
    if session is None:
        return login("番号、合言葉、確認コードのどれかが違うか、しばらく止められています。", 403)
    if g.session:
        sessions.end(city(), g.session)
    answer = redirect("/", 303)
    answer.set_cookie(
        _cookie(), session, httponly=True, secure=request.is_secure, samesite="Strict", path="/"
    )
    return answer


@console.post("/logout")
def leave() -> BaseResponse:
    sessions.end(city(), g.session)
    answer = redirect("/login", 303)
    answer.delete_cookie(_cookie(), path="/", secure=request.is_secure, samesite="Strict")
    return answer
