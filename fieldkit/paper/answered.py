"""Answers from a JSON file, as `forms print --answers` takes them: refused before anything prints.

Every refusal is one sentence that names the question, not the answer.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from fieldkit.errors import BadInput
from fieldkit.forms.answers import flatten
from fieldkit.forms.form import Form, Question
from fieldkit.paper.sheet import iso_dates
from fieldkit.rules.tables import perhaps


def answers_of(form: Form, raw: Any) -> dict[str, str]:
    """The answers by their keys (`name`, in a repeat `name[2]`). BadInput for a name that the form
    does not have (with the nearest one), for what cannot be an answer, and for a choice that does
    not exist."""
    questions = {question.name: question for question in form.questions}
    names = {*questions, *(repeat.name for repeat in form.repeats)}
    found = flatten(form, raw)
    for key, value in found.items():
        name = key.partition("[")[0]
        if name not in names:
            says = f"「{name}」という質問は、この様式にありません{perhaps(name, names)}。"
            raise BadInput(name, says)
        _instances(form, key, name)
        if name in questions:
            _known_choice(questions[name], value)
    return found


def _instances(form: Form, key: str, name: str) -> None:
    """A key says of which instance it is where its question is repeated, and only there."""
    inside = {question.name: question.repeat for question in form.questions}
    inside |= {one.name: one.repeat for one in form.repeats}
    around, outer = [], inside[name]
    while outer:
        around.append(outer)
        outer = inside[outer]
    if key.count("[") == len(around):
        return
    if not around:
        raise BadInput(name, f"「{name}」は繰り返しの中ではないので、[ ] を消してください。")
    says = f"「{name}」は繰り返し「{around[0]}」の中の質問です。"
    raise BadInput(name, says + f'"{around[0]}": [{{"{name}": …}}] の形で書いてください。')


def _known_choice(question: Question, value: str) -> None:
    choices = {choice.name: choice.label for choice in question.choices}
    picked = value.split() if question.type == "select_multiple" else [value]
    if value and choices and not set(picked) <= set(choices):
        known = "・".join(f"{name}（{label}）" for name, label in choices.items())
        says = f"「{question.label}」（{question.name}）は {known} から選んでください。"
        raise BadInput(question.name, says)


def remarks(form: Form, answers: dict[str, str], today: date) -> list[str]:
    """What a screen would not have accepted; a print for adjusting a layout goes on."""
    state = form.evaluate(iso_dates(form, answers), today)
    return [f"「{form.question(name).label}」：{says}" for name, says in state.violations]
