"""What the page 「USBで運ぶ」 is drawn with: the log, what is asked for, what may be asked for."""

from __future__ import annotations

from typing import Any

from fieldkit import carry_answers, carry_asks, reserve
from fieldkit.store.vault import Vault
from fieldkit.web.common import say_day, size_ja

KEPT = {"desk": "受付データ", "office": "全体の状況のデータ"}
STATES = {
    "begun": ("warn", "書き込みの途中"),
    "failed": ("stop", "書き込めなかった"),
    "written": ("waiting", "返事待ち"),
    "answered": ("done", "返事あり"),
}


def log_row(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the log as it is shown."""
    look, says = STATES.get(row["state"], ("warn", row["state"]))
    return {
        **row,
        "tag": look,
        "state_ja": says,
        "at": row["made_at"][:16].replace("T", " "),
        "size_ja": size_ja(row["bytes"]),
        "digest": row["digest"][:16],
        "erased_at": (row["erased_at"] or "")[:16].replace("T", " "),
    }


def asks(opened: Vault) -> list[dict[str, Any]]:
    """What has no answer yet."""
    there = carry_asks.written(opened)
    return [
        {"key": ask.key, "says": carry_answers.says(ask), "written": ask in there}
        for ask in carry_asks.waiting(opened)
    ]


def may_ask(opened: Vault) -> list[dict[str, str]]:
    """What this laptop may ask for besides a day's visits: `{"what", "label"}`."""
    asked = {(ask.what, ask.trip) for ask in carry_asks.waiting(opened)}
    found = []
    if reserve.desk_row(opened) is None and ("desk", "") not in asked:
        found.append({"what": "desk", "label": "受付データの用意"})
    for row in opened.book.all("SELECT id, kind, day FROM trip WHERE state = 'out' ORDER BY id"):
        if row["id"] in opened.trips or ("key", row["id"]) in asked:
            continue
        name = KEPT.get(row["kind"]) or f"{say_day(row['day'])}の訪問データ"
        found.append({"what": f"key:{row['id']}", "label": f"閉じている{name}の鍵"})
    return found
