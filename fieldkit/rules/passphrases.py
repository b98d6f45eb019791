"""What makes a passphrase good enough: its length and a list, no composition rules.

After NIST SP 800-63B: nobody is asked for capitals, digits or signs, and nobody has to change a
passphrase because time has passed. Refused is what a guesser tries first: short ones, common
words, runs such as 1234 or あいうえお, the own name or the city's, repetitions. Lengths, words and
rows are city-editable (`forms/passphrases.toml`). Pure: random numbers come from the caller.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fieldkit.errors import BadCityData
from fieldkit.rules.romaji import one_spelling
from fieldkit.rules.tables import need, words
from fieldkit.rules.verdict import Allowed, Refused

CLAUSE = "NIST SP 800-63B"
KIT_NAMES = ("出張申請キット", "出張申請", "マイナンバーカード", "マイナンバー", "fieldkit")
# What a known word, a run or a name still counts for; how long a run or a part of a row is one.
PIECE, RUN, ROW = 3, 3, 5
ENOUGH_BITS = 50
_HIRAGANA = re.compile("[ぁ-んー]{2,8}")


@dataclass(frozen=True)
class PassphraseRules:
    """The table of `passphrases.toml`. `common` and `rows` are in the one spelling.

    `shortest` counts characters as typed; `shortest_latin` holds where all of them are ASCII,
    because one kana is worth about two letters.
    """

    shortest: int
    shortest_latin: int
    longest: int
    distinct: int
    weight: int
    common: frozenset[str]
    rows: tuple[str, ...]


@dataclass(frozen=True)
class Proposal:
    """Random words. `bits` is what a guesser faces who knows the list: number × log2(list)."""

    text: str
    latin: str
    bits: float


def rules_from(data: Mapping[str, Any], file: str = "passphrases.toml") -> PassphraseRules:
    """Build the table; BadCityData names the key. Nobody can loosen it below 12 characters."""
    length = need(data, "length", dict, file)
    plain = need(data, "refuse", dict, file)
    rules = PassphraseRules(
        shortest=need(length, "shortest", int, file, "length"),
        shortest_latin=need(length, "shortest_latin", int, file, "length"),
        longest=need(length, "longest", int, file, "length"),
        distinct=need(plain, "distinct", int, file, "refuse"),
        weight=need(plain, "weight", int, file, "refuse"),
        common=frozenset(_pieces(words(plain, "common", file, "refuse"))),
        rows=tuple(_tight(row) for row in words(plain, "rows", file, "refuse")),
    )
    if rules.shortest < 12:
        raise BadCityData(file, "length.shortest", "12より小さくできません。")
    if rules.shortest_latin < rules.shortest:
        raise BadCityData(file, "length.shortest_latin", "shortest より小さくできません。")
    if rules.longest < 64:
        raise BadCityData(file, "length.longest", "64より小さくできません。")
    return rules


def check(passphrase: str, rules: PassphraseRules, own: Iterable[str] = ()) -> Allowed | Refused:
    """Whether this may be a passphrase; `own` are the person's name and number, the city's name.

    The sentence says what is wrong and what works. It never repeats what was typed.
    """
    typed = " ".join(passphrase.split())
    latin = typed.isascii() and typed != ""
    shortest = rules.shortest_latin if latin else rules.shortest
    if len(typed) < shortest:
        kind = "英数字だけの合言葉" if latin else "合言葉"
        return _no(f"{kind}は{shortest}文字以上にしてください。")
    if len(typed) > rules.longest:
        return _no(f"合言葉は{rules.longest}文字までにしてください。")
    text = _tight(typed)
    if len(set(text)) < rules.distinct:
        return _no("同じ文字のくり返しが多すぎます。")
    known = rules.common | frozenset(_pieces([*own, *KIT_NAMES]))
    if _weight(_unit(text), known, rules.rows) < rules.weight:
        return _no("よく使われる言葉、続き番号、名前などがほとんどで、人に当てられます。")
    return Allowed()


def propose(word_list: Sequence[str], below: Callable[[int], int]) -> Proposal:
    """Words drawn one by one until they are worth 50 bits. `below(n)` is a random 0 … n-1."""
    count = math.ceil(ENOUGH_BITS / math.log2(len(word_list)))
    return proposal_of([word_list[below(len(word_list))] for _ in range(count)], word_list)


def proposal_of(drawn: Sequence[str], word_list: Sequence[str]) -> Proposal:
    """What `drawn` words are worth: log2 of the list for each."""
    text = " ".join(drawn)
    return Proposal(text, one_spelling(text), len(drawn) * math.log2(len(word_list)))


def word_list_from(text: str, file: str = "passphrase_words.txt") -> tuple[str, ...]:
    """One hiragana word a line, `#` begins a remark; words that are typed alike are refused."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        word = line.partition("#")[0].strip()
        if not word:
            continue
        if not _HIRAGANA.fullmatch(word):
            say = "2文字から8文字のひらがなで書いてください。"
            raise BadCityData(file, f"{number}行目", say)
        if one_spelling(word) in found:
            raise BadCityData(file, f"{number}行目", f"「{word}」は2回目です。消してください。")
        found[one_spelling(word)] = word
    if len(found) < 1024:
        raise BadCityData(file, "", "言葉が足りません。1024語以上にしてください。")
    return tuple(found.values())


def _no(what: str) -> Refused:
    return Refused(
        f"{what}関係のない言葉を4つか5つ並べると、覚えやすく安全です。",
        CLAUSE,
        ("関係のない言葉を4つか5つ並べる",),
    )


def _tight(text: str) -> str:
    """The one spelling in small letters without spaces, as a guesser compares it."""
    return one_spelling(text).lower().replace(" ", "")


def _pieces(found: Iterable[str]) -> Iterable[str]:
    """Each name or word, and each part of it between spaces, if it is a word at all."""
    for text in found:
        for part in (text, *text.replace("　", " ").split(), text.removesuffix("市")):
            if len(_tight(part)) >= 2:
                yield _tight(part)


def _unit(text: str) -> str:
    """`abcabcabc` is no more than `abc`."""
    return re.sub(r"(.{3,}?)\1+", r"\1", text)


def _weight(text: str, known: frozenset[str], rows: tuple[str, ...]) -> int:
    """How many characters are left to guess where a known word or a run counts as three."""
    longest = max((len(word) for word in known), default=0)
    best = [0]
    for end in range(1, len(text) + 1):
        cost = best[end - 1] + 1
        for start in range(max(0, end - max(longest, 40)), end - 1):
            piece = text[start:end]
            if piece in known or _is_run(piece, rows):
                cost = min(cost, best[start] + min(PIECE, len(piece)))
        best.append(cost)
    return best[-1]


def _is_run(piece: str, rows: tuple[str, ...]) -> bool:
    """aaa, 1234, 4321, abcd, or a part of a row of the keyboard or of the kana."""
    if len(piece) < RUN:
        return False
    steps = {ord(b) - ord(a) for a, b in zip(piece, piece[1:], strict=False)}
    if steps in ({0}, {1}, {-1}):
        return True
    return len(piece) >= ROW and any(piece in row or piece[::-1] in row for row in rows)
