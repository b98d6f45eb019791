"""Kill the kit, or the city, at every named place; start again; nothing is lost or done twice.

The names are read from the source, so that a new `fail.point` is killed here without being listed.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fieldkit import outbox, reserve, tripend
from fieldkit.city import enrol_device
from fieldkit.store import ledger, opening
from sync.fail import EXIT_CODE
from sync.server import store
from tests import city_rows
from tests.conftest import PASSPHRASE, SATO, start_city
from tests.flow.job import DAY, FIRST, JPEG, NAME, PEOPLE, settings_of

ROOT = Path(__file__).resolve().parent.parent.parent
POINT = re.compile(r'fail\.point\("([a-z_.]+)"\)')
# What this job does not pass: each prefix is killed by a test of its own.
ELSEWHERE = ("migrate.", "slots.", "giveup.", "card.", "handover.", "money.", "incentive.")
ELSEWHERE += ("restored.", "news.", "papers.", "usb.", "jlis.", "parked.", "settings.")
ELSEWHERE += ("pull.", "slip.", "decide.", "office.", "reserve.taken_off")
ELSEWHERE += ("init.", "key.", "recovery.", "store_key.", "backup.", "restore.", "upgrade.")
NAMES = sorted(
    name
    for top in ("fieldkit", "sync")
    for path in (ROOT / top).rglob("*.py")
    for name in POINT.findall(path.read_text(encoding="utf-8"))
    if not name.startswith(ELSEWHERE)
)
# Places that one job passes more than once, where a later passage is another act.
LATER = ["save.begun:7", "save.stored:7", "save.begun:8", "save.line:9", "save.stored:11"]
LATER += ["checkout.told:2", "close.facts:2", "sync.begin:2", "save.line:7"]
LATER += ["erase.file:2", "erase.folder:2", "end.city_told:2"]
KIT = [name for name in NAMES if not name.startswith("server.")] + LATER
SERVER = [name for name in NAMES if name.startswith("server.")]
SERVER += ["server.op_after:3", "server.part_after:2", "server.trip_after:2"]


def run_job(data: Path, url: str, fail: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.flow.job", str(data), url],
        cwd=ROOT,
        env={**os.environ, "KIT_FAIL": fail, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A city and a laptop enrolled with it, as a folder to copy."""
    folder = tmp_path_factory.mktemp("ready")
    city = start_city(folder / "city")
    made, _ = opening.create(settings_of(folder / "kit", city.url), SATO, PASSPHRASE)
    enrol_device(made, city.url, city.code(), city.fingerprint(), "訪問用A")
    made.close()
    city.stop()  # type: ignore[operator]
    city.engine.dispose()  # type: ignore[attr-defined]
    return folder


@pytest.fixture
def place(ready: Path, tmp_path: Path) -> Path:
    shutil.copytree(ready, tmp_path / "place")
    return tmp_path / "place"


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@contextmanager
def in_thread(folder: Path) -> Iterator[str]:
    """The city server in a thread of this process; its slow stop keeps nobody waiting."""
    city = start_city(folder)
    try:
        yield city.url
    finally:
        city.engine.dispose()  # type: ignore[attr-defined]
        threading.Thread(target=city.stop).start()  # type: ignore[arg-type]


