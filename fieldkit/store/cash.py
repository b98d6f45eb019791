"""The steps of one receipt number: begun, its record reaches the application, issued or spoiled.

What a kill cut off is settled from two facts alone, the row and the application: a number that the
application knows is issued, another one is spoiled (reason `interrupted`) and never used again.
The same for a spoiling that was begun. Only the trip can say it, so it is done when a trip opens.
"""

from __future__ import annotations

import contextlib
import json
import threading
from typing import TYPE_CHECKING, Any

from fieldkit.errors import KitError
from fieldkit.store.opentrip import OpenTrip
from sync import fail

if TYPE_CHECKING:
    from fieldkit.store.vault import Vault

CHANGE = threading.RLock()
"""One receipt at a time: a begun row that somebody else sees is one that a kill left."""
INTERRUPTED = "interrupted"


def begin(vault: Vault, trip: OpenTrip, applicant_id: str, values: dict[str, Any]) -> str:
    """Reserve the next number for an applicant; returns it, e.g. `K01-00001`.

    `values` are the columns amount, breakdown, mode and paper_no.
    """
    with vault.book.write() as conn:
        last = conn.execute("SELECT coalesce(max(number), 0) AS n FROM money").fetchone()["n"]
        no = f"{vault.device_id}-{last + 1:05d}"
        conn.execute(
            "INSERT INTO money (no, number, application_id, amount, breakdown, mode, paper_no,"
            " state, officer, issued_at, trip_id) VALUES (?, ?, ?, ?, ?, ?, ?, 'begun', ?, ?, ?)",
            (no, last + 1, applicant_id, values["amount"], values["breakdown"], values["mode"],
             values["paper_no"], vault.user.id, vault.now(), trip.id),
        )  # fmt: skip
    return no


def issue(vault: Vault, no: str) -> None:
    """The record is in the application: the number counts. Repeating it changes nothing."""
    with vault.book.write() as conn:
        done = conn.execute(
            "UPDATE money SET state = 'issued' WHERE no = ? AND state = 'begun'", (no,)
        )
        if done.rowcount:
            row = conn.execute("SELECT amount FROM money WHERE no = ?", (no,)).fetchone()
            vault.note("fee_received", no, f"yen={row['amount']}")


def spoil(vault: Vault, no: str, reason: str) -> None:
    """書損: the number stays in its place for ever with a code of why."""
    act = "receipt_interrupted" if reason == INTERRUPTED else "receipt_spoiled"
    with vault.book.write() as conn:
        done = conn.execute(
            "UPDATE money SET state = 'spoiled', reason = ? WHERE no = ? AND state <> 'spoiled'",
            (reason, no),
        )
        if done.rowcount:
            vault.note(act, no, reason or "ok")


def settle(vault: Vault, trip: OpenTrip) -> None:
    """Finish what a kill left half done in this trip. A full disk leaves it for the next time."""
    with CHANGE, contextlib.suppress(KitError):
        for row in vault.book.all(
            "SELECT no, state, application_id FROM money WHERE state <> 'spoiled' AND trip_id = ?",
            trip.id,
        ):
            body = _application(trip, row["application_id"])
            spoiled = {str(one["no"]): one for one in body.get("spoiled") or []}
            if row["no"] in spoiled:
                spoil(vault, row["no"], str(spoiled[row["no"]].get("why", "")))
            elif row["state"] == "begun" and body.get("receipt_no") == row["no"]:
                issue(vault, row["no"])
            elif row["state"] == "begun":
                spoil(vault, row["no"], INTERRUPTED)
            fail.point("money.settled")


def _application(trip: OpenTrip, applicant_id: str) -> dict[str, Any]:
    row = trip.db.one(
        "SELECT body FROM record WHERE kind = 'application' AND parent = ?", applicant_id
    )
    found: dict[str, Any] = json.loads(row["body"]) if row else {}
    return found
