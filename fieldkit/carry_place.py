"""The typed folder for bundles: a share between two networks, or a stick that is not found.

It is remembered on this laptop. Only a folder that is there, by its whole path, and never the kit's
own: what is written is sealed to the city, wherever it lies.
"""

from __future__ import annotations

from pathlib import Path

from fieldkit import carry
from fieldkit.errors import BadInput
from fieldkit.store.vault import Vault

META = "carry_folder"
LONGEST = 500


def remembered(vault: Vault) -> str:
    """The folder that was typed last, there or not; "" for none."""
    row = vault.book.one("SELECT value FROM meta WHERE key = ?", META)
    return str(row["value"]) if row else ""


def typed(vault: Vault, text: str) -> Path:
    """The folder of a typed path; BadInput where it cannot be used. It is remembered."""
    place = Path(text)
    if len(text) > LONGEST or "\0" in text or not place.is_absolute():
        raise BadInput("folder", "場所を、はじめから全部入れてください（例：/mnt/share/ksp）。")
    if not _is_there(place):
        raise BadInput(
            "folder",
            "この場所がありません。差してあるか、つながっているかを確かめてください。"
            "何も書いていません。",
        )
    carry.check_folder(vault, place)
    with vault.book.write() as conn:
        conn.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (META, text))
    return place


def _is_there(place: Path) -> bool:
    try:
        return place.is_dir()
    except OSError:
        return False
