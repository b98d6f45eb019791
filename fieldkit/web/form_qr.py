"""申請書ID: read from the QR of the applicant's form, or typed twice."""

from __future__ import annotations

from flask import Blueprint

screens = Blueprint("form_qr", __name__)
