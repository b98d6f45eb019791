"""The looks of the screens of the camera cards."""

from __future__ import annotations

from tests.web.style.page_people import Context

OUT: Context = {
    "id": "c1",
    "label": "カード3",
    "trip_id": "t1",
    "day": "2026-07-01",
    "state": "out",
    "state_ja": "持ち出し中",
    "tag": "doing",
    "next": "カードを読み取る",
    "serial": "",
    "who": "佐藤 美咲",
    "back_who": "",
    "reason_ja": "",
    "out_at": "2026-07-01T09:12:00+09:00",
    "shots": None,
    "imported": 0,
    "aside": 0,
    "left": 0,
}
READ: Context = {
    **OUT, "id": "c2", "label": "カード4", "state": "read", "state_ja": "写真を整理中",
    "next": "写真を整理する", "shots": 5, "imported": 3, "aside": 1, "left": 1,
}  # fmt: skip
EMPTYING: Context = {
    **READ, "state": "emptying", "state_ja": "空にする途中", "tag": "owed", "aside": 2, "left": 0,
}  # fmt: skip
DONE: Context = {**EMPTYING, "state": "emptied", "state_ja": "空・返却待ち", "tag": "waiting"}
LOST: Context = {
    **OUT, "state": "lost", "state_ja": "紛失", "tag": "error", "back_who": "佐藤 美咲",
    "reason_ja": "見あたらない", "lost_at": "2026-07-01T15:00:00+09:00",
}  # fmt: skip
BACK: Context = {
    **DONE, "state": "back", "back_who": "鈴木 健", "back_at": "2026-06-30T17:00:00+09:00",
}  # fmt: skip
SHOTS = [
    {"sha256": str(number), "number": number, "kind": kind, "kind_ja": kind_ja, "size_ja": "4.2MB",
     "state": state, "reason_ja": why}
    for number, kind, kind_ja, state, why in (
        (1, "picture", "写真", "imported", ""),
        (2, "picture", "写真", "imported", ""),
        (3, "picture", "写真", "aside", "人物の写真ではない（壁・試し撮りなど）"),
        (4, "picture", "写真", "imported", ""),
        (5, "picture", "写真", "found", ""),
    )
]  # fmt: skip
CARD: Context = {
    "card": READ,
    "shots": SHOTS,
    "shot": SHOTS[4],
    "rest": 0,
    "trip_open": True,
    "people": [
        {"value": "a1", "label": "𠮷田 髙子 様", "note": "受付番号 12"},
        {"value": "a2", "label": "渡邉 一郎 様", "note": "受付番号 13"},
    ],
    "took": None,
    "asides": [{"value": "not_portrait", "label": "人物の写真ではない（壁・試し撮りなど）"}],
    "reasons": [{"value": "missing", "label": "見あたらない"}],
    "drives": [{"value": "E:\\", "label": "EOS_DIGITAL（29.7GB）"}],
    "inserted": "yes",
}
BOARD: Context = {
    "cards": [OUT, READ, {**EMPTYING, "label": "カード5", "next": "空にする（つづき）"}],
    "lost": [{**LOST, "label": "カード6"}],
    "back": [{**BACK, "label": "カード1"}],
    "trips": [{"id": "t1", "day": "2026-07-01"}],
    "labels": ["カード1", "カード2"],
    "drives": CARD["drives"],
}
TOOK: Context = {
    "name": "𠮷田 髙子", "look": "care", "url": "/visit/v1/a/a1/photo",
    "advice": ["顔が少し右を向いています。カメラの正面を見てもらってください。"],
}  # fmt: skip
MOVIE: Context = {**SHOTS[4], "kind": "movie", "kind_ja": "動画"}

# name of the look -> (template, context over BASE)
CARDS_LOOKS: dict[str, tuple[str, Context]] = {
    "cards-board": ("cards/board.html", BOARD),
    "cards-board-wrong": (
        "cards/board.html",
        {
            **BOARD,
            "cards": [],
            "lost": [],
            "back": [],
            "errors": [{"field": "label", "sentence": "カードの番号を入れてください。"}],
        },
    ),
    "cards-board-no-trip": (
        "cards/board.html", {**BOARD, "trips": [], "cards": [], "lost": [], "back": []}
    ),
    "cards-out": (
        "cards/card.html", {**CARD, "card": OUT, "shots": [], "shot": None, "inserted": ""}
    ),
    "cards-shot": ("cards/card.html", {**CARD, "took": TOOK}),
    "cards-movie": (
        "cards/card.html", {**CARD, "shot": MOVIE, "rest": 3, "inserted": "other"}
    ),
    "cards-locked": ("cards/card.html", {**CARD, "trip_open": False, "people": []}),
    "cards-unused": (
        "cards/card.html",
        {**CARD, "card": {**READ, "shots": 0, "imported": 0, "aside": 0, "left": 0},
         "shots": [], "shot": None},
    ),
    "cards-emptying": (
        "cards/card.html",
        {**CARD, "card": EMPTYING, "shots": [], "shot": None,
         "drives": [*CARD["drives"], {"value": "F:\\", "label": "F:\\（7.4GB）"}]},
    ),
    "cards-emptied": ("cards/card.html", {**CARD, "card": DONE, "shots": [], "shot": None}),
    "cards-lost": ("cards/card.html", {**CARD, "card": LOST, "shots": [], "shot": None}),
}  # fmt: skip
