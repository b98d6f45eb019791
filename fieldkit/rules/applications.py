"""Which papers an application needs, and what the desk has to say for its kind.

The papers follow the city's table (`forms/papers.toml`, rules.papers): the forms of 001
§9(3)(ア)–(コ) in the order in which they are handed in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fieldkit.errors import BadInput
from fieldkit.rules.papers import FACTS, KINDS, Needed, PapersTable
from fieldkit.rules.tables import guess

__all__ = ["KINDS", "ApplicationCase", "Needed", "facts_of", "papers_needed", "script_points"]


@dataclass(frozen=True)
class ApplicationCase:
    """What decides the papers. `reason_code` refines kind "other" (see forms/fees.toml).

    `facts` adds (True) or takes away (False) any fact of papers.FACTS; what it says goes before
    everything that follows from the other fields.
    """

    kind: str
    reason_code: str = ""
    has_photo_id: bool = True
    wants_insurance: bool = False
    face_auth: bool = False
    tsuchi_card_lost: bool = False
    has_juki_card: bool = False
    mail_elsewhere: bool = False
    facts: Mapping[str, bool] = field(default_factory=dict)


def facts_of(case: ApplicationCase, table: PapersTable) -> frozenset[str]:
    """Every fact that holds for `case`; BadInput for one that papers.FACTS does not know."""
    for name in case.facts:
        if name not in FACTS:
            says = f"書類の表にない条件です。{guess(name, FACTS)}"
            raise BadInput(name, says)
    said = {
        "no_photo_id": not case.has_photo_id,
        "wants_insurance": case.wants_insurance,
        "face_auth": case.face_auth,
        "notice_card_lost": case.tsuchi_card_lost,
        "juki_card_held": case.has_juki_card,
        "mail_elsewhere": case.mail_elsewhere,
        **dict.fromkeys(table.card_facts(case.kind, case.reason_code), True),
        **case.facts,
    }
    return frozenset(name for name, holds in said.items() if holds)


def papers_needed(case: ApplicationCase, table: PapersTable) -> tuple[Needed, ...]:
    """The forms for one applicant, in the order in which they are handed in."""
    return table.needed(case.kind, facts_of(case, table))


def script_points(
    kind: str, fee_text: str = "", city: Mapping[str, tuple[str, ...]] | None = None
) -> tuple[str, ...]:
    """What the operator must say for `kind`, one sentence each (001 §8(2)オ(ア)c and カ).

    `fee_text` is the amount from the city's table (e.g. "2,000円"); `city` replaces the wording
    for the kinds it lists. An unknown kind gets the bring-list only.
    """
    if city and kind in city:
        return city[kind]
    fee = f"再交付手数料{fee_text}" if fee_text else "再交付手数料"
    bring = "当日の持ち物（本人確認書類など）をご案内します。"
    if kind == "renew":
        return (
            "申請のときに、いまのマイナンバーカードを回収します。",
            "カードをマイナ保険証として使っていて資格確認書をお持ちでない場合は、"
            "ご加入の健康保険の保険者に連絡して、申請日までに資格確認書を受け取ってください。",
            "本人確認は、いまのマイナンバーカードで行います。",
            bring,
        )
    if kind in ("lost", "damaged"):
        return (
            "マイナンバー総合フリーダイヤルに連絡して、カードの一時停止をしてください。",
            "状況に応じて、警察への届出をしてください。",
            f"{fee}を当日お支払いいただきます。",
            "職員はつり銭を持っていません。お釣りの出ないようにご用意ください。",
            "基本的に特急発行で再申請します。",
            "状況に応じて、資格確認書の受け取り方をご説明します。",
            bring,
        )
    return (bring,)
