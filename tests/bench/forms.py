"""How long a form's rules take, against lxml alone running the same expressions once.

    python -m tests.bench.forms

Prints one line a form: median milliseconds of one evaluation (relevance, calculations, missing
and wrong answers, pages), the floor's, and the ratio. The floor does less than the work: it knows
no dates, and each expression runs once on a finished tree.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from lxml import etree

from fieldkit.forms import Form, list_forms, load_form
from fieldkit.forms.settle import settle
from fieldkit.settings import asset_dir
from tests.bench.trunk import median_ms, say

ROUNDS = 200
TODAY = date(2026, 7, 1)


def floor_of(form: Form) -> Callable[[], None]:
    """Every expression of the form as lxml's XPath on the filled example, functions as stubs."""
    settled = settle(form.rules, form.sample, TODAY)
    nodes: dict[str, etree._Element] = {"/data": etree.Element("data")}
    for bind in form.rules.binds:
        nodes[bind.path] = etree.SubElement(nodes[bind.parent], bind.name)
    for leaf in settled.leaves():
        nodes[leaf.spot].text = leaf.text

    def nothing(_context: Any, *_values: Any) -> str:
        return ""

    names = ("selected", "regex", "if", "today", "coalesce", "once", "int", "count-selected")
    names += ("format-date", "decimal-date-time", "concat", "date", "selected-at", "join")
    own = {(None, name): nothing for name in names}
    ready = []
    for bind in form.rules.binds:
        texts = (bind.relevant, bind.required, bind.constraint, bind.calculate)
        ready += [(etree.XPath(text, extensions=own), nodes[bind.path]) for text in texts if text]

    def once() -> None:
        for run, node in ready:
            run(node)

    return once


def main() -> None:
    forms = asset_dir("forms")
    for name in list_forms(forms):
        form = load_form(forms, name)
        took = median_ms(lambda form=form: form.evaluate(form.sample, TODAY), ROUNDS)  # type: ignore[misc]
        count = sum(1 for q in form.questions if q.type != "calculate")
        least = median_ms(floor_of(form), ROUNDS)
        say(f"{name}: {count} questions", took, "lxml, each once", least)


if __name__ == "__main__":
    main()
