"""The looks of the pages of a visit, from the log-in to the screen that is shown."""

from __future__ import annotations

from typing import Any

from tests.web.style.page_people import (
    APPLICANT,
    APPLICANTS,
    DARK,
    FINDINGS,
    PAPERS,
    REASONS,
    VISIT,
    VISITING,
    VISITS,
    Context,
)
from tests.web.style.page_questions import AGENT, ID_ERROR, QUESTIONS, TASKS


def visiting(**more: Any) -> Context:
    return {**VISITING, "visit": VISIT, "applicant": APPLICANT, **more}


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
            "owed": 2,
            "locked_trips": [{"id": "t2", "day": "2026-07-02"}],
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
    "camera": ("visit/camera.html", visiting()),
    "photo-ok": (
        "visit/photo.html",
        visiting(reasons=REASONS, photo={"id": "p1", "verdict": "ok", "findings": FINDINGS[2:]}),
    ),
    "photo-override": (
        "visit/photo.html",
        visiting(reasons=REASONS, photo={"id": "p1", "verdict": "stop", "findings": FINDINGS}),
    ),
    "photo-dark": (
        "visit/photo.html",
        visiting(
            reasons=REASONS, photo={"id": "p1", "verdict": "stop", "findings": [DARK, FINDINGS[1]]}
        ),
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
    "papers": (
        "visit/papers.html",
        visiting(
            application_pdf="#pdf",
            receipt_pdf=None,
            needed=[
                {"form_ja": "暗証番号設定依頼書", "reason": "郵送で受け取るため", "url": "#f1"},
                {
                    "form_ja": "個人番号カード紛失・廃止届",
                    "reason": "紛失による再交付のため",
                    "url": None,
                },
            ],
        ),
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
    "show": (
        "visit/show.html",
        visiting(
            consented="",
            rows=[
                {"label": "お名前", "value": "山本 ハル"},
                {"label": "生年月日", "value": "昭和20年3月5日（81歳）"},
                {"label": "ご住所", "value": "小樽市花園2丁目12番1号"},
            ],
            consent={
                "title": "写真と入力内容の取り扱い",
                "version": "1",
                "paragraphs": [
                    "撮影した写真と入力した内容は、カードの申請だけに使います。",
                    "市のサーバに送ったあと、このパソコンからは消去します。",
                ],
            },
        ),
    ),
}
