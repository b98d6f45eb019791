"""From an XLSForm table to questions, pages and rules.

pyxform turns the table into an XForm (`validate=False`: ODK Validate needs Java); the binds
of that XForm carry the expressions with full paths, and the table itself carries the row
numbers that an official needs to find a mistake.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from lxml import etree
from pyxform.errors import PyXFormError
from pyxform.xls2json_backends import get_xlsform
from pyxform.xls2xform import convert

from fieldkit.errors import BadCityData
from fieldkit.forms.form import SILENT, Choice, Page, Question
from fieldkit.forms.rules import Bind, Rules
from fieldkit.forms.text import read_text
from fieldkit.forms.xpath import compiled, with_date_numbers

_XF = "{http://www.w3.org/2002/xforms}"
_TYPES = {"select one": "select_one", "select all that apply": "select_multiple"}
_PARTS = {
    "relevant": "表示条件（relevant）",
    "required": "必須（required）",
    "constraint": "入力条件（constraint）",
    "calculate": "計算（calculation）",
}
#: pyxform's words, and what to tell the official instead.
_REASONS = (
    (r"Could not find the name '(.+?)'", "「{0}」という名前の質問がありません"),
    (r"List name not in choices sheet: (\S+)", "選択肢の一覧「{0}」が choices にありません"),
    (r"'name' value '(.+?)' is invalid.*unique", "名前「{0}」が重なっています"),
    (r"Unknown question type '(.+?)'", "質問の種類「{0}」は使えません"),
    (r"Unmatched 'begin_group'.*'(.+?)'", "グループ「{0}」の終わり（end_group）がありません"),
    (r"Unmatched 'end_group'", "グループの始まり（begin_group）がありません"),
    (r"no name", "名前（name）がありません"),
    (r"named '(.+?)' has no label", "「{0}」の見出し（label）がありません"),
    (r"'name' value is invalid", "名前（name）は半角の英字で始め、空白を入れないでください"),
)


@dataclass(frozen=True)
class Sheet:
    """What a table holds, before the other files of the folder are added."""

    title: str
    version: str
    questions: tuple[Question, ...]
    pages: tuple[Page, ...]
    rules: Rules


def read_sheet(path: Path) -> Sheet:
    """Read `form.md` or `form.xlsx`. Raises BadCityData with file, row and reason."""
    source: Any = read_text(path) if path.suffix == ".md" else path.read_bytes()
    try:
        rows = _row_numbers(get_xlsform(source, file_type=path.suffix).survey)
        result = convert(source, validate=False, file_type=path.suffix)
    except PyXFormError as error:
        raise _refused(path, str(error)) from None
    survey: dict[str, Any] = result._pyxform  # the parsed table; the XForm has no labels by type
    binds = _binds(result.xform)
    language = str(survey.get("default_language", ""))
    reader = _Reader(path, binds, rows, language)
    reader.walk(survey["children"], "/data", "")
    return Sheet(
        title=str(survey.get("title", path.parent.name)),
        version=str(survey.get("version", "")),
        questions=tuple(reader.questions),
        pages=tuple(reader.pages),
        rules=Rules(tuple(reader.binds)),
    )


class _Reader:
    """Walks pyxform's tree once and collects questions, pages and binds in sheet order."""

    def __init__(
        self, path: Path, binds: dict[str, dict[str, str]], rows: dict[str, int], language: str
    ) -> None:
        self.path, self.rows, self.language = path, rows, language
        self._xform_binds = binds
        self._dates = {p for p, bind in binds.items() if bind.get("type") == "date"}
        self.questions: list[Question] = []
        self.pages: list[Page] = []
        self.binds: list[Bind] = []

    def walk(self, children: list[dict[str, Any]], parent: str, group: str) -> None:
        """Add the children of one group (`group` blank at the top)."""
        for child in children:
            name, kind = str(child["name"]), str(child["type"])
            path = f"{parent}/{name}"
            if name == "meta":
                continue
            if kind == "repeat":
                raise BadCityData(self.path.name, self._row(name), "繰り返し（repeat）は使えません")
            if kind == "group":
                self._add_bind(path, name, child, is_group=True)
                before = len(self.questions)
                self.walk(child["children"], path, group or name)
                if not group:
                    added = self.questions[before:]
                    inside = tuple(q.name for q in added if q.type != "calculate")
                    self.pages.append(Page(name, self._words(child.get("label")) or name, inside))
                continue
            question = self._question(child, path, group)
            self.questions.append(question)
            if not group and question.type != "calculate":
                self.pages.append(Page(name, question.label, (name,)))

    def _question(self, child: dict[str, Any], path: str, group: str) -> Question:
        """One question with its words and its rules; its bind is added on the way."""
        bind = self._add_bind(path, str(child["name"]), child)
        marks = child.get("bind", {})
        names = child.get("choices") or []
        return Question(
            name=bind.name,
            type=_TYPES.get(str(child["type"]), str(child["type"])),
            label=self._words(child.get("label")),
            hint=self._words(child.get("hint")),
            group=group,
            required_expr=bind.required,
            relevant_expr=bind.relevant,
            constraint_expr=bind.constraint,
            constraint_message=self._words(marks.get("jr:constraintMsg")),
            required_message=self._words(marks.get("jr:requiredMsg")),
            calculate_expr=bind.calculate,
            default=bind.default,
            appearance=str(child.get("control", {}).get("appearance", "")),
            choices=tuple(Choice(str(c["name"]), self._words(c.get("label"))) for c in names),
            path=path,
            row=self.rows.get(bind.name, 0),
        )

    def _add_bind(
        self, path: str, name: str, child: dict[str, Any], is_group: bool = False
    ) -> Bind:
        """Take the expressions from the XForm and prove that each one runs."""
        found = self._xform_binds.get(path, {})
        part = {key: found.get(key, "").strip() for key in _PARTS}
        silent = str(child["type"]) in SILENT
        if name in {known.name for known in self.binds}:
            reason = f"名前「{name}」が重なっています。別のグループでも同じ名前は使えません"
            raise BadCityData(self.path.name, self._row(name), reason)
        bind = Bind(
            path,
            name,
            type=found.get("type", "string"),
            relevant=part["relevant"],
            required="" if silent else part["required"],
            constraint=part["constraint"],
            calculate=part["calculate"],
            default=str(child.get("default") or ""),
            is_group=is_group,
        )
        for key, words in _PARTS.items():
            self._prove(name, getattr(bind, key), words, bind.type == "date")
        self.binds.append(bind)
        return bind

    def _prove(self, name: str, expression: str, words: str, own_is_date: bool) -> None:
        """Compile and run on an empty form: syntax and unknown functions show at once."""
        if not expression:
            return
        try:
            ready = with_date_numbers(expression, self._dates, own_is_date)
            compiled(ready, date(2026, 1, 1))(etree.Element("data"))
        except (etree.XPathError, TypeError, re.error) as error:
            reason = f"{words}の式を読めません（{_why(error)}）。式の書き方を確認してください"
            raise BadCityData(self.path.name, self._row(name), reason) from None

    def _row(self, name: str) -> str:
        return f"survey の {self.rows.get(name, 0)}行目"

    def _words(self, label: Any) -> str:
        """The text in the form's language."""
        if isinstance(label, dict):
            label = label.get(self.language) or next(iter(label.values()), "")
        return str(label or "").strip()


