"""Which reception an id of the book belongs to: a number and a day, never a name."""

from __future__ import annotations

from dataclasses import dataclass

from fieldkit.store.vault import Vault
from sync.ids import child_id


@dataclass(frozen=True)
class Reception:
    """What may be said of a reception without opening anything."""

    no: str
    visit_on: str
    id: str
    gone: bool = False
    """Whether no key of it is left on this laptop."""


def receptions(vault: Vault) -> dict[str, Reception]:
    """Reservations, applicants and their applications by id; it outlives the data."""
    found = {}
    for row in vault.book.all(
        "SELECT no, visit_on, reservation_id, label, erased_on FROM reception"
    ):
        label = str(row["label"] or row["no"])
        rid = row["reservation_id"]
        found[rid] = Reception(label, row["visit_on"], rid, bool(row["erased_on"]))
    for row in vault.book.all("SELECT record_id, reservation_id FROM member"):
        reception = found.get(row["reservation_id"])
        if reception is not None:
            found[row["record_id"]] = reception
            found[child_id(row["record_id"], "application")] = reception
    return found
