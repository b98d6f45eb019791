"""Deletion records: what they claim, when they wait, and when they refuse to claim anything."""

from __future__ import annotations

import dataclasses
import io
import json

import pytest

from fieldkit import deletion, outbox, reserve, safe, tripend
from fieldkit.__main__ import main
from fieldkit.deletion_records import Record
from fieldkit.errors import NotFound, NotReady
from fieldkit.store import ledger, photos
from fieldkit.store.vault import Vault
from sync.ids import new_id
from sync.receipt import Receipt
from sync.wire import new_signing_key, sha256, sign, signing_private
from tests.conftest import PASSPHRASE, CityServer
from tests.erase_records.conftest import Watch
from tests.flow.test_one_visit import JPEG, NAME, make_visit, take_reservation

SEASON = ("2026-04-01", "2027-03-31")
NAMES = ("佐藤", "鈴木")


def ended(vault: Vault) -> tuple[str, str, str]:
    """A visit that is sent and whose trip was ended: (trip, reservation, photo)."""
    made = make_visit(vault)
    outbox.sync(vault)
    tripend.end_trip(vault, made[0], NAMES)
    return made


def applicant_of(vault: Vault, reservation_id: str) -> str:
    return deletion.applicants_of(vault, reservation_id)[0]


def text_of(record: Record) -> str:
    return json.dumps(dataclasses.asdict(record), ensure_ascii=False, default=str)


def test_it_proves_an_ended_trip(vault: Vault, watch: Watch) -> None:
    trip_id, reservation_id, photo_id = make_visit(vault)
    digest = photos.row_of(vault, photo_id)["sha256"]
    row = photos.row_of(vault, photo_id)
    assert sha256(photos.parts(vault, row)[1]) == digest
    outbox.sync(vault)
    at = watch.move(hours=3)
    tripend.end_trip(vault, trip_id, NAMES)
    record = deletion.record_of_trip(vault, trip_id)
    assert (record.state, record.waits, record.faults) == ("proved", (), ())
    assert record.logical_at == record.crypto_at == at
    assert record.numbers == (1,) and record.method == "crypto-erase/v1"
    assert record.actor == "sato（佐藤 花）" and record.shredded_by == "佐藤・鈴木"
    stored = vault.book.one("SELECT * FROM trip WHERE id = ?", trip_id)
    assert stored and record.secret_sha256 == stored["secret_sha256"]
    photo = next(thing for thing in record.things if thing.kind == "photo")
    assert (photo.sha256, photo.size) == (digest, photos.row_of(vault, photo_id)["size"])
    assert photo.row and photo.row.act == "erased" and photo.row.hash
    assert photo.word.seq and photo.word.signature
    assert photo.logical_at < at and photo.crypto_at == at
    saves = vault.book.one("SELECT count(*) AS n FROM outbox WHERE trip_id = ?", trip_id)
    assert saves and len(record.things) == saves["n"] + 1
    assert record.row and record.row.act == "trip_erased"
    assert record.frame.head_seq == ledger.head(vault.book)["seq"]
    assert record.frame.head_hash == ledger.head(vault.book)["hash"]
    whole = text_of(record)
    assert NAME not in whole and sha256(JPEG) not in whole and sha256(NAME.encode()) not in whole


def test_a_reservation_and_an_application_have_their_own_records(vault: Vault) -> None:
    trip_id, reservation_id, photo_id = ended(vault)
    whole = deletion.record_of_reservation(vault, reservation_id)
    assert whole.state == "proved" and whole.number == 1
    assert {trip.kind for trip in whole.trips} == {"field", "desk"}
    assert {thing.kind for thing in whole.things} == {
        "reservation", "applicant", "application", "photo",
    }  # fmt: skip
    one = deletion.record_of_application(vault, applicant_of(vault, reservation_id))
    assert one.state == "proved"
    assert {thing.kind for thing in one.things} == {"applicant", "application", "photo"}
    assert photo_id in {thing.id for thing in one.things}
    with pytest.raises(NotFound):
        deletion.record_of_application(vault, new_id())
    with pytest.raises(NotFound):
        deletion.record_of_reservation(vault, new_id())
    with pytest.raises(NotFound):
        deletion.record_of_trip(vault, new_id())


