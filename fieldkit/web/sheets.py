"""さまざまな届出: filling in the other forms of one applicant, and printing the whole set."""

from __future__ import annotations

from flask import Blueprint

screens = Blueprint("sheets", __name__)
