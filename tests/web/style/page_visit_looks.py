"""The looks of the pages of a visit, from the log-in to the screen that is shown."""

from __future__ import annotations

from typing import Any

from tests.web.style.page_people import (
    APPLICANT,
    APPLICANTS,
    CALL,
    CHANNELS,
    DARK,
    EYES,
    HAT,
    OFFICE_CALL,
    PAPERS,
    PLACES,
    REASONS,
    VISIT,
    VISITING,
    VISITS,
    Context,
    pictures,
)
from tests.web.style.page_questions import (
    AGENT,
    FORM_ID,
    FORM_ID_READ,
    ID_ERROR,
    QUESTIONS,
    TASKS,
)


def visiting(**more: Any) -> Context:
    url = "/visit/r12/a/a1/form"
    return {**VISITING, "visit": VISIT, "applicant": APPLICANT, "url": url, **more}


UNTICKED = {"field": "checked", "sentence": "絵のようなものが写っていないか確かめてください。"}
DECLARED = {
    "reasons": ["寝たきりなどで正面を向けない"],
    "text": "病気により片目が開かない",
    "channel": "オンライン申請",
    "act": "フリーダイヤルに電話します。",
    "call": CALL,
}


def photo_look(verdict: str, findings: list[Context], *asked: str, **more: Any) -> Context:
    state = {name: more.pop(name, False) for name in ("sealed", "kept", "closed")}
    places = PLACES[: len(findings)]
    photo = {"id": "p1", "verdict": verdict, "findings": findings, "places": places, "left": []}
    return visiting(
        photo={**photo, **state, "declaring": False},
        pictures=pictures(*asked, asks=("前髪が目にかかっていませんか。",) if asked else ()),
        reasons=REASONS,
        channels=CHANNELS,
        examples=["病気により片目が開かない", "治療のため眼帯を外せない"],
        longest=60,
        **more,
    )


