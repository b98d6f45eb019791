"""Location paths: from a place in the form to other nodes."""

from __future__ import annotations

from collections.abc import Callable

from fieldkit.forms.expr.calls import Place, Run
from fieldkit.forms.expr.grammar import BadExpression, Tree
from fieldkit.forms.expr.values import Node, Nodes, Value, truth_of

Step = Callable[[Place, Nodes], Nodes]


def path_run(tree: Tree, run: Callable[[Tree], Run]) -> Run:
    """How a path runs; `run` compiles what stands in its head and in its predicates."""
    head, steps = tree[1], tree[2]
    if head == "/" and (spot := plain_spot(tree)):
        return lambda place: place.form.at(spot)
    walks = [_step(step, run) for step in steps if step != _HERE]
    start = _start(head, run)

    def walk(place: Place) -> Value:
        nodes = start(place)
        for one in walks:
            nodes = one(place, nodes)
        return nodes

    return walk


_HERE = ("step", "self", "node()", ())


def plain_spot(tree: Tree) -> str:
    """The absolute path as text when it names children only, else blank."""
    names = []
    for _, axis, test, predicates in tree[2]:
        if axis != "child" or predicates or "*" in test or "(" in test:
            return ""
        names.append(test)
    return "/" + "/".join(names) if names and tree[1] == "/" else ""


def _start(head: str | Tree, run: Callable[[Tree], Run]) -> Callable[[Place], Nodes]:
    if head == "/":
        return lambda place: [place.form.root]
    if head == "":
        return lambda place: [place.node]
    inner = run(head)  # type: ignore[arg-type]

    def start(place: Place) -> Nodes:
        found = inner(place)
        return found if isinstance(found, list) else []

    return start


def _step(tree: Tree, run: Callable[[Tree], Run]) -> Step:
    _, axis, test, predicates = tree
    if axis not in AXES:
        raise BadExpression(f"使えない書き方「{axis}::」があります")
    if test in ("text()", "comment()"):
        raise BadExpression(f"使えない書き方「{test}」があります")
    along, tests = AXES[axis], [run(predicate) for predicate in predicates]
    any_name = test in ("*", "node()")

    def step(place: Place, nodes: Nodes) -> Nodes:
        if len(nodes) == 1:
            found = [n for n in along(nodes[0]) if any_name or n.name == test]
        else:
            every = [n for node in nodes for n in along(node) if any_name or n.name == test]
            found = list(dict.fromkeys(every))
        for one in tests:
            found = _kept(place, found, one)
        return found

    return step


def _kept(place: Place, nodes: Nodes, test: Run) -> Nodes:
    """The nodes for which a predicate holds; a number means the place in the list."""
    kept, size = [], len(nodes)
    for position, node in enumerate(nodes, start=1):
        value = test(Place(node, place.form, position, size, place.origin))
        if position == value if isinstance(value, float) else truth_of(value):
            kept.append(node)
    return kept


def _up(node: Node) -> Nodes:
    return [node.parent] if node.parent is not None else []


def _above(node: Node) -> Nodes:
    found = []
    while node.parent is not None:
        node = node.parent
        found.append(node)
    return found


def _beside(node: Node, after: bool) -> Nodes:
    if node.parent is None:
        return []
    siblings = node.parent.children
    place = siblings.index(node)
    return siblings[place + 1 :] if after else siblings[:place]


AXES: dict[str, Callable[[Node], Nodes]] = {
    "child": lambda node: node.children,
    "parent": _up,
    "self": lambda node: [node],
    "descendant": lambda node: list(node.below()),
    "descendant-or-self": lambda node: [node, *node.below()],
    "ancestor": _above,
    "ancestor-or-self": lambda node: [node, *_above(node)],
    "following-sibling": lambda node: _beside(node, True),
    "preceding-sibling": lambda node: _beside(node, False),
}
