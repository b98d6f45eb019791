"""The looks of the pages of the desk and the office."""

from __future__ import annotations

from tests.web.style.page_people import LIST_ROW, OFFERS, PAPERS, SCRIPT, SLIP, Context

RETURNED: list[Context] = [
    {"id": "t1", "reception_no": 12, "name": "山本 ハル", "reason": "顔に影がある",
     "on": "2026-07-21", "look": "warn", "state_ja": "予約がまだ", "booked": "", "waits": True,
     "todo": "電話をして、撮り直しの訪問を予約します。"},
    {"id": "t2", "reception_no": "K02-3", "name": "𠮷野 ツル", "on": "2026-07-22",
     "reason": "写真の背景に家具が写っていて、顔の輪郭と見分けがつかない", "look": "waiting",
     "state_ja": "確認待ち", "booked": "", "waits": True,
     "todo": "訪問は終わりましたが、確認した申請が市サーバに届いていません。"
     "撮れていないときは、もう一度予約します。"},
    {"id": "t3", "reception_no": 8, "name": "浜 四郎", "reason": "目を閉じている",
     "on": "2026-07-22", "look": "booked", "state_ja": "予約あり", "booked": "21", "waits": False,
     "todo": "訪問で写真を撮り、申請を確認すると終わります。"},
]  # fmt: skip

# name of the look -> (template, context over BASE)
OFFICE_LOOKS: dict[str, tuple[str, Context]] = {
    "desk": (
        "desk/list.html",
        {
            "drafts": [{"id": "d1", "saved": "10:40に保存"}],
            "reservations": [
                {
                    "id": "r12",
                    "reception_no": 12,
                    "visit_date": "2026-07-01",
                    "window": "9:30～10:30",
                    "name": "山本 ハル",
                    "town": "花園2丁目",
                    "n_applicants": 2,
                    "state": "booked",
                    "state_ja": "予約済み",
                }
            ],
        },
    ),
    "desk-returned": (
        "desk/list.html",
        {"drafts": [], "reservations": [], "returned_photos": lambda: RETURNED},
    ),
    "desk-retake": (
        "desk/form.html",
        {
            "reservation": None,
            "count": 1,
            "offers": OFFERS,
            "papers": PAPERS,
            "values": {**SLIP, "applicant-0-retake_of": "a1"},
        },
    ),
    "desk-new": (
        "desk/form.html",
        {"reservation": None, "count": 1, "offers": [], "papers": PAPERS},
    ),
    "desk-form": (
        "desk/form.html",
        {
            "reservation": {"id": "r12", "reception_no": 12, "state_ja": "予約済み"},
            "count": 2,
            "offers": OFFERS,
            "papers": PAPERS,
            "values": SLIP,
            "script": SCRIPT,
            "errors": [
                {"field": "applicant-1-name", "sentence": "2人目の氏名を入力してください。"}
            ],
        },
    ),
    "towns": ("desk/_towns.html", {"towns": [{"code": "hanazono", "label": "小樽市花園"}]}),
    "date": ("desk/_date.html", {"ok": True, "says": "昭和20年3月5日（1945年・81歳）"}),
    "script": ("desk/_script.html", SCRIPT),
    "checkout": (
        "checkout.html",
        {
            "trip": {"id": "t1", "day": "2026-07-01"},
            "line": True,
            "days": [{"date": "2026-07-02", "label": "7月2日(木)", "visits": 4, "n_applicants": 6}],
            "preflight": [
                {"name": "暗号化", "ok": True, "says": "この機械の保管庫は暗号化されています。"},
                {"name": "時計", "ok": False, "says": "7分ずれています。時刻を合わせてください。"},
            ],
        },
    ),
    "erase": (
        "erase.html",
        {
            "owed": 1,
            "owed_list": [{"id": "0192-77", "why": "消去の途中で電源が切れました。"}],
            "errors": [
                {"field": "shredded_by_2", "sentence": "立ち会った人の名前を入力してください。"}
            ],
            "values": {"shredded_by_1": "佐藤 美咲"},
            "trips": [
                {
                    "id": "t1",
                    "day": "2026-07-01",
                    "photos_left": 3,
                    "objects": 41,
                    "receipts_ok": True,
                    "blockers": [],
                },
                {
                    "id": "t2",
                    "day": "2026-07-02",
                    "photos_left": 2,
                    "objects": 20,
                    "receipts_ok": False,
                    "blockers": ["受付番号 13 の写真の受領証が、まだありません。"],
                },
            ],
        },
    ),
    "list": (
        "list.html",
        {
            "rows": [
                LIST_ROW,
                {**LIST_ROW, "reception_no": 13, "visited": ""},
                {**LIST_ROW, "reception_no": 8, "deleted": "2026-07-02"},
            ]
        },
    ),
    "ledger": (
        "ledger.html",
        {
            "verify": {"ok": True, "says": "1番から842番まで点検しました。"},
            "rows": [
                {
                    "seq": 842,
                    "at": "令和8年7月1日 10:42",
                    "actor": "佐藤 美咲",
                    "act_ja": "印刷",
                    "object": "0192f3a1",
                    "result": "成功",
                }
            ],
        },
    ),
    "error": (
        "error.html",
        {
            "sentence": "この訪問データの鍵が違います。",
            "action": "retry",
            "action_ja": "予定表の26文字を、もう一度確かめてください。",
            "code": "TRIP_KEY",
            "back": "/trip/t2/unlock",
        },
    ),
}