def _binds(xform: str) -> dict[str, dict[str, str]]:
    """Path → attributes of every bind of the XForm."""
    tree = etree.fromstring(xform.encode("utf-8"))
    return {str(bind.get("nodeset")): dict(bind.attrib) for bind in tree.iter(f"{_XF}bind")}


def _row_numbers(survey: list[dict[str, Any]]) -> dict[str, int]:
    """Question name → row of the sheet; the heading is row 1."""
    return {str(row["name"]): i for i, row in enumerate(survey, start=2) if row.get("name")}


def _refused(path: Path, message: str) -> BadCityData:
    """pyxform's English sentence as ours: the row, and what to change."""
    row = re.search(r"\[row : (\d+)\]", message)
    where = f"survey の {row[1]}行目" if row else "survey"
    for pattern, reason in _REASONS:
        if found := re.search(pattern, message, re.S):
            return BadCityData(path.name, where, reason.format(*found.groups()))
    return BadCityData(path.name, where, f"表を読めません（{message}）")


def _why(error: Exception) -> str:
    """A short Japanese reason for an expression that does not run."""
    text = str(error)
    if isinstance(error, re.error):
        return "regex の書き方"
    if "Unregistered function" in text:
        return "この式に使えない関数があります"
    if "prefix" in text:
        return "使えない書き方があります"
    return "かっこ、引用符、または = の前後の抜け"
