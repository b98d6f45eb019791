"""Paper: the application form, the receipt, the visit sheet, the slip and the list, as PDF.

Every paper is PDF/A-2u with embedded fonts, the same bytes for the same input, and made in
memory only: no photo, name or number of an applicant is ever written to a temporary file.
A character that no font can draw stops the print with a sentence; it is never a box on paper.
"""

from fieldkit.paper.certificate import deletion_certificate
from fieldkit.paper.desk import deletion_list, slip
from fieldkit.paper.engine import Overflow
from fieldkit.paper.money import receipt
from fieldkit.paper.safe import safe_sheet
from fieldkit.paper.sheet import overflows, print_form, print_from_answers
from fieldkit.paper.trip import visit_sheet

__all__ = [
    "Overflow",
    "deletion_certificate",
    "deletion_list",
    "overflows",
    "print_form",
    "print_from_answers",
    "receipt",
    "safe_sheet",
    "slip",
    "visit_sheet",
]