@contextmanager
def serving(folder: Path, port: int, fail: str = "") -> Iterator[subprocess.Popen[str]]:
    """The city server as its own process, answering before this returns."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sync.server", "serve", str(folder), "--port", str(port)],
        cwd=ROOT,
        env={**os.environ, "KIT_FAIL": fail, "PYTHONIOENCODING": "utf-8"},
        stdout=subprocess.DEVNULL,
        text=True,
    )
    try:
        for _ in range(600):
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, "the server did not start"
            time.sleep(0.05)
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("fail", KIT)
def test_it_survives_a_kill_of_the_laptop(place: Path, fail: str) -> None:
    with in_thread(place / "city") as url:
        killed = run_job(place / "kit", url, fail)
        assert killed.returncode == EXIT_CODE, f"not on the path: {killed.stdout}{killed.stderr}"
        again = run_job(place / "kit", url)
        assert again.returncode == 0, again.stdout + again.stderr
        check_laptop(place, url)
        check_city(place)


@pytest.mark.parametrize("fail", SERVER)
def test_it_survives_a_kill_of_the_city(place: Path, fail: str) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with serving(place / "city", port, fail) as server:
        first = run_job(place / "kit", url)
        assert server.wait(30) == EXIT_CODE, "not on the path"
        told = fail.startswith("server.end_")  # the trip is erased: the city is only owed the news
        said = (first.returncode, first.stdout.strip())
        assert said in [(3, "no_server"), (3, "desk_locked"), *([(0, "")] if told else [])]
    with serving(place / "city", port):
        again = run_job(place / "kit", url)
        assert again.returncode == 0, again.stdout + again.stderr
        check_laptop(place, url)
        check_city(place)


def check_laptop(place: Path, url: str) -> None:
    data = place / "kit"
    vault = opening.unlock(settings_of(data, url), SATO.id, PASSPHRASE)
    try:
        rows = reserve.reception_list(vault)
        assert [r["reservation_id"] for r in rows] == list(PEOPLE)
        assert {(r["shared_on"], r["visited_on"], r["erased_on"]) for r in rows} == {(DAY,) * 3}
        money = vault.book.all("SELECT * FROM money ORDER BY number")
        assert [row["number"] for row in money] == list(range(1, len(money) + 1))
        assert len(money) <= len(PEOPLE) + 1, "one kill cuts off one number"
        issued = [row["application_id"] for row in money if row["state"] == "issued"]
        assert issued == list(PEOPLE.values())
        assert {r["reason"] for r in money if r["state"] != "issued"} <= {"interrupted"}
        facts = {row["id"]: row["count"] for row in vault.book.all("SELECT id, count FROM fact")}
        kinds: tuple[str, ...] = ("application", "fee")
        wanted = {f"{person}:{kind}" for person in PEOPLE.values() for kind in kinds}
        kinds = ("reservation", "visit", "deletion")
        wanted |= {f"{home}:{kind}" for home in PEOPLE for kind in kinds}
        assert facts == dict.fromkeys(wanted, 1)
        assert ledger.check(vault.book) is None
        assert tripend.owed(vault) == []
        assert outbox.waiting(vault) == {"waiting": 0, "parked": 0}
        assert {r["state"] for r in vault.book.all("SELECT state FROM photo")} == {"erased"}
        trips = vault.book.all("SELECT id, state FROM trip WHERE kind = 'field'")
        assert [t["state"] for t in trips] == ["wiped"]
        assert not (data / "trips" / trips[0]["id"]).exists()
        desks = vault.book.all("SELECT id, state, city_forgot FROM trip WHERE kind = 'desk'")
        assert [d["state"] for d in desks if d["city_forgot"] is None] == ["out"]
        assert {d["state"] for d in desks if d["city_forgot"]} == {"wiped"}
        assert [f.name for f in (data / "trips").iterdir()] == [
            d["id"] for d in desks if d["state"] == "out"
        ]
        desk = reserve.open_desk(vault)
        for table in ("record", "draft"):
            left = desk.db.one(f"SELECT count(*) AS n FROM {table}")
            assert left and left["n"] == 0, f"the desk still holds rows in {table}"
    finally:
        vault.close()
    files = [f for f in sorted(data.rglob("*")) if f.is_file()]
    assert [f.name for f in files if f.suffix in (".part", ".ph", ".seal")] == []
    everything = b"".join(f.read_bytes() for f in files)
    assert NAME.encode() not in everything and b"face-bytes-face-bytes-" not in everything


def check_city(place: Path) -> None:
    with city_rows.opened(place / "city") as city:
        if True:
            records = list(city_rows.docs(city).values())
            homes = [r.id for r in records if r.kind == "reservation"]
            people = [r.id for r in records if r.kind == "applicant"]
            made = {r.parent: r.body for r in records if r.kind == "application"}
            assert sorted(homes) == list(PEOPLE) and sorted(people) == sorted(PEOPLE.values())
            assert len(records) == 6 and sorted(made) == sorted(PEOPLE.values())
            for r in records:
                body = r.body
                assert r.kind != "reservation" or body["state"] == "visited"
                assert r.kind != "application" or body["state"] == "confirmed"
            numbers = {body["receipt_no"] for body in made.values()}
            assert numbers <= {"K01-00001", "K01-00002", "K01-00003"} and len(numbers) == 2
            kept = made[PEOPLE[FIRST]]["photo_id"]
            pictures = city_rows.rows(city, store.photo)
            assert [(p.id, p.state) for p in pictures] == [(kept, "stored")]
            assert city_rows.jpeg(city, kept) == JPEG
            lie = {f.name for f in (place / "city" / "photos").iterdir() if f.suffix != ".new"}
            assert lie == {f"{kept}.ph"}  # a `.new` goes once it is a minute old (test_leftovers)
            assert not city_rows.rows(city, store.clash)
            trips = city_rows.trips(city).values()
            ended = [t for t in trips if t.kind == "field"]
            assert [(t.state, t.secret) for t in ended] == [("ended", None)]
            desks = [t for t in trips if t.kind == "desk"]
            assert len([t for t in desks if t.state == "out"]) == 1
            assert {t.secret for t in desks if t.state == "ended"} == {None}
            numbers_sent = sorted(r.n for r in city_rows.rows(city, store.op))
            assert numbers_sent == list(range(1, len(numbers_sent) + 1))
            assert city_rows.chain_problem(city) is None


def test_it_does_the_whole_job_without_a_kill(place: Path) -> None:
    with in_thread(place / "city") as url:
        done = run_job(place / "kit", url)
        assert done.returncode == 0, done.stdout + done.stderr
        check_laptop(place, url)
        check_city(place)


def test_every_name_stands_once() -> None:
    assert len(NAMES) == len(set(NAMES)) and len(NAMES) > 40
    assert {name.split(":")[0] for name in (*KIT, *SERVER)} == set(NAMES)
