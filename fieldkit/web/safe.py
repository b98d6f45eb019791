"""金庫の控え: the key of the desk's or the office's container on paper. Supervisors only."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from fieldkit import container, office, paper, renew, reserve, safe
from fieldkit.city import city_fingerprint
from fieldkit.errors import BadInput, NotReady
from fieldkit.web.common import error_rows, kit, pdf, vault
from fieldkit.web.deletion import draw
from sync.ids import code_of

screens = Blueprint("safe", __name__)
SCREENS = {container.DESK: "予約受付", container.OFFICE: "全体の状況"}


OPEN = {container.DESK: reserve.open_desk, container.OFFICE: office.open_office}


@screens.get("/desk/key.pdf", defaults={"kind": container.DESK})
@screens.get("/office/key.pdf", defaults={"kind": container.OFFICE})
def key(kind: str) -> ResponseReturnValue:
    """The secret of the container in use, as QR and 26 characters."""
    kept, settings = OPEN[kind](vault()), kit().settings
    row = container.row(vault(), kind)
    made = datetime.fromisoformat(row["made_at"]) if row else settings.clock()
    safe.printed(vault(), kept.id)
    data = paper.safe_sheet(
        settings.forms_dir,
        code26=code_of(kept.secret),
        since=made.date(),
        until=(made + renew.LONGEST).date(),
        fingerprint=city_fingerprint(vault()),
        printed_at=settings.clock(),
        device=vault().device_id,
        container=kept.id[-12:],
        city=kit().city().city_name,
        name=container.NAMES[kind],
        screen=SCREENS[kind],
    )
    return pdf(data, safe.sheet_object(kept.id))


@screens.post("/deletion/safe/<trip_id>")
def shredded(trip_id: str) -> ResponseReturnValue:
    """Two people saw the old sheet shredded."""
    names = (request.form.get("shredded_by_1", ""), request.form.get("shredded_by_2", ""))
    try:
        safe.shredded(vault(), trip_id, names)
    except NotReady as error:
        return draw(error_rows([BadInput("shredded_by_2", error.sentence)]), 422)
    return redirect("/deletion")
