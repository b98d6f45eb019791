"""A city that was set back to a backup: what it lost goes up again, and nothing more is erased."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa

from fieldkit import checkout, erase, outbox, reserve, restored, tripend, visit
from fieldkit.errors import BadInput, KitError, NotAllowed
from fieldkit.evidence import Evidence
from fieldkit.sending import Sending
from fieldkit.store import ledger, opening, photos
from fieldkit.store import receipts as kept
from fieldkit.store.vault import Vault
from sync import wire
from sync.fail import EXIT_CODE
from sync.receipt import Receipt
from sync.server import store
from sync.server.sqlstore import open_store
from sync.wire import WireError
from tests.conftest import PASSPHRASE, SATO, SUZUKI, CityServer, start_city
from tests.flow.test_one_visit import DAY, JPEG, take_reservation
from tests.needs import ROOT
from tests.sync.cities import STRANGER, backup, begin_epoch, change_key

SYNC = """
import sys
from pathlib import Path
from fieldkit import outbox
from fieldkit.store import opening
from tests.flow.job import PASSPHRASE, settings_of
vault = opening.unlock(settings_of(Path(sys.argv[1]), sys.argv[2]), "sato", PASSPHRASE)
outbox.sync(vault)
vault.close()
"""


class Story:
    """A day that the backup does not know: a visit, one photo erased on a receipt, one not yet."""

    def __init__(self, vault: Vault, city: CityServer, monkeypatch: pytest.MonkeyPatch) -> None:
        self.vault = vault
        self.reservation = take_reservation(vault)
        self.trip = checkout.check_out(vault, reserve.open_desk(vault), DAY)
        self.person = reserve.slip(self.trip, self.reservation).applicants[0]
        outbox.sync(vault)
        self.folder = backup(city)
        self.gone, self.here = self.shoot(b"1"), ""
        visit.save_application(vault, self.trip, self.person, {"answers": {"a": "1"}})
        outbox.sync(vault)
        self.here = self.shoot(b"2")
        with monkeypatch.context() as patched:
            patched.setattr(Sending, "erase", lambda self: None)  # as a kill would leave it
            outbox.sync(vault)
        erase.intend(vault, "photo", self.here, "receipt")
        self.void = [
            Receipt(r["body"].encode(), r["signature"])
            for r in vault.book.all("SELECT * FROM receipt ORDER BY seq DESC LIMIT 3")
        ]

    def shoot(self, mark: bytes) -> str:
        photo_id = photos.seal(self.vault, self.trip, self.person.id, JPEG + mark)
        photos.keep(self.vault, photo_id)
        return photo_id

    def state(self, photo_id: str) -> str:
        return str(photos.row_of(self.vault, photo_id)["state"])

    def ops_here(self) -> int:
        row = self.vault.book.one("SELECT count(*) AS n FROM outbox WHERE state = 'receipted'")
        return int(row["n"]) if row else 0


@pytest.fixture
def story(vault: Vault, city: CityServer, monkeypatch: pytest.MonkeyPatch) -> Story:
    made = Story(vault, city, monkeypatch)
    assert (made.state(made.gone), made.state(made.here)) == ("erased", "receipted")
    return made


@pytest.fixture
def serve(story: Story) -> Iterator[object]:
    """Serve the backup: the laptop's city is it from now on."""
    started: list[CityServer] = []

    def start() -> CityServer:
        started.append(start_city(story.folder))
        story.vault.settings = replace(story.vault.settings, server_url=started[-1].url)
        return started[-1]

    yield start
    for one in started:
        threading.Thread(target=one.stop).start()  # type: ignore[arg-type]


