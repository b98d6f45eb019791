"""USBで運ぶ: five steps on one page, what is asked of the city, and the log of every medium.

The folder is one of the drives that are plugged in, or a typed one (a share between two networks),
which is remembered. What happened is told once, on the page that follows, so that a page that is
loaded again writes nothing again.
"""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, current_app, redirect, request
from flask.typing import ResponseReturnValue

from fieldkit import (
    carry,
    carry_asks,
    carry_place,
    carry_says,
    container,
    media,
    outbox,
)
from fieldkit.carry_reply import Taken, take_replies
from fieldkit.city import refusal
from fieldkit.errors import BadInput
from fieldkit.web import carry_job
from fieldkit.web.carry_job import Row, Told
from fieldkit.web.carry_look import asks, log_row, may_ask
from fieldkit.web.common import error_rows, kit, names_of, number_errors, page, size_ja, vault
from fieldkit.web.outbox import progress_shown

screens = Blueprint("carry", __name__)


def _told() -> Told:
    found: Told = current_app.extensions.setdefault("carry", Told())
    return found


def _places() -> list[dict[str, str]]:
    """The sticks, and the typed folder of before while it is there."""
    found = [
        {"value": str(d.mount), "label": d.name, "note": f"空き {size_ja(d.free)}"}
        for d in media.drives()
    ]
    typed = carry_place.remembered(vault())
    if typed and Path(typed).is_dir() and typed not in [one["value"] for one in found]:
        found.append({"value": typed, "label": typed, "note": "前に使った場所"})
    return found


def _folder() -> Path:
    """The place that was typed, else the one that was chosen; the only one where there is one."""
    typed = request.form.get("folder", "").strip()
    if typed:
        return carry_place.typed(vault(), typed)
    found = [one["value"] for one in _places()]
    chosen = request.form.get("mount", "")
    if not chosen and len(found) == 1:
        chosen = found[0]
    if not chosen and found:
        raise BadInput("mount", "どのUSBメモリかを選んでください。")
    if not chosen:
        raise BadInput("mount", "USBメモリを差すか、ほかの場所を入れてください。")
    if chosen not in found:
        raise carry_says.NO_FOLDER
    return Path(chosen)


def _draw(errors: list[BadInput]) -> ResponseReturnValue:
    opened, names, now = vault(), names_of(), kit().progress
    rows = [log_row(row, names) for row in carry.log(opened)]
    empty = [log_row(row, names) for row in carry.to_empty(opened)]
    answered = [row for row in empty if row["state"] == "answered"]
    asked_for = asks(opened)
    fresh = any(not one["written"] for one in asked_for)
    drawn = page(
        "carry.html",
        places=_places(),
        typed=_missing(),
        asks=asked_for,
        can=may_ask(opened),
        waits=outbox.waiting(opened),
        told=_told().take() if not errors else [],
        rows=rows,
        empty=empty,
        next=2 if fresh or not empty else 5 if answered else 4,
        progress=progress_shown(now) if now.running else None,
        errors=error_rows(errors),
        values=request.form,
    )
    return drawn, 422 if errors else 200


def _missing() -> str:
    """The typed folder of before where it is not there now."""
    typed = carry_place.remembered(vault())
    return typed if typed and not Path(typed).is_dir() else ""


@screens.post("/carry/ask")
def ask() -> ResponseReturnValue:
    """Ask for a first container, or for a key: it goes along with the next bundle."""
    what, _, trip = request.form.get("what", "").partition(":")
    if what in container.KINDS:
        carry_asks.for_first(vault(), what)
    elif what == "key":
        carry_asks.for_key(vault(), trip)
    else:
        raise BadInput("what", "頼むことを選び直してください。")
    return asked()


def asked() -> ResponseReturnValue:
    """To the page that writes it, with a sentence on how it goes on."""
    says = [
        "次の「書き込む」で、市へ運ぶファイルに入ります。",
        "市の返事を読むと、使えるようになります。",
    ]
    _told().rows = [("info", "市に頼むことに加えました", says, "")]
    return redirect("/carry")


@screens.post("/carry/withdraw")
def withdraw() -> ResponseReturnValue:
    carry_asks.withdraw(vault(), request.form.get("key", ""))
    return redirect("/carry")


@screens.get("/carry")
def show() -> ResponseReturnValue:
    return _draw([])


@screens.post("/carry/write")
def write() -> ResponseReturnValue:
    number = request.form.get("medium", "")
    errors = number_errors({"medium": number})
    if errors:
        return _draw(errors)
    try:
        job = carry_job.begin(kit(), _folder(), number)
    except BadInput as error:
        return _draw([error])
    if isinstance(job.error, BadInput):
        return _draw([job.error])
    if job.error is not None:
        raise job.error
    _told().job = job
    return redirect("/carry")


@screens.post("/carry/read")
def read() -> ResponseReturnValue:
    try:
        folder = _folder()
    except BadInput as error:
        return _draw([error])
    found = take_replies(vault(), folder)
    _told().rows = [row for one in found for row in (_reply_told(one), *_ask_told(one))] or [
        ("care", "返事がありません", ["このUSBメモリに、市の返事のファイルはありません。"], "")
    ]
    return redirect("/carry")


def _ask_told(one: Taken) -> list[Row]:
    return [
        ("good" if told.good else "care", "頼んだことへの返事", [told.says], told.url)
        for told in one.told
    ]


def _reply_told(one: Taken) -> Row:
    if one.code:
        says = [carry_says.reply_says(one.code)]
        return "bad", f"読み取れない返事（{one.file}）", says, ""
    says = [carry_says.proved(one.proved)]
    if one.again:
        says.append(
            f"壊れて届かなかったものが{one.again}件あります。次の書き込みでもう一度送ります。"
        )
    says += sorted({refusal(code).sentence for code in one.refused})
    look = "care" if one.again or one.refused else "good"
    return look, f"{one.no}番の返事を読みました", says, ""


def _no() -> int:
    text = request.form.get("no", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _emptied(no: int, says: str) -> ResponseReturnValue:
    _told().rows = [("good", f"{no}番のUSBメモリを空にしました", [says], "")]
    return redirect("/carry")


@screens.post("/carry/empty")
def empty() -> ResponseReturnValue:
    """Erase this laptop's files on the stick, look that they are gone, and write that down."""
    no = _no()
    try:
        count = carry.empty(vault(), no, _folder())
    except BadInput as error:
        return _draw([error])
    return _emptied(no, f"この端末のファイル{count}件を消し、なくなったことを確かめました。")


@screens.post("/carry/confirm")
def confirm() -> ResponseReturnValue:
    """A person says that it was emptied in another way."""
    no = _no()
    if str(no) not in request.form.getlist("confirm"):
        told = "中身を消したことを確かめて、印を付けてください。"
        return _draw([BadInput(f"confirm-{no}", told)])
    here = _places()
    carry.confirm_empty(vault(), no, Path(here[0]["value"]) if len(here) == 1 else None)
    return _emptied(no, "人が確かめたこととして記録しました。")
