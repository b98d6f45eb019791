"""A tiny Flask app: every page template, with fake contexts, under the product's own CSP."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, render_template, request
from PIL import Image, ImageDraw
from werkzeug.serving import make_server

from tests.web.style.page_cast import BASE, PAGES

ROOT = Path(__file__).resolve().parents[3]
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)


def _wareki(iso: str) -> str:
    day = date.fromisoformat(iso)
    return f"令和{day.year - 2018}年{day.month}月{day.day}日({'月火水木金土日'[day.weekday()]})"


def _birth(iso: str) -> str:
    day = date.fromisoformat(iso)
    return f"昭和{day.year - 1925}年{day.month}月{day.day}日（{day.year}年・{2026 - day.year}歳）"


def _dummy_photo() -> bytes:
    """A drawn head and shoulders: nobody's face."""
    picture = Image.new("RGB", (700, 900), "#e8eef2")
    pen = ImageDraw.Draw(picture)
    pen.ellipse((50, 640, 650, 1300), fill="#5b6f8f")
    pen.ellipse((190, 130, 510, 560), fill="#d9b99b")
    pen.pieslice((180, 100, 520, 480), 180, 360, fill="#6d6d6d")
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=90)
    return out.getvalue()


def gallery() -> tuple[Flask, list[dict[str, Any]]]:
    """The app, and the list of the drafts that pages have posted (`path`, `form`, `csrf`)."""
    app = Flask(
        "gallery", template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static")
    )
    app.jinja_env.filters.update(
        wareki=_wareki, wareki_day=_wareki, birth=_birth, yen=lambda n: f"{n:,}円"
    )
    posted: list[dict[str, Any]] = []

    @app.get("/look/<name>")
    def look(name: str) -> str:
        template, context = PAGES.get(name) or abort(404)
        body = render_template(template, **{**BASE, **context})
        if template.rpartition("/")[2].startswith("_"):  # a partial: give it a page to stand on
            icon = '<link rel="icon" href="/static/icon.svg">'
            head = (
                f'<html lang="ja"><head><title>部分</title>{icon}</head><body><main><h1>部分</h1>'
            )
            return f"<!doctype html>{head}{body}</main></body></html>"
        return body

    @app.post("/postal")
    def postal() -> str:
        return render_template(PAGES["towns"][0], **BASE, **PAGES["towns"][1])

    @app.post("/date")
    def read_date() -> str:
        return render_template(PAGES["date"][0], **BASE, ok=True, says=request.form["text"])

    @app.get("/desk/script")
    def script() -> str:
        return render_template(
            PAGES["script"][0], **BASE, points=["案内"], kind_ja=request.args["kind"]
        )

    @app.get("/visit/r12/a/a1/form/2")
    def form_again() -> str:
        return look("form-open")

    @app.get("/visit/<path:path>/view")
    @app.get("/cards/<path:path>/view")
    def photo(path: str) -> Response:
        return Response(_dummy_photo(), mimetype="image/jpeg")

    @app.post("/visit/<path:path>/guide")
    def guide(path: str) -> dict[str, str]:
        return {"state": "no_face", "says": "枠の中に顔を合わせてください。"}

    @app.get("/visit/<path:path>/photo/camera")
    def camera(path: str) -> dict[str, str]:
        return {"label": ""}

    @app.get("/outbox/progress")
    def outbox_progress() -> str:
        return render_template(
            "_progress.html",
            **BASE,
            running=False,
            done=3,
            total=3,
            bytes_done=9,
            bytes_total=9,
            says="3件を送りました。",
        )

    @app.post("/<path:path>")
    def keep(path: str) -> str | dict[str, str]:
        csrf = request.headers.get("X-CSRF-Token", "") or request.form.get("csrf", "")
        posted.append({"path": path, "form": request.form.to_dict(), "csrf": csrf})
        if path.endswith("/draft"):
            return {"saved": "10:42:07"}
        return "<!doctype html><html lang=ja><title>ok</title><h1>ok</h1>"

    @app.after_request
    def headers(answer: Response) -> Response:
        answer.headers["Content-Security-Policy"] = CSP
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return app, posted


@contextmanager
def served() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Serve the gallery on a free loopback port; yields its address and the posted drafts."""
    app, posted = gallery()
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", posted
    finally:
        server.shutdown()
        thread.join()
