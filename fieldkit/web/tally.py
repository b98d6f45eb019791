"""日計表: the day's receipts against the cash counted, by denomination, with two names.

An address names a day and which officer of that day, in the order of their first receipts; people
never stand in an address.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, g, redirect, request
from flask.typing import ResponseReturnValue

from fieldkit import people, tally, tally_days
from fieldkit.errors import BadInput, KitError, NotFound
from fieldkit.paper.tally import month_list, tally_sheet
from fieldkit.rules.cash import COINS, read_coins
from fieldkit.rules.names import half_width_digits
from fieldkit.rules.wareki import parse_date, wareki
from fieldkit.screen_roles import may
from fieldkit.tally_sheet import Sheet
from fieldkit.web.common import (
    error_rows,
    kit,
    names_of,
    number_errors,
    page,
    pdf,
    say_day,
    today,
    vault,
)
from fieldkit.web.receipt_paper import office_of
from fieldkit.web.tally_looks import (
    late_deposits,
    limit_of,
    month_of,
    other_month,
    rows_of,
    shown,
    strangers,
)

screens = Blueprint("tally", __name__)
SHOWN = 31


@screens.app_context_processor
def _for_all_pages() -> dict[str, Any]:
    """For the first screen: the days whose cash nobody has checked yet, or paid in in time."""
    return {
        "tallies_owed": lambda: rows_of(tally_days.owed(vault())) if _mine() else [],
        "deposits_late": lambda: late_deposits() if _mine() else [],
    }


def _mine() -> bool:
    return may(g.session.user.role, "tally")


# -- the lists ----------------------------------------------------------------------------------
@screens.get("/tally")
def board() -> ResponseReturnValue:
    tally.settle(vault())
    found = tally_days.days(vault())
    rest = [one for one in found if not one.owed]
    return page(
        "tally.html",
        late={row["url"] for row in late_deposits()},
        strangers=strangers(),
        waiting=rows_of(tally_days.owed(vault())),
        done=rows_of(rest[:SHOWN]),
        month=today().isoformat()[:7],
        cash=kit().city().cash,
    )


@screens.get("/tally/month/<month>")
def month(month: str) -> ResponseReturnValue:
    first = month_of(month)
    rows = rows_of(list(reversed(_days_of(month))))
    return page(
        "tally_month.html",
        month=month,
        title=say_day(first.isoformat()).removesuffix("1日"),
        rows=rows,
        total={name: sum(row[name] for row in rows) for name in ("count", "yen", "spoiled")},
        before=other_month(first, -1),
        after=other_month(first, 1),
    )


@screens.get("/tally/month/<month>.pdf")
def month_pdf(month: str) -> ResponseReturnValue:
    first = month_of(month)
    rows = rows_of(list(reversed(_days_of(month))))
    printed = [
        [wareki(date.fromisoformat(r["day"]), weekday=True), r["officer"], r["count"], r["yen"],
         r["spoiled"], r["state_ja"],
         f"{r['slip_no']}　{say_day(r['paid_in_on'])}" if r["paid_in_on"] else ""]
        for r in rows
    ]  # fmt: skip
    totals = [sum(row[name] for row in rows) for name in ("count", "yen", "spoiled")]
    settings = kit().settings
    data = month_list(settings.forms_dir, first, printed, totals, _frame(), settings.clock())
    return pdf(data, f"tally-{month}")


def _days_of(month: str) -> list[tally_days.Day]:
    return tally_days.days(vault(), f"{month}-01", f"{month}-31")


def _frame() -> dict[str, str]:
    return {"city": kit().city().city_name, "device": vault().device_id}


# -- one officer's day --------------------------------------------------------------------------
@dataclass(frozen=True)
class Place:
    """One officer's day as its screen needs it: the receipts now and the tally that counts."""

    url: str
    sheet: Sheet
    row: dict[str, Any] | None


def _place(day: str, number: int) -> Place:
    officer = tally_days.officer_at(vault(), day, number)
    found = tally.sheet(vault(), day, officer, kit().city().fees)
    return Place(f"/tally/{day}/{number}", found, tally.current(vault(), day, officer))


