"""保留の扱い: what a supervisor does with one line that the city does not take, and with losses."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request
from flask.typing import ResponseReturnValue

from fieldkit import parked, restored
from fieldkit.web.common import confirmed, kit, vault
from fieldkit.web.outbox import tell

screens = Blueprint("parked", __name__)


@screens.post("/outbox/item/<object_id>/correct")
def correct(object_id: str) -> ResponseReturnValue:
    """What stands in the record now goes as a new save; the held-up one stays listed."""
    parked.send_corrected(vault(), object_id)
    tell(
        "good",
        "いまの内容を、新しい保存として送ります",
        "保留の保存は消えません。「片づけた保留」に残ります。",
    )
    kit().start_sync()
    return redirect("/outbox")


@screens.post("/outbox/item/<object_id>/again")
def again(object_id: str) -> ResponseReturnValue:
    count = parked.resend(vault(), object_id)
    tell("good", f"{count}件をもう一度送ります", "まだ受け付けられないときは、また保留になります。")
    kit().start_sync()
    return redirect("/outbox")


@screens.post("/outbox/item/<object_id>/hand")
def hand(object_id: str) -> ResponseReturnValue:
    """Written down first; the file is fetched from the line's own page."""
    parked.hand(vault(), object_id)
    return redirect(f"/outbox/item/{object_id}")


@screens.get("/outbox/item/<object_id>/file.zip")
def file(object_id: str) -> ResponseReturnValue:
    """The sealed bytes and their sheet, for the city's IT."""
    name, data = parked.sealed_file(vault(), object_id)
    response = Response(data, mimetype="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@screens.post("/outbox/item/<object_id>/settled")
def settled(object_id: str) -> ResponseReturnValue:
    confirmed("渡した相手が片づけたこと")
    count = parked.settle(vault(), object_id)
    tell("good", f"人に渡した{count}件を、片づいたと記録しました")
    return redirect("/outbox")


@screens.post("/outbox/lost")
def lost() -> ResponseReturnValue:
    """What happens about all that a restored city lost; only then may their trips end."""
    confirmed("本人に連絡したこと")
    count = restored.close_lost(vault(), request.form.get("reason", ""))
    tell("good", f"失われた{count}件の扱いを記録しました")
    return redirect("/outbox")
