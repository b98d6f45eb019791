"""Which form when: the decision table of `forms/papers.toml` (001 §9(3)(ア)–(コ)).

A row asks for a form when its `kinds` and all its `needs` hold and none of `unless` does; of
several rows of one form the first that fits counts. The shipped grid is derived from the manual
for welfare facilities and should be confirmed by the city, so every line of it is data.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fieldkit.errors import BadCityData
from fieldkit.rules.tables import known_words, maybe, need, rows, words

FILE = "papers.toml"
KINDS: Mapping[str, str] = {
    "new": "新規", "renew": "更新", "lost": "紛失", "damaged": "破損等", "other": "その他"
}  # fmt: skip
LEVELS = ("must", "offer")
FACTS: Mapping[str, str] = {
    "no_photo_id": "顔写真つきの本人確認書類がない",
    "id_enough": "顔写真証明書がなくても、本人確認の書類がそろった",
    "wants_insurance": "健康保険証としての利用を希望する",
    "face_auth": "顔認証マイナンバーカードにする",
    "notice_card_lost": "通知カードをなくした",
    "notice_card_held": "通知カードを回収する",
    "juki_card_held": "住民基本台帳カードを回収する",
    "mail_elsewhere": "カードを住民登録地のほかに送る",
    "card_gone": "カードが手元にない",
    "card_in_hand": "カードが手元にある",
    "card_kept": "カードは手元にあるが、今日は回収しない",
    "under_15": "15歳未満",
    "has_agent": "法定代理人が申請する",
    "collected": "カードなどを預かる",
    "facility": "施設での受付",
    "handwritten": "申請書IDのある申請書がない",
    "scribed": "代筆する",
    "pickup": "カードは窓口で受け取る",
}
"""Every fact that a row may name, and what it means."""


@dataclass(frozen=True)
class Needed:
    """One form of papers.toml: why, in Japanese, its full name, and "must" or "offer"."""

    form: str
    reason: str
    label: str = ""
    level: str = "must"


@dataclass(frozen=True)
class Condition:
    """Facts that must all hold, and facts of which none may."""

    needs: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()

    def holds(self, facts: Collection[str]) -> bool:
        """True when these facts meet the condition."""
        return set(self.needs) <= set(facts) and not set(self.unless) & set(facts)


@dataclass(frozen=True)
class Row:
    """One line of the table; `adds` are further sentences with their own conditions."""

    form: str
    kinds: tuple[str, ...]
    when: Condition
    reason: str
    level: str
    adds: tuple[tuple[Condition, str], ...]

    def fits(self, kind: str, facts: Collection[str]) -> bool:
        """True when the form is asked for by this row."""
        return (not self.kinds or kind in self.kinds) and self.when.holds(facts)


@dataclass(frozen=True)
class PapersTable:
    """The names of the forms, the rows in order, and which kinds leave a card in hand."""

    names: Mapping[str, str]
    rows: tuple[Row, ...]
    gone_kinds: tuple[str, ...]
    gone_reasons: tuple[str, ...]
    in_hand_kinds: tuple[str, ...]

    def card_facts(self, kind: str, reason_code: str) -> frozenset[str]:
        """Whether the old card is gone, in hand, or (a first application) neither."""
        if kind in self.gone_kinds or reason_code in self.gone_reasons:
            return frozenset({"card_gone"})
        return frozenset({"card_in_hand"} if kind in self.in_hand_kinds else ())

    def needed(self, kind: str, facts: Collection[str]) -> tuple[Needed, ...]:
        """The forms for one applicant, in the order of the file; pure and repeatable."""
        found: dict[str, Needed] = {}
        for row in self.rows:
            if row.form not in found and row.fits(kind, facts):
                more = "".join(says for when, says in row.adds if when.holds(facts))
                says = row.reason + more
                found[row.form] = Needed(row.form, says, self.names[row.form], row.level)
        return tuple(found.values())


def table_from(data: Mapping[str, Any], file: str = FILE) -> PapersTable:
    """Build the table; BadCityData names file and key, and the nearest word that exists."""
    names = need(data, "names", dict, file)
    labels = {code: need(names, code, str, file, "names") for code in names}
    card = need(data, "card", dict, file)
    table = PapersTable(
        names=labels,
        rows=tuple(_rows(data, labels, file)),
        gone_kinds=words(card, "gone_kinds", file, "card"),
        gone_reasons=words(card, "gone_reasons", file, "card"),
        in_hand_kinds=words(card, "in_hand_kinds", file, "card"),
    )
    for key in ("gone_kinds", "in_hand_kinds"):
        known_words(getattr(table, key), KINDS, "区分", file, f"card.{key}")
    return table


def _rows(data: Mapping[str, Any], labels: Mapping[str, str], file: str) -> Iterator[Row]:
    for i, row in enumerate(rows(data, "paper", file), start=1):
        at = f"paper[{i}]"
        allowed = ("form", "kinds", "needs", "unless", "reason", "level", "adds")
        known_words(row, allowed, "項目", file, at)
        form, kinds = need(row, "form", str, file, at), words(row, "kinds", file, at)
        known_words([form], labels, "様式", file, f"{at}.form")
        known_words(kinds, KINDS, "区分", file, f"{at}.kinds")
        level = maybe(row, "level", "must", file, at)
        known_words([level], LEVELS, "level の値", file, f"{at}.level")
        reason = need(row, "reason", str, file, at)
        if not reason.strip():
            raise BadCityData(file, f"{at}.reason", "なぜ要るかを書いてください。")
        yield Row(form, kinds, _condition(row, file, at), reason, level, _adds(row, file, at))


def _adds(row: Mapping[str, Any], file: str, at: str) -> tuple[tuple[Condition, str], ...]:
    found = []
    entries: list[Any] = maybe(row, "adds", [], file, at)
    for entry in entries:
        where = f"{at}.adds"
        if not isinstance(entry, dict):
            raise BadCityData(file, where, '{ needs = ["…"], says = "…" } の形で書いてください。')
        known_words(entry, ("needs", "unless", "says"), "項目", file, where)
        found.append((_condition(entry, file, where), need(entry, "says", str, file, where)))
    return tuple(found)


def _condition(row: Mapping[str, Any], file: str, at: str) -> Condition:
    found = Condition(words(row, "needs", file, at), words(row, "unless", file, at))
    for key in ("needs", "unless"):
        known_words(getattr(found, key), FACTS, "条件", file, f"{at}.{key}")
    return found
