"""日計表: one officer's receipts of a day against the cash counted, by denomination, two names.

Made by who counted, checked by somebody else with the own passphrase, then paid in with a slip
(C8–C11 of domain.md §5.5). It is never edited: a wrong one is replaced with a reason and kept.
The book outlives the trip, so everything here is numbers and codes; nobody is named but staff.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from fieldkit import people
from fieldkit.errors import BadInput, NotAllowed, NotReady
from fieldkit.rules.cash import counted
from fieldkit.rules.fee_table import FeeTable
from fieldkit.rules.holidays import OpenDays, add_open_days
from fieldkit.rules.wareki import wareki
from fieldkit.store import cash as receipts
from fieldkit.store.vault import Vault
from fieldkit.tally_sheet import Sheet, kept, numbers_of, sheet_of
from sync.ids import new_id

WHY = {
    "over": "いただいた金額が多すぎました。ご本人にお返しします",
    "under": "いただいた金額が足りませんでした。ご本人にお願いして受け取ります",
    "no_receipt": "領収書を出していない受け取りがあります",
    "lost": "現金をなくした、または盗まれました",
    "unknown": "原因がわかりません。調べます",
}
"""Why the cash does not fit the receipts, in the kit's words; the rest is written on the paper."""
REPLACED = {
    "miscounted": "枚数を数えまちがえた",
    "more": "作ったあとに領収書を出した、または書損があった",
    "spoil": "領収書を書損にするため",
    "found": "差額の原因がわかった",
}
STATE_JA = {"": "まだです", "made": "照合待ち", "checked": "照合済み", "replaced": "取り消し"}
EXISTS = "この日の日計表はもうあります。作り直すときは、理由を選んで取り消します。"
CHANGED = "この日計表は、別の画面で変わりました。画面を開き直してください。"
SLIP_NO = re.compile(r"[0-9A-Za-z-]{1,20}")


def settle(vault: Vault) -> None:
    """Numbers that a kill cut off are issued or spoiled, as far as their trips are open."""
    for trip in list(vault.trips.values()):
        receipts.settle(vault, trip)


def sheet(vault: Vault, day: str, officer: str, fees: FeeTable) -> Sheet:
    """What the receipts of one officer's day say now, without those that were paid in; where all
    were paid in, what the last of these tallies says."""
    settle(vault)
    paid = paid_in(vault, day, officer)
    found = sheet_of(vault, day, officer, fees, [row["sheet"] for row in paid])
    return found if found.numbers or not paid else paid[0]["sheet"]


def current(vault: Vault, day: str, officer: str) -> dict[str, Any] | None:
    """The tally that counts for one officer's day; None before it is made.

    Receipts that come after a deposit need a further tally: None again until that is made.
    """
    rows = [row for row in history(vault, day, officer) if row["state"] != "replaced"]
    waiting = [row for row in rows if not row["paid_in_on"]]
    if waiting:
        return waiting[0]
    done = {no for row in rows for no in row["sheet"].numbers}
    return rows[0] if rows and done.issuperset(numbers_of(vault, day, officer)) else None


def paid_in(vault: Vault, day: str, officer: str) -> list[dict[str, Any]]:
    """The tallies of one officer's day whose cash was paid in, newest first."""
    return [row for row in history(vault, day, officer) if row["paid_in_on"]]


def history(vault: Vault, day: str, officer: str) -> list[dict[str, Any]]:
    """All tallies of one officer's day, newest first: `coins` by denomination, `sheet` a Sheet."""
    rows = vault.book.all(
        "SELECT * FROM tally WHERE day = ? AND officer = ? ORDER BY rowid DESC", day, officer
    )
    return [
        {
            **dict(row),
            "coins": {int(coin): n for coin, n in json.loads(row["coins"]).items()},
            "sheet": kept(json.loads(row["sheet"])),
        }
        for row in rows
    ]


def make(
    vault: Vault,
    found: Sheet,
    coins: Mapping[int, int],
    why: str = "",
    about: str = "",
) -> str:
    """Write down what was counted; returns the tally's id. The person logged in has counted.

    `about` is the receipt number that a difference is about, or "". BadInput("why") for a
    difference without an explanation; NotReady while a number is not settled or a tally exists.
    """
    if vault.user.id != found.officer and vault.user.role != "supervisor":
        raise NotAllowed("ほかの人が受け取った現金の日計表は、本人か監督者が作ります。")
    if found.open:
        raise NotReady(
            f"領収書番号 {'・'.join(found.open)} は、記録の途中で止まっています。"
            "その日の訪問データを26文字で開くと、書損かどうかが決まります。"
        )
    if current(vault, found.day, found.officer):
        raise NotReady(EXISTS)
    difference = counted(coins) - found.yen
    if difference and why not in WHY:
        more = "多すぎます" if difference > 0 else "足りません"
        say = f"現金が{abs(difference):,}円{more}。数え直しても合わないときは、事情を選びます。"
        raise BadInput("why", say)
    if about and about not in found.numbers:
        raise BadInput("about", "この日の領収書番号から選んでください。")
    tally_id, values = new_id(), (json.dumps(coins), json.dumps(found.plain(), ensure_ascii=False))
    explained = (why, about) if difference else ("", "")
    with vault.book.write() as conn:
        done = conn.execute(
            "INSERT OR IGNORE INTO tally (id, day, officer, state, expected, counted, coins, sheet,"
            " why, about, made_at, made_by) VALUES (?, ?, ?, 'made', ?, ?, ?, ?, ?, ?, ?, ?)",
            (tally_id, found.day, found.officer, found.yen, counted(coins), *values, *explained,
             vault.now(), vault.user.id),
        )  # fmt: skip
        if not done.rowcount:  # pressed twice: the first time counts
            raise NotReady(EXISTS)
        vault.note("tally_made", tally_id, f"diff={difference}")
    return tally_id


