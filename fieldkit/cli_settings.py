"""`fieldkit settings list | take | back`: the versions of forms and settings that the city sent."""

from __future__ import annotations

from argparse import Namespace

from fieldkit import settings_says, settings_switch
from fieldkit.store.vault import Vault


def run(vault: Vault, given: Namespace) -> int:
    """Print the versions, or switch: the running kit must be closed."""
    if given.what == "take":
        print(f"{settings_switch.take(vault, given.no)} に切り替えました。")
    elif given.what == "back":
        print(f"{settings_switch.back(vault)} にもどしました。")
    else:
        for row in settings_says.lines(vault):
            more = f"\t{row['reason']}" if row["reason"] else ""
            print(f"{row['no']}番\t{row['state_ja']}\t{row['at'][:16]}\t{row['digest'][:16]}{more}")
        says = settings_says.newest(vault)
        if says is not None:
            print(f"{says['title']}。{says['says']}")
    return 0
