"""What the page 「USBで運ぶ」 is drawn with: the log, what is asked for, what may be asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fieldkit import carry_answers, carry_asks, container, office
from fieldkit.store.vault import Vault
from fieldkit.web.common import say_day, say_moment, size_ja

STATES = {
    "begun": ("warn", "書き込みの途中"),
    "failed": ("stop", "書き込めなかった"),
    "written": ("waiting", "返事待ち"),
    "answered": ("done", "返事あり"),
}


def log_row(row: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """A row of the log as it is shown; `names` are the people by their numbers."""
    look, says = STATES.get(row["state"], ("warn", "不明"))
    return {
        **row,
        "tag": look,
        "state_ja": says,
        "at": say_moment(row["made_at"]),
        "made_by": names.get(row["made_by"], row["made_by"]),
        "size_ja": size_ja(row["bytes"]),
        "digest": row["digest"][:16],
        "erased_at": say_moment(row["erased_at"]) if row["erased_at"] else "",
        "erased_by": names.get(row["erased_by"], row["erased_by"]),
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
    for kind, name in container.NAMES.items():
        wants = kind == container.DESK or office.is_office(opened)
        if wants and container.row(opened, kind) is None and (kind, "") not in asked:
            found.append({"what": kind, "label": f"{name}の用意"})
    for row in opened.book.all("SELECT id, kind, day FROM trip WHERE state = 'out' ORDER BY id"):
        if row["id"] in opened.trips or ("key", row["id"]) in asked:
            continue
        name = container.NAMES.get(row["kind"]) or f"{say_day(row['day'])}の訪問データ"
        found.append({"what": f"key:{row['id']}", "label": f"閉じている{name}の鍵"})
    return found
