"""Rows of cases and the answers worked out by hand, checked through `fieldkit rules try`."""

from __future__ import annotations

from typing import Any

from fieldkit.citydata import CityData
from fieldkit.rules_try import answer

Row = tuple[dict[str, Any], dict[str, Any]]
DAY = "2026-07-01"
NO = {"answer": "refused"}


def said(found: dict[str, Any]) -> dict[str, Any]:
    """The answer with its inner values by dotted name, the forms' codes, and whether it warns."""
    inner = {
        f"{name}.{key}": value
        for name, held in found.items()
        if isinstance(held, dict)
        for key, value in held.items()
    }
    forms = {form["code"]: form["level"] for form in found.get("forms", [])}
    return {**found, **inner, "levels": forms, "warned": bool(found.get("warnings"))}


def check(city: CityData, case: dict[str, Any], expect: dict[str, Any]) -> None:
    """Every expected value stands in the answer; a sentence is said, and a no has a way on."""
    found = said(answer(case, city))
    assert expect == {name: found.get(name) for name in expect}, found
    assert found["says"].endswith(("。", "）", "点", "を1点"))
    assert found["answer"] not in ("refused", "needs_evidence", "short") or found["nearest"]
