"""`fieldkit outbox`: what the screen 「送信」 says, as text."""

from __future__ import annotations

from datetime import date

from fieldkit import outbox, outbox_list, outbox_says, restored, whose
from fieldkit.rules.wareki import wareki
from fieldkit.store.vault import Vault


def _moment(text: str) -> str:
    return f"{wareki(date.fromisoformat(text[:10]))} {text[11:16]}"


def run(vault: Vault) -> int:
    """Print losses first, then every line; 1 where a person has to do something."""
    lost, found = restored.lost(vault), outbox_list.waiting(vault)
    where = whose.receptions(vault)
    for one in lost:
        entity = "photo" if one["what"] == "photo" else ""
        label = outbox_says.label(entity, where.get(one["record_id"]), one["id"])
        when = _moment(one["captured_at"])
        print(f"失われました：{label}（{when}）。連絡して、扱いを決めてください。")
    for item in found:
        print(
            f"{outbox_says.STATES[item.state]}：{outbox_says.item_label(item)}　"
            f"{_moment(item.since)}から　{item.size:,}バイト　"
            f"{outbox_says.why(item)}{outbox_says.todo(item)}"
        )
    waits, contact = outbox.waiting(vault), outbox_list.last_contact(vault)
    aside = [item for item in found if item.state in outbox_list.ASIDE]
    print(
        f"送信待ち{waits['waiting']}件、保留{waits['parked']}件、"
        f"受領証あり{outbox.sent_count(vault)}件。"
    )
    if contact:
        print(f"最後に市の受領証を受け取った日時：{_moment(contact)}")
    return 1 if lost or aside else 0
