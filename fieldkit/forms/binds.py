"""The nodes that a form is made of, as its XForm describes them, before any answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from fieldkit.forms.expr import Node

#: More instances of a repeat than this are never made; the count is then a wrong answer.
MOST_INSTANCES = 100


@dataclass(frozen=True)
class Choice:
    """One possible answer: the stored `name` and the `label` that people read.

    `labels` holds the words by language, in the form's order, its own language first.
    """

    name: str
    label: str
    labels: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Items:
    """Where a question takes its choices from: a node list, and what of each node is read."""

    nodeset: str
    value: str
    label: str


@dataclass(frozen=True)
class Bind:
    """One node of the form: its path, its type and its rules (blank where there is none).

    `control` is the XForm's element: input, select1, select, range, trigger, or blank for what is
    not seen. `count` is the expression of a repeat's number, `dynamic` that of a default.
    """

    path: str
    name: str
    type: str = "string"
    relevant: str = ""
    required: str = ""
    constraint: str = ""
    calculate: str = ""
    readonly: str = ""
    default: str = ""
    dynamic: str = ""
    control: str = ""
    count: str = ""
    is_group: bool = False
    is_repeat: bool = False
    is_note: bool = False
    items: Items | None = None
    bounds: tuple[float, float] | None = None

    @property
    def parent(self) -> str:
        """The path of the group that holds it."""
        return self.path.rpartition("/")[0]

    @property
    def is_once(self) -> bool:
        """Whether its calculation keeps what it holds already."""
        return "once(" in self.calculate

    @property
    def expressions(self) -> dict[str, str]:
        """What is written in the sheet, by the name of its column."""
        columns = {
            "relevant": self.relevant,
            "required": self.required,
            "constraint": self.constraint,
            "calculation": self.calculate,
            "readonly": self.readonly,
            "default": self.dynamic,
            "repeat_count": self.count,
            "choice_filter": self.items.nodeset if self.items else "",
        }
        return {column: text for column, text in columns.items() if text}


@dataclass(frozen=True, eq=False)
class Rules:
    """All binds in document order, groups before what they hold, and the choice lists.

    The root is `/data`. Frozen, so a form may be shared between threads.
    """

    binds: tuple[Bind, ...]
    lists: Mapping[str, Node] = field(default_factory=dict)

    @cached_property
    def children(self) -> dict[str, list[Bind]]:
        """The binds directly under each path."""
        found: dict[str, list[Bind]] = {}
        for bind in self.binds:
            found.setdefault(bind.parent, []).append(bind)
        return found

    @cached_property
    def dynamic(self) -> bool:
        """Whether anything is calculated once, when the form is opened, and then kept."""
        return any(bind.dynamic or bind.is_once for bind in self.binds)


def list_node(choices: list[tuple[Choice, dict[str, str]]]) -> Node:
    """The node of a choice list as `instance('…')` finds it: `root/item` with its columns."""
    top = Node("instance")
    root = Node("root", top)
    for choice, columns in choices:
        item = Node("item", root)
        item.bind = choice
        for name, text in columns.items():
            Node(name, item, text)
    return top
