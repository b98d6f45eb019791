"""写真の出力: print sheets, the contact sheet, the file for the online application."""

from __future__ import annotations

from flask import Blueprint

screens = Blueprint("prints", __name__)