def _draw(place: Place, errors: list[BadInput], values: dict[str, str]) -> ResponseReturnValue:
    names, sheet, row = names_of(), place.sheet, place.row
    limit = limit_of(sheet.day)
    old = [one for one in tally.history(vault(), sheet.day, sheet.officer) if one != row]
    counter = row["made_by"] if row else ""
    return (
        page(
            "tally_day.html",
            url=place.url,
            sheet=sheet,
            officer=names.get(sheet.officer, sheet.officer),
            row=shown(row, names) if row else None,
            stale=row is not None and row["sheet"].mark != sheet.mark,
            old=[shown(one, names) for one in old if not one["paid_in_on"]],
            paid=[shown(one, names) for one in old if one["paid_in_on"]],
            coins=COINS,
            whys=[{"value": code, "label": ja} for code, ja in tally.WHY.items()],
            numbers=[{"value": no, "label": no} for no in sheet.numbers],
            undo=[{"value": code, "label": ja} for code, ja in tally.REPLACED.items()],
            others=[
                {"value": user.id, "label": user.name, "note": user.role_ja}
                for user in people.everybody(vault())
                if user.id != counter
            ],
            cash=kit().city().cash,
            limit=limit.isoformat(),
            late=tally.late(row, limit, today()) if row and row["state"] == "checked" else "",
            errors=error_rows(errors),
            values=values,
        ),
        422 if errors else 200,
    )


def _needed(place: Place) -> dict[str, Any]:
    if place.row is None:
        raise NotFound("この日の日計表はまだありません。画面を開き直してください。")
    return place.row


@screens.get("/tally/<day>/<int:number>")
def show(day: str, number: int) -> ResponseReturnValue:
    return _draw(_place(day, number), [], {})


@screens.post("/tally/<day>/<int:number>")
def make(day: str, number: int) -> ResponseReturnValue:
    """What was counted. A difference is shown and asked about before anything is written."""
    place, form = _place(day, number), request.form
    coins, errors = read_coins(form)
    try:
        if not errors:
            tally.make(vault(), place.sheet, coins, form.get("why", ""), form.get("about", ""))
            return redirect(place.url)
    except BadInput as error:
        errors = [error]
    return _draw(place, errors, {k: v for k, v in form.items() if k != "csrf"})


@screens.post("/tally/<day>/<int:number>/check")
def check(day: str, number: int) -> ResponseReturnValue:
    """The second person, with the own passphrase. Nothing typed there is drawn again."""
    place, form = _place(day, number), request.form
    other = form.get("other", "")
    try:
        tally.check(vault(), _needed(place), place.sheet, other, form.get("words", ""))
    except KitError as error:
        if not isinstance(error, BadInput) and error.code != "wait":
            raise
        wrong = error if isinstance(error, BadInput) else BadInput("words", error.sentence)
        return _draw(place, [wrong], {"other": other})
    return redirect(place.url)


@screens.post("/tally/<day>/<int:number>/replace")
def replace(day: str, number: int) -> ResponseReturnValue:
    place, why = _place(day, number), request.form.get("replaced_why", "")
    try:
        tally.replace(vault(), _needed(place), why)
    except BadInput as error:
        return _draw(place, [error], {})
    return redirect(place.url)


@screens.post("/tally/<day>/<int:number>/paid-in")
def pay_in(day: str, number: int) -> ResponseReturnValue:
    place, form = _place(day, number), request.form
    slip_no = re.sub(r"\s", "", half_width_digits(form.get("slip_no", "")))
    values = {name: form.get(name, "") for name in ("slip_no", "paid_in_on")}
    if errors := number_errors({"slip_no": slip_no}):
        return _draw(place, errors, values)
    try:
        on = parse_date(values["paid_in_on"], "paid_in_on")
        tally.pay_in(vault(), _needed(place), slip_no, on)
    except BadInput as error:
        return _draw(place, [error], values)
    return redirect(place.url)


@screens.get("/tally/<day>/<int:number>/sheet.pdf")
def sheet_pdf(day: str, number: int) -> ResponseReturnValue:
    """The 日計表 as it was made, also after a setting has changed; ?id= for a replaced one."""
    place = _place(day, number)
    rows = tally.history(vault(), place.sheet.day, place.sheet.officer)
    wanted = request.args.get("id", "")
    row = next((one for one in rows if one["id"] == wanted), None) if wanted else place.row
    if row is None:
        raise NotFound("この日計表はまだありません。現金を数えて作ると、印刷できます。")
    office = office_of(row["officer"])
    frame = {
        **_frame(),
        "account": office["account"],
        "title": office["officer_title"],
        "treasurer": kit().city().cash.treasurer,
        "pay_in_by": limit_of(row["day"]).isoformat(),
    }
    settings = kit().settings
    data = tally_sheet(settings.forms_dir, row, names_of(), frame, settings.clock())
    return pdf(data, row["id"])
