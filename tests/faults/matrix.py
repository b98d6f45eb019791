"""The fault matrix: each cell is a test, and its row is what that test saw.

    KIT_MATRIX=/some/folder python -m pytest tests/faults     # rows go there, nothing is compared
    python -m tests.faults.matrix /some/folder                # the table that they make

Otherwise every test compares its row with the one in MATRIX.md, and test_matrix.py compares the
list of rows with the list of tests.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.day import Look

FILE = Path(__file__).with_name("MATRIX.md")
HEAD = (
    "fault", "where", "cases", "lost", "doubled", "erased without a true receipt",
    "what the outbox says",
)  # fmt: skip
INTRO = """# Faults, and what became of them

Written by the tests of this folder; each row is what one of them saw. After every case both ends
are looked at (tests/faults/day.py), first while the fault lasts and again when all could go on.
*Lost*: captured, and neither at the city nor waiting here with its very bytes. *Doubled*: at the
city twice, or there and never captured. *Erased without a true receipt*: let go here, while the
kept receipt does not verify or the city cannot open the bytes. Quoted is what the sync said in that
test. Rows marked → are tested in that folder.
"""
SAYS = {
    "no_server": "市サーバにつながりません",
    "disk_full": "ディスクに空きがなく",
    "bad_receipt": "市サーバの受領証を確かめられません",
    "city_restored": "市サーバが前と違う状態です",
    "void_receipt": "市サーバの受領証が、市サーバを復元する前のものです",
    "city_ledger_gap": "市サーバが古い状態に戻っています",
    "city_unknown_device": "この端末は市サーバに登録されていません",
    "city_unknown_trip": "市サーバにこの訪問データの記録がありません",
    "city_": "市サーバが受け付けませんでした",
}
"""What a sync may say in these tests: the code (or how it begins), and words of its sentence."""


@dataclass
class Cell:
    """One row while its test runs."""

    no: str
    fault: str
    where: str
    folder: Path
    seen: Look = field(default_factory=Look)
    cases: int = 0

    def saw(self, look: Look, case: object = "") -> None:
        """What a look at both ends found; AssertionError where something does not hold."""
        assert not look.wrong, (case, look.wrong)
        assert (look.lost, look.doubled, look.erased) == (0, 0, 0), (case, look)
        self.seen = self.seen + look

    def ended(self, look: Look, case: object = "") -> None:
        """The same at the end of a case: nothing waits any more."""
        self.saw(look, case)
        assert look.waiting == 0, (case, look)
        self.cases += 1

    def quotes(self, heard: Sequence[tuple[str, str]], *may: str) -> str:
        """What the syncs of this test said: nothing but `may`, each with its words. All of `may` is
        quoted, as it depends on the threads which of them come."""
        for code, sentence in heard:
            known = code if code in SAYS else code[:5]
            assert known in may and SAYS[known] in sentence, (code, sentence)
        assert heard or not may, "nothing was said"
        return " or ".join(f"「{SAYS[code]}」" for code in may)

    def write(self, says: str, cases: object = None, lost: object = None) -> None:
        """The test is over: its row has to be the one that is committed."""
        row = [
            self.fault, self.where, str(cases or self.cases), str(lost or self.seen.lost),
            str(self.seen.doubled), str(self.seen.erased), says,
        ]  # fmt: skip
        where = os.environ.get("KIT_MATRIX")
        folder = Path(where) if where else self.folder
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{self.no}.json"
        (folder / name).write_text(json.dumps(row, ensure_ascii=False), encoding="utf-8")
        assert where or row in rows(FILE.read_text(encoding="utf-8")), f"not in MATRIX.md: {row}"


def line(row: list[str]) -> str:
    return "| " + " | ".join(row) + " |"


def rows(text: str) -> list[list[str]]:
    """The rows of a table as it stands in a file."""
    lines = [one for one in text.splitlines() if one.startswith("| ")]
    return [one.strip("| ").split(" | ") for one in lines[1:]]


def table(folder: Path) -> str:
    made = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.json"))]
    head = [line(list(HEAD)), "|" + "---|" * len(HEAD)]
    return "\n".join([INTRO, *head, *(line(row) for row in made)]) + "\n"


if __name__ == "__main__":
    FILE.write_text(table(Path(sys.argv[1])), encoding="utf-8")
