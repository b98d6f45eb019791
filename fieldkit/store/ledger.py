"""The ledger: who did what to which object id, when, on which machine. No personal data, for ever.

Each row's hash covers its own text, and its text names the hash before: changing, removing or
swapping a row breaks the chain at that row. `sync/verify_ledger.py` checks an exported file with
the standard library and cryptography only (001 特記13, 特記15).
"""

from __future__ import annotations

import json
from typing import Any

from fieldkit.clock import Clock, stamp
from fieldkit.store.db import Database
from sync import receipt
from sync.receipt import Receipt
from sync.verify_ledger import GENESIS, Problem, entry_hash, head_bytes, verify_rows
from sync.wire import LEDGER_BYTES, LEDGER_ROWS, canonical, sign, signing_private

ACTS = {
    "vault_made": "保管庫を作成",
    "user_added": "利用者を追加",
    "user_removed": "利用者を削除",
    "passphrase_changed": "合言葉を変更",
    "recovery_made": "復旧用の26文字を変更",
    "login_delay_missing": "ログインの待ち時間の記録が消えていた",
    "login": "ログイン",
    "login_failed": "ログイン失敗",
    "lock": "画面ロック",
    "browser_cleared": "ブラウザーの記録を消去",
    "enrolled": "端末を登録",
    "reserved": "予約を受付",
    "reservation_changed": "予約を変更",
    "draft_discarded": "書きかけを破棄",
    "view": "表示",
    "checked_out": "持ち出し",
    "trip_opened": "訪問データを開く",
    "printed": "印刷",
    "id_checked": "本人確認",
    "photo_taken": "写真を撮影",
    "photo_kept": "写真を採用",
    "photo_viewed": "写真を表示",
    "photo_printed": "写真を印刷",
    "photo_handed": "写真をオンライン申請用に書き出し",
    "photo_file_gone": "書き出した写真の消去を確認",
    "card_out": "カメラのカードを持ち出し",
    "card_read": "カメラのカードを読み取り",
    "card_shot": "カードの写真を取り込み",
    "card_shot_aside": "カードの写真を対象外にする",
    "card_emptied": "カメラのカードを空にして確認",
    "card_back": "カメラのカードを返却",
    "card_lost": "カメラのカードの紛失",
    "fee_received": "手数料を受領",
    "receipt_spoiled": "領収書を書損",
    "receipt_interrupted": "領収書番号の途中で止まった分を書損",
    "tally_made": "日計表を作成",
    "tally_checked": "日計表を照合",
    "tally_replaced": "日計表を取り消し",
    "tally_paid_in": "現金の払込みを記録",
    "incentive_given": "謝礼を渡した",
    "incentive_undone": "謝礼を取り消し",
    "consented": "同意の確認",
    "paper_printed": "書類を印刷",
    "papers_batch": "書類をまとめて印刷",
    "application_done": "申請内容を確認",
    "set_aside": "申請の取りやめ・延期",
    "visit_closed": "訪問を終了",
    "synced": "市サーバへ送信",
    "receipt_kept": "受領証を保管",
    "refused": "市サーバが保留",
    "requeued": "保留を送り直し",
    "superseded": "保留の保存を新しい保存に置き換え",
    "handed": "送れない項目を人に渡した",
    "receipts_checked": "受領証を確かめた",
    "city_restored": "市サーバの復元に合わせて送り直し",
    "lost_closed": "市サーバの復元で失われたものの扱いを記録",
    "city_key": "市の新しい鍵を確認",
    "given_up": "送れない項目をあきらめる",
    "erase_intended": "消去を開始",
    "erased": "消去",
    "erase_owed": "消去が未了",
    "trip_erased": "訪問データを消去",
    "sheet_shredded": "金庫の控えの裁断を確認",
    "desk_renewed": "受付データを新しい入れ物に移し、古い入れ物を消去",
    "office_renewed": "全体の状況のデータの古い入れ物を消去",
    "removed_elsewhere": "ほかの端末での取り消しを反映",
    "record_removed": "記録を取り消し",
    "clash_decided": "食い違いを判断",
    "twin_decided": "同じ人かどうかを判断",
    "clock_confirmed": "時計の戻りを確認",
    "damage_found": "ファイルの破損を発見",
    "asked_by_usb": "USBメモリで市へ頼み",
    "carried_out": "USBメモリへ書き出し",
    "reply_taken": "USBメモリの返事を読み取り",
    "medium_erased": "USBメモリを空にして確認",
    "settings_taken": "市の設定・様式を受け入れ",
    "settings_refused": "市の設定・様式を受け入れず",
    "exported": "書き出し",
    "report": "集計表を出力",
}


