"""The HTTP face of the city server: thin and stateless (sync/server/handle.py does the work)."""

from __future__ import annotations

import json
from pathlib import Path

import sqlalchemy as sa
from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import ClientDisconnected, HTTPException, RequestEntityTooLarge

from sync import wire
from sync.server import console, console_acts, console_pages, store
from sync.server.handle import BASE, Handler
from sync.server.sqlstore import SqlStore, open_store
from sync.server.trouble import fault

LIMIT = wire.PART_LIMIT + 64 * 1024
SAYS = {404: "unknown_path", 405: "unknown_path", 408: "too_slow", 413: "too_large",
        500: "internal"}  # fmt: skip
PIECE = 64 * 1024
POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'"
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
PAGE = {
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": f"{POLICY}; base-uri 'none'",
}


def create_server(folder: Path) -> Flask:
    """The app over an initialised server folder; RuntimeError where `init` was not run."""
    city = open_store(folder)
    with city.read() as shelf:
        if shelf.conn.execute(sa.select(store.city.c.code)).first() is None:
            raise RuntimeError("the city server is not initialised: run `sync.server init` first")
    return app_over(city, folder)


def app_over(city: SqlStore, folder: Path | None = None) -> Flask:
    """The app over an open store; `folder` is where its server.toml lies."""
    app = Flask("sync.server", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LIMIT
    app.extensions["city"] = city
    app.extensions["engine"] = city.engine
    app.extensions["folder"] = folder
    for pages in (console.console, console_pages.pages, console_acts.acts):
        app.register_blueprint(pages)
    handler = Handler(city)

    @app.route(f"{BASE}/<path:rest>", methods=["GET", "POST", "PUT"])
    def ksp(rest: str) -> ResponseReturnValue:
        path = f"{BASE}/{rest}"
        body = _received(path == f"{BASE}/photos")
        if len(body) >= LIMIT:  # of a body without a length the framework only cuts the end off
            raise RequestEntityTooLarge
        status, value = handler(request.method, path, dict(request.headers), body)
        return jsonify(value), status

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        if isinstance(error, ClientDisconnected):  # nobody judged a body that is not whole
            return _refusal(408)
        if isinstance(error, HTTPException):
            return _refusal(error.code or 500)
        fault(error)
        return _refusal(500)

    @app.after_request
    def headers(response: Response) -> Response:
        page = {} if request.path.startswith(BASE) else PAGE  # a laptop shows none
        for name, value in (HEADERS | page).items():
            response.headers[name] = value
        if request.is_secure:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        return response

    return app


def _received(cut_off: bool) -> bytes:
    """The body; with `cut_off` also what came of it before the line was cut."""
    length, pieces = request.content_length, []
    if length is None:
        return request.stream.read()
    if length >= LIMIT:
        raise RequestEntityTooLarge
    try:
        while length and (piece := request.environ["wsgi.input"].read(min(PIECE, length))):
            pieces.append(piece)
            length -= len(piece)
    except OSError:
        pass
    if length and not cut_off:
        raise ClientDisconnected
    return b"".join(pieces)


def _refusal(status: int) -> Response:
    """JSON for a laptop, a sentence for a person; never a page of the framework."""
    if request.path.startswith("/ksp"):
        body = json.dumps({"error": SAYS.get(status, "malformed")})
        return Response(body, status, mimetype="application/json")
    return console.sorry(status)
