"""Which nodes of a form an expression looks at, found without running it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fieldkit.forms.binds import Rules
from fieldkit.forms.expr import BadExpression
from fieldkit.forms.expr.grammar import Tree, parsed

_OUTSIDE = "?"


@dataclass(frozen=True)
class Need:
    """One node that an expression reads, from the node `origin`.

    `elsewhere` is true for a node of another instance of a repeat (`indexed-repeat()`, or a
    predicate on the way), which may hang on the same question there.
    """

    path: str
    origin: str
    elsewhere: bool = False

    def inside(self, repeat: str) -> bool:
        """Whether the expression stands in the repeat itself, so that its instance is there."""
        return self.origin.startswith(repeat + "/")


def needs_of(tree: Tree, origin: str, rules: Rules) -> Iterator[Need]:
    """The nodes that the expression of the node `origin` reads.

    Raises BadExpression for a choice list that is not there. A path that leads nowhere is told
    as the path that it would be, for the caller to refuse.
    """
    yield from _Finder(origin, rules).find(tree, origin, False)


class _Finder:
    def __init__(self, origin: str, rules: Rules) -> None:
        self._origin, self._rules = origin, rules
        self._children: dict[str, list[str]] = {"": ["/data"]}
        for bind in rules.binds:
            self._children.setdefault(bind.parent, []).append(bind.path)

    def find(self, tree: Any, here: str, elsewhere: bool) -> Iterator[Need]:
        """Everything that `tree` reads from the place `here` (`?` is outside of the form)."""
        if not isinstance(tree, tuple) or not tree:
            return
        if tree[0] == "path":
            yield from self._path(tree, here, elsewhere)
        elif tree[0] == "call":
            yield from self._call(tree, here, elsewhere)
        else:
            for part in tree[1:]:
                yield from self.find(part, here, elsewhere)

    def _call(self, tree: Tree, here: str, elsewhere: bool) -> Iterator[Need]:
        name, args = str(tree[1]), tree[2]
        if name == "jr:choice-name" and len(args) == 2 and args[1][0] == "string":
            yield from self.find(parsed(args[1][1]), here, elsewhere)
            args = args[:1]
        if name == "instance" and args and args[0][0] == "string":
            self._demand_list(args[0][1])
        for place, arg in enumerate(args):
            far = name == "indexed-repeat" and place == 0
            yield from self.find(arg, here, elsewhere or far)

    def _demand_list(self, name: str) -> None:
        if name not in self._rules.lists:
            raise BadExpression(f"選択肢の一覧「{name}」が choices にありません")

    def _path(self, tree: Tree, here: str, elsewhere: bool) -> Iterator[Need]:
        head, steps = tree[1], tree[2]
        spots = self._start(head, here)
        if head == "" and here.startswith(_OUTSIDE) and steps[0][1] == "child":
            self._demand_column(here.removeprefix(_OUTSIDE), steps[0][2])
        if isinstance(head, tuple):
            yield from self.find(head, here, elsewhere)
        inside = [spot for spot in spots if not spot.startswith(_OUTSIDE)]
        for step in steps:
            inside, missing = self._step(inside, step)
            for path in missing:
                yield Need(path, self._origin, elsewhere)
            for predicate in step[3]:
                for spot in inside or spots[:1]:
                    yield from self.find(predicate, spot, elsewhere)
                elsewhere = elsewhere or bool(inside)
        for spot in inside:
            if spot:
                yield Need(spot, self._origin, elsewhere)

    def _start(self, head: Any, here: str) -> list[str]:
        if head == "/":
            return [""]
        if head == "":
            return [here]
        if head[0] == "call" and head[1] == "current":
            return [self._origin]
        if head[0] == "path":
            spots = self._start(head[1], here)
            for step in head[2]:
                spots, _ = self._step([s for s in spots if not s.startswith(_OUTSIDE)], step)
            return spots
        listed = head[0] == "call" and head[1] == "instance" and head[2][0][0] == "string"
        return [_OUTSIDE + (head[2][0][1] if listed else "")]

    def _demand_column(self, name: str, column: str) -> None:
        """A choice filter names a column of its list, or it would never offer anything."""
        top = self._rules.lists.get(name)
        known = {node.name for node in top.below()} if top else set()
        if known and "(" not in column and column not in known | {"*"}:
            raise BadExpression(f"choices に「{column}」という列がありません")

    def _step(self, spots: list[str], step: Tree) -> tuple[list[str], list[str]]:
        """Where a step leads, and the paths that it names in vain."""
        _, axis, test, _ = step
        found: list[str] = []
        missing: list[str] = []
        for spot in spots:
            reached = self._along(axis, spot)
            hits = [p for p in reached if test in ("*", "node()") or p.rpartition("/")[2] == test]
            if not hits and axis == "child" and test not in ("*", "node()"):
                missing.append(f"{spot}/{test}")
            found += hits
        return list(dict.fromkeys(found)), [] if found else missing[:1]

    def _along(self, axis: str, spot: str) -> list[str]:
        if axis == "self":
            return [spot]
        if axis == "child":
            return self._children.get(spot, [])
        up = spot.rpartition("/")[0]
        if axis == "parent":
            return [up]
        if axis.startswith("descendant"):
            below = [p for paths in self._children.values() for p in paths]
            inside = [p for p in below if p.startswith(spot + "/")]
            return [spot, *inside] if axis == "descendant-or-self" else inside
        if axis.startswith("ancestor"):
            parts = spot.split("/")
            above = ["/".join(parts[:end]) for end in range(2, len(parts))]
            return [*above, spot] if axis == "ancestor-or-self" else above
        return self._children.get(up, [])
