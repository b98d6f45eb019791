"""Full disks, dead lines, false receipts, wrong clocks, changed files: nothing is lost or believed.

Everything here is the real thing: a real small disk, a real server that lies or dies.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fieldkit import checkout, erase, outbox, reserve, tripend, visit
from fieldkit.city import enrol_device
from fieldkit.clock import JST
from fieldkit.errors import KitError
from fieldkit.settings import Settings
from fieldkit.store import opening, photos, records, slotfile
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.vault import Vault
from sync import wire
from sync.ids import secret_of
from sync.receipt import Receipt, issue
from sync.road import HttpRoad
from sync.server import devices
from sync.server.__main__ import make_http
from sync.server.app import create_server
from tests import city_rows
from tests.conftest import FAST, NOW, PASSPHRASE, SATO, CityServer
from tests.flow.test_kill import free_port, serving
from tests.flow.test_one_visit import DAY, JPEG, make_visit, take_reservation

BIG_JPEG = JPEG * 3
WRONG = "ちがう合言葉をいれました"


def a_visit(vault: Vault) -> tuple[OpenTrip, Any]:
    reservation_id = take_reservation(vault)
    trip = checkout.check_out(vault, reserve.open_desk(vault), DAY)
    return trip, reserve.slip(trip, reservation_id).applicants[0]


# -- a full disk ----------------------------------------------------------------------------------
@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real disk of 4 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    tool = shutil.which("mount")
    if tool is None:
        pytest.skip("NOT TESTED: no mount command, so no disk that can really be full")
    made = subprocess.run(
        [tool, "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)], capture_output=True
    )
    if made.returncode:
        pytest.skip("NOT TESTED: may not mount a small disk here (needs root on Linux)")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def fill(disk: Path, leave: int) -> Path:
    """Fill the disk up to its last `leave` bytes."""
    filler = disk / "filler"
    stat = os.statvfs(disk)
    free = stat.f_bavail * stat.f_frsize
    filler.write_bytes(b"\0" * max(0, free - leave))
    return filler


def test_a_full_disk_keeps_the_last_state(small_disk: Path, city: CityServer) -> None:
    kit = small_disk / "kit"
    settings = Settings(data_dir=kit, server_url=city.url, argon2=FAST, clock=lambda: NOW)
    vault, _ = opening.create(settings, SATO, PASSPHRASE)
    enrol_device(vault, city.url, city.code(), city.fingerprint(), "訪問用A")
    trip, applicant = a_visit(vault)
    visit.save_application(vault, trip, applicant, {"answers": {"a": "0"}})
    outbox.sync(vault)
    said = "0"
    refused = 0
    for leave in range(0, 128 * 1024, 4096):  # the disk ends in another step each time
        filler = fill(small_disk, leave)
        wanted = f"{leave}-" + "あ" * 2000
        try:
            visit.save_application(vault, trip, applicant, {"answers": {"a": wanted}})
            said = wanted
        except KitError as error:
            assert error.code == "disk_full", error.code
            refused += 1
        now = visit.application(trip, applicant.id)
        assert now is not None and now.get("answers") == {"a": said}, leave
        filler.unlink()
    assert 0 < refused < 32, "the table must have both: refused saves and saves that fitted"
    filler = fill(small_disk, 0)
    before = sorted(p.name for p in trip.folder.iterdir())
    with pytest.raises(KitError) as caught:
        photos.seal(vault, trip, applicant.id, JPEG)
    assert caught.value.code == "disk_full"
    left = {p for p in trip.folder.iterdir() if p.name not in before and p.stat().st_size}
    assert {p.suffix for p in left} <= {".seal"}, "at most a key of no photo, swept at the start"
    filler.unlink()
    visit.save_application(vault, trip, applicant, {"answers": {"a": "last"}})
    photos.keep(vault, photos.seal(vault, trip, applicant.id, JPEG))
    outbox.sync(vault)
    assert outbox.waiting(vault) == {"waiting": 0, "parked": 0}
    now = visit.application(trip, applicant.id)
    assert now is not None
    assert city_rows.bodies(city.store)[now.id]["answers"] == {"a": "last"}
    vault.close()


def test_a_sealed_save_without_its_number_still_blocks_the_erasing(vault: Vault) -> None:
    trip_id, _, _ = make_visit(vault)
    outbox.sync(vault)
    assert tripend.blockers(vault, trip_id) == []
    with vault.book.write() as conn:
        conn.execute("DELETE FROM outbox WHERE n = (SELECT max(n) FROM outbox)")
    assert "届いていない保存が1件" in tripend.blockers(vault, trip_id)[0]


def test_a_stopped_laptop_says_so_and_keeps_everything(vault: Vault, city: CityServer) -> None:
    make_visit(vault)
    before = outbox.waiting(vault)
    assert before["waiting"] > 0
    assert devices.revoke(city.store, "K01")
    with pytest.raises(KitError) as stopped:
        outbox.sync(vault)
    assert "停止されています" in stopped.value.sentence
    assert outbox.waiting(vault) == before


def test_a_slip_in_the_fingerprint_does_not_use_up_the_code(
    settings: Settings, city: CityServer
) -> None:
    vault, _ = opening.create(settings, SATO, PASSPHRASE)
    code = city.code()
    with pytest.raises(KitError):
        enrol_device(vault, city.url, code, "0000-0000-0000-0000-0000", "A")
    assert enrol_device(vault, city.url, code, city.fingerprint(), "A") == "K01"
    vault.close()


# -- a line that dies -----------------------------------------------------------------------------
def test_a_photo_goes_on_where_the_line_died(
    vault: Vault, city: CityServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    trip, applicant = a_visit(vault)
    photo_id = photos.seal(vault, trip, applicant.id, BIG_JPEG)
    photos.keep(vault, photo_id)
    outbox_bytes: list[int] = []
    real = HttpRoad.send

    def counted(road: HttpRoad, method: str, path: str, body: bytes, headers: Any) -> Any:
        answer = real(road, method, path, body, headers)
        if method == "PUT":
            outbox_bytes.append(len(body))
        return answer

    monkeypatch.setattr(HttpRoad, "send", counted)
    monkeypatch.setattr(wire, "PART_LIMIT", 256 * 1024)  # here only: the city takes more
    city.stop()  # type: ignore[operator]
    port = free_port()
    vault.settings = replace(vault.settings, server_url=f"http://127.0.0.1:{port}")
    with serving(city.folder, port, "server.part_before:3"):
        with pytest.raises(KitError) as caught:
            outbox.sync(vault)
        assert caught.value.code == "no_server"
    size = photos.row_of(vault, photo_id)["size"]
    assert outbox_bytes == [wire.PART_LIMIT] * 2
    assert photos.row_of(vault, photo_id)["state"] == "queued"
    outbox_bytes.clear()
    with serving(city.folder, port):
        progress = outbox.sync(vault)
    assert sum(outbox_bytes) == size - 2 * wire.PART_LIMIT
    assert progress.bytes_done == progress.bytes_total
    assert photos.row_of(vault, photo_id)["state"] == "erased"


# -- receipts that must not be believed -----------------------------------------------------------
Change = Callable[[dict[str, Any]], Any]


@contextmanager
def lying_city(folder: Path, path: str, change: Change) -> Iterator[str]:
    """The real city server, whose answers on `path` are changed on the way."""
    app = create_server(folder)

    def wrapped(environ: Any, start_response: Any) -> list[bytes]:
        told: list[Any] = []
        body = b"".join(app(environ, lambda status, headers, exc=None: told.append(status)))
        if environ["PATH_INFO"].startswith(path):
            changed = change(json.loads(body))
            body = changed if isinstance(changed, bytes) else wire.canonical(changed)
        start_response(told[0], [("Content-Length", str(len(body)))])
        return [body]

    server = make_http(wrapped, "127.0.0.1", 0)
    server.prepare()
    threading.Thread(target=server.serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.bind_addr[1]}"
    finally:
        server.stop()


def city_key(city: CityServer) -> Any:
    with city.store.read() as shelf:
        return wire.signing_private(shelf.city().sign_private)


def lies(city: CityServer, replayed: Receipt) -> dict[str, Change]:
    """Every lie, as a change of the answer that carries a receipt."""

    def with_receipt(make: Callable[[dict[str, Any]], Receipt]) -> Change:
        def change(answer: dict[str, Any]) -> dict[str, Any]:
            if "receipt" not in answer:
                return answer
            value = json.loads(answer["receipt"]["body"])
            return {**answer, "receipt": make(value).to_json()}

        return change

    stranger = wire.signing_private(wire.new_signing_key()[0])

    def digest(value: dict[str, Any]) -> Receipt:
        for item in value["items"]:
            item["sha256"] = "0" * 64
        return issue(city_key(city), value)

    def unsigned(value: dict[str, Any]) -> Receipt:
        value["seq"] += 1
        return Receipt(wire.canonical(value), issue(stranger, value).signature)

    return {
        "another key": with_receipt(lambda value: issue(stranger, value)),
        "another device": with_receipt(lambda v: issue(city_key(city), {**v, "device": "K99"})),
        "another city": with_receipt(lambda v: issue(city_key(city), {**v, "city": "01998"})),
        "another digest": with_receipt(digest),
        "a changed body": with_receipt(unsigned),
        "a receipt of another object": with_receipt(lambda value: replayed),
        "a captive portal": lambda answer: b"<html><body>Please log in</body></html>",
        "an empty answer": lambda answer: {},
        "a list": lambda answer: b"[]",
    }


LIES = sorted(lies(None, None))  # type: ignore[arg-type]
NO_ANSWER = ("a captive portal", "a list", "another digest", "a receipt of another object")
"""The laptop asks again, where nobody lies: the city has the photo, and says so."""


def an_old_receipt(vault: Vault) -> Receipt:
    row = vault.book.one("SELECT body, signature FROM receipt ORDER BY seq LIMIT 1")
    assert row is not None
    return Receipt(row["body"].encode(), row["signature"])


@pytest.mark.parametrize("lie", LIES)
def test_it_erases_no_photo_for_a_false_receipt(vault: Vault, city: CityServer, lie: str) -> None:
    trip_id, _, photo_id = make_visit(vault)
    real = vault.settings
    file, _ = photos.files_of(vault, trip_id, photo_id)
    was = file.read_bytes()
    change = lies(city, an_old_receipt(vault))[lie]
    with lying_city(city.folder, "/ksp/v1/photos/", change) as url:
        vault.settings = replace(real, server_url=url)
        if lie in NO_ANSWER:
            outbox.sync(vault)
        else:
            with pytest.raises(KitError) as caught:
                outbox.sync(vault)
            assert caught.value.code in ("bad_receipt", "no_server")
    row = photos.row_of(vault, photo_id)
    if lie in NO_ANSWER:
        assert row["state"] == "erased" and tripend.blockers(vault, trip_id) == []
        return
    assert (row["state"], row["reason"], row["receipt"]) == ("queued", "", None)
    assert file.read_bytes() == was
    assert tripend.owed(vault) == [] and tripend.blockers(vault, trip_id)
    with pytest.raises(KitError):
        erase.erase_photo(vault, photo_id, "receipt")


@pytest.mark.parametrize("lie", LIES)
def test_it_marks_no_save_for_a_false_receipt(vault: Vault, city: CityServer, lie: str) -> None:
    trip_id, _, _ = make_visit(vault)
    done = "SELECT op_id FROM outbox WHERE state = 'receipted' ORDER BY n"
    before = [row["op_id"] for row in vault.book.all(done)]
    kept = vault.book.all("SELECT digest FROM receipt")
    change = lies(city, an_old_receipt(vault))[lie]
    with lying_city(city.folder, "/ksp/v1/ops", change) as url:
        vault.settings = replace(vault.settings, server_url=url)
        with pytest.raises(KitError) as caught:
            outbox.sync(vault)
        assert caught.value.code in ("bad_receipt", "no_server")
        assert len(vault.book.all("SELECT digest FROM receipt")) == len(kept)
        assert outbox.waiting(vault)["parked"] == 0, "only a signed refusal parks"
    assert [row["op_id"] for row in vault.book.all(done)] == before
    assert (vault.settings.data_dir / "trips" / trip_id / "saves.rec").stat().st_size > 0
    with pytest.raises(KitError):
        tripend.end_trip(vault, trip_id, ("佐藤", "鈴木"))


# -- clocks ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("year", [1970, 2024, 2061, 2099])
def test_it_does_not_start_with_an_absurd_clock(vault: Vault, year: int) -> None:
    wrong = replace(vault.settings, clock=lambda: datetime(year, 1, 1, tzinfo=JST))
    with pytest.raises(KitError) as caught:
        opening.unlock(wrong, SATO.id, PASSPHRASE)
    assert caught.value.code == "clock"


def try_login(
    settings: Settings, at: datetime, passphrase: str = "ちがう合言葉をいれました"
) -> str:
    """The code of the error, or an empty text where the door opened. Each call is a new start."""
    try:
        opening.unlock(replace(settings, clock=lambda: at), SATO.id, passphrase).close()
    except KitError as error:
        return error.code
    return ""


def test_the_delay_grows_and_outlives_a_restart(vault: Vault) -> None:
    settings, at = vault.settings, NOW
    assert [try_login(settings, at) for _ in range(3)] == ["wrong_login"] * 3
    for wait in (2, 4, 8, 16):
        assert try_login(settings, at + timedelta(seconds=wait - 1), PASSPHRASE) == "wait"
        at += timedelta(seconds=wait)
        assert try_login(settings, at) == "wrong_login"
    assert try_login(settings, at + timedelta(seconds=32), PASSPHRASE) == ""
    assert try_login(settings, at) == "wrong_login", "the count begins anew after a right one"
    assert try_login(settings, at, PASSPHRASE) == ""


def test_a_clock_set_back_neither_shortens_the_delay_nor_locks_for_years(vault: Vault) -> None:
    settings = vault.settings
    for _ in range(3):
        assert try_login(settings, NOW) == "wrong_login"
    back = NOW - timedelta(days=365)
    assert try_login(settings, back, PASSPHRASE) == "wait"
    assert try_login(settings, back + timedelta(seconds=1), PASSPHRASE) == "wait"
    after = back + timedelta(seconds=2)  # the wait is over; what is left is to look at the clock
    assert try_login(settings, after, PASSPHRASE) == "clock_back"
    assert try_login(settings, NOW, PASSPHRASE) in ("wait", "")
    assert try_login(settings, NOW + timedelta(seconds=2), PASSPHRASE) == ""


# -- changed files, wrong codes -------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "value"), [("role", "supervisor"), ("name", "別の人"), ("user", "suzuki")]
)
def test_a_changed_slot_does_not_open(vault: Vault, name: str, value: str) -> None:
    path = vault.settings.data_dir / "slots.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    mine = next(slot for slot in told["slots"] if slot["user"] == SATO.id)
    mine[name] = value
    path.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
    with pytest.raises(KitError) as caught:
        opening.unlock(vault.settings, mine["user"], PASSPHRASE)
    assert caught.value.code == "slots_damaged"
    slotfile.write(path, told["slots"])  # somebody who also makes the checksums anew
    with pytest.raises(KitError) as caught:
        opening.unlock(vault.settings, mine["user"], PASSPHRASE)
    assert caught.value.code == "wrong_login"


def test_a_slots_file_that_is_none_says_so(vault: Vault) -> None:
    (vault.settings.data_dir / "slots.json").write_text("{}", encoding="utf-8")
    with pytest.raises(KitError) as caught:
        opening.unlock(vault.settings, SATO.id, PASSPHRASE)
    assert caught.value.code == "slots_damaged"


def test_a_wrong_trip_code_opens_nothing(vault: Vault) -> None:
    trip, _ = a_visit(vault)
    trip_id, right = trip.id, trip.secret
    vault.forget_trip(trip_id)
    with pytest.raises(KitError) as caught:
        vault.open_trip(trip_id, bytes(16))
    assert caught.value.code == "wrong_code" and trip_id not in vault.trips
    with pytest.raises(KitError) as caught:
        vault.trip(trip_id)
    assert caught.value.code == "trip_locked"
    for typed in ("", "ABC", "U" * 26, "Z" * 26):
        with pytest.raises(ValueError):
            secret_of(typed)
    assert records.find(vault.open_trip(trip_id, right), "applicant")


KILLED_BIRTH = """
import sys
from pathlib import Path
from fieldkit.store import opening
from fieldkit.store.keyslots import User
from tests.flow.job import PASSPHRASE, settings_of
opening.create(settings_of(Path(sys.argv[1]), ""), User("sato", "佐藤 花", "field"), PASSPHRASE)
"""


@pytest.mark.parametrize("fail", ["file.part:1", "file.part:2", "file.part:3"])
def test_a_kill_while_the_vault_is_made_leaves_room_for_a_new_one(
    tmp_path: Path, fail: str
) -> None:
    root = Path(__file__).resolve().parent.parent.parent
    run = [sys.executable, "-c", KILLED_BIRTH, str(tmp_path / "kit")]
    killed = subprocess.run(run, cwd=root, env={**os.environ, "KIT_FAIL": fail})
    assert killed.returncode == 137
    settings = Settings(data_dir=tmp_path / "kit", argon2=FAST, clock=lambda: NOW)
    assert not opening.exists(settings), "half a vault must not look like one"
    made, _ = opening.create(settings, SATO, PASSPHRASE)
    made.close()
    opening.unlock(settings, SATO.id, PASSPHRASE).close()
    assert list(tmp_path.rglob("*.part")) == []
