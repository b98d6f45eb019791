"""What the kit itself refuses of an answer, whatever the form's own rules say.

Individual Numbers, characters that no paper can hold, and what the type of a question demands.
ODK stores an answer that is no such value as blank; the kit keeps it and says what is wrong.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from fieldkit.errors import BadInput
from fieldkit.forms.codec import CODECS
from fieldkit.rules import form_id, personal_number
from fieldkit.rules.names import check_name
from fieldkit.rules.verdict import Refused

if TYPE_CHECKING:
    from fieldkit.forms.form import Question

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BROKEN = "\ufffd"
_NO_NUMBER = (
    "12けたの番号は入力できません。マイナンバー（個人番号）はこの端末に記録しません。"
    "申請書の右上にある23けたの申請書IDを入力してください。"
)


def storable(value: str) -> str:
    """Control characters, which no rule and no paper can hold, become U+FFFD (refused)."""
    return _CONTROL.sub(_BROKEN, value)


def answer_problem(question: Question, value: str) -> str:
    """The Japanese sentence that says why the kit does not take `value`, or blank."""
    if problem := individual_number_problem(question, value):
        return problem
    if _BROKEN in value:
        return "目に見えない文字（制御文字）が入っています。消して入力し直してください。"
    if question.appearance == "name" and (problem := _name_problem(value)):
        return problem
    return _type_problem(question, value)


def individual_number_problem(question: Question, value: str) -> str:
    """The sentence that refuses an Individual Number in a text answer, or blank.

    A box for digits (`appearance` numbers) refuses any twelve digits; other texts refuse what
    passes the check digit (police and phone numbers stay possible).
    """
    if "numbers" in question.appearance.split() and form_id.has_number(value):
        return _NO_NUMBER
    if question.type in ("text", "integer", "decimal") and isinstance(
        found := personal_number.scan(value), Refused
    ):
        return found.sentence
    return ""


def _name_problem(value: str) -> str:
    """What makes a name unprintable (外字 and the like), as the rules on names say it."""
    try:
        check_name(value)
    except BadInput as error:
        return error.sentence
    return ""


def _type_problem(question: Question, value: str) -> str:
    """What the type of the question itself demands."""
    label, kind = question.label, question.type
    if kind == "date" and not CODECS["date"](value):
        return f"「{label}」は年月日で入力してください。"
    if kind == "time" and not CODECS["time"](value):
        return f"「{label}」は時刻で入力してください。例：09:30:00"
    if kind == "dateTime" and not CODECS["dateTime"](value):
        return f"「{label}」は年月日と時刻で入力してください。例：2026-07-01T09:30:00"
    if kind == "integer" and not re.fullmatch(r"-?[0-9]+", value):
        return f"「{label}」は半角の整数で入力してください。"
    if kind == "integer" and not CODECS["int"](value):
        return f"「{label}」の数が大きすぎます。けた数を確認してください。"
    if kind == "decimal" and not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value):
        return f"「{label}」は半角の数字で入力してください。"
    return _range_problem(question, value) if kind == "range" else ""


def _range_problem(question: Question, value: str) -> str:
    """A number between the ends of the range, on one of its steps."""
    low, high, step = question.range
    says = f"「{question.label}」は{low:g}から{high:g}までの数で入力してください。"
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value):
        return says
    steps = (float(value) - low) / (step or 1)
    return "" if low <= float(value) <= high and math.isclose(steps, round(steps)) else says
