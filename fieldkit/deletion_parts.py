"""How one container's record and one reception's record are put together (fieldkit/deletion.py)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import fieldkit
from fieldkit import safe
from fieldkit.deletion_records import Frame, ReservationRecord, Thing, TripRecord, label
from fieldkit.deletion_things import things_of
from fieldkit.errors import NotFound
from fieldkit.evidence import ENDS, Evidence, Word
from fieldkit.store.vault import Vault
from sync.ids import child_id


def applicants_of(vault: Vault, reservation_id: str) -> list[str]:
    """The ids of a reception's applicants, in the order in which they were typed."""
    rows = vault.book.all(
        "SELECT record_id FROM member WHERE reservation_id = ? ORDER BY record_id", reservation_id
    )
    return [row["record_id"] for row in rows]


# -- one container ------------------------------------------------------------------------------
def trip_record(look: Evidence, known: dict[str, TripRecord], trip_id: str) -> TripRecord:
    """The record of a container, made once a look."""
    if trip_id in known:
        return known[trip_id]
    row = look.book.one("SELECT * FROM trip WHERE id = ?", trip_id)
    if row is None:
        raise NotFound("この訪問データの記録は、この端末の台帳にありません。")
    ended = row["state"] == "wiped"
    forgot = look.end_word(trip_id) if row["city_forgot"] else Word()
    waits = _waits_of(look, row)
    things = things_of(look, "trip_id = ?", [trip_id])
    faults = [look.fault] if look.fault else _faults_of(look, row, forgot, things)
    said = look.row(trip_id, *ENDS)
    shredded = look.row(trip_id, "sheet_shredded")
    moments = [row["erased_at"], row["city_forgot"], *([shredded.at] if shredded else [])]
    crypto = "" if waits or faults else latest(moments)
    made = TripRecord(
        frame=frame_of(look),
        things=tuple(replace(t, crypto_at=crypto, logical_at=t.logical_at) for t in things),
        logical_at=row["erased_at"] or "" if ended else "",
        crypto_at=crypto,
        waits=once(waits),
        faults=once(faults),
        trip_id=trip_id,
        kind=row["kind"],
        day=row["day"],
        numbers=_numbers(look, trip_id),
        actor=look.name_of(said.actor) if said else "",
        shredded_by=row["shredded_by"] or "",
        secret_sha256=row["secret_sha256"],
        row=said,
        forgot_at=row["city_forgot"] or "",
        forgot=forgot,
    )
    known[trip_id] = made
    return made


def _numbers(look: Evidence, trip_id: str) -> tuple[int | str, ...]:
    rows = look.book.all(
        "SELECT no, label FROM reception WHERE trip_id = ? ORDER BY no < 0, abs(no)", trip_id
    )
    return tuple(row["label"] or row["no"] for row in rows)


IN_USE = {
    "desk": "使用中です。次に入れ替えるときに消去します。",
    "office": "使用中です。期間が終わったら、監督者が全体の状況の画面で消去します。",
}


def _waits_of(look: Evidence, row: Any) -> list[str]:
    """What still has to happen before no key of this container is left anywhere."""
    waits = []
    if row["kind"] in IN_USE and row["state"] == "out":
        waits.append(IN_USE[row["kind"]])
    elif row["state"] != "wiped":
        waits.append("この端末での消去が終わっていません。データはまだ端末にあります。")
    elif not row["city_forgot"]:
        waits.append("市サーバが鍵を忘れたという署名つきの返事を、まだ受け取っていません。")
    if look.book.one("SELECT 1 FROM erasure WHERE object_id = ? AND done_at IS NULL", row["id"]):
        waits.append("始めた消去が終わっていません。消去の画面でもう一度消去してください。")
    if row["state"] == "wiped" and not row["shredded_by"]:
        if row["kind"] == "field":
            if _numbers(look, row["id"]) or look.row(row["id"], "printed"):
                waits.append("訪問予定表の裁断を、二人の名前で確かめていません。")
        elif look.row(safe.sheet_object(row["id"]), "printed"):
            waits.append("金庫の控えの裁断を、二人の名前で確かめていません。")
    return waits


def _faults_of(look: Evidence, row: Any, forgot: Word, things: Sequence[Thing]) -> list[str]:
    """What contradicts the row that says "wiped" (or the photos that say "erased")."""
    faults = [thing.fault for thing in things if thing.fault]
    if row["state"] != "wiped":
        return faults
    if look.folder_left(row["id"]):
        faults.append("消去したはずのデータが、まだこの端末にあります。")
    if not look.said_at(row["id"], row["erased_at"], *ENDS):
        faults.append("取扱記録簿に、この日時の消去の行がありません。")
    if row["city_forgot"]:
        if forgot.fault:
            faults.append(forgot.fault)
        elif not look.said_at(forgot.digest[:16], row["city_forgot"], "receipt_kept"):
            faults.append("取扱記録簿に、市サーバの返事を受け取った行がありません。")
    return faults


