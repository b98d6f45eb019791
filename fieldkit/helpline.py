"""Whom to call when the kit will not go on: the supervisor's number, from the city's tables."""

from __future__ import annotations

import contextlib
from pathlib import Path

from fieldkit import citydata
from fieldkit.errors import KitError
from fieldkit.settings import asset_dir, load_settings


def supervisor_phone(forms_dir: Path) -> str:
    """The number of offices.toml; an empty text while the city's tables cannot be read."""
    try:
        return citydata.load(forms_dir).phone("supervisor")
    except (KitError, OSError):
        return ""


CALL = frozenset(
    {
        "clock",
        "clock_back",
        "cannot_erase",
        "cannot_write",
        "not_encrypted",
        "bad_settings",
        "store_newer",
        "vault_damaged",
        "vault_missing",
        "vault_unreadable",
    }
)


def is_needed(error: KitError) -> bool:
    """Whether a person at a terminal has to call somebody, rather than type something else."""
    return error.action != "retry" and (error.code in CALL or "監督者へ連絡" in error.sentence)


def line(data_dir: Path | None, forms_dir: Path | None = None) -> str:
    """「監督者の電話：…」 for a terminal, from the forms of this data folder, or those shipped."""
    folders = [forms_dir] if forms_dir else []
    if data_dir is not None:
        with contextlib.suppress(KitError, OSError):  # a broken kit.toml may be the matter
            folders.append(load_settings(data_dir).forms_dir)
    for folder in (*folders, asset_dir("forms")):
        if phone := supervisor_phone(folder):
            return f"監督者の電話：{phone}"
    return ""
