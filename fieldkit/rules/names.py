"""Names, phone numbers and postal codes: what is stored, what is only searched by.

A name is stored code point by code point as it was typed. Normalising would fold compatibility
ideographs (U+FA19 becomes 神), and the paper must match the resident register. Only `search_key`
folds, and its result is never shown or stored as the name.
"""

from __future__ import annotations

import re
import unicodedata

import jaconv

from fieldkit.errors import BadInput

NAME_LIMIT = 200

_GAIJI_HINT = (
    "外字は印刷も送信もできません。代替文字で入力し、「外字あり」の欄に印を付けてください。"
)
_SEEN_ALIKE = str.maketrans(
    {
        "髙": "高", "﨑": "崎", "𠮷": "吉", "邊": "辺", "邉": "辺", "齋": "斉", "齊": "斉",
        "斎": "斉", "澤": "沢", "濱": "浜", "濵": "浜", "嶋": "島", "嶌": "島", "眞": "真",
        "廣": "広", "國": "国", "德": "徳", "栁": "柳", "桒": "桑", "冨": "富", "𣘺": "橋",
        "𡈽": "土", "槗": "橋", "渕": "淵", "曻": "昇", "圡": "土",
    }
)  # fmt: skip
_FULL_DIGITS = str.maketrans("０１２３４５６７８９", "0123456789")
_DASH = re.compile("[‐‑‒–—―−ー－ｰ]")


def check_name(text: str, field: str = "name") -> str:
    """`text` exactly as typed, or BadInput naming what cannot be printed.

    All written characters pass: 𠮷, 髙, variation selectors (葛󠄀), ヴ, 変体仮名, ・ ゠ ー, long
    middle names. Refused: nothing but blanks, control and invisible characters, broken
    characters, and 外字 of the private areas (U+E000–F8FF, planes 15 and 16).
    """
    if not text.strip():
        raise BadInput(field, "名前が空です。入力してください。")
    if len(text) > NAME_LIMIT:
        raise BadInput(
            field, f"名前が長すぎます（{len(text)}文字）。{NAME_LIMIT}文字までにしてください。"
        )
    if is_variation_selector(text[0]):
        raise BadInput(field, "1文字目の字形の指定に、元の文字がありません。入力し直してください。")
    for place, char in enumerate(text, start=1):
        if reason := _unprintable(char):
            raise BadInput(field, f"{place}文字目：{reason}")
    return text


def is_variation_selector(char: str) -> bool:
    """True for the selectors that choose a glyph of the character before (IVS, VS1–16)."""
    return "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"


def search_key(text: str) -> str:
    """A key for finding people only: half/full width, kana kind, blanks, selectors and common
    look-alike kanji (髙=高, 﨑=崎, 邊=邉=辺 …) make no difference. Never store it as a name."""
    plain = "".join(char for char in text if not is_variation_selector(char))
    plain = unicodedata.normalize("NFKC", plain).casefold()
    plain = jaconv.hira2kata(plain).translate(_SEEN_ALIKE)
    return re.sub(r"[\s・゠=]", "", plain)


def katakana(text: str) -> str:
    """A フリガナ typed as hiragana or in half width, as the papers ask for it; the rest stays."""
    return str(jaconv.hira2kata(jaconv.h2z(text)))


def half_width_digits(text: str) -> str:
    """Full-width digits become ASCII; every other character stays."""
    return text.translate(_FULL_DIGITS)


def half_width_number(text: str) -> str:
    """Digits and the dashes between them in ASCII, as postal codes and telephones are kept."""
    return _DASH.sub("-", half_width_digits(text))


def check_phone(text: str, field: str = "phone") -> str:
    """A Japanese phone number in ASCII, hyphens kept where typed; BadInput otherwise."""
    plain = _DASH.sub("-", unicodedata.normalize("NFKC", text)).strip()
    plain = re.sub(r"[()\s]+", "-", plain).strip("-")
    plain = re.sub("-+", "-", plain)
    if plain.startswith("+"):
        raise BadInput(field, "電話番号は国内の形で入力してください（+81 は 0 に替えます）。")
    digits = plain.replace("-", "")
    if not digits:
        raise BadInput(field, "電話番号が空です。日中つながる番号を入力してください。")
    if not (digits.isascii() and digits.isdigit()):
        raise BadInput(field, "電話番号は数字とハイフンだけで入力してください。")
    if not digits.startswith("0"):
        raise BadInput(field, "電話番号は市外局番の 0 から入力してください。")
    wanted = 11 if re.match("0[5-9]0|020|0800", digits) else 10
    if len(digits) != wanted:
        raise BadInput(
            field,
            f"電話番号は{wanted}けたのはずですが、{len(digits)}けたです。番号を確かめてください。",
        )
    return plain


def postal_text(code: str) -> str:
    """A postal code as it is written: `047-0024`; anything but seven digits as it is."""
    return f"{code[:3]}-{code[3:]}" if len(code) == 7 and code.isdecimal() else code


def check_postal(text: str, field: str = "postal") -> str:
    """Seven ASCII digits of a postal code (〒 and hyphens dropped); BadInput otherwise."""
    plain = unicodedata.normalize("NFKC", text)
    plain = _DASH.sub("-", plain).replace("〒", "")
    digits = re.sub(r"[-\s]", "", plain)
    if not digits:
        raise BadInput(field, "郵便番号が空です。7けたの数字で入力してください。")
    if not (digits.isascii() and digits.isdigit()):
        raise BadInput(field, "郵便番号は数字だけで入力してください（例：047-0001）。")
    if len(digits) != 7:
        raise BadInput(field, f"郵便番号は7けたです。いまは{len(digits)}けたです。")
    return digits


def _unprintable(char: str) -> str:
    """Why `char` cannot be part of a name; empty when it can."""
    point = ord(char)
    kind = unicodedata.category(char)
    if kind == "Co":
        return _GAIJI_HINT
    if kind in ("Cc", "Zl", "Zp"):
        return "改行やタブなどの制御文字は使えません。消してください。"
    if kind == "Cf":
        return "目に見えない文字が入っています。消して入力し直してください。"
    if kind == "Cs" or char == "\ufffd" or (point & 0xFFFE) == 0xFFFE:
        return "壊れた文字があります。入力し直してください。"
    return ""
