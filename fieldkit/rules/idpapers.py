"""Which identity papers are enough, counted live: "A 1点・B 0点 → あと A または B を1点".

Cities differ, so both the papers and the combinations come from `forms/id_papers.toml`: one row
for each method, role (whose papers) and kind of application. The shipped table is the one
published for 申請時来庁方式; a renewal is identified by the old card itself (001 §8(2)オ(ア)e).
When papers stay short the card cannot be mailed; choosing to go on with pick-up at the city hall
(`FALLBACK_PICKUP`) is the caller's decision, not this rule's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from fieldkit.errors import BadInput
from fieldkit.rules.id_table import Alternative, Paper, PaperTable, table_from
from fieldkit.rules.tables import guess
from fieldkit.rules.verdict import Refused
from fieldkit.rules.wareki import wareki

__all__ = [
    "Alternative",
    "Enough",
    "Paper",
    "PaperTable",
    "Short",
    "evaluate",
    "judge",
    "out_of_date",
    "table_from",
]


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
    papers: Iterable[str],
    method: str,
    kind: str,
    table: PaperTable,
    day: date | None = None,
    role: str = "applicant",
) -> Enough | Short:
    """Weigh `papers` (codes; twice the same counts once) of `role` for `method` and `kind`.

    A spare A counts as a B. With `day`, kinds of paper not accepted on it do not count.
    BadInput for an unknown code, method or role, with the nearest word.
    """
    held = _known(papers, table, day)
    alternatives = table.alternatives(method, kind, role)
    for way in alternatives:
        if _missing(held, way, table) == _Missing():
            by = _relied_on(held, way)
            labels = "・".join(table.papers[code].label for code in by)
            return Enough(by, f"本人確認書類はそろっています（{labels}）。")
    return _short(held, alternatives, table)


def judge(
    papers: Iterable[str],
    method: str,
    kind: str,
    table: PaperTable,
    day: date | None = None,
    role: str = "applicant",
) -> Enough | Short | Refused:
    """As `evaluate`, but first refuses who may not act under this method (任意代理人)."""
    table.people.role(role)
    if refused := table.people.refused(method, role):
        return refused
    return evaluate(papers, method, kind, table, day, role)


def out_of_date(papers: Iterable[str], table: PaperTable, day: date) -> tuple[str, ...]:
    """A sentence for each kind among `papers` that is not accepted on `day`."""
    says = []
    for code in dict.fromkeys(papers):
        paper = table.papers.get(code)
        if paper is None or paper.counts_on(day):
            continue
        if paper.until and day > paper.until:
            when = f"{wareki(paper.until)}までの書類"
        else:
            when = f"{wareki(paper.since or day)}からの書類"
        says.append(f"「{paper.label}」は{when}なので、数えません。")
    return tuple(says)


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
            says = "表にない本人確認書類です。一覧から選び直してください。"
            raise BadInput("id_papers", says + guess(str(code), table.papers))
        if paper.counts_on(day):
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
    # The nearest first; as near as each other: in the order of the city's table.
    gaps = dict.fromkeys(_missing(held, way, table) for way in ways)
    missing = sorted(gaps, key=lambda gap: gap.total)
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
