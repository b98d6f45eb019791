"""The real camera page under the strict CSP, and the real guide, burst and judge behind it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from fieldkit.errors import BadInput
from fieldkit.photo import burst, guide, judge
from tests.needs import chromium
from tests.web.style.page_gallery import gallery

STATIC = Path(__file__).resolve().parents[2] / "static"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]
FAKE = "--use-fake-device-for-media-stream"
ALLOW = "--use-fake-ui-for-media-stream"
KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
CSP = ("default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; "
       "img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
SEALED = "この写真は封印済みです。"
VIEW = """<!doctype html><html lang="ja"><meta charset="utf-8"><title>写真</title>
<div><canvas id="good" data-photo="/crop.jpg" data-places="[[1, 0.25, 0.25, 0.5, 0.5]]"></canvas>
<p role="status"></p></div>
<div><canvas id="sealed" data-photo="/sealed"></canvas><p role="status"></p></div>
<script type="module" src="/static/photo_canvas.js"></script></html>"""


@cache
def camera_html() -> bytes:
    """The product's own template."""
    app, _ = gallery()
    return app.test_client().get("/look/camera").get_data()


@dataclass(frozen=True)
class Sent:
    """One post of the page: the last part of its address, its headers and its body."""

    door: str
    headers: Message
    body: bytes

    @property
    def frames(self) -> tuple[bytes, ...]:
        lengths = self.headers["X-Frames"]
        return burst.split(self.body, lengths) if lengths else (self.body,)


class Desk(ThreadingHTTPServer):
    """What the page sent: `posts` in order; `fail` makes the next shots answer 500. `hint`, where
    there is one, is the guide's answer at once. `crops` are the judged crops, `label` the
    remembered camera."""

    daemon_threads = True
    request_queue_size = 64  # a page asks for all its scripts at once

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.posts: list[Sent] = []
        self.crops: list[bytes | None] = []
        self.taken: list[int] = []
        self.hint: dict[str, Any] | None = None
        self.label = ""
        self.fail = 0
        self.crop = b""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def sent(self, door: str) -> list[Sent]:
        return [post for post in self.posts if post.door == door]


class Handler(BaseHTTPRequestHandler):
    server: Desk

    def do_GET(self) -> None:
        pages = {"/view": VIEW.encode(), "/next": b"<!doctype html><title>next</title>"}
        if self.path == "/":
            self.answer(200, "text/html; charset=utf-8", camera_html())
        elif self.path in pages:
            self.answer(200, "text/html; charset=utf-8", pages[self.path])
        elif self.path.startswith("/static/"):
            file = STATIC / self.path.removeprefix("/static/")
            self.answer(200, KINDS.get(file.suffix, "text/plain"), file.read_bytes())
        elif self.path.endswith("/photo/camera"):
            self.json(200, {"label": self.server.label})
        elif self.path == "/crop.jpg":
            self.answer(200, "image/jpeg", self.server.crop)
        elif self.path == "/sealed":
            self.answer(410, "text/plain; charset=utf-8", SEALED.encode())
        elif self.path == "/favicon.ico":
            self.answer(204, "image/x-icon", b"")
        else:
            self.answer(404, "text/plain", b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        sent = Sent(self.path.rpartition("/")[2], self.headers, body)
        self.server.posts.append(sent)
        if sent.door == "guide":
            height, lying = int(self.headers["X-Frame-Height"]), self.headers["X-Pose"] == "lying"
            self.json(200, self.server.hint or guide(body, full_height=height, lying=lying))
        elif sent.door == "camera":
            self.server.label = json.loads(body)["label"]
            self.json(200, {"label": self.server.label})
        elif self.server.fail:
            self.server.fail -= 1
            self.json(500, {"sentence": "保存できませんでした。もう一度送ってください。"})
        else:
            self.judge(sent)

    def judge(self, sent: Sent) -> None:
        try:
            best = burst.best_frame(sent.frames)
            judged = judge(sent.frames[best])
        except BadInput as error:
            self.json(400, {"sentence": error.sentence})
            return
        self.server.crops.append(judged.crop_jpeg)
        self.server.taken.append(best)
        found = [{"code": f.code, "advice": f.advice} for f in judged.findings]
        after = "元の写真を、消してください。" if sent.headers["X-Source"] == "file" else ""
        self.json(200, {"photo_id": "p1", "verdict": judged.verdict, "findings": found,
                        "taken": best, "afterwards": after, "next": "/next"})

    def json(self, status: int, value: object) -> None:
        self.answer(status, "application/json", json.dumps(value).encode())

    def answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", CSP)
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[Desk]:
    """A desk on a free port of this machine."""
    desk = Desk()
    thread = threading.Thread(target=desk.serve_forever, daemon=True)
    thread.start()
    try:
        yield desk
    finally:
        desk.shutdown()
        desk.server_close()


@contextmanager
def opened(
    desk: Desk, path: str, *flags: str, before: str = "", size: tuple[int, int] = (1366, 768)
) -> Iterator[tuple[Page, list[str]]]:
    """A page, and what the browser complained about (CSP reports come as console errors);
    `before` is a script that runs before those of the page."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), args=[*FLAGS, *flags])
        page = browser.new_page(viewport={"width": size[0], "height": size[1]})
        page.set_default_timeout(20_000)
        complaints: list[str] = []
        page.on("console", lambda m: complaints.extend([m.text] if m.type == "error" else []))
        page.on("pageerror", lambda e: complaints.append(str(e)))
        if before:
            page.add_init_script(before)
        page.goto(desk.url + path)
        try:
            yield page, complaints
        finally:
            browser.close()


@contextmanager
def live(
    desk: Desk, y4m: Path, before: str = "", size: tuple[int, int] = (1366, 768)
) -> Iterator[tuple[Page, list[str]]]:
    """The camera page once it shows what `y4m` shows."""
    camera = f"--use-file-for-fake-video-capture={y4m}"
    with opened(desk, "/", FAKE, ALLOW, camera, before=before, size=size) as (page, complaints):
        page.locator("#camera[data-state=live]").wait_for()
        yield page, complaints


def until(page: Page, expression: str) -> None:
    """Playwright's own wait_for_function uses eval, which the CSP forbids."""
    for _ in range(200):
        if page.evaluate(f"Boolean({expression})"):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"never true: {expression}")
