"""Fictional people, papers and questions that the looks of the pages are made of."""

from __future__ import annotations

from typing import Any

Context = dict[str, Any]

BASE: Context = {
    "may": lambda screen: True,
    "csrf": "t0ken",
    "user": {"id": "u1", "name": "佐藤 美咲", "role": "field"},
    "city": {"name": "小樽市", "supervisor_phone": "0134-00-0000"},
    "who": None,
    "saved_at": "",
    "owed": 0,
    "outbox": {"waiting": 3, "parked": 1},
    "now_wareki": "令和8年7月1日(水) 10:42",
    "errors": [],
    "values": {},
}
VISITING: Context = {
    "who": {"reception_no": 12, "name": "山本 ハル"},
    "saved_at": "保存しました 10:42",
}
VISIT: Context = {
    "id": "r12",
    "trip_id": "t1",
    "reception_no": 12,
    "window": "9:30～10:30",
    "town": "花園2丁目",
    "address": "小樽市花園2丁目12番1号",
    "katagaki": "花園ハイツ101号室",
    "phone": "0134-11-0000",
    "parking_ja": "とめられる",
    "notes": "呼び鈴が聞こえにくいので、電話をしてから玄関に立つ。",
    "caller_name": "山本 一郎",
    "caller_relation_ja": "同じ世帯",
    "day": "2026-07-01",
    "reason_cannot_go": "足が不自由で、坂道を歩けない。",
    "state": "open",
}
APPLICANT: Context = {
    "id": "a1",
    "name": "山本 ハル",
    "kana": "ヤマモト ハル",
    "birth": "1945-03-05",
    "kind_ja": "再交付（紛失）",
}
PAPERS = [
    {"code": "licence", "label": "運転免許証", "class": "A"},
    {"code": "passport", "label": "旅券（パスポート）", "class": "A"},
    {"code": "handbook", "label": "身体障害者手帳", "class": "A"},
    {"code": "residence", "label": "在留カード", "class": "A"},
    {"code": "shikaku", "label": "資格確認書", "class": "B"},
    {"code": "kaigo", "label": "介護保険被保険者証", "class": "B"},
    {"code": "nenkin", "label": "年金手帳・年金証書", "class": "B"},
    {"code": "bank", "label": "預金通帳", "class": "B"},
]
REASONS = [
    {"value": "EX_BEDRIDDEN", "label": "寝たきりなどで正面を向けない"},
    {"value": "EX_MEDICAL_COVER", "label": "医療上の理由で顔の一部をおおっている"},
]
CHANNELS = [
    {"value": "paper", "label": "紙の申請書（郵送）", "note": "氏名の欄に理由を印刷します。"},
    {"value": "online", "label": "オンライン申請", "note": "フリーダイヤルに電話します。"},
]
OFFERS = [
    {"value": "2026-07-01|am|1", "label": "7月1日(水) 午前1件目", "note": "9:30～10:30"},
    {"value": "2026-07-01|pm|2", "label": "7月1日(水) 午後2件目", "note": "14:30～15:30"},
    {"value": "2026-07-03|am|1", "label": "7月3日(金) 午前1件目", "note": "9:30～10:30"},
    {"value": "2026-07-03|am|2", "label": "7月3日(金) 午前2件目", "note": "10:30～11:30"},
]
SLIP = {
    "caller_name": "山本 一郎",
    "caller_relation": "household",
    "phone": "0134-11-0000",
    "place": "home",
    "postal": "0470024",
    "address": "小樽市花園2丁目",
    "parking": "yes",
    "applicant-0-name": "山本 ハル",
    "applicant-0-kana": "ヤマモト ハル",
    "applicant-0-birth": "昭和20年3月5日",
    "applicant-0-kind": "lost",
    "applicant-0-id_papers": ["handbook", "kaigo"],
    "applicant-0-photo_ok": "yes",
    "offer": "2026-07-01|am|1",
    "applicant-1-kind": "new",
}
SCRIPT = {
    "kind_ja": "紛失",
    "points": [
        "総合フリーダイヤルで、カードを一時停止してください。",
        {"text": "手数料は2,000円です。お釣りのないようにご用意ください。", "strong": True},
        "本人確認書類は、A1点とB1点、またはA2点が要ります。",
        "保険証として使っている方は、資格確認書があるか確かめてください。",
    ],
}
APPLICANTS = [
    {**APPLICANT, "done": 2, "total": 7, "state": "doing", "state_ja": "入力中", "url": "#a1"},
    {
        "id": "a2",
        "name": "山本 一郎",
        "kana": "ヤマモト イチロウ",
        "birth": "1971-11-20",
        "kind_ja": "更新",
        "done": 7,
        "total": 7,
        "state": "done",
        "state_ja": "完了",
        "url": "#a2",
    },
]
VISITS = [
    {
        **VISIT,
        "name": "山本 ハル",
        "state": "open",
        "state_ja": "訪問中",
        "next_url": "#v1",
        "applicants": [
            {"name": "山本 ハル", "kind_ja": "紛失", "state_ja": "7つのうち2つ"},
            {"name": "山本 一郎", "kind_ja": "更新", "state_ja": "完了"},
        ],
    },
    {
        **VISIT,
        "id": "r13",
        "reception_no": 13,
        "window": "10:30～11:30",
        "town": "色内1丁目",
        "name": "髙橋 トメ",
        "state": "shared",
        "state_ja": "訪問前",
        "next_url": "#v2",
        "applicants": [{"name": "髙橋 トメ", "kind_ja": "新規", "state_ja": "まだ"}],
    },
    {
        **VISIT,
        "id": "r9",
        "reception_no": 9,
        "window": "13:30～14:30",
        "town": "稲穂3丁目",
        "name": "𠮷田 清",
        "state": "visited",
        "state_ja": "訪問済み",
        "next_url": "#v3",
        "applicants": [{"name": "𠮷田 清", "kind_ja": "更新", "state_ja": "完了"}],
    },
]
PROGRESS = {"running": False, "done": 0, "total": 0, "bytes_done": 0, "bytes_total": 0, "says": ""}
LIST_ROW = {
    "reception_no": 12,
    "booked": "2026-06-12",
    "planned": "2026-07-01",
    "expected": 2,
    "shared": "2026-06-23",
    "visited": "2026-07-01",
    "deleted": "",
}
EYES = {
    "code": "eyes",
    "advice": "目が閉じています。まばたきの後でもう一度撮ってください。",
    "severity": "stop",
    "overridable": True,
    "no": 1,
    "value": "0.09",
}
HAT = {
    "code": "hat",
    "advice": "帽子やヘアバンドはありませんか。前髪なら問題ありません（目にかからないこと）。",
    "severity": "warn",
    "overridable": True,
    "no": 2,
    "value": "12.3",
}
DARK = {
    "code": "dark",
    "advice": "顔が暗いです。照明をつけるか窓の方を向いてください。",
    "severity": "stop",
    "overridable": False,
    "no": 1,
    "value": "41",
}
PLACES = [[1, 0.25, 0.35, 0.5, 0.12], [2, 0.2, 0.1, 0.6, 0.6]]
_DRAWN = [
    ("hat", "帽子・ヘアバンド"),
    ("mask", "マスク"),
    ("glasses", "色つきめがね"),
    ("hair", "前髪が目にかかる"),
    ("frames", "めがねのふちが目に重なる"),
    ("others", "別の人・手"),
]


def pictures(*asked: str, asks: tuple[str, ...] = ()) -> Context:
    drawn = [{"code": c, "caption": text, "asked": c in asked} for c, text in _DRAWN]
    return {"drawn": drawn, "asks": asks}


CALL = {
    "task": "マイナンバー総合フリーダイヤルに電話し、申請書IDと理由を伝える",
    "phone": "0120-95-0178",
    "office": False,
    "form_id": "1" * 23,
    "reception_no": 12,
    "name": "山本 ハル",
    "at": "",
    "by": "",
    "url": "#photo",
}
OFFICE_CALL = {**CALL, "office": True, "form_id": "", "phone": "0570-666-535"}
