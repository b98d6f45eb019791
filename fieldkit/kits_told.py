"""What the city told a kit of the office about all kits: their last call, what they have out.

Numbers of kits, moments and ids of reservations; nobody's name. The newest word takes the place of
the one before.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from fieldkit.store.vault import Vault

META = "kits"


@dataclass(frozen=True)
class OtherKit:
    """A kit as the city knows it. `seen` is its last call ("" for none), `out` reservations."""

    id: str
    name: str
    profile: str
    active: bool
    seen: str
    out: tuple[str, ...]


@dataclass(frozen=True)
class Told:
    """`at` is the city's moment of the word, "" before the first."""

    at: str
    kits: tuple[OtherKit, ...]


def hear(vault: Vault, news: dict[str, Any]) -> None:
    """Keep the word of these news, where there is one."""
    if not isinstance(news.get("kits"), list):
        return
    text = json.dumps({"at": news["now"], "kits": news["kits"]}, ensure_ascii=False)
    with vault.book.write() as conn:
        conn.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (META, text))


def last(vault: Vault) -> Told:
    """The newest word that was heard."""
    row = vault.book.one("SELECT value FROM meta WHERE key = ?", META)
    if row is None:
        return Told("", ())
    said = json.loads(row["value"])
    kits = (
        OtherKit(
            one["id"], one["name"], one["profile"], one["status"] == "active",
            one["seen"], tuple(one["out"]),
        )
        for one in said["kits"]
    )  # fmt: skip
    return Told(said["at"], tuple(kits))
