"""What a deletion record may rest on: ledger rows, the city's receipts, and the disk itself.

`ledger.db` remembers that something was erased; this module asks each time whether that can still
be shown. The ledger's chain is walked, the city's receipts are verified against the pinned key,
and no kept receipt may have seen another past of this ledger (001 特記10, 特記13).
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fieldkit.store import keyslots, photos
from fieldkit.store import receipts as kept
from fieldkit.store.vault import Vault
from sync import receipt as receipts
from sync.receipt import Receipt
from sync.verify_ledger import GENESIS, verify_rows
from sync.wire import WireError

ENDS = ("trip_erased", "desk_renewed", "office_renewed")  # the last row of a container
ACTS = frozenset({"erased", "receipt_kept", "printed", "sheet_shredded", *ENDS})
SLACK_SECONDS = 60


@dataclass(frozen=True)
class LedgerRow:
    """One row of the ledger, as a certificate names it."""

    seq: int
    hash: str
    at: str
    actor: str
    act: str
    result: str


@dataclass(frozen=True)
class Word:
    """A receipt of the city that was verified just now, or why it proves nothing (`fault`)."""

    seq: int = 0
    signature: str = ""
    digest: str = ""
    at: str = ""
    value: dict[str, Any] | None = None
    fault: str = ""


class Evidence:
    """One look at all that is kept, for the records of one page or one paper.

    `fault` says why nothing at all can be proved from this ledger; empty where it is whole.
    """

    def __init__(self, vault: Vault) -> None:
        self.vault, self.book, self.device = vault, vault.book, vault.device
        self._rows: dict[str, list[LedgerRow]] = {}
        self._hashes: list[str] = [GENESIS]
        self._words: dict[str, Word] = {}
        self._ends: dict[str, str] | None = None
        self.fault = self._read_ledger()
        users = keyslots.users(vault.settings.data_dir / "slots.json")
        self._names = {user.id: user.name for user in users}

    # -- the ledger -------------------------------------------------------------------------
    def _read_ledger(self) -> str:
        found = self.book.all("SELECT body, hash FROM ledger ORDER BY seq")
        problem = verify_rows((row["body"], row["hash"]) for row in found)
        if problem is not None:
            return f"取扱記録簿の{problem.seq}行目が正しくありません（{problem.why}）。"
        for row in found:
            self._hashes.append(row["hash"])
            value = json.loads(row["body"])
            if value["act"] in ACTS:
                made = LedgerRow(
                    value["seq"], row["hash"], value["at"], value["actor"], value["act"],
                    value["result"],
                )  # fmt: skip
                self._rows.setdefault(value["object"], []).append(made)
        return ""

    @property
    def head(self) -> tuple[int, str]:
        """The newest row's number and hash."""
        return len(self._hashes) - 1, self._hashes[-1]

    def row(self, object_id: str, *acts: str) -> LedgerRow | None:
        """The newest row that says one of these acts of this object."""
        rows = [row for row in self._rows.get(object_id, []) if row.act in acts]
        return rows[-1] if rows else None

    def said_at(self, object_id: str, moment: str, *acts: str) -> bool:
        """Whether the ledger has such an act of this object at that moment (within a minute)."""
        return any(
            row.act in acts and _near(row.at, moment) for row in self._rows.get(object_id, [])
        )

    def name_of(self, actor: str) -> str:
        """Who that is, while the person still has a slot: `sato（佐藤 花）`."""
        name = self._names.get(actor, "")
        return f"{actor}（{name}）" if name else actor

    # -- the city's word --------------------------------------------------------------------
    def word(self, digest: str | None) -> Word:
        """The kept receipt of that digest, verified now against the pinned key of the city."""
        if not digest:
            return Word(fault="市サーバの受領証がありません。")
        if digest not in self._words:
            self._words[digest] = self._verified(digest)
        return self._words[digest]

    def _verified(self, digest: str) -> Word:
        row = self.book.one("SELECT * FROM receipt WHERE digest = ?", digest)
        if row is None or self.device is None:
            return Word(fault="市サーバの受領証が残っていません。")
        made = Receipt(row["body"].encode(), row["signature"])
        try:
            value = kept.verify(self.book, row)
        except WireError as error:
            if error.code == "void_receipt":
                return Word(fault="市サーバを古い控えから復元したため、この受領証は無効です。")
            return Word(fault=f"受領証の署名を確かめられません（{error.code}）。")
        if made.digest != digest:
            return Word(fault="受領証の中身が、控えた値と違います。")
        seen = value.get("ledger")
        if seen and seen.get("seq") and not self._same_past(seen):
            return Word(fault=f"市サーバが見た取扱記録簿（{seen['seq']}行目）と違います。")
        at = str(value.get("at", ""))
        return Word(int(value["seq"]), made.signature, digest, at, value)

    def _same_past(self, head: dict[str, Any]) -> bool:
        seq = int(head["seq"])
        return seq < len(self._hashes) and self._hashes[seq] == head.get("hash")

    def end_word(self, trip_id: str) -> Word:
        """The city's signed word that it forgot a trip's secret and private key."""
        if self._ends is None:
            self._ends = {}
            for row in self.book.all(
                "SELECT digest, body FROM receipt WHERE void = 0"
                ' AND body LIKE \'%"kind":"trip_end"%\' ORDER BY seq'
            ):
                made = Receipt(row["body"].encode(), "")
                with contextlib.suppress(WireError, AttributeError, TypeError):
                    for item in made.value["items"]:
                        self._ends[str(item.get("id"))] = row["digest"]
        if trip_id not in self._ends:
            return Word(fault="市サーバが鍵を忘れたという署名つきの返事が残っていません。")
        word = self.word(self._ends[trip_id])
        value = word.value or {}
        if not word.fault and value.get("kind") != "trip_end":
            return Word(fault="受領証は、訪問データの終了のものではありません。")
        if not word.fault and not receipts.proves(value, trip_id, "", 0):
            return Word(fault="市サーバは、この訪問データの終了を受け付けていません。")
        return word

    # -- the disk ---------------------------------------------------------------------------
    def folder_left(self, trip_id: str) -> bool:
        """Whether anything of a wiped trip is still there: its folder, or its key in memory."""
        return trip_id in self.vault.trips or self.vault.trip_folder(trip_id).exists()

    def photo_left(self, trip_id: str, photo_id: str) -> bool:
        return any(file.exists() for file in photos.files_of(self.vault, trip_id, photo_id))


def _near(one: str, other: str) -> bool:
    try:
        apart = datetime.fromisoformat(one) - datetime.fromisoformat(other)
    except (TypeError, ValueError):
        return False
    return abs(apart.total_seconds()) <= SLACK_SECONDS
