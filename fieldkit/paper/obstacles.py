"""What keeps a filled form from being printed, each with the question that it belongs to.

Found before anything is printed, all at once, so that a screen can lead to the fields. A
`sentence` names labels and single characters, never a person or a whole answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from fieldkit.errors import BadInput, KitError
from fieldkit.forms.form import Form
from fieldkit.paper.engine import Overflow
from fieldkit.paper.fill import SUBSTITUTE, Fault, label_in
from fieldkit.paper.glyphs import code_of, shown

Kind = Literal["overflow", "unprintable", "input"]
_MOST = 10


@dataclass(frozen=True)
class Problem:
    """One thing to put right. `question` is the name for a link to its field ("" for none).

    overflow: `need_mm` would be enough. unprintable: `character` and its `code` (U+845B U+E0102);
    `alternative` is the question for 代替文字 where the form has one. input: an answer that cannot
    be (2月30日). `who` is that of the Item; `place` counts the items from 1.
    """

    kind: Kind
    question: str
    label: str
    why: str
    need_mm: float = 0
    character: str = ""
    code: str = ""
    alternative: str = ""
    who: str = ""
    form: str = ""
    place: int = 1

    @property
    def sentence(self) -> str:
        """What is wrong with which answer."""
        return f"「{self.label}」：{self.why}" if self.label else self.why


class CannotPrint(KitError):
    """Nothing was printed. `problems` holds all of them, for the screen; the text has no names."""

    problems: tuple[Problem, ...]

    def __init__(self, found: Sequence[Problem]) -> None:
        first = next((p for p in found if p.kind != "overflow"), found[0])
        several = any(problem.place != found[0].place for problem in found)
        super().__init__(_CODES[first.kind], _sentence(found, several), "ask_supervisor")
        self.problems = tuple(found)


_CODES = {"overflow": "overflow", "unprintable": "unprintable", "input": "bad_input"}
_WAYS = {
    "overflow": "短くできるときは短くし、できないときは、その欄を空けて印刷し手で書いてください。",
    "unprintable": "「代替文字を使いますか」を「はい」にして、似た字に置きかえてください。"
    "市の文字フォントを forms/fonts に入れると印刷できることがあります。",
    "input": "入力し直してから、印刷してください。",
}


def of_overflow(form: Form, over: Overflow, who: str = "", place: int = 1) -> Problem:
    """An answer that is larger than its box, even in the smallest letters."""
    why = f"印刷の枠に入りません（{over.need_mm:.1f} mm 必要です）。"
    label = label_in(form, over.field)
    return Problem("overflow", over.field, label, why, need_mm=over.need_mm, who=who,
                   form=form.title, place=place)  # fmt: skip


def of_fault(form: Form, fault: Fault, who: str = "", place: int = 1) -> Problem:
    """A character that no font draws."""
    code = code_of(fault.cluster)
    why = f"文字{shown(fault.cluster)}（{code}）を印刷できるフォントがありません。"
    has_other = any(question.name == SUBSTITUTE for question in form.questions)
    other = SUBSTITUTE if has_other and fault.question != SUBSTITUTE else ""
    return Problem("unprintable", fault.question, fault.label, why, character=fault.cluster,
                   code=code, alternative=other, who=who, form=form.title, place=place)  # fmt: skip


def of_error(form: Form, error: KitError, who: str = "", place: int = 1) -> Problem:
    """An item that cannot be filled at all: a day that never was, a broken photo."""
    question = error.field if isinstance(error, BadInput) else ""
    return Problem("input", question, "", error.sentence, who=who, form=form.title, place=place)


def _sentence(found: Sequence[Problem], several: bool) -> str:
    """All problems in a few lines, each kind with its way out; people by their place only."""
    lines = []
    for problem in found[:_MOST]:
        whose = f"{problem.place}件目の「{problem.form}」の" if several else ""
        lines.append(whose + problem.sentence)
    if len(found) > _MOST:
        lines.append(f"ほかに{len(found) - _MOST}か所あります。")
    kinds = dict.fromkeys(problem.kind for problem in found)
    return "".join(lines) + "".join(_WAYS[kind] for kind in kinds)
