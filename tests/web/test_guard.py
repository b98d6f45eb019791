"""Who may ask: host, origin, token, session, role; what every answer carries; how a lock closes.

Loopback belongs to every program of the machine, so each test sends what such a program could.
"""

from __future__ import annotations

import http.client
import json
import re
import shutil
import socket
import threading
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from flask import Flask
from werkzeug.routing import Rule

from fieldkit import guard
from fieldkit.app import BODY_LIMIT, make_http
from fieldkit.demo import free_port
from fieldkit.guard import COOKIE, HEADERS
from fieldkit.screen_roles import ALLOWED, SHARED
from sync.ids import new_id
from tests.web.conftest import (
    CAST,
    HOST,
    ORIGIN,
    PAGE,
    WORDS,
    Browser,
    Office,
    close,
    do_tasks,
    says,
    slip_values,
)

WRONG_HOSTS = [
    "127.0.0.1:{port}",
    "localhost:{port}",
    "[::1]:{port}",
    "127.0.0.1",
    "kit.localhost:{port}",
    "x{host}",
    "{host}.example.com",
    "{name}:{port1}",
    "{name}",
    "{name}.:{port}",
    "user@{host}",
    "evil.example.com",
]


# -- the host ---------------------------------------------------------------------------------
def raw(port: int, text: str) -> tuple[int, str]:
    """Bytes to the socket, as a program (not a browser) sends them."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(text.encode())
        line.shutdown(socket.SHUT_WR)
        data = b""
        while part := line.recv(65536):
            data += part
    return int(data.split(b" ")[1]), data.decode("utf-8", "replace")


def test_it_answers_only_to_its_own_host(office: Office) -> None:
    port = free_port()
    settings = office.settings.with_host(f"kitabc.localhost:{port}")
    ran: list[str] = []
    office.app.before_request_funcs.setdefault(None, []).insert(0, lambda: ran.append("ran"))
    server = make_http(office.app, settings, port)
    server.prepare()
    threading.Thread(target=server.serve, daemon=True).start()
    words = {"port": port, "port1": port + 1, "host": settings.host, "name": "kitabc.localhost"}
    try:
        for pattern in WRONG_HOSTS:
            host = pattern.format(**words)
            status, text = raw(port, f"GET /health HTTP/1.1\r\nHost: {host}\r\n\r\n")
            assert status == 400, host
            for name in HEADERS:
                assert f"{name}: " in text or "Malformed" in text, (host, text)
        status, _ = raw(port, "GET /health HTTP/1.0\r\n\r\n")
        assert status == 400
        status, _ = raw(
            port, f"GET http://evil.example.com/health HTTP/1.1\r\nHost: {port}\r\n\r\n"
        )
        assert status == 400
        assert ran == []
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        line.request("GET", "/health", headers={"Host": settings.host.upper()})
        assert line.getresponse().status == 200 and ran == ["ran"]
        line.close()
    finally:
        server.stop()


# -- the origin -------------------------------------------------------------------------------
OTHERS = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "SAME-ORIGIN"},
    {"Origin": f"http://{HOST[:-1]}1"},
    {"Origin": "http://evil.example.com"},
    {"Origin": "null"},
    {"Origin": f"https://{HOST}"},
    {"Origin": f"{ORIGIN}/"},
)


def test_it_refuses_other_origins(boss: Browser) -> None:
    for headers in OTHERS:
        for path in ("/", "/static/app.css", "/login"):
            answer = boss.get(path, **headers)
            assert answer.status_code == 403 and "この端末の" in boss.text(answer), path
        assert boss.post("/lock", **headers).status_code == 403
    assert boss.get("/").status_code == 200


def test_a_post_needs_its_origin(boss: Browser) -> None:
    bare = {"Origin": None, "Sec-Fetch-Site": None}
    assert boss.post("/lock", **bare).status_code == 403
    assert boss.post("/lock", **{"Sec-Fetch-Site": "none"}).status_code == 403
    assert boss.get("/", **{"Sec-Fetch-Site": "none"}).status_code == 200


# -- the token --------------------------------------------------------------------------------
@pytest.mark.parametrize("token", ["", "x", "あ", "null"])
def test_a_post_needs_the_sessions_token(boss: Browser, office: Office, token: str) -> None:
    rid = new_id()
    answer = boss.post(f"/desk/{rid}/draft", {"csrf": token, "notes": "x"})
    assert answer.status_code == 302 and answer.headers["Location"] == "/login"
    part = boss.open(
        "POST", f"/desk/{rid}/draft", data={"csrf": token}, headers={"HX-Request": "1"}
    )
    assert part.status_code == 403 and "開き直して" in boss.text(part)
    assert office.draft(rid, "desk") is None


def test_another_sessions_token_is_worth_nothing(boss: Browser, office: Office) -> None:
    old = boss.csrf
    boss.post("/lock")
    boss.log_in("suzuki")
    assert boss.csrf != old
    answer = boss.post("/lock", {"csrf": old})
    assert answer.headers["Location"] == "/login" and office.kit.vault is not None
    answer = boss.post("/lock", {"csrf": office.kit.login_csrf})
    assert office.kit.vault is not None


def test_a_script_cannot_post_the_token_as_text(boss: Browser) -> None:
    """text/plain is what a foreign page can send without asking; it carries no token."""
    data = f"csrf={boss.csrf}"
    answer = boss.open("POST", "/lock", data=data, content_type="text/plain")
    assert answer.headers["Location"] == "/login" and boss.get("/").status_code == 200


# -- no session -------------------------------------------------------------------------------
def rules_of(app: Flask) -> list[tuple[str, Rule]]:
    """Every route with every method but HEAD and OPTIONS."""
    return [
        (method, rule)
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def path_of(rule: Rule) -> str:
    filled = re.sub(r"<int:\w+>", "1", rule.rule)
    filled = re.sub(r"<any\((\w+)[^)]*\):\w+>", r"\1", filled)
    return re.sub(r"<(?:path:)?\w+>", new_id(), filled)


def test_every_route_wants_a_session(office: Office) -> None:
    browser, seen = office.browser, 0
    browser.get("/login")
    for method, rule in rules_of(office.app):
        if rule.endpoint in guard.OPEN:
            continue
        seen += 1
        data = {"csrf": browser.csrf} if method == "POST" else None
        path = path_of(rule)
        answer = browser.open(method, path, data=data)
        back = f"?next={path}" if method == "GET" and path != "/" else ""
        assert answer.status_code == 302, (method, path)
        assert answer.headers["Location"] == f"/login{back}"
        for headers in ({"Accept": "application/json"}, {"HX-Request": "true"}, {"Accept": "*/*"}):
            part = browser.open(method, path, data=data, headers=headers)
            assert part.status_code == 401, (method, path, headers)
            assert browser.text(part) == "ログインしてください。"
    assert seen > 40 and office.kit.vault is None


def test_a_made_up_cookie_opens_nothing(office: Office, boss: Browser) -> None:
    for value in ("", "x" * 43, "../..", "あ"):
        stranger = Office(office.settings, office.watch, office.city, office.app).browser
        stranger.client = type(boss.client)(office.browser.client.application)
        office.let_in(stranger)
        stranger.client.set_cookie(COOKIE, value, domain=HOST.split(":")[0])
        assert stranger.get("/").status_code == 302


# -- roles ------------------------------------------------------------------------------------
SUPERVISOR_ONLY = {
    "outbox.again": "/outbox/again",
    "outbox.let_go": "/outbox/giveup",
    "erase.renew_now": "/erase/desk",
}


@pytest.mark.parametrize("path", SUPERVISOR_ONLY.values())
def test_some_acts_are_a_supervisors_alone(office: Office, path: str) -> None:
    office.browser.log_in("tanaka")
    answer = office.browser.post(path, {"confirm": "yes", "reason": "paper"})
    assert answer.status_code == 403 and "監督者" in says(answer)


@pytest.mark.parametrize("who", CAST)
def test_each_role_sees_its_own_screens(office: Office, who: str) -> None:
    """Every blueprint × every role: the screen, or 403 with the sentence that says whose it is."""
    browser, role = office.browser, CAST[who].role
    apart = ("static", "outbox.send", *SUPERVISOR_ONLY)
    browser.log_in(who)
    for method, rule in rules_of(office.app):
        screens = rule.endpoint.split(".")[0]
        if screens in ("login", "launch") or rule.endpoint in apart:
            continue
        data = {"csrf": browser.csrf} if method == "POST" else None
        answer = browser.open(method, path_of(rule), data=data)
        allowed = role in ALLOWED.get(screens, {role}) or rule.endpoint in SHARED
        assert (answer.status_code != 403) == allowed, (rule.rule, answer.status_code)
        if not allowed:
            assert "担当を替えてログインしてください" in says(answer)
            part = browser.open(method, path_of(rule), data=data, headers={"Accept": "*/*"})
            assert part.status_code == 403
            assert "が使います" in json.loads(part.get_data())["says"]


@pytest.mark.parametrize("who", CAST)
def test_only_a_supervisor_sends_parked_items_again(office: Office, who: str) -> None:
    office.browser.log_in(who)
    answer = office.browser.post("/outbox/again")
    assert answer.status_code == (302 if CAST[who].role == "supervisor" else 403), says(answer)


def test_the_table_of_roles_names_every_kind_of_screen(office: Office) -> None:
    everybody = {"launch", "login", "today", "lists"}
    assert set(office.app.blueprints) == set(ALLOWED) | everybody


# -- what every answer carries ----------------------------------------------------------------
def test_every_answer_is_sealed(boss: Browser, office: Office) -> None:
    answers = [
        boss.get("/"),
        boss.get("/static/app.css"),
        boss.get("/static/nothing.js"),
        boss.get("/nothing"),
        boss.get(f"/visit/{new_id()}"),
        boss.get("/", Origin="http://evil.example.com"),
        boss.post("/desk/script"),
        boss.post("/lock", {"csrf": "wrong"}),
        boss.get("/ledger.jsonl"),
        boss.get("/", Host="evil.example.com"),
        boss.open("POST", "/lock", data=b"x" * (BODY_LIMIT + 1), content_type="image/jpeg"),
        boss.post("/lock"),
        boss.get("/"),
        boss.get("/login"),
    ]
    for answer in answers:
        for name, value in HEADERS.items():
            assert answer.headers.get_all(name) == [value], (answer.status, name)
    policy = HEADERS["Content-Security-Policy"]
    assert "unsafe" not in policy and "*" not in policy and "data:" not in policy
    for answer in answers:
        assert not re.search(r"<script(?![^>]*src=)|\son\w+=|style=\"", boss.text(answer))


def test_the_cookie_belongs_to_this_host_and_this_session(office: Office) -> None:
    office.browser.get("/login")
    answer = office.browser.log_in("suzuki")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-kit=") and "Domain" not in cookie
    for flag in ("Secure", "HttpOnly", "Path=/", "SameSite=Strict"):
        assert flag in cookie
    assert "Max-Age" not in cookie and "Expires" not in cookie
    ended = office.browser.post("/lock")
    assert "Max-Age=0" in ended.headers["Set-Cookie"]
    assert ended.headers["Clear-Site-Data"] == '"cache", "storage"'


# -- locks ------------------------------------------------------------------------------------
def test_it_locks_when_nobody_is_there(boss: Browser, office: Office) -> None:
    """`idle_seconds` and a minute for the screen's own lock; polling is not being there."""
    session = next(iter(office.kit.sessions.values()))
    limit = office.settings.idle_seconds + 60
    session.seen -= limit - 5
    before = session.seen
    assert boss.get("/outbox/progress").status_code == 200 and session.seen == before
    assert boss.get("/").status_code == 200 and session.seen > before
    session.seen -= limit + 1
    assert boss.get("/").headers["Location"] == "/login"
    assert office.kit.vault is None and office.kit.sessions == {}


