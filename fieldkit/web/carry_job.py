"""Writing a USB memory beside the screens: what ends within a second is told at once, the rest is
followed on the page as a send is."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

from fieldkit import carry, carry_says
from fieldkit.carry_write import Carried
from fieldkit.cli_carry import written
from fieldkit.errors import BadInput, KitError
from fieldkit.kit import Kit
from fieldkit.outbox import Progress
from fieldkit.store.vault import Vault
from fieldkit.web.common import size_ja

Row = tuple[str, str, list[str], str]
"""(look, title, sentences, link or "") of one notice."""
AT_ONCE = 1.0
"""Seconds that a press may take without a word on how far it is."""


@dataclass
class Job:
    """One writing. When it has `ended`, either `done` or `error` says how."""

    done: Carried | None = None
    error: KitError | None = None
    ended: threading.Event = field(default_factory=threading.Event)

    def run(self, vault: Vault, folder: Path, number: str, progress: Progress) -> None:
        try:
            self.done = carry.export(vault, folder, number, progress)
        except KitError as error:
            self.error = error
        except Exception as error:  # the vault was locked under it: nothing is lost
            self.error = carry_says.stopped(error)
        finally:
            progress.says, progress.running = "", False
            self.ended.set()

    def row(self) -> Row:
        """How it ended, for the page."""
        if self.done is None:
            says = self.error.sentence if self.error else ""
            return "bad", "書き込めませんでした", [says], ""
        done = self.done
        words = [
            *written(done),
            f"大きさは{size_ja(done.size)}です。",
            "USBメモリを安全に取り外して、市の受付へ運んでください。",
            "送るものは、市の返事を読むまで、この端末にも残ります。",
        ]
        look = "care" if done.damaged or done.left else "good"
        return look, f"{done.no}番として書き込みました", words, ""


@dataclass
class Told:
    """What the next page says of the last act, and a writing that took longer than a second."""

    rows: list[Row] = field(default_factory=list)
    job: Job | None = None

    def take(self) -> list[Row]:
        """Everything that is to be said now; said once."""
        rows, self.rows = self.rows, []
        if self.job is not None and self.job.ended.is_set():
            rows.append(self.job.row())
            self.job = None
        return rows


def begin(kit: Kit, folder: Path, number: str) -> Job:
    """Start to write, and wait for the end of a short one. BadInput while the kit sends."""
    vault, job = kit.open_vault(), Job()
    with kit.lock:
        if kit.progress.running:
            raise BadInput("", "いま送っているか書き込んでいます。終わってから押してください。")
        kit.progress = now = Progress(running=True, usb=True, says=carry_says.WRITING)
    threading.Thread(target=job.run, args=(vault, folder, number, now), daemon=True).start()
    job.ended.wait(AT_ONCE)
    return job
