"""A vault of an older version opens, works and ends; a kill in a migration harms nothing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fieldkit import outbox, reserve, tripend, visit
from fieldkit.errors import KitError
from fieldkit.settings import Settings
from fieldkit.store import ledger, migrations, opening, photos, records
from fieldkit.store.db import Database
from fieldkit.store.schema import BOOK_STEPS, TRIP_STEPS
from fieldkit.store.vault import Vault
from sync.fail import EXIT_CODE
from sync.ids import secret_of
from tests.conftest import FAST, NOW, start_city
from tests.needs import ROOT
from tests.store.old_vault import OldVault, unpack

KEY = bytes(range(32))
OPEN = """
import sys
from pathlib import Path
from fieldkit.store import opening
from sync.ids import secret_of
from tests.flow.job import PASSPHRASE, settings_of
opened = opening.unlock(settings_of(Path(sys.argv[1]), ""), "sato", PASSPHRASE)
opened.open_trip(sys.argv[2], secret_of(sys.argv[3]))
opened.close()
"""
POINTS = re.compile(r'fail\.point\("(migrate\.[a-z]+)"\)')


@pytest.fixture
def old(tmp_path: Path) -> OldVault:
    return unpack(tmp_path)


def settings_of(old: OldVault, url: str = "") -> Settings:
    return Settings(data_dir=old.kit, server_url=url, argon2=FAST, clock=lambda: NOW)


def unlocked(old: OldVault, url: str = "") -> Vault:
    return opening.unlock(settings_of(old, url), "sato", old.story["passphrase"])


def check_content(old: OldVault, vault: Vault) -> None:
    """Everything that the older version had put in is shown by today's code."""
    story = old.story
    rows = reserve.reception_list(vault)
    assert [row["state"] for row in rows] == ["visited", "shared"]
    trip = vault.open_trip(story["trip"], secret_of(story["code"]))
    first, second = reserve.slips(trip)
    assert [p.get("name") for s in (first, second) for p in s.applicants] == story["names"]
    done = visit.application(trip, first.applicants[0].id)
    assert done is not None and done.get("answers") == {"name": story["names"][0]}
    assert done.get("receipt_no") == "K01-00001" and done.get("state") == "confirmed"
    draft = records.draft(trip, second.applicants[0].id, "form")
    assert draft == {"name": story["names"][1]}
    assert photos.row_of(vault, story["photo"])["state"] == "queued"
    assert outbox.waiting(vault) == {"waiting": story["waiting"], "parked": 0}
    assert ledger.check(vault.book) is None
    assert migrations.version_of(vault.book) == len(BOOK_STEPS)
    assert migrations.version_of(trip.db) == len(TRIP_STEPS)
    assert list(old.kit.rglob("*.before-*")) == []
    assert vault.damage == []


def test_an_old_vault_opens_and_shows_what_it_held(old: OldVault) -> None:
    vault = unlocked(old)
    check_content(old, vault)
    vault.close()


def test_an_old_vault_is_sent_and_ended_with_its_city(old: OldVault) -> None:
    city = start_city(old.city)
    try:
        vault = unlocked(old, city.url)
        check_content(old, vault)
        trip = vault.trip(old.story["trip"])
        home = reserve.slips(trip)[1]
        person = home.applicants[0]
        visit.save_application(vault, trip, person, {"answers": {"name": person.get("name")}})
        visit.confirm(vault, trip, person)
        visit.close_visit(vault, trip, home.reservation.id)
        outbox.sync(vault)
        assert outbox.waiting(vault) == {"waiting": 0, "parked": 0}
        assert photos.row_of(vault, old.story["photo"])["state"] == "erased"
        reserve.open_desk(vault)
        tripend.end_trip(vault, trip.id, ("佐藤", "鈴木"))
        assert not vault.trip_folder(trip.id).exists()
        assert [w for w in tripend.owed(vault) if w["object_id"] == trip.id] == []
        assert ledger.check(vault.book) is None
        vault.close()
    finally:
        city.stop()  # type: ignore[operator]


# -- kills ----------------------------------------------------------------------------------------
def passages() -> list[str]:
    """Every fail point of a migration, at every time that the opening of the old vault passes it:
    the book's statements first, then the trip's."""
    source = (ROOT / "fieldkit" / "store" / "migrations.py").read_text(encoding="utf-8")
    names = POINTS.findall(source)
    assert len(names) == len(set(names)) == source.count("fail.point(")
    each = [[len(migrations.statements(step)) for step in s[1:]] for s in (BOOK_STEPS, TRIP_STEPS)]
    times = {name: sum(len(counts) for counts in each) for name in names}
    times["migrate.statement"] = sum(sum(counts) for counts in each)
    return [f"{name}:{n}" for name in names for n in range(1, times[name] + 1)]


