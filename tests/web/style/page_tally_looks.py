"""The looks of the screens about cash: the fee, 日計表, the month, the gifts."""

from __future__ import annotations

from fieldkit.incentive import UNDONE
from fieldkit.money import WHY as SPOILED_WHY
from fieldkit.rules.cash import COINS, Cash
from fieldkit.rules.gifts import Gift
from fieldkit.tally import REPLACED, WHY
from fieldkit.tally_sheet import Line, Sheet, Spoiled
from tests.web.style.page_people import BASE, VISIT, VISITING, Context

CASH = Cash(treasurer="会計管理者（会計課）", treasurer_phone="0134-00-0002")
BOSS = {**BASE["user"], "role": "supervisor"}
SHEET = Sheet(
    "2026-07-01", "sato",
    (Line("特急発行・電子証明書あり", 2000, 3, 6000), Line("特急発行・電子証明書なし", 1800, 0, 0),
     Line("通常発行・電子証明書あり", 1000, 1, 1000), Line("通常発行・電子証明書なし", 800, 0, 0),
     Line("免除（0円）", 0, 2, 0)),
    4, 7000, "K01-00012", "K01-00017", "A-0112", "A-0117",
    (Spoiled("K01-00014", "A-0114", 2000, "あて名や日付を書きまちがえた"),
     Spoiled("K01-00015", "", 2000, "記録の途中で止まりました")),
    (), ("K01-00012", "K01-00013", "K01-00016"), (6, 4, 7000),
)  # fmt: skip
DAY = {
    "day": "2026-07-01", "url": "/tally/2026-07-01/1", "officer": "佐藤 美咲", "count": 4,
    "yen": 7000, "spoiled": 2, "owed": True, "tag": "todo", "state_ja": "照合待ち",
    "slip_no": "", "paid_in_on": "",
}  # fmt: skip
DONE = {**DAY, "day": "2026-06-30", "tag": "done", "state_ja": "照合済み", "slip_no": "R-0231",
        "paid_in_on": "2026-07-01"}  # fmt: skip
ROW = {
    "id": "t1", "state": "made", "expected": 7000, "counted": 6500, "difference": -500,
    "coins": {1000: 6, 500: 1}, "why": "lost", "why_ja": WHY["lost"], "about": "K01-00016",
    "counter": "佐藤 美咲", "made": "令和8年7月1日 17:20", "checker": "", "checked": "",
    "slip_no": "", "paid_in_on": None, "undone_ja": "", "undone": "", "undone_by": "",
}  # fmt: skip
CHECKED = {
    **ROW, "state": "checked", "counted": 7000, "difference": 0, "why": "", "why_ja": "",
    "about": "", "coins": {1000: 7}, "checker": "鈴木 健", "checked": "令和8年7月1日 17:31",
}  # fmt: skip
OLD = {**ROW, "id": "t0", "undone_ja": REPLACED["miscounted"], "undone": "令和8年7月1日 17:25",
       "undone_by": "佐藤 美咲"}  # fmt: skip


def _options(words: dict[str, str]) -> list[dict[str, str]]:
    return [{"value": code, "label": ja} for code, ja in words.items()]


DAY_PAGE: Context = {
    "url": "/tally/2026-07-01/1", "sheet": SHEET, "officer": "佐藤 美咲", "row": None,
    "stale": False, "old": [], "coins": COINS, "whys": _options(WHY), "undo": _options(REPLACED),
    "numbers": [{"value": no, "label": no} for no in SHEET.numbers], "cash": CASH,
    "others": [{"value": "u2", "label": "鈴木 健", "note": "監督者"},
               {"value": "u3", "label": "田中 実", "note": "訪問担当"}],
    "limit": "2026-07-02", "late": "",
}  # fmt: skip
FEE: Context = {
    **VISITING, "visit": VISIT, "applicant": {"id": "a1", "name": "山本 ハル"}, "reasons": [],
    "fee": {"yen": 2000, "says": "紛失による再交付の手数料です。",
            "breakdown": [{"label": "カード", "yen": 1800}, {"label": "電子証明書", "yen": 200}]},
    "whys": _options(SPOILED_WHY), "cash": CASH,
    "spoiled": [{"no": "K01-00015", "paper_no": "A-0115", "why": "記録の途中で止まりました",
                 "reason": "interrupted", "at": "令和8年7月1日 10:40", "pdf": None}],
}  # fmt: skip
GIFT: Context = {
    "gift": Gift("商品券", 2000, 100), "left": 98, "undo": _options(UNDONE), "ready": True,
    "given": None, **VISITING, "visit": VISIT, "applicant": {"id": "a1", "name": "山本 ハル"},
}  # fmt: skip
GIVEN = {"number": 1, "at": "令和8年7月1日 10:40", "actor": "佐藤 美咲", "item": "商品券",
         "yen": 2000, "state": "given", "undone": "", "name": "山本 ハル",
         "reception_no": "12"}  # fmt: skip

