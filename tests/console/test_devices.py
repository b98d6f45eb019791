"""Devices at the console: codes that come once, files for a stick, stopping for good."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sync import verify_ledger
from sync.client import Refused
from sync.ids import secret_of
from sync.server import audit, devices, ledgers
from sync.server import store as t
from sync.server.exports import ledger_file, trip_key
from sync.server.init import city_fingerprint
from sync.server.sqlstore import SqlStore
from tests.console.cast import make_laptop
from tests.console.conftest import Desk

ROOT = Path(__file__).resolve().parents[2]
CODE = re.compile(r"(?:[0-9A-Z]{4}-){6}[0-9A-Z]{2}")


def told(store: SqlStore) -> list[dict[str, Any]]:
    with store.read() as shelf:
        return [json.loads(body) for body, _ in audit.rows(shelf)]


def test_a_code_is_shown_once_with_the_fingerprint(inside: Desk, store: SqlStore) -> None:
    page = inside.act("/devices/code", profile="desk", how="show").get_data(as_text=True)
    code = CODE.search(page)
    assert code and city_fingerprint(store) in page
    assert code[0] not in inside.page("/devices")
    with store.read() as shelf:
        assert [one.profile for one in devices.unused(shelf)] == ["desk"]
    row = told(store)[-1]
    assert (row["actor"], row["act"], row["result"]) == ("suzuki", "enrol_code", "desk")
    assert code[0] not in json.dumps(told(store))


def test_the_file_for_a_stick_enrols_one_kit(inside: Desk, store: SqlStore, folder: Path) -> None:
    config = folder / "server.toml"
    had = config.read_text(encoding="utf-8") if config.exists() else ""
    config.write_text('url = "https://ksp.city.example"\n' + had, encoding="utf-8")
    answer = inside.act("/devices/code", profile="booth", how="file")
    value = json.loads(answer.get_data())
    name = re.search(r'filename="(enrol-[0-9a-f]{8}\.json)"', answer.headers["Content-Disposition"])
    assert name and value["code"] not in name[1]
    assert value["url"] == "https://ksp.city.example" and value["profile"] == "booth"
    assert value["fingerprint"] == city_fingerprint(store) and secret_of(value["code"])
    assert set(value) == {"v", "city", "city_name", "url", "fingerprint", "public", "seal_public",
                          "code", "profile", "expires_at"}  # fmt: skip


def test_a_withdrawn_code_enrols_nobody(
    inside: Desk, store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = devices.new_code(store)
    with store.read() as shelf:
        name = devices.unused(shelf)[0].name
    assert inside.act("/devices/withdraw", name=name).status_code == 303
    monkeypatch.setattr(devices, "new_code", lambda *_: code)
    with pytest.raises(Refused, match="bad_code"):
        make_laptop(store)
    assert not devices.withdraw(store, name) and not devices.withdraw(store, "")


def test_the_list_shows_what_each_device_holds(inside: Desk, store: SqlStore) -> None:
    laptop = make_laptop(store, "office")
    assert "0件" in inside.page("/devices")  # its own container is no visit
    make_laptop(store)
    page = inside.page("/devices")
    for text in ("K01", "訪問用A", "事務所", "有効", "1件", "/ledger/K01.jsonl", "停止する…"):
        assert text in page
    laptop.send(laptop.batch([]))
    assert inside.page("/devices").count("まだ</td>") == 1  # K02


def test_only_another_past_of_a_ledger_asks_for_the_laptop(inside: Desk, store: SqlStore) -> None:
    make_laptop(store)
    with store.write() as shelf:
        ledgers.refuse(shelf, "K01", "0" * 64, "old_epoch")  # the city itself was set back
    assert "調べてください" not in inside.page("/devices")
    with store.write() as shelf:
        ledgers.refuse(shelf, "K01", "1" * 64, "ledger_fork")
    assert "1回：端末を調べてください" in inside.page("/devices")


def test_the_overview_counts_what_waits_of_stopped_laptops(inside: Desk, store: SqlStore) -> None:
    laptop = make_laptop(store)
    devices.revoke(store, "K01")
    laptop.send(laptop.batch([laptop.save("reservation", "x" * 36, "", {})]))
    row = "停止した端末から届いたもの（判断待ち）</th><td>{}</td>"
    assert row.format(1) in inside.page("/")
    assert inside.act("/parked/K01/accept").status_code == 200
    assert row.format(0) in inside.page("/")


def test_stopping_asks_first_and_is_final(inside: Desk, store: SqlStore) -> None:
    laptop = make_laptop(store)
    assert "二度と送受信できません" in inside.page("/devices/K01/stop")
    assert laptop.send(laptop.batch([])).status == 200
    assert inside.act("/devices/K01/stop").status_code == 303
    laptop.n += 1
    assert laptop.send(laptop.batch([laptop.save("reservation", "x" * 36, "", {})])).value == {
        "error": "revoked"
    }
    assert "停止する…" not in inside.page("/devices")
    assert inside.web.get("/devices/K09/stop").status_code == 404
    assert inside.act("/devices/K09/stop").status_code == 404
    assert [row["act"] for row in told(store)][-1] == "revoke"


def test_the_own_ledger_can_be_checked_by_anybody(
    inside: Desk, store: SqlStore, tmp_path: Path
) -> None:
    laptop = make_laptop(store)
    assert trip_key(store, laptop.trip.id, "cli:test")
    inside.act("/devices/code", profile="field", how="show")
    data = inside.web.get("/ledger/server.jsonl").get_data()
    file = tmp_path / "server.jsonl"
    file.write_bytes(data)
    with store.read() as shelf:
        public = shelf.city().sign_public.hex()
        assert ledger_file(shelf, "server") == data
    command = [sys.executable, "-m", "sync.verify_ledger", str(file), "--public", public]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0
    made = verify_ledger.read_file(file)
    found = [json.loads(body)["act"] for body, _ in made.rows]
    assert found == ["supervisor_add", "console_login", "enrol_code", "trip_key", "enrol_code",
                     "ledger_export"]  # fmt: skip
    file.write_bytes(data.replace(b"trip_key", b"trip_xxx"))
    assert subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 1


def test_the_overview_says_when_the_own_ledger_was_rewritten(inside: Desk, store: SqlStore) -> None:
    assert "市サーバの記録簿は正しい" in inside.page("/")
    with store.write() as shelf:
        first = audit.rows(shelf)[0][0]
        shelf.conn.execute(
            t.audit.update().where(t.audit.c.seq == 1).values(body=first.replace("test", "nobo"))
        )
    assert "市サーバの記録簿の1行目" in inside.page("/")


def test_clashes_are_counted_and_not_shown(inside: Desk, store: SqlStore) -> None:
    from tests.console.test_handover import clash

    laptop = make_laptop(store)
    application, _ = laptop.case()
    clash(store, application, ["photo_id"])
    page = inside.page("/clashes")
    assert "1件" in page and application not in page
