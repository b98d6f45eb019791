"""The looks of 食い違い."""

from __future__ import annotations

from typing import Any

from tests.web.style.page_people import Context

LONG = "玄関の段差に気をつける。呼び鈴が聞こえにくいので、電話をしてから訪問する。"


def _clash(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"c{number}",
        "title": f"受付番号 K01-{number}　𠮷野 ツル 様　申請",
        "fields": [{"label": "電話番号", "kept": "0134-00-0001", "other": "（なし）"}],
        "kept_by": "この端末　田中 実　令和8年7月15日 10:42",
        "other_by": "K03　tanaka2　令和8年7月15日 10:40",
        "one_way": False,
        "removed": False,
        "says": "",
        **more,
    }


def _person(name: str) -> list[dict[str, str]]:
    values = {"氏名": name, "フリガナ": "ヨシノ ツル", "生年月日": "昭和20年3月5日",
              "住所": "北海道汐見市花園1丁目2番3号", "訪問日": "令和8年7月15日"}  # fmt: skip
    return [{"label": label, "value": value} for label, value in values.items()]


def _twin(number: int, **more: Any) -> dict[str, Any]:
    people = [_person("𠮷野 ツル"), _person("吉野 ツル")]
    return {"id": f"t{number}", "why": "フリガナと生年月日", "people": people, "says": "", **more}


DONE = "鈴木 一郎が令和8年7月15日 11:00に「もう一方の値」にしました。理由：電話で確かめた"
CONFLICT_LOOKS: dict[str, tuple[str, Context]] = {
    "conflicts": (
        "conflicts.html",
        {
            "waiting": [
                _clash(12, fields=[{"label": "顔写真", "kept": "写真（…a1b2c3）", "other": LONG}]),
                _clash(13, one_way=True, removed=True),
            ],
            "history": [_clash(14, says=DONE), _clash(15, says=f"先に判断されていました。{DONE}")],
            "twins": [_twin(1)],
            "twins_done": [_twin(2, says="鈴木 一郎が「別の人」にしました。理由：別の世帯")],
            "locked": 1,
            "about": "c12",
            "errors": [{"field": "why-c12", "sentence": "そう判断した理由を入れてください。"}],
        },
    ),
    "conflicts-none": (
        "conflicts.html",
        {"waiting": [], "history": [], "twins": [], "twins_done": [], "locked": 0, "about": ""},
    ),
    "checkout-city": (
        "checkout.html",
        {
            "trip": None,
            "line": False,
            "days": [],
            "preflight": [{"name": "端末の登録", "ok": True, "says": "端末番号 K02"}],
            "asked": {
                "day": "2026-07-15",
                "any_out": True,
                "rows": [
                    {"id": "r1", "label": "受付番号 K01-12", "note": "午前10時ごろ・花園・申請 1人",
                     "out_by": "", "chosen": True},
                    {"id": "r2", "label": "受付番号 K03-4", "note": "午後1時ごろ・入船・申請 20人",
                     "out_by": "K03", "chosen": False},
                ],
            },
        },
    ),
    "checkout-city-none": (
        "checkout.html",
        {
            "trip": None,
            "days": [],
            "preflight": [],
            "asked": {"day": "2026-07-15", "any_out": False, "rows": []},
        },
    ),
}  # fmt: skip
