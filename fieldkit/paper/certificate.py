"""個人情報削除証明書: that the data of a trip, a reception or a season is gone, and its proof.

One sheet for the signatures, then the sealed objects with their digests. Where something is still
owed the paper is no certificate but a 状況報告 that lists it first; what cannot be proved is not
certified at all (KitError `not_proved`). No personal data is printed (001 特記10).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from fieldkit.clock import JST
from fieldkit.deletion_records import (
    KINDS,
    METHOD,
    Record,
    ReservationRecord,
    SeasonRecord,
    Thing,
    TripRecord,
    label,
)
from fieldkit.errors import KitError
from fieldkit.paper.dates import printed_mark, wareki_text
from fieldkit.paper.engine import press, render
from fieldkit.paper.glyphs import inked

REASONS = {
    "receipt": "受領証",
    "trip_end": "訪問の終了",
    "retaken": "撮り直し",
    "incomplete": "撮影未完了",
    "withdrawn": "取りやめ",
    "damaged": "破損（断念）",
}
SIGNS = ("実施者", "確認者（裁断した人）", "確認者（立ち会った人）", "責任者")
OPEN, NONE = "未了", "－"


def deletion_certificate(
    forms_dir: Path, record: Record, printed_at: datetime, city: str = ""
) -> bytes:
    """Return the certificate (or the report of what is owed) of any record, A4 PDF/A-2u.

    KitError("not_proved") with the reasons where the record is `unproved`.
    """
    if record.state == "unproved":
        raise KitError("not_proved", not_proved(record), "ask_supervisor")
    ready = press(forms_dir)
    data = {
        "title": title(record),
        "proved": record.state == "proved",
        "city": city or record.frame.city,
        "about": _about(record),
        "owed": list(record.waits),
        "rows": _rows(record),
        "trips": [_trip(trip) for trip in _trips_of(record)],
        "receptions": _receptions(record),
        "things": [] if isinstance(record, SeasonRecord) else _things(record.things),
        "words": [] if isinstance(record, SeasonRecord) else _words(record.things),
        "secret_words": [_forgot(trip) for trip in _trips_of(record) if trip.forgot.seq],
        "head": f"{record.frame.head_seq}行目　{record.frame.head_hash[:16]}",
        "public": record.frame.public,
        "device": record.frame.device,
        "signs": list(SIGNS),
        "printed": printed_mark(printed_at),
        "made": wareki_text(printed_at),
    }
    return render(forms_dir, "certificate.typ", inked(data, ready.body, "証明書"), printed_at).pdf


def title(record: Record) -> str:
    """What a record may be called; a screen uses the same words."""
    return "個人情報削除証明書" if record.state == "proved" else "削除状況報告（未了あり）"


def not_proved(record: Record) -> str:
    """The plain sentence instead of a certificate."""
    more = f"ほか{len(record.faults) - 3}件。" if len(record.faults) > 3 else ""
    return f"証明できません：{''.join(record.faults[:3])}{more}"


def moment(iso: str) -> str:
    """A stored moment in Japan's time, by era; 未了 where it has not come."""
    if not iso:
        return OPEN
    at = datetime.fromisoformat(iso).astimezone(JST)
    return f"{wareki_text(at)} {at:%H:%M}"


# -- the first sheet ----------------------------------------------------------------------------
def _about(record: Record) -> str:
    if isinstance(record, TripRecord):
        return label(record)
    if isinstance(record, ReservationRecord):
        return f"受付番号 {record.number}" + ("のうち申請1件" if record.applicant_id else "")
    assert isinstance(record, SeasonRecord)
    return f"{wareki_text(record.first)} から {wareki_text(record.last)} まで"


