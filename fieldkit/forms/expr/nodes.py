"""The functions of XForms that look at the form itself: its nodes, its day, its choices."""

from __future__ import annotations

import math

from fieldkit.forms.expr.calls import MANY, Function, Place, Run, plain
from fieldkit.forms.expr.grammar import BadExpression
from fieldkit.forms.expr.values import Node, Nodes, Value, number_of, text_of, truth_of


def nodes_of(value: Value) -> Nodes:
    """The node list that an argument must be; what is none counts as an empty one."""
    return value if isinstance(value, list) else []


def _if(place: Place, args: tuple[Run, ...]) -> Value:
    return args[1](place) if truth_of(args[0](place)) else args[2](place)


def _coalesce(place: Place, args: tuple[Run, ...]) -> Value:
    return text_of(args[0](place)) or text_of(args[1](place))


def _once(place: Place, args: tuple[Run, ...]) -> Value:
    """What the question holds already; calculated while that is blank."""
    return place.node.value or text_of(args[0](place))


def _position(place: Place, args: tuple[Run, ...]) -> Value:
    """The place in the tested list, or of a repeat's instance among its own."""
    if not args:
        return float(place.position)
    nodes = nodes_of(args[0](place))
    if not nodes:
        return math.nan
    node, found = nodes[0], 1
    if node.parent is None:
        return 1.0
    siblings = node.parent.children
    for before in reversed(siblings[: siblings.index(node)]):
        if before.name != node.name:
            break
        found += 1
    return float(found)


def _indexed_repeat(place: Place, args: tuple[Run, ...]) -> Value:
    """The target inside the instances that pairs of repeat and number name, outer ones first."""
    pairs: list[tuple[Nodes, float]] = []
    for repeat, number in zip(args[1::2], args[2::2], strict=False):
        found, place_of = nodes_of(repeat(place)), number_of(number(place))
        if not found or math.isnan(place_of):
            return []
        pairs.append((found, place_of))
    chosen: Node | None = None
    for found, wanted in sorted(pairs, key=lambda pair: _depth(pair[0][0])):
        inside = [node for node in found if chosen is None or node.within(chosen)]
        if wanted != int(wanted) or not 1 <= wanted <= len(inside):
            return []
        chosen = inside[int(wanted) - 1]
    return [node for node in nodes_of(args[0](place)) if chosen and node.within(chosen)]


def _depth(node: Node) -> int:
    return 0 if node.parent is None else 1 + _depth(node.parent)


def _instance(place: Place, args: tuple[Run, ...]) -> Value:
    found = place.form.lists.get(text_of(args[0](place)))
    return [] if found is None else [found]


def _name(value: Value) -> str:
    nodes = nodes_of(value)
    return nodes[0].name if nodes else ""


FUNCTIONS: dict[str, Function] = {
    "if": Function(3, 3, _if),
    "coalesce": Function(2, 2, _coalesce),
    "once": Function(1, 1, _once),
    "not": plain(1, lambda value: not truth_of(value)),
    "boolean": plain(1, truth_of),
    "true": plain(0, lambda: True),
    "false": plain(0, lambda: False),
    "count": plain(1, lambda value: float(len(nodes_of(value)))),
    "count-non-empty": plain(1, lambda value: float(sum(1 for n in nodes_of(value) if n.value))),
    "position": Function(0, 1, _position),
    "last": Function(0, 0, lambda place, args: float(place.size)),
    "current": Function(0, 0, lambda place, args: [place.origin]),
    "indexed-repeat": Function(3, MANY, _indexed_repeat),
    "instance": Function(1, 1, _instance),
    "name": Function(0, 1, lambda place, args: _name(args[0](place) if args else [place.node])),
    "local-name": Function(
        0, 1, lambda place, args: _name(args[0](place) if args else [place.node])
    ),
    "today": Function(0, 0, lambda place, args: place.form.today),
    "now": Function(0, 0, lambda place, args: place.form.now),
}
#: Functions of ODK that this kit refuses, with the nearest thing that works.
REFUSED = {
    "random": "開くたびに値が変わります。決まった値を書いてください",
    "uuid": "開くたびに値が変わります。受付番号はキットが付けます",
    "randomize": "選択肢は choices の順に並びます",
    "pulldata": "外のファイルは読みません。choices に列を足し、instance() で引いてください",
    "search": "外のファイルは読みません。選択肢は choices に書いてください",
    "area": "位置は記録しません",
    "distance": "位置は記録しません",
    "geofence": "位置は記録しません",
}


def refusal(name: str) -> BadExpression:
    """Why a function that this kit does not know cannot be used, and what can."""
    why = REFUSED.get(name, "関数の名前のつづりを確かめてください")
    return BadExpression(f"この式に使えない関数「{name}」があります。{why}")
