"""The words on the city's pushed forms and settings, for the screens and the command line."""

from __future__ import annotations

from typing import Any

from fieldkit import settings_switch
from fieldkit.settings_told import rows
from fieldkit.store.vault import Vault

STATES = {
    "told": "受け取りの途中",
    "here": "確かめる前",
    "proved": "切り替え待ち",
    "taken": "使っている版",
    "refused": "使えない版",
    "declined": "使わないと決めた版",
    "passed": "使わなかった版",
    "former": "前の版",
    "put_back": "もどした版",
}
LOCAL = (
    "この端末には、ここで直した様式があります。黙って上書きはしません。"
    "監督者が、市の版に切り替えるか、この端末の様式を使い続けるかを選んでください。"
)
LATER = {
    "told": "次の送信で、残りを受け取ります。",
    "here": "様式を一つずつ確かめます。終わらなければ、次の送信のあとで、もう一度確かめます。",
}
NEXT = "確かめ終わりました。次のログインで切り替わります。"


def newest(vault: Vault) -> dict[str, str] | None:
    """What the first screen says of the newest version; None where there is nothing to say."""
    found = rows(vault)
    if not found:
        return None
    row = found[0]
    title = f"市から届いた設定・様式（{row['no']}番）"
    if row["state"] == "refused":
        says = f"確かめたところ、使えませんでした：{row['reason']}前の版のまま仕事ができます。"
        return {"look": "bad", "title": f"{title}は使えません", "says": says}
    if row["state"] != "proved":
        return None
    if settings_switch.is_local(vault):
        return {"look": "care", "title": f"{title}が選択を待っています", "says": LOCAL}
    if settings_switch.visit_under_way(vault):
        return {"look": "info", "title": f"{title}が待っています", "says": settings_switch.VISIT}
    return {"look": "info", "title": f"{title}が待っています", "says": NEXT}


def lines(vault: Vault) -> list[dict[str, Any]]:
    """Every version with its state in words, newest first."""
    return [
        {
            **row,
            "state_ja": STATES.get(row["state"], row["state"]),
            "reason": row["reason"] or LATER.get(row["state"], ""),
        }
        for row in rows(vault)
    ]
