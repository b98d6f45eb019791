"""What each entry of `layout.toml` shows for one set of answers.

Only entries whose `when` holds are shown. A choice prints as its label, a date by its era; the
parts of a date, a postal code or a phone number may go to boxes of their own (`part`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from fieldkit.errors import BadCityData
from fieldkit.forms.form import Form, Question
from fieldkit.paper import prose
from fieldkit.paper.dates import answered_day, wareki_text
from fieldkit.paper.engine import Press
from fieldkit.paper.glyphs import Face, inked
from fieldkit.paper.layout_keys import SPOKEN

Entry = dict[str, Any]
TEXT, TITLE = "_text", "_title"
"""`<kind>_text` in layout.toml prints the wording `<kind>.<language>.md` of the folder, and
`<kind>_title` the `title` of its head."""
NAME, SUBSTITUTE = "name", "alt_name"
"""A name that no font draws is printed as its 代替文字 on every paper, where they were given."""
_EMPTY_KINDS = {"text", "wareki"}
"""Kinds that leave no mark when there is no answer."""
_SPECIAL = {"photo": "顔写真", "consent_text": "同意文", "body_text": "本文"}
_MOBILE = re.compile(r"(0[5789]0)(\d{4})(\d{4})")
_POSTAL = re.compile(r"(\d{3})(\d{4})")
_ERA = re.compile(r"(\D\D)?(元|\d+)年(\d+)月(\d+)日")
_HYPHENS = str.maketrans("", "", "-‐‑‒–—―−－ 　〒")


@dataclass(frozen=True)
class Fault:
    """A character of an answer that no font draws."""

    question: str
    label: str
    cluster: str


@dataclass
class Filling:
    """One form, its answers and the fonts; gathers the `faults` while it fills.

    `substitute` is the name in 代替文字, for a form that does not ask for it itself.
    """

    form: Form
    values: dict[str, str]
    press: Press
    language: str = "ja"
    no_photo: str = ""
    substitute: str = ""
    faults: list[Fault] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._questions = {question.name: question for question in self.form.questions}
        self.substitute = self.values.get(SUBSTITUTE) or self.substitute

    def _question(self, name: str) -> Question | None:
        """The question of a name; in a repeat its instances are `name[1]`, `name[2]`."""
        return self._questions.get(name.partition("[")[0])

    def drawn(self, table: str) -> list[Entry]:
        """The entries of a table whose `when` holds, in the wished language."""
        return [self._spoken(entry) for entry in self._shown(table)]

    def fields(self) -> list[Entry]:
        """Every [[field]] with its answer; empty ones are left out."""
        return [filled for entry in self._shown("field") if (filled := self._field(entry))]

    def _shown(self, table: str) -> Iterator[Entry]:
        for entry in self.form.layout.get(table, []):
            wanted = entry.get("when", {})
            if all(self._holds(name, wish) for name, wish in wanted.items()):
                yield {key: value for key, value in entry.items() if key != "when"}

    def _holds(self, name: str, wanted: str | list[str]) -> bool:
        """One of the wished values is there; `"*"` stands for any answer, `""` for none."""
        value = self.values.get(name, "")
        wishes = [wanted] if isinstance(wanted, str) else wanted
        held = set(value.split()) or {""}
        return bool(held & set(wishes)) or ("*" in wishes and bool(value))

    def _spoken(self, entry: Entry) -> Entry:
        """The entry with `body_en` as its `body`, and so on."""
        own = {
            key: entry[f"{key}_{self.language}"]
            for key in SPOKEN
            if f"{key}_{self.language}" in entry
        }
        return entry | own if own else entry

    def _field(self, entry: Entry) -> Entry | None:
        entry = self._spoken(entry)
        kind, name = str(entry.get("kind", "text")), str(entry["name"])
        faces = self.press.name if entry.get("font") == "name" else self.press.body
        shown: Entry = {"kind": kind}
        if kind == "prose" or (kind == "text" and self._is_wording(name)):
            shown = {"kind": "prose", "blocks": self._prose(name, faces)}
        elif kind == "image":
            shown |= {"no_photo": self.no_photo} if self.no_photo else {}
        else:
            value = self._value(entry, kind, name)
            if kind in _EMPTY_KINDS and not value:
                return None
            shown |= self._filled(entry, kind, value, faces)
        return {**entry, **shown}

    def _filled(self, entry: Entry, kind: str, value: str, faces: tuple[Face, ...]) -> Entry:
        """The part of an entry that depends on the answer."""
        if kind == "check":
            return {"on": value == str(entry.get("on", "yes"))}
        if kind in ("circle", "mark"):
            return {"options": [self._option(entry, o, value) for o in entry["options"]]}
        if kind == "digits":
            digits = list(value.translate(_HYPHENS))
            return {"digits": [self._ink(digit, faces, entry["name"]) for digit in digits]}
        return {"text": self._ink(value, faces, entry["name"])}

    def _option(self, entry: Entry, option: Entry, value: str) -> Entry:
        question = self._question(str(entry["name"]))
        label = question.label_of(option["value"]) if question else option["value"]
        return {"label": label, **option, "chosen": option["value"] in value.split()}

    def _value(self, entry: Entry, kind: str, name: str) -> str:
        """The printed text of a name."""
        question = self._question(name)
        if not question and name.endswith(TITLE):
            return self._wording(name.removesuffix(TITLE)).title
        value = self.values.get(name, "")
        if not value:
            return ""
        if part := entry.get("part"):
            return part_of(value, part, question)
        if kind == "wareki":
            return answered_day(value)
        if kind == "text" and question:
            return answered_day(value) if question.type == "date" else question.label_of(value)
        return value

    def _prose(self, name: str, faces: tuple[Face, ...]) -> list[prose.Block]:
        """A wording of the folder with the answers in the places that it names."""
        kind = name.removesuffix(TEXT)
        return prose.blocks(
            self._wording(kind).text,
            f"{self.form.name}/{kind}.{self.language}.md",
            {question: self.values.get(question, "") for question in self._questions},
            lambda q: prose.said(
                self._questions[q].label_of(self.values.get(q, "")), self.language
            ),
            lambda letters, question: self._ink(letters, faces, question or name),
        )

    def _is_wording(self, name: str) -> bool:
        return name.endswith(TEXT) and not self._question(name)

    def _wording(self, kind: str) -> Any:
        words = self.form.wording(kind, self.language)
        if words is None:
            says = f"「{kind}.ja.md」が様式のフォルダにありません"
            raise BadCityData("layout.toml", f"{kind}{TEXT}", says)
        return words

    def _ink(self, text: Any, faces: tuple[Face, ...], name: str) -> Any:
        bad: list[str] = []
        ready = inked(text, faces, bad=bad)
        if bad and name == NAME and self.substitute:
            bad = []
            ready = inked(self.substitute, faces, bad=bad)
        label = label_in(self.form, name)
        self.faults += [Fault(name, label, cluster) for cluster in dict.fromkeys(bad)]
        return ready


def label_in(form: Form, name: str) -> str:
    """The words for a printed name; the texts and the photo are not questions."""
    found = {question.name: question.label for question in form.questions}
    base, _, place = name.partition("[")
    label = found.get(base) or _SPECIAL.get(base, base)
    return f"{label}（{place.replace('][', 'の').rstrip(']')}）" if place else label


def part_of(value: str, part: str, question: Question | None = None) -> str:
    """One part of a date (era, year, month, day, western_year) or of digits parted by hyphens
    (1, 2, 3). Digits typed without hyphens are parted where that is certain: a postal code, a
    mobile phone; otherwise part 1 holds them all."""
    if part.isdigit():
        pieces = re.split(r"[-‐‑–−－]", value)
        if len(pieces) == 1:
            found = _POSTAL.fullmatch(value) or _MOBILE.fullmatch(value)
            pieces = list(found.groups()) if found else pieces
        return pieces[int(part) - 1] if int(part) <= len(pieces) else ""
    try:
        day = date.fromisoformat(value[:10])
    except ValueError:
        return ""
    if part == "western_year":
        return str(day.year)
    found = _ERA.fullmatch(wareki_text(day))
    if not found:
        return ""
    era, year, month, day_of = found.groups()
    return {"era": era or "", "year": year, "month": month, "day": day_of}[part]
