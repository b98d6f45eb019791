"""写真の差し戻し: a section of 予約受付, a line of 今日の予定, the button that books a visit."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, redirect
from flask.typing import ResponseReturnValue

from fieldkit import reserve, returned
from fieldkit.returned import Task
from fieldkit.screen_roles import may
from fieldkit.web.common import vault

screens = Blueprint("returned", __name__)

STATES = {
    returned.OPEN: ("warn", "予約がまだ", "電話をして、撮り直しの訪問を予約します。"),
    returned.BOOKED: ("booked", "予約あり", "訪問で写真を撮り、申請を確認すると終わります。"),
    returned.VISITED: (
        "waiting",
        "確認待ち",
        "訪問は終わりましたが、確認した申請が市サーバに届いていません。"
        "撮れていないときは、もう一度予約します。",
    ),
}
"""State of a task: its look, its word, what to do."""


@screens.app_context_processor
def _for_the_pages() -> dict[str, Any]:
    """`returned_photos()` for 予約受付; `returned_waiting()`, a number without names, for today."""
    return {
        "returned_photos": lambda: (
            [_row(one) for one in returned.tasks(vault())] if _mine() else []
        ),
        "returned_waiting": lambda: returned.waiting(vault()) if _mine() else 0,
    }


def _mine() -> bool:
    return g.get("session") is not None and may(g.session.user.role, "returned")


def _row(task: Task) -> dict[str, Any]:
    record = task.record
    look, state_ja, todo = STATES.get(task.state, STATES[returned.OPEN])
    return {
        "id": task.id,
        "reception_no": record.get("reception_no"),
        "name": record.get("person", {}).get("name", ""),
        "reason": record.get("reason"),
        "on": record.get("on"),
        "look": look,
        "state_ja": state_ja,
        "todo": todo,
        "booked": task.booked,
        "waits": task.waits,
    }


@screens.post("/returned/<task_id>/book")
def book(task_id: str) -> ResponseReturnValue:
    """The call screen, filled in as far as the city knows the person."""
    trip = reserve.open_desk(vault())
    return redirect(f"/desk/{returned.begin(vault(), trip, task_id)}")
