"""What the city answered to the asks of this laptop, taken as it would be over the line.

Everything is verified before anything of the reply counts. A secret that comes stays in memory: so
these answers are taken where a person works (the screen), not by a command that ends at once. An
answer that cannot be taken now waits; the reply may be read again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from weakref import WeakKeyDictionary

from fieldkit import carry_asks, checkout, container, renew, reserve, tripend
from fieldkit import carry_meanwhile as meanwhile
from fieldkit.carry_asks import Ask
from fieldkit.city import identity, refusal
from fieldkit.errors import KitError
from fieldkit.rules.wareki import wareki
from fieldkit.store.vault import Vault
from sync import asking, fail
from sync.asking import Identity, Trip
from sync.bundle import Answered
from sync.wire import WireError

Rows = list[dict[str, Any]]
_lists: WeakKeyDictionary[Vault, dict[str, Rows]] = WeakKeyDictionary()
OPEN_FIRST = (
    "{}が閉じています。その画面で開いてから、もう一度「返事を読む」を押してください。"
)
CHANGED = (
    "頼んだあとに受付で変えたものが、訪問データに入っていません（受付データが閉じています）。"
    "受付の画面と見比べてください。"
)
NEW_KEY = "鍵が新しくなりました。監督者が、削除記録の画面から金庫の控えを印刷してください。"
FILL = "もう一度「書き込む」「返事を読む」をすると、すべての端末の内容が入ります。"
SCREENS = {container.DESK: "/desk", container.OFFICE: "/office"}


@dataclass(frozen=True)
class Verified:
    """One answer to an ask: a trip, the rows of a day, or the code of the city's no."""

    ask: Ask
    trip: Trip | None = None
    rows: tuple[dict[str, Any], ...] = ()
    refused: str = ""


@dataclass(frozen=True)
class Told:
    """What became of an ask, for the screen. `url` leads to what can be done now."""

    good: bool
    says: str
    url: str = ""
    waits: bool = False


def read(vault: Vault, newest: Identity, ask: Ask, answer: Answered) -> Verified:
    """Verify an answer; WireError where it is none to this ask. The city may have signed it before
    its key changed."""
    if answer.status != 200:
        return Verified(ask, refused=str(answer.value.get("error", "refused")))
    try:
        return _read(newest, ask, answer.value)
    except WireError as error:
        if error.code != "bad_signature":
            raise
        return _read(identity(vault), ask, answer.value)


def _read(me: Identity, ask: Ask, value: dict[str, Any]) -> Verified:
    if ask.what == "days":
        return Verified(ask, rows=tuple(asking.read_days(me, ask.day, value)))
    made = asking.read_trip(me, value)
    fits = {
        "key": made.id == ask.trip,
        "checkout": (made.kind, made.day) == ("field", ask.day),
    }.get(ask.what, made.kind == ask.kind)
    if not fits:
        raise WireError("not_for_us")
    return Verified(ask, made)


def take(vault: Vault, found: list[Verified]) -> list[Told]:
    """Do what each answer allows. What was answered before is passed over; what cannot be done now
    stays an open ask."""
    done = []
    for one in sorted(found, key=lambda one: carry_asks.WHAT.index(one.ask.what)):
        if one.ask not in carry_asks.waiting(vault):
            continue
        try:
            told = _take(vault, one)
        except KitError as error:
            told = Told(False, error.sentence, waits=error.action == "retry")
        fail.point("usb.ask_taken")
        if not told.waits:
            carry_asks.end(vault, one.ask)
        done.append(told)
    return done


def _take(vault: Vault, one: Verified) -> Told:
    if one.refused:
        return Told(False, f"{says(one.ask)}：{refusal(one.refused).sentence}")
    if one.ask.what == "days":
        _lists.setdefault(vault, {})[one.ask.day] = list(one.rows)
        return Told(True, f"{says(one.ask)}が届きました。", f"/checkout?list={one.ask.day}")
    assert one.trip is not None
    return _TAKES[one.ask.what](vault, one.ask, one.trip)


def _key(vault: Vault, ask: Ask, made: Trip) -> Told:
    row = vault.book.one("SELECT state FROM trip WHERE id = ?", ask.trip)
    if row is None or row["state"] != "out":
        return Told(True, "鍵が届きましたが、そのデータはもう終わっています。")
    vault.open_trip(ask.trip, made.secret)
    return Told(True, f"{says(ask)}が届き、開きました。", "/")


def _first(vault: Vault, ask: Ask, made: Trip) -> Told:
    if container.row(vault, ask.kind) is None:
        vault.add_trip(made.id, ask.kind, made.day, made.public, made.secret)
    more = FILL if ask.kind == container.OFFICE else ""
    return Told(True, f"{says(ask)}の用意ができました。{more}{NEW_KEY}", "/deletion")


def _renew(vault: Vault, ask: Ask, made: Trip) -> Told:
    name, row = container.NAMES[ask.kind], renew.wanted(vault, ask.kind)
    if row is not None and row["id"] == ask.trip and ask.trip not in vault.trips:
        return Told(False, OPEN_FIRST.format(name), SCREENS[ask.kind], waits=True)
    if not renew.take(vault, ask.trip, made):
        return Told(True, f"{name}の入れ替えは、もう要りません。")
    return Told(True, f"{name}を入れ替えました。{NEW_KEY}", "/deletion")


def _checkout(vault: Vault, ask: Ask, made: Trip) -> Told:
    row = reserve.desk_row(vault)
    desk = vault.trips.get(row["id"]) if row is not None else None
    waiting = meanwhile.waits(vault, made)
    later = meanwhile.said(desk, made, waiting) if desk is not None else []
    with checkout.ONE_AT_A_TIME:
        trip = checkout.accept(vault, made, desk)
        meanwhile.say(vault, trip, later)
        tripend.drop_unused(vault)
    text = f"{says(ask)}ができました。訪問予定表を印刷してください。"
    missing = CHANGED if waiting and desk is None else ""
    return Told(True, text + missing, f"/checkout?trip={trip.id}")


_TAKES = {
    "key": _key, "renew": _renew, **dict.fromkeys(container.KINDS, _first), "checkout": _checkout,
}  # fmt: skip


def says(ask: Ask) -> str:
    """What was asked for, in words."""
    day = wareki(date.fromisoformat(ask.day)) if ask.day else ""
    return {
        "key": "閉じているデータの鍵",
        **container.NAMES,
        "renew": f"新しい{container.NAMES[ask.kind]}",
        "checkout": f"{day}の持ち出し（予約{len(ask.ids)}件）",
        "days": f"{day}の予約の一覧",
    }[ask.what]


def lists(vault: Vault) -> dict[str, Rows]:
    """The lists of days that came since the kit was opened, as `checkout.listed` draws them."""
    found = _lists.get(vault, {})
    return {day: checkout.listed(vault, rows) for day, rows in sorted(found.items())}
