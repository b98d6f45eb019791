"""What must be settled before a renewal visit.

A renewal collects the old card at the application (001 §8(2)オ(ア)c(a)), so its holder has no
マイナ保険証 for some weeks, and it is accepted only in the last months of validity.
"""

from __future__ import annotations

from datetime import date

from fieldkit.rules.validity import renewal_opens
from fieldkit.rules.validity_table import ValidityTable, row_on
from fieldkit.rules.verdict import Allowed, Refused
from fieldkit.rules.wareki import wareki

CLAUSE = "001 §8(2)オ(ア)c(a)"


def check_renewal(expiry: date, day: date, table: ValidityTable) -> Allowed | Refused:
    """Is `day` inside the renewal window of a card valid until `expiry`?"""
    opens = renewal_opens(expiry, table)
    row = row_on(table.renewals, opens or day)
    if opens is None or row is None:
        says = "更新できる期間が validity.toml に決められていません。担当課に確かめてください。"
        return Refused(says, CLAUSE, ("担当課に電話で確かめる。",))
    if day > expiry:
        return Refused(
            f"有効期限（{wareki(expiry)}）が過ぎています。更新ではなく再交付の理由を選んで、"
            "手数料を担当課に確かめてください。",
            CLAUSE,
            ("区分を「再交付」にする。", "担当課に電話で手数料を確かめる。"),
        )
    if day < opens:
        return Refused(
            f"更新は有効期限の{row.window_months}か月前（{wareki(opens)}）からです。",
            CLAUSE,
            (f"申請の日を{wareki(opens)}以後にする。",),
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
        "更新の方には、カードをマイナ保険証として使っているかを必ずお聞きください。",
        CLAUSE,
        ("「はい」「いいえ」「分からない」のどれかを記録する。",),
    )