def test_a_session_ends_after_eight_hours(boss: Browser, office: Office) -> None:
    next(iter(office.kit.sessions.values())).born -= guard.LONGEST + 1
    assert boss.get("/outbox", **{"HX-Request": "1"}).status_code == 401
    assert office.kit.vault is None


def test_a_running_send_keeps_the_vault_open_for_a_while(boss: Browser, office: Office) -> None:
    session = next(iter(office.kit.sessions.values()))
    office.kit.progress.running = True
    session.seen -= 10_000
    assert boss.get("/").status_code == 200
    session.born -= guard.LONGEST + 1
    assert boss.get("/").status_code == 302
    office.kit.progress.running = False


def test_a_lock_closes_everything_and_unlocking_resumes(boss: Browser, office: Office) -> None:
    base = office.visit()
    photo_id = do_tasks(boss, base)
    picture = f"{base}/photo/{photo_id}/view"
    assert boss.get(picture).get_data().startswith(b"\xff\xd8")
    vault = office.kit.open_vault()
    answer = boss.post("/lock", {"back": f"{base}/form/2"})
    assert answer.headers["Location"] == f"/login?next={base}/form/2"
    assert office.kit.vault is None and vault.trips == {} and vault.photo_keys == {}
    assert not any(vault._key) and office.kit.sessions == {}
    for path in (base, picture, "/desk", "/"):
        assert boss.get(path).status_code == 302
    assert f'value="{base}/form/2"' in boss.text(boss.get(f"/login?next={base}/form/2"))
    back = boss.log_in("tanaka", back=f"{base}/form/2")
    assert back.headers["Location"] == f"{base}/form/2"
    assert boss.get(f"{base}/form/2").status_code == 200
    assert boss.get(picture).get_data().startswith(b"\xff\xd8")
    assert office.kit.held is None