@pytest.mark.parametrize("fail", passages())
def test_a_kill_in_a_migration_leaves_a_vault_that_opens(old: OldVault, fail: str) -> None:
    run = [sys.executable, "-c", OPEN, str(old.kit), old.story["trip"], old.story["code"]]
    killed = subprocess.run(
        run, cwd=ROOT, env={**os.environ, "KIT_FAIL": fail}, capture_output=True, timeout=60
    )
    assert killed.returncode == EXIT_CODE, killed.stderr.decode()
    vault = unlocked(old)
    check_content(old, vault)
    vault.close()


# -- failures -------------------------------------------------------------------------------------
ONE = ("CREATE TABLE a (x TEXT);",)
TWO = "CREATE TABLE b (x TEXT); INSERT INTO a VALUES ('new');"
GOOD, BAD = (*ONE, TWO), (*ONE, TWO + "INSERT INTO nowhere VALUES (1);")


def made(folder: Path) -> Path:
    path = folder / "store.db"
    db = Database(path, KEY)
    migrations.migrate(db, ONE)
    with db.write() as conn:
        conn.execute("INSERT INTO a VALUES ('old')")
    db.close()
    return path


def opened(path: Path, steps: tuple[str, ...] = ONE) -> tuple[int, list[str]]:
    db = Database(path, KEY)
    migrations.migrate(db, steps)
    found = migrations.version_of(db), [row["x"] for row in db.all("SELECT x FROM a")]
    db.close()
    return found


def test_a_step_that_fails_leaves_the_old_version_opening(tmp_path: Path) -> None:
    path = made(tmp_path)
    db = Database(path, KEY)
    with pytest.raises(KitError) as caught:
        migrations.migrate(db, BAD)
    assert caught.value.code == "migration_failed" and "store.db" in caught.value.sentence
    assert opened(path) == (1, ["old"])
    assert opened(path, GOOD) == (2, ["old", "new"])
    assert [p.name for p in tmp_path.iterdir()] == ["store.db"]


def test_the_copy_is_there_while_the_step_runs_and_gone_when_it_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = made(tmp_path)
    seen: list[tuple[int, list[str]]] = []
    look = migrations._verify

    def verify(db: Database, number: int) -> None:
        for copy in migrations.copies(path) if number == 2 else []:
            (tmp_path / "other").mkdir()
            (tmp_path / "other" / "store.db").write_bytes(copy.read_bytes())
            seen.append(opened(tmp_path / "other" / "store.db"))
        look(db, number)

    monkeypatch.setattr(migrations, "_verify", verify)
    assert opened(path, GOOD) == (2, ["old", "new"])
    assert seen == [(1, ["old"])], "the copy is the old version, whole"
    assert migrations.copies(path) == []


def test_tables_that_are_not_whole_afterwards_give_way_to_the_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = made(tmp_path)
    db = Database(path, KEY)
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "is_broken", lambda conn: True)
        with pytest.raises(KitError) as caught:
            migrations.migrate(db, GOOD)
    assert caught.value.code == "vault_damaged"
    assert opened(path) == (1, ["old"])
    assert len(list((tmp_path / "damaged").iterdir())) == 1


def test_a_newer_vault_is_refused_and_untouched(tmp_path: Path) -> None:
    path = made(tmp_path)
    opened(path, GOOD)
    before = path.read_bytes()
    with pytest.raises(KitError) as caught:
        opened(path)
    assert caught.value.code == "store_newer"
    assert path.read_bytes() == before


@pytest.mark.parametrize("number", [2, 3])
def test_a_copy_that_a_kill_left_is_cleared_away(tmp_path: Path, number: int) -> None:
    path = made(tmp_path)
    (tmp_path / f"store.db.before-{number}").write_bytes(b"half a copy")
    (tmp_path / f"store.db.before-{number}.part").write_bytes(b"half")
    assert opened(path, GOOD) == (2, ["old", "new"])
    assert [p.name for p in tmp_path.iterdir()] == ["store.db"]


@pytest.mark.parametrize(
    ("script", "count"),
    [
        ("CREATE TABLE a (x); CREATE TABLE b (y);", 2),
        ("CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; DELETE FROM c; END;", 1),
        ("INSERT INTO a VALUES ('x;y');\n", 1),
    ],
)
def test_it_splits_a_step_only_between_statements(script: str, count: int) -> None:
    assert len(migrations.statements(script)) == count


def test_it_refuses_a_step_that_ends_within_a_statement() -> None:
    with pytest.raises(ValueError):
        migrations.statements("CREATE TABLE a (x); CREATE TABLE b (")


