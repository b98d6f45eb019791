"""The printed receipt of one number, and who stands on papers about cash."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask.typing import ResponseReturnValue

from fieldkit import paper, paper_log, people
from fieldkit.apply import Case
from fieldkit.errors import BadInput, KitError, NotReady
from fieldkit.rules.cash import PRINTED, Cash, approval_line
from fieldkit.rules.names import check_name
from fieldkit.store.cash import CHANGE
from fieldkit.web.common import kit, pdf, vault

PAPER = "receipt"


def wrong_payer(payer: str, cash: Cash) -> list[BadInput]:
    """A name that no receipt can carry is told before a number is used for it."""
    if not payer:
        return [BadInput("payer_name", "領収書のあて名を入れてください。")]
    try:
        check_name(payer, "payer_name")
        if cash.mode == PRINTED:
            paper.check_payer(kit().settings.forms_dir, payer)
    except BadInput as error:
        return [error]
    except KitError as error:
        return [BadInput("payer_name", error.sentence)]
    return []


def printed(case: Case, row: dict[str, Any]) -> ResponseReturnValue:
    if row["mode"] != PRINTED:
        raise NotReady("領収書は、紙の領収書つづりに書いてお渡しします。キットでは印刷しません。")
    with CHANGE:  # two windows: only one of them prints the first one
        return _one_print(case, row)


def _one_print(case: Case, row: dict[str, Any]) -> ResponseReturnValue:
    settings = kit().settings
    void, number = row["state"] == "spoiled", str(row["no"])
    payer, approval = _as_issued(case, number)
    again = paper_log.times_printed(vault(), number).get(PAPER, 0)
    data = paper.receipt(
        settings.forms_dir,
        number=number,
        payer=payer,
        amount=row["amount"],
        breakdown=[(str(label), int(yen)) for label, yen in row["breakdown"]],
        paid_on=date.fromisoformat(row["issued_at"][:10]),
        office={**office_of(row["officer"]), "approval": approval},
        printed_at=settings.clock(),
        void=void,
        again=0 if void else again,
    )
    if void:
        return pdf(data, number)
    paper_log.note_print(vault(), PAPER, "", number, "filled", 1)
    return pdf(data)


def office_of(officer: str) -> dict[str, str]:
    """Who received, by which title, for whom and by whose approval, as papers carry it."""
    city = kit().city()
    cash: Cash = city.cash
    cashier = city.offices.get("cashier", {})
    return {
        "issuer": str(cashier.get("receipt_issuer", city.city_name)),
        "account": city.fees.account_line,
        "officer_title": cash.title_of(officer, str(cashier.get("title", ""))),
        "officer": people.name_of(vault(), officer),
        "phone": city.phone("office"),
        "approval": approval_line(cash),
    }


def _as_issued(case: Case, number: str) -> tuple[str, str]:
    """The payer and the approval that one number was issued with: the receipt of today may name
    somebody else, and the setting may have changed."""
    body: dict[str, Any] = case.body
    found = {"payer": body.get("payer_name"), **(body.get("fee") or {})}
    if number != body.get("receipt_no"):
        found = next((x for x in body.get("spoiled") or [] if x.get("no") == number), found)
    payer = found.get("payer") or case.applicant.get("name")
    return str(payer), str(found.get("approval") or approval_line(kit().city().cash))
