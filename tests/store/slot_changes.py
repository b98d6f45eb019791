"""The four changes of a key slot, as a program that can be killed: `… DATA ACT`.

tests/store/test_slots.py runs it with KIT_FAIL, and calls `change` under a tracer.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

from fieldkit.clock import JST
from fieldkit.settings import Argon2, Settings
from fieldkit.store import opening
from fieldkit.store.keyslots import User
from fieldkit.store.vault import Vault

BOSS = User("suzuki", "鈴木 一郎", "supervisor")
CLERK = User("tanaka", "田中 実", "field")
NEW = User("mori", "森 進", "booth")
WORDS, OTHER = "あおいうみのみえるまち汐見", "しろいやまのふもとのむら"
NOW = datetime(2026, 7, 1, 9, 30, tzinfo=JST)
ACTS = ("add", "remove", "passphrase", "recovery")


def settings_of(data: Path) -> Settings:
    cheap = Argon2(memory_kib=64, iterations=1, lanes=1)
    return Settings(data_dir=data, argon2=cheap, clock=lambda: NOW)


def change(vault: Vault, act: str) -> None:
    if act == "add":
        vault.add_user(NEW, OTHER)
    elif act == "remove":
        vault.remove_user(CLERK.id)
    elif act == "passphrase":
        vault.change_passphrase(CLERK.id, OTHER)
    else:
        vault.new_recovery()


if __name__ == "__main__":
    opened = opening.unlock(settings_of(Path(sys.argv[1])), BOSS.id, WORDS)
    change(opened, sys.argv[2])
    opened.close()
