"""What still stands in the way of a trip's end, each as a sentence for the person."""

from __future__ import annotations

from typing import Any

from fieldkit.store import numbering
from fieldkit.store import receipts as kept
from fieldkit.store.vault import Vault
from sync import receipt as receipts
from sync.wire import WireError


def blockers(vault: Vault, trip_id: str) -> list[str]:
    """Why a trip cannot be erased yet, each as a sentence; empty when it can."""
    says = []
    numbering.adopt_orphans(vault)
    counts = {
        "まだ市サーバに届いていない保存が{n}件あります。送信してください。": (
            "SELECT count(*) AS n FROM outbox WHERE trip_id = ? AND state = 'queued'"
        ),
        "市サーバが保留にした項目が{n}件あります。監督者が確かめてください。": (
            "SELECT (SELECT count(*) FROM outbox WHERE trip_id = ?1 AND state = 'parked') +"
            " (SELECT count(*) FROM photo WHERE trip_id = ?1 AND state = 'parked') AS n"
        ),
        "人に渡した項目が{n}件あります。片づいたら、送信の画面で記録してください。": (
            "SELECT (SELECT count(*) FROM outbox WHERE trip_id = ?1 AND state = 'handed') +"
            " (SELECT count(*) FROM photo WHERE trip_id = ?1 AND state = 'handed') AS n"
        ),
        "まだ消去できない写真が{n}枚あります。送信してください。": (
            "SELECT count(*) AS n FROM photo WHERE trip_id = ?"
            " AND state NOT IN ('erased', 'parked', 'handed')"
        ),
        "市サーバの復元で失われたものが{n}件あります。監督者が扱いを記録してください。": (
            "SELECT count(*) AS n FROM lost WHERE trip_id = ? AND closed_at IS NULL"
        ),
        "終了していない訪問が{n}件あります。": (
            "SELECT count(*) AS n FROM reception WHERE trip_id = ?"
            " AND state NOT IN ('visited', 'cancelled')"
        ),
        "返していないカメラのカードが{n}枚あります。カードの画面で空にして返却してください。": (
            "SELECT count(*) AS n FROM card WHERE trip_id = ? AND state NOT IN ('back', 'lost')"
        ),
        "USBメモリから消していない写真のファイルが{n}件あります。今日の予定から消してください。": (
            "SELECT count(*) AS n FROM photo_file f JOIN photo p ON p.id = f.photo_id"
            " WHERE p.trip_id = ? AND f.state <> 'gone'"
        ),
    }
    for sentence, sql in counts.items():
        row = vault.book.one(sql, trip_id)
        if row and row["n"]:
            says.append(sentence.format(n=row["n"]))
    if vault.left_open(trip_id):
        says.append("この日の訪問データは途中で切れています。26文字で一度開いてください。")
    if not says and not _all_proved(vault, trip_id):
        says.append("受領証を確かめられない項目があります。監督者へ連絡してください。")
    return says


def _all_proved(vault: Vault, trip_id: str) -> bool:
    """Check every kept receipt's signature again: files end only against these."""
    rows = vault.book.all(
        "SELECT o.op_id AS id, o.sha256, o.size, r.body, r.signature, r.void FROM outbox o"
        " LEFT JOIN receipt r ON r.digest = o.receipt"
        " WHERE o.trip_id = ? AND o.state NOT IN ('given_up', 'superseded')"
        " AND NOT EXISTS (SELECT 1 FROM lost WHERE lost.id = o.op_id)"
        " UNION ALL SELECT p.id, p.sha256, p.size, r.body, r.signature, r.void FROM photo p"
        " LEFT JOIN receipt r ON r.digest = p.receipt"
        " WHERE p.trip_id = ? AND p.reason = 'receipt'"
        " AND NOT EXISTS (SELECT 1 FROM lost WHERE lost.id = p.id)",
        trip_id,
        trip_id,
    )
    seen: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row["body"] is None:
            return False
        try:
            if row["body"] not in seen:
                seen[row["body"]] = kept.verify(vault.book, row)
        except WireError:
            return False
        if not receipts.proves(seen[row["body"]], row["id"], row["sha256"], row["size"]):
            return False
    return True
