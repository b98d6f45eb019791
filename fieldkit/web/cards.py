"""カメラのカード: custody of numbered camera cards and the import of their shots."""

from __future__ import annotations

from flask import Blueprint

screens = Blueprint("cards", __name__)