# -- one reception number -----------------------------------------------------------------------
def reservation_record(
    look: Evidence, known: dict[str, TripRecord], reservation_id: str, applicant_id: str = ""
) -> ReservationRecord:
    row = look.book.one("SELECT * FROM reception WHERE reservation_id = ?", reservation_id)
    if row is None:
        raise NotFound("この受付の記録は、この端末の台帳にありません。")
    people = applicants_of(look.vault, reservation_id)
    mine = [applicant_id] if applicant_id else [reservation_id, *people]
    ids = [*mine, *(child_id(one, "application") for one in mine)]
    marks = ", ".join("?" for _ in ids)
    trips = [trip_record(look, known, one) for one in _containers(look, row)]
    dates = {trip.trip_id: trip.crypto_at for trip in trips}
    things = [
        replace(thing, crypto_at=dates.get(thing.trip_id, ""))
        for thing in things_of(look, f"record_id IN ({marks})", ids)
    ]
    mark = f"受付番号{row['label'] or row['no']}："
    waits, faults = gathered(trips, "waits"), gathered(trips, "faults")
    slips_of, slips_at = _slips_erased(look, row)
    if not row["trip_id"] and not slips_at:
        here = "訪問に持ち出していない受付です。受付データの中にあります。"
        away = "ほかの端末の訪問です。受付票は、その端末が消去を終えると消去します。"
        waits.append(mark + (here if row["state"] == "booked" else away))
    if len(people) < row["planned"]:
        faults.append(f"{mark}申請者の内訳が台帳にありません（旧版の記録）。")
    said = look.row(reservation_id, "erased")
    if slips_at and not look.said_at(slips_of, slips_at, "erased"):
        faults.append(f"{mark}取扱記録簿に、受付票の消去の行がありません。")
    closed = not waits and not faults
    return ReservationRecord(
        frame=frame_of(look),
        things=tuple(things),
        logical_at=latest([slips_at, *(t.logical_at for t in trips if t.kind == "field")]),
        crypto_at=latest([trip.crypto_at for trip in trips]) if closed else "",
        waits=once(waits),
        faults=once([look.fault] if look.fault else faults),
        number=row["label"] or row["no"],
        reservation_id=reservation_id,
        applicant_id=applicant_id,
        booked_on=row["booked_on"],
        visit_on=row["visit_on"],
        trips=tuple(trips),
        row=said,
    )


def _containers(look: Evidence, row: Any) -> list[str]:
    """The trip of a reception, and every desk container that can have held its slip.

    The desk notes which these were when the slips are erased; until then all that were in use
    since the call count. A save that was sealed in a container always counts.
    """
    noted = [
        found["desk_id"]
        for found in look.book.all(
            "SELECT desk_id FROM desk_copy WHERE trip_id IN (?, ?)",
            row["trip_id"],
            row["reservation_id"],
        )
    ]
    alive = look.book.all(
        "SELECT id FROM trip WHERE kind = 'desk' AND"
        " (erased_at IS NULL OR substr(erased_at, 1, 10) >= ?)",
        row["booked_on"],
    )
    sealed = look.book.all(
        "SELECT DISTINCT trip_id FROM outbox WHERE record_id = ?1 OR record_id IN"
        " (SELECT record_id FROM member WHERE reservation_id = ?1)",
        row["reservation_id"],
    )
    desks = noted or [found["id"] for found in alive]
    field = [row["trip_id"]] if row["trip_id"] else []
    return [*dict.fromkeys([*field, *desks, *(found["trip_id"] for found in sealed)])]


def _slips_erased(look: Evidence, reception: Any) -> tuple[str, str]:
    """(what the ledger names, when): the trip whose slips went, or the one slip of a visit that
    another kit made."""
    trip_id, rid = reception["trip_id"], reception["reservation_id"]
    row = look.book.one(
        "SELECT object_id, done_at FROM erasure WHERE id = ?",
        f"slips:{trip_id}" if trip_id else f"slip:{rid}",
    )
    return (row["object_id"], row["done_at"] or "") if row else (trip_id or rid, "")


# -- small things -------------------------------------------------------------------------------
def frame_of(look: Evidence) -> Frame:
    device = look.device
    seq, digest = look.head
    return Frame(
        device=device["id"] if device else "未登録",
        public=device["sign_public"].hex() if device else "",
        city=device["city_name"] if device else "",
        version=fieldkit.__version__,
        made_at=look.vault.now(),
        head_seq=seq,
        head_hash=digest,
    )


def gathered(trips: Iterable[TripRecord], name: str) -> list[str]:
    return [f"{label(trip)}：{says}" for trip in trips for says in getattr(trip, name)]


def once(says: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(says))


def latest(moments: Iterable[str]) -> str:
    """The latest moment, or "" where one of them is not there yet."""
    found = list(moments)
    return max(found) if found and all(found) else ""
