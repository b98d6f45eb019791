"""The values of XForms XPath and how they turn into each other, as ODK's engine does it.

A value is text, a float, a truth value, a `Moment` (a number of days that knows its text) or a
list of nodes. Numbers print as JavaScript prints them: NaN is blank, 3.0 is `3`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from fieldkit.forms.expr.dates import Moment, moment_of

#: What JavaScript's `Number()` strips; the ideographic space is among it.
_BLANK = "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
_BLANK += "\u2028\u2029\u202f\u205f\u3000\ufeff"
#: What XML calls blank: the ideographic space is not.
XML_BLANK = "\t\n\r "
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_BASES = {"0x": 16, "0o": 8, "0b": 2}
_BASED = re.compile(r"0(?:[xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)")


class Node:
    """One node of a filled form, or of a choice list.

    A question, a group or one instance of a repeat; `on` is its relevance, `text` what rules
    read of it (blank when not relevant), `key` the name with the numbers of its instances.
    """

    __slots__ = ("name", "parent", "children", "text", "on", "bind", "key", "spot")

    def __init__(self, name: str, parent: Node | None = None, text: str = "") -> None:
        self.name, self.parent, self.text = name, parent, text
        self.children: list[Node] = []
        self.on = True
        self.bind: Any = None
        self.key = name
        self.spot = ""
        if parent is not None:
            parent.children.append(self)

    @property
    def value(self) -> str:
        """The text of a question; of a group the texts of all it holds, one after the other."""
        if not self.children:
            return self.text
        return "".join(child.value for child in self.children)

    def within(self, other: Node) -> bool:
        """Whether this node is `other` or lies below it."""
        node: Node | None = self
        while node is not None:
            if node is other:
                return True
            node = node.parent
        return False

    def below(self) -> Iterator[Node]:
        """All nodes under this one, in document order."""
        for child in self.children:
            yield child
            yield from child.below()


Nodes = list[Node]
Value = str | float | bool | Nodes


def text_of(value: Value) -> str:
    """XPath's `string()`: of several nodes the first one's text."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return value[0].value if value else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Moment):
        return value.text
    return number_text(value)


def number_text(number: float) -> str:
    """A number as JavaScript writes it; NaN is blank."""
    if math.isnan(number):
        return ""
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    if number == 0:
        return "0"
    mantissa, _, exponent = repr(abs(float(number))).partition("e")
    digits = mantissa.replace(".", "")
    point = (mantissa.index(".") if "." in mantissa else len(mantissa)) + int(exponent or 0)
    stripped = digits.lstrip("0")
    point -= len(digits) - len(stripped)
    digits = stripped.rstrip("0") or "0"
    return ("-" if number < 0 else "") + _placed(digits, point)


def _placed(digits: str, point: int) -> str:
    """Shortest digits with the decimal point after `point` of them (ECMAScript 6.1.6.1.20)."""
    if len(digits) <= point <= 21:
        return digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"0.{'0' * -point}{digits}"
    sign = "+" if point > 0 else "-"
    rest = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{rest}e{sign}{abs(point - 1)}"


def plain_number(text: str) -> float:
    """JavaScript's `Number(text)`: blank is 0, what is no number is NaN."""
    text = text.strip(_BLANK)
    if not text:
        return 0.0
    if _NUMBER.fullmatch(text):
        return float(text)
    if _BASED.fullmatch(text):
        return float(int(text[2:], _BASES[text[:2].lower()]))
    if text.lstrip("+-") == "Infinity" and len(text) <= 9:
        return -math.inf if text[0] == "-" else math.inf
    return math.nan


def text_number(text: str) -> float:
    """The number of a text: days since 1970 for an ISO date or date and time."""
    if not text:
        return math.nan
    if len(text) >= 10 and text[4] == "-" and (moment := moment_of(text)) is not None:
        return moment
    return plain_number(text)


def node_number(node: Node) -> float:
    text = node.value
    return text_number(text) if text.strip(XML_BLANK) else math.nan


def number_of(value: Value) -> float:
    """XPath's `number()`; blank and words are NaN, so every comparison with them is false."""
    if isinstance(value, bool):
        return 1.0 if value else 0.0
    if isinstance(value, float):
        return value
    if isinstance(value, list):
        return node_number(value[0]) if value else math.nan
    return text_number(value)


def truth_of(value: Value) -> bool:
    """XPath's `boolean()`: a node that exists is true, whatever it holds."""
    if isinstance(value, float):
        return not math.isnan(value) and value != 0
    return bool(value)


def each(value: Value) -> Sequence[Value]:
    """A node list one by one, anything else as itself."""
    return [[node] for node in value] if isinstance(value, list) else [value]


def equal(left: Value, right: Value) -> bool:
    """`=`: true when any node on one side equals any on the other."""
    return _equality(left, right, True)


def unequal(left: Value, right: Value) -> bool:
    """`!=`: true when any node on one side differs from any on the other."""
    return _equality(left, right, False)


def _equality(left: Value, right: Value, wanted: bool) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return (truth_of(left) == truth_of(right)) is wanted
    if isinstance(left, list):
        if isinstance(right, list):
            return any((a.value == b.value) is wanted for a in left for b in right)
        return any(_node_equals(node, right) is wanted for node in left)
    if isinstance(right, list):
        return any(_node_equals(node, left) is wanted for node in right)
    if isinstance(left, float) or isinstance(right, float):
        return (number_of(left) == number_of(right)) is wanted
    return (left == right) is wanted


def _node_equals(node: Node, other: Value) -> bool:
    if isinstance(other, float):
        return node_number(node) == other
    return node.value == other


def ordered(test: Callable[[float, float], bool]) -> Callable[[Value, Value], bool]:
    """`<`, `<=`, `>` or `>=` over every pair, as numbers."""

    def compare(left: Value, right: Value) -> bool:
        if not isinstance(left, list) and not isinstance(right, list):
            return test(number_of(left), number_of(right))
        return any(test(number_of(a), number_of(b)) for a in each(left) for b in each(right))

    return compare