def test_it_waits_for_the_citys_word_and_the_list_has_the_second_date(
    vault: Vault, city: CityServer, watch: Watch
) -> None:
    """論理削除日時 is the day of the wipe; 個人情報削除日 the day when no key was left."""
    trip_id, reservation_id, photo_id = make_visit(vault)
    outbox.sync(vault)
    early = deletion.record_of_application(vault, applicant_of(vault, reservation_id))
    photo = next(thing for thing in early.things if thing.kind == "photo")
    assert photo.id == photo_id and photo.logical_at and not photo.crypto_at
    assert early.state == "open" and early.crypto_at == ""
    logical = watch.move(days=1)
    settings = vault.settings
    vault.settings = dataclasses.replace(settings, server_url="http://127.0.0.1:9")
    tripend.end_trip(vault, trip_id, NAMES)
    record = deletion.record_of_trip(vault, trip_id)
    assert record.state == "open" and record.logical_at == logical and record.crypto_at == ""
    assert "鍵を忘れた" in record.waits[0]
    assert reserve.reception_list(vault)[0]["erased_on"] is None
    crypto = watch.move(days=1)
    vault.settings = settings
    outbox.sync(vault)
    tripend.tell_city(vault)
    whole = deletion.record_of_reservation(vault, reservation_id)
    assert whole.state == "proved", whole
    assert (whole.logical_at, whole.crypto_at) == (logical, crypto)
    one = deletion.record_of_application(vault, applicant_of(vault, reservation_id))
    photo = next(thing for thing in one.things if thing.kind == "photo")
    assert photo.logical_at < logical < photo.crypto_at == crypto
    assert reserve.reception_list(vault)[0]["erased_on"] == crypto[:10]


def test_a_trip_that_is_out_is_open(vault: Vault) -> None:
    trip_id, reservation_id, _ = make_visit(vault)
    record = deletion.record_of_trip(vault, trip_id)
    assert record.state == "open" and record.logical_at == "" and record.row is None
    whole = deletion.record_of_reservation(vault, reservation_id)
    assert whole.state == "open" and len(whole.waits) == 2


def test_a_booking_that_was_never_checked_out_is_open(vault: Vault) -> None:
    reservation_id = take_reservation(vault)
    record = deletion.record_of_reservation(vault, reservation_id)
    assert record.state == "open" and any("持ち出していない" in w for w in record.waits)
    season = deletion.record_of_season(vault, *SEASON)
    assert season.state == "open" and season.receptions[0].number == 1


def damage_folder(vault: Vault, trip_id: str, photo_id: str) -> None:
    (vault.settings.data_dir / "trips" / trip_id).mkdir()


def damage_photo(vault: Vault, trip_id: str, photo_id: str) -> None:
    folder = vault.settings.data_dir / "trips" / trip_id
    folder.mkdir()
    (folder / f"{photo_id}.ph").write_bytes(b"x")


def damage_ledger(vault: Vault, trip_id: str, photo_id: str) -> None:
    change(vault, "UPDATE ledger SET body = replace(body, 'sato', 'taro') WHERE seq = 5")


def damage_tail(vault: Vault, trip_id: str, photo_id: str) -> None:
    """The end of the chain is cut off, whole but shorter: the erase rows are missing."""
    change(
        vault,
        "DELETE FROM ledger WHERE seq >= (SELECT min(seq) FROM ledger"
        " WHERE body LIKE '%trip_erased%')",
    )


def damage_receipt(vault: Vault, trip_id: str, photo_id: str) -> None:
    change(vault, "UPDATE receipt SET signature = 'A' || substr(signature, 2)")
    change(vault, "UPDATE receipt SET signature = 'B' || substr(signature, 2)")


def damage_forged(vault: Vault, trip_id: str, photo_id: str) -> None:
    """Somebody with the open vault signs a receipt with a key of their own."""
    row = vault.book.one("SELECT * FROM receipt WHERE body LIKE '%trip_end%' LIMIT 1")
    assert row
    private, _ = new_signing_key()
    made = Receipt(row["body"].encode(), "")
    signed = sign(signing_private(private), "receipt", made.body)
    change(vault, f"UPDATE receipt SET signature = '{signed}' WHERE body LIKE '%trip_end%'")


def damage_lost(vault: Vault, trip_id: str, photo_id: str) -> None:
    change(vault, "DELETE FROM receipt WHERE body NOT LIKE '%trip_end%'")


def damage_digest(vault: Vault, trip_id: str, photo_id: str) -> None:
    change(vault, f"UPDATE photo SET sha256 = '{'0' * 64}'")


def damage_date(vault: Vault, trip_id: str, photo_id: str) -> None:
    change(vault, "UPDATE trip SET erased_at = '2026-06-30T10:00:00+09:00' WHERE kind = 'field'")


def damage_forgot(vault: Vault, trip_id: str, photo_id: str) -> None:
    change(vault, "UPDATE trip SET city_forgot = '2026-06-30T10:00:00+09:00'")


def damage_end(vault: Vault, trip_id: str, photo_id: str) -> None:
    change(vault, "DELETE FROM receipt WHERE body LIKE '%trip_end%'")


def change(vault: Vault, sql: str) -> None:
    with vault.book.write() as conn:
        assert conn.execute(sql).rowcount


