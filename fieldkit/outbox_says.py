"""The words of the outbox: what a thing is, its state, why it is so, and what a person does."""

from __future__ import annotations

from fieldkit import giveup
from fieldkit.outbox_list import Item
from fieldkit.whose import Reception

LABELS = {
    "reservation": "受付票",
    "applicant": "申請者",
    "application": "申請",
    "photo": "顔写真",
    "decision": "食い違いの判断",
    "twin_decision": "二重登録の判断",
    "": "保存した内容",
}
STATES = {
    "queued": "送信待ち",
    "sending": "送信中",
    "parked": "保留",
    "handed": "人に渡した",
    "superseded": "新しい保存に置き換え",
    "given_up": "あきらめた",
    "erased": "消去した",
    "receipted": "受領証あり",
}
WHY = {
    "": "まだ市サーバの受領証がありません。",
    "unknown_trip": "市サーバにこの訪問データの記録がありません。",
    "cannot_open": "市サーバが開けませんでした。",
    "other_content": "市サーバに同じ番号の別の内容があります。",
    "fork": "同じ番号の記録が別の内容で届いています。",
    "file_missing": "この端末にファイルがありません。",
    "file_damaged": "この端末のファイルが壊れています。壊れたファイルは残してあります。",
    "wrong_format": "市サーバが読めない形の保存です。",
    "out_of_scope": "この端末が持ち出した受付でも、受け付けた受付でもありません。",
    "no_proof": "市サーバの受領証に、この項目がありません。",
    "too_large": "大きすぎて受け付けられません。",
    "revoked": "この端末は市で停止されています。",
}
VOID = "市サーバが前の控えから復元され、受領証が無効になりました。もう一度送ります。"
SENDING = "いま送っています。受領証が届くまで、この端末にも残ります。"


def label(entity: str, reception: Reception | None, object_id: str, saves: int = 1) -> str:
    """What it is, without anybody's name: 「受付番号12の顔写真」."""
    what = LABELS.get(entity, LABELS[""])
    times = f"　保存{saves}回分" if saves > 1 else ""
    if reception is not None:
        return f"受付番号{reception.no}の{what}{times}"
    return f"{what}（…{object_id[-6:]}）{times}"


def item_label(item: Item) -> str:
    return label(item.entity, item.reception, item.record_id or item.id, len(item.ids))


def state(item: Item, running: bool = False) -> str:
    """The state as it is shown: what is queued is being sent while a sync runs."""
    return "sending" if item.state == "queued" and running else item.state


def why(item: Item, running: bool = False) -> str:
    """Why it is not settled yet."""
    if item.state == "queued":
        if running:
            return SENDING
        if item.void:
            return VOID
    return WHY.get(item.reason, f"市サーバが受け付けませんでした（{item.reason}）。")


def todo(item: Item) -> str:
    """What a person does about it; "" where nothing is to be done but to send."""
    if item.state == "handed":
        return "渡した相手が片づけたら、監督者が記録してください。"
    if item.state != "parked":
        return ""
    if item.reason in giveup.LOST:
        return "監督者に見せてください。送り直す・人に渡す・あきらめるのどれかを選べます。"
    return "監督者に見せてください。消えることはありません。監督者は送り直せます。"


def time_left(seconds: int | None) -> str:
    """「あと約3分」, rounded up; "" where nobody knows yet."""
    if seconds is None:
        return ""
    if seconds <= 90:
        return f"あと約{max(10, -(-seconds // 10) * 10)}秒"
    minutes = -(-seconds // 60)
    return f"あと約{minutes}分" if minutes <= 90 else f"あと約{-(-minutes // 60)}時間"