def _rows(record: Record) -> list[list[str]]:
    """The statement, line by line."""
    photos = sum(1 for thing in record.things if thing.kind == "photo")
    saves = len(record.things) - photos
    rows = [["対象", _about(record)]]
    if isinstance(record, TripRecord):
        numbers = "、".join(str(n) for n in record.numbers)
        rows += [["受付番号", numbers or "なし"], ["訪問データの番号", record.trip_id]]
    if isinstance(record, ReservationRecord):
        rows += [
            [
                "予約日・訪問予定日",
                f"{wareki_text(record.booked_on)}・{wareki_text(record.visit_on)}",
            ],
            ["管理番号", record.applicant_id or record.reservation_id],
            ["受付票の消去の記録", f"取扱記録簿 {record.row.seq}行目" if record.row else OPEN],
        ]
    if isinstance(record, SeasonRecord):
        done = sum(1 for trip in record.trips if trip.crypto_at)
        gone = sum(1 for one in record.receptions if one.crypto_at)
        rows += [
            ["訪問データ・受付データ", f"{len(record.trips)}件　うち削除済み {done}件"],
            ["受付", f"{len(record.receptions)}件　うち削除済み {gone}件"],
        ]
    rows += [
        ["封印した品目", f"記録 {saves:,}件　写真 {photos:,}枚　合計 {record.size:,} バイト"],
        ["削除の方法", f"暗号消去（{METHOD}）"],
        ["論理削除日時", moment(record.logical_at) if record.things or record.waits else NONE],
        ["暗号消去日時", moment(record.crypto_at) if record.things or record.waits else NONE],
    ]
    rows.append(["端末・キットの版", f"{record.frame.device}　fieldkit {record.frame.version}"])
    return rows


def _trips_of(record: Record) -> Sequence[TripRecord]:
    if isinstance(record, TripRecord):
        return (record,)
    return record.trips if isinstance(record, (ReservationRecord, SeasonRecord)) else ()


def _trip(trip: TripRecord) -> dict[str, Any]:
    """One container of the table: when, by whom, and the ledger row that says so."""
    photos = sum(1 for thing in trip.things if thing.kind == "photo")
    return {
        "label": label(trip),
        "id": trip.trip_id,
        "count": f"記録{len(trip.things) - photos:,}・写真{photos:,}",
        "size": f"{trip.size:,}",
        "logical": moment(trip.logical_at),
        "crypto": moment(trip.crypto_at),
        "actor": trip.actor or OPEN,
        "shredded": trip.shredded_by or (OPEN if trip.kind == "field" else NONE),
        "secret": trip.secret_sha256,
        "row": str(trip.row.seq) if trip.row else "－",
        "hash": trip.row.hash if trip.row else "",
    }


def _forgot(trip: TripRecord) -> dict[str, str]:
    return {
        "label": label(trip),
        "seq": str(trip.forgot.seq),
        "at": moment(trip.forgot.at),
        "signature": trip.forgot.signature,
    }


def _receptions(record: Record) -> list[list[str]]:
    if not isinstance(record, SeasonRecord):
        return []
    return [
        [
            str(one.number),
            wareki_text(one.visit_on),
            moment(one.logical_at),
            moment(one.crypto_at),
            f"{len(one.things):,}",
            f"{one.size:,}",
        ]
        for one in record.receptions
    ]


# -- the objects --------------------------------------------------------------------------------
def _things(things: Sequence[Thing]) -> list[dict[str, str]]:
    return [
        {
            "kind": KINDS.get(thing.kind, KINDS[""]),
            "sha256": thing.sha256,
            "size": f"{thing.size:,}",
            "receipt": str(thing.word.seq or "－"),
            "reason": REASONS.get(thing.reason, OPEN),
            "logical": moment(thing.logical_at),
            "row": str(thing.row.seq) if thing.row else "－",
        }
        for thing in things
    ]


def _words(things: Sequence[Thing]) -> list[dict[str, str]]:
    """Each receipt once, in the city's order."""
    found = {thing.word.seq: thing.word for thing in things if thing.word.seq}
    return [
        {"seq": str(seq), "at": moment(word.at), "signature": word.signature}
        for seq, word in sorted(found.items())
    ]