def note(
    book: Database, clock: Clock, actor: str, device: str, act: str, obj: str, result: str = "ok"
) -> int:
    """Append one row in the caller's transaction (or its own); returns its number."""
    if act not in ACTS:
        raise ValueError(f"unknown act {act}")
    with book.write() as conn:
        last = conn.execute("SELECT seq, hash FROM ledger ORDER BY seq DESC LIMIT 1").fetchone()
        seq, prev = (last["seq"] + 1, last["hash"]) if last else (1, GENESIS)
        body = {
            "seq": seq,
            "prev": prev,
            "at": stamp(clock()),
            "actor": actor,
            "device": device,
            "act": act,
            "object": obj,
            "result": result,
        }
        text = canonical(body).decode()
        conn.execute(
            "INSERT INTO ledger (seq, body, hash) VALUES (?, ?, ?)", (seq, text, entry_hash(text))
        )
    return int(seq)


def head(book: Database) -> dict[str, Any]:
    """The newest row's number and hash: `{"seq": int, "hash": hex}`."""
    row = book.one("SELECT seq, hash FROM ledger ORDER BY seq DESC LIMIT 1")
    return {"seq": row["seq"], "hash": row["hash"]} if row else {"seq": 0, "hash": GENESIS}


def hash_at(book: Database, seq: int) -> str:
    """The hash of one row; that of the beginning for 0, "" where there is no such row."""
    row = book.one("SELECT hash FROM ledger WHERE seq = ?", seq)
    return row["hash"] if row else (GENESIS if seq == 0 else "")


def texts_after(book: Database, seq: int) -> list[str]:
    """The exact texts of the rows after `seq`, oldest first, as many as one batch takes."""
    found: list[str] = []
    size = 0
    for row in book.all(
        "SELECT body FROM ledger WHERE seq > ? ORDER BY seq LIMIT ?", seq, LEDGER_ROWS
    ):
        size += len(row["body"].encode()) + 2
        if found and size > LEDGER_BYTES:
            break
        found.append(row["body"])
    return found


def rows(book: Database, limit: int = 200) -> list[dict[str, Any]]:
    """The newest rows, newest first, for the screen."""
    found = book.all("SELECT body FROM ledger ORDER BY seq DESC LIMIT ?", limit)
    return [json.loads(row["body"]) for row in found]


def check(book: Database) -> Problem | None:
    """The first broken row of this ledger, or None."""
    found = book.all("SELECT body, hash FROM ledger ORDER BY seq")
    return verify_rows((row["body"], row["hash"]) for row in found)


def export(book: Database, device: dict[str, Any] | None) -> bytes:
    """The ledger as a file: rows, the city's receipts over them, the head signed by the device."""
    with book.read():
        found = book.all("SELECT body, hash FROM ledger ORDER BY seq")
        kept = book.all("SELECT body, signature FROM receipt ORDER BY seq")
        last = head(book)
    anchors = receipt.anchors(Receipt(row["body"].encode(), row["signature"]) for row in kept)
    lines = [canonical({"body": row["body"], "hash": row["hash"]}) for row in found]
    lines += [canonical({"receipt": one.to_json()}) for one in anchors]
    end: dict[str, Any] = {"head": last}
    if device is not None:
        end["device"] = device["id"]
        end["public"] = device["sign_public"].hex()
        key = signing_private(device["sign_private"])
        end["signature"] = sign(key, "ledger-head", head_bytes(device["id"], last))
    return b"\n".join([*lines, canonical(end), b""])
