"""カメラのカード: the board of numbered cards, one card's shots, its emptying in steps.

A picture goes from the card to a canvas as a small JPEG, never to a file or a form. Which card is
in the reader is looked up at every request: a mount path from a form only names one of the drives.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Response, current_app, g, jsonify, redirect, request
from flask.typing import ResponseReturnValue

from fieldkit import apply, cards, cards_empty, cards_import, media, visit
from fieldkit.cards_import import Reader
from fieldkit.errors import BadInput, KitError, NotReady
from fieldkit.screen_roles import may
from fieldkit.store.record_rows import Record
from fieldkit.web.cards_look import board_shown, card_shown, people_of
from fieldkit.web.common import error_rows, kit, number_errors, page, vault
from fieldkit.web.visits import case_of

screens = Blueprint("cards", __name__)
STEP_SECONDS = 1.0


@dataclass
class Readers:
    """What this process read of the cards; forgotten with it. One card act at a time."""

    read: dict[str, Reader] = field(default_factory=dict)
    fresh: dict[str, Reader] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, card_id: str) -> Reader:
        return self.read.setdefault(card_id, Reader())


def _readers() -> Readers:
    found: Readers = current_app.extensions.setdefault("cards", Readers())
    return found


@screens.app_context_processor
def _for_all_pages() -> dict[str, Any]:
    """`cards_out()` and `cards_lost()` for the first screen; empty for who has no cards' screen."""
    return {
        "cards_out": lambda: cards.out_now(vault()) if _mine() else [],
        "cards_lost": lambda: cards.incidents(vault()) if _mine() else [],
    }


def _mine() -> bool:
    return may(g.session.user.role, "cards")


def _board(errors: list[BadInput]) -> ResponseReturnValue:
    status = 422 if errors else 200
    return page(
        "cards/board.html",
        **board_shown(vault()),
        errors=error_rows(errors),
        values=request.form,
    ), status


@screens.get("/cards")
def board() -> ResponseReturnValue:
    return _board([])


@screens.post("/cards")
def take_out() -> ResponseReturnValue:
    form = request.form
    errors = number_errors({"label": form.get("label", "")})
    if not errors:
        try:
            mount = form.get("mount", "")
            drive = media.drive_at(mount) if mount else None
            card_id = cards.take_out(vault(), form.get("trip", ""), form.get("label", ""), drive)
            return redirect(f"/cards/{card_id}")
        except BadInput as error:
            errors = [error]
    return _board(errors)


def _card(card_id: str, errors: list[BadInput], shot: str = "") -> ResponseReturnValue:
    asked = {"shot": shot} if shot else request.args
    shown = card_shown(vault(), card_id, asked)
    status = 422 if errors else 200
    return page(
        "cards/card.html", **shown, errors=error_rows(errors), values=request.form
    ), status


@screens.get("/cards/<card_id>")
def card(card_id: str) -> ResponseReturnValue:
    return _card(card_id, [])


def _chosen_drive(row: dict[str, Any]) -> media.Drive:
    """The reader that was chosen; where one has to be chosen and none was, that is said."""
    mount = request.form.get("mount", "")
    if not mount and not row["serial"] and len(media.drives()) > 1:
        raise BadInput("mount", "どの読み取り機にカードを差したかを選んでください。")
    return cards.drive_of(vault(), row, mount)


@screens.post("/cards/<card_id>/read")
def read(card_id: str) -> ResponseReturnValue:
    """Read the card for a moment; the screen repeats it until it is done."""
    readers = _readers()
    drive = _chosen_drive(cards.row_of(vault(), card_id))
    with readers.lock:
        reader = readers.of(card_id)
        done = cards_import.read(vault(), card_id, drive, reader, STEP_SECONDS)
        share = 1.0 if done else reader.share(drive)
    return _told(card_id, done, "カードを読み取っています。", share)


