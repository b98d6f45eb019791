"""申請書ID: the 23 digits of a pre-printed application form, from its QR or typed twice.

A wrong ID makes a wrong card, and no check digit is published, so none is invented: an ID is read
by the camera or typed twice (domain §2.2). The QR carries a web address whose form is not
published, so it is taken apart with suspicion (domain §2.3): only the official host, only one run
of exactly 23 digits. The address is never followed, kept or told. Twelve digits would be an
Individual Number (個人番号): they are refused and no sentence ever repeats them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from fieldkit.errors import BadCityData
from fieldkit.rules.personal_number import APPLICATION_ID_LENGTH as LENGTH
from fieldkit.rules.personal_number import LENGTH as NUMBER_LENGTH
from fieldkit.rules.tables import words
from fieldkit.rules.verdict import Refused

LONGEST_PAYLOAD = 2048
OFFICIAL_HOSTS = ("kojinbango-card.go.jp",)
TYPE_TWICE = "読み取れないときは、申請書IDの23けたを2回入力してください。"
SCAN_THIS = "申請書の右上にある四角いQRを写してください。"
NUMBER_FOUND = (
    "個人番号（マイナンバー）かもしれない12けたの数字です。"
    "個人番号はこの端末に入れられません。申請書IDは23けたの数字です。"
)

_ADDRESS = re.compile(r"https?://(?P<host>[a-z0-9.-]+)(?P<rest>[/?#].*)?", re.IGNORECASE)
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
_SHEET_CODE = re.compile(r"[0-9A-Z]{26}")
_DIGITS = re.compile(r"\d+")
_BETWEEN = re.compile(r"[\s\u200b\-‐‑‒–—―−ー]")


@dataclass(frozen=True)
class FormId:
    """The 23 digits. They do not show where the value is printed or logged."""

    digits: str = field(repr=False)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[0-9]{23}", self.digits):
            raise ValueError("an application form's ID has 23 digits")


def hosts_from(data: Mapping[str, Any], file: str = "form_id.toml") -> tuple[str, ...]:
    """The hosts whose addresses are taken; the official one where the table names none."""
    strange = set(data) - {"hosts"}
    if strange:
        raise BadCityData(file, min(strange), "hosts だけが書けます。")
    hosts = words(data, "hosts", file, default=OFFICIAL_HOSTS)
    if not hosts or not all(_HOST.fullmatch(host) for host in hosts):
        say = 'ホスト名を ["kojinbango-card.go.jp"] のように小文字で書いてください。'
        raise BadCityData(file, "hosts", say)
    return hosts


def from_qr(payload: str, hosts: tuple[str, ...] = OFFICIAL_HOSTS) -> FormId | Refused:
    """The ID in the text of a QR, or what the QR is instead and what to do."""
    if _SHEET_CODE.fullmatch(payload.replace("-", "").replace(" ", "")):
        return _refused("これは訪問予定表のQRです。" + SCAN_THIS)
    address = _address(payload)
    if address is None or not _is_official(address["host"].lower(), hosts):
        if has_number(payload):
            return _refused(NUMBER_FOUND + SCAN_THIS)
        return _refused("これは申請書のQRではありません。" + SCAN_THIS)
    rest = _decoded(address["rest"] or "")
    runs = set(_DIGITS.findall(rest))
    found = sorted(run for run in runs if len(run) == LENGTH and run.isascii())
    if len(found) == 1:
        return FormId(found[0])
    if found:
        return _refused("このQRには申請書IDが2つ以上あり、どちらか決められません。")
    if has_number(rest):
        return _refused(NUMBER_FOUND)
    return _refused("このQRには申請書IDの23けたがありません。申請書が新しいか確かめてください。")


def from_qrs(
    payloads: tuple[str, ...], hosts: tuple[str, ...] = OFFICIAL_HOSTS
) -> FormId | Refused:
    """The one acceptable ID among several codes in view; what is wrong where there is none."""
    read = [from_qr(payload, hosts) for payload in payloads]
    found = {one for one in read if isinstance(one, FormId)}
    if len(found) > 1:
        return _refused("申請書が2枚以上写っています。1枚だけ写してください。")
    if found:
        return found.pop()
    return next(
        (one for one in read if isinstance(one, Refused)),
        _refused("QRが見つかりません。" + SCAN_THIS),
    )


def folded(text: str) -> str:
    """Digits as typed by a person: full width made half, blanks and hyphens left out."""
    return _BETWEEN.sub("", unicodedata.normalize("NFKC", text))


def has_number(text: str) -> bool:
    """Whether twelve digits stand alone in a text: such a text is neither kept nor shown again."""
    return any(len(run) == NUMBER_LENGTH for run in _DIGITS.findall(folded(text)))


def from_typed(text: str) -> FormId | Refused:
    """The ID that a person typed once."""
    digits = folded(text)
    if has_number(digits):
        return Refused(NUMBER_FOUND, clause="番号法第20条")
    for at, char in enumerate(digits, start=1):
        if not (char.isascii() and char.isdigit()):
            return Refused(f"{at}文字目が数字ではありません。申請書IDは23けたの数字です。")
    if len(digits) != LENGTH:
        return Refused(
            f"いまは{len(digits)}けたです。申請書IDは23けたです。1けたずつ確かめてください。"
        )
    return FormId(digits)


def typed_twice(first: str, second: str) -> FormId | Refused:
    """The ID that was typed twice alike; else where the two differ."""
    one = from_typed(first)
    if isinstance(one, Refused):
        return one
    again = folded(second)
    if has_number(again):
        return Refused(NUMBER_FOUND, clause="番号法第20条")
    if not again:
        return Refused("申請書IDを「もう一度」の欄にも入力してください。")
    if len(again) != LENGTH:
        return Refused(f"「もう一度」の欄は{len(again)}けたです。23けたを入力してください。")
    wrong = [str(i) for i, (a, b) in enumerate(zip(one.digits, again, strict=True), 1) if a != b]
    if not wrong:
        return one
    where = "・".join(wrong[:3]) + ("けた目など" if len(wrong) > 3 else "けた目")
    return Refused(f"2回の入力で{where}が違います。申請書を見て、違うほうを直してください。")


def _refused(sentence: str) -> Refused:
    return Refused(sentence, nearest=(TYPE_TWICE,))


def _address(payload: str) -> re.Match[str] | None:
    """A plain http(s) address: no user, no port, no escape in the host, no blank, no backslash."""
    plain = payload.isascii() and payload.isprintable() and not set(payload) & set(" \\")
    return _ADDRESS.fullmatch(payload) if plain and len(payload) <= LONGEST_PAYLOAD else None


def _is_official(host: str, hosts: tuple[str, ...]) -> bool:
    """The official host or one below it; whole labels only, and none in another script."""
    if not _HOST.fullmatch(host) or any(label.startswith("xn--") for label in host.split(".")):
        return False
    return any(host == official or host.endswith("." + official) for official in hosts)


def _decoded(rest: str) -> str:
    """Path, query and fragment, percent-decoded once; empty where that gives no plain text."""
    try:
        text = unquote(rest, errors="strict")
    except UnicodeDecodeError:
        return ""
    return text if text.isprintable() else ""
