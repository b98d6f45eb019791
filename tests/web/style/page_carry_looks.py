"""The looks of 「USBで運ぶ」: no stick, one stick to write on, two sticks with replies to read."""

from __future__ import annotations

from tests.web.style.page_people import Context

STICK = {"value": "/media/usb", "label": "USB-03", "note": "空き 7.2 GB"}
ROW = {
    "no": 3, "medium": "USB-03", "at": "令和8年7月1日 17:10", "made_by": "佐藤 花", "items": 41,
    "digest": "9f1c22ab07d4e311", "size_ja": "12.4 MB", "tag": "waiting", "state": "written",
    "state_ja": "返事待ち", "reply_at": None, "erased_by": None, "erased_at": "",
}  # fmt: skip
ANSWERED = {**ROW, "no": 2, "tag": "done", "state": "answered", "state_ja": "返事あり"}
GONE = {**ANSWERED, "no": 1, "erased_by": "佐藤 花", "erased_at": "令和8年6月30日 17:40"}
BASIC: Context = {
    "places": [STICK], "waits": {"waiting": 41, "parked": 0}, "told": [], "rows": [], "empty": [],
    "next": 2, "typed": "", "asks": [], "can": [],
}  # fmt: skip
CARRY_LOOKS: dict[str, tuple[str, Context]] = {
    "carry-none": (
        "carry.html",
        {
            **BASIC,
            "places": [],
            "typed": "/mnt/share/ksp",
            "can": [{"what": "desk", "label": "受付データの用意"}],
            "errors": [{"field": "mount", "sentence": "USBメモリを差すか、場所を入れてください。"}],
        },
    ),
    "carry-write": (
        "carry.html",
        {
            **BASIC,
            "errors": [{"field": "medium", "sentence": "USBメモリの番号を入れてください。"}],
        },
    ),
    "carry-wait": (
        "carry.html",
        {
            **BASIC,
            "told": [("good", "3番として書き込みました", ["41件を書き込み、確かめました。"], "")],
            "asks": [
                {"key": "a", "says": "7月2日の持ち出し（予約4件）", "written": True},
                {"key": "b", "says": "7月3日の予約の一覧", "written": False},
            ],
            "rows": [ROW, GONE],
            "empty": [ROW],
            "next": 4,
        },
    ),
    "carry-empty": (
        "carry.html",
        {
            **BASIC,
            "places": [STICK, {**STICK, "value": "/media/b", "label": "USB-04"}],
            "told": [
                ("care", "2番の返事を読みました", ["壊れて届かなかったものが1件あります。"], ""),
                ("good", "頼んだことへの返事", ["訪問予定表を印刷してください。"], "/checkout"),
                ("bad", "読み取れない返事", ["この端末あての返事ではありません。"], ""),
            ],
            "rows": [ROW, ANSWERED, GONE],
            "empty": [ANSWERED, ROW],
            "next": 5,
            "errors": [
                {"field": "mount", "sentence": "どのUSBメモリかを選んでください。"},
                {"field": "confirm-2", "sentence": "印を付けてください。"},
            ],
        },
    ),
}
