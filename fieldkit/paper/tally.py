"""日計表, 収納金月計表 and the 受領簿 of gifts: the papers about cash and its like.

日計表 and 月計表 hold no personal data but the names of staff. The 受領簿 has the names of the
people of one open trip, for their signatures; it is handed over and never kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from fieldkit.paper.dates import printed_mark, wareki_text
from fieldkit.paper.engine import press, render
from fieldkit.paper.glyphs import inked
from fieldkit.rules.cash import COINS
from fieldkit.tally import REPLACED, WHY
from fieldkit.tally_sheet import Sheet

MARKS = {"made": "照合前", "replaced": "取り消し"}
WHERE = "日計表"


def tally_sheet(
    forms_dir: Path,
    row: Mapping[str, Any],
    names: Mapping[str, str],
    frame: Mapping[str, str],
    printed_at: datetime,
) -> bytes:
    """Return the 日計表 of one tally (a row of `tally.history`) as A4 PDF/A-2u.

    `names` has the people by their numbers; `frame` may hold `city`, `device`, `account`, `title`
    (the officer's), `pay_in_by` (ISO), `treasurer`. One that is not checked, or replaced, says so.
    """
    sheet: Sheet = row["sheet"]
    ready = press(forms_dir).body
    words = {name: frame.get(name, "") for name in ("city", "device", "account", "treasurer")}
    people = {
        "officer": f"{frame.get('title', '')}　{_name(names, row['officer'])}".strip(),
        "counter": _name(names, row["made_by"]),
        "checker": _name(names, row["checked_by"]),
        "payer": _name(names, row["paid_in_by"]),
    }
    difference = row["counted"] - row["expected"]
    data = {
        **inked(words, ready, WHERE),
        **inked(people, ready, WHERE),
        "day": wareki_text(row["day"], weekday=True),
        "mark": MARKS.get(row["state"], ""),
        "replaced": REPLACED.get(row["replaced_why"], ""),
        "lines": [[x.label, x.unit, x.count, x.yen] for x in sheet.lines],
        "count": sheet.count,
        "numbers": _span(sheet.first, sheet.last),
        "papers": _span(sheet.paper_first, sheet.paper_last),
        "spoiled": [[s.no, s.paper_no, s.yen, s.why] for s in sheet.spoiled],
        "coins": [[coin, row["coins"].get(coin, 0)] for coin in COINS],
        "expected": row["expected"],
        "counted": row["counted"],
        "difference": difference,
        "why": WHY.get(row["why"], ""),
        "about": row["about"],
        "made_at": _moment(row["made_at"]),
        "checked_at": _moment(row["checked_at"]),
        "slip_no": row["slip_no"],
        "paid_in_on": wareki_text(row["paid_in_on"]),
        "pay_in_by": wareki_text(frame.get("pay_in_by", ""), weekday=True),
        "printed": printed_mark(printed_at),
    }
    return render(forms_dir, "tally.typ", data, printed_at).pdf


def month_list(
    forms_dir: Path,
    month: date,
    rows: Sequence[Sequence[Any]],
    totals: Sequence[Any],
    frame: Mapping[str, str],
    printed_at: datetime,
) -> bytes:
    """Return the 収納金月計表: one row an officer's day [day, officer, receipts, yen, spoiled,
    tally, deposit], texts but for the three numbers, and their sums [receipts, yen, spoiled]."""
    ready = press(forms_dir).body
    data = {
        "title": wareki_text(month).rpartition("1日")[0],
        "city": inked(frame.get("city", ""), ready, WHERE),
        "device": frame.get("device", ""),
        "rows": inked([list(row) for row in rows], ready, WHERE),
        "totals": list(totals),
        "printed": printed_mark(printed_at),
    }
    return render(forms_dir, "tally_month.typ", data, printed_at).pdf


def signature_list(
    forms_dir: Path,
    day: str,
    rows: Sequence[Mapping[str, Any]],
    frame: Mapping[str, str],
    printed_at: datetime,
) -> bytes:
    """Return the 受領簿 of a trip (`incentive.signers`): numbered rows with empty boxes to sign."""
    ready = press(forms_dir)
    data = {
        "city": inked(frame.get("city", ""), ready.body, "受領簿"),
        "device": frame.get("device", ""),
        "day": wareki_text(day, weekday=True),
        "rows": [
            {
                "number": row["number"],
                "reception_no": row["reception_no"],
                "name": inked(row["name"], ready.name, "謝礼を受け取る方の氏名"),
                "item": inked(row["item"], ready.body, "謝礼の品名"),
                "yen": row["yen"],
                "at": wareki_text(row["at"]),
            }
            for row in rows
        ],
        "yen": sum(row["yen"] for row in rows),
        "printed": printed_mark(printed_at),
    }
    return render(forms_dir, "incentives.typ", data, printed_at).pdf


def _name(names: Mapping[str, str], user_id: str | None) -> str:
    return names.get(user_id, user_id) if user_id else ""


def _span(first: str, last: str) -> str:
    """The first and the last number of a series; one alone stands alone."""
    return first if first == last else f"{first} ～ {last}"


def _moment(text: str | None) -> str:
    return f"{wareki_text(text)} {text[11:16]}" if text else ""
