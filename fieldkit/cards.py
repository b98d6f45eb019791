"""Custody of numbered camera cards: taken out, signed back, lost; who has which, and what is left.

A card is a medium with unencrypted faces on it, outside the vault. So each one that leaves has a
row until it comes back empty: out → read → emptying → filled → emptied → back, or lost with its
reason. What happens with the shots is in cards_import.py, the emptying in cards_empty.py (003 §5).
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import Any

from fieldkit import media, media_says
from fieldkit.errors import BadInput, KitError, NotFound, NotReady
from fieldkit.media import Drive
from fieldkit.rules.card_shots import LOST
from fieldkit.store.vault import Vault
from sync import fail
from sync.ids import new_id

CLOSED = ("back", "lost")
LABEL_LENGTH = 20


def row_of(vault: Vault, card_id: str) -> dict[str, Any]:
    row = vault.book.one("SELECT * FROM card WHERE id = ?", card_id)
    if row is None:
        raise NotFound("このカードの記録はありません。カードの一覧を開き直してください。")
    return dict(row)


def open_row(vault: Vault, card_id: str, *states: str) -> dict[str, Any]:
    """A card that is out, in one of these states (any, where none is named); NotReady if not."""
    row = row_of(vault, card_id)
    if row["state"] in CLOSED:
        raise NotReady("このカードは返却か紛失として閉じています。一覧を開き直してください。")
    if states and row["state"] not in states:
        raise NotReady(_NOT_YET[row["state"]])
    return row


_NOT_YET = {
    "out": "先に「カードを読み取る」を押してください。",
    "read": "先に、すべての写真を取り込むか対象外にして、カードを空にしてください。",
    "emptying": "カードを空にする途中です。「空にする」をもう一度押してください。",
    "filled": "カードを空にする途中です。「空にする」をもう一度押してください。",
    "emptied": "このカードは空です。もう一度撮ったときは「カードを読み取る」を押してください。",
}


def clean_label(text: str) -> str:
    """「カード ３」 and 「カード3」 are one card. BadInput where it is empty or too long."""
    label = "".join(unicodedata.normalize("NFKC", text).split())
    if not label or len(label) > LABEL_LENGTH or not label.isprintable():
        raise BadInput("label", "カードの番号を20文字までで入れてください（例：カード3）。")
    return label


def take_out(vault: Vault, trip_id: str, label: str, drive: Drive | None) -> str:
    """Sign a card out for a trip, in the name of who is logged in; returns its id.

    With the card in the reader (`drive`) it has to be empty: BadInput says what lies on it.
    """
    label = clean_label(label)
    trip = vault.book.one(
        "SELECT id FROM trip WHERE id = ? AND kind = 'field' AND state <> 'wiped'", trip_id
    )
    if trip is None:
        raise BadInput("trip", "どの訪問日に使うかを選んでください。")
    if drive is not None:
        media.refuse_own(drive, vault.settings.data_dir)
        lies = media.files(drive)
        if lies:
            raise BadInput("mount", _not_empty(len(lies)))
    card_id = new_id()
    with vault.book.write() as conn:
        if conn.execute(
            "SELECT 1 FROM card WHERE label = ? AND state NOT IN ('back', 'lost')", (label,)
        ).fetchone():
            raise BadInput("label", "この番号のカードは持ち出し中です。番号を確かめてください。")
        conn.execute(
            "INSERT INTO card (id, label, trip_id, state, out_at, out_by, serial)"
            " VALUES (?, ?, ?, 'out', ?, ?, ?)",
            (card_id, label, trip_id, vault.now(), vault.user.id, drive.serial if drive else ""),
        )
        vault.note("card_out", card_id, "empty" if drive else "unseen")
    fail.point("card.out")
    return card_id


def _not_empty(files: int) -> str:
    return (
        f"このカードには、もうファイルが{files}件あります。前の仕事の写真かもしれません。"
        "中身をカメラで確かめ、別の空のカードを使うか、監督者へ連絡してください。"
    )


def drive_of(vault: Vault, row: dict[str, Any], mount: str) -> Drive:
    """The reader in which this card is; KitError `card_gone`, `other_card` or `own_medium`.

    `mount` names one of `media.drives()`; "" takes the one whose serial is known.
    """
    drive = media.drive_at(mount) if mount else _known_drive(row)
    media.refuse_own(drive, vault.settings.data_dir)
    if not media.same_media(drive, row["serial"]):
        raise KitError(
            "other_card",
            f"差し込まれているのは「{row['label']}」ではないようです。カードの番号を確かめて、"
            "差し替えてください。何も変えていません。",
            "retry",
        )
    return drive


def _known_drive(row: dict[str, Any]) -> Drive:
    """By the card's serial; where the system told none, the only one that is plugged in."""
    found = media.drives()
    if row["serial"]:
        found = [drive for drive in found if drive.serial == row["serial"]]
    if len(found) != 1:
        raise media_says.card_gone()
    return found[0]