def check(vault: Vault, row: Mapping[str, Any], now: Sheet, other: str, words: str) -> None:
    """A second person confirms the count with the own passphrase; that is the second name.

    BadInput names `other` or `words`; NotReady where receipts were issued or spoiled since.
    """
    if row["state"] != "made":
        raise NotReady(CHANGED)
    if row["sheet"].mark != now.mark:
        raise NotReady("日計表を作ったあとに領収書が変わりました。取り消して、作り直してください。")
    if other == row["made_by"]:
        raise BadInput("other", "数えた人とは別の人が照合します。")
    checker = people.confirm_any(vault, other, words)
    with vault.book.write() as conn:
        done = conn.execute(
            "UPDATE tally SET state = 'checked', checked_at = ?, checked_by = ?"
            " WHERE id = ? AND state = 'made'",
            (vault.now(), checker.id, row["id"]),
        )
        if done.rowcount:  # pressed twice: the first time counts
            vault.note("tally_checked", row["id"], checker.id)


def replace(vault: Vault, row: Mapping[str, Any], why: str) -> None:
    """Take a tally back with a reason, so that it can be made anew; the old one is kept.

    A checked one only by a supervisor; one that was paid in never.
    """
    if why not in REPLACED:
        raise BadInput("replaced_why", "取り消す理由を選んでください。")
    if row["paid_in_on"]:
        raise NotReady("払込みが済んだ日計表は取り消せません。会計管理者に相談してください。")
    if vault.user.role != "supervisor" and (
        row["state"] == "checked" or vault.user.id not in (row["made_by"], row["officer"])
    ):
        raise NotAllowed("照合が済んだ日計表や、ほかの人の日計表を取り消せるのは監督者だけです。")
    with vault.book.write() as conn:
        done = conn.execute(
            "UPDATE tally SET state = 'replaced', replaced_at = ?, replaced_by = ?,"
            " replaced_why = ? WHERE id = ? AND state = ? AND state <> 'replaced'"
            " AND paid_in_on IS NULL",
            (vault.now(), vault.user.id, why, row["id"], row["state"]),
        )
        if not done.rowcount:  # checked, paid in or taken back meanwhile
            raise NotReady(CHANGED)
        vault.note("tally_replaced", row["id"], why)


def pay_in(vault: Vault, row: Mapping[str, Any], slip_no: str, day: date) -> None:
    """Write down the deposit: the slip's number and day. Once, and only after the check."""
    if row["state"] != "checked":
        raise NotReady("払込みは、照合が済んでから記録します。")
    if row["paid_in_on"]:
        raise NotReady("払込みは、もう記録されています。")
    if not SLIP_NO.fullmatch(slip_no):
        say = "払込書の番号を、数字・英字・ハイフンの20文字までで入れてください。"
        raise BadInput("slip_no", say)
    if day.isoformat() < row["day"] or day.isoformat() > vault.now()[:10]:
        raise BadInput("paid_in_on", "払い込んだ日は、受け取った日から今日までの日付です。")
    with vault.book.write() as conn:
        done = conn.execute(
            "UPDATE tally SET slip_no = ?, paid_in_on = ?, paid_in_by = ?"
            " WHERE id = ? AND state = 'checked' AND paid_in_on IS NULL",
            (slip_no, day.isoformat(), vault.user.id, row["id"]),
        )
        if not done.rowcount:  # replaced, or written down in another window, meanwhile
            raise NotReady("払込みを記録できませんでした。画面を開き直して、確かめてください。")
        vault.note("tally_paid_in", row["id"], slip_no)


def pay_in_by(day: str, count: int, calendar: OpenDays) -> date:
    """The last day to pay in: the `count`-th open day after the cash was taken (C10)."""
    return add_open_days(date.fromisoformat(day), count, calendar)


def late(row: Mapping[str, Any], limit: date, today: date) -> str:
    """The sentence for cash that was, or is being, paid in late; "" where it is in time."""
    paid = row["paid_in_on"]
    if (date.fromisoformat(paid) if paid else today) <= limit or not row["expected"]:
        return ""
    did = "払い込みました" if paid else "払い込まれていません"
    return f"払込みの期限（{wareki(limit, weekday=True)}）を過ぎて{did}。会計管理者に連絡します。"