def test_what_the_restored_city_lost_goes_up_again(story: Story, serve: object) -> None:
    begin_epoch(story.folder)
    vault, again = story.vault, serve()  # type: ignore[operator]
    outbox.sync(vault)
    assert outbox.waiting(vault) == {"waiting": 0, "parked": 0}
    assert story.state(story.here) == "erased"
    with again.engine.connect() as conn:
        assert len(conn.execute(sa.select(store.op.c.op_id)).all()) == story.ops_here()
        stored = conn.execute(sa.select(store.photo.c.id).where(store.photo.c.state == "stored"))
        assert [r.id for r in stored] == [story.here]
    assert [(one["id"], one["what"]) for one in restored.lost(vault)] == [(story.gone, "photo")]
    assert kept.city(vault.book)["epoch"] == 2 and ledger.check(vault.book) is None
    acts = [(r["act"], r["result"]) for r in ledger.rows(vault.book, 60)]
    assert any(act == "city_restored" and "lost=1" in result for act, result in acts)
    assert vault.book.one("SELECT 1 FROM fact WHERE receipt IS NULL") is None
    outbox.sync(vault)
    assert len(restored.lost(vault)) == 1


def test_a_lost_photo_holds_the_trip_until_a_supervisor_says_what_happens(
    story: Story, serve: object
) -> None:
    begin_epoch(story.folder)
    vault = story.vault
    serve()  # type: ignore[operator]
    visit.confirm(vault, story.trip, story.person)
    visit.close_visit(vault, story.trip, story.reservation)
    outbox.sync(vault)
    assert "失われたものが1件" in tripend.blockers(vault, story.trip.id)[0]
    with pytest.raises(NotAllowed):
        restored.close_lost(vault, "again")
    vault.user = replace(SUZUKI)
    with pytest.raises(BadInput):
        restored.close_lost(vault, "")
    assert restored.close_lost(vault, "again") == 1 and restored.lost(vault) == []
    assert tripend.blockers(vault, story.trip.id) == []
    tripend.end_trip(vault, story.trip.id, ("佐藤", "鈴木"))
    assert not story.trip.folder.exists()


