"""Every look of every page template: its name, its template, its context."""

from __future__ import annotations

from tests.web.style.page_cards_looks import CARDS_LOOKS
from tests.web.style.page_carry_looks import CARRY_LOOKS
from tests.web.style.page_conflicts_looks import CONFLICT_LOOKS
from tests.web.style.page_office_looks import OFFICE_LOOKS
from tests.web.style.page_outbox_looks import OUTBOX_LOOKS
from tests.web.style.page_overview_looks import OVERVIEW_LOOKS
from tests.web.style.page_papers_looks import PAPERS_LOOKS
from tests.web.style.page_people import BASE, Context
from tests.web.style.page_questions import ID_ERROR
from tests.web.style.page_shelf_looks import SHELF_LOOKS
from tests.web.style.page_tally_looks import TALLY_LOOKS
from tests.web.style.page_visit_looks import VISIT_LOOKS

__all__ = ["BASE", "ID_ERROR", "PAGES"]
PAGES: dict[str, tuple[str, Context]] = {
    **VISIT_LOOKS,
    **OFFICE_LOOKS,
    **OUTBOX_LOOKS,
    **CARDS_LOOKS,
    **CARRY_LOOKS,
    **PAPERS_LOOKS,
    **SHELF_LOOKS,
    **TALLY_LOOKS,
    **CONFLICT_LOOKS,
    **OVERVIEW_LOOKS,
}
