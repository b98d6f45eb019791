"""The limits of the photo judgement: the built-in rows, edited by the city in `forms/photo.toml`.

Why: what a city accepts differs and will change; an official edits the file, and what the file
leaves out keeps the value of `photo_checks`. Clause: `001 §9(2)イ（キ）`.

Promise: a defect that stays a defect whatever the reason (too dark, blurred, cut off, too small,
no face, two people) can never be made overridable, not even by editing the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fieldkit.errors import BadCityData
from fieldkit.rules.photo_checks import ASKS, DEFAULT_CHECKS, NEVER_OVERRIDABLE, REASONS, Check

__all__ = ["DEFAULT_CHECKS", "FILE", "NEVER_OVERRIDABLE", "REASONS", "Check", "Limits", "beyond",
           "limits_from"]

FILE = "photo.toml"
_SIDES = ("advice_minus", "advice_plus")
_KEYS = {"advise", "stop", "advice", "reasons", "ask", *_SIDES}


@dataclass(frozen=True)
class Limits:
    """All rows in order (highest first) and the reason labels of やむを得ない理由."""

    checks: tuple[Check, ...] = DEFAULT_CHECKS
    reasons: Mapping[str, str] = field(default_factory=lambda: dict(REASONS))

    def reasons_for(self, code: str) -> dict[str, str]:
        """Reason codes and labels that may be declared for this mark; empty: never."""
        codes = [r for c in self.checks if c.code == code for r in c.reasons]
        return {r: self.reasons[r] for r in dict.fromkeys(codes)}


def limits_from(table: Mapping[str, Any]) -> Limits:
    """`forms/photo.toml` as `Limits`. What the file leaves out keeps its default.

    Raises BadCityData for an unknown part or row, a limit that is no number or on the wrong side of
    the other, an unknown reason, or a reason for a mark that is never overridable.
    """
    strange = set(table) - {"reasons", "check"}
    if strange:
        raise BadCityData(FILE, min(strange), "[reasons] と [check.○○] だけが書けます。")
    reasons = {**REASONS, **_texts(table.get("reasons", {}), "reasons")}
    rows = table.get("check", {})
    if not isinstance(rows, Mapping):
        raise BadCityData(FILE, "check", "[check.○○] の形で書いてください。")
    unknown = set(rows) - {c.key for c in DEFAULT_CHECKS}
    if unknown:
        raise BadCityData(FILE, f"check.{min(unknown)}", "この名前の検査項目はありません。")
    checks = tuple(_edited(c, rows.get(c.key, {}), reasons) for c in DEFAULT_CHECKS)
    return Limits(checks, reasons)


def beyond(check: Check, value: float, limit: float | None) -> bool:
    """Whether a value lies on the worse side of a limit; a limit of None never fires."""
    if limit is None:
        return False
    return value > limit if check.worse == "over" else value < limit


def _edited(check: Check, row: Any, reasons: Mapping[str, str]) -> Check:
    key = f"check.{check.key}"
    if not isinstance(row, Mapping):
        raise BadCityData(FILE, key, "[check.○○] の形で書いてください。")
    strange = set(row) - _KEYS
    if strange:
        raise BadCityData(FILE, f"{key}.{min(strange)}", "この項目名は使えません。")
    texts: dict[str, Any] = _texts({k: row[k] for k in ("advice", *_SIDES) if k in row}, key)
    if not check.side and any(name in texts for name in _SIDES):
        raise BadCityData(FILE, f"{key}.advice_minus", "この項目には左右や上下の文はありません。")
    if "advice" in texts and check.side:  # one sentence for all: the built-in sides go
        texts = {**dict.fromkeys(_SIDES, ""), **texts}
    ask = row.get("ask", check.ask)
    if not isinstance(ask, str) or (ask and ask not in ASKS):
        known = "・".join(sorted(ASKS))
        raise BadCityData(FILE, f"{key}.ask", f"{known} のどれか、または空にしてください。")
    named = row.get("reasons", check.reasons)
    if not isinstance(named, list | tuple) or not all(r in [*reasons] for r in named):
        raise BadCityData(FILE, f"{key}.reasons", "[reasons] にある記号を並べてください。")
    edited = replace(check, advise=_limit(row, "advise", check.advise, key),
                     stop=_limit(row, "stop", check.stop, key), reasons=tuple(named), ask=ask)
    edited = replace(edited, **texts)
    if edited.reasons and check.code in NEVER_OVERRIDABLE:
        raise BadCityData(FILE, f"{key}.reasons", "この項目は理由があっても認められません。")
    if edited.advise is not None and beyond(edited, edited.advise, edited.stop):
        raise BadCityData(FILE, key, "advise は stop より緩い値にしてください。")
    return edited


def _limit(row: Mapping[str, Any], name: str, default: float | None, key: str) -> float | None:
    value = row.get(name, default)
    if value is False:
        return None
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise BadCityData(FILE, f"{key}.{name}", "数字を書いてください（使わないときは false）。")
    return value


def _texts(table: Any, key: str) -> dict[str, str]:
    if not isinstance(table, Mapping):
        raise BadCityData(FILE, key, "表の形で書いてください。")
    for name, text in table.items():
        if not isinstance(text, str) or not text.strip():
            raise BadCityData(FILE, f"{key}.{name}", "文を「\"」で囲んで書いてください。")
    return dict(table)
