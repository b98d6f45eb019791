"""From an XLSForm table to questions, pages and rules.

pyxform turns the table into an XForm (`validate=False`: ODK Validate needs Java); the binds
of that XForm carry the expressions with full paths, and the table itself carries the row
numbers that an official needs to find a mistake.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

from pyxform.errors import PyXFormError
from pyxform.xls2xform import convert

from fieldkit.errors import BadCityData
from fieldkit.forms.binds import Bind, Rules
from fieldkit.forms.evaluated import Page
from fieldkit.forms.form import Question, Repeat, own_language
from fieldkit.forms.kinds import META, UNSEEN
from fieldkit.forms.prove import prove
from fieldkit.forms.reasons import refused
from fieldkit.forms.refuse import refuse_default, refuse_question, refuse_rows
from fieldkit.forms.tables import Table, read_table
from fieldkit.forms.xform import XForm, lists_of

_TYPES = {"int": "integer", "string": "text"}
_CONTROLS = {"select1": "select_one", "select": "select_multiple", "trigger": "acknowledge"}
_CONTROLS |= {"range": "range"}
#: What pyxform asks in English where a row says `or_other`.
_OTHER = "「その他」の内容"


@dataclass(frozen=True)
class Sheet:
    """What a table holds, before the other files of the folder are added."""

    title: str
    version: str
    questions: tuple[Question, ...]
    pages: tuple[Page, ...]
    rules: Rules
    repeats: tuple[Repeat, ...] = ()
    languages: tuple[str, ...] = ()


def read_sheet(path: Path) -> Sheet:
    """Read a form's table. Raises BadCityData with file, sheet, row and reason."""
    table = read_table(path)
    refuse_rows(table)
    try:
        result = convert(table.source, validate=False)
    except PyXFormError as error:
        raise refused(path.name, str(error), table) from None
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, ExpatError):
        # pyxform stumbles over a half-filled table; it knows no row then
        says = "表の書き方を読めません。行ごとに type・name・label がそろっているか確かめてください"
        raise BadCityData(path.name, "survey", says) from None
    survey: dict[str, Any] = result._pyxform  # the parsed table; the XForm has no labels by type
    reader = _Reader(table, survey, XForm.read(result.xform))
    reader.walk(survey["children"], "/data", "", "", "")
    if not reader.questions:
        raise BadCityData(path.name, "survey", "質問が一つもありません")
    rules = Rules(tuple(reader.binds), reader.lists)
    prove(table, rules, reader.rows, {q.name: q.type for q in reader.questions})
    return Sheet(
        title=_title(survey) or path.parent.name,
        version=str(survey.get("version", "")),
        questions=tuple(reader.questions),
        pages=tuple(page for page in reader.pages if page.questions),
        rules=rules,
        repeats=tuple(reader.repeats),
        languages=tuple(reader.languages),
    )


