"""What a card costs, why, and whether it can still be issued by express.

001 §8(2)オ(ア)c(b): lost or damaged by own fault costs money on the day, normally by express
issue, and staff carry no change. First issue and renewal are free. An exemption needs a reason
code and a note of the proof seen; a free re-issue without both does not exist. Express issue
runs on a clock of 30 days from the report; a
visit booked two weeks ahead may come too late, and then the normal fee applies.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from fieldkit.rules.express import check_age, check_ground, clock_of
from fieldkit.rules.fee_table import FeeTable, Reason
from fieldkit.rules.tables import guess
from fieldkit.rules.verdict import Allowed, Refused
from fieldkit.rules.wareki import wareki

_CLAUSE = "001 §8(2)オ(ア)c(b)"
_ASK = "担当課に電話で確かめ、その答えで手数料を決める。"
REISSUE = ("lost", "damaged", "other")
"""Kinds of application where 0 yen always needs a reason and a note of the proof."""
_FREE_REISSUE = "無料とする根拠（確かめた書類と内容）の記録"
_NOTHING = ("なし", "無し", "無", "ない", "不明", "未確認", "特になし")


@dataclass(frozen=True)
class FeeCase:
    """One applicant on one day.

    `reason_code` may be empty: then the kind decides (new, renew, lost, damaged). `express`
    None means the city's custom: re-issue goes by express where the reason and the clock allow
    it, everything else does not.
    `certificate` is False when the applicant wants no certificate at all. `birth` lets reasons
    with an age limit (under 1) be judged.
    """

    kind: str
    day: date
    reason_code: str = ""
    express: bool | None = None
    certificate: bool = True
    evidence: str = ""
    loss_report_date: date | None = None
    old_card_returned: bool | None = None
    birth: date | None = None


@dataclass(frozen=True)
class Fee:
    """What to take: whole yen, the lines that add up to it, and the sentence to say.

    `evidence` is the note of the proof that made it free, or "".
    """

    yen: int
    breakdown: tuple[tuple[str, int], ...]
    reason_code: str
    says: str
    express: bool = False
    certificate: bool = True
    evidence: str = ""


@dataclass(frozen=True)
class NeedsEvidence:
    """Free of charge only after `asks` was seen and noted; `otherwise` is the fee until then."""

    reason_code: str
    asks: str
    says: str
    otherwise: Fee


def fee_for(case: FeeCase, table: FeeTable) -> Fee | NeedsEvidence | Refused:
    """The fee of `case` by the city's table; never a guess.

    Refused: unknown kind or reason, express asked for without a ground (renewal, ordinary first
    issue), a day without a price, a case that the city office decides.
    """
    reason = _reason_of(case, table)
    if isinstance(reason, Refused):
        return reason
    if table.price_on(case.day) is None:
        says = f"{wareki(case.day)}の料金が料金表にありません。担当課に確かめてください。"
        return Refused(says, _CLAUSE, (_ASK,))
    if reason.charge == "ask":
        return Refused(f"{reason.says}担当課に確かめてください。", _CLAUSE, (_ASK,))
    if case.birth and case.birth > case.day:
        return Refused("生年月日が申請の日より後です。", _CLAUSE, ("生年月日を確かめる。",))
    if case.birth and (too_old := check_age(reason, case.birth, case.day)):
        return too_old
    express, note = _express(case, reason, table)
    if isinstance(express, Refused):
        return express
    if reason.charge == "yes":
        return _charged(case, reason, table, express, reason.says, note)
    if reason.old_card and case.old_card_returned is False:
        says = f"{reason.label}ですが、古いカードを回収できないので有料です。"
        return _charged(case, reason, table, express, says, note)
    asks = reason.evidence or (_FREE_REISSUE if case.kind in REISSUE else "")
    if asks and not says_something(case.evidence):
        until = _charged(case, reason, table, express, "確認できるまでは有料です。", note)
        says = f"{reason.label}で無料にするには、{asks}が必要です。"
        return NeedsEvidence(reason.code, asks, says, until)
    line = (f"{reason.label}（無料）", 0)
    seen = case.evidence.strip() if asks else ""
    return Fee(0, (line,), reason.code, reason.says + note, express, case.certificate, seen)


def says_something(evidence: str) -> bool:
    """A note of proof has at least one letter or digit and does not just say "none"."""
    text = evidence.strip(" 　。、.,")
    return any(char.isalnum() for char in text) and text not in _NOTHING


def check_tendered(fee: Fee, tendered: int, table: FeeTable) -> Allowed | Refused:
    """Accept the exact amount only (001 §8(2)オ(ア)c(b): staff bring no change)."""
    if tendered == fee.yen:
        return Allowed(f"{fee.yen:,}円ちょうどを受け取りました。" if fee.yen else "無料です。")
    want = f"手数料は{fee.yen:,}円です。"
    if fee.yen == 0:
        return Refused("この申請は無料です。お金は受け取らないでください。", _CLAUSE, ("0円",))
    if tendered > fee.yen:
        say = f"{want}{tendered - fee.yen:,}円多いです。{table.carry_change}"
        return Refused(f"{say}ちょうどの金額をお願いしてください。", _CLAUSE, (f"{fee.yen:,}円",))
    say = f"{want}あと{fee.yen - tendered:,}円足りません。"
    return Refused(say, _CLAUSE, (f"{fee.yen:,}円",))


def _reason_of(case: FeeCase, table: FeeTable) -> Reason | Refused:
    code = case.reason_code or table.reason_for(case.kind, case.birth, case.day)
    if not code:
        says = "手数料を決める理由が選ばれていません。再交付の理由を選んでください。"
        return Refused(says, _CLAUSE, _labels(table))
    if code not in table.reasons:
        says = f"この理由は料金表にありません。{guess(code, table.reasons)}"
        return Refused(says, _CLAUSE, _labels(table))
    return table.reasons[code]


def _labels(table: FeeTable) -> tuple[str, ...]:
    return tuple(reason.label for reason in table.reasons.values())


def _express(case: FeeCase, reason: Reason, table: FeeTable) -> tuple[bool | Refused, str]:
    """(express or not, what to add to the sentence)."""
    if case.express is False:
        return False, ""
    if refused := check_ground(reason, case.day, table):
        return (False if case.express is None else refused), ""
    first = case.kind not in REISSUE and reason.charge == "no" and not reason.evidence
    if case.express is None and first:
        return False, ""
    if not reason.clock:
        return True, ""
    if case.loss_report_date is None:
        note = f"{reason.clock}を記録してください（30日以内だけ特急発行できます）。"
        note = note.replace("30", str(table.express_days))
        return True, note
    left = clock_of(reason, case.loss_report_date, case.day, table)
    return (left, "") if isinstance(left, Refused) else (left.open, left.says)


def _charged(
    case: FeeCase, reason: Reason, table: FeeTable, express: bool, says: str, note: str
) -> Fee:
    price = table.price_on(case.day)
    assert price is not None
    card = price.express_card if express and price.express_card is not None else price.normal_card
    kind = "特急" if express else "通常"
    lines = [(f"カード再交付（{kind}発行）", card)]
    if case.certificate:
        lines.append(("電子証明書", price.certificate))
    yen = sum(amount for _, amount in lines)
    parts = "＋".join(f"{label} {amount:,}円" for label, amount in lines)
    sentence = f"{says}{yen:,}円（{parts}）です。{note}"
    return Fee(yen, tuple(lines), reason.code, sentence, express, case.certificate)
