"""pyxform's English errors as Japanese sentences that name the sheet and the row."""

from __future__ import annotations

import re

from fieldkit.errors import BadCityData

#: pyxform's words, and what to tell the official instead.
_REASONS = (
    (r"Could not find the name '(.+?)'", "「{0}」という名前の質問がありません"),
    (r"name '(.+?)' appears more than once", "名前「{0}」が重なっているため、式に使えません"),
    (r"List name not in choices sheet: (\S+)", "選択肢の一覧「{0}」が choices にありません"),
    (r"'name' value '(.+?)' is (?:invalid|problematic)", "名前「{0}」が重なっています"),
    (r"Unknown question type '(.+?)'", "質問の種類「{0}」は使えません"),
    (r"Unmatched 'begin_(\w+)'.*'(.+?)'", "「{1}」の終わり（end_{0}）がありません"),
    (r"Unmatched 'end_(\w+)'", "始まり（begin_{0}）がありません"),
    (r"Question with no type", "質問の種類（type）がありません"),
    (r"no name|Question or group with no name", "名前（name）がありません"),
    (r"named '(.+?)' has no label", "「{0}」の見出し（label）がありません"),
    (r"Choice names must be unique", "同じ一覧に同じ選択肢の名前（name）があります"),
    (r"Choices must have a name", "選択肢の名前（name）がありません"),
    (r"Choices should have a label", "選択肢の見出し（label）がありません"),
    (r"'name' value is invalid", "名前（name）は半角の英字で始め、空白を入れないでください"),
    (r"The '(.+?)' value is invalid. Names must begin", "名前「{0}」は使えません"),
    (r"Choice names with spaces.*\[(.+?)\] in \[(.+?)\]", "選択肢の名前「{0}」に空白があります"),
    (r"Missing calculation", "計算（calculation）がありません"),
    (r"'?parameters'? value is invalid|[Pp]arameter", "parameters の書き方に誤りがあります"),
    (r"unterminated|Reference expressions must|\$\{", "${{名前}} の書き方に誤りがあります"),
    (r"Duplicate column header: (.+)", "見出しの行に「{0}」が2つあります"),
    (r"names for the same column were found: '(.+?)', '(.+?)'", "列「{0}」と「{1}」は同じです"),
    (r"column headers were not found: (.+?)\.", "見出しの行に {0} がありません"),
    (r"missing a header row|missing header row", "見出しの行（type, name, label）がありません"),
    (r"survey sheet is either empty|must have a sheet named", "survey シートがないか、空です"),
    (r"There should be a choices sheet", "choices シートがありません"),
    (r"Please specify choices for this 'or other'", "or_other には choices の一覧が必要です"),
    (r"[Tt]rigger", "trigger の列は使えません。計算（calculation）で書いてください"),
    (r"entit(?:y|ies)", "entities は使えません。シートと save_to の列を消してください"),
    (r"choice_filter|choice filter", "choice_filter の書き方に誤りがあります"),
)
_SHEETS = re.compile(r"'(survey|choices|settings|entities)' sheet")


def refused(file: str, message: str) -> BadCityData:
    """pyxform's English sentence as ours: the sheet, the row, and what to change."""
    row = re.search(r"\[row : (\d+)\]", message)
    sheet = _SHEETS.search(message)
    where = sheet[1] if sheet else "survey"
    where += f" の {row[1]}行目" if row else ""
    for pattern, reason in _REASONS:
        if found := re.search(pattern, message, re.S):
            return BadCityData(file, where, reason.format(*found.groups()))
    first = " ".join(message.split())[:120]
    return BadCityData(file, where, f"表を読めません（{first}）")
