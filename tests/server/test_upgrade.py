"""A city of version 1 is brought to today's tables when it is opened, and works on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from sync import packet, wire
from sync.fail import EXIT_CODE
from sync.receipt import Receipt
from sync.server import keyfile, upgrade, verify_things
from sync.server import store as t
from sync.server.engine import raw_engine
from sync.server.handle import Handler
from sync.server.sqlstore import SqlStore, open_store
from sync.wire import b64, unb64
from tests import city_rows
from tests.needs import ROOT

DATA = Path(__file__).parent / "data"
POINTS = ("upgrade.copied", "upgrade.converted", "upgrade.committed")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    with tarfile.open(DATA / "city-v1.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path / "city"


@pytest.fixture
def story(place: Path) -> dict[str, Any]:
    made: dict[str, Any] = json.loads((place.parent / "story.json").read_text(encoding="utf-8"))
    return made


def check(city: SqlStore, place: Path, story: dict[str, Any]) -> None:
    """All of it is there, boxed, and proves what it proved."""
    jpeg = unb64(story["jpeg"])
    docs = city_rows.docs(city)
    home, form = docs[story["home"]], docs[story["form"]]
    assert home.body == {
        "address": f"汐見市{story['name']}", "state": "booked", "notes": "犬がいます",
        "phone": "0123",
    }  # fmt: skip
    assert docs[story["person"]].body == {"name": story["name"], "birth": "1950-01-01"}
    assert docs[story["person"]].parent == story["home"] and len(docs) == 4
    assert home.revs["phone"].device == "K02" and home.revs["address"].device == "K01"
    assert home.revs["notes"].trip_kind == "field" and home.rev == home.revs["notes"].seq
    assert set(form.revs) == {"state", "answers.q1", "answers.q2"}
    clashes = {json.loads(row.names)[0]: row for row in city_rows.rows(city, t.clash)}
    assert set(clashes) == {"address", "answers.q1"}
    told = city.box.open_json("clash", clashes["answers.q1"].id, clashes["answers.q1"].body)
    assert (told["kept"], told["other"]) == ({"answers.q1": "はい"}, {"answers.q1": "いいえ"})
    assert (told["kept_by"]["device"], told["other_by"]["device"]) == ("K01", "K02")
    assert {row.state for row in clashes.values()} == {"waiting"}
    for what, state in (("stored", "stored"), ("ended", "stored"), ("unproved", "coming")):
        with city.read() as shelf:
            row = shelf.photos([story[what]["id"]])[story[what]["id"]]
        sealed = city.blobs.get(row.id)
        assert row.state == state and sealed is not None, what
        if state == "stored":
            assert packet.open_photo(row.key, row.trip, row.id, sealed) == jpeg + what.encode()
    assert city.blobs.get(story["stored"]["id"]) == unb64(story["stored"]["ph"])
    trips = city_rows.trips(city)
    assert b64(trips[story["trip"]].secret or b"") == story["secret"]
    assert (trips[story["over"]].secret, trips[story["over"]].seal_private) == (None, b"")
    devices = {row.id: (row.profile, row.status) for row in city_rows.rows(city, t.device)}
    assert devices == {"K01": ("field", "active"), "K02": ("field", "revoked")}
    found = verify_things.look(city, place)
    assert found.wrong == [] and any("city.db.v1" in line for line in found.notes)
    for table in t.metadata.sorted_tables:
        for row in city_rows.rows(city, table):
            said = b"|".join(v if isinstance(v, bytes) else str(v).encode() for v in row)
            assert story["name"].encode() not in said and jpeg[:64] not in said, table.name


def test_a_city_of_version_1_works_on(place: Path, story: dict[str, Any]) -> None:
    city = open_store(place)
    check(city, place, story)
    kinds = {line.kind for line in city.side.lines()}
    assert kinds == {"D", "R", "T", "E"}
    handle, signer = Handler(city), wire.signing_private(unb64(story["K01"]["sign"]))

    def ask(purpose: str, path: str, body: bytes) -> dict[str, Any]:
        headers = {"KSP-Device": "K01", "KSP-Signature": wire.sign(signer, purpose, body)}
        status, told = handle("POST", f"/ksp/v1/{path}", headers, body)
        assert status == 200, told
        return told

    last = unb64(story["last_batch"])
    again = Receipt.from_json(ask("batch", "ops", last)["receipt"]).value["items"]
    before = Receipt.from_json(story["last_receipt"]).value["items"]
    assert again == [{**item, "answer": "already"} for item in before] and len(again) == 1
    photo = story["unproved"]
    ph = unb64(photo["ph"])
    declared = {"id": photo["id"], "trip": photo["trip"], "sha256": wire.sha256(ph),
                "size": len(ph), "seal": photo["seal"]}  # fmt: skip
    ledger = wire.parse(last)["ledger"]
    body = wire.canonical({"v": 1, "ops": [], "photos": [declared], "ledger": ledger})
    made = Receipt.from_json(ask("batch", "ops", body)["photos"][0]["receipt"])
    assert made.value["items"][0]["answer"] == "taken"
    assert city_rows.jpeg(city, photo["id"]) == unb64(story["jpeg"]) + b"unproved"
    told = ask("trip-end", f"trips/{story['trip']}/end", wire.canonical({"trip": story["trip"]}))
    assert Receipt.from_json(told["receipt"]).value["kind"] == "trip_end"
    assert verify_things.look(city, place).wrong == []
    city.close()


@pytest.mark.parametrize("fail", POINTS)
def test_a_kill_leaves_the_old_or_the_new(place: Path, story: dict[str, Any], fail: str) -> None:
    code = "import sys; from pathlib import Path; from sync.server.sqlstore import open_store;"
    code += "open_store(Path(sys.argv[1]))"
    env = {**os.environ, "KIT_FAIL": fail}
    done = subprocess.run([sys.executable, "-c", code, str(place)], cwd=ROOT, env=env, check=False)
    assert done.returncode == EXIT_CODE
    engine = raw_engine(place, "", t.read_key_file(place / keyfile.KEY))
    assert upgrade.version(engine) == (2 if fail == "upgrade.committed" else 1)
    with engine.connect() as conn:
        assert conn.execute(sa.text("SELECT count(*) FROM op")).scalar() == 7
    engine.dispose()
    city = open_store(place)
    check(city, place, story)
    city.close()


def test_the_copy_is_the_city_of_before(place: Path) -> None:
    open_store(place).close()
    key = t.read_key_file(place / keyfile.KEY)
    engine = raw_engine(place, "", key, "city.db.v1")
    assert upgrade.version(engine) == 1
    with engine.connect() as conn:
        assert conn.execute(sa.text("SELECT count(*) FROM photo WHERE jpeg IS NOT NULL")).scalar()
    engine.dispose()
