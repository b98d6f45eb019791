"""How long a card and its certificates are good, from when they are renewed, and at which age.

Sources: municipal notices on the validity of the card (10th or 5th birthday after the issue,
never beyond the stay) and 年齢計算ニ関スル法律: an age is attained at the end of the day before
the birthday. Dates and ages are rows of `forms/validity.toml`. Promise: pure, no clock.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

from fieldkit.rules.tables import months_after
from fieldkit.rules.validity_table import CardRow, ValidityTable, row_on
from fieldkit.rules.verdict import Refused
from fieldkit.rules.wareki import age_on, is_under_1, turns, wareki

_ASK = "担当課に電話で確かめる。"


@dataclass(frozen=True)
class Validity:
    """The last good days, and the first day of the renewal. `says` is for the screen.

    `cut` names what ended the card early: "" | "stay"; `warnings` are sentences, maybe none.
    """

    card_until: date
    certificate_until: date
    renewal_opens: date | None
    notice_from: date | None
    notice_to: date | None
    cut: str
    says: str
    warnings: tuple[str, ...] = ()


def attained(birth: date, years: int) -> date:
    """The day at whose end `years` of age are attained: the day before the birthday.

    Someone of 29 February attains an age at the end of 28 February in every year that has no
    29th, and of 28 February too in a leap year.
    """
    return turns(birth, years) - timedelta(days=1)


def birthday(birth: date, year: int, leap_day: str = "02-28") -> date:
    """The birthday in `year`; `leap_day` stands for 29 February in a common year."""
    if (birth.month, birth.day) == (2, 29) and not calendar.isleap(year):
        return date.fromisoformat(f"{year}-{leap_day}")
    return birth.replace(year=year)


def nth_birthday_after(birth: date, day: date, count: int, leap_day: str = "02-28") -> date:
    """The `count`-th birthday after `day`; one on the day itself does not count."""
    first = day.year + (birthday(birth, day.year, leap_day) <= day)
    return birthday(birth, first + count - 1, leap_day)


def expiry_of(
    birth: date,
    issue_day: date,
    table: ValidityTable,
    stay_until: date | None = None,
    applied_on: date | None = None,
    no_photo: bool = False,
) -> date | Refused:
    """The last good day of a card issued on `issue_day`.

    `applied_on` (default: the day of issue) picks the row, because the age limit changed for
    applications received from a day on. Refused: a day before the birth or without a row, a stay
    that has ended.
    """
    if wrong := _impossible(birth, issue_day, stay_until, applied_on):
        return wrong
    row = row_on(table.cards, applied_on or issue_day)
    if row is None:
        return _no_row(applied_on or issue_day)
    if no_photo:
        if refused := _photo_needed(birth, applied_on or issue_day, row):
            return refused
        assert row.no_photo_age is not None
        until = birthday(birth, birth.year + row.no_photo_age, table.leap_day)
        if until <= issue_day:
            return Refused(
                "顔写真のないカードの期限が、発行の日までに過ぎています。",
                "",
                ("顔写真を撮って申請する。",),
            )
    else:
        adult = age_on(birth, issue_day) >= row.adult_age
        years = row.adult_years if adult else row.minor_years
        until = nth_birthday_after(birth, issue_day, years, table.leap_day)
    return min(until, stay_until) if stay_until else until


def certificate_until(
    birth: date, issue_day: date, card_until: date, table: ValidityTable
) -> date | Refused:
    """The last good day of certificates issued on `issue_day`, never beyond the card."""
    row = row_on(table.certificates, issue_day)
    if row is None:
        return _no_row(issue_day)
    return min(nth_birthday_after(birth, issue_day, row.years, table.leap_day), card_until)


def renewal_opens(expiry: date, table: ValidityTable) -> date | None:
    """The first day on which a card of this `expiry` can be renewed, by the dated windows."""
    for row in table.renewals:
        first = max(row.period.valid_from, months_after(expiry, -row.window_months))
        if first <= expiry and row.period.covers(first):
            return first
    return None


def validity(
    birth: date,
    issue_day: date,
    table: ValidityTable,
    stay_until: date | None = None,
    applied_on: date | None = None,
    no_photo: bool = False,
) -> Validity | Refused:
    """Everything about one card: last days, renewal, notice, and what to warn of."""
    until = expiry_of(birth, issue_day, table, stay_until, applied_on, no_photo)
    if isinstance(until, Refused):
        return until
    certificate = certificate_until(birth, issue_day, until, table)
    if isinstance(certificate, Refused):
        return certificate
    opens = renewal_opens(until, table)
    row = row_on(table.renewals, opens) if opens else None
    notice = [months_after(until, -m) for m in row.notice_months] if row else [None, None]
    full = expiry_of(birth, issue_day, table, None, applied_on, no_photo)
    cut = "stay" if isinstance(full, date) and until < full else ""
    tail = "（在留期間の満了日）" if cut else ""
    says = f"カードの有効期限は{wareki(until)}{tail}、電子証明書は{wareki(certificate)}です。"
    says += f"更新は{wareki(opens)}からできます。" if opens else ""
    warned = fifteen_soon(birth, applied_on or issue_day, table)
    warnings = (warned,) if warned else ()
    return Validity(until, certificate, opens, notice[0], notice[1], cut, says, warnings)


def fifteen_soon(birth: date, applied_on: date, table: ValidityTable) -> str:
    """A warning where the age for the signature certificate comes before the card does, or "".

    The city applies the certificate rule at the issue, about a month or two later.
    """
    row = row_on(table.certificates, applied_on)
    if row is None or applied_on < birth or age_on(birth, applied_on) >= row.sign_min_age:
        return ""
    turns_on = turns(birth, row.sign_min_age)
    if turns_on > applied_on + timedelta(days=table.issue_days):
        return ""
    return (
        f"カードができるまでに{row.sign_min_age}歳になります（{wareki(turns_on)}）。署名用電子証明書を"
        "発行するかどうかは、発行の日の年齢で決まります。担当課に確かめてください。"
    )


def _impossible(
    birth: date, issue_day: date, stay_until: date | None, applied_on: date | None
) -> Refused | None:
    if issue_day < birth or (applied_on and applied_on < birth):
        return Refused("生年月日が発行や申請の日より後です。", "", ("生年月日を確かめる。",))
    if applied_on and applied_on > issue_day:
        near = (f"{wareki(issue_day)}までの日にする。",)
        return Refused("申請の日が発行の日より後です。", "", near)
    if stay_until and stay_until < issue_day:
        says = f"在留期間（{wareki(stay_until)}まで）が過ぎています。カードを発行できません。"
        return Refused(says, "", ("在留カードで新しい満了日を確かめる。", _ASK))
    return None


def _photo_needed(birth: date, applied_on: date, row: CardRow) -> Refused | None:
    """A card without a photo is for those under 1 at the application, since there is one."""
    near = ("顔写真を撮って申請する。",)
    if row.no_photo_age is None:
        says = f"{wareki(applied_on)}の申請では、顔写真のないカードはありません。"
        return Refused(says, "", near)
    if not is_under_1(birth, applied_on):
        last = turns(birth, 1) - timedelta(days=1)
        says = f"顔写真のないカードは、1歳の誕生日の前日（{wareki(last)}）までの申請に限ります。"
        return Refused(says, "", near)
    return None


def _no_row(day: date) -> Refused:
    return Refused(f"{wareki(day)}の決まりが validity.toml にありません。", "", (_ASK,))
