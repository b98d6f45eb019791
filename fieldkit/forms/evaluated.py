"""What a form says about one set of answers: what is asked, what is missing, what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from fieldkit.forms.binds import MOST_INSTANCES, Choice
from fieldkit.forms.expr import Node
from fieldkit.forms.kinds import SILENT, UNSEEN
from fieldkit.forms.rules import answer_problem, storable
from fieldkit.forms.settle import Settled, settle

if TYPE_CHECKING:
    from fieldkit.forms.form import Form, Question

_NAMED = re.compile(r"\$\{\s*([^}\s]+)\s*\}")


@dataclass(frozen=True)
class Page:
    """What is asked together: one group, one instance of a repeat, or one question on its own.

    `repeat` is the repeat that the page belongs to, or "". In `Form.pages` such a page stands for
    every instance, with bare names; in `Evaluated.pages` it is one instance, `instance` is its
    number as the keys carry it (`[2]`), and `questions` are those keys.
    """

    name: str
    title: str
    questions: tuple[str, ...]
    repeat: str = ""
    instance: str = ""


@dataclass(frozen=True)
class Evaluated:
    """The state of a form for one set of answers on one day.

    `values` holds every question, calculated ones included, and the number of instances of every
    repeat; a question that is not relevant reads as blank (ODK's rule), and so does a choice that
    its filter no longer offers, though the caller keeps what was typed. `missing` and `violations`
    follow the order of the sheet. `pages` are those with something to show. `required` and
    `read_only` are as the rules say now.
    """

    values: dict[str, str]
    relevant: frozenset[str]
    missing: tuple[str, ...]
    violations: tuple[tuple[str, str], ...]
    pages: tuple[Page, ...]
    required: frozenset[str] = frozenset()
    read_only: frozenset[str] = frozenset()
    _settled: Settled | None = field(default=None, repr=False, compare=False)

    @property
    def complete(self) -> bool:
        """True when nothing is missing and nothing is wrong."""
        return not self.missing and not self.violations

    def choices_of(self, key: str) -> tuple[Choice, ...]:
        """The choices that the question `key` (`name`, in a repeat `name[2]`) offers now."""
        nodes = self._settled.leaves() if self._settled else iter(())
        node = next((node for node in nodes if node.key == key), None)
        return self._settled.choices(node) if node is not None and self._settled else ()

    def said(self, text: str, key: str = "") -> str:
        """A label, hint or message with each `${name}` replaced by its value now.

        `key` says where the text stands, so that a name of the same repeat means its instance.
        """
        return _NAMED.sub(lambda found: _value(self.values, found[1], key), text)


def _value(values: dict[str, str], name: str, key: str) -> str:
    """The value of `name` that is nearest to `key`: of its own instance, else of an outer one."""
    numbers = key[key.index("[") :] if "[" in key else ""
    while numbers and name + numbers not in values:
        numbers = numbers[: numbers.rindex("[")]
    return values.get(name + numbers, values.get(f"{name}[1]", ""))


def evaluated(form: Form, answers: dict[str, str], today: date) -> Evaluated:
    """See `Form.evaluate`."""
    typed = {name: storable(text) for name, text in answers.items() if text is not None}
    settled = settle(form.rules, typed, today)
    questions = {q.name: q for q in form.questions}
    counts = settled.counts()
    values = {key: str(number) for key, number in counts.items()}
    leaves = [(node, questions[node.name]) for node in settled.leaves()]
    values |= {node.key: _shown(settled, node, q) for node, q in leaves}
    asked = [(n, q) for n, q in leaves if n.on and q.type not in SILENT]
    must = frozenset(n.key for n, _ in asked if settled.is_required(n))
    state = Evaluated(
        values,
        frozenset(node.key for node, _ in leaves if node.on),
        tuple(n.key for n, q in asked if n.key in must and _is_blank(n, q, values[n.key])),
        (),
        _pages(form, settled, {n.key for n, q in leaves if n.on and q.type not in UNSEEN}),
        must,
        frozenset(n.key for n, q in asked if settled.is_read_only(n)),
        settled,
    )
    wrong = [(n.key, _refusal(state, settled, n, q)) for n, q in asked]
    many = [(key, _too_many(form, key)) for key in settled.too_many()]
    return replace(state, violations=tuple((k, says) for k, says in (*wrong, *many) if says))


def _shown(settled: Settled, node: Node, question: Question) -> str:
    """What screens and papers see: the answer as typed where rules read it differently."""
    if not node.on:
        return ""
    if node.bind.calculate:
        return node.text
    typed = settled.typed(node)
    if node.bind.items and not _stray(question, typed):
        return node.text
    return typed


def _stray(question: Question, typed: str) -> bool:
    """Whether something was chosen that stands in no list at all."""
    if not question.choices:
        return False
    picked = typed.split() if question.type == "select_multiple" else [typed]
    return bool(typed) and not set(picked) <= {choice.name for choice in question.choices}


def _is_blank(node: Node, question: Question, value: str) -> bool:
    return not value.strip() or (question.type == "acknowledge" and node.text != "OK")


def _refusal(state: Evaluated, settled: Settled, node: Node, question: Question) -> str:
    """The Japanese sentence that says why an answer is not accepted, or blank."""
    value = state.values[node.key]
    if _is_blank(node, question, value):
        return ""
    if not node.bind.calculate and (problem := answer_problem(question, value)):
        return problem
    if _stray(question, value):
        return f"「{question.label}」を選択肢から選び直してください。"
    if not settled.breaks(node):
        return ""
    says = question.constraint_message or f"「{question.label}」の入力を確認してください。"
    return state.said(says, node.key)


def _too_many(form: Form, key: str) -> str:
    return f"「{form.repeat(key).label}」は{MOST_INSTANCES}までです。数を確認してください。"


def _pages(form: Form, settled: Settled, shown: set[str]) -> tuple[Page, ...]:
    """The pages with something to show, those of a repeat once for every instance."""
    found: list[Page] = []
    block: list[tuple[int, Page]] = []
    for place, page in enumerate(form.pages):
        if page.repeat:
            block += [(place, one) for one in _instances(settled, page)]
            continue
        found += [*_in_turn(block), page]
        block = []
    found += _in_turn(block)
    return tuple(page for page in found if shown & set(page.questions))


def _instances(settled: Settled, page: Page) -> Iterator[Page]:
    for node in settled.nodes():
        if node.bind.is_repeat and node.name == page.repeat:
            numbers = node.key[len(node.name) :]
            spoken = "-".join(re.findall(r"\d+", numbers))
            keys = tuple(name + numbers for name in page.questions)
            yield Page(page.name + numbers, f"{page.title} {spoken}", keys, page.repeat, numbers)


def _in_turn(block: list[tuple[int, Page]]) -> list[Page]:
    """All pages of the first instance, then all of the second, and so on."""

    def turn(entry: tuple[int, Page]) -> tuple[int, int, list[int]]:
        numbers = [int(number) for number in re.findall(r"\d+", entry[1].instance)]
        return numbers[0], entry[0], numbers[1:]

    return [page for _, page in sorted(block, key=turn)]
