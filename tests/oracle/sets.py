"""Seeded answer sets for a form: good and bad, blank, on the edges of its own rules."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from fieldkit.forms import Form, Question
from fieldkit.forms.binds import Bind

TODAY = date(2026, 7, 1)
WORDS = (
    "",
    "",
    "汐見　太郎",
    "髙橋　ヴィ子",
    "葛󠄀城",
    "𠮷田",
    "Ａｂｃ",
    "シオミ　タロウ",
    "a b",
    "0",
)
WORDS += ("047-0024", "0470024", "0134-00-0000", "090-0000-0000", "12345678901234567890123", "x")
WORDS += (
    "あ" * 20,
    "あ" * 60,
    "あ" * 61,
    "あ" * 100,
    "あ" * 101,
    "OK",
    "yes",
    "3",
    "-1",
    "2026-07-01",
)
NUMBERS = (
    "",
    "",
    "-1",
    "0",
    "1",
    "2",
    "3",
    "5",
    "10",
    "17",
    "3.7",
    "1e2",
    "abc",
    "007",
    "99999999999",
)
NUMBERS += ("2147483648", "2.50", "-0.5", ".5", "１")
DAYS = (
    "",
    "",
    "2026-02-30",
    "abc",
    "2024-02-29",
    "1949-06-01",
    "1945-03-08",
    "1989-01-07",
    "20260701",
)
DAYS += ("2026-07-01T10:00", "2026-7-1")
TIMES = (
    "",
    "09:30:00",
    "23:59:59",
    "00:00:00",
    "9:30",
    "24:00:00",
    "12:00:00.500",
    "10:00:00+09:00",
)
_LITERAL = re.compile(r"'([^']*)'|\"([^\"]*)\"|(?<![\w.\])-])(\d+(?:\.\d+)?)(?![\w.-])")


def literals(form: Form) -> list[str]:
    """What the form's own rules compare with: the edges where its answers turn."""
    found = {
        "".join(hit)
        for bind in form.rules.binds
        for text in bind.expressions.values()
        for hit in _LITERAL.findall(text)
    }
    return sorted(word for word in found if len(word) < 20 and word.isprintable())


class Sets:
    """Answer sets of one form, the same for the same seed."""

    def __init__(self, form: Form, seed: int) -> None:
        self._form, self._dice = form, random.Random(f"{form.name}-{seed}")
        self._edges = literals(form) or [""]
        self._questions = {q.name: q for q in form.questions}

    def walk(self, count: int) -> Iterator[dict[str, str]]:
        """Sets that answer everything, if only with blank: each a step of a few answers from the
        one before, as at a visit; one in ten, and any with another number of instances, is new."""
        found: dict[str, str] = {}
        for _ in range(count):
            fresh = self.whole()
            if not found or fresh.keys() != found.keys() or self._dice.random() < 0.1:
                found = fresh
            else:
                changed = self._dice.sample(
                    sorted(found), min(len(found), self._dice.randint(1, 8))
                )
                repeats = {one.name for one in self._form.repeats}
                named = {k: fresh[k] for k in changed if k.partition("[")[0] not in repeats}
                found = {**found, **named}
            yield dict(found)

    def whole(self) -> dict[str, str]:
        """Everything answered; four in ten start from the filled example."""
        dice = self._dice
        base = dict(self._form.sample) if dice.random() < 0.4 else {}
        found: dict[str, str] = {}
        for key, question in self._keys("/data", "", found):
            kept = base.get(key)
            found[key] = kept if kept is not None and dice.random() < 0.8 else self._one(question)
        return found

    def left_out(self) -> dict[str, str]:
        """A fifth of the answers is left out and keeps its default."""
        repeats = {one.name for one in self._form.repeats}
        return {
            key: text
            for key, text in self.whole().items()
            if key.partition("[")[0] in repeats or self._dice.random() < 0.8
        }

    def _keys(
        self, parent: str, numbers: str, found: dict[str, str]
    ) -> Iterator[tuple[str, Question]]:
        for bind in self._form.rules.children.get(parent, []):
            if bind.is_repeat:
                yield from self._repeat(bind, numbers, found)
            elif bind.is_group:
                yield from self._keys(bind.path, numbers, found)
            elif bind.control and not bind.calculate and not bind.is_note:
                yield bind.name + numbers, self._questions[bind.name]

    def _repeat(self, bind: Bind, numbers: str, found: dict[str, str]) -> Iterator[Any]:
        most = 4 if bind.count else self._dice.choice((0, 1, 1, 2, 3))
        if not bind.count:
            found[bind.name + numbers] = str(most)
        for place in range(1, most + 1):
            yield from self._keys(bind.path, f"{numbers}[{place}]", found)

    def _one(self, question: Question) -> str:
        dice = self._dice
        if question.type in ("select_one", "select_multiple"):
            names = [choice.name for choice in question.choices]
            names += [word for word in WORDS if not question.choices and " " not in word]
            if question.type == "select_one":
                return dice.choice([*names, *names, "", "no_such"])
            return " ".join(dice.sample(names, dice.randint(0, len(names))))
        if question.type == "acknowledge":
            return dice.choice(("OK", "OK", "", "ok", "no"))
        if question.type == "date":
            near = TODAY + timedelta(
                days=dice.choice((-1, 0, 1, 30, 31, -14, 365, -5479, -5478, -366))
            )
            return dice.choice((*DAYS, near.isoformat(), near.isoformat(), near.isoformat()))
        if question.type == "time":
            return dice.choice(TIMES)
        if question.type == "dateTime":
            return dice.choice(
                (
                    "",
                    "abc",
                    "2026-07-01T10:42:00",
                    "2026-07-01T10:42:00.000+09:00",
                    "2026-13-01T00:00:00",
                    "2026-06-30T23:59:59Z",
                )
            )
        if question.type in ("integer", "decimal", "range"):
            return dice.choice((*NUMBERS, *(edge for edge in self._edges if edge.isdigit())))
        return dice.choice((*WORDS, *self._edges))
