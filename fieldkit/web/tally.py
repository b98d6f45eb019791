"""日計表: the day's receipts against the cash counted, by denomination, with two names."""

from __future__ import annotations

from flask import Blueprint

screens = Blueprint("tally", __name__)