class _Reader:
    """Walks pyxform's tree once and collects questions, pages and binds in sheet order."""

    def __init__(self, table: Table, survey: dict[str, Any], xform: XForm) -> None:
        self._table, self._xform = table, xform
        self._own = own_language(str(survey.get("default_language", "")), table.headings())
        self.languages: dict[str, None] = {}
        self.rows = _rows(table)
        self.lists, self._choices = lists_of(survey.get("choices") or {}, xform.lists, self._words)
        self.questions: list[Question] = []
        self.pages: list[Page] = []
        self.binds: list[Bind] = []
        self.repeats: list[Repeat] = []

    def walk(
        self, children: list[dict[str, Any]], parent: str, group: str, repeat: str, title: str
    ) -> None:
        """Add the children of one group; `group` and `repeat` are blank at the top."""
        for child in children:
            name, kind = str(child["name"]), str(child["type"])
            if name == "meta" and kind == "group" and parent == "/data":
                continue
            path = f"{parent}/{name}"
            if kind in ("group", "repeat"):
                self._section(child, path, kind, (group, repeat, title))
                continue
            question = self._question(child, path, group, repeat)
            self.questions.append(question)
            if question.type not in UNSEEN:
                self._on_page(question, title)

    def _section(
        self, child: dict[str, Any], path: str, kind: str, inside: tuple[str, str, str]
    ) -> None:
        """A group or a repeat with all it holds; groups within groups share the outer page."""
        group, repeat, title = inside
        name, label = str(child["name"]), self._words(child.get("label"))[0]
        self.binds.append(self._xform.bind(path, name, "", kind))
        page = label or title or name
        if kind == "repeat":
            count = self.binds[-1].count
            row = self.rows.get(name, 0)
            self.repeats.append(Repeat(name, label or name, count, repeat, path, row))
            self._open(Page(name, page, (), name))
            self.walk(child.get("children", []), path, group or name, name, page)
        else:
            if not group:
                self._open(Page(name, page, ()))
            self.walk(child.get("children", []), path, group or name, repeat, title or page)
        if group:  # what follows inside the outer page stands on a page of its own again
            self._open(Page(group, title, (), repeat))

    def _open(self, page: Page) -> None:
        last = self.pages[-1] if self.pages else None
        if last is None or (last.name, last.repeat) != (page.name, page.repeat):
            self.pages.append(page)

    def _on_page(self, question: Question, title: str) -> None:
        if not question.group:
            self.pages.append(Page(question.name, question.label, (question.name,)))
            return
        last = self.pages[-1]
        names = (*last.questions, question.name)
        self.pages[-1] = Page(last.name, last.title, names, last.repeat)

    def _question(self, child: dict[str, Any], path: str, group: str, repeat: str) -> Question:
        """One question with its words and its rules; its bind is added on the way."""
        name, written = str(child["name"]), str(child["type"])
        kind = "note" if written == "note" else ""
        bind = self._xform.bind(path, name, _default(child, path), kind)
        row = self.rows.get(name, 0)
        marks = child.get("bind", {})
        label, labels = self._words(child.get("label"))
        known = _type_of(bind, written, name)
        refuse_question(self._table, row, child, known, (label, *labels.values()))
        choices = self._choices.get(str(child.get("itemset", "")), ())
        refuse_default(self._table, row, bind, known, [choice.name for choice in choices])
        self.binds.append(bind)
        steps = child.get("parameters") or {}
        return Question(
            name=name,
            type=known,
            label=label,
            hint=self._words(child.get("hint"))[0],
            group=group,
            required_expr="" if known in UNSEEN or known == "note" else bind.required,
            relevant_expr=bind.relevant,
            constraint_expr=bind.constraint,
            constraint_message=self._words(marks.get("jr:constraintMsg"))[0],
            required_message=self._words(marks.get("jr:requiredMsg"))[0],
            calculate_expr=bind.calculate,
            default=bind.default,
            appearance=str(child.get("control", {}).get("appearance", "")),
            choices=choices,
            path=path,
            row=row,
            repeat=repeat,
            readonly_expr=bind.readonly,
            range=(*bind.bounds, float(steps.get("step", 1))) if bind.bounds else (0, 0, 0),
            labels=labels,
        )

    def _words(self, label: Any) -> tuple[str, dict[str, str]]:
        """The text in the form's language, and in all of them, its own first."""
        if not isinstance(label, dict):
            text = str(label or "").strip()
            text = _OTHER if text == "Specify other." else text
            return text, {self._own: text} if text and self._own else {}
        words = {str(lang): str(text or "").strip() for lang, text in label.items() if text}
        self.languages.update(dict.fromkeys(words))
        order = sorted(words, key=lambda language: language != self._own)
        found = {language: words[language] for language in order}
        return next(iter(found.values()), ""), found


def _title(survey: Mapping[str, Any]) -> str:
    """The title of the settings; pyxform calls a form without one by its root."""
    title = str(survey.get("title", ""))
    return "" if title == survey.get("name") else title


def _rows(table: Table) -> dict[str, int]:
    """Question name → row of the sheet; what pyxform adds to a row stands in that row."""
    own = {row["name"]: n for n, row in enumerate(table.rows, 2) if row.get("name")}
    added = {f"{name}_{tail}": n for name, n in own.items() for tail in ("count", "other")}
    return added | own


def _default(child: Mapping[str, Any], path: str) -> str:
    """A default as it is answered; Excel writes a day with a midnight."""
    text = str(child.get("default") or "")
    if child["type"] in ("dateTime", "datetime"):
        return re.sub(r"^(\d{4}-\d{2}-\d{2}) (?=\d)", r"\1T", text)
    return text.removesuffix(" 00:00:00") if child["type"] in ("date", "today") else text


def _type_of(bind: Bind, written: str, name: str) -> str:
    """The kit's word for a type, whichever of pyxform's words was written."""
    if written in META or written in ("today", "note"):
        return written
    if name.startswith("reserved_name_for_field_list_labels_"):  # the head of a table-list
        return "hidden"
    if bind.type == "binary" and name == "photo":
        return "photo"
    if bind.control in _CONTROLS:
        return _CONTROLS[bind.control]
    if bind.control == "input":
        return _TYPES.get(bind.type, bind.type)
    return "calculate" if bind.calculate else "hidden" if bind.type != "binary" else "binary"
