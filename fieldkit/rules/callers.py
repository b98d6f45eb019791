"""Who may book a home visit (001 §8(2)オ).

The applicant, family living in the same home, a relative within the third degree, or someone
whom the applicant asked and who phones in the applicant's presence. Anyone else is asked,
kindly, to call again with the applicant beside them.
"""

from __future__ import annotations

from collections.abc import Mapping

from fieldkit.rules.verdict import Allowed, Refused

CLAUSE = "001 §8(2)オ"
RELATIONS: Mapping[str, str] = {
    "self": "本人",
    "household": "同居する家族",
    "third_degree": "三親等以内の親族",
    "beside": "本人に頼まれ、本人の目の前で電話している方",
    "other": "その他の方",
}


def may_book(
    relation: str, place: str = "home", applicant_beside: bool = False
) -> Allowed | Refused:
    """May a caller of this `relation` (a key of RELATIONS) book at `place` (home or facility)?

    `applicant_beside` turns "other" into "beside". A facility asks through its own staff, and
    the manager calls back (001 §8(2)オ(イ)).
    """
    if place == "facility":
        return Allowed("施設からの希望として受け付け、後ほど管理者から連絡します。")
    if relation not in RELATIONS:
        return Refused(
            "電話をかけている方と申請者との関係を選んでください。",
            CLAUSE,
            nearest=("「ご本人とどのようなご関係ですか」とうかがって選ぶ。",),
        )
    if relation == "other" and applicant_beside:
        relation = "beside"
    if relation == "other":
        return Refused(
            "ご本人・同居のご家族・三親等以内の親族以外の方からの予約は、"
            "ご本人のいるところでお電話いただく必要があります。",
            CLAUSE,
            nearest=(
                "ご本人のそばから、あらためてお電話をお願いする。",
                "ご本人に電話を代わっていただく。",
            ),
        )
    if relation == "beside":
        return Allowed("ご本人が目の前にいることを確かめて、「本人が同席」に印を付けてください。")
    return Allowed(f"{RELATIONS[relation]}からの予約として受け付けられます。")
