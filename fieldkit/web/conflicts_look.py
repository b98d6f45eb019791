"""What a clash looks like in words: the field, both values, who said them and when."""

from __future__ import annotations

from typing import Any

from fieldkit import apply, people
from fieldkit.citydata import CityData
from fieldkit.conflicts import Case
from fieldkit.errors import KitError
from fieldkit.forms import Question
from fieldkit.rules.callers import RELATIONS
from fieldkit.rules.wareki import iso_day
from fieldkit.store import records
from fieldkit.store.record_rows import Record
from fieldkit.visit import KIND_JA
from fieldkit.web.common import kit, say_day, say_moment, shelf, vault
from fieldkit.web.today import APPLICATION_JA, STATES

NAMES = {
    "reservation": {
        "caller_name": "電話をくださった方", "caller_relation": "申請する方との関係",
        "phone": "電話番号", "reason_cannot_go": "外出が難しい事情", "place": "訪問先の種類",
        "postal": "郵便番号", "district": "町名", "address": "住所", "katagaki": "方書",
        "parking": "駐車", "notes": "訪問のときに気をつけること", "caution": "注意",
        "visit_date": "訪問日", "half": "午前・午後", "order": "順番", "state": "状態",
        "reception_no": "受付番号",
    },
    "applicant": {
        "name": "氏名", "kana": "フリガナ", "birth": "生年月日", "sex": "性別",
        "kind": "申請の種類", "photo_ok": "顔写真を撮れるか", "can_write": "字を書けるか",
        "helper": "付きそう方", "uses_as_insurance": "保険証としての利用",
        "has_shikaku": "資格確認書", "id_papers": "用意する本人確認書類",
        "loss_report_date": "紛失の届け出をした日",
    },
    "application": {
        "state": "状態", "photo_id": "顔写真", "photo_checked": "顔写真の確認",
        "photo_exception": "顔写真の特例", "no_photo_reason": "写真が要らない理由",
        "receipt_no": "領収書番号", "paper_receipt_no": "領収書（紙）の番号",
        "payer_name": "納めた方", "fee": "手数料", "fee_choice": "手数料の理由",
        "id_check": "本人確認", "consent": "同意", "consents": "同意の記録", "spoiled": "書損",
        "form_version": "様式の版", "outcome_note": "今日申請しない理由",
    },
}  # fmt: skip
KINDS = {"reservation": "受付票", "applicant": "申請者", "application": "申請"}
RULES = {
    "visit_fact": "訪問先で聞いたことを残しました",
    "booking": "予約受付の内容を残しました",
    "slot": "予約受付の日時を残しました",
    "printed": "先に印刷した記録を残しました",
    "status": "進んでいるほうの状態にしました",
    "removed": "取り消された記録に、あとから入力がありました",
}
WHY = {
    "name_birth": "氏名と生年月日",
    "kana_birth": "フリガナと生年月日",
    "birth_place": "生年月日と住所",
    "kana_place": "フリガナと住所",
}
CODES = {
    "half": {"am": "午前", "pm": "午後"},
    "place": {"home": "自宅", "facility": "施設"},
    "sex": {"f": "女", "m": "男", "x": "記載しない"},
    "kind": KIND_JA,
    "caller_relation": RELATIONS,
    "state": {**STATES, **APPLICATION_JA},
}
SIMPLE = {
    "yes": "はい",
    "no": "いいえ",
    "unsure": "わからない",
    "unknown": "わからない",
    "ok": "よい",
}
HIDDEN = frozenset({"at", "by", "actor", "version"})


def clash_row(case: Case) -> dict[str, Any]:
    """A clash for the screen."""
    told = case.told
    about = _record(case)
    fields = [
        {
            "label": label_of(told["kind"], name),
            "kept": say(told["kind"], name, told["kept"].get(name)),
            "other": say(told["kind"], name, told["other"].get(name)),
        }
        for name in told["names"]
    ]
    decided = told.get("decided") or {}
    return {
        "id": case.id,
        "title": _title(case, about, told["kind"]),
        "fields": fields,
        "kept_by": _by(told["kept_by"]),
        "other_by": _by(told["other_by"]),
        "one_way": told["rule"] in ("map", "removed"),
        "removed": told["rule"] == "removed",
        "says": _outcome(case, decided),
    }


def _outcome(case: Case, decided: dict[str, Any]) -> str:
    """How a clash ended, or where its decision is on its way."""
    if decided:
        taken = "いまの値" if decided["take"] == "kept" else "もう一方の値"
        says = f"{_person(decided['by'])}が{say_moment(decided['at'])}に「{taken}」にしました。"
        says += f"理由：{decided['why']}"
        return f"先に判断されていました。{says}" if case.too_late else says
    if case.own is not None:
        return "判断を保存しました。市サーバへ送ると反映されます。"
    return RULES.get(case.told["rule"], "あとの入力を残しました") + "（決まりによる）"


