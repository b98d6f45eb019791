"""Which papers an application needs, and what the desk has to say for its kind.

The list follows the forms of 001 §9(3)(ア)–(ク) in the order of the welfare-facility manual. The
grid "which form when" is derived and should be confirmed by the city.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

FORMS: Mapping[str, str] = {
    "kofu_shinsei": "個人番号カード交付申請書 兼 電子証明書発行/更新申請書",
    "pin_sofu": "個人番号カード・電子証明書暗証番号設定依頼書 兼 "
    "個人番号カード送付先情報登録申請書",
    "kao_shomei": "個人番号カード顔写真証明書",
    "hoken_doi": "マイナンバーカードの健康保険証利用の申込みに関する同意書",
    "funshitsu": "個人番号カード紛失・廃止届 電子証明書 失効申請/秘密鍵漏えい等届出書",
    "henno": "個人番号カード返納届 電子証明書 失効申請書",
    "tsuchi_funshitsu": "通知カード紛失届",
    "juki_henno": "住民基本台帳カード返納届",
}
KINDS = {"new": "新規", "renew": "更新", "lost": "紛失", "damaged": "破損等", "other": "その他"}
GONE = ("LOST", "STOLEN", "BURNT")


@dataclass(frozen=True)
class ApplicationCase:
    """What decides the papers. `reason_code` refines kind "other" (see forms/fees.toml)."""

    kind: str
    reason_code: str = ""
    has_photo_id: bool = True
    wants_insurance: bool = False
    face_auth: bool = False
    tsuchi_card_lost: bool = False
    has_juki_card: bool = False
    mail_elsewhere: bool = False


@dataclass(frozen=True)
class Needed:
    """One form (key of FORMS) and, in Japanese, why it is needed."""

    form: str
    reason: str

    @property
    def label(self) -> str:
        """The form's full name."""
        return FORMS[self.form]


def papers_needed(case: ApplicationCase) -> tuple[Needed, ...]:
    """The forms for one applicant, in the order in which they are handed in."""
    return tuple(
        Needed(form, reason)
        for form, reason in (
            ("kofu_shinsei", "すべての申請に必要です。"),
            ("pin_sofu", _pin_reason(case)),
            ("kao_shomei", _face_proof_reason(case)),
            ("hoken_doi", _insurance_reason(case)),
            ("funshitsu", "カードが手元にないため。" if _card_gone(case) else ""),
            ("henno", "古いカードを回収するため。" if _card_in_hand(case) else ""),
            ("tsuchi_funshitsu", _notice_reason(case)),
            ("juki_henno", "住民基本台帳カードを回収するため。" if _juki(case) else ""),
        )
        if reason
    )


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


def _pin_reason(case: ApplicationCase) -> str:
    parts = ["暗証番号は設定しない旨を書きます（顔認証）。"] if case.face_auth else []
    parts = parts or ["暗証番号の設定を市に依頼するため。"]
    if case.mail_elsewhere:
        parts.append("送付先の欄も書きます。")
    return "".join(parts)


def _face_proof_reason(case: ApplicationCase) -> str:
    if case.has_photo_id or _card_in_hand(case):
        return ""
    return "顔写真つきの本人確認書類がないため。"


def _insurance_reason(case: ApplicationCase) -> str:
    if case.wants_insurance:
        return "健康保険証としての利用を希望するため。"
    return "顔認証カードでは、希望があれば申し込むことをおすすめします。" if case.face_auth else ""


def _notice_reason(case: ApplicationCase) -> str:
    """The notification card was already handed in by anyone who held a card."""
    return "通知カードをなくしたため。" if case.kind == "new" and case.tsuchi_card_lost else ""


def _juki(case: ApplicationCase) -> bool:
    return case.kind == "new" and case.has_juki_card


def _card_gone(case: ApplicationCase) -> bool:
    return case.kind == "lost" or case.reason_code in GONE


def _card_in_hand(case: ApplicationCase) -> bool:
    return case.kind in ("renew", "damaged", "other") and not _card_gone(case)
