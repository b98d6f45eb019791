"""The rules of a form, settled for one set of answers.

ODK's semantics: a question that is not relevant reads as blank for every other rule, a group
takes its questions with it, a choice that is no longer offered reads as blank, and relevance,
calculated values and the numbers of repeats are repeated until nothing changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from fieldkit.errors import KitError
from fieldkit.forms.binds import MOST_INSTANCES, Bind, Choice, Items, Rules
from fieldkit.forms.codec import picked, stored
from fieldkit.forms.expr import Node, Place, compiled, text_of, truth_of
from fieldkit.forms.expr.values import Value
from fieldkit.forms.tree import Tree

_ROUNDS = 20 + MOST_INSTANCES


def settle(rules: Rules, answers: Mapping[str, str], day: date) -> Settled:
    """Relevance, values and choices for `answers`; a `day` with a time also settles `now()`.

    A question without an answer starts with its default. Raises KitError `form_circular` when
    the rules never come to rest (those of a form that was loaded do).
    """
    typed = dict(answers)
    if rules.dynamic:
        first = Settled(rules, {}, day).run()
        first.fill_dynamic()
        typed = {**first.dynamic_found, **typed}
    settled = Settled(rules, typed, day).run()
    if rules.dynamic and settled.fill_dynamic():
        settled.run()
    if rules.dynamic and not answers:
        settled.dynamic_found = first.dynamic_found | settled.dynamic_found
    return settled


class Settled(Tree):
    """One evaluation in progress and its result. Lives for one call of `Form.evaluate`."""

    def __init__(self, rules: Rules, typed: dict[str, str], day: date) -> None:
        self._fixed: dict[str, tuple[Choice, ...]] = {}
        self.dynamic_found: dict[str, str] = {}
        super().__init__(rules, typed, day)

    def choice_label(self, node: Node, value: str) -> str:
        """The words of a choice that the question offers now, else blank."""
        return next((c.label for c in self.choices(node) if c.name == value), "")

    def run(self) -> Settled:
        """Repeat until nothing changes."""
        self.nodes()
        for _ in range(_ROUNDS):
            changed = self._one_round()
            if not self._recount() and not changed:
                return self
        raise KitError(
            "form_circular",
            "この様式の計算か表示条件が互いに打ち消し合っています。様式の担当者に連絡してください。",
            "ask_supervisor",
        )

    def _one_round(self) -> bool:
        changed = False
        for node in self.nodes():
            bind: Bind = node.bind
            parent_on = node.parent is None or node.parent.on
            on = parent_on and (not bind.relevant or truth_of(self._ask(bind.relevant, node)))
            text = "" if bind.is_group or not on else self._text(bind, node)
            if on != node.on or text != node.text:
                node.on, node.text, changed = on, text, True
        return changed

    def _text(self, bind: Bind, node: Node) -> str:
        """What rules read of a relevant question."""
        if bind.calculate:
            text = stored(bind, text_of(self._ask(bind.calculate, node)))
        else:
            text = stored(bind, self.typed(node))
        if bind.items and text:
            text = picked(bind, text, [choice.name for choice in self.choices(node)])
        return text

    def _ask(self, expression: str, node: Node) -> Value:
        return compiled(expression).run(Place(node, self))

    def fill_dynamic(self) -> bool:
        """Fill the defaults that are expressions where nothing was answered, and keep what
        `once()` found; whether there was any.

        They see the form as it is now and are never calculated again (ODK's `setvalue`).
        """
        for node in self.nodes():
            bind: Bind = node.bind
            if node.key in self._typed:
                continue
            if bind.is_once and node.text:
                self._typed[node.key] = self.dynamic_found[node.key] = node.text
            if bind.dynamic:
                text = stored(bind, text_of(self._ask(bind.dynamic, node))) if node.on else ""
                self._typed[node.key] = self.dynamic_found[node.key] = node.text = text
        return bool(self.dynamic_found)

    def typed(self, node: Node) -> str:
        """The answer as it was given, or the default; blank for what takes none."""
        bind: Bind = node.bind
        if bind.is_note:
            return bind.default
        found = self._typed.get(node.key)
        return bind.default if found is None else found

    def leaves(self) -> Iterator[Node]:
        """Every question of every instance, in document order."""
        return (node for node in self.nodes() if not node.bind.is_group)

    def is_required(self, node: Node) -> bool:
        """Whether a blank answer is a missing one."""
        return bool(node.bind.required) and truth_of(self._ask(node.bind.required, node))

    def is_read_only(self, node: Node) -> bool:
        """Whether people may not change it."""
        bind: Bind = node.bind
        return bool(bind.calculate) or (
            bool(bind.readonly) and truth_of(self._ask(bind.readonly, node))
        )

    def breaks(self, node: Node) -> bool:
        """Whether its constraint fails; a blank answer breaks none."""
        rule = node.bind.constraint
        return bool(rule and node.text) and not truth_of(self._ask(rule, node))

    def choices(self, node: Node) -> tuple[Choice, ...]:
        """The choices that a question offers now, in the order of the sheet."""
        items: Items | None = node.bind.items
        if items is None:
            return ()
        fixed = items.nodeset if "[" not in items.nodeset and "(" in items.nodeset else ""
        if fixed in self._fixed:
            return self._fixed[fixed]
        nodes = compiled(items.nodeset).run(Place(node, self))
        found = tuple(self._choice(n, items) for n in nodes) if isinstance(nodes, list) else ()
        if fixed:
            self._fixed[fixed] = found
        return found

    def _choice(self, item: Node, items: Items) -> Choice:
        if isinstance(item.bind, Choice):
            return item.bind
        place = Place(item, self)
        name, label = (text_of(compiled(part).run(place)) for part in (items.value, items.label))
        return Choice(name, label or name)