# name of the look -> (template, context over BASE)
TALLY_LOOKS: dict[str, tuple[str, Context]] = {
    "tally": (
        "tally.html",
        {"waiting": [DAY], "done": [DONE], "month": "2026-07", "cash": CASH, "user": BOSS},
    ),
    "tally-none": (
        "tally.html", {"waiting": [], "done": [], "month": "2026-07", "cash": CASH}
    ),
    "tally-count": ("tally_day.html", DAY_PAGE),
    "tally-count-wrong": (
        "tally_day.html",
        {
            **DAY_PAGE,
            "values": {"c10000": "x", "c1000": "6"},
            "errors": [
                {"field": "c10000", "sentence": "10,000円の枚数を、数字で入れてください。"},
                {"field": "why", "sentence": "現金が1,000円足りません。事情を選びます。"},
            ],
        },
    ),
    "tally-made": ("tally_day.html", {**DAY_PAGE, "row": ROW, "old": [OLD]}),
    "tally-stale": ("tally_day.html", {**DAY_PAGE, "row": ROW, "stale": True}),
    "tally-check-wrong": (
        "tally_day.html",
        {
            **DAY_PAGE,
            "row": ROW,
            "values": {"other": "u2"},
            "errors": [{"field": "words", "sentence": "鈴木 健さんの合言葉が違います。"}],
        },
    ),
    "tally-checked": (
        "tally_day.html",
        {**DAY_PAGE, "row": CHECKED, "late": "払込みの期限を過ぎて払い込まれていません。"},
    ),
    "tally-paid": (
        "tally_day.html",
        {**DAY_PAGE, "row": {**CHECKED, "paid_in_on": "2026-07-02", "slip_no": "R-0232"}},
    ),
    "tally-month": (
        "tally_month.html",
        {"month": "2026-07", "title": "令和8年7月", "rows": [DONE, DAY], "before": "2026-06",
         "after": "2026-08", "total": {"count": 8, "yen": 14000, "spoiled": 4}},
    ),
    "fee-book": ("visit/fee.html", FEE),
    "fee-received": (
        "visit/fee.html",
        {**FEE, "user": BOSS,
         "receipt": {"no": "K01-00016", "yen": 2000, "paper_no": "A-0115", "pdf": None},
         "errors": [{"field": "spoil_why", "sentence": "書損にする理由を選んでください。"}]},
    ),
    "fee-printed": (
        "visit/fee.html",
        {**FEE, "cash": Cash(mode="printed"),
         "spoiled": [{**FEE["spoiled"][0], "paper_no": "", "pdf": "/x.pdf"}],
         "receipt": {"no": "K01-00016", "yen": 2000, "paper_no": "", "pdf": "/y.pdf"}},
    ),
    "gift": ("visit/gift.html", GIFT),
    "gift-early": ("visit/gift.html", {**GIFT, "ready": False}),
    "gift-given": ("visit/gift.html", {**GIFT, "given": GIVEN}),
    "gifts": (
        "incentives.html",
        {**GIFT, "count": 1, "yen": 2000, "trips": [{"id": "t1", "day": "2026-07-01"}],
         "who": None,
         "rows": [GIVEN, {**GIVEN, "number": 2, "state": "undone", "name": "",
                          "undone": UNDONE["refused"]}]},
    ),
}  # fmt: skip
