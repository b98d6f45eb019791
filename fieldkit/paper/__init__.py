"""Paper: the application form, the receipt, the visit sheet, the slip and the list, as PDF.

Every paper is PDF/A-2u with embedded fonts, the same bytes for the same input, and made in
memory only: no photo, name or number of an applicant is ever written to a temporary file.
A character that no font can draw stops the print with a sentence; it is never a box on paper.
"""

from fieldkit.paper.batch import Batch, BatchItem, Cover, CoverRow, print_batch
from fieldkit.paper.certificate import deletion_certificate
from fieldkit.paper.desk import deletion_list, slip
from fieldkit.paper.engine import Overflow
from fieldkit.paper.money import check_payer, receipt
from fieldkit.paper.obstacles import CannotPrint, Problem
from fieldkit.paper.safe import safe_sheet
from fieldkit.paper.sheet import Item
from fieldkit.paper.single import overflows, print_form, print_item, problems
from fieldkit.paper.trip import visit_sheet

__all__ = [
    "Batch",
    "BatchItem",
    "CannotPrint",
    "Cover",
    "CoverRow",
    "Item",
    "Overflow",
    "Problem",
    "check_payer",
    "deletion_certificate",
    "deletion_list",
    "overflows",
    "print_batch",
    "print_form",
    "print_item",
    "problems",
    "receipt",
    "safe_sheet",
    "slip",
    "visit_sheet",
]
