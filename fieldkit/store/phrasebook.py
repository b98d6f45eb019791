"""The city's rules and words for passphrases, read from `forms/` and used by the vault.

A city's folder that was made before these files existed gets the ones that came with the kit.
"""

from __future__ import annotations

import secrets
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from fieldkit.errors import BadCityData, KitError
from fieldkit.rules import passphrases
from fieldkit.rules.passphrases import PassphraseRules, Proposal
from fieldkit.rules.verdict import Refused
from fieldkit.settings import asset_dir

TABLE, WORDS, OFFICES = "passphrases.toml", "passphrase_words.txt", "offices.toml"


@dataclass(frozen=True)
class Phrasebook:
    """What is refused, what the city is called, and the words that a proposal is made of."""

    rules: PassphraseRules
    city_names: tuple[str, ...]
    words: tuple[str, ...]


def load(forms_dir: Path) -> Phrasebook:
    """Read the files, again when they were edited; BadCityData names what is wrong."""
    paths = tuple(_path(forms_dir, name) for name in (TABLE, WORDS, OFFICES))
    return _load(paths, tuple(_changed(path) for path in paths))


def check(forms_dir: Path, passphrase: str, own: tuple[str, ...] = ()) -> None:
    """KitError("weak_passphrase") with the sentence for the person; nothing that was typed in it.

    `own` are the name and the number of the person whose passphrase it is.
    """
    book = load(forms_dir)
    verdict = passphrases.check(passphrase, book.rules, (*own, *book.city_names))
    if isinstance(verdict, Refused):
        raise KitError("weak_passphrase", verdict.sentence, "retry")


def propose(forms_dir: Path) -> Proposal:
    """A new random passphrase of at least 50 bits, in hiragana and as it is typed in letters."""
    return passphrases.propose(load(forms_dir).words, secrets.randbelow)


def _path(forms_dir: Path, name: str) -> Path:
    here = forms_dir / name
    return here if here.exists() else asset_dir("forms") / name


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        raise BadCityData(path.name, "", "ファイルがありません。元に戻してください。") from None


@lru_cache(maxsize=4)
def _load(paths: tuple[Path, ...], _changed_at: tuple[float, ...]) -> Phrasebook:
    table, words, offices = paths
    city = _toml(offices).get("city", {})
    names = [city.get(key) for key in ("name", "kana")] if isinstance(city, dict) else []
    return Phrasebook(
        rules=passphrases.rules_from(_toml(table)),
        city_names=tuple(name for name in names if isinstance(name, str)),
        words=passphrases.word_list_from(_text(words)),
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise BadCityData(path.name, "", "文字コードが UTF-8 ではありません。") from None


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError as wrong:
        raise BadCityData(path.name, "", f"書き方に誤りがあります（{wrong}）。") from None
