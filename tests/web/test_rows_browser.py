"""Rows 1, 2, 3, 5 and 14 with a real Chromium: foreign names, foreign ports, the curtain, and texts
that would be code in a careless program. One browser for the file, one kit for each test.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, sync_playwright

from fieldkit import launch
from fieldkit.store import records
from fieldkit.store.keyslots import User
from sync.ids import new_id
from tests.needs import chromium, needs
from tests.web.browser import FLAGS
from tests.web.conftest import ANSWERS, WORDS, Browser, Office, do_tasks, says, slip_values
from tests.web.test_launch import served

pytestmark = [pytest.mark.browser, needs("chromium")]
NAME = "鷽鳥谷 𠮷乃"


@pytest.fixture(scope="module")
def chrome() -> Iterator[Chromium]:
    with sync_playwright() as play:
        rules = "--host-resolver-rules=MAP evil.test 127.0.0.1"
        program = play.chromium.launch(executable_path=chromium(), args=[*FLAGS, rules])
        yield program
        program.close()


@dataclass
class Screen:
    """A page that is logged in, and what reached the kit: (method, path, head, session cookie)."""

    page: Page
    origin: str
    port: int
    office: Office
    asked: list[tuple[str, str, str, bool]] = field(default_factory=list)
    handled: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def go(self, path: str) -> int:
        answer = self.page.goto(self.origin + path)
        assert answer is not None
        return answer.status


@contextmanager
def screen(chrome: Chromium, office: Office, who: str = "suzuki", **more: Any) -> Iterator[Screen]:
    """The kit of the office on a real port, with somebody logged in at a real browser."""
    with served(office) as (port, host):
        context = chrome.new_context(viewport={"width": 1366, "height": 768}, **more)
        page = context.new_page()
        page.set_default_timeout(15_000)
        made = Screen(page, f"http://{host}", port, office)
        inner: Callable[..., Iterable[bytes]] = office.app.wsgi_app

        def note(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
            site = environ.get("HTTP_SEC_FETCH_SITE", "")
            has = "__Host-kit=" in environ.get("HTTP_COOKIE", "")
            made.asked.append((environ["REQUEST_METHOD"], environ["PATH_INFO"], site, has))
            return inner(environ, start)

        office.app.wsgi_app = note
        office.app.before_request_funcs[None].insert(0, lambda: made.handled.append("ran"))
        page.on("dialog", lambda d: (made.dialogs.append(d.message), d.dismiss()))
        page.on("console", lambda m: "Content Security Policy" in m.text
                and made.refused.append(m.text))  # fmt: skip
        page.on("request", lambda r: r.url.startswith((made.origin, "blob:", "data:"))
                or made.foreign.append(r.url))  # fmt: skip
        page.goto(launch.link(host, office.kit.gate.mint(launch.LINK)))
        page.wait_for_url(f"{made.origin}/login")
        page.locator(f"input[name=user][value={who}]").check()
        page.locator("input[name=passphrase]").fill(WORDS)
        page.get_by_role("button", name="開く").first.click()
        page.wait_for_url(re.compile(r"^(?!.*/login).*$"))
        page.wait_for_load_state("networkidle")
        try:
            yield made
        finally:
            office.app.wsgi_app = inner
            office.app.before_request_funcs[None].pop(0)
            context.close()


@contextmanager
def stranger(page: str) -> Iterator[tuple[int, list[tuple[str, str, str]]]]:
    """Another program's web server on this machine: (port, what came: path, host, cookies)."""
    came: list[tuple[str, str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told = self.headers
            came.append((self.path, told.get("Host", ""), told.get("Cookie", "")))
            data = page.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1], came
    finally:
        server.shutdown()
        server.server_close()


# -- row 1: another name for the same address --------------------------------------------------
def test_a_foreign_name_for_this_address_gets_nothing(chrome: Chromium, office: Office) -> None:
    with screen(chrome, office) as w:
        other = w.page.context.new_page()
        ran = len(w.handled)
        for name in ("evil.test", "127.0.0.1", "localhost", "other.localhost"):
            for path in ("/", "/login", "/health", "/static/app.js"):
                answer = other.goto(f"http://{name}:{w.port}{path}")
                assert answer is not None and answer.status == 400, (name, path)
                assert NAME not in other.content() and "csrf" not in other.content()
        status = other.evaluate("async () => (await fetch('/lock', {method: 'POST'})).status")
        assert status == 400
        assert len(w.handled) == ran, "no handler ran"
        assert office.kit.vault is not None and w.go("/") == 200 and len(w.handled) > ran


# -- row 2: pages of other programs ------------------------------------------------------------
ATTACK = """<!doctype html><title>evil</title><body><script>
const kit = "{origin}";
async function tries() {{
  const form = document.createElement("form");
  form.method = "POST"; form.action = kit + "/lock"; form.target = "frame";
  form.innerHTML = '<input name="csrf" value="x"><input name="back" value="/">';
  document.body.append(form);
  const frame = document.createElement("iframe"); frame.name = "frame";
  document.body.append(frame); form.submit();
  const said = [];
  for (const mode of ["no-cors", "cors"])
    for (const [path, method] of [["/lock", "POST"], ["{draft}", "POST"], ["/", "GET"]])
      said.push(await fetch(kit + path, {{method, mode, credentials: "include",
        body: method === "POST" ? "csrf=x&notes=evil" : undefined,
        headers: {{"Content-Type": "text/plain"}}}})
        .then(a => a.type + a.status, () => "failed"));
  await new Promise(done => {{ const i = new Image(); i.onerror = i.onload = done;
    i.src = kit + "/list.pdf"; }});
  await new Promise(done => setTimeout(done, 300));
  document.title = "done " + said.join(" ");
  document.body.append(Object.assign(document.createElement("form"),
    {{method: "POST", action: kit + "/lock", id: "top"}}));
  document.getElementById("top").submit();
}}
tries();
</script>"""


def test_a_page_of_another_program_changes_nothing(chrome: Chromium, office: Office) -> None:
    rid = new_id()
    with screen(chrome, office) as w:
        host = w.origin.split("//")[1].split(":")[0]
        vault = office.kit.vault
        with stranger(ATTACK.format(origin=w.origin, draft=f"/desk/{rid}/draft")) as (port, _):
            for name in (host, "127.0.0.1", "evil.test"):
                before = len(w.asked)
                other = w.page.context.new_page()
                posted: list[int] = []
                other.on("response", lambda r, p=posted: r.request.method == "POST"
                         and p.append(r.status))  # fmt: skip
                other.goto(f"http://{name}:{port}/")
                other.wait_for_url(f"{w.origin}/lock")
                came = w.asked[before:]
                came = [row for row in came if row[1] != "/favicon.ico"]
                assert {site for *_, site, _ in came} <= {"same-site", "cross-site"}, came
                assert any(method == "POST" for method, *_ in came), "the control: it arrived"
                if name == host:
                    assert any(has for *_, has in came), "the control: with the cookie"
                assert posted and set(posted) == {403}, (name, posted)
                assert "この端末の" in other.content()
                other.close()
        assert office.kit.vault is vault and office.draft(rid, "desk") is None
        assert w.go("/") == 200


# -- row 3: cookies ----------------------------------------------------------------------------
def test_other_ports_see_no_cookie(chrome: Chromium, office: Office) -> None:
    """A server on 127.0.0.1 or localhost gets none. Under the kit's own random name a browser would
    give them (ports are one site): that name is known to nobody but the window."""
    with screen(chrome, office) as w, stranger("<!doctype html>x") as (port, came):
        other = w.page.context.new_page()
        for name in ("127.0.0.1", "localhost", "evil.localhost"):
            other.goto(f"http://{name}:{port}/{name}")
        assert {cookie for _, _, cookie in came} == {""} and len(came) >= 3
        assert other.evaluate("document.cookie") == ""
        w.page.goto(w.origin + "/")
        assert w.page.evaluate("document.cookie") == "", "no script sees it either"
        host = w.origin.split("//")[1].split(":")[0]
        other.goto(f"http://{host}:{port}/own")
        assert "__Host-kit=" in came[-1][2] or "__Host-kit=" in came[-2][2], "the control"


# -- row 5: 退避 ---------------------------------------------------------------------------------
def watch_curtain(page: Page) -> list[bool]:
    """Whether the curtain covers the whole window, ten times a second, as the page itself says it:
    a page that waits for its next one answers no questions."""
    said: list[bool] = []
    page.on("console", lambda m: m.text.startswith("curtain ") and said.append("true" in m.text))
    page.evaluate(
        """() => setInterval(() => {
            const curtain = document.getElementById("curtain"), w = innerWidth, h = innerHeight;
            const covered = [[5, 5], [w / 2, h / 2], [w - 5, h - 5], [5, h - 5], [w - 5, 5]]
                .every(([x, y]) => curtain.contains(document.elementFromPoint(x, y)));
            console.log("curtain " + (!curtain.hidden && covered));
        }, 100)"""
    )
    return said


def press(page: Page, key: str, code: str = "") -> None:
    """A key, by the browser's own line: playwright would wait for the navigation to end."""
    line = page.context.new_cdp_session(page)
    told = {"key": key, "code": code or key}
    for kind in ("rawKeyDown", "keyUp"):
        line.send("Input.dispatchKeyEvent", {"type": kind, **told})


def hide_by(page: Page, how: str) -> None:
    line = page.context.new_cdp_session(page)
    box = page.locator(".btn-hide").bounding_box()
    assert box is not None
    at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    if how == "key":
        press(page, "F9")
    elif how == "button":
        for kind in ("mousePressed", "mouseReleased"):
            event = {"type": kind, **at, "button": "left", "clickCount": 1}
            line.send("Input.dispatchMouseEvent", event)
    elif how == "touch":
        line.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [at]})
        line.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    else:
        page.locator("input[name='name']").focus()
        line.send("Input.imeSetComposition",
                  {"text": "よしだ", "selectionStart": 3, "selectionEnd": 3})  # fmt: skip
        press(page, "Process", "F9")


