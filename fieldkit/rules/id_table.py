"""The city's table of identity papers as values: kinds of paper, and who needs how many of them.

Rows are by method, role (whose papers) and kind of application; every one of them comes from
`forms/id_papers.toml`, and this file only checks that the table is whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from fieldkit.errors import BadCityData, BadInput
from fieldkit.rules.representatives import ROLES, Representatives, representatives_from
from fieldkit.rules.tables import (
    guess,
    known_words,
    maybe,
    maybe_date,
    need,
    no_twins,
    rows,
    words,
)

CLASSES = ("A", "B", "N")
KINDS = ("new", "renew", "lost", "damaged", "minor", "other", "*")
_SAME_AS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "minor": (("applicant", "minor"), ("applicant", "*")),
    "under_1": (("minor", "*"), ("applicant", "minor"), ("applicant", "*")),
    **dict.fromkeys(("legal_parent", "legal_guardian", "legal_other"), (("applicant", "*"),)),
}
"""Where a role has no row of its own: a representative is identified like an applicant."""


@dataclass(frozen=True)
class Paper:
    """One kind of paper. `since` and `until` are its first and last good day, if it has them."""

    code: str
    label: str
    klass: str
    until: date | None = None
    since: date | None = None

    def counts_on(self, day: date | None) -> bool:
        """True when the kind is accepted on `day`; without a day every kind is."""
        if day is None:
            return True
        return not (self.until and day > self.until) and not (self.since and day < self.since)


@dataclass(frozen=True)
class Alternative:
    """One sufficient combination: every `needs`, one of `any_of`, `a` A papers, `b` B papers."""

    a: int = 0
    b: int = 0
    needs: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()


@dataclass(frozen=True)
class PaperTable:
    """Papers by code, and alternatives by (method, role, kind) with kind "*" as the rest."""

    papers: Mapping[str, Paper]
    rules: Mapping[tuple[str, str, str], tuple[Alternative, ...]]
    people: Representatives = field(default_factory=Representatives)
    copy_consent: bool = False

    def alternatives(
        self, method: str, kind: str, role: str = "applicant"
    ) -> tuple[Alternative, ...]:
        """The rule for `role` and `kind`; BadInput for an unknown method, role or pair of them."""
        self.people.role(role)
        methods = {key[0]: None for key in self.rules}
        if method not in methods:
            says = "この受付方式の本人確認の組み合わせが決められていません。"
            raise BadInput("method", says + guess(method, methods))
        for key in ((role, kind), (role, "*"), *_SAME_AS.get(role, ())):
            if found := self.rules.get((method, *key)):
                return found
        says = f"この受付方式に「{self.people.role(role)}」の組み合わせが決められていません。"
        there = "・".join(m for m in methods if any(k[:2] == (m, role) for k in self.rules))
        raise BadInput("role", f"{says}決められているのは {there or 'ありません'} です。")


def table_from(data: Mapping[str, Any], file: str = "id_papers.toml") -> PaperTable:
    """Build the table; BadCityData names the file and the key of what is wrong."""
    papers = []
    for i, row in enumerate(rows(data, "paper", file), start=1):
        at = f"paper[{i}]"
        klass = need(row, "class", str, file, at)
        if klass not in CLASSES:
            raise BadCityData(file, f"{at}.class", "A / B / N のどれかにしてください。")
        until, since = (maybe_date(row, key, file, at) for key in ("until", "since"))
        code = need(row, "code", str, file, at)
        papers.append(Paper(code, need(row, "label", str, file, at), klass, until, since))
    no_twins([paper.code for paper in papers], "paper", file)
    by_code = {paper.code: paper for paper in papers}
    rules: dict[tuple[str, str, str], tuple[Alternative, ...]] = {}
    for i, row in enumerate(rows(data, "rule", file), start=1):
        at = f"rule[{i}]"
        role, kind = maybe(row, "role", "applicant", file, at), need(row, "kind", str, file, at)
        known_words([role], ROLES, "立場", file, f"{at}.role")
        known_words([kind], KINDS, "区分", file, f"{at}.kind")
        key = (need(row, "method", str, file, at), role, kind)
        if key in rules:
            raise BadCityData(file, at, "同じ method・role・kind の組が2回書かれています。")
        ways = rows(row, "alternatives", f"{file} の {at}")
        rules[key] = tuple(_way(way, by_code, file, at) for way in ways)
    consent = maybe(data, "copy_consent", False, file)
    return PaperTable(by_code, rules, representatives_from(data, file), consent)


def _way(row: Mapping[str, Any], papers: Mapping[str, Paper], file: str, at: str) -> Alternative:
    at = f"{at}.alternatives"
    way = Alternative(
        a=maybe(row, "A", 0, file, at),
        b=maybe(row, "B", 0, file, at),
        needs=words(row, "needs", file, at),
        any_of=words(row, "any_of", file, at),
    )
    if way == Alternative():
        raise BadCityData(file, at, "空の組み合わせです。A・B・needs・any_of を書いてください。")
    for code in (*way.needs, *way.any_of):
        if code not in papers:
            raise BadCityData(file, at, f"書類「{code}」が [[paper]] にありません。")
    return way
