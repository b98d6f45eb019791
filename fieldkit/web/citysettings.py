"""設定と様式の版: what the city pushed, what is in use, and a supervisor's choice."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, redirect
from flask.typing import ResponseReturnValue

from fieldkit import settings_says, settings_switch
from fieldkit.web.common import kit, page, say_moment, size_ja, vault

screens = Blueprint("citysettings", __name__)
TAGS = {"taken": "ok", "proved": "waiting", "refused": "stop", "told": "doing", "here": "doing"}
CHOICES = ("proved", "former", "put_back", "declined")


@screens.app_context_processor
def _frame() -> dict[str, Any]:
    """For the first screen of everybody who is logged in."""

    def city_settings() -> dict[str, str] | None:
        opened = kit().vault
        return settings_says.newest(opened) if g.get("session") and opened else None

    return {"city_settings": city_settings}


@screens.get("/settings")
def show() -> ResponseReturnValue:
    local, busy = settings_switch.is_local(vault()), settings_switch.visit_under_way(vault())
    rows = [
        {
            "no": row["no"],
            "tag": TAGS.get(row["state"], "info"),
            "state": row["state"],
            "state_ja": row["state_ja"],
            "reason": row["reason"],
            "at": say_moment(row["at"]),
            "size_ja": size_ja(row["size"]),
            "digest": row["digest"][:16],
            "can_take": row["state"] in CHOICES and not busy,
            "can_keep": row["state"] == "proved" and local,
        }
        for row in settings_says.lines(vault())
    ]
    return page(
        "settings.html",
        rows=rows,
        local=local,
        busy=busy,
        can_back=any(row["state"] == "taken" for row in rows) and not busy,
    )


@screens.post("/settings/<int:no>/take")
def take(no: int) -> ResponseReturnValue:
    kit().use_forms(settings_switch.take(vault(), no))
    return redirect("/settings")


@screens.post("/settings/<int:no>/keep")
def keep(no: int) -> ResponseReturnValue:
    settings_switch.decline(vault(), no)
    return redirect("/settings")


@screens.post("/settings/back")
def back() -> ResponseReturnValue:
    kit().use_forms(settings_switch.back(vault()))
    return redirect("/settings")
