"""The rules of a form, settled for one set of answers.

ODK's semantics: a question that is not relevant reads as blank for every other rule, a group
takes its questions with it, calculated values and relevance are repeated until nothing
changes, and a blank answer breaks no constraint.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from lxml import etree

from fieldkit.errors import BadInput, KitError
from fieldkit.forms.xpath import compiled, text_of, truth_of, with_date_numbers
from fieldkit.rules import form_id, personal_number
from fieldkit.rules.names import check_name
from fieldkit.rules.verdict import Refused

if TYPE_CHECKING:
    from fieldkit.forms.form import Question

_ROUNDS = 20
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BROKEN = "\ufffd"
_NO_NUMBER = (
    "12けたの番号は入力できません。マイナンバー（個人番号）はこの端末に記録しません。"
    "申請書の右上にある23けたの申請書IDを入力してください。"
)


@dataclass(frozen=True)
class Bind:
    """One node of the form: its path, its type and its rules (blank where there is none)."""

    path: str
    name: str
    type: str = "string"
    relevant: str = ""
    required: str = ""
    constraint: str = ""
    calculate: str = ""
    default: str = ""
    is_group: bool = False


@dataclass(frozen=True)
class Rules:
    """All binds in document order, groups before what they hold. The root is `/data`."""

    binds: tuple[Bind, ...]

    def settle(self, answers: dict[str, str], today: date) -> Settled:
        """Find relevance and calculated values for `answers`; see the module's promise."""
        settled = Settled(self, today)
        typed = {b.path: _storable(answers.get(b.name, b.default) or "") for b in self.binds}
        for _ in range(_ROUNDS):
            if not settled.one_round(typed):
                return settled
        raise KitError(
            "form_circular",
            "この様式の表示条件が互いに打ち消し合っています。様式の担当者に連絡してください。",
            "ask_supervisor",
        )


class Settled:
    """One evaluation in progress and its result. Lives for one call of `Form.evaluate`."""

    def __init__(self, rules: Rules, today: date) -> None:
        self._binds = {bind.path: bind for bind in rules.binds}
        self._program = _programs(rules, today)
        self._nodes: dict[str, etree._Element] = {"/data": etree.Element("data")}
        for bind in rules.binds:
            parent = self._nodes[bind.path.rpartition("/")[0]]
            self._nodes[bind.path] = etree.SubElement(parent, bind.name)
        self._tree = etree.ElementTree(self._nodes["/data"])
        self._on = {path: True for path in self._nodes}

    def one_round(self, typed: dict[str, str]) -> bool:
        """Recompute everything once; say whether anything changed."""
        changed = False
        for path, bind in self._binds.items():
            parent_on = self._on[path.rpartition("/")[0]]
            on = parent_on and (not bind.relevant or truth_of(self._run(path, "relevant")))
            value = typed[path]
            if bind.calculate:
                value = text_of(self._run(path, "calculate"))
                value = "" if value == "NaN" else value
            value = value if on and not bind.is_group else ""
            node = self._nodes[path]
            if on != self._on[path] or (not bind.is_group and value != (node.text or "")):
                changed = True
                self._on[path] = on
                if not bind.is_group:
                    node.text = value
        return changed

    def relevant(self, path: str) -> bool:
        """Whether the question is asked at all."""
        return self._on[path]

    def value(self, path: str) -> str:
        """The value after settling; blank when not relevant."""
        return self._nodes[path].text or ""

    def is_required(self, path: str) -> bool:
        """Whether a blank answer is a missing one."""
        return bool(self._binds[path].required) and truth_of(self._run(path, "required"))

    def refusal(self, question: Question, value: str) -> str:
        """The Japanese sentence that says why `value` is not accepted, or blank."""
        if problem := individual_number_problem(question, value):
            return problem
        if _BROKEN in value:
            return "目に見えない文字（制御文字）が入っています。消して入力し直してください。"
        if question.appearance == "name" and (problem := _name_problem(value)):
            return problem
        if problem := _type_problem(question, value):
            return problem
        bind = self._binds[question.path]
        if bind.constraint and not truth_of(self._run(question.path, "constraint")):
            return question.constraint_message or f"「{question.label}」の入力を確認してください。"
        return ""

    def _run(self, path: str, part: str) -> object:
        return self._program[path, part](self._nodes[path])


@lru_cache(maxsize=8)
def _programs(rules: Rules, today: date) -> dict[tuple[str, str], etree.XPath]:
    """Every expression of the form, compiled once per form and day."""
    dates = {bind.path for bind in rules.binds if bind.type == "date"}
    table = {}
    for bind in rules.binds:
        for part in ("relevant", "required", "constraint", "calculate"):
            if source := getattr(bind, part):
                ready = with_date_numbers(source, dates, bind.type == "date")
                table[bind.path, part] = compiled(ready, today)
    return table


def individual_number_problem(question: Question, value: str) -> str:
    """The sentence that refuses an Individual Number in a text answer, or blank.

    A box for digits (`appearance` numbers) refuses any twelve digits; other texts refuse what
    passes the check digit (police and phone numbers stay possible).
    """
    if "numbers" in question.appearance.split() and form_id.has_number(value):
        return _NO_NUMBER
    if question.type == "text" and isinstance(found := personal_number.scan(value), Refused):
        return found.sentence
    return ""


def _storable(value: str) -> str:
    """Control characters, which no rule and no paper can hold, become U+FFFD (refused)."""
    return _CONTROL.sub(_BROKEN, value)


def _name_problem(value: str) -> str:
    """What makes a name unprintable (外字 and the like), as the rules on names say it."""
    try:
        check_name(value)
    except BadInput as error:
        return error.sentence
    return ""


def _type_problem(question: Question, value: str) -> str:
    """What the type of the question itself demands."""
    if question.type == "date":
        try:
            date.fromisoformat(value)
        except ValueError:
            return f"「{question.label}」は年月日で入力してください。"
    if question.type == "integer" and not re.fullmatch(r"-?\d+", value):
        return f"「{question.label}」は半角の整数で入力してください。"
    if question.type == "decimal" and not re.fullmatch(r"-?\d+(\.\d+)?", value):
        return f"「{question.label}」は半角の数字で入力してください。"
    if question.choices:
        known = {choice.name for choice in question.choices}
        picked = value.split() if question.type == "select_multiple" else [value]
        if not set(picked) <= known:
            return f"「{question.label}」を選択肢から選び直してください。"
    return ""
