"""A visit: the tasks of each applicant, in the order in which they are usually done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fieldkit import erase, visit_facts
from fieldkit.errors import BadInput, KitError, NotReady
from fieldkit.reserve import Slip, slip, slips
from fieldkit.store import facts, photos, records
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.record_rows import Record
from fieldkit.store.vault import Vault
from sync import fail
from sync.ids import child_id

KIND_JA = {
    "new": "新規",
    "renew": "更新",
    "lost": "紛失",
    "damaged": "破損",
    "other": "その他",
}
ASIDE_JA = {"declined": "取りやめ", "postponed": "後日"}
"""How an application stands that is not made today."""
STATE_JA = {"todo": "未", "doing": "途中", "done": "済", "blocked": "まだできません"}


@dataclass(frozen=True)
class Task:
    """One row of the task list: `state` is todo, doing, done or blocked (with `why`)."""

    name: str
    label: str
    state: str
    why: str = ""

    @property
    def state_ja(self) -> str:
        return STATE_JA[self.state]


def kind_of(applicant: Record, answers: Mapping[str, str]) -> str:
    """What is applied for, in the desk's words: as the form says it, else as the desk noted it."""
    kind, reason = answers.get("kind", ""), answers.get("reason", "")
    if kind == "reissue":
        return reason if reason in ("lost", "damaged") else "other"
    return kind or str(applicant.get("kind") or "other")


def visits(vault: Vault) -> list[tuple[OpenTrip, Slip]]:
    """The visits of every open field trip, by day and order."""
    return [
        (trip, found)
        for trip in sorted(vault.trips.values(), key=lambda t: t.day)
        if trip.kind == "field"
        for found in slips(trip)
    ]


def trip_of(vault: Vault, record_id: str) -> OpenTrip:
    """The open field trip that holds a record; KitError where it is locked or not here."""
    for trip in vault.trips.values():
        if trip.kind == "field" and trip.db.one("SELECT 1 FROM record WHERE id = ?", record_id):
            return trip
    raise KitError(
        "visit_locked",
        "この訪問のデータは閉じているか、この端末にありません。"
        "今日の予定から、訪問予定表の26文字で開いてください。",
        "retry",
    )


def application(trip: OpenTrip, applicant_id: str) -> Record | None:
    found = records.find(trip, "application", applicant_id)
    return found[0] if found else None


def by_other(now: Record | None) -> bool:
    """Whether the other laptop of a session has brought an application to its end."""
    return now is not None and bool(now.device) and now.get("state") == "confirmed"


def save_application(
    vault: Vault,
    trip: OpenTrip,
    applicant: Record,
    fields: dict[str, Any],
    seen: int | None = None,
) -> Record:
    """Change the applicant's application, making it at the first save.

    Its id follows from the applicant's, so that a save that a kill cut off is never a second one.
    `seen` is what the page was drawn with (fieldkit/store/heard.py).
    """
    refuse_if_closed(trip, applicant)
    now = application(trip, applicant.id)
    base: dict[str, Any] = {} if now else {"state": "doing"}
    own_id = now.id if now else child_id(applicant.id, "application")
    return records.save(vault, trip, "application", {**base, **fields}, own_id, applicant.id, seen)


def refuse_if_closed(trip: OpenTrip, applicant: Record) -> None:
    if records.get(trip, applicant.parent).get("state") == "visited":
        raise NotReady("この訪問は終了しています。直すときは監督者へ連絡してください。")


def tasks(
    trip: OpenTrip,
    applicant: Record,
    form_complete: bool,
    fee_yen: int | None,
    papers: str,
    needs_photo: bool = True,
) -> list[Task]:
    """What is done and what is left for one applicant. `fee_yen` None = not known yet:
    while the form is open, or where the fee's screen must first be told the reason.
    `papers` is how far the printing is (fieldkit/paper_set.py); it holds nothing else up.
    Without `needs_photo` (under 1 year old) the photo is no step at all."""
    now = application(trip, applicant.id)
    body = now.body if now else {}
    checked = bool(body.get("id_check"))
    photo = bool(body.get("photo_id")) or not needs_photo
    form = "done" if form_complete else ("doing" if body.get("answers") else "todo")
    fee_done = bool(body.get("receipt_no")) or (fee_yen == 0 and form_complete)
    fee = "done" if fee_done else ("todo" if form_complete else "blocked")
    before = [checked, form_complete, photo, fee_done]
    confirmed = "done" if body.get("state") == "confirmed" else "todo"
    ready = all(before)
    rows = [
        Task("id", "本人確認書類の確認", "done" if checked else "todo"),
        Task("form", "交付申請書の記入", form),
        Task("photo", "顔写真の撮影", "done" if photo else "todo"),
        Task("fee", "手数料", fee, "申請書の記入が終わると金額が決まります。"),
        Task("papers", "書類の記入と印刷", papers),
        Task(
            "check",
            "内容の確認",
            confirmed if ready else "blocked",
            "上の項目が終わると確認できます。",
        ),
    ]
    return [row for row in rows if needs_photo or row.name != "photo"]


