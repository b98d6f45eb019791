"""The looks of 「送信」: nothing to do, all states at once, losses; one line; the sent list."""

from __future__ import annotations

from types import SimpleNamespace

from tests.web.style.page_people import PROGRESS, Context

WHEN = "令和8年7月1日 10:42"
BOSS = {"id": "u2", "name": "鈴木 健", "role": "supervisor"}
WAITS = {
    "id": "o1", "url": "/outbox/item/o1", "label": "受付番号12の申請　保存3回分", "state": "queued",
    "state_ja": "送信待ち", "since": WHEN, "why": "まだ市サーバの受領証がありません。", "todo": "",
    "size_ja": "12 KB", "reason": "", "attempts": 0,
}  # fmt: skip
SENDS = {**WAITS, "id": "o3", "label": "受付番号12の顔写真", "state": "sending",
         "state_ja": "送信中", "why": "いま送っています。受領証が届くまで、この端末にも残ります。",
         "size_ja": "420 KB"}  # fmt: skip
PARKED = {**WAITS, "id": "o2", "label": "受付番号9の申請", "state": "parked", "state_ja": "保留",
          "why": "市サーバに同じ番号の別の内容があります。", "attempts": 2,
          "todo": "監督者に見せてください。消えることはありません。監督者は送り直せます。",
          "reason": "other_content"}  # fmt: skip
HANDED = {**PARKED, "id": "o4", "label": "受付番号7の顔写真", "state": "handed",
          "state_ja": "人に渡した", "why": "この端末のファイルが壊れています。",
          "todo": "渡した相手が片づけたら、監督者が記録してください。",
          "reason": "file_damaged"}  # fmt: skip
SENT = {"id": "s1", "label": "受付番号8の申請", "seq": 214, "at": WHEN, "size_ja": "4 KB",
        "digest": "9f1c22ab07d4e311", "receipt": "0ab17c99d2e4f001", "state": "sent",
        "state_ja": "消去済み"}  # fmt: skip
VOID = {**SENT, "seq": 215, "state": "refused", "state_ja": "無効"}
SYNC: Context = {
    **PROGRESS, "running": True, "done": 1, "total": 3, "bytes_done": 400, "bytes_total": 1200,
    "bytes_ja": "400 KB ／ 1.2 MB", "left_ja": "あと約2分", "lanes": 4,
    "says": "市サーバへ送っています。",
}  # fmt: skip
BASIC: Context = {
    "told": None, "lost": [], "aside": [], "items": [], "more": 0, "recent": [], "handled": [],
    "totals": {"waiting": 0, "parked": 0, "handed": 0, "sent": 0, "size_ja": "0 KB"},
    "server": {"ok": True, "says": "小樽市の市サーバ"}, "contact": "", "unreached": False,
    "hopeless": 0, "progress": None,
}  # fmt: skip
REASONS = {"retaken": "撮り直した、または入れ直した", "paper": "紙の申請書で受け付けた"}
ITEM: Context = {
    "user": BOSS, "what": "save", "ids": ["0192f3aa-77c1-7d20-8c6b-51d0c3a9e001"],
    "reception": SimpleNamespace(no="9", visit_on="2026-07-01"), "aside": True, "handed": False,
    "hopeless": False, "open_page": "/visit/r9/a/a9", "correctable": True, "unlock": "",
}  # fmt: skip
LIST: Context = {
    "rows": [SENT, VOID], "days": [{"value": "2026-07-01", "label": "令和8年7月1日（120件）"}],
    "day": "2026-07-01", "total": 120, "number": 2, "pages": 3, "result": None,
}  # fmt: skip
VERSION = {
    "no": 4, "tag": "waiting", "state": "proved", "state_ja": "切り替え待ち", "reason": "",
    "at": WHEN, "size_ja": "212 KB", "digest": "9f1c22ab07d4e311", "can_take": True,
    "can_keep": True,
}  # fmt: skip
BROKEN = {**VERSION, "no": 3, "tag": "stop", "state_ja": "使えない版", "can_take": False,
          "can_keep": False, "reason": "fees.toml：「amount」がありません。"}  # fmt: skip
