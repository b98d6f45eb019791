"""The receipt for the re-issue fee: stub and receipt on one sheet, made together.

Municipal cash rules (C3–C7 of the rule book): a receipt for every payment, a serial number,
an amount that is never corrected, and a spoiled one that is crossed out with 書損 and kept.
The wording of account, officer and issuer comes from the city's own settings.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from fieldkit.errors import KitError
from fieldkit.paper.engine import press, render
from fieldkit.paper.glyphs import inked
from fieldkit.rules.wareki import wareki


def receipt(
    forms_dir: Path,
    *,
    number: str,
    payer: str,
    amount: int,
    breakdown: Sequence[tuple[str, int]],
    paid_on: date,
    office: dict[str, str],
    printed_at: datetime,
    void: bool = False,
    again: int = 0,
) -> bytes:
    """Return 領収書（控）and 領収書 as one A4 sheet with a cutting line, PDF/A-2u.

    `amount` is whole yen and must be the sum of `breakdown` (wording, yen). `office` may hold
    `issuer`, `account`, `place`, `officer_title`, `officer`, `phone` and `approval` (the
    treasurer's reference for printing receipts); blank ones are left out. `void` prints the
    spoiled variant, `again` counts the prints before this one. KitError `receipt_sum` on a wrong
    sum.
    """
    if amount <= 0 or amount != sum(yen for _, yen in breakdown):
        raise KitError(
            "receipt_sum",
            "領収金額と内訳の合計が合いません。金額を確認し、責任者に連絡してください。",
            "ask_supervisor",
        )
    ready = press(forms_dir)
    data = {
        "number": number,
        "payer": inked(payer, ready.name, _PAYER),
        "payer_pt": next(pt for most, pt in _PAYER_PT if len(payer) <= most),
        "amount": amount,
        "breakdown": [{"label": label, "yen": yen} for label, yen in breakdown],
        "paid_on": wareki(paid_on),
        "office": inked(
            {key: office.get(key, "") for key in _OFFICE}, ready.name, "取扱者・発行者"
        ),
        "void": void,
        "again": again,
    }
    return render(forms_dir, "receipt.typ", data, printed_at).pdf


def check_payer(forms_dir: Path, payer: str) -> None:
    """KitError `unprintable` for a name that no font of the city can print."""
    inked(payer, press(forms_dir).name, _PAYER)


_PAYER = "納付者の氏名"
_PAYER_PT = ((60, 15.0), (110, 11.0), (10_000, 9.0))
"""A name of so many characters is set in so many points, so that both parts keep their place."""
_OFFICE = ("issuer", "account", "place", "officer_title", "officer", "phone", "approval")
