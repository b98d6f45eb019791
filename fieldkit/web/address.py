"""Where the screens of one applicant are."""

from __future__ import annotations

from fieldkit.case import Case


def base_of(case: Case) -> str:
    """The address of an applicant's task list; all their other screens lie below it."""
    return f"/visit/{case.slip.reservation.id}/a/{case.applicant.id}"
