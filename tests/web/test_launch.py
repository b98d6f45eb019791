"""Who gets in: one-time tokens, the launch cookie, other users of the machine, the kit's window.

What the kit promises to other users is tried as another user, what it promises of the browser with
a real Chromium, and what it promises of two starts with real processes.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import stat
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from htmx_flask.requests import HtmxAwareRequest
from playwright.sync_api import sync_playwright
from werkzeug.test import Client

from fieldkit import alone, browser, demo, launch
from fieldkit.app import MemoryRequest, make_http
from fieldkit.demo import free_port
from fieldkit.demo_city import STAFF
from fieldkit.errors import KitError
from fieldkit.guard import COOKIE, LAUNCH_COOKIE, PUBLIC
from tests.needs import chromium, needs
from tests.web.browser import FLAGS
from tests.web.conftest import HOST, Browser, Office
from tests.web.kit_process import KitProcess, run, screenless_browser, until
from tests.web.other_user import ASK, LOOK, as_nobody, needs_other_user, open_place
from tests.web.test_guard import path_of, rules_of

NAMES = [user.name for user, _ in STAFF]
TOP = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


def stranger(office: Office) -> Browser:
    """A client of this machine that has no launch cookie."""
    return Browser(Client(office.browser.client.application))


def give(client: Browser, token: str, **headers: Any) -> Any:
    return client.open("POST", "/launch", data=token, content_type="text/plain", headers=headers)


# -- the token --------------------------------------------------------------------------------
def test_a_token_is_worth_one_use(office: Office) -> None:
    gate = office.kit.gate
    token = gate.mint(launch.WINDOW)
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", token)
    cookie = gate.redeem(token)
    assert cookie and gate.find(cookie) and gate.redeem(token) is None
    assert gate.find(token) is None and gate.find("") is None


@pytest.mark.parametrize(("kind", "seconds"), [(launch.WINDOW, 60), (launch.LINK, 600)])
def test_a_token_ends(office: Office, kind: str, seconds: int) -> None:
    gate = office.kit.gate
    fresh, late, early = (gate.mint(kind) for _ in range(3))
    office.watch.move(seconds)
    assert gate.redeem(fresh)
    office.watch.move(1)
    assert gate.redeem(late) is None
    office.watch.move(-seconds - 30)
    assert gate.redeem(early) is None, "a clock that was set back must not lengthen its life"


def test_the_disk_holds_only_the_hash(office: Office) -> None:
    data = office.settings.data_dir
    token = office.kit.gate.mint(launch.WINDOW)
    (made,) = (data / launch.FOLDER).iterdir()
    assert made.name == launch.digest_of(token)
    for path in data.rglob("*"):
        assert token not in path.name and (
            path.is_dir() or token.encode() not in path.read_bytes()
        )
    if os.name != "nt":
        assert stat.S_IMODE(made.stat().st_mode) == 0o600
        assert stat.S_IMODE(made.parent.stat().st_mode) == 0o700


def test_of_many_who_come_at_once_one_gets_in(office: Office) -> None:
    gate = office.kit.gate
    for _ in range(20):
        token = gate.mint(launch.WINDOW)
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda _, t=token: gate.redeem(t), range(8)))
        assert sum(cookie is not None for cookie in found) == 1


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"kind":"x","made":1}', b'{"kind":"link","made":"soon"}']
)
def test_a_file_that_is_no_token_opens_nothing(office: Office, content: bytes) -> None:
    folder = office.settings.data_dir / launch.FOLDER
    launch.private_dir(folder)
    (folder / launch.digest_of("x")).write_bytes(content)
    assert office.kit.gate.redeem("x") is None
    for odd in ("", "../slots.json", "あ", "x" * 10_000):
        assert office.kit.gate.redeem(odd) is None


# -- the page ---------------------------------------------------------------------------------
def test_a_window_gets_in_by_its_token(office: Office) -> None:
    client = stranger(office)
    first = client.get("/")
    text = client.text(first)
    assert first.status_code == 401 and '<script src="/static/launch.js"' in text
    assert "csrf" not in text and "鈴木" not in text and "汐見" not in text
    answer = give(client, office.kit.gate.mint(launch.WINDOW))
    assert answer.status_code == 204
    (cookie,) = answer.headers.get_all("Set-Cookie")
    assert cookie.startswith(f"{LAUNCH_COOKIE}=") and "Domain" not in cookie
    for flag in ("Secure", "HttpOnly", "Path=/", "SameSite=Strict"):
        assert flag in cookie
    assert "Max-Age" not in cookie and "Expires" not in cookie
    assert client.get("/login").status_code == 200
    assert "プライベート" not in client.text(client.get("/login"))


def test_a_wrong_token_gets_a_sentence(office: Office) -> None:
    token = office.kit.gate.mint(launch.WINDOW)
    assert give(stranger(office), token).status_code == 204
    for odd in (token, "", "x" * 43, "x" * 5000, "あ", token.encode() + b"\0"):
        client = stranger(office)
        answer = give(client, odd)  # type: ignore[arg-type]
        assert answer.status_code == 403 and "Set-Cookie" not in answer.headers
        assert "リンクは使えません" in json.loads(answer.get_data())["says"]
        assert client.get("/login").status_code == 401


def test_a_token_is_taken_from_our_own_page_only(office: Office) -> None:
    token = office.kit.gate.mint(launch.WINDOW)
    foreign = ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
               {"Origin": "http://evil.example.com"}, {"Origin": None}, {"Origin": "null"},
               TOP)  # fmt: skip
    for headers in foreign:
        assert give(stranger(office), token, **headers).status_code == 403
    assert give(stranger(office), token).status_code == 204, "no refusal may spend it"


def test_only_the_launch_page_may_be_come_to_from_elsewhere(office: Office) -> None:
    client = stranger(office)
    assert client.get("/launch", **TOP).status_code == 200
    for change in ({"Sec-Fetch-Mode": "no-cors"}, {"Sec-Fetch-Dest": "iframe"},
                   {"Origin": "null"}):  # fmt: skip
        assert client.get("/launch", **{**TOP, **change}).status_code == 403
    for path in ("/", "/login", "/health", "/static/app.css"):
        assert client.get(path, **TOP).status_code == 403


def test_a_session_is_worth_nothing_in_another_window(boss: Browser, office: Office) -> None:
    name = HOST.split(":")[0]
    session = boss.client.get_cookie(COOKIE, domain=name)
    assert session is not None
    thief = stranger(office)
    thief.client.set_cookie(COOKIE, session.value, domain=name)
    assert thief.get("/").status_code == 401
    office.let_in(thief)
    assert thief.get("/").headers["Location"] == "/login"
    assert boss.get("/").status_code == 200


def test_the_next_start_knows_no_window_of_this_one(office: Office) -> None:
    name = HOST.split(":")[0]
    old = office.browser.client.get_cookie(LAUNCH_COOKIE, domain=name)
    unspent = office.kit.gate.mint(launch.LINK)
    assert old is not None and office.browser.get("/login").status_code == 200
    office.start()
    launch.begin(office.settings.data_dir, HOST)
    late = stranger(office)
    late.client.set_cookie(LAUNCH_COOKIE, old.value, domain=name)
    assert late.get("/login").status_code == 401
    assert give(late, unspent).status_code == 403


def test_a_window_by_link_is_told_to_be_private(office: Office) -> None:
    """No page can tell a private window from another, so the person is asked."""
    client = stranger(office)
    give(client, office.kit.gate.mint(launch.LINK))
    shown = client.text(client.get("/login"))
    assert "プライベート ウィンドウですか" in shown and "記録が残っています" not in shown
    give(client, office.kit.gate.mint(launch.LINK))
    assert "記録が残っています" in client.text(client.get("/login"))


def test_a_closed_window_locks(boss: Browser, office: Office) -> None:
    data, vault = office.settings.data_dir, office.kit.open_vault()
    found = office.kit.gate.find(
        boss.client.get_cookie(LAUNCH_COOKIE, domain=HOST.split(":")[0]).value  # type: ignore[union-attr]
    )
    assert found is not None and not office.kit.lock_if_deserted()
    launch.tell_cleared(data, "browser-0011aabb", "ok")
    launch.tell_closed(data, found.digest)
    office.kit.progress.running = True
    assert not office.kit.lock_if_deserted() and office.kit.vault is vault
    office.kit.progress.running = False
    assert office.kit.lock_if_deserted() and office.kit.vault is None
    assert boss.get("/").status_code == 401 and not list((data / launch.FOLDER).iterdir())
    office.let_in(office.browser)
    office.browser.log_in("suzuki")
    shown = office.browser.text(office.browser.get("/ledger"))
    assert shown.count("ブラウザーの記録を消去") == 1


# -- every route, as another user of the machine ----------------------------------------------
@contextmanager
def served(office: Office, whole_request: float = 30.0) -> Iterator[tuple[int, str]]:
    """The app of the office on a real port of its own name."""
    port = free_port()
    settings = office.settings.with_host(f"kitabcdef.localhost:{port}")
    office.kit.settings = settings
    server = make_http(office.app, settings, port)
    server.whole_request = whole_request
    server.prepare()
    threading.Thread(target=server.serve, daemon=True).start()
    try:
        yield port, settings.host
    finally:
        server.stop()


def walk(app: Flask, host: str, cookie: str = "") -> list[tuple[str, str, dict[str, str]]]:
    more = {"Accept": "text/html", "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}
    more |= {"Cookie": cookie} if cookie else {}
    every = [(method, path_of(rule)) for method, rule in rules_of(app)
             if rule.endpoint not in PUBLIC]  # fmt: skip
    every += [(m, "/") for m in ("HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE")]
    every += [("GET", "/nothing"), ("GET", "/login/../people")]
    return [(method, path, more) for method, path in every]


@needs_other_user
def test_another_user_of_the_machine_gets_nothing(boss: Browser, office: Office) -> None:
    """While somebody is logged in; with the host name and the session cookie thrown in."""
    session = boss.client.get_cookie(COOKIE, domain=HOST.split(":")[0])
    assert session is not None
    with served(office) as (port, host):
        routes = walk(office.app, host, f"{COOKIE}={session.value}; {LAUNCH_COOKIE}=x")
        found = as_nobody(ASK, [port, host, routes])
        assert len(found) > 60
        for (method, path, _), (status, text, cookie) in zip(routes, found, strict=True):
            assert status in (401, 403), (method, path, status)
            assert cookie is None and "鈴木" not in text and "汐見" not in text, path
        public = [("GET", path, {}) for path in ("/health", "/launch", "/static/app.js")]
        for status, text, cookie in as_nobody(ASK, [port, host, public]):
            assert status == 200 and cookie is None
            assert not any(word in text for word in ("鈴木", "汐見", office.kit.login_csrf))
        mine = office.kit.gate.admit(launch.WINDOW, "0" * 64)
        ours = [("GET", "/login", {"Cookie": f"{LAUNCH_COOKIE}={mine}"})]
        assert as_nobody(ASK, [port, host, ours])[0][0] == 200, "the walk asks rightly"


def test_every_route_wants_the_launch_cookie(boss: Browser, office: Office) -> None:
    client, seen = stranger(office), 0
    for method, path, _ in walk(office.app, HOST):
        for accept in ("text/html", "*/*", "application/json"):
            status = client.open(method, path, headers={"Accept": accept}).status_code
            assert status in (401, 403), (method, path, status)
            seen += 1
    assert seen > 180 and client.get("/health").status_code == 200
    assert {"static", "health", "launch.page_launch", "launch.enter"} == PUBLIC


# -- bodies -----------------------------------------------------------------------------------
def test_an_upload_never_touches_the_disk(
    boss: Browser, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """2 MB as a form's file, where no temporary file can be made: Werkzeug's own way fails."""
    part = '--x\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n'
    body = part.format("csrf", "") + boss.csrf + "\r\n"
    body += part.format("photo", '; filename="a.jpg"') + "x" * 2_000_000 + "\r\n--x--\r\n"

    def send() -> int:
        kind = "multipart/form-data; boundary=x"
        return boss.open("POST", "/date", data=body.encode(), content_type=kind).status_code

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "no such folder"))
    assert office.app.request_class is MemoryRequest
    fine = send()
    office.app.request_class = HtmxAwareRequest
    assert send() == 500, "the control: the usual class wants a temporary file"
    assert fine in (200, 400)


@pytest.mark.parametrize(
    "head", ["GET /health HTTP/1.1\r\n", "POST /launch HTTP/1.1\r\nContent-Length: 199\r\n"]
)
def test_a_request_that_never_ends_is_given_up(office: Office, head: str) -> None:
    """One byte now and then keeps cheroot's own timeout from ever coming."""
    with served(office, whole_request=1.0) as (port, host):
        ready = f"Host: {host}\r\nOrigin: http://{host}\r\n\r\n" if "POST" in head else "X: "
        with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
            line.sendall((head + ready).encode())
            line.settimeout(0.1)
            told = b""
            for _ in range(150):
                try:
                    line.sendall(b"x")
                    part = line.recv(65536)
                except TimeoutError:
                    continue
                except OSError:
                    break
                told += part
                if not part:
                    break
            else:
                pytest.fail("the line was never closed")
        assert b"Traceback" not in told and b"File " not in told
        with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
            line.sendall(f"GET /health HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            assert b" 200 " in line.recv(65536)


# -- finding a browser ------------------------------------------------------------------------
def test_it_finds_a_browser_of_its_kind(tmp_path: Path) -> None:
    edge = tmp_path / "Program Files (x86)" / "Microsoft/Edge/Application/msedge.exe"
    edge.parent.mkdir(parents=True)
    edge.touch()
    env = {"PROGRAMFILES(X86)": str(tmp_path / "Program Files (x86)"), "PATH": str(tmp_path)}
    assert browser.find("win32", env) == edge
    assert "--inprivate" in browser.Window(tmp_path, edge).command()
    mac = tmp_path / "Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
    mac.parent.mkdir(parents=True)
    mac.touch()
    assert browser.find("darwin", {"HOME": str(tmp_path)}) == mac
    assert "--incognito" in browser.Window(tmp_path, mac).command()
    firefox = tmp_path / "firefox"
    firefox.touch(0o755)
    assert browser.find("linux", {"PATH": str(tmp_path)}) is None
    assert browser.has_screen("win32", {}) and not browser.has_screen("linux", {})
    assert "プライベート" in browser.NONE_FOUND


# -- the kit's own window, for real -----------------------------------------------------------


@pytest.fixture
def place() -> Iterator[Path]:
    with open_place() as made:
        yield made


def spent(kit_dir: Path) -> bool:
    """Whether the window has used its token: no token file is left."""
    return not any(len(p.name) == 64 for p in (kit_dir / launch.FOLDER).iterdir())


def main_browser(profile: Path) -> int:
    """The process that holds a profile (its helpers name `--type=`)."""
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (entry / "cmdline").read_bytes().decode().split("\0")
            if f"--user-data-dir={profile}" in words and not any("--type=" in w for w in words):
                return int(entry.name)
    raise AssertionError("no browser has this profile")


@pytest.mark.browser
@needs("chromium")
@needs_other_user
def test_the_window_opens_closes_and_leaves_nothing(place: Path) -> None:
    """demo → private window → another user looks → the window is closed → locked, deleted, told."""
    kit_dir = place / "demo" / "kit"
    made = KitProcess("demo", "--data", place / "demo",
                      path=screenless_browser(place / "bin"))  # fmt: skip
    try:
        assert made.says("Ctrl-C"), made.text
        assert "窓を開きました" in made.text and "#" not in made.text
        (profile,) = kit_dir.glob("browser-*")
        assert until(lambda: spent(kit_dir)), "the window did not come in"
        page = (profile / browser.START).read_text(encoding="utf-8")
        token = page.split("#")[1].split('"')[0]
        seen = as_nobody(LOOK, [token, str(kit_dir)])
        assert seen["uid"] != 0 and seen["browser"], "the control: process lists are readable"
        assert not seen["seen"] and not seen["wrote"]
        assert seen["read"] == [], "the data folder is for one user alone"
        open_folder = place / "open"
        open_folder.mkdir(mode=0o755)
        (open_folder / "kit.toml").write_text("a = 1", encoding="utf-8")
        control = as_nobody(LOOK, [token, str(open_folder)])
        assert [Path(path).name for path, _ in control["read"]] == ["kit.toml"], "it did look"
        code, said = run("demo", "--data", place / "demo", "--fresh", "--no-browser")
        assert code == 1 and "fieldkit open" in said and (kit_dir / "slots.json").exists()
        os.kill(main_browser(profile), signal.SIGTERM)
        assert made.says("窓が閉じられました") and not profile.exists()
        assert [p.name for p in (kit_dir / launch.FOLDER).iterdir()] == [
            f"cleared-{profile.name}.ok"
        ]
    finally:
        code = made.stop()
    assert code == 0 and not (kit_dir / launch.RUNNING).exists(), made.text


@pytest.mark.browser
@needs("chromium")
@pytest.mark.skipif(os.name == "nt", reason="!! NOT TESTED: signals and /proc of Linux")
def test_a_killed_start_is_tidied_by_the_next(place: Path) -> None:
    bin_dir, kit_dir = screenless_browser(place / "bin"), place / "demo" / "kit"
    made = KitProcess("demo", "--data", place / "demo", path=bin_dir)
    assert made.says("Ctrl-C"), made.text
    assert until(lambda: spent(kit_dir))
    (profile,) = kit_dir.glob("browser-*")
    left_over = main_browser(profile)
    made.kill()
    os.kill(left_over, signal.SIGKILL)
    assert profile.exists() and (kit_dir / launch.RUNNING).exists()
    code, said = run("open", "--data", place / "demo", "--print")
    assert code == 1 and "動いていません" in said
    made = KitProcess("demo", "--data", place / "demo", "--no-browser")
    try:
        assert made.says("Ctrl-C"), made.text
        assert not profile.exists()
        assert (kit_dir / launch.FOLDER / f"cleared-{profile.name}.ok").exists()
    finally:
        assert made.stop() == 0


@pytest.mark.browser
@needs("chromium")
def test_an_ordinary_window_is_noticed(place: Path) -> None:
    """Where a rule of the machine forbids private windows, the browser opens an ordinary one."""
    running = demo.start(place / "demo")
    data = running.settings.data_dir
    extra = ("--headless=new", "--disable-gpu")
    try:
        found = {}
        for private in (True, False):
            window = browser.Window(data, Path(chromium()), extra, private)
            window.open(running.settings.host, running.screens.gate.mint(launch.WINDOW))
            assert until(lambda: spent(data))
            until(lambda w=window: not w.is_private(), 12)  # type: ignore[misc]
            found[private] = window.is_private()
            assert window.close() == ("ok" if private else "traces")
            assert not window.profile.exists()
        assert found == {True: True, False: False}
    finally:
        running.stop()


@pytest.mark.browser
@needs("chromium")
def test_a_printed_link_opens_once(place: Path) -> None:
    """The link of `--no-browser`, and one of `open --print`, in a browser; the fragment is gone."""
    made = KitProcess("demo", "--data", place / "demo", "--no-browser")
    try:
        assert made.says("Ctrl-C"), made.text
        (link,) = re.findall(r"画面　　 (http://kit\S+/#\S{43})\n", made.text)
        origin = link.split("/#")[0]
        code, second = run("open", "--data", place / "demo" / "kit", "--print")
        assert code == 0 and second.strip().startswith(origin + "/#")
        with sync_playwright() as play:
            program = play.chromium.launch(executable_path=chromium(), args=FLAGS)
            page = program.new_page()
            asked: list[str] = []
            page.on("request", lambda r: asked.append(r.url + str(r.headers)))
            page.goto(link)
            page.wait_for_url(f"{origin}/login")
            assert page.evaluate("history.length") <= 2
            page.go_back()
            page.wait_for_timeout(300)
            assert link.split("#")[1] not in page.url
            assert not any(link.split("#")[1] in text for text in asked)
            other = program.new_context().new_page()
            other.goto(link)
            other.get_by_text("リンクは使えません").wait_for()
            assert other.url == f"{origin}/launch"
            other.goto(second.strip())
            other.wait_for_url(f"{origin}/login")
            assert not any(name in asked for name in NAMES)
            program.close()
    finally:
        assert made.stop() == 0


@needs_other_user
def test_only_who_may_write_the_folder_can_open(place: Path) -> None:
    """What `fieldkit open` reads and writes is closed to another user."""
    running = demo.start(place / "demo")
    folder = running.settings.data_dir
    try:
        code = (
            "import json, os, sys; folder = json.load(sys.stdin); found = []\n"
            "for path in ('launch', 'running.json'):\n"
            "    try: found.append(os.listdir(f'{folder}/{path}') if path == 'launch'"
            " else open(f'{folder}/{path}').read())\n"
            "    except PermissionError: found.append('closed')\n"
            "print(json.dumps(found))"
        )
        running.link()
        assert as_nobody(code, str(folder)) == ["closed", "closed"]
    finally:
        running.stop()


# -- one kit per vault ------------------------------------------------------------------------
def test_two_kits_never_share_a_vault(place: Path) -> None:
    first = KitProcess("demo", "--data", place / "demo", "--no-browser")
    kit_dir = place / "demo" / "kit"
    try:
        assert first.says("Ctrl-C"), first.text
        before = (kit_dir / launch.RUNNING).read_bytes()
        for words in (
            ("serve", "--data", kit_dir, "--no-browser"),
            ("demo", "--data", place / "demo", "--no-browser"),
            ("demo", "--data", place / "demo", "--fresh", "--check"),
            ("sync", "--data", kit_dir, "--user", "suzuki"),
            ("user", "add", "--data", kit_dir, "--user", "suzuki", "--new", "x", "--name", "x",
             "--role", "field"),
            ("enrol", "--data", kit_dir, "--user", "suzuki", "--server", "http://127.0.0.1:9",
             "--code", "x", "--fingerprint", "x"),
        ):  # fmt: skip
            code, said = run(*words)
            assert code == 1 and alone.TAKEN in said, (words, said)
        assert (kit_dir / launch.RUNNING).read_bytes() == before
        assert run("open", "--data", place / "demo", "--print")[0] == 0
    finally:
        first.kill()
    second = KitProcess("serve", "--data", kit_dir, "--no-browser")
    try:
        assert second.says("Ctrl-C"), second.text
    finally:
        assert second.stop() == 0


def test_the_lock_is_free_again(tmp_path: Path) -> None:
    folder = tmp_path / "保管庫"
    with alone.only_one(folder):
        assert alone.is_running(folder)
        with pytest.raises(KitError) as told:
            alone.only_one(folder)
        assert told.value.code == "in_use" and "fieldkit open" in told.value.sentence
    assert not alone.is_running(folder) and not alone.is_running(tmp_path / "nothing")
    alone.only_one(folder).release()


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "kit").write_text("x", encoding="utf-8")
    with pytest.raises(KitError) as told:
        alone.only_one(tmp_path / "kit")
    assert told.value.code == "cannot_write"


def test_starts_one_after_the_other_do_not_hold_the_lock(place: Path) -> None:
    for _ in range(2):
        demo.start(place / "demo").stop()
    shutil.rmtree(place / "demo")

