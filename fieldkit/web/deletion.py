"""削除記録: what is gone for good, what is still owed, and the certificates. No personal data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, Response, g
from flask.typing import ResponseReturnValue

from fieldkit import deletion, paper, reserve, safe
from fieldkit.clock import day_of
from fieldkit.deletion_records import Record, label
from fieldkit.errors import NotAllowed, NotFound
from fieldkit.paper import certificate
from fieldkit.rules.wareki import wareki
from fieldkit.screen_roles import may
from fieldkit.web.common import kit, page, pdf, vault

screens = Blueprint("deletion", __name__)
STATES = {
    "proved": ("erased", "削除済み"),
    "open": ("owed", "未了"),
    "unproved": ("stop", "証明できません"),
}


@dataclass(frozen=True)
class Season:
    """A span of days that can be certified: the work's own, or a year from April."""

    key: str
    name: str
    first: date
    last: date


def seasons() -> list[Season]:
    """業務期間 as forms/booking.toml says, then every 年度 that this laptop has a trip of."""
    rules = kit().city().booking
    first, last = min(rules.desk_from, rules.visit_from), max(rules.desk_to, rules.visit_to)
    found = [Season("work", "業務期間", first, last)]
    days = [date.fromisoformat(r["day"]) for r in vault().book.all("SELECT day FROM trip")]
    days.append(day_of(kit().settings.clock()))
    for year in sorted({day.year - (day.month < 4) for day in days}, reverse=True):
        start = date(year, 4, 1)
        name = wareki(start).split("年")[0] + "年度"
        found.append(Season(f"y{year}", name, start, date(year + 1, 3, 31)))
    return found


def _shown(record: Record) -> dict[str, Any]:
    tag, state_ja = STATES[record.state]
    return {
        "tag": tag,
        "state": record.state,
        "state_ja": state_ja,
        "logical": certificate.moment(record.logical_at),
        "crypto": certificate.moment(record.crypto_at),
        "says": [*record.faults, *record.waits],
        "n": len(record.things),
        "title": certificate.title(record),
    }


def draw(errors: list[dict[str, str]], status: int = 200) -> ResponseReturnValue:
    """The list of trips and seasons; `errors` of the form of a shredded sheet."""
    trips = [
        {**_shown(trip), "id": trip.trip_id, "label": label(trip), "numbers": trip.numbers}
        for trip in deletion.records_of_trips(vault())
    ]
    spans = [
        {"key": s.key, "name": s.name, "days": f"{wareki(s.first)} から {wareki(s.last)} まで"}
        for s in seasons()
    ]
    shred = safe.to_shred(vault()) if may(g.session.user.role, "safe") else []
    text = page("deletion.html", trips=trips, seasons=spans, shred=shred, errors=errors)
    return text, status


def printable() -> list[dict[str, str]]:
    """The ended trips whose paper this person may print: `[{"id", "day"}]`, newest first."""
    rows = vault().book.all(
        "SELECT id, day FROM trip WHERE kind = 'field' AND state = 'wiped' ORDER BY day DESC"
    )
    everything = may(g.session.user.role, "deletion")
    return [{"id": r["id"], "day": r["day"]} for r in rows if everything or _own(r["id"])]


@screens.get("/deletion")
def show() -> ResponseReturnValue:
    return draw([])


@screens.get("/deletion/reception/<number>")
def reception(number: str) -> ResponseReturnValue:
    """One reception number: its state, and a paper for it and for each applicant."""
    record = deletion.record_of_reservation(vault(), _reservation_id(number))
    people = deletion.applicants_of(vault(), record.reservation_id)
    containers = [{**_shown(trip), "label": label(trip)} for trip in record.trips]
    return page(
        "deletion_reception.html",
        number=number,
        record=_shown(record),
        trips=containers,
        n_people=len(people),
    )


@screens.get("/deletion/reception/<number>.pdf")
def reception_pdf(number: str) -> ResponseReturnValue:
    record = deletion.record_of_reservation(vault(), _reservation_id(number))
    return _print(record, record.reservation_id)


@screens.get("/deletion/reception/<number>/<int:person>.pdf")
def application_pdf(number: str, person: int) -> ResponseReturnValue:
    """The n-th applicant of a reception number, in the order in which they were typed."""
    people = deletion.applicants_of(vault(), _reservation_id(number))
    if not 1 <= person <= len(people):
        raise NotFound("この申請の記録は、この端末の台帳にありません。")
    applicant_id = people[person - 1]
    return _print(deletion.record_of_application(vault(), applicant_id), applicant_id)


@screens.get("/deletion/trip/<trip_id>.pdf")
def trip_pdf(trip_id: str) -> ResponseReturnValue:
    """For supervisors and auditors; the field staff print that of a trip of their own."""
    record = deletion.record_of_trip(vault(), trip_id)
    if not may(g.session.user.role, "deletion") and not _own(trip_id):
        raise NotAllowed("自分が持ち出した訪問の証明書だけ印刷できます。監督者に頼んでください。")
    return _print(record, trip_id)


@screens.get("/deletion/season/<key>.pdf")
def season_pdf(key: str) -> ResponseReturnValue:
    found = next((s for s in seasons() if s.key == key), None)
    if found is None:
        raise NotFound("この期間はありません。削除記録の画面から選び直してください。")
    record = deletion.record_of_season(vault(), found.first.isoformat(), found.last.isoformat())
    return _print(record, f"season-{key}")


def _print(record: Record, act_object: str) -> Response:
    settings = kit().settings
    city = kit().city().city_name
    data = paper.deletion_certificate(settings.forms_dir, record, settings.clock(), city)
    return pdf(data, act_object)


def _reservation_id(number: str) -> str:
    for row in reserve.reception_list(vault()):
        if str(row["number"]) == number:
            return str(row["reservation_id"])
    raise NotFound("この受付番号の記録は、この端末の台帳にありません。")


def _own(trip_id: str) -> bool:
    """Whether the person who is logged in took part in this field trip, as the ledger has it."""
    return g.session.user.role in ("field", "booth") and deletion.took_part(
        vault(), g.session.user.id, trip_id
    )