USED = {**VERSION, "no": 2, "tag": "ok", "state": "taken", "state_ja": "使っている版",
        "can_take": False, "can_keep": False}  # fmt: skip
VERSIONS: Context = {"rows": [], "local": False, "busy": False, "can_back": False}
OUTBOX_LOOKS: dict[str, tuple[str, Context]] = {
    "outbox-none": ("outbox.html", BASIC),
    "outbox": (
        "outbox.html",
        {
            **BASIC,
            "totals": {"waiting": 3, "parked": 1, "handed": 1, "sent": 12, "size_ja": "1.2 MB"},
            "contact": WHEN,
            "progress": SYNC,
            "aside": [PARKED, HANDED],
            "items": [SENDS, WAITS],
            "more": 176,
            "recent": [SENT],
        },
    ),
    "outbox-boss": (
        "outbox.html",
        {
            **BASIC,
            "user": BOSS,
            "told": ("good", "1件をもう一度送ります", ["受け付けられないときは保留になります。"]),
            "totals": {"waiting": 1, "parked": 2, "handed": 0, "sent": 12, "size_ja": "12 KB"},
            "contact": WHEN,
            "unreached": True,
            "progress": {**SYNC, "running": False, "says": "市サーバにつながりません。"},
            "aside": [PARKED, {**HANDED, "state": "parked", "state_ja": "保留"}],
            "items": [WAITS],
            "hopeless": 1,
            "reasons": REASONS,
            "recent": [SENT, VOID],
            "handled": [
                {"label": "受付番号3の申請", "act_ja": "新しい保存に置き換え", "why": "別の内容",
                 "now_ja": "新しい保存に置き換え", "at": WHEN, "who": "鈴木 健"},
            ],
        },
    ),
    "outbox-lost": (
        "outbox.html",
        {
            **BASIC,
            "lost": [
                {"label": "受付番号12の顔写真", "day": "2026-07-01", "captured": WHEN},
                {"label": "保存した内容（…a9e001）", "day": "", "captured": WHEN},
            ],
            "lost_reasons": {"again": "もう一度訪問して、撮り直す・聞き直す", **REASONS},
            "user": BOSS,
        },
    ),
    "outbox-lost-field": (
        "outbox.html",
        {
            **BASIC,
            "lost": [{"label": "受付番号12の顔写真", "day": "2026-07-01", "captured": WHEN}],
            "may": lambda screen: screen != "parked",
        },
    ),
    "settings-none": ("settings.html", VERSIONS),
    "settings": (
        "settings.html",
        {**VERSIONS, "rows": [VERSION, BROKEN, USED], "local": True, "busy": True,
         "can_back": True, "user": BOSS},
    ),
    "outbox-item": ("outbox_item.html", {**ITEM, "item": PARKED}),
    "outbox-item-photo": (
        "outbox_item.html",
        {**ITEM, "item": {**HANDED, "state": "parked"}, "what": "photo", "hopeless": True,
         "correctable": False},
    ),
    "outbox-item-handed": (
        "outbox_item.html",
        {**ITEM, "item": HANDED, "what": "photo", "handed": True, "open_page": "",
         "correctable": False, "unlock": "/trip/t1/unlock"},
    ),
    "outbox-item-waits": ("outbox_item.html", {**ITEM, "item": WAITS, "aside": False}),
    "outbox-sent": ("outbox_sent.html", LIST),
    "outbox-sent-good": (
        "outbox_sent.html",
        {**LIST, "day": "", "number": 1, "result": {
            "ok": True, "receipts": 31, "items": 120, "void": 2, "faults": [], "more": 0}},
    ),
    "outbox-sent-bad": (
        "outbox_sent.html",
        {**LIST, "result": {
            "ok": False, "receipts": 31, "items": 120, "void": 0, "more": 3,
            "faults": ["受領証 214番：市の鍵で確かめられません（bad_signature）。"]}},
    ),
}  # fmt: skip
