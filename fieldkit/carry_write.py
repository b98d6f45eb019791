"""One bundle file: its row, its bytes on the medium, its row again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from fieldkit import carry_asks, carry_says
from fieldkit.carry_asks import Ask
from fieldkit.carry_letters import Load
from fieldkit.errors import KitError
from fieldkit.outbox import Progress
from fieldkit.store.vault import Vault
from sync import bundle, fail, folder_road, medium
from sync.asking import Identity
from sync.medium import Full, Unsound
from sync.wire import WireError


@dataclass(frozen=True)
class Carried:
    """What was written: the last bundle's number, the files, how many objects they hold.

    `damaged` objects could not go along, because their files here are damaged; `left` photos did
    not fit, and `why` says what stopped a further file.
    """

    no: int
    files: tuple[str, ...]
    size: int
    items: int
    damaged: int
    left: int = 0
    why: str = ""

    @property
    def file(self) -> str:
        return self.files[0]


@dataclass(frozen=True)
class Writer:
    """Writes bundles onto one medium, each with its row in the log."""

    vault: Vault
    folder: Path
    medium: str
    me: Identity
    seal: bytes
    seen: Progress = field(default_factory=Progress)

    def write(self, load: Load, asks: dict[str, Ask]) -> Carried:
        vault = self.vault
        row = vault.book.one("SELECT coalesce(max(no), 0) + 1 AS no FROM bundle")
        assert row is not None
        try:
            plan = folder_road.plan(self.me, row["no"], vault.now(), load.letters)
        except WireError as error:
            raise _refused(error) from None
        with vault.book.write():
            _begin(vault, row["no"], self.medium, plan, load.items)
            carry_asks.note_sent(vault, row["no"], asks)
        fail.point("usb.begun")
        try:
            _tidy(self.me, self.folder)
            digest = plan.write(self.folder, self.seal, self._moved(plan.size))
        except (OSError, Full, Unsound) as error:
            _drop(vault, row["no"])
            raise carry_says.trouble(error) from None
        except WireError as error:
            _drop(vault, row["no"])
            raise _refused(error) from None
        fail.point("usb.carried")
        with vault.book.write() as conn:
            conn.execute("UPDATE bundle SET state = 'written' WHERE no = ?", (row["no"],))
            vault.note("carried_out", plan.manifest.address.id, digest)
        return Carried(row["no"], (plan.file_name,), plan.size, load.items, load.damaged)

    def _moved(self, size: int) -> Callable[[int], None]:
        """Counts a file's bytes half when they are written, half when they are read back."""
        before, halves = self.seen.bytes_total, 0
        self.seen.begin(0, before + size)

        def moved(count: int) -> None:
            nonlocal halves
            halves += count
            self.seen.bytes_done = min(before + halves // 2, self.seen.bytes_total)

        return moved


def _refused(error: WireError) -> KitError:
    return carry_says.TOO_LARGE if error.code == "too_large" else carry_says.CHANGED


def _begin(vault: Vault, no: int, number: str, plan: folder_road.Planned, items: int) -> None:
    with vault.book.write() as conn:
        conn.execute(
            "INSERT INTO bundle (no, medium, made_at, made_by, digest, bytes, items, state)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, 'begun')",
            (
                no,
                number,
                vault.now(),
                vault.user.id,
                plan.manifest.digest,
                plan.size,
                items,
            ),
        )


def _drop(vault: Vault, no: int) -> None:
    """Nothing was written: the row says so; its number is not used again."""
    with vault.book.write() as conn:
        conn.execute("UPDATE bundle SET state = 'failed' WHERE no = ?", (no,))


def _tidy(me: Identity, folder: Path) -> None:
    """Remove what a stick that was pulled out left half written."""
    medium.drop_parts(folder, bundle.Address(me.city, me.device, 0).id[:-1])
