"""pyxform's English errors as Japanese sentences that name the sheet and the row."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from fieldkit.errors import BadCityData
from fieldkit.rules.tables import perhaps

if TYPE_CHECKING:
    from fieldkit.forms.tables import Table

#: pyxform's words, and what to tell the official instead.
_REASONS = (
    (r"Could not find the name '(.+?)'", "「{0}」という名前の質問がありません"),
    (r"name '(.+?)' appears more than once", "名前「{0}」が重なっているため、式に使えません"),
    (r"List name not in choices sheet: (\S+)", "選択肢の一覧「{0}」が choices にありません"),
    (r"The name 'meta' is reserved", "名前 meta は使えません。ほかの名前にしてください"),
    (r"must not be the same as the survey root", "名前「data」は使えません"),
    (r"'name' value '(.+?)' is (?:invalid|problematic)", "名前「{0}」が重なっています"),
    (r"Unmatched 'begin_(\w+)'.*'(.+?)'", "「{1}」の終わり（end_{0}）がありません"),
    (r"Unmatched 'end_(\w+)'", "始まり（begin_{0}）がありません"),
    (r"Question with no type", "質問の種類（type）がありません"),
    (r"no name|Question or group with no name", "名前（name）がありません"),
    (
        r"named '(.+?)' has no label",
        "「{0}」の見出し（label）がありません。label の列（ことばごとなら label::日本語 (ja)）に"
        "書いてください",
    ),
    (r"Choice names must be unique", "同じ一覧に同じ選択肢の名前（name）があります"),
    (r"Choices must have a name", "選択肢の名前（name）がありません"),
    (r"Choices should have a label", "選択肢の見出し（label）がありません"),
    (r"The '(.+?)' value is invalid. Names must begin", "名前「{0}」は使えません"),
    (
        r"'name' value is invalid|Names (?:must|used)",
        "名前（name）は半角の英字で始め、空白や記号を入れないでください",
    ),
    (r"Choice names with spaces.*\[(.+?)\] in \[(.+?)\]", "選択肢の名前「{0}」に空白があります"),
    (r"Missing calculation", "計算（calculation）がありません"),
    (r"'?parameters'? value is invalid|[Pp]arameter", "parameters の書き方に誤りがあります"),
    (r"unterminated|Reference expressions must|\$\{", "${{名前}} の書き方に誤りがあります"),
    (
        r"Duplicate column header: (.+)",
        "survey・choices・settings のどれかの1行目に、見出し「{0}」が2つあります。"
        "1つを消してください",
    ),
    (r"names for the same column were found: '(.+?)', '(.+?)'", "列「{0}」と「{1}」は同じです"),
    (
        r"column headers were not found: (.+?)\.",
        "1行目に見出し {0} がありません。題名などの行が上にあるときは、その行を消してください",
    ),
    (
        r"Column headers must not be empty",
        "choices の見出しに使えないものがあります。見出しに空白を入れないでください",
    ),
    (r"sheets with similar names", "survey シートがありません。シートの名前を確かめてください"),
    (r"[Rr]eference variable lists", "${{名前}} を並べるときは、間にコンマを書いてください"),
    (r"save_to", "entities は使えません。save_to の列を消してください"),
    (r"no survey element named '(.+?)'", "「{0}」という名前の質問がありません"),
    (r"multiple survey elements named '(.+?)'", "名前「{0}」が重なっているため、式に使えません"),
    (r"Audits must always be named", "audit の行の名前（name）は audit にしてください"),
    (r"missing a header row|missing header row", "見出しの行（type, name, label）がありません"),
    (
        r"survey sheet is either empty|must have a sheet named",
        "survey シートがないか、空です。質問のシートの名前を survey にしてください",
    ),
    (
        r"There should be a choices sheet",
        "choices シートがないか、空か、list_name・name・label の列がそろっていません",
    ),
    (
        r"Choice filter not supported with or_other",
        "or_other と choice_filter は、いっしょに使えません。choices に other の行を足し、"
        "or_other を消してください",
    ),
    (r"Please specify choices for this 'or other'", "or_other には choices の一覧が必要です"),
    (r"[Tt]rigger", "trigger の列は使えません。計算（calculation）で書いてください"),
    (r"entit(?:y|ies)", "entities は使えません。シートと save_to の列を消してください"),
    (r"choice_filter|choice filter", "choice_filter の書き方に誤りがあります"),
)
_SHEETS = re.compile(r"'(survey|choices|settings|entities)' sheet")


#: Where the row is not told: the words that name it, the sheet and the column it stands in.
_ROWS = (
    (r"named '(.+?)' has no label", "survey", "name"),
    (r"Unknown question type '(.+?)'", "survey", "type"),
    (r"Choice names with spaces.*?\[(.+?)\] in", "choices", "name"),
    (r"The '(.+?)' value is invalid. Names must", "survey", "name"),
    (r"There should be a choices sheet()", "survey", "type"),
)
#: What a type may be, for a slip of the keyboard.
_TYPES = (
    "text", "integer", "decimal", "date", "time", "dateTime", "note", "calculate", "hidden",
    "select_one", "select_multiple", "range", "acknowledge", "begin group", "end group",
    "begin repeat", "end repeat", "today",
)  # fmt: skip


def refused(file: str, message: str, table: Table | None = None) -> BadCityData:
    """pyxform's English sentence as ours: the sheet, the row, and what to change. With the
    `table` the row is looked for where pyxform does not tell it."""
    where = _where(message, table)
    if unknown := re.search(r"Unknown question type '(.+?)'", message):
        return BadCityData(file, where, _unknown(unknown[1]))
    for pattern, reason in _REASONS:
        if found := re.search(pattern, message, re.S):
            return BadCityData(file, where, reason.format(*found.groups()))
    first = " ".join(message.split())[:120]
    return BadCityData(file, where, f"表を読めません（{first}）")


def _where(message: str, table: Table | None) -> str:
    row, sheet = re.search(r"\[row : (\d+)\]", message), _SHEETS.search(message)
    name = sheet[1] if sheet else "survey"
    if row:
        return f"{name} の {row[1]}行目"
    if re.search(r"[Hh]eader", message):
        return "" if message.startswith("Duplicate") else f"{name} の 1行目"
    for pattern, name, column in _ROWS if table else ():
        if table and (found := re.search(pattern, message, re.S)):
            return table.row_of(_standing(column, found[1] or ""), name)
    return name


def _standing(column: str, value: str) -> Callable[[dict[str, str]], bool]:
    """Rows that have the value in the column; without a value, those that choose from a list."""
    if value:
        return lambda row: row.get(column) == value
    return lambda row: row.get(column, "").startswith("select")


def _unknown(kind: str) -> str:
    """What to write in place of a type that is not known."""
    if kind in ("select_one", "select_multiple", "rank"):
        return f"「{kind}」の後ろに、選択肢の一覧の名前を書いてください（例：{kind} yn）"
    means = perhaps(kind, _TYPES) or "。text・integer・date・select_one などにしてください"
    if kind.startswith(("select_one", "select_multiple")):
        means = "。select_one の後ろは空けて、一覧の名前を書いてください（例：select_one yn）"
    return f"質問の種類「{kind}」は使えません{means}"
