"""The HTTP face of the city server: thin, stateless, every body signed (sync/PROTOCOL.md §4)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue

from sync import wire
from sync.server import devices, inbox, photos, receipts, store
from sync.server.console import console
from sync.wire import WireError, b64, canonical

STATUS = {
    "bad_signature": 401,
    "unknown_device": 401,
    "revoked": 403,
    "bad_code": 403,
    "unknown_trip": 404,
    "unknown_photo": 404,
    "trip_ended": 410,
}


def create_server(folder: Path) -> Flask:
    """The app over an initialised server folder; RuntimeError where `init` was not run."""
    engine = store.open_store(folder)
    with engine.connect() as conn:
        if conn.execute(sa.select(store.city.c.code)).first() is None:
            raise RuntimeError("the city server is not initialised: run `sync.server init` first")
    app = Flask("sync.server", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 2 * wire.BATCH_LIMIT
    app.extensions["engine"] = engine
    app.register_blueprint(console)
    _routes(app, engine)

    @app.errorhandler(WireError)
    def wire_error(error: WireError) -> ResponseReturnValue:
        return jsonify({"error": error.code}), STATUS.get(error.code, 400)

    @app.after_request
    def headers(response: Response) -> Response:
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'self'"
        return response

    return app


def _signed(engine: sa.Engine, purpose: str, body: bytes) -> Any:
    device = request.headers.get("KSP-Device", "")
    signature = request.headers.get("KSP-Signature", "")
    return devices.authenticate(engine, device, purpose, body, signature)


def _asked(body: bytes) -> dict[str, Any]:
    value = wire.parse(body)
    if not isinstance(value, dict):
        raise WireError("malformed")
    return value


def _routes(app: Flask, engine: sa.Engine) -> None:
    @app.get("/ksp/v1/info")
    def info() -> ResponseReturnValue:
        with engine.connect() as conn:
            city = conn.execute(sa.select(store.city)).one()
        return jsonify(
            {
                "v": wire.PROTOCOL,
                "city": city.code,
                "city_name": city.name,
                "epoch": city.epoch,
                "public": b64(city.sign_public),
                "now": receipts.now(),
            }
        )

    @app.post("/ksp/v1/enrol")
    def enrol() -> ResponseReturnValue:
        return jsonify(devices.enrol(engine, _asked(request.get_data())))

    @app.post("/ksp/v1/trips")
    def trips() -> ResponseReturnValue:
        body = request.get_data()
        device = _signed(engine, "trip-request", body)
        return jsonify(devices.make_trip(engine, device, _asked(body)))

    @app.post("/ksp/v1/trips/<trip_id>/secret")
    def trip_secret(trip_id: str) -> ResponseReturnValue:
        body = request.get_data()
        device = _signed(engine, "trip-secret", body)
        if _asked(body).get("trip") != trip_id:
            raise WireError("malformed")
        return jsonify(devices.trip_again(engine, device, trip_id))

    @app.post("/ksp/v1/trips/<trip_id>/end")
    def trip_end(trip_id: str) -> ResponseReturnValue:
        body = request.get_data()
        device = _signed(engine, "trip-end", body)
        if _asked(body).get("trip") != trip_id:
            raise WireError("malformed")
        return jsonify(inbox.end_trip(engine, device, trip_id))

    @app.post("/ksp/v1/ops")
    def ops() -> ResponseReturnValue:
        body = request.get_data()
        return jsonify(inbox.take_batch(engine, _signed(engine, "batch", body), body))

    @app.put("/ksp/v1/photos/<photo_id>")
    def part(photo_id: str) -> ResponseReturnValue:
        data = request.get_data()
        try:
            start = int(request.headers.get("Upload-Offset", ""))
        except ValueError:
            raise WireError("malformed") from None
        said = canonical({"photo": photo_id, "start": start, "sha256": wire.sha256(data)})
        device = _signed(engine, "part", said)
        if len(data) > wire.PART_LIMIT:
            raise WireError("too_large")
        return jsonify(photos.take_part(engine, device, photo_id, start, data))
