"""様式と記入例: every form as a blank and as a filled example, and the letters to facilities."""

from __future__ import annotations

from flask import Blueprint

screens = Blueprint("form_shelf", __name__)
