"""Which identity papers are enough, counted live: "A 1点・B 0点 → あと A または B を1点".

Cities differ, so both the papers and the combinations come from `forms/id_papers.toml`. The
shipped table is the one published for 申請時来庁方式; a renewal is identified by the old card
itself (001 §8(2)オ(ア)e). When papers stay short the card cannot be mailed; choosing to go on
with pick-up at the city hall (`FALLBACK_PICKUP`) is the caller's decision, not this rule's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from fieldkit.errors import BadCityData, BadInput
from fieldkit.rules.tables import maybe, maybe_date, need, no_twins, rows, words

CLASSES = ("A", "B", "N")


@dataclass(frozen=True)
class Paper:
    """One kind of paper. `until` is its last good day, when the kind was abolished."""

    code: str
    label: str
    klass: str
    until: date | None = None


@dataclass(frozen=True)
class Alternative:
    """One sufficient combination: every `needs`, one of `any_of`, `a` A papers, `b` B papers."""

    a: int = 0
    b: int = 0
    needs: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()


@dataclass(frozen=True)
class PaperTable:
    """Papers by code, and alternatives by (method, kind) with kind "*" as the rest."""

    papers: Mapping[str, Paper]
    rules: Mapping[tuple[str, str], tuple[Alternative, ...]]

    def alternatives(self, method: str, kind: str) -> tuple[Alternative, ...]:
        """The rule for `kind`, or the method's "*" rule; BadInput for an unknown method."""
        found = self.rules.get((method, kind)) or self.rules.get((method, "*"))
        if found is None:
            raise BadInput("method", "この受付方式の本人確認の組み合わせが決められていません。")
        return found


@dataclass(frozen=True)
class Enough:
    """The papers are sufficient. `by` are the codes relied on, `says` names them."""

    by: tuple[str, ...]
    says: str


@dataclass(frozen=True)
class Short:
    """Not yet: `says` counts and names what is missing, `nearest` lists every way on."""

    says: str
    nearest: tuple[str, ...]
    count_a: int
    count_b: int


def evaluate(
    papers: Iterable[str], method: str, kind: str, table: PaperTable, day: date | None = None
) -> Enough | Short:
    """Weigh `papers` (codes; twice the same counts once) for `method` and `kind`.

    A spare A counts as a B. With `day`, kinds of paper abolished before it do not count.
    BadInput for an unknown code or method.
    """
    held = _known(papers, table, day)
    alternatives = table.alternatives(method, kind)
    for way in alternatives:
        if _missing(held, way, table) == _Missing():
            by = _relied_on(held, way)
            labels = "・".join(table.papers[code].label for code in by)
            return Enough(by, f"本人確認書類はそろっています（{labels}）。")
    return _short(held, alternatives, table)


def table_from(data: Mapping[str, Any], file: str = "id_papers.toml") -> PaperTable:
    """Build the table; BadCityData names the file and the key of what is wrong."""
    papers = []
    for i, row in enumerate(rows(data, "paper", file), start=1):
        at = f"paper[{i}]"
        klass = need(row, "class", str, file, at)
        if klass not in CLASSES:
            raise BadCityData(file, f"{at}.class", "A / B / N のどれかにしてください。")
        until = maybe_date(row, "until", file, at)
        code = need(row, "code", str, file, at)
        papers.append(Paper(code, need(row, "label", str, file, at), klass, until))
    no_twins([paper.code for paper in papers], "paper", file)
    by_code = {paper.code: paper for paper in papers}
    rules: dict[tuple[str, str], tuple[Alternative, ...]] = {}
    for i, row in enumerate(rows(data, "rule", file), start=1):
        at = f"rule[{i}]"
        key = (need(row, "method", str, file, at), need(row, "kind", str, file, at))
        if key in rules:
            raise BadCityData(file, at, "同じ method と kind の組が2回書かれています。")
        ways = rows(row, "alternatives", f"{file} の {at}")
        rules[key] = tuple(_way(way, by_code, file, at) for way in ways)
    return PaperTable(by_code, rules)


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


@dataclass(frozen=True)
class _Missing:
    a: int = 0
    b: int = 0
    named: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        return self.a + self.b + len(self.named)


def _known(papers: Iterable[str], table: PaperTable, day: date | None) -> tuple[Paper, ...]:
    held: dict[str, Paper] = {}
    for code in papers:
        paper = table.papers.get(code)
        if paper is None:
            raise BadInput("id_papers", "表にない本人確認書類です。一覧から選び直してください。")
        if not (day and paper.until and day > paper.until):
            held[code] = paper
    return tuple(held.values())


def _count(held: Iterable[Paper], klass: str) -> int:
    return sum(1 for paper in held if paper.klass == klass)


def _used_by_name(held: tuple[Paper, ...], way: Alternative) -> tuple[str, ...]:
    """Codes that serve `needs` and `any_of`; they are not counted again as A or B."""
    codes = [paper.code for paper in held]
    used = [code for code in way.needs if code in codes]
    used += [code for code in way.any_of if code in codes][:1]
    return tuple(used)


def _missing(held: tuple[Paper, ...], way: Alternative, table: PaperTable) -> _Missing:
    used = _used_by_name(held, way)
    named = [table.papers[code].label for code in way.needs if code not in used]
    if way.any_of and not set(way.any_of) & set(used):
        named.append("か".join(table.papers[code].label for code in way.any_of))
    free = [paper for paper in held if paper.code not in used]
    count_a, count_b = _count(free, "A"), _count(free, "B")
    spare_a = max(0, count_a - way.a)
    return _Missing(
        a=max(0, way.a - count_a), b=max(0, way.b - count_b - spare_a), named=tuple(named)
    )


def _relied_on(held: tuple[Paper, ...], way: Alternative) -> tuple[str, ...]:
    used = list(_used_by_name(held, way))
    free = [paper for paper in held if paper.code not in used]
    all_a = [paper.code for paper in free if paper.klass == "A"]
    all_b = [paper.code for paper in free if paper.klass == "B"]
    used += all_a[: way.a]
    used += (all_b + all_a[way.a :])[: way.b]
    return tuple(used)


def _short(held: tuple[Paper, ...], ways: tuple[Alternative, ...], table: PaperTable) -> Short:
    missing = sorted({_missing(held, way, table) for way in ways}, key=lambda gap: gap.total)
    count_a, count_b = _count(held, "A"), _count(held, "B")
    closest = [gap for gap in missing if gap.total == missing[0].total]
    says = f"A {count_a}点・B {count_b}点 → あと {_wish(closest)}"
    return Short(says, tuple(_list(gap) for gap in missing), count_a, count_b)


def _wish(gaps: list[_Missing]) -> str:
    """A または B を1点 / A 2点、または A 1点と B 1点."""
    gaps = sorted(gaps, key=lambda gap: (len(gap.named), -gap.a))
    if gaps[0].total == 1:
        singles = [gap.named[0] if gap.named else ("A" if gap.a else "B") for gap in gaps]
        return " または ".join(singles) + " を1点"
    return "、または ".join(_list(gap) for gap in gaps)


def _list(gap: _Missing) -> str:
    parts = list(gap.named)
    parts += [f"{letter} {n}点" for letter, n in (("A", gap.a), ("B", gap.b)) if n]
    return "と ".join(parts)
