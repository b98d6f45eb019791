"""Sending by USB memory: write a bundle, take the city's reply, empty the stick, keep the log.

Writing changes nothing of what waits: everything without a receipt goes along again the next time.
Each medium has its row: its number, who, when, what digest, how many bytes, and who confirmed that
it is empty again (001 特記16). Only receipts settle anything (fieldkit/carry_reply.py).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from fieldkit import carry_asks, carry_letters, carry_says, media, outbox, renew
from fieldkit.carry_letters import Load
from fieldkit.carry_write import Carried, Writer
from fieldkit.city import identity
from fieldkit.errors import BadInput, KitError, NotFound, NotReady
from fieldkit.media_says import own_medium
from fieldkit.outbox import Progress
from fieldkit.store import facts, numbering
from fieldkit.store.vault import Vault
from sync import bundle, fail, folder_road, medium
from sync.asking import Identity
from sync.client import Client
from sync.disk import sync_dir
from sync.folder_road import NoLine


def export(vault: Vault, folder: Path, medium_no: str, seen: Progress | None = None) -> Carried:
    """Write all that waits into `folder`: one bundle, or several where one file is too small.
    `seen` follows the bytes.

    The row first, then the file; so a kill leaves a row that says `begun`, and a reply to a bundle
    that did get written whole is still known.
    """
    number = " ".join(medium_no.split())
    if not number or len(number) > 20:
        raise BadInput("medium", "USBメモリに書いてある番号を、20文字までで入れてください。")
    check_folder(vault, folder)
    me, seal = identity(vault), city_seal(vault)
    check_city(me, folder)
    with outbox.one_at_a_time(vault), outbox.told_of_room():
        client = Client(NoLine(), me)
        carry_asks.for_renewal(vault)
        asks = carry_asks.waiting(vault)
        load = carry_letters.load(vault, client, carry_asks.letters(client, asks))
        begin = len(load.letters) - len(asks) + 1
        parts = {folder_road.part_name(begin + i): ask for i, ask in enumerate(asks)}
        writer = Writer(vault, folder, number, me, seal, seen or Progress())
        done = writer.write(load, parts)
        return _further(client, writer, load, done)


def _further(client: Client, writer: Writer, load: Load, done: Carried) -> Carried:
    """The photos that the first file did not hold. What stops here is told; what is written
    stays."""
    there = load.photos
    while load.left:
        load = carry_letters.load_rest(writer.vault, client, there)
        done = replace(done, damaged=done.damaged + load.damaged)
        if not load.photos:
            break
        try:
            more = writer.write(load, {})
        except KitError as error:
            return replace(done, left=len(load.photos) + load.left, why=error.sentence)
        there |= load.photos
        done = replace(
            done,
            no=more.no,
            files=(*done.files, *more.files),
            size=done.size + more.size,
            items=done.items + more.items,
        )
    return done


def check_folder(vault: Vault, folder: Path) -> None:
    """KitError where there is no such folder, or where the kit's own data lies."""
    if not folder.is_dir():
        raise carry_says.NO_FOLDER
    place, data = folder.resolve(), vault.settings.data_dir.resolve()
    if place == data or data in place.parents:
        raise own_medium()


def check_city(me: Identity, folder: Path) -> None:
    """KitError where files of another city lie there: that medium is not ours."""
    try:
        for kind in bundle.ENDINGS.values():
            for path in folder.glob(f"*{kind}"):
                told = folder_road.named(path)
                if told is not None and told.city != bundle.plain(me.city):
                    raise carry_says.OTHER_CITY
    except OSError as error:
        raise carry_says.trouble(error) from None


def has_something(vault: Vault) -> bool:
    """Whether a bundle would bring the city anything that it asked or waits for."""
    numbering.adopt_orphans(vault)
    owed = vault.book.one("SELECT 1 FROM trip WHERE state = 'wiped' AND city_forgot IS NULL")
    return bool(
        outbox.waiting(vault)["waiting"]
        or owed
        or carry_asks.waiting(vault)
        or renew.wanted(vault)
        or facts.groups(vault.book)
    )


