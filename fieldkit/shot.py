"""A shot becomes a photo: judged in memory, its 35:45 crop sealed at once, nothing else kept.

One door for the camera, a file and a camera card. The judgement is kept as a draft beside the
application until somebody chooses the photo (fieldkit/web/photo.py) or takes another.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from fieldkit import erase, visit
from fieldkit.errors import BadInput
from fieldkit.photo import Judged, judge
from fieldkit.rules.photo_limits import Limits
from fieldkit.store import photos, records
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.record_rows import Record
from fieldkit.store.vault import Vault

DRAFT = "photo"
SOURCES = ("camera", "file", "card")
POSES = ("sitting", "lying")
"""`lying`: taken from above of a person who cannot sit; the choice of a reason starts there."""
CAMERA = "camera"
"""Key of the book's `meta`: the name of the camera that was used last on this laptop."""
LONGEST_NAME = 200


@dataclass(frozen=True)
class Shot:
    """The judgement, and the id of the sealed crop; None where no face was found."""

    judged: Judged
    photo_id: str | None


def take(
    vault: Vault,
    trip: OpenTrip,
    applicant: Record,
    data: bytes,
    limits: Limits,
    source: str,
    pose: str = "sitting",
) -> Shot:
    """Judge picture bytes and seal the crop for an applicant; earlier tries are erased.

    `source` is one of SOURCES, `pose` one of POSES; both are kept beside the judgement. Raises
    BadInput for what is no usable picture, KitError where the visit is closed.
    """
    if source not in SOURCES or pose not in POSES:
        raise BadInput("photo", "写真の撮り方が伝わりませんでした。画面を開き直してください。")
    visit.refuse_if_closed(trip, applicant)
    judged = judge(data, limits=limits)
    if judged.crop_jpeg is None:
        return Shot(judged, None)
    with photos.CHANGE:
        visit.refuse_if_closed(trip, applicant)  # judging took its time
        photo_id = photos.seal(vault, trip, applicant.id, judged.crop_jpeg)
        tried = {
            "id": photo_id,
            "source": source,
            "pose": pose,
            "verdict": judged.verdict,
            "findings": [asdict(f) for f in judged.findings],
        }
        records.save_draft(vault, trip, applicant.id, DRAFT, tried)
        forget_tries(vault, applicant.id, photo_id)
    return Shot(judged, photo_id)


def tried(trip: OpenTrip, applicant_id: str) -> dict[str, Any] | None:
    """The shot that is being looked at: `{"id", "source", "pose", "verdict", "findings"}`."""
    found = records.draft(trip, applicant_id, DRAFT)
    return found if found and found.get("id") else None


def forget_tries(vault: Vault, applicant_id: str, keep: str) -> None:
    """Shots that were not chosen are erased at once, each with its ledger row."""
    for row in vault.book.all(
        "SELECT id FROM photo WHERE record_id = ? AND state = 'sealed' AND id <> ?",
        applicant_id,
        keep,
    ):
        erase.erase_photo(vault, row["id"], "retaken")


def camera_name(vault: Vault) -> str:
    """The camera that was chosen on this laptop, as the browser names it; "" before the first.

    The name and not the browser's id of it: the id is another one after every lock, because the
    browser's storage is cleared then.
    """
    row = vault.book.one("SELECT value FROM meta WHERE key = ?", CAMERA)
    return str(row["value"]) if row else ""


def remember_camera(vault: Vault, name: str) -> None:
    """Keep the name of the chosen camera. Raises BadInput for what is no name of a camera."""
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise BadInput("camera", "カメラの名前を覚えられません。もう一度選んでください。")
    with vault.book.write() as conn:
        conn.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (CAMERA, name.strip()))
