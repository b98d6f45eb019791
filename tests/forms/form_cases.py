"""What the form and paper tests share: fixed days, filled examples, and a PDF reader."""

from __future__ import annotations

import io
import subprocess
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from PIL import Image

from fieldkit.forms import load_form
from fieldkit.paper import deletion_list, print_form, receipt, slip, visit_sheet

FORMS = Path(__file__).resolve().parent.parent.parent / "forms"
TODAY = date(2026, 7, 1)
PRINTED_AT = datetime(2026, 7, 1, 10, 42, tzinfo=timezone(timedelta(hours=9)))
CODE = "7K3MQ9ZT4WXH2PBN8RDVYC5JFA"
OFFICE = {"issuer": "小樽市 出納員", "officer_title": "分任出納員", "officer": "佐藤 一郎"}
RECEIPT: dict[str, Any] = {
    "number": "OT-03-0001",
    "payer": "葛󠄀城　𠮷子",
    "amount": 2000,
    "breakdown": [("個人番号カード再交付手数料（特急発行）", 1800), ("電子証明書発行手数料", 200)],
    "paid_on": date(2026, 7, 1),
    "office": OFFICE,
    "printed_at": PRINTED_AT,
}
VISIT: dict[str, Any] = {
    "reception_no": 41,
    "half": "am",
    "order": 1,
    "postal": "047-0024",
    "address": "北海道小樽市花園９丁目９９番９号",
    "phone": "0134-00-0000",
    "parking": "yes",
    "notes": "犬がいます",
    "applicants": [{"name": "髙橋　ヴィ子", "kind_label": "更新"}, "葛󠄀城　𠮷子"],
}


def answers(**changes: str) -> dict[str, str]:
    return dict(load_form(FORMS, "kofu_shinsei").sample) | changes


def drawn_photo() -> bytes:
    """A picture without a person: a grey gradient of 35:45."""
    picture = Image.linear_gradient("L").resize((350, 450)).convert("RGB")
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=90)
    return out.getvalue()


def printed(**changes: str) -> bytes:
    return print_form(FORMS, "kofu_shinsei", answers(**changes), drawn_photo(), PRINTED_AT)


def every_paper() -> dict[str, bytes]:
    booking = VISIT | {"visit_date": "2026-07-01", "caller_name": "汐見　花子"}
    people = [{"name": "汐見　太郎", "birth": "1945-03-08", "kind": "lost", "photo_ok": "yes"}]
    row = {"reception_no": 1, "visit_date": "2026-07-01", "deleted_on": "2026-07-02"}
    trip: dict[str, Any] = {"code26": CODE, "fingerprint": "3f9a 77c1", "printed_at": PRINTED_AT}
    return {
        "form": printed(),
        "receipt": receipt(FORMS, **RECEIPT),
        "visit": visit_sheet(FORMS, day=date(2026, 7, 1), visits=[VISIT], **trip),
        "slip": slip(FORMS, booking, people, PRINTED_AT),
        "list": deletion_list(FORMS, [row], PRINTED_AT),
    }


def run_on_pdf(program: str, *options: str, pdf: bytes) -> str:
    """Run a poppler program on PDF bytes from standard input."""
    done = subprocess.run([program, *options], input=pdf, capture_output=True, check=True)
    return done.stdout.decode("utf-8")


def pdf_text(pdf: bytes) -> str:
    """The text layer without blanks: what a reader can copy out."""
    text = run_on_pdf("pdftotext", "-layout", "-", "-", pdf=pdf)
    return "".join(text.split())
