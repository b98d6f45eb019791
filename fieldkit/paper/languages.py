"""The languages that a paper's own words may be in, and those in which one form has them."""

from __future__ import annotations

from fieldkit.forms.form import Form
from fieldkit.paper.layout_keys import OTHER_LANGUAGES

LANGUAGES = {"ja": "日本語", "easy": "やさしい日本語", "en": "English"}
"""Each language with its name as people read it, Japanese first."""


def languages_of(form: Form) -> tuple[str, ...]:
    """The languages of the form's texts and of its layout's second wordings; Japanese always is."""
    texts = {key.rpartition(".")[2] for key in form.wordings}
    entries = [entry for rows in form.layout.values() if isinstance(rows, list) for entry in rows]
    keys = {key for entry in entries if isinstance(entry, dict) for key in entry}
    spoken = {one for one in OTHER_LANGUAGES if any(key.endswith(f"_{one}") for key in keys)}
    return tuple(one for one in LANGUAGES if one == "ja" or one in texts | spoken)
