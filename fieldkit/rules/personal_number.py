"""Keeps the Individual Number (個人番号) and PINs out of every text the kit stores.

The kit has no field for either; this scan stops them in free text, in imported files and in
form answers (001 特記事項 8, 番号法 art. 20). It names the position of what it found, never the
digits. A phone number (10-11 digits) and the 申請書ID (23 digits) pass.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from fieldkit.rules.verdict import Refused

LENGTH = 12
APPLICATION_ID_LENGTH = 23

_GAP = r"[\s\u00ad\u200b-\u200d\u2060\ufeff\-‐‑‒–—―−﹣ー－ｰ〜～~・･.．,，、/／|｜_]"
_RUN = re.compile(rf"\d(?:{_GAP}{{0,3}}\d)*")
_GROUP = re.compile(r"\d+")
_UUID = re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b")
_PIN = re.compile(
    r"(?:暗証(?!番号設定依頼書)(?:番号)?|ＰＩＮ|パスワード|パスコード|(?<![a-z])(?:PIN|password))"
    r"(?!設定依頼書)[^0-9０-９a-zａ-ｚ\n]{0,8}"
    r"(?P<secret>[0-9０-９]{4}(?![0-9０-９a-zａ-ｚ年])|"
    r"(?=[a-zａ-ｚ]*[0-9０-９])[0-9０-９a-zａ-ｚ]{6,16}(?![0-9０-９a-zａ-ｚ]))",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Clean:
    """Nothing that looks like an Individual Number or a PIN."""


@dataclass(frozen=True)
class Ask:
    """Looks suspicious but may be harmless: the operator reads `sentence` and confirms."""

    sentence: str


Verdict = Clean | Refused | Ask


def check_digit(eleven: str) -> int:
    """The 12th digit that belongs to the first eleven.

    P1..P11 are counted from the right; weights are n+1 for n ≤ 6 and n-5 above; the remainder
    r of the sum by 11 gives 0 when r ≤ 1, else 11 - r (総務省令 on 番号法 art. 5).
    """
    total = 0
    for n, char in enumerate(reversed(eleven), start=1):
        total += int(char) * (n + 1 if n <= 6 else n - 5)
    rest = total % 11
    return 0 if rest <= 1 else 11 - rest


def scan(text: str) -> Verdict:
    """Clean, Refused (an Individual Number, for certain enough) or Ask (please confirm)."""
    found = list(_twelves(text))
    for start, digits, _ in found:
        if check_digit(digits[:11]) == int(digits[11]):
            return Refused(
                f"{start + 1}文字目から、個人番号（マイナンバー）と思われる12けたの数字があります。"
                "この端末には個人番号を記録できません。その数字を消してください。",
                clause="番号法第20条",
                nearest=("申請の特定には申請書ID（23けた）を使います。",),
            )
    for start, _, whole in found:
        if whole:
            return Ask(
                f"{start + 1}文字目から12けたの数字があります。"
                "個人番号（マイナンバー）ではないことを確かめてください。"
            )
    if secret := _PIN.search(text):
        return Ask(
            f"{secret.start('secret') + 1}文字目から、暗証番号のように見える文字があります。"
            "暗証番号は記録できません。暗証番号なら消してください。"
        )
    return Clean()


def mask(text: str) -> str:
    """`text` with every suspected number or PIN replaced by ●, for previews and messages."""
    chars = list(text)
    for start, digits, _ in _twelves(text):
        left = len(digits)
        for i in range(start, len(chars)):
            if left and chars[i].isdecimal():
                chars[i] = "●"
                left -= 1
    for found in _PIN.finditer(text):
        for i in range(*found.span("secret")):
            chars[i] = "●"
    return "".join(chars)


def _twelves(text: str) -> Iterator[tuple[int, str, bool]]:
    """(position, twelve ASCII digits, stands alone) for each possible 12-digit number.

    A run is digits with thin separators between. Exactly twelve: always reported. In a longer
    run (a date or a phone number beside it) and across lines, whole groups adding up to twelve are
    reported when one kind of separator joins them. A run of 23 digits is a 申請書ID and is left
    alone, unless one of its groups has twelve; so is any unbroken row of more than twelve, unless
    it is two numbers of twelve run together.
    """
    text = _UUID.sub(lambda found: "x" * len(found.group()), text)
    for run in _RUN.finditer(text):
        groups = [(m.start() + run.start(), m.group()) for m in _GROUP.finditer(run.group())]
        total = sum(len(digits) for _, digits in groups)
        if total == LENGTH and not set("\r\n") & set(run.group()):
            yield groups[0][0], _ascii("".join(d for _, d in groups)), True
        elif total >= LENGTH and not _is_application_id(text, groups, total):
            yield from _inside(text, groups)


def _is_application_id(text: str, groups: list[tuple[int, str]], total: int) -> bool:
    """23 digits in one spelling; an Individual Number with a phone number beside it is none."""
    if total != APPLICATION_ID_LENGTH or any(len(digits) == LENGTH for _, digits in groups):
        return False
    return len({text[a + len(d) : b] for (a, d), (b, _) in pairwise(groups)}) <= 1


def _inside(text: str, groups: list[tuple[int, str]]) -> Iterator[tuple[int, str, bool]]:
    for start, group in groups:
        if len(group) == 2 * LENGTH:
            yield start, _ascii(group[:LENGTH]), False
            yield start + LENGTH, _ascii(group[LENGTH:]), False
    for first in range(len(groups)):
        digits = ""
        joints: set[str] = set()
        for i in range(first, len(groups)):
            start, group = groups[i]
            if i > first:
                before, word = groups[i - 1]
                joints.add(text[before + len(word) : start])
            digits += group
            if len(digits) == LENGTH and len(joints) <= 1:
                yield groups[first][0], _ascii(digits), i == first
            if len(digits) >= LENGTH:
                break


def _ascii(digits: str) -> str:
    return "".join(str(unicodedata.decimal(char)) for char in digits)