DAMAGES = [
    (damage_folder, "まだこの端末にあります"),
    (damage_photo, "写真のファイルが、まだ"),
    (damage_ledger, "取扱記録簿の5行目"),
    (damage_tail, "消去の行がありません"),
    (damage_receipt, "署名を確かめられません"),
    (damage_forged, "署名を確かめられません"),
    (damage_lost, "受領証が残っていません"),
    (damage_digest, "封印した中身を示していません"),
    (damage_date, "この日時の消去の行がありません"),
    (damage_forgot, "返事を受け取った行がありません"),
    (damage_end, "返事が残っていません"),
]


@pytest.mark.parametrize(("damage", "words"), DAMAGES, ids=[d.__name__ for d, _ in DAMAGES])
def test_it_certifies_nothing_that_it_cannot_show(vault: Vault, damage: object, words: str) -> None:
    """001 特記10: a claim that the kept evidence does not carry is not made."""
    trip_id, reservation_id, photo_id = ended(vault)
    assert deletion.record_of_trip(vault, trip_id).state == "proved"
    damage(vault, trip_id, photo_id)  # type: ignore[operator]
    for record in (
        deletion.record_of_trip(vault, trip_id),
        deletion.record_of_reservation(vault, reservation_id),
        deletion.record_of_season(vault, *SEASON),
    ):
        assert record.state == "unproved" and record.crypto_at == "", damage
        assert words in "".join(record.faults), record.faults


def test_a_season_adds_up_and_names_what_is_owed_first(vault: Vault, watch: Watch) -> None:
    ended(vault)
    season = deletion.record_of_season(vault, *SEASON)
    assert season.state == "open" and len(season.waits) == 1
    assert "使用中" in season.waits[0] and len(season.trips) == 3
    assert season.size == sum(trip.size for trip in season.trips)
    watch.move(days=8)  # the container of the desk is renewed each week
    outbox.sync(vault)
    tripend.tell_city(vault)
    before = deletion.record_of_season(vault, "2026-06-17", "2026-07-05")
    assert before.state == "proved", before.waits + before.faults
    assert [r.number for r in before.receptions] == [1] and before.crypto_at
    assert deletion.record_of_season(vault, "2025-04-01", "2026-03-31").state == "proved"


def test_a_sheet_in_the_safe_is_a_key_until_two_people_shredded_it(
    vault: Vault, watch: Watch
) -> None:
    trip_id, reservation_id, _ = make_visit(vault)
    desk = reserve.open_desk(vault)
    safe.printed(vault, desk.id)
    vault.note("printed", safe.sheet_object(desk.id))
    assert safe.to_shred(vault) == []
    outbox.sync(vault)
    tripend.end_trip(vault, trip_id, NAMES)
    assert [row["id"] for row in safe.to_shred(vault)] == [desk.id]
    assert reserve.reception_list(vault)[0]["erased_on"] is None
    record = deletion.record_of_reservation(vault, reservation_id)
    assert record.state == "open" and "金庫の控えの裁断" in "".join(record.waits)
    at = watch.move(days=2)
    for names in (("鈴木", ""), ("鈴木", "鈴　木"), ("", "")):
        with pytest.raises(NotReady):
            safe.shredded(vault, desk.id, names)
    with pytest.raises(NotFound):
        safe.shredded(vault, trip_id, NAMES)
    safe.shredded(vault, desk.id, ("鈴木", "田中"))
    record = deletion.record_of_reservation(vault, reservation_id)
    assert record.state == "proved" and record.crypto_at == at
    assert reserve.reception_list(vault)[0]["erased_on"] == at[:10]
    with pytest.raises(NotFound):
        safe.shredded(vault, desk.id, ("鈴木", "田中"))


def test_a_laptop_that_never_enrolled_proves_nothing(vault: Vault) -> None:
    trip_id, _, _ = ended(vault)
    change(vault, "DELETE FROM device")
    record = deletion.record_of_trip(vault, trip_id)
    assert record.state == "unproved" and record.frame.device == "未登録"


def test_the_record_writes_nothing(vault: Vault) -> None:
    trip_id, reservation_id, _ = ended(vault)
    before = ledger.head(vault.book)
    deletion.record_of_trip(vault, trip_id)
    deletion.record_of_season(vault, *SEASON)
    assert ledger.head(vault.book) == before


def test_the_command_names_each_container_and_fails_on_a_false_claim(
    vault: Vault, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended(vault)
    data = str(vault.settings.data_dir)
    run = ["deletion", "verify", "--data", data, "--user", "sato"]

    def verify() -> tuple[int, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(PASSPHRASE + "\n"))
        code = main(run)
        return code, capsys.readouterr().out

    code, told = verify()
    assert code == 0 and "令和8年7月1日の訪問　削除済み" in told and "使用中" in told
    change(vault, "UPDATE trip SET erased_at = '2026-06-30T10:00:00+09:00' WHERE kind = 'field'")
    code, told = verify()
    assert code == 1 and "証明できません" in told
