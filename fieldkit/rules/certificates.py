"""Which certificates a card gets, and which boxes of the PIN sheet the applicant has to write.

By age, ward and face-authentication (municipal tables; domain sources W36, W43–W49): under 15 and
adult wards get no signature certificate; a face-authentication card has the authentication
certificate and no PIN at all. Only the set of boxes is derived: no PIN is ever known here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from fieldkit.rules.validity_table import PinBox, ValidityTable, row_on
from fieldkit.rules.verdict import Refused
from fieldkit.rules.wareki import age_on, wareki

_SIGN, _AUTH = "署名用電子証明書", "利用者証明用電子証明書"


@dataclass(frozen=True)
class CertificateCase:
    """One applicant; `day` is the application day. `sign` and `auth` are the applicant's wishes."""

    birth: date
    day: date
    ward: bool = False
    face_auth: bool = False
    sign: bool = True
    auth: bool = True


@dataclass(frozen=True)
class Certificates:
    """What is issued, with a sentence for each rule that decided against the wish.

    `boxes` are the boxes of the PIN sheet that must be written; `writer` is who writes them:
    "self", "legal" (the legal representative) or "" (nobody: face-authentication).
    """

    sign: bool
    auth: bool
    reasons: tuple[str, ...]
    boxes: tuple[PinBox, ...]
    writer: str
    says: str


def certificates_for(case: CertificateCase, table: ValidityTable) -> Certificates | Refused:
    """The certificates of `case` by the rules of the day."""
    if case.day < case.birth:
        return Refused("生年月日が申請の日より後です。", "", ("生年月日を確かめる。",))
    rule, pins = row_on(table.certificates, case.day), row_on(table.pins, case.day)
    if rule is None or pins is None:
        says = f"{wareki(case.day)}の電子証明書の決まりが validity.toml にありません。"
        return Refused(says, "", ("担当課に電話で確かめる。",))
    young = age_on(case.birth, case.day) < rule.sign_min_age
    sign, auth, reasons = case.sign, case.auth, []
    if case.face_auth:
        sign, auth = False, True
        reasons.append(f"顔認証のカードに{_SIGN}は付きません。{_AUTH}は必ず付きます。")
    if young:
        sign = False
        reasons.append(f"{rule.sign_min_age}歳未満の方に{_SIGN}は発行しません。")
    if case.ward and not rule.sign_for_ward:
        sign = False
        reasons.append(f"成年被後見人の方に{_SIGN}は発行しません。")
    wanted = {"card": True, "sign": sign, "auth": auth}
    boxes = tuple(box for box in pins.boxes if wanted[box.needed_for] and not case.face_auth)
    writer = "" if case.face_auth else ("legal" if young or case.ward else "self")
    return Certificates(sign, auth, tuple(reasons), boxes, writer, _says(sign, auth, boxes, writer))


def _says(sign: bool, auth: bool, boxes: tuple[PinBox, ...], writer: str) -> str:
    issued = [label for label, given in ((_SIGN, sign), (_AUTH, auth)) if given]
    first = f"{'と'.join(issued)}を発行します。" if issued else "電子証明書は発行しません。"
    if not boxes:
        return first + "暗証番号は設定しません。"
    who = "法定代理人" if writer == "legal" else "ご本人"
    numbers = "・".join(box.label for box in boxes)
    return f"{first}暗証番号設定依頼書には、{who}が次の欄を書きます：{numbers}。"
