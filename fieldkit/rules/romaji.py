"""One spelling for a passphrase, however it was typed: kana, full width, either romanisation.

A browser turns the Japanese input method off in a password field. So a passphrase of kana can only
be typed there in Latin letters, and people spell those in two ways (`shi`/`si`, `fu`/`hu`). Here
しおかぜ, シオカゼ, shiokaze and ｓｉｏｋａｚｅ all become the same text, which is what the key is
derived from (key slots of version 2).

The text never leaves the computer and no one reads it: it has to be *the same again*, not pretty.
Therefore **nothing here may ever change** – a change would lock people out. A better spelling would
be a new version of the slots. tests/store/test_passphrases.py holds the known answers.
"""

from __future__ import annotations

import re
import unicodedata

_ROWS = {
    "": "あいうえお",
    "k": "かきくけこ",
    "s": "さしすせそ",
    "t": "たちつてと",
    "n": "なにぬねの",
    "h": "はひふへほ",
    "m": "まみむめも",
    "r": "らりるれろ",
    "g": "がぎぐげご",
    "z": "ざじずぜぞ",
    "b": "ばびぶべぼ",
    "p": "ぱぴぷぺぽ",
}
_VOWELS = "aiueo"
_KANA = {kana: row + _VOWELS[i] for row, line in _ROWS.items() for i, kana in enumerate(line)} | {
    "だ": "da", "ぢ": "zi", "づ": "zu", "で": "de", "ど": "do",
    "や": "ya", "ゆ": "yu", "よ": "yo", "わ": "wa", "を": "o", "ん": "n", "ー": "-",
    "ふぁ": "fa", "ふぃ": "fi", "ふぇ": "fe", "ふぉ": "fo", "ゔ": "vu",
    "てぃ": "thi", "でぃ": "dhi", "うぃ": "wi", "うぇ": "we",
    "しぇ": "sye", "じぇ": "zye", "ちぇ": "tye",
}  # fmt: skip
_SMALL = {"ゃ": "ya", "ゅ": "yu", "ょ": "yo"}
# Typed spellings that differ from the ones above, in this order.
_SPELLINGS = (
    ("n+'?", "n"),
    ("m(?=[bpm])", "n"),
    ("cch|tch", "tch"),
    ("ch|cy", "ty"),
    ("sh", "sy"),
    ("jj", "zj"),
    ("jy?", "zy"),
    ("([stz])yi", r"\1i"),
    ("ts(?=u)", "t"),
    ("ff(?=u)", "hh"),
    ("f(?=u)", "h"),
    ("dz", "z"),
    ("d(?=[uiy])", "z"),
    ("wo", "o"),
)


def one_spelling(text: str) -> str:
    """The text that stands for everything that a person may type for it.

    NFKC, spaces at the ends removed and runs of them made one, kana to Latin letters, the two
    romanisations to one. Kanji and the case of letters stay as they are.
    """
    plain = " ".join(unicodedata.normalize("NFKC", text).split())
    plain = _latin("".join(_hiragana(c) for c in plain))
    for typed, same in _SPELLINGS:
        plain = re.sub(typed, same, plain)
    return plain


def _hiragana(c: str) -> str:
    return chr(ord(c) - 0x60) if "ァ" <= c <= "ヴ" else c


def _latin(text: str) -> str:
    """Every kana by the table; a small っ doubles what follows."""
    out, at = "", 0
    while at < len(text):
        two, one = text[at : at + 2], text[at]
        if two in _KANA:
            out, at = out + _KANA[two], at + 2
        elif len(two) == 2 and two[1] in _SMALL and one in _KANA and _KANA[one].endswith("i"):
            out, at = out + _KANA[one][:-1] + _SMALL[two[1]], at + 2
        else:
            out, at = out + _KANA.get(one, one), at + 1
    return re.sub("っ([a-z])", r"\1\1", out)
