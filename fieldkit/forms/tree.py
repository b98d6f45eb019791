"""The tree of one filled form: its questions, its groups and every instance of its repeats."""

from __future__ import annotations

import math
from datetime import date, datetime

from fieldkit.clock import JST
from fieldkit.forms.binds import MOST_INSTANCES, Bind, Rules
from fieldkit.forms.expr import Node, Place, compiled
from fieldkit.forms.expr.dates import at
from fieldkit.forms.expr.values import number_of


class Tree:
    """The nodes under `/data` on one day, grown for the answers `typed`.

    `choice_label` is left to the one who settles the rules (`settle.Settled`).
    """

    def __init__(self, rules: Rules, typed: dict[str, str], day: date) -> None:
        self.rules, self._typed, self._grown = rules, typed, False
        moment = day if isinstance(day, datetime) else datetime(day.year, day.month, day.day)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=JST)
        self.now = at(moment)
        self.today = at(moment.astimezone(JST).replace(hour=0, minute=0, second=0, microsecond=0))
        self.lists = rules.lists
        self.root = Node("")
        top = Node("data", self.root)
        top.spot = "/data"
        self._spots: dict[str, list[Node]] = {}
        self._order: list[Node] = []
        self._wishes: dict[str, int] = {}
        self._grow(top, "")
        self._grown = True

    def at(self, path: str) -> list[Node]:
        """All nodes of an absolute path."""
        if not self._spots:
            for node in (self.root.children[0], *self.nodes()):
                self._spots.setdefault(node.spot, []).append(node)
        return self._spots.get(path, [])

    def choice_label(self, node: Node, value: str) -> str:
        """The words of a choice that the question offers now."""
        raise NotImplementedError

    def nodes(self) -> list[Node]:
        """Every node in document order, instances of repeats included."""
        if not self._order:
            self._order = list(self.root.children[0].below())
        return self._order

    def _grow(self, parent: Node, numbers: str) -> None:
        for bind in self.rules.children.get(parent.spot, []):
            if not bind.is_repeat:
                self._add(parent, bind, numbers)
                continue
            for place in range(1, self._count(parent, bind, numbers) + 1):
                self._add(parent, bind, f"{numbers}[{place}]")

    def _add(self, parent: Node, bind: Bind, numbers: str) -> Node:
        node = Node(bind.name, parent)
        node.bind, node.key, node.spot = bind, bind.name + numbers, bind.path
        if bind.is_group:
            self._grow(node, numbers)
        elif bind.is_once:
            node.text = self._typed.get(node.key, "")
        return node

    def _count(self, parent: Node, bind: Bind, numbers: str) -> int:
        """How many instances of a repeat there are now: as counted, as answered, or one."""
        key = bind.name + numbers
        if bind.count:
            place = Place(_standing_in(parent), self)
            wish = number_of(compiled(bind.count).run(place)) if self._grown else math.nan
        else:
            wish = number_of(self._typed.get(key) or "1")
        number = 0 if math.isnan(wish) or wish < 0 else math.floor(min(wish, MOST_INSTANCES + 1))
        self._wishes[key] = number
        return min(number, MOST_INSTANCES)

    def _recount(self) -> bool:
        """Bring every counted repeat to its number; say whether one changed."""
        changed = False
        for bind in self.rules.binds:
            if not bind.count:
                continue
            for parent in self.at(bind.parent):
                numbers = parent.key[len(parent.name) :]
                changed |= self._resize(parent, bind, numbers)
        return changed

    def _resize(self, parent: Node, bind: Bind, numbers: str) -> bool:
        wanted = self._count(parent, bind, numbers)
        had = [child for child in parent.children if child.bind is bind]
        if len(had) == wanted:
            return False
        made = had[:wanted]
        for place in range(len(had) + 1, wanted + 1):
            made.append(self._add(parent, bind, f"{numbers}[{place}]"))
        others = [child for child in parent.children if child.bind is not bind]
        order = self.rules.children[parent.spot]
        before = set(map(id, order[: order.index(bind)]))
        cut = sum(1 for child in others if id(child.bind) in before)
        parent.children[:] = [*others[:cut], *made, *others[cut:]]
        self._spots, self._order = {}, []
        return True

    def counts(self) -> dict[str, int]:
        """The instances of every repeat, by its key."""
        found = {}
        for bind in self.rules.binds:
            if bind.is_repeat:
                for parent in self.at(bind.parent):
                    key = bind.name + parent.key[len(parent.name) :]
                    found[key] = sum(1 for child in parent.children if child.bind is bind)
        return found

    def too_many(self) -> list[str]:
        """The repeats of which more instances were wished for than are made."""
        return [key for key in self.counts() if self._wishes.get(key, 0) > MOST_INSTANCES]


def _standing_in(parent: Node) -> Node:
    """A node in the place of a repeat, for its count: `..` leads to its group."""
    node = Node("")
    node.parent = parent
    return node