def confirm(vault: Vault, trip: OpenTrip, applicant: Record, no_photo_reason: str = "") -> None:
    """The applicant has seen the answers and they are right.

    With `no_photo_reason` (under 1 year old today) the city gets that instead of a photo, and a
    photo that was taken before the birth date was corrected is erased.
    """
    fields: dict[str, Any] = {"state": "confirmed"}
    now = application(trip, applicant.id)
    if no_photo_reason or (now is not None and now.get("no_photo_reason")):
        fields["no_photo_reason"] = no_photo_reason
    if no_photo_reason:
        fields |= {"photo_id": "", "photo_exception": {}}
    save_application(vault, trip, applicant, fields)
    if no_photo_reason:
        _settle_photos(vault, trip, applicant)
    vault.note("application_done", applicant.id)


def set_aside(vault: Vault, trip: OpenTrip, applicant: Record, outcome: str, note: str) -> None:
    """The person does not apply today: "declined" or "postponed"; "doing" takes it back.

    A photo that was taken is erased at once. NotReady where money was already received: that
    needs a supervisor first.
    """
    if outcome not in ("declined", "postponed", "doing"):
        raise BadInput("outcome", "今日どうするかを選んでください。")
    now = application(trip, applicant.id)
    if outcome != "doing" and now is not None and now.get("receipt_no"):
        raise NotReady("手数料を受け取っています。取りやめる前に監督者へ連絡してください。")
    fields: dict[str, Any] = {"state": outcome, "outcome_note": note}
    if outcome != "doing":
        fields["photo_id"] = ""
    save_application(vault, trip, applicant, fields)
    _settle_photos(vault, trip, applicant)
    vault.note("set_aside", applicant.id, outcome)


def open_points(trip: OpenTrip, found: Slip) -> list[tuple[Record, str]]:
    """The applicants whose application is not finished, each with why."""
    points = []
    for applicant in found.applicants:
        now = application(trip, applicant.id)
        state = now.get("state") if now else ""
        if state not in ("confirmed", "declined", "postponed"):
            points.append((applicant, "内容の確認がまだです"))
    return points


def close_visit(vault: Vault, trip: OpenTrip, reservation_id: str) -> None:
    """End the visit: facts are written, photo keys are dropped; only the city can open the photos.

    NotReady names nobody: the screen shows who is not finished. Repeating it changes nothing.
    """
    with photos.CHANGE:
        _close(vault, trip, reservation_id)


def _close(vault: Vault, trip: OpenTrip, reservation_id: str) -> None:
    found = slip(trip, reservation_id)
    if open_points(trip, found):
        raise NotReady("まだ終わっていない申請者がいます。下の一覧から続けてください。")
    for applicant in found.applicants:
        _settle_photos(vault, trip, applicant)
    day = vault.now()[:10]
    ids = []
    with vault.book.write() as conn:
        for applicant in found.applicants:
            ids.append(applicant.id)
            now = application(trip, applicant.id)
            kind = kind_of(applicant, (now.get("answers") or {}) if now else {})
            visit_facts.note_application(vault, found, applicant, now, kind, day)
        dims = {"place": str(found.reservation.get("place", "home"))}
        facts.note(vault.book, f"{reservation_id}:visit", "visit", day, dims)
        conn.execute(
            "UPDATE reception SET visited_on = coalesce(visited_on, ?), state = 'visited'"
            " WHERE reservation_id = ?",
            (day, reservation_id),
        )
        vault.note("visit_closed", reservation_id)
    fail.point("close.facts")
    records.save(vault, trip, "reservation", {"state": "visited"}, reservation_id)
    fail.point("close.saved")
    photos.forget_keys(vault, ids)
    trip.db.checkpoint()


def closed_elsewhere(vault: Vault, trip: OpenTrip, reservation_id: str) -> None:
    """Another laptop has ended the visit: what was shot here is settled, and its keys go."""
    with photos.CHANGE:
        people = slip(trip, reservation_id).applicants
        for applicant in people:
            _settle_photos(vault, trip, applicant)
        photos.forget_keys(vault, [applicant.id for applicant in people])


def _settle_photos(vault: Vault, trip: OpenTrip, applicant: Record) -> None:
    """The application names the photo that counts; one that a kill left beside it is erased.

    Where it names one of another laptop, a photo that was chosen here stays: the city has both, and
    a supervisor decides.
    """
    now = application(trip, applicant.id)
    chosen = str(now.get("photo_id")) if now else ""
    aside = now is not None and now.get("state") in ("declined", "postponed")
    elsewhere = chosen and not vault.book.one("SELECT 1 FROM photo WHERE id = ?", chosen)
    for row in vault.book.all(
        "SELECT id, state FROM photo WHERE record_id = ? AND state IN ('sealed', 'queued')",
        applicant.id,
    ):
        if row["id"] != chosen and elsewhere and row["state"] == "queued":
            continue
        if row["id"] != chosen:
            erase.erase_photo(vault, row["id"], "withdrawn" if aside else "retaken")
        elif row["state"] == "sealed":
            photos.keep(vault, chosen)
