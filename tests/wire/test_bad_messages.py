"""Messages that no laptop of ours sends: one word of §7, and nothing is stored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from sync import wire
from sync.server import devices, store
from sync.server.app import create_server
from sync.server.init import initialise

PRIVATE, PUBLIC = wire.new_signing_key()
HEAD = {"seq": 0, "hash": ""}
OP = {"op_id": "a", "n": 1, "trip": "t", "rec": ""}
PHOTO = {"id": "p", "trip": "t", "size": 9, "sha256": "", "seal": ""}


@pytest.fixture
def city(tmp_path: Path) -> FlaskClient:
    initialise(tmp_path / "city", "01999", "汐見市")
    return create_server(tmp_path / "city").test_client()


def enrol(city: FlaskClient, **other: Any) -> Any:
    asked = {"code": devices.new_code(city.application.extensions["engine"]), "name": "A"}
    asked |= {"sign_public": wire.b64(PUBLIC), "seal_public": wire.b64(PUBLIC), **other}
    return city.post("/ksp/v1/enrol", data=json.dumps(asked))


def batch(city: FlaskClient, body: bytes) -> Any:
    signature = wire.sign(wire.signing_private(PRIVATE), "batch", body)
    headers = {"KSP-Device": "K01", "KSP-Signature": signature}
    return city.post("/ksp/v1/ops", data=body, headers=headers)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"v":1,"x":NaN}',
        b'{"v":1,"x":"\\ud800"}',
        *(
            json.dumps({"v": 1, "ops": [], "photos": [], "ledger": HEAD, **odd}).encode()
            for odd in (
                {"ops": [{**OP, "n": 10**30}]},
                {"ops": [{**OP, "n": -1}]},
                {"ops": [{**OP, "n": "1"}]},
                {"ops": [{**OP, "rec": "YR=="}]},
                {"ops": [OP], "ledger": "x"},
                {"ops": [OP], "ledger": {"seq": "x", "hash": ""}},
                {"ops": [OP], "ledger": {"seq": 10**30, "hash": ""}},
                {"photos": [{**PHOTO, "size": float("inf")}]},
            )
        ),
    ],
)
def test_it_calls_a_bad_batch_malformed(city: FlaskClient, body: bytes) -> None:
    assert enrol(city).status_code == 200
    answer = batch(city, body)
    assert (answer.status_code, answer.json) == (400, {"error": "malformed"})
    with city.application.extensions["engine"].connect() as conn:
        for table in (store.op, store.photo):
            assert conn.execute(sa.select(table)).first() is None


@pytest.mark.parametrize(
    ("odd", "error"),
    [
        ({"sign_public": wire.b64(b"short")}, "malformed"),
        ({"seal_public": ""}, "malformed"),
        ({"name": "\ud800"}, "malformed"),
        ({"code": "JUNK"}, "bad_code"),
    ],
)
def test_it_enrols_nobody_with_bad_keys(city: FlaskClient, odd: dict[str, Any], error: str) -> None:
    assert enrol(city, **odd).json == {"error": error}
    with city.application.extensions["engine"].connect() as conn:
        assert conn.execute(sa.select(store.device)).first() is None
