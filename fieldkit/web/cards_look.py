"""What the screens of the camera cards show: words for states, people, readers and the next act."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fieldkit import apply, cards, media, reserve, shot
from fieldkit.people import everybody
from fieldkit.rules.card_shots import ASIDE, KINDS, LOST
from fieldkit.store import records
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.record_rows import Record
from fieldkit.store.vault import Vault
from fieldkit.web.common import kit, size_ja
from fieldkit.web.photo_look import SHOWN
from fieldkit.web.visits import case_of

STATE_JA = {
    "out": "持ち出し中",
    "read": "写真を整理中",
    "emptying": "空にする途中",
    "filled": "空にする途中",
    "emptied": "空・返却待ち",
    "back": "返却済み",
    "lost": "紛失",
}
TAG = {"out": "doing", "read": "doing", "emptying": "owed", "filled": "owed", "emptied": "waiting",
       "back": "done", "lost": "error"}  # fmt: skip
NEXT = {
    "out": "カードを読み取る",
    "read": "写真を整理する",
    "emptying": "空にする（つづき）",
    "filled": "空にする（つづき）",
    "emptied": "返却する",
}
VERDICT = {"pass": "good", "advise": "care", "stop": "bad"}


def _row(row: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """One card with the words of its state. `shots` is None before it was read."""
    sorted_out = row["state"] == "read" and not row["left"]
    return {
        **row,
        "state_ja": STATE_JA[row["state"]],
        "tag": TAG[row["state"]],
        "next": "空にする" if sorted_out else NEXT.get(row["state"], ""),
        "who": names.get(row["out_by"], row["out_by"]),
        "back_who": names.get(row["back_by"] or row["lost_by"] or "", ""),
        "reason_ja": LOST.get(row["reason"], ""),
    }


def _rows(vault: Vault) -> list[dict[str, Any]]:
    names = {person.id: person.name for person in everybody(vault)}
    return [_row(row, names) for row in cards.board(vault)]


def _drives() -> list[dict[str, str]]:
    return [
        {"value": str(one.mount), "label": f"{one.name}（{size_ja(one.size)}）"}
        for one in media.drives()
    ]


def board_shown(vault: Vault) -> dict[str, Any]:
    """Cards that are out, lost and returned; what a card can be taken out for."""
    rows = _rows(vault)
    trips = vault.book.all(
        "SELECT id, day FROM trip WHERE kind = 'field' AND state <> 'wiped' ORDER BY day"
    )
    return {
        "cards": [row for row in rows if row["state"] not in cards.CLOSED],
        "lost": [row for row in rows if row["state"] == "lost"],
        "back": [row for row in rows if row["state"] == "back"][-10:],
        "trips": [{"id": trip["id"], "day": trip["day"]} for trip in trips],
        "labels": cards.labels(vault),
        "drives": _drives(),
    }


def people_of(trip: OpenTrip) -> Iterator[tuple[reserve.Slip, Record]]:
    """The applicants of the visits of a trip that are still open."""
    for found in reserve.slips(trip):
        if found.reservation.get("state") not in ("visited", "cancelled"):
            for applicant in found.applicants:
                yield found, applicant


def card_shown(vault: Vault, card_id: str, asked: Mapping[str, str]) -> dict[str, Any]:
    """One card: its counts, the shot that is next, whose it may be, and what is in the reader.

    `asked`: `shot` opens a certain shot again, `took` is the person of the last import.
    """
    row = next((r for r in _rows(vault) if r["id"] == card_id), None)
    if row is None:
        cards.row_of(vault, card_id)  # says that it is not here
        raise AssertionError("a card without its trip")
    shots = cards.shots_of(vault, card_id)
    for number, one in enumerate(shots, start=1):
        one |= {"number": number, "size_ja": size_ja(one["size"])}
        one |= {"kind_ja": KINDS[one["kind"]], "reason_ja": ASIDE.get(one["reason"], "")}
    left = [one for one in shots if one["state"] == "found"]
    chosen = next((one for one in shots if one["sha256"] == asked.get("shot")), None)
    trip = vault.trips.get(row["trip_id"])
    return {
        "card": row,
        "shots": shots,
        "shot": chosen or (left[0] if left else None),
        "rest": sum(one["kind"] != "picture" for one in left),
        "trip_open": trip is not None,
        "people": _people(trip) if trip else [],
        "took": _took(trip, asked.get("took", "")) if trip else None,
        "asides": [{"value": code, "label": text} for code, text in ASIDE.items()],
        "reasons": [{"value": code, "label": text} for code, text in LOST.items()],
        "drives": _drives(),
        "inserted": _inserted(row),
    }


def _people(trip: OpenTrip) -> list[dict[str, str]]:
    return [
        {
            "value": applicant.id,
            "label": f"{applicant.get('name')} 様",
            "note": f"受付番号 {found.reservation.get('reception_no')}",
        }
        for found, applicant in people_of(trip)
        if not apply.no_photo(case_of(found.reservation.id, applicant.id), kit().city())
    ]


def _inserted(row: Mapping[str, Any]) -> str:
    """"" no reader with a card, "yes" this card as far as is known, "other" another one."""
    found = media.drives()
    if not found:
        return ""
    return "yes" if any(media.same_media(one, row["serial"]) for one in found) else "other"


def _took(trip: OpenTrip, applicant_id: str) -> dict[str, Any] | None:
    """The judgement of the shot that was just imported, and the way to its screen."""
    tried = shot.tried(trip, applicant_id) if applicant_id else None
    if not tried or tried.get("source") != "card":
        return None
    applicant = records.get(trip, applicant_id)
    return {
        "name": applicant.get("name"),
        "look": VERDICT.get(tried["verdict"], "care"),
        "advice": [found["advice"] for found in tried["findings"][:SHOWN]],
        "url": f"/visit/{applicant.parent}/a/{applicant_id}/photo",
    }
