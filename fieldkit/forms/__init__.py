"""Forms as data: what is asked, when it is asked, and what a good answer is.

A form lives in `forms/<name>/` and is edited by the city without code: `form.md` (or
`form.xlsx`, an XLSForm), `layout.toml` (where each answer prints), `consent.ja.md` (the
versioned wording) and `sample.json` (the filled example, 001 §9(3)ケ).
"""

from fieldkit.forms.answers import flatten
from fieldkit.forms.form import Choice, Consent, Evaluated, Form, Page, Question, Repeat
from fieldkit.forms.load import list_forms, load_form

__all__ = [
    "Choice",
    "Consent",
    "Evaluated",
    "Form",
    "Page",
    "Question",
    "Repeat",
    "flatten",
    "list_forms",
    "load_form",
]
