"""What is printed of a photo: its sheets (counted) and the contact sheet of a day.

A print is a copy that leaves the kit: the row is written before the PDF is handed over, so that no
sheet goes uncounted (003 §5: photo data is deleted promptly; paper copies are shredded by count).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from fieldkit import visit
from fieldkit.errors import NotReady
from fieldkit.paper.contact_sheet import contact_sheet
from fieldkit.paper.photo_sheet import COPIES, Back, photo_sheet
from fieldkit.reserve import slips
from fieldkit.store import photos
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.vault import Vault
from sync.ids import new_id

CONTACT = "contact"
NO_PHOTO = "いま表示できる写真がありません。終了した訪問の写真は封印済みで、載りません。"


@dataclass(frozen=True)
class Numbered:
    """A person of a day with the running number that stands on the contact sheet.

    `photo_id` is "" where there is no photo that can still be shown.
    """

    number: int
    reservation_id: str
    applicant_id: str
    name: str
    reception_no: str
    photo_id: str


def sheet(
    vault: Vault,
    photo_id: str,
    paper: str,
    name: str,
    birth: str,
    back: bool,
    at: datetime,
    other: str = "",
) -> bytes:
    """One sheet as PDF, counted; KitError("photo_sealed") once the photo cannot be shown.

    `other` is the name in 代替文字 or kana, printed where no font draws `name`.
    """
    jpeg = photos.show(vault, photo_id)
    taken = date.fromisoformat(photos.row_of(vault, photo_id)["captured_at"][:10])
    behind = Back(name, birth, taken, other) if back else None
    pdf = photo_sheet(vault.settings.forms_dir, paper, jpeg, at, behind)
    _count(vault, [photo_id], paper, COPIES)
    return pdf


def times(vault: Vault, photo_id: str) -> dict[str, int]:
    """How often each kind was printed: `{"l": 2}`."""
    rows = vault.book.all(
        "SELECT kind, count(*) AS n FROM photo_print WHERE photo_id = ? GROUP BY kind", photo_id
    )
    return {row["kind"]: row["n"] for row in rows}


def numbered(vault: Vault, trip: OpenTrip) -> list[Numbered]:
    """Everybody of a day in the order of the visits; the numbers stay when a photo is missing."""
    found: list[Numbered] = []
    for slip in slips(trip):
        for person in slip.applicants:
            now = visit.application(trip, person.id)
            photo_id = str(now.get("photo_id") or "") if now else ""
            found.append(
                Numbered(
                    len(found) + 1,
                    slip.reservation.id,
                    person.id,
                    str(person.get("name")),
                    str(slip.reservation.get("reception_no")),
                    photo_id if photo_id in vault.photo_keys else "",
                )
            )
    return found


def contact(vault: Vault, trip: OpenTrip, title: str, at: datetime) -> bytes:
    """The contact sheet of a day as PDF, each photo counted; NotReady where none can be shown."""
    shown = [one for one in numbered(vault, trip) if one.photo_id]
    if not shown:
        raise NotReady(NO_PHOTO)
    shots = [(str(one.number), photos.show(vault, one.photo_id)) for one in shown]
    pdf = contact_sheet(vault.settings.forms_dir, shots, title, at)
    _count(vault, [one.photo_id for one in shown], CONTACT, 1)
    return pdf


def _count(vault: Vault, photo_ids: Sequence[str], kind: str, copies: int) -> None:
    with vault.book.write() as conn:
        for photo_id in photo_ids:
            conn.execute(
                "INSERT INTO photo_print (id, photo_id, kind, copies, at, actor)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (new_id(), photo_id, kind, copies, vault.now(), vault.user.id),
            )
            vault.note("photo_printed", photo_id, f"{kind}:{copies}")
