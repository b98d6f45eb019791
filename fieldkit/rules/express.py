"""Express issue (特急発行): the clock of a reason, and whether the card will arrive.

An express card goes by 簡易書留 straight from J-LIS to the registered address, so a resident of a
facility whose registration is elsewhere would miss it (domain §3.5, §5.3). The clock is 30
days from the report; grounds and days are rows of `forms/fees.toml`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from fieldkit.rules.fee_table import FeeTable, Reason
from fieldkit.rules.tables import guess
from fieldkit.rules.verdict import Allowed, Refused
from fieldkit.rules.wareki import age_on, turns, wareki

CLAUSE = "001 §8(2)オ(ア)c(b)"
_NORMAL = "通常発行で申請する。"


@dataclass(frozen=True)
class ExpressCase:
    """One express wish: `report_date` starts the clock of reasons that have one."""

    reason_code: str
    day: date
    report_date: date | None = None
    birth: date | None = None


@dataclass(frozen=True)
class ExpressLeft:
    """Days left to apply by express; negative days are over."""

    days: int
    last_day: date
    says: str

    @property
    def open(self) -> bool:
        """True while an express application is still accepted."""
        return self.days >= 0


def express_left(report_date: date, day: date, window_days: int = 30) -> ExpressLeft:
    """The express clock: day 30 after the report is the last day, day 31 is over."""
    return _left(report_date + timedelta(days=window_days), day)


def _left(last: date, day: date) -> ExpressLeft:
    left = (last - day).days
    if left >= 0:
        says = f"特急発行の申請は{wareki(last)}まで（あと{left}日）です。"
    else:
        says = f"特急発行の期限（{wareki(last)}）を{-left}日過ぎています。通常発行になります。"
    return ExpressLeft(left, last, says)


def express_for(case: ExpressCase, table: FeeTable) -> ExpressLeft | Refused:
    """Days left to apply by express for this reason, or why not and what works instead."""
    reason = table.reasons.get(case.reason_code)
    if reason is None:
        near = guess(case.reason_code, table.reasons)
        grounds = tuple(one.label for one in table.reasons.values() if one.express)
        return Refused(f"この理由は料金表にありません。{near}", CLAUSE, grounds)
    if refused := check_ground(reason, case.day, table):
        return refused
    if reason.under_age is not None:
        if case.birth is None:
            return Refused("生年月日が分かりません。", CLAUSE, ("生年月日を記録する。",))
        if refused := check_age(reason, case.birth, case.day):
            return refused
        return _left(turns(case.birth, reason.under_age) - timedelta(days=1), case.day)
    if case.report_date is None:
        clock = reason.clock or "届出の日"
        return Refused(f"{clock}が分かりません。", CLAUSE, (f"{clock}を記録する。",))
    left = clock_of(reason, case.report_date, case.day, table)
    if isinstance(left, ExpressLeft) and not left.open:
        return Refused(left.says, CLAUSE, (_NORMAL,))
    return left


def check_ground(reason: Reason, day: date, table: FeeTable) -> Refused | None:
    """Refused where express issue did not exist on `day`, or is not for this reason."""
    price = table.price_on(day)
    if day < table.express_start or price is None or price.express_card is None:
        says = f"特急発行は{wareki(table.express_start)}に始まりました。この日は使えません。"
        return Refused(says, CLAUSE, (_NORMAL,))
    if not reason.express:
        says = f"「{reason.label}」は特急発行の対象ではありません。"
        return Refused(says, CLAUSE, (_NORMAL,))
    return None


def check_age(reason: Reason, birth: date, day: date) -> Refused | None:
    """Refused where the reason is for younger people: the day before the birthday is the last."""
    if reason.under_age is None:
        return None
    if birth > day:
        return Refused("生年月日が申請の日より後です。", CLAUSE, ("生年月日を確かめる。",))
    if age_on(birth, day) < reason.under_age:
        return None
    last = turns(birth, reason.under_age) - timedelta(days=1)
    says = f"「{reason.label}」は{wareki(last)}（誕生日の前日）までの申請に限ります。"
    return Refused(says, CLAUSE, ("ほかの理由を選ぶ。", _NORMAL))


def clock_of(
    reason: Reason, report_date: date, day: date, table: FeeTable
) -> ExpressLeft | Refused:
    """Days left on the clock of `reason`; Refused for a report that is still to come."""
    if report_date > day:
        why = f"{reason.clock or '届出の日'}が申請の日より後です。日付を確かめてください。"
        return Refused(why, CLAUSE, (f"{wareki(day)}までの日付にする。",))
    return express_left(report_date, day, table.express_days)


def check_delivery(
    express: bool, place: str, send_kind: str, same_address: bool | None = None
) -> Allowed | Refused:
    """Will the card find the applicant?

    `place` is "home" | "facility", `send_kind` the wish (home | facility | other); `same_address`
    tells whether the applicant lives where they are registered (None: not known).
    """
    if express and send_kind not in ("", "home"):
        return Refused(
            "特急発行のカードは、機構から住民登録地へ簡易書留で届きます。ほかの届け先は選べません。",
            CLAUSE,
            ("届け先を住民登録地にする。", _NORMAL),
        )
    away = same_address is False or (same_address is None and place == "facility")
    if express and away:
        return Refused(
            "特急発行のカードは住民登録地に届きます。施設などにいる方は、受け取れないことがあります。",
            CLAUSE,
            (
                "住民登録地で受け取る家族がいるかを確かめる。",
                f"{_NORMAL[:-1]}（届け先を施設にできます）。",
                "窓口での受け取りを担当課に相談する。",
            ),
            can_override=True,
        )
    if not express and away and send_kind in ("", "home"):
        return Refused(
            "住民登録地と、いまいるところが違います。カードが届かないことがあります。",
            "001 §9(2)イ(ケ)",
            ("届け先を選び、送付先の欄を書く。", "住民登録地で受け取れるかを確かめる。"),
            can_override=True,
        )
    return Allowed("届け先に問題はありません。")
