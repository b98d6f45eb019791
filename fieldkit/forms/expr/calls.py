"""What a function of XPath is here: how many arguments it takes, and how it runs.

An argument is a closure over the place where the expression stands, so that `if()` and
`coalesce()` leave alone what they do not need.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from fieldkit.forms.expr.dates import Moment
from fieldkit.forms.expr.values import Node, Nodes, Value

MANY = 1000


class Filled(Protocol):
    """The filled form that an expression looks at, on one day."""

    root: Node
    lists: Mapping[str, Node]
    today: Moment
    now: Moment

    def at(self, path: str) -> Nodes:
        """All nodes of an absolute path, in document order."""

    def choice_label(self, node: Node, value: str) -> str:
        """The words of a choice of a question, blank when it does not offer it now."""


class Place:
    """Where an expression stands: its node, its position among the tested ones, the form."""

    __slots__ = ("node", "position", "size", "form", "origin")

    def __init__(
        self, node: Node, form: Filled, position: int = 1, size: int = 1, origin: Node | None = None
    ) -> None:
        self.node, self.form = node, form
        self.position, self.size = position, size
        self.origin = origin or node


Run = Callable[[Place], Value]


@dataclass(frozen=True)
class Function:
    """`low` to `high` arguments; `run` gets the place and the arguments' closures."""

    low: int
    high: int
    run: Callable[[Place, tuple[Run, ...]], Value]


def plain(low: int, act: Callable[..., Any], high: int | None = None) -> Function:
    """A function that needs every argument's value and nothing of the place."""

    def run(place: Place, args: tuple[Run, ...]) -> Value:
        value: Value = act(*[arg(place) for arg in args])
        return value

    return Function(low, low if high is None else high, run)


def own(act: Callable[..., Any]) -> Function:
    """A function of one argument which, when left out, is the node itself."""

    def run(place: Place, args: tuple[Run, ...]) -> Value:
        value: Value = act(args[0](place) if args else [place.node])
        return value

    return Function(0, 1, run)