def give_back(vault: Vault, card_id: str) -> None:
    """Signed back by who is logged in. Only an emptied card comes back."""
    open_row(vault, card_id, "emptied")
    with vault.book.write() as conn:
        conn.execute(
            "UPDATE card SET state = 'back', back_at = ?, back_by = ? WHERE id = ?",
            (vault.now(), vault.user.id, card_id),
        )
        vault.note("card_back", card_id)
    fail.point("card.back")


def report_lost(vault: Vault, card_id: str, reason: str) -> None:
    """The card will not come back: an incident, shown as one; `reason` is a key of LOST."""
    open_row(vault, card_id)
    if reason not in LOST:
        raise BadInput("reason", "カードがどうなったかを選んでください。")
    with vault.book.write() as conn:
        conn.execute(
            "UPDATE card SET state = 'lost', reason = ?, lost_at = ?, lost_by = ? WHERE id = ?",
            (reason, vault.now(), vault.user.id, card_id),
        )
        vault.note("card_lost", card_id, reason)
    fail.point("card.lost")


def shots_of(vault: Vault, card_id: str) -> list[dict[str, Any]]:
    """The shots that are believed to be on the card, in the order in which they were found."""
    rows = vault.book.all(
        "SELECT * FROM card_shot WHERE card_id = ? AND gone_at IS NULL ORDER BY rowid", card_id
    )
    return [dict(row) for row in rows]


def board(vault: Vault) -> list[dict[str, Any]]:
    """Every card that is out, and the latest that came back or were lost, newest last."""
    rows = vault.book.all(
        "SELECT card.*, trip.day FROM card JOIN trip ON trip.id = card.trip_id"
        " ORDER BY card.state IN ('back', 'lost'), card.out_at, card.label"
    )
    made = []
    for row in rows:
        states = Counter(
            shot["state"]
            for shot in vault.book.all("SELECT state FROM card_shot WHERE card_id = ?", row["id"])
        )
        made.append(
            {
                **dict(row),
                "imported": states["imported"],
                "aside": states["aside"],
                "left": states["found"],
            }
        )
    return made


def out_now(vault: Vault) -> list[dict[str, Any]]:
    """Cards that are not back yet: owed on the first screen."""
    sql = "SELECT id, label, state FROM card WHERE state NOT IN ('back', 'lost') ORDER BY label"
    return [dict(row) for row in vault.book.all(sql)]


def incidents(vault: Vault) -> list[dict[str, Any]]:
    """Cards that were lost for a trip whose data is still here."""
    sql = (
        "SELECT card.* FROM card JOIN trip ON trip.id = card.trip_id"
        " WHERE card.state = 'lost' AND trip.state <> 'wiped' ORDER BY card.lost_at"
    )
    return [dict(row) for row in vault.book.all(sql)]


def labels(vault: Vault) -> list[str]:
    """The numbers of cards that were used before and are not out now, to choose from."""
    rows = vault.book.all(
        "SELECT DISTINCT label FROM card WHERE state = 'back' AND label NOT IN"
        " (SELECT label FROM card WHERE state <> 'back') ORDER BY label"
    )
    return [row["label"] for row in rows]
