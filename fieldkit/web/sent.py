"""送ったもの: the list that outlives the data, by day and as files; its receipts checked anew."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from fieldkit import sentlist
from fieldkit.errors import BadInput
from fieldkit.web.common import kit, page, say_day, vault
from fieldkit.web.outbox import sent_row

screens = Blueprint("sent", __name__)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FAULTS = 20


def _day() -> str:
    """The chosen day as an ISO date; "" for all."""
    text = request.values.get("day", "")
    if not text:
        return ""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise BadInput("day", "日付を読めません。送ったものの一覧を開き直してください。") from None


def _number() -> int:
    text = request.args.get("page", "1")
    return int(text) if text.isdecimal() and 0 < len(text) < 8 and int(text) > 0 else 1


def _draw(result: dict[str, Any] | None = None) -> ResponseReturnValue:
    day, opened = _day(), vault()
    total = sentlist.count(opened, day)
    pages = max(1, -(-total // sentlist.A_PAGE))
    number = min(_number(), pages)
    return page(
        "outbox_sent.html",
        rows=[sent_row(one) for one in sentlist.listed(opened, day, number)],
        days=[{"value": d, "label": f"{say_day(d)}（{n}件）"} for d, n in sentlist.days(opened)],
        day=day,
        total=total,
        number=number,
        pages=pages,
        result=result,
    )


@screens.get("/outbox/sent")
def show() -> ResponseReturnValue:
    return _draw()


@screens.post("/outbox/verify")
def verify() -> ResponseReturnValue:
    """Every kept receipt is verified now, against the city's pinned key."""
    found = sentlist.check(vault())
    return _draw(
        {
            "ok": not found.faults,
            "receipts": found.receipts,
            "items": found.items,
            "void": found.void,
            "faults": found.faults[:FAULTS],
            "more": max(0, len(found.faults) - FAULTS),
        }
    )


def _file(data: bytes, kind: str, name: str) -> Response:
    vault().note("exported", "sent")
    response = Response(data, mimetype=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@screens.get("/outbox/sent.csv")
def csv_file() -> ResponseReturnValue:
    return _file(sentlist.csv_of(sentlist.every(vault(), _day())), "text/csv", "sent.csv")


@screens.get("/outbox/sent.xlsx")
def xlsx_file() -> ResponseReturnValue:
    rows = sentlist.every(vault(), _day())
    return _file(sentlist.xlsx_of(rows, kit().city().city_name), XLSX, "sent.xlsx")
