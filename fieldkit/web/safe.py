"""金庫の控え: the desk's key on paper for a day with no line. Supervisors only."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from fieldkit import paper, renew, reserve, safe
from fieldkit.city import city_fingerprint
from fieldkit.errors import BadInput, NotReady
from fieldkit.web.common import error_rows, kit, pdf, vault
from fieldkit.web.deletion import draw
from sync.ids import code_of

screens = Blueprint("safe", __name__)


@screens.get("/desk/key.pdf")
def key() -> ResponseReturnValue:
    """The secret of the container in use, as QR and 26 characters."""
    desk, settings = reserve.open_desk(vault()), kit().settings
    row = reserve.desk_row(vault())
    made = datetime.fromisoformat(row["made_at"]) if row else settings.clock()
    safe.printed(vault(), desk.id)
    data = paper.safe_sheet(
        settings.forms_dir,
        code26=code_of(desk.secret),
        since=made.date(),
        until=(made + renew.LONGEST).date(),
        fingerprint=city_fingerprint(vault()),
        printed_at=settings.clock(),
        device=vault().device_id,
        container=desk.id[-12:],
        city=kit().city().city_name,
    )
    return pdf(data, safe.sheet_object(desk.id))


@screens.post("/deletion/safe/<trip_id>")
def shredded(trip_id: str) -> ResponseReturnValue:
    """Two people saw the old sheet shredded."""
    names = (request.form.get("shredded_by_1", ""), request.form.get("shredded_by_2", ""))
    try:
        safe.shredded(vault(), trip_id, names)
    except NotReady as error:
        return draw(error_rows([BadInput("shredded_by_2", error.sentence)]), 422)
    return redirect("/deletion")
