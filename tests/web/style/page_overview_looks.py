"""The looks of 全体の状況, the screen of a kit of the office."""

from __future__ import annotations

from tests.web.style.page_people import Context

KIT = {"name": "訪問1号", "profile_ja": "訪問", "active": True, "seen": "令和8年7月15日 10:42",
       "out": 0, "here": False}  # fmt: skip
DAY = {"day": "2026-07-15", "states": [2, 3, 1, 1], "people": 9, "confirmed": 2,
       "aside": "取りやめ 1、後日 1", "undone": 5}  # fmt: skip
NUMBERS = "・".join(f"K01-{number}" for number in range(1, 31))
OVERVIEW_LOOKS: dict[str, tuple[str, Context]] = {
    "office": (
        "office.html",
        {
            "days": [{**DAY, "day": ""}, {**DAY, "day": "2026-07-16", "aside": ""}, DAY],
            "out": [
                {"kit": "K02", "day": "2026-07-15", "numbers": NUMBERS, "n": 30},
                {"kit": "K04", "day": "", "numbers": "K03-2", "n": 1},
            ],
            "unknown_out": 2,
            "clashes": 3,
            "twins": 1,
            "tasks": [{"reception_no": "K01-12", "reason": "背景が白くない", "on": "2026-07-14",
                       "look": "warn", "state_ja": "予約がまだ"}],
            "kits": [
                {**KIT, "id": "K01", "name": "予約受付", "profile_ja": "予約受付"},
                {**KIT, "id": "K02", "out": 30},
                {**KIT, "id": "K03", "active": False, "seen": ""},
                {**KIT, "id": "K05", "name": "監督者", "profile_ja": "庁内", "here": True},
            ],
            "told_at": "令和8年7月15日 11:03",
            "errors": [{"field": "confirm",
                        "sentence": "消去してよいことを確かめて、印を付けてください。"}],
            "office_kit": lambda: True,
        },
    ),
    "office-none": (
        "office.html",
        {"days": [], "out": [], "unknown_out": 0, "clashes": 0, "twins": 0, "tasks": [],
         "kits": [], "told_at": ""},
    ),
    "unlock-office": (
        "trip_unlock.html",
        {"trip": {"id": "t1", "day": "2026-07-15", "kind": "office"}},
    ),
}  # fmt: skip