def test_a_new_login_ends_the_old_one(boss: Browser, office: Office) -> None:
    old = boss.client.get_cookie(COOKIE, domain=HOST.split(":")[0])
    assert old is not None
    boss.log_in("tanaka")
    assert list(office.kit.sessions) != [old.value] and len(office.kit.sessions) == 1
    assert boss.get("/desk").status_code == 403


# -- the way back after the login ---------------------------------------------------------------
OUTSIDE = (
    "//evil.example.com",
    "/\\evil.example.com",
    "\\\\evil.example.com",
    "http://evil.example.com/",
    "https:evil.example.com",
    "javascript:alert(1)",
    "/\t/evil.example.com",
    "/\n/evil.example.com",
    "/\r\nSet-Cookie: a=b",
    " //evil.example.com",
    "/a\\..\\/evil.example.com",
    "",
)


def test_the_login_leads_only_inside(office: Office) -> None:
    browser = office.browser
    for path in OUTSIDE:
        shown = browser.text(browser.open("GET", "/login", query_string={"next": path}))
        assert re.search(r'name="next" value="/"', shown), path
        answer = browser.post("/login", {"user": "suzuki", "passphrase": WORDS, "next": path})
        assert answer.status_code == 302 and answer.headers["Location"] == "/", path
        browser.get("/")
        locked = browser.post("/lock", {"back": path})
        assert locked.headers["Location"] == "/login?next=/", path