def city_seal(vault: Vault) -> bytes:
    """The city's key that bundles are sealed to; KitError where it has not come yet."""
    device = vault.device
    found = device.get("city_seal") if device else None
    if not found:
        raise carry_says.NO_SEAL
    return bytes(found)


# -- the log ------------------------------------------------------------------------------------
def log(vault: Vault, limit: int = 30) -> list[dict[str, Any]]:
    """The transfer log, newest first."""
    rows = vault.book.all("SELECT * FROM bundle ORDER BY no DESC LIMIT ?", limit)
    return [dict(row) for row in rows]


def to_empty(vault: Vault) -> list[dict[str, Any]]:
    """Written media that nobody has confirmed to be empty, oldest first."""
    rows = vault.book.all(
        "SELECT * FROM bundle WHERE state <> 'failed' AND erased_at IS NULL ORDER BY no"
    )
    return [dict(row) for row in rows]


def mine_on(vault: Vault, folder: Path) -> list[Path]:
    """This device's bundles and replies that lie in a folder, with what is left of half ones."""
    me = identity(vault)
    stem = bundle.Address(me.city, me.device, 0).id[:-1]
    try:
        rest = [p for p in folder.glob(f"{stem}*{medium.PART}") if p.is_file()]
        return sorted({*folder_road.files_of(me, folder), *rest})
    except OSError:
        raise carry_says.NO_FOLDER from None


def number_of(path: Path) -> int:
    """The bundle's number in a file name, 0 for none."""
    told = bundle.Address.in_name(path.name)
    return told.n if told else 0


def empty(vault: Vault, no: int, folder: Path) -> int:
    """Erase the files of this bundle and of older ones on the stick, look that they are gone, and
    write down who did it; returns how many there were. A newer bundle stays."""
    row = _row(vault, no)
    check_folder(vault, folder)
    found = [path for path in mine_on(vault, folder) if 0 < number_of(path) <= no]
    try:
        for path in found:
            media.erase_file(path)
            fail.point("usb.erased")
        for path in folder.glob(f"{media.CONDEMNED}*.TMP"):
            path.unlink(missing_ok=True)
        sync_dir(folder)
    except OSError as error:
        raise carry_says.trouble(error) from None
    if any(path.exists() for path in found):
        raise carry_says.LOCKED
    _emptied(vault, row, f"{len(found)} files")
    return len(found)


def confirm_empty(vault: Vault, no: int, folder: Path | None = None) -> None:
    """A person says that the stick was emptied elsewhere; NotReady where the kit sees otherwise."""
    row = _row(vault, no)
    left = mine_on(vault, folder) if folder and folder.is_dir() else []
    if any(0 < number_of(path) <= no for path in left):
        raise NotReady(
            "差してあるUSBメモリに、この端末のファイルがまだあります。"
            "「この端末のファイルを消す」を押してください。"
        )
    _emptied(vault, row, "person")


def _row(vault: Vault, no: int) -> dict[str, Any]:
    row = vault.book.one("SELECT * FROM bundle WHERE no = ?", no)
    if row is None:
        raise NotFound("この番号の書き出しはありません。画面を開き直してください。")
    return dict(row)


def _emptied(vault: Vault, row: dict[str, Any], how: str) -> None:
    """This row and the older ones of the same medium: one stick, emptied once."""
    with vault.book.write() as conn:
        done = conn.execute(
            "UPDATE bundle SET erased_by = ?, erased_at = ? WHERE no <= ? AND medium = ?"
            " AND erased_at IS NULL",
            (vault.user.id, vault.now(), row["no"], row["medium"]),
        )
        if done.rowcount:
            me = identity(vault)
            address = bundle.Address(me.city, me.device, row["no"])
            vault.note("medium_erased", address.id, how)
