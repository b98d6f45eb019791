"""受付一覧表, the ledger, and the weekly count: none of them holds personal data."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from fieldkit import anchor, paper, reserve
from fieldkit.errors import BadInput
from fieldkit.report.weekly import weekly_xlsx
from fieldkit.store import facts, ledger
from fieldkit.web.common import kit, page, pdf, vault
from fieldkit.web.ledger_words import say_result

screens = Blueprint("lists", __name__)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@screens.get("/list")
def reception() -> ResponseReturnValue:
    rows = [
        {
            "reception_no": r["number"],
            "booked": r["booked_on"],
            "planned": r["visit_on"],
            "expected": r["planned"],
            "shared": r["shared_on"] or "",
            "visited": r["visited_on"] or "",
            "deleted": r["erased_on"] or "",
        }
        for r in reserve.reception_list(vault())
    ]
    return page("list.html", rows=rows)


@screens.get("/list.pdf")
def reception_pdf() -> ResponseReturnValue:
    settings = kit().settings
    rows = [
        {
            "reception_no": r["number"],
            "booked_on": r["booked_on"],
            "visit_date": r["visit_on"],
            "planned": r["planned"],
            "shared_on": r["shared_on"],
            "visited_on": r["visited_on"],
            "deleted_on": r["erased_on"],
        }
        for r in reserve.reception_list(vault())
    ]
    data = paper.deletion_list(settings.forms_dir, rows, settings.clock(), kit().city().city_name)
    return pdf(data, "reception_list")


@screens.get("/ledger")
def entries() -> ResponseReturnValue:
    problem = ledger.check(vault().book)
    count = ledger.head(vault().book)["seq"]
    says = f"{count}行すべてがつながっています。"
    if problem is not None:
        says = f"{problem.seq}行目：{problem.why}。監督者へ連絡してください。"
    rows: list[dict[str, Any]] = [
        {
            **row,
            "at": row["at"][:16].replace("T", " "),
            "act_ja": ledger.ACTS.get(row["act"], ""),
            "result_ja": say_result(row["act"], row["result"]),
        }
        for row in ledger.rows(vault().book)
    ]
    status = anchor.status(vault())
    return page(
        "ledger.html", rows=rows, verify={"ok": problem is None, "says": says}, anchor=status
    )


@screens.get("/ledger.jsonl")
def ledger_file() -> ResponseReturnValue:
    """The whole ledger with its signed head, for `python -m sync.verify_ledger`."""
    vault().note("exported", "ledger")
    data = ledger.export(vault().book, vault().device)
    response = Response(data, mimetype="application/x-ndjson")
    response.headers["Content-Disposition"] = 'attachment; filename="ledger.jsonl"'
    return response


@screens.get("/report/weekly.xlsx")
def weekly() -> ResponseReturnValue:
    try:
        day = date.fromisoformat(request.args.get("week", ""))
    except ValueError:
        raise BadInput("week", "週の日付を読めません。今日の予定から開き直してください。") from None
    monday = day - timedelta(days=day.weekday())
    sunday = monday + timedelta(days=6)
    found = facts.between(vault().book, monday.isoformat(), sunday.isoformat())
    data = weekly_xlsx(found, monday, kit().city().city_name)
    vault().note("report", f"weekly-{monday.isoformat()}")
    response = Response(data, mimetype=XLSX)
    name = f"weekly-{monday.isoformat()}.xlsx"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
