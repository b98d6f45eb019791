"""更新: may the card in hand be renewed today, and does its holder have something for the doctor?

The last day stands on the card and is asked at the visit. A renewal is accepted in the last
months of validity only; a card that has expired is re-issued for a fee that the city decides
(forms/validity.toml; domain §2.7, §5.2).
"""

from __future__ import annotations

from fieldkit.case import Case, applicant_kind
from fieldkit.citydata import CityData
from fieldkit.rules.renewal import check_insurance, check_renewal
from fieldkit.rules.verdict import Allowed, Refused
from fieldkit.rules.wareki import iso_day

CARD_UNTIL = "card_until"
"""The question for the last day of the card in hand."""


def judged(until: str, case: Case, city: CityData) -> Allowed | Refused | None:
    """Today against a last day (ISO); None where there is none, or no card is renewed."""
    last = iso_day(until)
    if last is None or applicant_kind(case) != "renew":
        return None
    return check_renewal(last, case.today, city.validity)


def refused(case: Case, city: CityData) -> Refused | None:
    """Why the card of these answers cannot be renewed today, or None."""
    found = judged(case.state.values.get(CARD_UNTIL, ""), case, city)
    return found if isinstance(found, Refused) else None


def without_insurance(case: Case) -> Refused | None:
    """What is open of the question about マイナ保険証, where the old card is collected."""
    if applicant_kind(case) != "renew" or case.state.values.get("old_card") == "no":
        return None
    uses, has = (str(case.applicant.get(n)) for n in ("uses_as_insurance", "has_shikaku"))
    found = check_insurance(uses, has)
    return found if isinstance(found, Refused) else None
