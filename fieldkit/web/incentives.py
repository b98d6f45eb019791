"""謝礼: one gift a person, up to the city's limit, with the list for signatures."""

from __future__ import annotations

from flask import Blueprint

screens = Blueprint("incentives", __name__)
