"""The end of a trip: what still stands in its way, its erasing, and the erases that are owed.

Intent → the desk's copies → the trip's folder → the city forgets the secret. Each step is a row
that is finished at the next login where a kill or a closed desk left it open (001 §8(2)キ,
design §4).
"""

from __future__ import annotations

import shutil
import unicodedata
from typing import Any

from fieldkit import erase
from fieldkit.city import connect
from fieldkit.errors import NotFound, NotReady
from fieldkit.store import facts, records
from fieldkit.store import receipts as kept
from fieldkit.store.files import remove, sync_dir
from fieldkit.store.vault import OpenTrip, Vault
from sync import fail
from sync import receipt as receipts
from sync.client import Refused
from sync.receipt import Receipt
from sync.road import NoAnswer
from sync.wire import WireError


def owed(vault: Vault) -> list[dict[str, Any]]:
    """Erases that were begun and are not done, or that a receipt allows and nobody did."""
    begun = vault.book.all("SELECT what, object_id, reason FROM erasure WHERE done_at IS NULL")
    proved = vault.book.all("SELECT id FROM photo WHERE state = 'receipted'")
    forgotten = vault.book.all("SELECT id FROM trip WHERE state = 'wiped' AND city_forgot IS NULL")
    rows = [dict(row) for row in begun]
    known = {row["object_id"] for row in rows}
    rows += [
        {"what": "photo", "object_id": row["id"], "reason": "receipt"}
        for row in proved
        if row["id"] not in known
    ]
    rows += [{"what": "city", "object_id": r["id"], "reason": "trip_end"} for r in forgotten]
    return rows


def run_owed(vault: Vault) -> int:
    """Finish what was begun (at every login); returns how many erases are still owed."""
    erase.sweep_incomplete(vault)
    for row in owed(vault):
        if row["what"] == "photo":
            erase.erase_photo(vault, row["object_id"], row["reason"])
        elif row["what"] == "slips":
            _erase_desk_copies(vault, row["object_id"])
        elif row["what"] == "trip":
            _wipe_folder(vault, row["object_id"])
    return len(owed(vault))


def blockers(vault: Vault, trip_id: str) -> list[str]:
    """Why a trip cannot be erased yet, each as a sentence; empty when it can."""
    says = []
    records.adopt_orphans(vault)
    counts = {
        "まだ市サーバに届いていない保存が{n}件あります。送信してください。": (
            "SELECT count(*) AS n FROM outbox WHERE trip_id = ? AND state = 'queued'"
        ),
        "市サーバが保留にした項目が{n}件あります。監督者が確かめてください。": (
            "SELECT (SELECT count(*) FROM outbox WHERE trip_id = ?1 AND state = 'parked') +"
            " (SELECT count(*) FROM photo WHERE trip_id = ?1 AND state = 'parked') AS n"
        ),
        "まだ消去できない写真が{n}枚あります。送信してください。": (
            "SELECT count(*) AS n FROM photo WHERE trip_id = ?"
            " AND state NOT IN ('erased', 'parked')"
        ),
        "終了していない訪問が{n}件あります。": (
            "SELECT count(*) AS n FROM reception WHERE trip_id = ?"
            " AND state NOT IN ('visited', 'cancelled')"
        ),
    }
    for sentence, sql in counts.items():
        row = vault.book.one(sql, trip_id)
        if row and row["n"]:
            says.append(sentence.format(n=row["n"]))
    if not says and not _all_proved(vault, trip_id):
        says.append("受領証を確かめられない項目があります。監督者へ連絡してください。")
    return says


def _all_proved(vault: Vault, trip_id: str) -> bool:
    """Check every kept receipt's signature again: files end only against these."""
    device = vault.device
    if device is None:
        return False
    rows = vault.book.all(
        "SELECT o.op_id AS id, o.sha256, o.size, r.body, r.signature FROM outbox o"
        " LEFT JOIN receipt r ON r.digest = o.receipt WHERE o.trip_id = ?"
        " UNION ALL SELECT p.id, p.sha256, p.size, r.body, r.signature FROM photo p"
        " LEFT JOIN receipt r ON r.digest = p.receipt"
        " WHERE p.trip_id = ? AND p.reason = 'receipt'",
        trip_id,
        trip_id,
    )
    seen: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row["body"] is None:
            return False
        try:
            if row["body"] not in seen:
                made = Receipt(row["body"].encode(), row["signature"])
                seen[row["body"]] = receipts.verify(
                    made, device["city_public"], device["city"], device["id"]
                )
        except WireError:
            return False
        if not receipts.proves(seen[row["body"]], row["id"], row["sha256"], row["size"]):
            return False
    return True


def _same_name(one: str, other: str) -> bool:
    """One person written twice: blanks and the width of the letters make no second person."""
    plain = ["".join(unicodedata.normalize("NFKC", name).split()) for name in (one, other)]
    return plain[0] == plain[1]


