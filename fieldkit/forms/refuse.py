"""What of XLSForm the kit cannot take, refused when a form is loaded: row, reason, way out.

Also refused: a question that asks for an Individual Number (番号法 art. 19, 20) or for a PIN
(they are the holder's alone). The kit has no box for either, on any form.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fieldkit.errors import BadCityData
from fieldkit.forms.binds import Bind
from fieldkit.forms.codec import stored
from fieldkit.forms.kinds import UNSEEN
from fieldkit.forms.tables import Table

_PLACE = "位置は記録しません。住所は text で聞いてください"
_FILE = "ファイルは受け取りません。紙で受け取り、受け取ったかどうかを select_one で聞いてください"
_TYPES = {
    "geopoint": _PLACE,
    "geotrace": _PLACE,
    "geoshape": _PLACE,
    "barcode": "バーコードは読みません。番号は text で聞いてください",
    "odk:rank": "順位（rank）は使えません。順位ごとに select_one で聞いてください",
    "binary": _FILE,
    "intent": "ほかのアプリは呼び出せません。text で聞いてください",
}
#: Words at the head of the `type` column, and what to use instead.
_WRITTEN = {
    "image": "画像は受け取りません。顔写真はキットが撮り、名前を photo にした image だけが使えます",
    "photo": "画像は受け取りません。顔写真はキットが撮り、名前を photo にした image だけが使えます",
    "rank": "順位ごとに select_one で聞いてください",
    "audio": _FILE,
    "video": _FILE,
    "file": _FILE,
    "osm": _PLACE,
    "start-geopoint": _PLACE,
    "background-geopoint": _PLACE,
    "background-audio": "録音はしません。行を消してください",
    "xml-external": "外のファイルは読みません。選択肢は choices に書いてください",
    "csv-external": "外のファイルは読みません。選択肢は choices に書いてください",
    "select_one_from_file": "外のファイルは読みません。choices に書き、select_one にしてください",
    "select_multiple_from_file": "外のファイルは読みません。choices に書いてください",
    "select_one_external": "外のファイルは読みません。choices に書き、select_one にしてください",
    "begin_loop": "loop は使えません。begin_repeat にしてください",
    "begin loop": "loop は使えません。begin_repeat にしてください",
}
_COLUMNS = {
    "trigger": "trigger の列は使えません。値は計算（calculation）で書いてください",
    "save_to": "entities は使えません。save_to の列を消してください",
}
#: What a spreadsheet shows where a formula of its own failed.
_CELL_ERRORS = {"#REF!", "#NAME?", "#VALUE!", "#N/A", "#DIV/0!", "#NUM!", "#NULL!"}
_DEFAULTS = {
    "date": "2026-07-01 の形",
    "time": "09:30:00 の形",
    "dateTime": "2026-07-01T09:30:00 の形",
    "integer": "半角の整数",
    "decimal": "半角の数字",
    "range": "範囲の中の半角の数字",
    "acknowledge": "OK ",
}
_MEDIA = re.compile(r"(?:media::?)?(?:big-)?(?:image|audio|video)(?:::?.*)?")
_REQUIRED = {"はい", "いいえ", "必須", "任意", "○", "〇", "◯", "×", "有", "無"}
#: What names a thing, not a number: taken out before the words of a label are judged.
_THINGS = re.compile(
    r"(?:個人番号|マイナンバー|my number|individual number)\s*"
    r"(?:カード|card|通知書?|notification|制度|総合フリーダイヤル|の?(?:記載|記入)(?:欄|の有無)?)"
    r"|暗証番号\s*(?:なし|不要|設定依頼書|変更届|の?(?:設定|変更|初期化|再設定|管理|入力|失念)"
    r"(?!する番号|番号|した番号)|について|を忘れ|を設定し|を変更し)"
    r"|パスワード\s*(?:なし|不要|の?(?:設定|変更|初期化|再設定|管理))"
)
_NUMBER = re.compile(r"個人番号|マイナンバー|my ?number|individual ?number|12\s*桁の番号")
_SECRET = re.compile(
    r"暗証|パスワード|パスコード|ピンコード|(?<![a-z])(?:pin|password|passcode|passphrase)(?![a-z])"
)
_NUMBER_NAMES = {"mynumber", "individualnumber", "kojinbango", "kojinbangou", "mynum"}
_SECRET_NAMES = {"pin", "password", "passwd", "passcode", "passphrase", "ansho", "anshou"}
_SECRET_NAMES |= {"anshobango", "anshoubangou", "anshobangou", "pincode"}
_ASKING = frozenset({"text", "integer", "decimal", "range", "barcode"})
_PROMISE = (
    "このキットは{0}を決して受け取りません。行を消してください（用紙の記入欄は空のまま印刷します）"
)


def refuse_rows(table: Table) -> None:
    """What the rows themselves show, before pyxform reads them (it knows no row for some)."""
    if table.sheets.entities:
        says = "entities シートは使えません。シートを消してください"
        raise BadCityData(table.file, "entities", says)
    for number, row in enumerate(table.rows, start=2):
        kind = row.get("type", "")
        head = kind.split()[0].lower() if kind else ""
        reason = _WRITTEN.get(" ".join(kind.lower().split()[:2])) or _WRITTEN.get(head)
        if reason and not (head in ("image", "photo") and row.get("name") == "photo"):
            raise _at(table, number, f"質問の種類「{head}」は使えません。{reason}")
        if column := next((c for c in _COLUMNS if row.get(c)), ""):
            raise _at(table, number, _COLUMNS[column])
        if wrong := next((cell for cell in row.values() if cell in _CELL_ERRORS), ""):
            says = f"セルの計算式がエラー（{wrong}）になっています。値を書き直してください"
            raise _at(table, number, says)
        if row.get("required", "") in _REQUIRED:
            says = "必須（required）は yes（必須）か no、または式で書いてください"
            raise _at(table, number, says)
        if any("last-saved#" in cell for cell in row.values()):
            says = "前回の答え（last-saved）は残しません。その式を消してください"
            raise _at(table, number, says)
        if media := _media(row):
            raise _at(table, number, media)
    for number, row in enumerate(table.choices, start=2):
        if media := _media(row):
            raise BadCityData(table.file, f"choices の {number}行目", media)


def _media(row: Mapping[str, str]) -> str:
    """The reason against a row that names a picture or a sound, else blank."""
    column = next((column for column in row if _MEDIA.fullmatch(column)), "")
    if not column:
        return ""
    return f"画像や音声は画面に出しません。{column} の列を消し、label に書いてください"


def refuse_question(
    table: Table, row: int, child: Mapping[str, Any], kind: str, labels: Iterable[str]
) -> None:
    """Refuse a type that cannot be asked, and what must never be asked."""
    name, written = str(child["name"]), str(child["type"])
    if reason := _TYPES.get(kind):
        raise _at(table, row, f"質問の種類「{written}」は使えません。{reason}")
    if str(child.get("control", {}).get("appearance", "")).startswith("search("):
        raise _at(table, row, "search() は使えません。選択肢は choices に書いてください")
    if child.get("parameters") and "randomize" in child["parameters"]:
        raise _at(table, row, "randomize は使えません。選択肢は choices の順に並びます")
    if kind == "note" or kind in UNSEEN:
        return
    if kind in _ASKING and (never := _never_asked(name, labels)):
        raise _at(table, row, _PROMISE.format(never))


def refuse_default(table: Table, row: int, bind: Bind, kind: str, offered: Sequence[str]) -> None:
    """Refuse a default that is no answer of its question: a rule or a paper would meet it."""
    if not bind.default or kind in UNSEEN:
        return
    picked = bind.default.split() if kind == "select_multiple" else [bind.default]
    wrong = bool(offered) and not set(picked) <= set(offered)
    if wrong or not stored(bind, bind.default):
        means = _DEFAULTS.get(kind, "選択肢の名前" if offered else "")
        says = f"はじめの値（default）「{bind.default}」は、この質問の答えになりません"
        raise _at(table, row, says + (f"。{means}で書いてください" if means else ""))


def _never_asked(name: str, labels: Iterable[str]) -> str:
    """`個人番号` or `暗証番号` where a question asks for one, else blank."""
    for label in labels:
        words = _THINGS.sub(" ", unicodedata.normalize("NFKC", label).lower())
        if _NUMBER.search(words):
            return "個人番号（マイナンバー）"
        if _SECRET.search(words):
            return "暗証番号"
    parts = re.split(r"[^a-z0-9]+", name.lower())
    names = {*parts, *("".join(pair) for pair in zip(parts, parts[1:], strict=False))}
    if names & _NUMBER_NAMES and "card" not in parts:
        return "個人番号（マイナンバー）"
    if names & _SECRET_NAMES and not {"reason", "explained", "note", "day"} & set(parts):
        return "暗証番号"
    return ""


def _at(table: Table, row: int, reason: str) -> BadCityData:
    return BadCityData(table.file, table.where(row) if row else "survey", reason)
