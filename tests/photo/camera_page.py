"""A page with the two photo scripts under the strict CSP, and the real judge behind it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from fieldkit.photo import guide, judge

STATIC = Path(__file__).resolve().parents[2] / "static"
CSP = ("default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; "
       "base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
SEALED = "この写真は封印済みです。"
CAMERA = """<!doctype html><html lang="ja"><meta charset="utf-8"><title>撮影</title>
<div id="camera" data-post="/photo" data-guide="/guide" data-csrf="canary-token">
<video hidden></video><canvas class="camera-view"></canvas>
<button data-act="shoot">撮影</button><button data-act="retake" hidden>撮り直す</button>
<button data-act="keep" hidden>この写真を使う</button><button data-act="switch" hidden>切替</button>
<p id="camera-says" role="status"></p></div>
<script type="module" src="/static/camera.js"></script></html>"""
VIEW = """<!doctype html><html lang="ja"><meta charset="utf-8"><title>写真</title>
<div><canvas id="good" data-photo="/crop.jpg" data-place="[0.25, 0.25, 0.5, 0.5]"></canvas>
<p role="status"></p></div>
<div><canvas id="sealed" data-photo="/sealed"></canvas><p role="status"></p></div>
<script type="module" src="/static/photo_canvas.js"></script></html>"""


class Desk(ThreadingHTTPServer):
    """What the page sent: `posts` in order; `fail` makes the next photo post answer 500."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.posts: list[tuple[str, str, str, bytes]] = []
        self.heights: list[str] = []
        self.fail = 0
        self.crop = b""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Desk

    def do_GET(self) -> None:
        pages = {"/": CAMERA, "/view": VIEW, "/next": "<!doctype html><title>next</title>"}
        if self.path in pages:
            self.answer(200, "text/html; charset=utf-8", pages[self.path].encode())
        elif self.path.startswith("/static/"):
            body = (STATIC / Path(self.path).name).read_bytes()
            self.answer(200, "text/javascript; charset=utf-8", body)
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
        sent = (self.path, self.headers["Content-Type"], self.headers["X-CSRF-Token"], body)
        self.server.posts.append(sent)
        if self.path == "/guide":
            self.server.heights.append(self.headers["X-Frame-Height"])
            self.json(200, guide(body, full_height=int(self.headers["X-Frame-Height"])))
        elif self.server.fail:
            self.server.fail -= 1
            self.json(500, {"sentence": "保存できませんでした。もう一度送ってください。"})
        else:
            judged = judge(body)
            found = [{"code": f.code, "severity": f.severity, "advice": f.advice,
                      "place": f.place} for f in judged.findings]
            self.json(200, {"photo_id": "p1", "verdict": judged.verdict, "findings": found,
                            "next": "/next"})

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