def twin_row(case: Case) -> dict[str, Any]:
    """A pair of likely one person for the screen."""
    told, decided = case.told, case.told.get("decided") or {}
    says = "判断を保存しました。市サーバへ送ると反映されます。" if case.own else ""
    if decided:
        word = "同じ人" if case.state == "same" else "別の人"
        says = f"{_person(decided['by'])}が{say_moment(decided['at'])}に「{word}」にしました。"
        says = f"{'先に判断されていました。' if case.too_late else ''}{says}理由：{decided['why']}"
    return {
        "id": case.id,
        "why": "・".join(WHY.get(one, one) for one in told["why"]),
        "people": [_one(told["a"]), _one(told["b"])],
        "says": says,
    }


def _one(person: dict[str, Any]) -> list[dict[str, str]]:
    address = " ".join(str(person[n]) for n in ("address", "katagaki") if person[n])
    return [
        {"label": "氏名", "value": str(person["name"] or "")},
        {"label": "フリガナ", "value": str(person["kana"] or "")},
        {"label": "生年月日", "value": say_day(person["birth"])},
        {"label": "住所", "value": address},
        {"label": "訪問日", "value": say_day(person["visit_date"])},
        {"label": "状態", "value": STATES.get(str(person["state"]), "")},
    ]


def _record(case: Case) -> Record | None:
    row = case.trip.db.one("SELECT 1 FROM record WHERE id = ?", case.told["record"])
    return records.get(case.trip, case.told["record"]) if row else None


def _title(case: Case, about: Record | None, kind: str) -> str:
    """Whose record it is: the number of the slip and the person."""
    words: list[str] = []
    record = about
    while record is not None:
        if record.kind == "applicant":
            words.insert(0, f"{record.get('name')} 様")
        if record.kind == "reservation":
            words.insert(0, f"受付番号 {record.get('reception_no')}")
        row = case.trip.db.one("SELECT 1 FROM record WHERE id = ?", record.parent)
        record = records.get(case.trip, record.parent) if row else None
    return "　".join([*words, KINDS.get(kind, "記録")])


def _by(who: dict[str, str]) -> str:
    if not who["actor"]:
        return ""
    device = "この端末" if who["device"] == vault().device_id else who["device"]
    return "　".join(x for x in (device, _person(who["actor"]), say_moment(who["at"])) if x)


def _person(actor: str) -> str:
    """A person's name where this laptop knows it, else the number."""
    return people.name_of(vault(), actor)


def label_of(kind: str, name: str) -> str:
    """The name of a field in Japanese."""
    known = NAMES.get(kind, {})
    if name in known:
        return known[name]
    asked = _question(name)
    if asked is not None:
        return asked.label
    root, _, rest = name.partition(".")
    return f"{known.get(root, '項目')}（{rest or root}）"


def _question(name: str) -> Question | None:
    """The question behind `answers.<q>` or `sheet_<form>.answers.<q>`."""
    root, _, rest = name.partition(".")
    form, asked = (apply.FORM, rest) if root == "answers" else ("", "")
    if root.startswith("sheet_") and rest.startswith("answers."):
        form, asked = root.removeprefix("sheet_"), rest.removeprefix("answers.")
    if not form:
        return None
    try:
        questions = shelf().form(form).questions
    except KitError:
        return None
    return next((q for q in questions if q.name == asked), None)


def say(kind: str, name: str, value: Any) -> str:
    """A value in words; 「（なし）」 for none."""
    if value in (None, "", [], {}):
        return "（なし）"
    if name == "photo_id":
        return f"写真（…{str(value)[-6:]}）"
    asked = _question(name)
    if asked is not None and asked.choices:
        words = {c.name: c.label for c in asked.choices}
        return "、".join(words.get(one, one) for one in str(value).split())
    return _words(name, value, kit().city())


def _words(name: str, value: Any, city: CityData) -> str:
    if isinstance(value, dict):
        if "yen" in value:
            return f"{int(value['yen']):,}円"
        parts = [_words(n, v, city) for n, v in value.items() if n not in HIDDEN and v]
        return "、".join(parts)
    if isinstance(value, list):
        return "、".join(_words(name, one, city) for one in value)
    if isinstance(value, bool):
        return "はい" if value else "いいえ"
    text = str(value)
    if iso_day(text) is not None:
        return say_day(text)
    paper = city.id_papers.papers.get(text)
    if paper is not None:
        return paper.label
    return CODES.get(name, {}).get(text) or SIMPLE.get(text, text)
