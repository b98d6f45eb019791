"""From a tree to closures: an expression is read once and run many times."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from fieldkit.forms.expr import nodes, numbers, strings
from fieldkit.forms.expr.calls import Function, Place, Run
from fieldkit.forms.expr.grammar import BadExpression, Tree, parsed
from fieldkit.forms.expr.paths import path_run
from fieldkit.forms.expr.regex import js_regex
from fieldkit.forms.expr.values import (
    Value,
    equal,
    number_of,
    ordered,
    text_of,
    truth_of,
    unequal,
)

_COMPARE: dict[str, Callable[[Value, Value], bool]] = {
    "=": equal,
    "!=": unequal,
    "<": ordered(operator.lt),
    "<=": ordered(operator.le),
    ">": ordered(operator.gt),
    ">=": ordered(operator.ge),
}
_RECKON: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "div": numbers.quotient,
    "mod": numbers.remainder,
}


@dataclass(frozen=True)
class Expression:
    """A compiled expression: its tree (for what it needs) and how it runs at a place."""

    source: str
    tree: Tree
    run: Run


@lru_cache(maxsize=4096)
def compiled(source: str) -> Expression:
    """Compile one expression. Raises BadExpression with the reason in Japanese."""
    tree = parsed(source)
    return Expression(source, tree, _run(tree))


def _run(tree: Tree) -> Run:
    kind = tree[0]
    if kind == "path":
        return path_run(tree, _run)
    if kind in ("string", "number"):
        constant: Value = tree[1]
        return lambda place: constant
    if kind == "binary":
        return _binary(tree[1], _run(tree[2]), _run(tree[3]))
    if kind == "negative":
        inner = _run(tree[1])
        return lambda place: -number_of(inner(place))
    if kind == "union":
        return _union(_run(tree[1]), _run(tree[2]))
    return _call(str(tree[1]), tree[2])


def _binary(sign: str, left: Run, right: Run) -> Run:
    if sign == "and":  # ODK hands on the side that decided, not its truth
        return lambda place: right(place) if truth_of(first := left(place)) else first
    if sign == "or":
        return lambda place: first if truth_of(first := left(place)) else right(place)
    if sign in _COMPARE:
        compare = _COMPARE[sign]
        return lambda place: compare(left(place), right(place))
    reckon = _RECKON[sign]

    def run(place: Place) -> Value:
        one, other = number_of(left(place)), number_of(right(place))
        if math.isnan(one) or math.isnan(other):
            return math.nan
        return float(reckon(float(one), float(other)))

    return run


def _union(left: Run, right: Run) -> Run:
    def run(place: Place) -> Value:
        both = [*nodes.nodes_of(left(place)), *nodes.nodes_of(right(place))]
        known = {id(node) for node in both}
        tops = {id(top): top for top in (place.form.root, *place.form.lists.values())}
        return [n for top in tops.values() for n in (top, *top.below()) if id(n) in known]

    return run


_TABLE: dict[str, Function] = {**numbers.FUNCTIONS, **strings.FUNCTIONS, **nodes.FUNCTIONS}


def _call(name: str, arguments: tuple[Tree, ...]) -> Run:
    args = tuple(_run(argument) for argument in arguments)
    if name == "jr:choice-name":
        return _choice_name(name, arguments, args)
    known = _TABLE.get(name.removeprefix("xf:").removeprefix("fn:"))
    if known is None:
        raise nodes.refusal(name)
    _demand(name, known.low, known.high, len(args))
    if name == "indexed-repeat" and len(args) % 2 == 0:
        raise BadExpression("関数「indexed-repeat」の引数は、繰り返しと番号の組で書いてください")
    if name == "weighted-checklist" and len(args) % 2:
        raise BadExpression("関数「weighted-checklist」の引数は、値と重みの組で書いてください")
    if name == "regex" and arguments[1][0] == "string":
        try:
            js_regex(arguments[1][1])
        except re.error:
            raise BadExpression("regex の書き方に誤りがあります") from None
    run = known.run
    return lambda place: run(place, args)


def _demand(name: str, low: int, high: int, given: int) -> None:
    if not low <= given <= high:
        wanted = f"{low}つ" if low == high else f"{low}つ以上"
        raise BadExpression(f"関数「{name}」の引数は{wanted}です（{given}つあります）")


def _choice_name(name: str, arguments: tuple[Tree, ...], args: tuple[Run, ...]) -> Run:
    """`jr:choice-name(value, 'path')`: the words of a choice, of the question at the path."""
    _demand(name, 2, 2, len(args))
    if arguments[1][0] != "string":
        raise BadExpression("関数「jr:choice-name」の2つ目は '${質問名}' と書いてください")
    value, question = args[0], _run(parsed(arguments[1][1]))

    def run(place: Place) -> Value:
        found = nodes.nodes_of(question(place))
        return place.form.choice_label(found[0], text_of(value(place))) if found else ""

    return run