# name of the look -> (template, context over BASE)
VISIT_LOOKS: dict[str, tuple[str, Context]] = {
    "login": (
        "login.html",
        {
            "user": None,
            "outbox": None,
            "wait_seconds": 0,
            "users": [
                {"id": "u1", "name": "佐藤 美咲", "role_ja": "訪問職員"},
                {"id": "u2", "name": "鈴木 健", "role_ja": "監督者"},
            ],
        },
    ),
    "login-wrong": (
        "login.html",
        {
            "user": None,
            "wait_seconds": 20,
            "users": [{"id": "u1", "name": "佐藤 美咲", "role_ja": "訪問職員"}],
            "errors": [
                {"field": "passphrase", "sentence": "担当者と合言葉の組み合わせが違います。"}
            ],
        },
    ),
    "today": (
        "today.html",
        {
            "day": "2026-07-01",
            "visits": VISITS,
            "calls": [CALL, OFFICE_CALL],
            "owed": 2,
            "locked_trips": [{"id": "t2", "day": "2026-07-02"}],
            "returned_waiting": lambda: 2,
        },
    ),
    "today-locked": (
        "today.html",
        {"day": "2026-07-02", "visits": [], "locked_trips": [{"id": "t2", "day": "2026-07-02"}]},
    ),
    "unlock": ("trip_unlock.html", {"trip": {"id": "t2", "day": "2026-07-02"}}),
    "visit": ("visit/visit.html", visiting(applicants=APPLICANTS)),
    "tasks": ("visit/tasks.html", visiting(tasks=TASKS)),
    "idcheck": (
        "visit/idcheck.html",
        visiting(
            papers=PAPERS,
            values={"papers": ["handbook"]},
            result={
                "ok": False,
                "says": "A 1点",
                "nearest": "あと、A または B を1点見せていただくと足ります。",
            },
        ),
    ),
    "idcheck-ok": (
        "visit/idcheck.html",
        visiting(
            papers=PAPERS,
            values={"papers": ["handbook", "kaigo"], "verified": "yes"},
            result={"ok": True, "says": "A 1点・B 1点", "nearest": ""},
        ),
    ),
    "idcheck-rep": (
        "visit/idcheck.html",
        visiting(
            papers=PAPERS,
            values={"papers": ["kaigo"], "rep_papers": ["handbook"], "rep_proof": "koseki"},
            own_label="ご本人（15歳未満）",
            result={"ok": False, "says": "A 0点・B 1点 → あと A または B を1点",
                    "nearest": ()},
            rep={
                "label": "法定代理人（親権者）",
                "proofs": [
                    {"value": "koseki", "label": "戸籍全部事項証明書（戸籍謄本）など"},
                    {"value": "same", "label": "同じ世帯の親子（住民票で確かめる。戸籍は不要）"},
                ],
                "result": {"ok": False, "says": "A 1点・B 0点 → あと A または B を1点",
                           "nearest": ()},
            },
            guardian={"sentence": "成年後見人のいる方のご自宅への出張申請は受け付けていません。",
                      "nearest": ("成年後見人が市の窓口で申請する。",)},
            asks_copy=True,
        ),
    ),
    "form": (
        "visit/form_page.html",
        visiting(
            title="ご本人のこと",
            page_no=2,
            pages=4,
            questions=[*QUESTIONS, AGENT],
            errors=[{"field": "shinsei_id", "sentence": ID_ERROR}],
        ),
    ),
    "form-open": (
        "visit/form_page.html",
        visiting(
            title="ご本人のこと",
            page_no=2,
            pages=4,
            questions=[*QUESTIONS, {**AGENT, "relevant": True}],
        ),
    ),
    "form-id": (
        "visit/form_page.html",
        visiting(
            title="申請の内容",
            page_no=4,
            pages=9,
            questions=[FORM_ID],
            errors=[{"field": "form_id", "sentence": FORM_ID["error"]}],
        ),
    ),
    "form-id-read": (
        "visit/form_page.html",
        visiting(title="申請の内容", page_no=4, pages=9, questions=[FORM_ID_READ]),
    ),
    "camera": ("visit/camera.html", visiting()),
    "photo-ok": ("visit/photo.html", photo_look("ok", [])),
    "photo-ask": (
        "visit/photo.html",
        photo_look("warn", [{**HAT, "no": 1}], "hat", errors=[UNTICKED]),
    ),
    "photo-warn": (
        "visit/photo.html",
        photo_look("warn", [{**EYES, "severity": "warn"}, HAT], "hat", "hair"),
    ),
    "photo-override": (
        "visit/photo.html",
        photo_look(
            "stop",
            [EYES, HAT],
            "hat",
            values={"channel": "paper", "reasons": ["EX_BEDRIDDEN"]},
            errors=[{"field": "reason_text", "sentence": "どの決まりを守れないか書いてください。"}],
        ),
    ),
    "photo-dark": ("visit/photo.html", photo_look("stop", [DARK, {**EYES, "no": 2}])),
    "photo-sealed": ("visit/photo.html", photo_look("warn", [HAT], sealed=True)),
    "photo-declared": ("visit/photo.html", photo_look("ok", [], kept=True, exception=DECLARED)),
    "photo-called": (
        "visit/photo.html",
        photo_look(
            "ok",
            [],
            kept=True,
            sealed=True,
            closed=True,
            exception={**DECLARED, "call": {**CALL, "at": "2026-07-15 10:42", "by": "田中 実"}},
        ),
    ),
    "photo-none": (
        "visit/no_photo.html",
        visiting(why="申請する日に1歳未満の方は、顔写真がいりません。"),
    ),
    "fee": (
        "visit/fee.html",
        visiting(
            reasons=[{"code": "lost", "label": "紛失した"}],
            fee={
                "yen": 2000,
                "says": "紛失による再交付の手数料です。",
                "breakdown": [
                    {"label": "カード", "yen": 1800},
                    {"label": "電子証明書", "yen": 200},
                ],
            },
        ),
    ),
    "fee-zero": (
        "visit/fee.html",
        visiting(
            reasons=[],
            fee={"yen": 0, "says": "更新のため、手数料はかかりません。", "breakdown": []},
        ),
    ),
    "prints": (
        "visit/prints.html",
        visiting(
            papers=[
                {"code": "l", "name": "L判", "size": "89×127mm", "times": 2},
                {"code": "hagaki", "name": "はがき", "size": "100×148mm", "times": 0},
            ],
            counted="L判 2回・はがき 0回",
            print_no="",
            file_no="",
            drives=[{"value": "E:", "label": "市民課1", "note": "空き 7,500MB"}],
            files=[
                {"id": "f1", "name": "photo-abcdef.jpg", "place": "市民課1", "state": "out",
                 "at": "令和8年7月1日 10:42", "reason_ja": ""},
                {"id": "f2", "name": "photo-ghijkl.jpg", "place": "市民課2", "state": "gone",
                 "at": "令和8年7月1日 10:30", "reason_ja": "消去済み"},
            ],
            trip_id="t1",
            errors=[{"field": "drive", "sentence": "どのUSBメモリに書き出すかを選んでください。"}],
        ),
    ),
    "prints-sealed": (
        "visit/prints.html",
        visiting(
            papers=[{"code": "l", "name": "L判", "size": "89×127mm", "times": 2}],
            counted="L判 2回",
            print_no="この写真は封印済みです。再表示できません（市サーバには送信されます）。",
            file_no="この写真は封印済みです。再表示できません（市サーバには送信されます）。",
            drives=[],
            files=[],
            trip_id="t1",
        ),
    ),
    "files": (
        "visit/files.html",
        {
            "supervisor": True,
            "files": [
                {"id": "f1", "name": "photo-abcdef.jpg", "place": "市民課1", "state": "out",
                 "at": "令和8年7月1日 10:42"},
            ],
        },
    ),
    "files-none": ("visit/files.html", {"supervisor": False, "files": []}),
    "contact": (
        "visit/contact.html",
        {
            "title": "写真一覧　令和8年7月1日",
            "trip_id": "t1",
            "count": 1,
            "why_none": "",
            "people": [
                {"number": 1, "name": "山本 ハル", "reception_no": 12, "photo": True},
                {"number": 2, "name": "佐藤 一", "reception_no": 12, "photo": False},
                {"number": 3, "name": "佐藤 ゆい", "reception_no": 12, "needs_none": True},
            ],
        },
    ),
    "check": (
        "visit/check.html",
        visiting(
            missing=[{"label": "顔写真がまだありません", "url": "#4"}],
            sections=[
                {
                    "title": "ご本人のこと",
                    "url": "#2",
                    "rows": [
                        {"label": "氏名", "value": "山本 ハル"},
                        {"label": "生年月日", "value": "昭和20年3月5日"},
                        {"label": "点字表記", "value": ""},
                    ],
                },
                {
                    "title": "本人確認書類",
                    "url": "#1",
                    "rows": [
                        {
                            "label": "見せていただいたもの",
                            "value": "身体障害者手帳、介護保険被保険者証",
                        }
                    ],
                },
            ],
        ),
    ),
    "close": (
        "visit/close.html",
        {
            **VISITING,
            "visit": VISIT,
            "blockers": [],
            "calls": [CALL],
            "errors": [
                {"field": "returned", "sentence": "お借りした書類を返したか、確かめてください。"}
            ],
            "checklist": [
                {
                    "name": "returned",
                    "label": "お借りした書類をすべて返した",
                    "note": "",
                    "value": False,
                },
                {
                    "name": "envelope",
                    "label": "封をした暗証番号設定依頼書を受け取った",
                    "note": "1通",
                    "value": True,
                },
            ],
        },
    ),
}