def test_an_odd_address_comes_back_whole(office: Office) -> None:
    answer = office.browser.get("/a%0d%0ab%26c%3Fd")
    assert answer.headers["Location"] == "/login?next=/a%0D%0Ab%26c%3Fd"


# -- errors -----------------------------------------------------------------------------------
def test_every_error_is_a_sentence(boss: Browser, office: Office) -> None:
    """Pages get a page, scripts get `{"error", "says"}`; nobody gets a trace."""
    big = b"x" * (BODY_LIMIT + 1)
    cases = [
        (404, lambda h: boss.get("/nothing", **h), "この画面はありません"),
        (405, lambda h: boss.get("/lock", **h), "この操作はできません"),
        (404, lambda h: boss.get(f"/desk/{'0' * 36}", **h), "この受付票はありません"),
        (400, lambda h: boss.get(f"/visit/{new_id()}", **h), "この訪問のデータは"),
        (413, lambda h: boss.send("/date", big, **{"Accept": PAGE, **h}), "大きすぎます"),
    ]
    for status, ask, sentence in cases:
        page = ask({})
        assert page.status_code == status and "続けられませんでした" in boss.text(page)
        assert sentence in says(page)
        part = ask({"Accept": "application/json"})
        body = json.loads(part.get_data())
        assert part.status_code == status and sentence in body["says"] and body["error"]
        assert body["sentence"] == body["says"]


