"""The looks of 様式と記入例 and of the papers that are handed out before a visit."""

from __future__ import annotations

from typing import Any

from tests.web.style.page_people import Context

THREE = [
    {"value": "ja", "label": "日本語"},
    {"value": "easy", "label": "やさしい日本語"},
    {"value": "en", "label": "English"},
]
ONE = THREE[:1]
PEOPLE = [{"id": f"a{n}", "name": name} for n, name in enumerate(("山本 ハル", "𠮷野 ツル"))]


def _form(name: str, title: str, group: str, **more: Any) -> dict[str, Any]:
    shown = {"version": "2026070101", "has_sample": True, "languages": ONE}
    return {"name": name, "title": title, "group": group, **shown, **more}


LONG = "個人番号カード紛失・廃止届 電子証明書 失効申請/秘密鍵漏えい等届出書"
SHELF_LOOKS: dict[str, tuple[str, Context]] = {
    "forms": (
        "form_shelf.html",
        {
            "sections": [
                {
                    "id": "eight",
                    "title": "申請と届出の様式（ア～ク）",
                    "forms": [
                        _form("kofu_shinsei", "個人番号カード交付申請書", "ア"),
                        _form("funshitsu", LONG, "オ", has_sample=False),
                        _form("hoken_doi", "健康保険証利用の同意書", "エ", languages=THREE),
                    ],
                },
                {
                    "id": "other",
                    "title": "そのほかの紙（コ）",
                    "forms": [_form("mochimono", "持ち物のご案内", "コ", languages=THREE)],
                },
            ],
            "broken": [
                {"name": "henno", "says": "設定ファイル form.md の 12行目：式に誤りがあります"}
            ],
        },
    ),
    "forms-empty": (
        "form_shelf.html",
        {"sections": [{"id": "eight", "title": "申請と届出の様式（ア～ク）", "forms": []}]},
    ),
    "forms-visit": (
        "form_shelf_reservation.html",
        {
            "rid": "r12",
            "reception_no": 12,
            "day": "2026-07-22",
            "window": "10時ごろ",
            "people": PEOPLE,
            "back": "/desk/r12",
            "who": {"reception_no": 12, "name": ""},
            "papers": [
                {"form": "mochimono", "title": "持ち物のご案内", "what": "持ち物と日時です。",
                 "each": True, "problem": "", "languages": THREE},
                {"form": "shisetsu_annai", "title": "施設へのご案内（出張申請受付の実施について）",
                 "what": "施設長あての手紙です。", "each": False, "problem": "", "languages": ONE},
                {"form": "shisetsu_kakunin", "title": "shisetsu_kakunin", "what": "書く紙です。",
                 "each": True, "problem": "form.md がありません", "languages": []},
            ],
        },
    ),
}  # fmt: skip
