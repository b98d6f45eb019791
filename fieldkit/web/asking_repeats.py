"""A part of a form that is asked several times: one instance more, or one taken out.

Answers are keyed `name[2]`; the repeat's own key holds how many there are. Pure.
"""

from __future__ import annotations

from typing import Any

from fieldkit.forms import Evaluated, Form, Page

Answers = dict[str, str]


def open_to_people(form: Form, page: Page) -> bool:
    """Whether people say how often this page is asked (no rule of the form counts for them)."""
    return bool(page.repeat) and not form.repeat(page.repeat).count_expr


def count_key(page: Page) -> str:
    """The key that holds the number of instances: `trip`, inside another repeat `stop[1]`."""
    return page.repeat + page.instance[: page.instance.rindex("[")]


def _number(page: Page) -> int:
    return int(page.instance[page.instance.rindex("[") + 1 : -1])


def look(form: Form, state: Evaluated, page: Page) -> dict[str, Any] | None:
    """What the screen offers for this page: one more (on the last one only), or taking it out."""
    if not open_to_people(form, page):
        return None
    count = int(state.values.get(count_key(page)) or 0)
    label = form.repeat(page.repeat).label
    return {"label": label or page.title, "more": _number(page) == count, "drop": count > 1}


def one_more(state: Evaluated, page: Page) -> tuple[Answers, str]:
    """The changed answer, and the instance that is new."""
    key = count_key(page)
    count = int(state.values.get(key) or 0) + 1
    return {key: str(count)}, f"{key.removeprefix(page.repeat)}[{count}]"


def without(form: Form, answers: Answers, state: Evaluated, page: Page) -> Answers:
    """The changed answers when this instance is taken out: the later ones move up.

    What would be left over is blanked, so that one more later starts empty.
    """
    key, gone = count_key(page), _number(page)
    outer = page.instance[: page.instance.rindex("[")]
    inside = _inside(form, page.repeat)
    count = int(state.values.get(key) or 0)
    names = {name for name in answers if name.partition("[")[0] in inside}
    found: Answers = {}
    for number in range(gone, count + 1):
        here, after = f"{outer}[{number}]", f"{outer}[{number + 1}]"
        for name in names:
            bare, numbers = name.partition("[")[0], name[len(name.partition("[")[0]) :]
            if numbers.startswith(here):
                found.setdefault(name, "")
            if numbers.startswith(after) and number < count:
                found[bare + here + numbers.removeprefix(after)] = answers[name]
                found.setdefault(name, "")
    return {**found, key: str(count - 1)}


def _inside(form: Form, repeat: str) -> set[str]:
    """The questions and repeats within a repeat, at any depth."""
    within = {repeat}
    while more := {r.name for r in form.repeats if r.repeat in within} - within:
        within |= more
    return {q.name for q in form.questions if q.repeat in within} | (within - {repeat})