def test_a_trip_does_not_end_on_receipts_that_just_became_void(
    story: Story, serve: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = story.vault
    visit.confirm(vault, story.trip, story.person)
    visit.close_visit(vault, story.trip, story.reservation)
    outbox.sync(vault)
    erase.erase_photos(vault, [story.here], "receipt")
    assert tripend.blockers(vault, story.trip.id) == []
    begin_epoch(story.folder)
    serve()  # type: ignore[operator]
    with pytest.raises(KitError, match="失われたものが2件"):
        tripend.end_trip(vault, story.trip.id, ("佐藤", "鈴木"))
    assert story.trip.folder.exists() and tripend.owed(vault) == []


def test_a_void_receipt_proves_nothing_any_more(story: Story, serve: object) -> None:
    begin_epoch(story.folder)
    vault = story.vault
    serve()  # type: ignore[operator]
    outbox.sync(vault)
    photo_id = story.shoot(b"3")
    held = Sending(vault)
    for made in story.void:
        with pytest.raises(WireError, match="void_receipt"):
            held.watch(made, made.value)
        with pytest.raises(WireError, match="void_receipt"):
            held.keep([(made, made.value)])
        assert "無効" in Evidence(vault).word(made.digest).fault
    assert story.state(photo_id) == "queued"


LIES = {
    "no statement": {},
    "a stranger's": {"key": STRANGER},
    "another city's": {"city": "01998"},
    "another chain": {"from_digest": "0" * 64},
}


@pytest.mark.parametrize("lie", sorted(LIES))
def test_without_a_valid_statement_nothing_is_touched(
    story: Story, serve: object, lie: str
) -> None:
    if lie == "no statement":
        made = open_store(story.folder)
        with made.engine.begin() as conn:
            conn.execute(store.city.update().values(epoch=2))
        made.close()
    else:
        begin_epoch(story.folder, **LIES[lie])  # type: ignore[arg-type]
    vault = story.vault
    serve()  # type: ignore[operator]
    before = story.ops_here()
    for _ in range(2):
        with pytest.raises(KitError) as caught:
            outbox.sync(vault)
        assert caught.value.code == "city_restored"
    assert (story.state(story.here), story.ops_here()) == ("receipted", before)
    assert restored.lost(vault) == [] and kept.city(vault.book)["epoch"] == 1


def test_a_trip_that_the_restored_city_does_not_know_is_parked(
    story: Story, serve: object
) -> None:
    begin_epoch(story.folder)
    made = open_store(story.folder)
    with made.engine.begin() as conn:
        conn.execute(store.trip.delete().where(store.trip.c.id == story.trip.id))
    made.close()
    vault = story.vault
    serve()  # type: ignore[operator]
    outbox.sync(vault)
    found = outbox.items(vault)
    assert {(one["state"], one["reason"]) for one in found} == {("parked", "unknown_trip")}
    assert story.here in {one["id"] for one in found} and story.trip.folder.exists()


@pytest.mark.parametrize("fail", ["restored.void", "restored.accepted"])
def test_it_survives_a_kill_while_it_takes_the_word_in(
    story: Story, serve: object, fail: str
) -> None:
    begin_epoch(story.folder)
    vault, again = story.vault, serve()  # type: ignore[operator]
    settings = vault.settings
    vault.close()
    command = [sys.executable, "-c", SYNC, str(settings.data_dir), again.url]
    killed = subprocess.run(command, cwd=ROOT, env={**os.environ, "KIT_FAIL": fail})
    assert killed.returncode == EXIT_CODE
    story.vault = vault = opening.unlock(settings, SATO.id, PASSPHRASE)
    tripend.run_owed(vault)
    assert story.state(story.here) == ("erased" if fail == "restored.void" else "queued")
    outbox.sync(vault)
    assert outbox.waiting(vault) == {"waiting": 0, "parked": 0}
    lost = 2 if fail == "restored.void" else 1  # the login before it had heard nothing
    assert len(restored.lost(vault)) == lost
    vault.close()


# -- a new key ------------------------------------------------------------------------------------
def test_a_new_key_is_pinned_on_the_word_of_the_old_one(story: Story, city: CityServer) -> None:
    vault = story.vault
    old = vault.device["city_public"]  # type: ignore[index]
    public = change_key(city)
    story.shoot(b"3")
    outbox.sync(vault)
    assert outbox.waiting(vault) == {"waiting": 0, "parked": 0}
    assert vault.device["city_public"] == public != old  # type: ignore[index]
    third = change_key(city)
    fourth = change_key(city)
    outbox.sync(vault)
    assert third != vault.device["city_public"] == fourth  # type: ignore[index]
    for made in story.void:
        assert Evidence(vault).word(made.digest).fault == "", "receipts of before still hold"


def test_a_key_without_the_old_ones_word_is_not_believed(story: Story, city: CityServer) -> None:
    private, public = wire.new_signing_key()
    sealed = city.store.box.seal("city-sign", "01999", private)
    with city.engine.begin() as conn:
        conn.execute(store.city.update().values(sign_private=sealed, sign_public=public))
    with pytest.raises(KitError) as caught:
        outbox.sync(story.vault)
    assert caught.value.code == "bad_receipt"


def test_it_survives_a_kill_when_the_new_key_is_pinned(story: Story, city: CityServer) -> None:
    vault, settings = story.vault, story.vault.settings
    public = change_key(city)
    vault.close()
    command = [sys.executable, "-c", SYNC, str(settings.data_dir), city.url]
    killed = subprocess.run(command, cwd=ROOT, env={**os.environ, "KIT_FAIL": "news.key_pinned"})
    assert killed.returncode == EXIT_CODE
    again = opening.unlock(settings, SATO.id, PASSPHRASE)
    outbox.sync(again)
    assert again.device["city_public"] == public  # type: ignore[index]
    assert outbox.waiting(again) == {"waiting": 0, "parked": 0}
    again.close()

