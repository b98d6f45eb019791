"""Messages that no laptop of ours sends: one word of §7, and nothing is stored."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from sync import verify_ledger, wire
from sync.server import devices, sessions, store
from sync.server.app import create_server
from sync.server.exports import ledger_file
from sync.server.init import initialise
from sync.verify_ledger import GENESIS, entry_hash
from tests import city_rows

ROOT = Path(__file__).resolve().parents[2]
PRIVATE, PUBLIC = wire.new_signing_key()
HEAD = {"seq": 0, "hash": ""}
OP = {"op_id": "a", "n": 1, "trip": "t", "rec": ""}
PHOTO = {"id": "p", "trip": "t", "size": 9, "sha256": "", "seal": ""}


@pytest.fixture
def city(tmp_path: Path) -> FlaskClient:
    initialise(tmp_path / "city", "01999", "汐見市")
    return create_server(tmp_path / "city").test_client()


def enrol(city: FlaskClient, **other: Any) -> Any:
    asked = {"code": devices.new_code(city.application.extensions["city"]), "name": "A"}
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
                {"ops": [OP], "ledger": {**HEAD, "rows": "x"}},
                {"ops": [OP], "ledger": {**HEAD, "rows": [1]}},
                {"ops": [OP], "ledger": {**HEAD, "rows": ["x"]}},
                {"ops": [OP], "ledger": {**HEAD, "rows": ["[]"]}},
                {"ops": [OP], "ledger": {**HEAD, "rows": ['{"seq":-1}']}},
                {"ops": [OP], "ledger": {**HEAD, "rows": ['{"seq":1}'] * 1001}},
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
        for table in (store.op, store.photo, store.ledger_row):
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


# -- ledgers that do not continue the city's copy -------------------------------------------------
def row(seq: int, prev: str, what: str = "view") -> tuple[str, str]:
    body = wire.canonical({"seq": seq, "prev": prev, "act": what}).decode()
    return body, entry_hash(body)


R1, H1 = row(1, GENESIS)
R2, H2 = row(2, H1)
R3, H3 = row(3, H2)
X2, HX2 = row(2, H1, "other")
X3, HX3 = row(3, HX2)


def told(city: FlaskClient, seq: int, digest: str, rows: list[str] | None) -> Any:
    said = {"seq": seq, "hash": digest, **({} if rows is None else {"rows": rows})}
    body = {"v": 1, "ops": [], "photos": [PHOTO], "ledger": said}
    return json.loads(batch(city, json.dumps(body).encode()).json["receipt"]["body"])


@pytest.mark.parametrize(
    ("seq", "digest", "rows", "code"),
    [
        (3, H3, [R3], ""),
        (3, H3, [R1, R2, R3], ""),
        (3, H3, [R2, R3], ""),
        (2, H2, [], ""),
        (2, H2, None, ""),
        (9, "ff" * 32, [R3], ""),
        (9, "ff" * 32, None, ""),
        (1, H1, [], "ledger_behind"),
        (1, H1, None, "ledger_behind"),
        (1, H1, [R1], "ledger_behind"),
        (2, HX2, [], "ledger_fork"),
        (2, HX2, None, "ledger_fork"),
        (2, HX2, [X2], "ledger_fork"),
        (3, HX3, [X3], "ledger_fork"),
        (3, HX3, [X2, X3], "ledger_fork"),
        (3, HX3, [R1, X2, X3], "ledger_fork"),
        (3, H2, [R3], "ledger_fork"),
        (2, H2, [R2, R3], "ledger_fork"),
        (3, H3, [R3, R2], "ledger_fork"),
        (3, H3, [R3, R3], "ledger_fork"),
        (3, H3, [R1, R3], "ledger_fork"),
        (3, H3, [], "ledger_gap"),
        (9, H3, [row(9, H3)[0]], "ledger_gap"),
    ],
)
def test_it_takes_only_what_continues_its_copy(
    city: FlaskClient, seq: int, digest: str, rows: list[str] | None, code: str
) -> None:
    """The city has rows 1 and 2. A refusal stores nothing of the batch, and is signed."""
    assert enrol(city).status_code == 200
    assert told(city, 2, H2, [R1, R2])["ledger"] == {"seq": 2, "hash": H2}
    value = told(city, seq, digest, rows)
    reason = value["items"][0]["reason"] if value["items"] else ""
    assert (reason, value["kind"]) == (code, "ledger" if code else "ops")
    added = not code and R3 in (rows or [])
    assert value["ledger"] == ({"seq": 3, "hash": H3} if added else {"seq": 2, "hash": H2})
    again = told(city, seq, digest, rows)
    assert again == value, "the same body gets the same receipt, a refusal too"
    copied = ledger_of(city)
    assert [json.loads(x)["body"] for x in copied if b'"body"' in x and b"receipt" not in x] == [
        R1,
        R2,
        *([R3] if added else []),
    ]


def ledger_of(city: FlaskClient) -> list[bytes]:
    with city.application.extensions["city"].read() as shelf:
        return ledger_file(shelf, "K01").splitlines()


def test_an_old_head_that_the_rows_do_not_reach_is_a_fork(city: FlaskClient) -> None:
    """A laptop of before had named row 2 by another hash; now it sends rows."""
    assert enrol(city).status_code == 200
    assert told(city, 2, H2, None)["ledger"] == {"seq": 0, "hash": GENESIS}
    assert told(city, 3, HX3, [R1, X2, X3])["items"][0]["reason"] == "ledger_fork"
    assert told(city, 3, H3, [R1, R2, R3])["ledger"] == {"seq": 3, "hash": H3}


def test_a_batch_that_comes_twice_is_no_step_back(city: FlaskClient) -> None:
    """A line may deliver an old batch again after a newer one: the same receipt, no suspicion."""
    assert enrol(city).status_code == 200
    first = told(city, 2, H2, [R1, R2])
    assert told(city, 3, H3, [R3])["ledger"]["seq"] == 3
    assert told(city, 2, H2, [R1, R2]) == first
    assert city_rows.refusals(city.application.extensions["city"], "K01") == 0


def test_the_console_shows_the_copy_only_to_a_supervisor(city: FlaskClient) -> None:
    assert enrol(city).status_code == 200
    assert told(city, 2, H2, [R1, R2])["ledger"]["seq"] == 2
    assert told(city, 1, H1, [R1])["kind"] == "ledger"
    assert city.get("/ledger/K01.jsonl").status_code == 303
    store_ = city.application.extensions["city"]
    with store_.write() as shelf:
        city.set_cookie("ksp", sessions.begin(shelf, "suzuki"))
    assert city.get("/ledger/K01.jsonl").get_data().splitlines() == ledger_of(city)
    assert city.get("/ledger/K02.jsonl").status_code == 404
    page = city.get("/devices").get_data(as_text=True)
    assert "2行" in page and "1回：端末を調べてください" in page and "/ledger/K01.jsonl" in page


def test_the_command_line_gives_the_copy_and_the_keys(tmp_path: Path) -> None:
    initialise(tmp_path / "city", "01999", "汐見市")
    city = create_server(tmp_path / "city").test_client()
    assert enrol(city).status_code == 200
    assert told(city, 2, H2, [R1, R2])["ledger"]["seq"] == 2

    def run(*arguments: str) -> Any:
        command = [sys.executable, "-m", "sync.server", *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, check=False)

    copied = run("ledger", str(tmp_path / "city"), "K01")
    assert copied.stdout.splitlines() == ledger_of(city)
    assert run("ledger", str(tmp_path / "city"), "K09").returncode == 1
    assert run("ledger", str(tmp_path / "none"), "K01").returncode == 2
    keys = dict(line.split() for line in run("keys", str(tmp_path / "city")).stdout.splitlines())
    assert keys[b"K01"] == PUBLIC.hex().encode()
    file = tmp_path / "copy.jsonl"
    file.write_bytes(copied.stdout)
    key = keys[b"city"].decode()
    assert verify_ledger.main([str(file), "--public", key, "--city-public", key]) == 0
