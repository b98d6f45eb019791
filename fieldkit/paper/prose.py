"""Running text on a paper: the few marks of Markdown that a letter needs, filled with answers.

`kind = "prose"` of layout.toml prints a wording of the form's folder (`body.ja.md`), which the
city edits. What its lines may be:

    # title            ## heading, ## (phone) heading with a picture
    - point            - [ ] point with a box to tick          1. numbered point
    > in a frame       | table | with a head |                 --- a thin line
    >> right-aligned   <!-- only for the editor -->
    ::: when kind = renew, lost      until ":::" only where an answer fits ("" none, * any)

`**strong**` and `${question}` work anywhere in a line. An empty answer is a line to write on. A
point that is only `${question}` becomes one point per line of the answer. Answers never turn into
marks: a name with asterisks prints as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from fieldkit.errors import BadCityData
from fieldkit.rules.wareki import wareki

Block = dict[str, Any]
LINE = "＿" * 8
PICTURES = ("id", "card", "seal", "yen", "phone", "day", "face", "post", "key", "care")
_MARKS = (
    (re.compile(r"#\s+(.*)"), "title"),
    (re.compile(r"##\s+(.*)"), "head"),
    (re.compile(r"-\s+\[ \]\s+(.*)"), "tick"),
    (re.compile(r"-\s+(.*)"), "point"),
    (re.compile(r"(\d+\.\s+.*)"), "number"),
    (re.compile(r">>\s+(.*)"), "right"),
    (re.compile(r">\s?(.*)"), "frame"),
    (re.compile(r"(\|.*\|)"), "row"),
    (re.compile(r"(-{3,})"), "rule"),
)
_WHEN = re.compile(r":::\s*when\s+(\w+)\s*=\s*(.+)")
_PICTURE = re.compile(r"\((\w+)\)\s*(.*)")
_ANSWER = re.compile(r"\$\{(\w+)\}")
_STRONG = re.compile(r"\*\*(.+?)\*\*")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")


Says = Callable[[str], str]
"""The printed words of a question's answer, by its name; KeyError where there is no such name."""
Ink = Callable[[str, str], Any]
"""Makes letters ready for the template; told which question they come from, "" for the text."""


@dataclass(frozen=True)
class _Page:
    """What a text is filled with; `where` is its file, for an error."""

    where: str
    values: Mapping[str, str]
    says: Says
    ink: Ink

    def wrong(self, line: int, reason: str) -> BadCityData:
        return BadCityData(self.where, f"本文の{line}行目" if line else "", reason)


def blocks(
    text: str,
    where: str,
    values: Mapping[str, str],
    says: Says,
    ink: Ink = lambda letters, _question: letters,
) -> list[Block]:
    """The blocks of `text` that hold for `values`, each with its kind and its runs.

    `where` is the file, for an error: BadCityData for a name that is no question and for a
    "::: when" that is not closed. `values` holds every question of the form.
    """
    page = _Page(where, values, says, ink)
    found: list[Block] = []
    for number, line in _lines(text, page):
        try:
            _add(found, *_kind_of(line), page)
        except KeyError as error:
            reason = f"{error.args[0]} という質問は様式にありません"
            raise page.wrong(number, reason) from None
    return found


def said(value: str, language: str) -> str:
    """An answer as a text says it: a day by its era and weekday, or in English."""
    if not _ISO.fullmatch(value):
        return value
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return value
    english = f"{day:%A}, {day.day} {day:%B %Y}"
    return english if language == "en" else wareki(day, weekday=True)


def _lines(text: str, page: _Page) -> Iterator[tuple[int, str]]:
    """Every line that is printed, numbered from 1; an empty one ends a paragraph."""
    shown: bool | None = None  # None outside a "::: when"
    opened_at = 0
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if opened := _WHEN.fullmatch(line):
            if shown is not None:
                raise page.wrong(number, "::: when の中に、もう1つの ::: when は書けません")
            shown, opened_at = _fits(page, opened[1], opened[2], number), number
        elif line == ":::":
            shown = None
        elif line.startswith(":::"):
            raise page.wrong(number, "::: when 質問 = 答え の形で書いてください")
        elif shown is not False and not line.startswith("<!--"):
            yield number, line
    if shown is not None:
        raise page.wrong(opened_at, "::: when を閉じる ::: がありません")


def _fits(page: _Page, question: str, wanted: str, number: int) -> bool:
    """Whether the answer is one of the wished ones: as `when` of layout.toml."""
    if question not in page.values:
        raise page.wrong(number, f"{question} という質問は様式にありません")
    value = page.values[question]
    wishes = {part.strip().strip('"') for part in wanted.split(",")}
    return bool((set(value.split()) or {""}) & wishes) or ("*" in wishes and bool(value))


def _kind_of(line: str) -> tuple[str, str]:
    if not line:
        return "", ""
    for shape, kind in _MARKS:
        if found := shape.fullmatch(line):
            return kind, found[1]
    return "text", line


def _add(found: list[Block], kind: str, rest: str, page: _Page) -> None:
    """One line more: paragraphs and frames grow by their lines, tables by their rows."""
    last = found[-1]["kind"] if found else ""
    if kind == "row":
        if last != "table":
            found.append({"kind": "table", "rows": []})
        if not re.fullmatch(r"[|\s:-]+", rest):
            cells = rest.strip("|").split("|")
            found[-1]["rows"].append([_runs(cell.strip(), page) for cell in cells])
        else:
            found[-1]["head"] = True
    elif kind in ("text", "frame", "right"):
        if last != kind:
            found.append({"kind": kind, "lines": []})
        found[-1]["lines"].append(_runs(rest, page))
    elif kind in ("tick", "point") and (only := _ANSWER.fullmatch(rest)):
        for line in page.says(only[1]).split("\n"):
            found.append({"kind": kind, "runs": [_run(line or LINE, only[1], page)]})
    else:
        picture = _PICTURE.fullmatch(rest) if kind == "head" else None
        if picture and picture[1] not in PICTURES:
            picture = None
        named = {"picture": picture[1] if picture else ""} if kind == "head" else {}
        found.append({"kind": kind, **named, "runs": _runs(picture[2] if picture else rest, page)})


def _runs(text: str, page: _Page) -> list[dict[str, Any]]:
    """The text in pieces of one weight, with the answers in their places."""
    runs = []
    for place, part in enumerate(_STRONG.split(text)):
        strong = place % 2 == 1
        for turn, piece in enumerate(_ANSWER.split(part)):
            if turn % 2 == 1:
                runs.append(_run(page.says(piece) or LINE, piece, page, strong))
            elif piece:
                runs.append(_run(piece, "", page, strong))
    return runs


def _run(text: str, source: str, page: _Page, strong: bool = False) -> dict[str, Any]:
    return {"text": page.ink(text, source), "strong": strong}