@screens.post("/cards/<card_id>/empty")
def empty(card_id: str) -> ResponseReturnValue:
    """One step of emptying. Every beginning counts anew with a reader that trusts nothing."""
    readers, form = _readers(), request.form
    row = cards.row_of(vault(), card_id)
    drive = _chosen_drive(row)
    with readers.lock:
        fresh = readers.fresh.setdefault(card_id, Reader())
        try:
            step = cards_empty.empty_step(
                vault(),
                card_id,
                drive,
                fresh,
                STEP_SECONDS,
                missing_ok=form.get("missing_ok") == "yes",
                unused=form.get("unused") == "yes",
            )
        except KitError:
            readers.fresh.pop(card_id, None)
            raise
        if cards.row_of(vault(), card_id)["state"] != "read":
            readers.fresh.pop(card_id, None)
    return _told(card_id, step.done, step.says, step.share)


def _told(card_id: str, done: bool, says: str, share: float) -> ResponseReturnValue:
    if "text/html" in request.headers.get("Accept", ""):
        return redirect(f"/cards/{card_id}")
    return jsonify({"done": done, "says": says, "share": round(share, 3)})


@screens.get("/cards/<card_id>/shot/<sha256>/view")
def view(card_id: str, sha256: str) -> ResponseReturnValue:
    """One shot for the canvas, read from the card now, as a small JPEG without Exif."""
    row = cards.open_row(vault(), card_id)
    data = _bytes(row, sha256)
    vault().note("photo_viewed", card_id)
    return Response(cards_import.view(data), mimetype="image/jpeg")


def _bytes(row: dict[str, Any], sha256: str) -> bytes:
    drive = cards.drive_of(vault(), row, "")
    readers = _readers()
    with readers.lock:
        return cards_import.bytes_of(vault(), row["id"], sha256, drive, readers.of(row["id"]))


@screens.post("/cards/<card_id>/shot/<sha256>")
def sort_out(card_id: str, sha256: str) -> ResponseReturnValue:
    """Import a shot for a person, or set it aside (`act`)."""
    form = request.form
    try:
        if form.get("act") == "aside":
            cards_import.set_aside(vault(), card_id, [sha256], _reason(form.get("reason", "")))
            return redirect(f"/cards/{card_id}")
        row = cards.open_row(vault(), card_id, "read")
        person = _person(row, form.get("applicant", ""))
        limits = kit().city().photo_limits
        cards_import.take_in(vault(), card_id, sha256, _bytes(row, sha256), person, limits)
    except (BadInput, NotReady) as error:
        name = error.field if isinstance(error, BadInput) else "applicant"
        return _card(card_id, [BadInput(name, error.sentence)], sha256)
    return redirect(f"/cards/{card_id}?took={person.id}")


def _reason(code: str) -> str:
    """GONE is never chosen: it is what emptying itself writes down."""
    if code not in cards_import.ASIDE:
        raise BadInput("reason", "対象外にする理由を選んでください。")
    return code


def _person(row: dict[str, Any], applicant_id: str) -> Record:
    trip = vault().trip(row["trip_id"])
    for slip, applicant in people_of(trip):
        if applicant.id == applicant_id:
            visit.refuse_if_closed(trip, applicant)
            apply.refuse_photo(case_of(slip.reservation.id, applicant_id), kit().city())
            return applicant
    raise BadInput("applicant", "だれの写真かを選んでください。")


@screens.post("/cards/<card_id>/aside")
def aside_rest(card_id: str) -> ResponseReturnValue:
    """Every file that is no picture, with one reason."""
    rest = [
        shot["sha256"]
        for shot in cards.shots_of(vault(), card_id)
        if shot["state"] == "found" and shot["kind"] != "picture"
    ]
    try:
        cards_import.set_aside(vault(), card_id, rest, _reason(request.form.get("rest_reason", "")))
    except BadInput as error:
        return _card(card_id, [BadInput("rest_reason", error.sentence)])
    return redirect(f"/cards/{card_id}")


@screens.post("/cards/<card_id>/back")
def give_back(card_id: str) -> ResponseReturnValue:
    cards.give_back(vault(), card_id)
    return redirect("/cards")


@screens.post("/cards/<card_id>/lost")
def lost(card_id: str) -> ResponseReturnValue:
    try:
        if request.form.get("sure") != "yes":
            raise BadInput("sure", "カードが返らないことを確かめて、印を付けてください。")
        cards.report_lost(vault(), card_id, request.form.get("lost_reason", ""))
    except BadInput as error:
        name = "lost_reason" if error.field == "reason" else error.field
        return _card(card_id, [BadInput(name, error.sentence)])
    return redirect("/cards")
