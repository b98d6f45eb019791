"""書類の印刷: the application form and the receipt as PDF, and the list of what else is needed."""

from __future__ import annotations

from datetime import date

from flask import Blueprint
from flask.typing import ResponseReturnValue

from fieldkit import apply, money, paper, visit
from fieldkit.apply import FORM, Case
from fieldkit.errors import KitError, NotReady
from fieldkit.forms import list_forms
from fieldkit.store import photos
from fieldkit.web.common import kit, page, pdf, vault
from fieldkit.web.visits import case_of, frame

screens = Blueprint("papers", __name__)


@screens.get("/visit/<rid>/a/<aid>/papers")
def show(rid: str, aid: str) -> ResponseReturnValue:
    case = case_of(rid, aid)
    base = f"/visit/{rid}/a/{aid}/papers"
    there = list_forms(kit().settings.forms_dir)
    needed = [
        {
            "form_ja": n.label,
            "reason": n.reason,
            "url": f"{base}/application.pdf" if n.form == FORM and n.form in there else None,
        }
        for n in apply.needed_papers(case, kit().city())
    ]
    return page(
        "visit/papers.html",
        application_pdf=f"{base}/application.pdf" if case.state.complete else None,
        receipt_pdf=f"{base}/receipt.pdf" if case.body.get("receipt_no") else None,
        needed=needed,
        **frame(case),
    )


def _photo(case: Case) -> bytes | None:
    """The chosen photo, while it can still be shown; afterwards the box stays empty."""
    photo_id = str(case.body.get("photo_id", ""))
    try:
        return photos.show(vault(), photo_id) if photo_id else None
    except KitError:
        return None


@screens.get("/visit/<rid>/a/<aid>/papers/application.pdf")
def application(rid: str, aid: str) -> ResponseReturnValue:
    case = case_of(rid, aid)
    if not case.state.complete:
        raise NotReady("申請書の記入が終わると印刷できます。")
    settings, city = kit().settings, kit().city()
    no_photo = city.photo.no_photo.printed if apply.no_photo(case, city) else ""
    photo = None if no_photo else _photo(case)
    data = paper.print_form(
        settings.forms_dir, FORM, case.answers, photo, settings.clock(), no_photo
    )
    if case.slip.reservation.get("state") != "visited":
        visit.save_application(vault(), case.trip, case.applicant, {"papers_printed": True})
    return pdf(data, aid)


@screens.get("/visit/<rid>/a/<aid>/papers/receipt.pdf")
def receipt(rid: str, aid: str) -> ResponseReturnValue:
    case = case_of(rid, aid)
    row = money.receipt_row(vault(), str(case.body.get("receipt_no", "")))
    if row is None:
        raise NotReady("手数料を受け取ると、領収書を印刷できます。")
    settings, city = kit().settings, kit().city()
    cashier = city.offices.get("cashier", {})
    office = {
        "issuer": str(cashier.get("receipt_issuer", city.city_name)),
        "account": city.fees.account_line,
        "officer_title": str(cashier.get("title", "")),
        "officer": vault().user.name,
        "phone": city.phone("office"),
    }
    data = paper.receipt(
        settings.forms_dir,
        number=row["no"],
        payer=str(case.body.get("payer_name", "")),
        amount=row["amount"],
        breakdown=[(str(label), int(yen)) for label, yen in row["breakdown"]],
        paid_on=date.fromisoformat(row["issued_at"][:10]),
        office=office,
        printed_at=settings.clock(),
        void=row["state"] == "spoiled",
    )
    return pdf(data, row["no"])
