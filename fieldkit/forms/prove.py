"""Prove a form's expressions when it is loaded, so that no rule fails in front of an applicant.

Every expression parses and knows its functions; every path leads to a question of the form; and
nothing needs its own result, whether directly, through other calculations, through what is
relevant, or through the number of a repeat.
"""

from __future__ import annotations

from collections.abc import Mapping

from fieldkit.errors import BadCityData
from fieldkit.forms.binds import Bind, Rules
from fieldkit.forms.expr import BadExpression, compiled
from fieldkit.forms.kinds import META
from fieldkit.forms.references import Need, needs_of
from fieldkit.forms.tables import Table

_COLUMNS = {
    "relevant": "表示条件（relevant）",
    "required": "必須（required）",
    "constraint": "入力条件（constraint）",
    "calculation": "計算（calculation）",
    "readonly": "変更不可（readonly）",
    "default": "はじめの値（default）",
    "repeat_count": "繰り返しの数（repeat_count）",
    "choice_filter": "選択肢のしぼり込み（choice_filter）",
}
#: What a question's own value hangs on, and what its being asked hangs on.
_OF_VALUE = ("calculation", "choice_filter", "repeat_count")
_OF_ASKING = ("relevant",)

Spot = tuple[str, str]


def prove(table: Table, rules: Rules, rows: Mapping[str, int], types: Mapping[str, str]) -> None:
    """Raise BadCityData with row and reason for the first expression that cannot be used."""
    binds = {bind.path: bind for bind in rules.binds}
    names = {bind.name: bind for bind in reversed(rules.binds)}
    edges: dict[Spot, set[Spot]] = {}
    for bind in rules.binds:
        row = rows.get(bind.name, 0)
        where = table.where(row) if row else f"survey（{bind.name}）"
        if names[bind.name] is not bind:
            later = _last_row(table, bind.name)
            says = f"名前「{bind.name}」が重なっています。別のグループでも同じ名前は使えません"
            raise BadCityData(table.file, table.where(later), says)
        edges[bind.path, "asked"] = {(bind.parent, "asked")} if bind.parent != "/data" else set()
        edges[bind.path, "value"] = {(bind.path, "asked")}
        for column, text in bind.expressions.items():
            try:
                needs = list(needs_of(compiled(text).tree, bind.path, rules))
                _known(needs, binds, types)
            except BadExpression as error:
                says = f"{_COLUMNS[column]}の式を読めません（{error}）。"
                says += "式の書き方を確認してください"
                raise BadCityData(table.file, where, says) from None
            part = "value" if column in _OF_VALUE else "asked" if column in _OF_ASKING else ""
            if part:
                edges[bind.path, part] |= _edges(needs, binds)
    for bind in rules.binds:
        _no_circle(table, rows, bind, edges)


def _last_row(table: Table, name: str) -> int:
    return max((n for n, row in enumerate(table.rows, 2) if row.get("name") == name), default=0)


def _known(needs: list[Need], binds: Mapping[str, Bind], types: Mapping[str, str]) -> None:
    """Every path leads somewhere, and not to what the kit leaves blank."""
    for need in needs:
        if need.path not in binds and need.path != "/data":
            raise BadExpression(f"「{need.path.rpartition('/')[2]}」という名前の質問がありません")
        kind = types.get(need.path.rpartition("/")[2], "")
        if kind in META or kind == "photo":
            says = f"「{kind}」はこのキットでは空のままなので、式に使えません。"
            raise BadExpression(says + "今日の日付には today() を使ってください")


def _edges(needs: list[Need], binds: Mapping[str, Bind]) -> set[Spot]:
    """What must be settled first. Another instance of the same repeat is no circle."""
    found: set[Spot] = set()
    for need in needs:
        if need.elsewhere or need.path not in binds:
            continue
        found.add((need.path, "value"))
        step = binds[need.path]
        while step.parent in binds:  # to be there at all, it hangs on the repeats around it
            step = binds[step.parent]
            if step.is_repeat and not need.inside(step.path):
                found.add((step.path, "value"))
    return found


def _no_circle(
    table: Table, rows: Mapping[str, int], bind: Bind, edges: Mapping[Spot, set[Spot]]
) -> None:
    for part in ("value", "asked"):
        start = (bind.path, part)
        if not (way := _way_back(start, edges)):
            continue
        names = list(dict.fromkeys(path.rpartition("/")[2] for path, _ in way))
        row = rows.get(bind.name, 0)
        what = "計算" if bind.calculate else "表示条件" if bind.relevant else "選択肢や繰り返しの数"
        through = f"（{' → '.join([*names, names[0]])}）" if len(names) > 1 else ""
        says = f"「{bind.name}」の{what}が、自分の結果を使っています{through}。"
        says += "循環をなくしてください"
        raise BadCityData(table.file, table.where(row) if row else f"survey（{bind.name}）", says)


def _way_back(start: Spot, edges: Mapping[Spot, set[Spot]]) -> list[Spot]:
    """The way from `start` to itself, or an empty list."""
    ways: list[list[Spot]] = [[start]]
    seen: set[Spot] = set()
    while ways:
        way = ways.pop()
        for step in sorted(edges.get(way[-1], ())):
            if step == start:
                return way
            if step not in seen:
                seen.add(step)
                ways.append([*way, step])
    return []
