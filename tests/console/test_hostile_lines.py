"""What a hostile client gets out of the app itself: errors, logs, and the road of a browser."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sync import packet, wire
from sync.ids import new_id
from sync.server.app import app_over
from sync.server.serve import Front, path_class
from sync.server.sqlstore import SqlStore
from sync.server.trouble import FAULTS
from sync.wire import b64, canonical
from tests.console.cast import Laptop, make_laptop

PERSON = "汐見 花子"


@pytest.fixture
def laptop(store: SqlStore) -> Laptop:
    return make_laptop(store)


def sealed(laptop: Laptop, plain: bytes) -> dict[str, Any]:
    """A save whose inside is whatever it is."""
    laptop.n += 1
    op_id, trip = new_id(), laptop.trip
    where = packet.context("record", trip.id, op_id)
    rec = packet.RECORD_MAGIC + packet.hpke_seal(trip.public, plain, where)
    return {"op_id": op_id, "n": laptop.n, "trip": trip.id, "rec": b64(rec)}


ODD: dict[str, bytes] = {
    "nan": b'{"set":{"a":NaN}}',
    "infinity": b'{"base":1e999}',
    "surrogate": b'{"op_id":"\\ud800"}',
    "deep": b"[" * 50_000 + b"]" * 50_000,
    "deep inside": b'{"set":{"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}}",
    "digits": b'{"base":' + b"9" * 5_000 + b"}",
    "no object": b'"x"',
    "latin": b'{"a":"\xe9"}',
    "utf-16": '{"a":1}'.encode("utf-16"),
    "nothing": b"",
}


@pytest.mark.parametrize("what", sorted(ODD))
def test_no_inside_of_a_save_is_a_fault(
    store: SqlStore, laptop: Laptop, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each is refused by name, and the save behind it is taken."""
    good = laptop.save("reservation", new_id(), "", {"notes": PERSON})
    answer = laptop.send(laptop.batch([sealed(laptop, ODD[what]), good]))
    items = wire.parse(answer.value["receipt"]["body"].encode())["items"]
    assert [one["answer"] for one in items] == ["refused", "taken"]
    assert items[0]["reason"] == "wrong_format"
    said = capsys.readouterr()
    assert said.err == said.out == ""


@pytest.mark.parametrize(
    "odd",
    [
        {"set": {"a": [[[1]]], "": {}, "answers.x.y": 1, "answers": {"": 1}, "sheet_x": 3}},
        {"set": {"state": ["confirmed"], "consents": {"a": 1}, "spoiled": "x", "answers": [1]}},
        {"set": {"state": {"a": 1}, "visit_date": 7, "birth": ["x"], "name": {"a": 1}}},
        {"set": {f"f{n}": n for n in range(3_000)}},
        {"set": {"sheet_a.at": {"a": 1}, "id_check": 3, "photo_id": None}},
        {"set": {"notes": "x"}, "remove": "yes", "parent": None},
        {"set": {"notes": "x"}, "remove": [], "parent": 0},
    ],
)  # fmt: skip
@pytest.mark.parametrize("entity", ["reservation", "applicant", "application", "x"])
def test_no_shape_of_a_field_is_a_fault(
    store: SqlStore, laptop: Laptop, odd: dict[str, Any], entity: str
) -> None:
    """Twice over each other, then as news to an office: always an answer, never `internal`."""
    one = new_id()
    for base in (0, 0, 1):
        op_id = new_id()
        laptop.n += 1
        told = {"op_id": op_id, "entity": entity, "id": one, "parent": "", "base": base,
                "actor": "sato", "at": "2026-07-01T09:30:00+09:00", **odd}  # fmt: skip
        rec = packet.seal_record(laptop.trip.public, laptop.trip.id, op_id, told)
        op = {"op_id": op_id, "n": laptop.n, "trip": laptop.trip.id, "rec": b64(rec)}
        assert laptop.send(laptop.batch([op])).status == 200
    office = make_laptop(store, "office")
    ledger = {"seq": 0, "hash": "0" * 64, "rows": []}
    asked = office.client.batch(ledger=ledger, pull={office.trip.id: 0})
    assert office.send(asked).status == 200


def test_the_same_key_twice_is_one_value(store: SqlStore, laptop: Laptop) -> None:
    """Everybody reads the last one; the digest of the batch is over the bytes."""
    one = laptop.save("reservation", new_id(), "", {"notes": "x"})
    body = b'{"v":9,"ops":[],"photos":[],"ops":[' + canonical(one) + b'],"v":1}'
    answer = laptop.send(laptop.client.request("POST", "/ksp/v1/ops", "batch", body))
    assert len(wire.parse(answer.value["receipt"]["body"].encode())["items"]) == 1
    assert laptop.send(laptop.client.request("POST", "/ksp/v1/ops", "batch", body)) .value[
        "receipt"
    ] == answer.value["receipt"]  # fmt: skip


@pytest.mark.parametrize("fault", [ValueError, KeyError, RecursionError, OSError, MemoryError])
def test_a_fault_tells_its_kind_and_nothing_else(
    store: SqlStore, laptop: Laptop, fault: type[Exception], capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """In the log, in the answer, and in the line of the access log."""

    def broken(*_: Any) -> Any:
        raise fault(PERSON)

    monkeypatch.setattr("sync.server.inbox.take_batch", broken)
    lines: list[str] = []
    app = app_over(store)
    app.wsgi_app = Front(app.wsgi_app, log=lines.append)  # type: ignore[method-assign]
    asked = laptop.batch([laptop.save("reservation", new_id(), "", {"notes": PERSON})])
    answer = app.test_client().post(asked.path, data=asked.body, headers=asked.headers)
    assert (answer.status_code, answer.json) == (500, {"error": "internal"})
    said = capsys.readouterr().err + "".join(lines)
    assert f"error {fault.__name__} at " in said and "花子" not in said
    assert laptop.device not in said and laptop.trip.id not in said
    assert issubclass(fault, (*FAULTS, OSError, MemoryError))


def test_the_store_says_no_value_in_its_errors(store: SqlStore) -> None:
    """What a database complains of may be a name: it says the question and not the values."""
    import sqlalchemy as sa

    from sync.server import store as t

    with pytest.raises(sa.exc.StatementError) as caught, store.engine.begin() as conn:
        conn.execute(t.meta.insert(), [{"name": PERSON, "value": None}])
    assert "花子" not in str(caught.value)


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/devices/花子/stop", "/devices/*"), ("/clashes", "/clashes"), ("/花子", "other"),
     ("/ksp/v1/photos/" + "a" * 36, "/ksp/v1/photos/*"), ("/ksp/v1/花子", "other"),
     ("//devices//花子", "/devices/*"), ("/ksp/v1/../../花子", "other"), ("", "/")],
)  # fmt: skip
def test_the_log_knows_kinds_of_paths(path: str, kind: str) -> None:
    assert path_class(path) == kind


def test_a_bad_body_is_json_too(store: SqlStore, laptop: Laptop) -> None:
    web = app_over(store).test_client()
    for body in (b"", b"\0", b"[]", b'"x"', b"{", b"\xff\xfe"):
        asked = laptop.client.request("POST", "/ksp/v1/ops", "batch", body)
        answer = web.post(asked.path, data=asked.body, headers=asked.headers)
        assert answer.status_code == 400, body
        assert json.loads(answer.get_data())["error"] in ("malformed", "other_version")
