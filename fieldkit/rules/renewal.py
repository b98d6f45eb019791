"""What must be settled before a renewal visit.

A renewal collects the old card at the application (001 §8(2)オ(ア)c(a)), so its holder has no
マイナ保険証 for some weeks, and it is accepted only in the last months of validity.
"""

from __future__ import annotations

import calendar
from datetime import date

from fieldkit.rules.verdict import Allowed, Refused
from fieldkit.rules.wareki import wareki

CLAUSE = "001 §8(2)オ(ア)c(a)"


def renewal_opens(expiry: date, months: int = 3) -> date:
    """First day on which a card of this `expiry` can be renewed; `months` is city-editable."""
    index = expiry.year * 12 + expiry.month - 1 - months
    year, month = divmod(index, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(expiry.day, last))


def check_renewal(expiry: date, day: date, months: int = 3) -> Allowed | Refused:
    """Is `day` inside the renewal window of a card valid until `expiry`?"""
    opens = renewal_opens(expiry, months)
    if day < opens:
        return Refused(
            f"更新は有効期限の{months}か月前（{wareki(opens)}）からです。",
            nearest=(f"{wareki(opens)}以後の日にする。",),
        )
    if day > expiry:
        return Refused(
            f"有効期限（{wareki(expiry)}）が過ぎています。更新ではなく再交付の理由を選んで、"
            "手数料を担当課に確かめてください。"
        )
    return Allowed(f"有効期限は{wareki(expiry)}です。更新できます。")


def check_insurance(uses_as_insurance: str, has_shikaku: str) -> Allowed | Refused:
    """The mandatory question of a renewal ("yes" | "no" | "unsure" | ""): a card used as
    insurance card needs a 資格確認書 in hand before the application day."""
    if uses_as_insurance == "no" or has_shikaku == "yes":
        return Allowed("資格確認書の案内は済んでいます。")
    if uses_as_insurance == "yes":
        return Refused(
            "カードを回収するあいだ、マイナ保険証が使えません。ご加入の健康保険の保険者に連絡して、"
            "申請日までに資格確認書を受け取るようご案内してください。",
            CLAUSE,
            nearest=("案内した日を記録する。",),
            can_override=True,
        )
    return Refused(
        "更新の方には、カードをマイナ保険証として使っているかを必ずお聞きください。", CLAUSE
    )
