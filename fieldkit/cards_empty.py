"""Emptying a camera card: count, intend, erase each file, fill the free space, look, done.

In short steps that a screen repeats: a large card takes minutes. Each step looks again at which
card is in the reader, and erases only a file whose hash it just read and whose row says that it was
imported or set aside; so a kill, a pulled card or a new shot in between lose nothing (003 §5).
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from fieldkit import cards, media, media_free, media_says
from fieldkit.cards_import import Reader, hashed, note_found, set_aside
from fieldkit.errors import KitError, NotReady
from fieldkit.media import Drive
from fieldkit.rules.card_shots import GONE, Count, count, may_empty
from fieldkit.rules.verdict import Refused
from fieldkit.store import photos
from fieldkit.store.vault import Vault
from sync import fail

COUNTING = 0.1  # of the progress shown; the rest is the overwriting, which takes the time
LEAST_SECONDS = 0.05


@dataclass(frozen=True)
class Step:
    """How far the emptying is: `share` 0..1 and a sentence for the screen."""

    done: bool
    says: str
    share: float


def empty_step(
    vault: Vault,
    card_id: str,
    drive: Drive,
    fresh: Reader,
    seconds: float = 1.0,
    missing_ok: bool = False,
    unused: bool = False,
) -> Step:
    """One step; call it until `done`. `fresh` was made for this emptying and read nothing before.

    NotReady with the counts where a shot is neither imported nor aside, or was never sealed whole.
    `missing_ok`: a person says that the missing shots were deleted in the camera. `unused`: no
    picture was ever taken with this card, so its free space need not be overwritten.
    """
    row = cards.open_row(vault, card_id, "read", "emptying", "filled")
    if row["state"] == "read":
        return _begin(vault, card_id, drive, fresh, seconds, missing_ok, unused)
    try:
        if row["state"] == "emptying":
            return _erase_some(vault, card_id, drive, seconds)
        return _finish(vault, card_id, drive)
    except OSError as error:
        raise media_says.refused(error) from None


def counted(vault: Vault, card_id: str, hashes: set[str]) -> Count:
    """The count of what is on the card now against what was done with it."""
    shots = cards.shots_of(vault, card_id)
    return count(hashes, {shot["sha256"]: shot["state"] for shot in shots})


def _begin(
    vault: Vault,
    card_id: str,
    drive: Drive,
    fresh: Reader,
    seconds: float,
    missing_ok: bool,
    unused: bool,
) -> Step:
    seen = fresh.look(drive, seconds)
    if seen is None:
        return Step(False, "カードの写真を数え直しています。", COUNTING * fresh.share(drive))
    note_found(vault, card_id, seen)
    here = {one.sha256 for one in seen}
    found = counted(vault, card_id, here)
    verdict = may_empty(found)
    if isinstance(verdict, Refused) and not (verdict.can_override and missing_ok):
        raise NotReady(verdict.sentence)
    _refuse_unsealed(vault, card_id)
    for shot in cards.shots_of(vault, card_id):
        if shot["sha256"] not in here:
            if shot["state"] == "found":
                set_aside(vault, card_id, [shot["sha256"]], GONE)
            _mark_gone(vault, card_id, shot["sha256"])
    never = not vault.book.one("SELECT 1 FROM card_shot WHERE card_id = ?", card_id)
    skip = unused and never
    with vault.book.write() as conn:
        state = "filled" if skip else "emptying"
        conn.execute("UPDATE card SET state = ? WHERE id = ?", (state, card_id))
        vault.note("erase_intended", card_id, _says(found) + (" unused" if skip else ""))
    fail.point("card.intended")
    return Step(False, "消去を始めます。", COUNTING)


def _says(found: Count) -> str:
    """The counts for the ledger; numbers only."""
    return f"card={found.on_card} imported={found.imported} aside={found.aside}"


def _refuse_unsealed(vault: Vault, card_id: str) -> None:
    """Every imported photo lies whole on this disk, or the city has it, or it was taken back."""
    for shot in cards.shots_of(vault, card_id):
        if shot["state"] != "imported":
            continue
        row = photos.row_of(vault, shot["photo_id"])
        if row["state"] in ("receipted", "erased"):
            continue
        try:
            photos.whole_parts(vault, row)
        except photos.Unsendable:
            raise NotReady(
                "取り込んだ写真のうち1枚が、このパソコンで壊れています。カードはまだ空にしません。"
                "その方の写真を、もう一度取り込んでください。"
            ) from None


def _mark_gone(vault: Vault, card_id: str, sha256: str) -> None:
    with vault.book.write() as conn:
        conn.execute(
            "UPDATE card_shot SET gone_at = ? WHERE card_id = ? AND sha256 = ?",
            (vault.now(), card_id, sha256),
        )


def _erase_some(vault: Vault, card_id: str, drive: Drive, seconds: float) -> Step:
    """Erase files for a while, then fill the free space for a while."""
    until = time.monotonic() + seconds
    paths = media.files(drive)
    for left, path in zip(range(len(paths), 0, -1), paths, strict=True):
        if left < len(paths) and time.monotonic() >= until:
            return Step(False, f"あと{left}件のファイルを消しています。", COUNTING)
        if media.is_condemned(path):  # a kill came while it was being overwritten
            media.erase_file(path)
            continue
        sha256 = hashed(path).sha256
        if _is_new(vault, card_id, sha256):
            raise _new_shots(vault, card_id)
        condemned = media.condemn(path)
        fail.point("card.condemned")
        media.erase_file(condemned)
        fail.point("card.file")
        _mark_gone(vault, card_id, sha256)
    for shot in cards.shots_of(vault, card_id):  # a kill came before it was marked
        _mark_gone(vault, card_id, shot["sha256"])
    media.remove_folders(drive)
    fail.point("card.files_gone")
    if not media_free.wipe_free(drive, max(LEAST_SECONDS, until - time.monotonic())):
        says = "消した写真が残らないように、空き領域を上書きしています。"
        return Step(False, says, COUNTING + (1 - COUNTING) * media_free.filled(drive))
    fail.point("card.full")
    with vault.book.write() as conn:
        conn.execute("UPDATE card SET state = 'filled' WHERE id = ?", (card_id,))
    fail.point("card.filled")
    return Step(False, "空になったことを確かめています。", 1.0)


def _is_new(vault: Vault, card_id: str, sha256: str) -> bool:
    known = vault.book.one(
        "SELECT state FROM card_shot WHERE card_id = ? AND sha256 = ?", card_id, sha256
    )
    return known is None or known["state"] == "found"


def _new_shots(vault: Vault, card_id: str) -> NotReady:
    """Somebody went on taking pictures with a card that was being emptied: it is read again."""
    with vault.book.write() as conn:
        conn.execute("UPDATE card SET state = 'read' WHERE id = ?", (card_id,))
    return NotReady(
        "空にする途中のカードに、新しい写真があります。消していません。"
        "「読み取り直す」を押して、その写真を取り込むか対象外にしてください。"
    )


def _finish(vault: Vault, card_id: str, drive: Drive) -> Step:
    """Give the room back, look that nothing is listed and, where the system lets us, that the raw
    medium holds no begin of a picture; only then the card is empty."""
    media_free.drop_fill(drive)
    fail.point("card.unfilled")
    left = len(media.files(drive))
    begins = media_free.traces(drive)
    if left or begins:
        with vault.book.write() as conn:
            conn.execute("UPDATE card SET state = 'emptying' WHERE id = ?", (card_id,))
        raise KitError(
            "card_not_empty",
            "カードを空にしましたが、確かめるとまだ写真の跡があります。もう一度「空にする」を"
            "押してください。続けてこの表示が出るカードは、使うのをやめ、監督者へ渡してください。",
            "ask_supervisor",
        )
    how = "listed" if begins is None else "raw"
    with vault.book.write() as conn:
        conn.execute(
            "UPDATE card SET state = 'emptied', emptied_at = ? WHERE id = ?",
            (vault.now(), card_id),
        )
        vault.note("card_emptied", card_id, f"{how} {drive.kind}")
    fail.point("card.emptied")
    return Step(True, "カードは空です。返却できます。", 1.0)
