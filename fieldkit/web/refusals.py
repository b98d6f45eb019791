"""The one way in which an error reaches a person: a page with a sentence and what to do now."""

from __future__ import annotations

import traceback
from pathlib import Path

from flask import Flask, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import ClientDisconnected, HTTPException

from fieldkit import container
from fieldkit.errors import KitError
from fieldkit.web.common import page, vault

ACTION_JA = {
    "retry": "もう一度試してください。",
    "ask_supervisor": "監督者に連絡してください。",
    "stop": "作業を止めて、監督者に連絡してください。",
}
LOCKED = {"desk_locked": container.DESK, "office_locked": container.OFFICE}
STATUS = {"not_found": 404, "unknown_record": 404, "not_allowed": 403}


def install(app: Flask) -> None:
    """A sentence for everything that a view may raise, and `/health`."""

    @app.errorhandler(KitError)
    def kit_error(error: KitError) -> ResponseReturnValue:
        kind = LOCKED.get(error.code)
        if kind and request.method == "GET" and _is_page():
            row = container.row(vault(), kind)
            if row is not None:
                return redirect(f"/trip/{row['id']}/unlock")
        return _tell(error.sentence, error.action, error.code, STATUS.get(error.code, 400))

    @app.errorhandler(404)
    def not_found(_error: Exception) -> ResponseReturnValue:
        return _tell("この画面はありません。", "retry", "not_found", 404)

    @app.errorhandler(413)
    def too_large(_error: Exception) -> ResponseReturnValue:
        return _tell("送られたものが大きすぎます。", "retry", "too_large", 413)

    @app.errorhandler(ClientDisconnected)
    def too_slow(_error: Exception) -> ResponseReturnValue:
        sentence = "送るのに時間がかかりすぎたため、受け取れませんでした。もう一度送ってください。"
        return _tell(sentence, "retry", "too_slow", 408)

    @app.errorhandler(HTTPException)
    def not_served(error: HTTPException) -> ResponseReturnValue:
        sentence = "この操作はできません。画面を開き直してください。"
        return _tell(sentence, "retry", "bad_request", error.code or 400)

    @app.errorhandler(Exception)
    def broken(error: Exception) -> ResponseReturnValue:
        app.logger.error("%s at %s", type(error).__name__, _place(error))
        sentence = "思いがけない誤りが起きました。保存した内容は残っています。"
        return _tell(sentence, "ask_supervisor", "unexpected", 500)

    @app.get("/health")
    def health() -> ResponseReturnValue:
        return jsonify({"ok": True})


def _place(error: Exception) -> str:
    """Where an error arose. Its text may hold what was typed, so that is never logged."""
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames[-4:]))


def _is_page() -> bool:
    return "text/html" in request.headers.get("Accept", "")


def _tell(sentence: str, action: str, code: str, status: int) -> ResponseReturnValue:
    if not _is_page():
        return jsonify({"error": code, "says": sentence, "sentence": sentence}), status
    back = request.path if request.method == "GET" else "/"
    return (
        page(
            "error.html",
            sentence=sentence,
            action=action,
            action_ja=ACTION_JA[action],
            code=code,
            back="/" if back == request.path else back,
        ),
        status,
    )
