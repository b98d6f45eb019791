"""When no receipt may be issued, and none spoiled: who, for whom, which paper, which day.

Each raises with the sentence that the officer reads; nothing here is written.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from fieldkit import people, visit
from fieldkit.errors import BadInput, NotAllowed, NotReady
from fieldkit.rules.cash import Cash, same_paper_no
from fieldkit.rules.wareki import wareki
from fieldkit.store import cash as rows
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.record_rows import Record
from fieldkit.store.vault import Vault


def not_appointed(vault: Vault, cash: Cash) -> None:
    """NotAllowed, with the names of those who may, for somebody who is not appointed (C1)."""
    if cash.may_take(vault.user.id):
        return
    known = {user.id: user.name for user in people.everybody(vault)}
    names = "・".join(known[one.user] for one in cash.officers if one.user in known)
    if not names:
        raise NotAllowed(
            "現金を取り扱う人が、この端末の利用者にいません。"
            "設定ファイル cash.toml の officer の user（利用者の番号）を直してください。"
        )
    raise NotAllowed(
        f"現金を受け取れるのは、現金の取扱いを任された人だけです（{names}）。"
        "その人に替わって、ログインし直してください。"
    )


def aside(trip: OpenTrip, applicant: Record) -> None:
    """NotReady for a person who does not apply today: no money is taken from them."""
    now = visit.application(trip, applicant.id)
    said = visit.ASIDE_JA.get(str(now.get("state")) if now else "")
    if said:
        raise NotReady(
            f"この方は「{said}」と記録されています。お金は受け取らないでください。"
            "申請するときは、先に「今日は申請しない」の画面で取り消してください。"
        )


def used(vault: Vault, number: str) -> None:
    """A sheet of the book stands for one receipt, a spoiled one too. That of an interrupted
    record may really have been handed over, so it may be recorded again."""
    for row in vault.book.all(
        "SELECT no, paper_no, issued_at FROM money WHERE paper_no IS NOT NULL AND reason <> ?",
        rows.INTERRUPTED,
    ):
        if same_paper_no(row["paper_no"]) == same_paper_no(number):
            day = wareki(date.fromisoformat(row["issued_at"][:10]))
            raise BadInput(
                "paper_receipt_no",
                f"この番号はすでに使われています（{day} {row['issued_at'][11:16]}、"
                f"キットの番号 {row['no']}）。領収書つづりの番号を確かめてください。",
            )


def checked(vault: Vault, row: dict[str, Any]) -> None:
    """NotReady while a checked tally counts this receipt: its sum would no more be true."""
    day = row["issued_at"][:10]
    for found in vault.book.all(
        "SELECT sheet, paid_in_on FROM tally WHERE day = ? AND officer = ? AND state = 'checked'",
        day,
        row["officer"],
    ):
        if row["no"] not in json.loads(found["sheet"])["numbers"]:
            continue
        says = f"{wareki(date.fromisoformat(day))}の日計表は照合が済んでいます。"
        if found["paid_in_on"]:
            raise NotReady(f"{says}払込みも済んでいます。会計管理者に相談してください。")
        raise NotReady(f"{says}先に日計表の画面で照合を取り消してから、書損にしてください。")
