"""The invented people of the demo city, with names that try every corner of a printed form."""

from __future__ import annotations

from typing import Any


def _home(**fields: Any) -> dict[str, Any]:
    return {
        "postal": "0470024",
        "district": "花園",
        "katagaki": "",
        "parking": "yes",
        "notes": "",
        "place": "home",
        "caller_relation": "household",
        **fields,
    }


def _person(name: str, kana: str, birth: str, kind: str, **fields: Any) -> dict[str, Any]:
    return {
        "name": name,
        "kana": kana,
        "birth": birth,
        "sex": "f",
        "kind": kind,
        "id_papers": [],
        "photo_ok": "yes",
        "can_write": "yes",
        "helper": "yes",
        "uses_as_insurance": "no",
        "has_shikaku": "yes",
        "loss_report_date": "",
        **fields,
    }


PEOPLE: tuple[dict[str, Any], ...] = (
    {
        "in_days": 0,
        "reservation": _home(
            half="am",
            order=1,
            address="北海道汐見市花園1丁目2番3号",
            phone="0134-00-1001",
            caller_name="𠮷野 明",
            reason_cannot_go="歩くことが難しい",
            notes="呼び鈴が聞こえにくい。玄関で声をかける。",
        ),
        "applicants": [_person("𠮷野 ツル", "ヨシノ ツル", "1938-03-05", "new")],
    },
    {
        "in_days": 0,
        "reservation": _home(
            half="am",
            order=2,
            address="北海道汐見市花園3丁目14番5号",
            katagaki="花園荘 102",
            phone="0134-00-1002",
            caller_name="髙橋 和子",
            caller_relation="self",
            reason_cannot_go="腰を痛めている",
            parking="no",
        ),
        "applicants": [
            _person("髙橋 和子", "タカハシ カズコ", "1945-08-15", "renew"),
            _person("髙橋 正", "タカハシ タダシ", "1943-01-20", "new", sex="m"),
        ],
    },
    {
        "in_days": 1,
        "reservation": _home(
            half="pm",
            order=1,
            address="北海道汐見市稲穂2丁目8番1号",
            district="稲穂",
            phone="0134-00-1003",
            caller_name="葛󠄀西 ヴィクトリア",
            caller_relation="third_degree",
            reason_cannot_go="退院したばかり",
        ),
        "applicants": [
            _person("葛󠄀西 ハナ", "カサイ ハナ", "1941-12-08", "lost", loss_report_date="")
        ],
    },
    {
        "in_days": 3,
        "reservation": _home(
            half="am",
            order=1,
            address="北海道汐見市緑5丁目6番7号",
            district="緑",
            phone="0134-00-1004",
            caller_name="渡邉 進",
            reason_cannot_go="目が不自由",
            notes="小さい犬がいる。",
        ),
        "applicants": [_person("渡邉 進", "ワタナベ ススム", "1936-06-11", "new", sex="m")],
    },
    {
        "in_days": 4,
        "reservation": _home(
            half="am",
            order=1,
            address="北海道汐見市潮見台1丁目1番1号",
            district="潮見台",
            phone="0134-00-1005",
            caller_name="マリア フェルナンダ デ ラ クルス サントス",
            caller_relation="self",
            reason_cannot_go="車いすを使っている",
        ),
        "applicants": [
            _person(
                "マリア フェルナンダ デ ラ クルス サントス",
                "マリア フェルナンダ デ ラ クルス サントス",
                "1950-10-01",
                "damaged",
            )
        ],
    },
    {
        "in_days": 5,
        "reservation": _home(
            half="pm",
            order=1,
            address="北海道汐見市桜3丁目3番3号",
            district="桜",
            phone="0134-00-1006",
            caller_name="森 ミツ",
            caller_relation="self",
            reason_cannot_go="寝たきり",
        ),
        "applicants": [_person("森 ミツ", "モリ ミツ", "1931-02-14", "new", can_write="no")],
    },
    {
        "in_days": 6,
        "reservation": _home(
            half="am",
            order=1,
            place="facility",
            address="北海道汐見市望洋台2丁目20番1号",
            district="望洋台",
            katagaki="特別養護老人ホーム しおさい苑",
            phone="0134-00-2000",
            caller_name="しおさい苑 相談員 川村",
            caller_relation="other",
            reason_cannot_go="入所中",
        ),
        "applicants": [
            _person("石田 キヨ", "イシダ キヨ", "1934-04-04", "new"),
            _person("岡 茂", "オカ シゲル", "1937-07-07", "new", sex="m"),
            _person("中野 スミ", "ナカノ スミ", "1933-09-30", "renew"),
        ],
    },
)