WAYS = [("slow", "key"), ("slow", "button"), ("slow", "touch"), ("slow", "composing"),
        ("dead", "key")]  # fmt: skip


@pytest.mark.parametrize(("server", "how"), WAYS)
def test_the_screen_hides_before_the_server_answers(
    chrome: Chromium, office: Office, server: str, how: str
) -> None:
    office.browser.log_in("suzuki")
    base = office.visit(person={"name": NAME})
    go_on = threading.Event()
    with screen(chrome, office, has_touch=how == "touch") as w:
        w.go(f"{base}/form/1")
        assert NAME in w.page.content()
        said = watch_curtain(w.page)
        inner = office.app.wsgi_app

        def stuck(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
            go_on.wait(20)
            return inner(environ, start)

        def cut(route: Any) -> None:
            if route.request.is_navigation_request():
                route.fulfill(status=204)  # the page stays: what is on it then has to be hidden
            else:
                route.abort("connectionrefused")

        if server == "slow":
            office.app.wsgi_app = stuck
        else:
            w.page.route("**/*", cut)
        w.page.wait_for_timeout(300)
        assert said and not any(said), "the control: before the key it is open"
        hide_by(w.page, how)
        w.page.wait_for_timeout(1000)
        at = said.index(True)
        for key in ("Escape", "Enter", "Space", "Tab", "F9", "ArrowDown", "a", "Backspace"):
            press(w.page, key)
        w.page.wait_for_timeout(500)
        assert len(said) > at + 10 and all(said[at:]), "and nothing brings it back"
        assert not go_on.is_set()
        if server == "slow":
            office.app.wsgi_app = inner
            go_on.set()
            w.page.wait_for_url("**/login**")
            assert office.kit.vault is None
            w.page.go_back()
            w.page.wait_for_timeout(300)
            assert NAME not in w.page.content(), "the way back shows nothing"


# -- row 14: texts that would be code ----------------------------------------------------------
MARKUP = (
    "<script>window.pwned=1</script>",
    "\"'><img src=x onerror=window.pwned=1 autofocus onfocus=window.pwned=1>",
    "{{7*7}}{%for x in y%}${7*7}#{7*7}<%=7*7%>",
    "javascript:window.pwned=1//http://evil.test/x.js",
    "<svg/onload=window.pwned=1><style>*{background:url(http://evil.test/)}</style>",
    '#eval("1")#image("/etc/passwd")$x$@a<b>\\u{202E}*_`',
)
PAYLOADS = {"markup": " ".join(MARKUP), "odd": "a\u202egnp\u2066.\u200bx\u0000y\u0007"}
TEXTS = ("caller_name", "reason_cannot_go", "address", "katagaki", "notes", "district")
SCREENS = ("/", "/desk", "/list", "/ledger", "/outbox", "/erase", "/checkout", "/people",
           "/people/add", "/passphrase")  # fmt: skip


def plant(office: Office, boss: Browser, evil: str) -> tuple[list[str], list[str]]:
    """The text in every field that takes it; (screens to look at, papers to print)."""
    rid = new_id()
    odd = "\u0000" in evil
    people = dict.fromkeys(("applicant-0-name", "applicant-0-kana"), evil[:150])
    typed = slip_values(**dict.fromkeys(TEXTS, evil), **people)
    boss.post(f"/desk/{rid}/draft", typed)
    answer = boss.post(f"/desk/{rid}", typed)
    assert answer.status_code in (302, 422), says(answer)
    if answer.status_code == 422:
        assert odd, says(answer)
        evil = evil.replace("\u0000", "").replace("\u0007", "")
        typed = {k: evil if "\u0000" in str(v) else v for k, v in typed.items()}
        answer = boss.post(f"/desk/{rid}", typed)
    if answer.status_code == 422:  # a name may be refused; what is left is planted with a plain one
        typed |= {"applicant-0-name": "甲", "applicant-0-kana": "コウ", "caller_name": "甲"}
        answer = boss.post(f"/desk/{rid}", typed)
    assert answer.status_code == 302, says(answer)
    office.take_out()
    vault = office.kit.open_vault()
    trip = next(t for t in vault.trips.values() if t.kind == "field")
    base = f"/visit/{rid}/a/{records.find(trip, 'applicant', rid)[0].id}"
    boss.post(f"{base}/form/draft", dict.fromkeys(ANSWERS, evil))
    do_tasks(boss, base)
    fields = {"name": evil[:150], "kana": evil[:150], "address": evil, "tel": evil}
    for number in (1, 2, 3):
        assert boss.post(f"{base}/form/{number}", {**ANSWERS, **fields, "act": "later"}
                         ).status_code in (302, 422)  # fmt: skip
    boss.post(f"{base}/fee/spoil", {"spoil_why": "other", "spoil_reason": evil})
    boss.post(f"{base}/photo", {"act": "keep", "reason_text": evil, "reason_code": evil})
    new = {"id": "evil", "name": evil[:150], "role": "field", "mine": WORDS}
    boss.post("/people/add", {**new, "new": evil, "again": evil, "one": evil, "two": evil})
    vault.add_user(User("evil", evil[:150], "field"), "すずしいかぜのふくまち 汐見")
    pages = [base, *(f"{base}/{p}" for p in ("id", "form/1", "form/2", "form/3", "photo", "fee",
             "papers", "check", "show", "outcome")), f"/desk/{rid}", f"/visit/{rid}"]  # fmt: skip
    papers = [f"/desk/{rid}/slip.pdf", f"/trip/{trip.id}/sheet.pdf", "/list.pdf",
              f"{base}/papers/application.pdf"]  # fmt: skip
    return [*SCREENS, *pages], papers


@pytest.mark.parametrize("kind", PAYLOADS)
def test_no_text_is_ever_code(
    chrome: Chromium, boss: Browser, office: Office, kind: str, tmp_path: Path
) -> None:
    pages, papers = plant(office, boss, PAYLOADS[kind])
    printed = 0
    for path in papers:
        answer = boss.get(path)
        assert answer.status_code in (200, 400), (path, answer.status_code)
        data = answer.get_data()
        if answer.status_code == 200:
            printed += 1
            assert data.startswith(b"%PDF")
            for word in (b"/JavaScript", b"/JS ", b"/Launch", b"/URI", b"/EmbeddedFile", b"root:"):
                assert word not in data, (path, word)
        else:
            assert re.search("[ぁ-ん].*。", says(answer)), path
    assert printed >= 1
    with screen(chrome, office) as w:
        for path in pages:
            assert w.go(path) < 500, path
            assert w.page.evaluate("window.pwned") is None, path
            assert w.page.locator("main :is(script, img, style, svg[onload])").count() == 0
            assert ">49<" not in w.page.content() and "49#49" not in w.page.content()
            if w.page.locator("input[name=name]").count():
                w.page.locator("input[name=name]").first.focus()
        w.page.goto(f"{w.origin}/login")
        assert w.page.evaluate("window.pwned") is None
        assert w.dialogs == [] and w.refused == [] and w.foreign == []


def test_the_policy_stops_what_would_slip_through(
    chrome: Chromium, boss: Browser, office: Office
) -> None:
    """The control of the row above: a script that is put into the page is refused and reported."""
    with screen(chrome, office) as w:
        w.go("/")
        w.page.evaluate(
            "() => { const s = document.createElement('script'); s.textContent = 'window.pwned=1';"
            " document.body.append(s); const i = document.createElement('img');"
            " i.src = 'http://evil.test/x.png'; document.body.append(i); }"
        )
        w.page.wait_for_timeout(300)
        assert w.page.evaluate("window.pwned") is None
        assert len(w.refused) >= 2, "the control: the browser reports what it refused"