def test_a_fault_shows_no_trace_and_logs_no_value(
    boss: Browser, office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> str:
        raise ValueError("𠮷田 髙子 090-0000-0000")

    office.app.view_functions["lists.reception"] = broken
    page, part = boss.get("/list"), boss.get("/list", Accept="application/json")
    assert page.status_code == part.status_code == 500
    assert "思いがけない誤り" in says(page) and "監督者に連絡" in boss.text(page)
    assert json.loads(part.get_data())["error"] == "unexpected"
    for text in (boss.text(page), boss.text(part), caplog.text):
        assert "Traceback" not in text and "髙子" not in text
    assert "ValueError at test_guard.py:" in caplog.text


def test_a_broken_table_of_the_city_is_told(boss: Browser, office: Office) -> None:
    forms = office.settings.data_dir.parent / "forms"
    shutil.copytree(office.settings.forms_dir, forms)
    office.kit.settings = replace(office.settings, forms_dir=forms)
    (forms / "booking.toml").write_text("[season\n", encoding="utf-8")
    office.book()
    page = boss.get("/desk")
    assert page.status_code == 400 and "booking.toml" in says(page)
    assert boss.get("/outbox").status_code == boss.get("/").status_code == 200


# -- addresses --------------------------------------------------------------------------------
def test_no_address_names_anybody(boss: Browser, office: Office) -> None:
    """Walk every link of every screen after a booking, a visit and its end."""
    rid = new_id()
    answer = boss.post(f"/desk/{rid}", slip_values())
    assert answer.status_code == 302, says(answer)
    base = office.visit(order=2)
    do_tasks(boss, base)
    close(boss, base)
    todo, done = ["/", "/desk", "/checkout", "/outbox", "/erase", "/list", base], set[str]()
    while todo:
        path = todo.pop()
        if path in done or len(done) > 80:
            continue
        done.add(path)
        page = boss.get(path)
        if page.status_code == 302:
            todo.append(page.headers["Location"])
            continue
        assert page.status_code == 200, path
        if page.mimetype != "text/html":
            continue
        text = boss.text(page)
        found = re.findall(r'(?:href|src|action|data-\w+|hx-\w+)="(/[^"]*)"', text)
        assert not re.search(r'href="(?!/|#)', text), path
        assert "髙子" not in re.findall(r"<title>(.*?)</title>", text)[0]
        todo += [a for a in re.findall(r'href="(/[^"]*)"', text) if not a.startswith("/static")]
        for address in found:
            parts = urlsplit(address)
            assert re.fullmatch(r"[A-Za-z0-9/._-]*", parts.path), address
            assert re.fullmatch(r"[a-z]*=?[A-Za-z0-9/._-]*", parts.query), address
    assert len(done) > 15
