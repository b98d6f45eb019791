"""送信: each item, its state, since when, why, and what to do about it.

What the city lost for good stands first; "done" is only what receipts prove. The ways out of what
the city does not take are a supervisor's (fieldkit/web/parked.py).
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from fieldkit import giveup, outbox, outbox_list, outbox_says, parked, restored, sentlist, whose
from fieldkit.errors import NotAllowed
from fieldkit.outbox import Progress
from fieldkit.outbox_list import Item
from fieldkit.web.common import confirmed, kit, names_of, page, say_moment, size_ja, vault

screens = Blueprint("outbox", __name__)

SHOWN = 100
RECENT = 5
UNREACHED = ("no_server", "certificate", "certificate_clock")


def tell(look: str, title: str, *says: str) -> None:
    """What the next outbox page says once: `look` is good, care or bad."""
    current_app.extensions["outbox_told"] = (look, title, list(says))


def _told() -> tuple[str, str, list[str]] | None:
    found: tuple[str, str, list[str]] | None = current_app.extensions.pop("outbox_told", None)
    return found


def item_row(item: Item) -> dict[str, Any]:
    """One line as the lists show it."""
    running = kit().progress.running
    state = outbox_says.state(item, running)
    return {
        "id": item.id,
        "url": f"/outbox/item/{item.id}",
        "label": outbox_says.item_label(item),
        "state": state,
        "state_ja": outbox_says.STATES[state],
        "since": say_moment(item.since),
        "why": outbox_says.why(item, running),
        "todo": outbox_says.todo(item),
        "size_ja": size_ja(item.size),
        "reason": item.reason,
        "attempts": item.attempts,
    }


def sent_row(one: sentlist.Sent) -> dict[str, Any]:
    """One row of the sent list as it is shown."""
    return {
        "id": one.id,
        "label": one.label,
        "seq": one.seq,
        "at": say_moment(one.kept_at),
        "size_ja": size_ja(one.size),
        "digest": one.sha256[:16],
        "receipt": one.digest[:16],
        "state": "refused" if one.state == "void" else "sent",
        "state_ja": sentlist.STATES[one.state],
    }


def _lost() -> list[dict[str, Any]]:
    """What nobody holds any more: the reception to call, and what it was."""
    found = restored.lost(vault())
    where = whose.receptions(vault()) if found else {}
    return [
        {
            "label": outbox_says.label(
                "photo" if one["what"] == "photo" else "", where.get(one["record_id"]), one["id"]
            ),
            "day": where[one["record_id"]].visit_on if one["record_id"] in where else "",
            "captured": say_moment(one["captured_at"]),
        }
        for one in found
    ]


def _handled() -> list[dict[str, Any]]:
    names = names_of()
    return [
        {
            "label": outbox_says.label(row["entity"], row["reception"], row["record_id"]),
            "act_ja": outbox_says.STATES[row["act"]],
            "now_ja": outbox_says.STATES.get(row["state"], row["state"]),
            "why": outbox_says.WHY.get(row["reason"], row["reason"]),
            "at": say_moment(row["at"]),
            "who": names.get(row["actor"], row["actor"]),
        }
        for row in outbox_list.handled(vault())
    ]


def progress_shown(now: Progress) -> dict[str, Any]:
    """How far a send is, in the words of the screen."""
    return {
        "running": now.running,
        "done": now.done,
        "total": now.total,
        "bytes_done": now.bytes_done,
        "bytes_total": now.bytes_total,
        "bytes_ja": f"{size_ja(now.bytes_done)} ／ {size_ja(now.bytes_total)}",
        "left_ja": outbox_says.time_left(now.seconds_left()),
        "lanes": now.lanes,
        "usb": now.usb,
        "says": f"{now.ended}の送信：{now.says}" if now.ended else now.says,
    }


@screens.get("/outbox")
def show() -> ResponseReturnValue:
    found = outbox_list.waiting(vault())
    aside = [item for item in found if item.state in outbox_list.ASIDE]
    queued = [item for item in found if item.state == "queued"]
    left = sum(item.size for item in queued)
    device, contact = vault().device, outbox_list.last_contact(vault())
    now = kit().progress
    return page(
        "outbox.html",
        told=_told(),
        lost=_lost(),
        lost_reasons=restored.REASONS,
        hopeless=len(giveup.hopeless(vault())),
        reasons=giveup.REASONS,
        aside=[item_row(item) for item in aside],
        items=[item_row(item) for item in queued[:SHOWN]],
        more=max(0, len(queued) - SHOWN),
        recent=[sent_row(one) for one in sentlist.listed(vault(), a_page=RECENT)],
        handled=_handled(),
        totals={
            **outbox.waiting(vault()),
            "handed": sum(len(item.ids) for item in aside if item.state == "handed"),
            "sent": outbox.sent_count(vault()),
            "size_ja": size_ja(left),
        },
        server={
            "ok": device is not None,
            "says": f"{device['city_name']}の市サーバ" if device else "未登録の端末です",
        },
        contact=say_moment(contact) if contact else "",
        unreached=now.code in UNREACHED and not now.running,
        progress=progress_shown(now) if now.says else None,
    )


@screens.get("/outbox/item/<object_id>")
def item(object_id: str) -> ResponseReturnValue:
    """One line with its history, and for a supervisor the ways out."""
    found = outbox_list.one(vault(), object_id)
    kind, reservation, applicant = parked.where(vault(), found)
    open_page = ""
    if kind == "field":
        open_page = f"/visit/{reservation}" + (f"/a/{applicant}" if applicant else "")
        open_page += "/photo?again=1" if found.what == "photo" and applicant else ""
    elif kind:
        open_page = f"/desk/{reservation}"
    return page(
        "outbox_item.html",
        item=item_row(found),
        what=found.what,
        ids=found.ids,
        reception=found.reception,
        aside=found.state in outbox_list.ASIDE,
        handed=found.state == "handed",
        hopeless=found.reason in giveup.LOST,
        open_page=open_page,
        correctable=bool(open_page) and parked.trip_to_correct(vault(), found) is not None,
        unlock=_unlock(found) if not open_page else "",
        receipt_at=outbox_list.last_contact(vault()),
    )


def _unlock(found: Item) -> str:
    """Where the trip of a line is opened; "" where it is open or gone."""
    trip = vault().book.one("SELECT kind, state FROM trip WHERE id = ?", found.trip_id)
    if trip is None or trip["state"] == "wiped" or found.trip_id in vault().trips:
        return ""
    return f"/trip/{found.trip_id}/unlock"


@screens.post("/sync")
def send() -> ResponseReturnValue:
    kit().start_sync()
    return redirect("/outbox")


@screens.post("/outbox/giveup")
def let_go() -> ResponseReturnValue:
    """A supervisor records why what is damaged will not be sent any more."""
    confirmed("あきらめてよいこと")
    count = giveup.give_up(vault(), request.form.get("reason", ""))
    tell("good", f"送れない項目{count}件を、理由を記録してあきらめました")
    return redirect("/outbox")


@screens.post("/outbox/again")
def again() -> ResponseReturnValue:
    """Only a supervisor sends again what the city had refused."""
    if g.session.user.role != "supervisor":
        raise NotAllowed("保留の項目を送り直せるのは監督者だけです。")
    outbox.requeue(vault())
    kit().start_sync()
    return redirect("/outbox")


@screens.get("/outbox/progress")
def progress() -> ResponseReturnValue:
    """How far a send is; at its end the whole page is asked for anew, so that its lists agree."""
    now = kit().progress
    drawn = render_template("_progress.html", **progress_shown(now))
    return drawn, {} if now.running else {"HX-Refresh": "true"}