def end_trip(vault: Vault, trip_id: str, shredded_by: tuple[str, str]) -> None:
    """Erase a trip for good: its secret is forgotten, its files go, its id can never be used again.

    Two different names say that the visit sheet was shredded. The date goes into 受付一覧表 as
    個人情報削除日, for the desk's copies of these slips too.
    """
    found = vault.book.one("SELECT kind, state FROM trip WHERE id = ?", trip_id)
    if found is None or found["kind"] != "field" or found["state"] == "wiped":
        raise NotFound("この訪問データはこの端末にありません。消去の画面を開き直してください。")
    first, second = (name.strip() for name in shredded_by)
    if not first or not second or _same_name(first, second):
        raise NotReady("訪問予定表の裁断を確かめた人の名前を、二人分入れてください。")
    why = blockers(vault, trip_id)
    if why:
        raise NotReady(why[0])
    if _open_desk(vault) is None and _has_desk(vault):
        raise NotReady(
            "受付データが閉じているため、受付票を一緒に消去できません。"
            "予約受付の画面を一度開いてから、もう一度どうぞ。"
        )
    with vault.book.write() as conn:
        erase.intend(vault, "slips", trip_id, "trip_end")
        erase.intend(vault, "trip", trip_id, "trip_end")
        conn.execute(
            "UPDATE trip SET shredded_by = ? WHERE id = ?", (f"{first}・{second}", trip_id)
        )
    fail.point("end.intended")
    _erase_desk_copies(vault, trip_id)
    fail.point("end.slips")
    vault.forget_trip(trip_id)
    _wipe_folder(vault, trip_id)
    fail.point("end.wiped")
    tell_city(vault)


def _wipe_folder(vault: Vault, trip_id: str) -> None:
    """Remove the folder, look that nothing is left, then write the date of deletion."""
    folder = vault.trip_folder(trip_id)
    vault.forget_trip(trip_id)
    shutil.rmtree(folder, ignore_errors=True)
    if folder.parent.exists():
        sync_dir(folder.parent)
    fail.point("end.folder")
    if folder.exists():
        vault.note("erase_owed", trip_id)
        return
    with vault.book.write() as conn:
        conn.execute(
            "UPDATE trip SET state = 'wiped', erased_at = ? WHERE id = ?", (vault.now(), trip_id)
        )
        erase.done(vault, f"trip:{trip_id}", "trip_erased", trip_id, "trip_end")
        _date_deletion(vault, trip_id)


def _date_deletion(vault: Vault, trip_id: str) -> None:
    """個人情報削除日, once both the trip and the desk's copies of its slips are gone."""
    day = vault.now()[:10]
    with vault.book.write() as conn:
        if conn.execute(
            "SELECT 1 FROM erasure WHERE object_id = ? AND done_at IS NULL", (trip_id,)
        ).fetchone():
            return
        for row in conn.execute(
            "SELECT reservation_id AS id FROM reception WHERE trip_id = ?", (trip_id,)
        ).fetchall():
            facts.note(vault.book, f"{row['id']}:deletion", "deletion", day, {})
        conn.execute(
            "UPDATE reception SET erased_on = coalesce(erased_on, ?) WHERE trip_id = ?",
            (day, trip_id),
        )


def _open_desk(vault: Vault) -> OpenTrip | None:
    return next((t for t in vault.trips.values() if t.kind == "desk"), None)


def _has_desk(vault: Vault) -> bool:
    return bool(vault.book.one("SELECT 1 FROM trip WHERE kind = 'desk' AND state <> 'wiped'"))


def _erase_desk_copies(vault: Vault, trip_id: str) -> None:
    """The desk's slips of these visits go with them (001 §8(2)キ: shared and visited)."""
    desk = _open_desk(vault)
    if desk is None and _has_desk(vault):
        return  # owed: done as soon as the desk is opened
    rows = vault.book.all("SELECT reservation_id FROM reception WHERE trip_id = ?", trip_id)
    for row in rows if desk is not None else []:
        assert desk is not None
        wanted = row["reservation_id"]
        with desk.db.write() as conn:
            ids = [
                found["id"]
                for found in conn.execute(
                    "SELECT id FROM record WHERE id = ? OR parent = ?", (wanted, wanted)
                )
            ]
            for table, key in (("record", "id"), ("op", "record_id"), ("draft", "record_id")):
                for record_id in ids:
                    conn.execute(f"DELETE FROM {table} WHERE {key} = ?", (record_id,))
        for record_id in ids:
            for op in vault.book.all(
                "SELECT op_id FROM outbox WHERE record_id = ? AND trip_id = ?"
                " AND state = 'receipted'",
                record_id,
                desk.id,
            ):
                remove(desk.folder / f"{op['op_id']}.rec")
        vault.note("erased", wanted, "trip_end")
    if desk is not None:
        desk.db.checkpoint()
    with vault.book.write():
        erase.done(vault, f"slips:{trip_id}", "erased", trip_id, "slips")
        _date_deletion(vault, trip_id)


def tell_city(vault: Vault) -> None:
    """Let the city forget the secrets of wiped trips; what fails is owed and tried again."""
    rows = vault.book.all("SELECT id FROM trip WHERE state = 'wiped' AND city_forgot IS NULL")
    if not rows:
        return
    client = connect(vault)
    try:
        for row in rows:
            made = client.end_trip(row["id"])
            fail.point("end.city_answered")
            with vault.book.write() as conn:
                kept.keep(vault, made)
                conn.execute(
                    "UPDATE trip SET city_forgot = ? WHERE id = ?", (vault.now(), row["id"])
                )
            fail.point("end.city_told")
    except (NoAnswer, Refused, WireError):
        return
    finally:
        client.road.close()
