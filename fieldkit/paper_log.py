"""Every printed paper is counted: one row of `paper_print` and one of the ledger, together.

Call it before the PDF is handed over, so that no sheet goes uncounted. Both rows hold ids, the
form's name, its version and numbers; nobody's name (001 特記15).
"""

from __future__ import annotations

from fieldkit.store.vault import Vault
from sync.ids import new_id

KINDS = {"filled": "記入済み", "blank": "空欄", "sample": "記入例", "batch": "一括"}
"""How a paper was printed, as `paper_print.kind` says it."""


def note_print(
    vault: Vault, form: str, version: str, record_id: str, kind: str, pages: int
) -> None:
    """Write down one print of `form` with `pages` pages.

    `record_id` is the applicant's or the reservation's id, "" for a paper about nobody (blank,
    sample). ValueError for a kind that is not in KINDS.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown kind of print {kind}")
    with vault.book.write() as conn:
        conn.execute(
            "INSERT INTO paper_print (id, form, version, record_id, kind, pages, at, actor)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (new_id(), form, version, record_id, kind, pages, vault.now(), vault.user.id),
        )
        vault.note("paper_printed", record_id or form, f"{form}:{kind}:{pages}")


def times_printed(vault: Vault, record_id: str) -> dict[str, int]:
    """How often each form was printed for one record, all kinds together: `{"pin_sofu": 2}`."""
    rows = vault.book.all(
        "SELECT form, count(*) AS n FROM paper_print WHERE record_id = ? GROUP BY form", record_id
    )
    return {row["form"]: row["n"] for row in rows}
