"""What a closed visit leaves behind for the reports: counts, kinds and yen, nobody in them."""

from __future__ import annotations

from fieldkit.reserve import Slip
from fieldkit.store import facts
from fieldkit.store.record_rows import Record
from fieldkit.store.vault import Vault


def note_application(
    vault: Vault, found: Slip, applicant: Record, now: Record | None, kind: str, day: str
) -> None:
    """Count one applicant of a visit that is closed on `day`; `now` is the application.

    The money stands on the receipt's own day, as in its 日計表.
    """
    state = now.get("state") if now else "declined"
    dims = {
        "kind": kind,
        "place": str(found.reservation.get("place", "home")),
        "district": str(found.reservation.get("district", "")),
        "half": str(found.reservation.get("half", "")),
        "outcome": str(state),
    }
    fee = (now.get("fee") or {}) if now else {}
    paid = vault.book.one(
        "SELECT amount, substr(issued_at, 1, 10) AS day FROM money"
        " WHERE application_id = ? AND state = 'issued'",
        applicant.id,
    )
    if state == "confirmed":
        facts.note(vault.book, f"{applicant.id}:application", "application", day, dims)
    else:
        facts.note(vault.book, f"{applicant.id}:set_aside", "set_aside", day, dims)
    if paid:
        fact_id = f"{applicant.id}:fee"
        facts.note(vault.book, fact_id, "fee", paid["day"], dims, paid["amount"])
    elif state == "confirmed" and fee.get("by") and dims["kind"] not in ("new", "renew"):
        free = {"reason": str(fee.get("reason_code", "")), "officer": str(fee["by"])}
        facts.note(vault.book, f"{applicant.id}:fee_free", "fee_free", day, free)
