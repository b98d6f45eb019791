"""見せる画面: the screen turned to the applicant, in large type and in the language they read.

It shows this person's own answers and the wordings that they are asked to agree to; nobody else's
data and nothing of the office. The two answers have the same size and place, always.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from fieldkit import consents, sheets
from fieldkit.apply import FORM, Case
from fieldkit.errors import BadInput, NotFound
from fieldkit.forms import Form
from fieldkit.paper.fill import TEXT
from fieldkit.paper.languages import LANGUAGES
from fieldkit.paper.prose import Block, blocks, said
from fieldkit.web.answers import answer_rows
from fieldkit.web.common import error_rows, kit, page, shelf, vault
from fieldkit.web.visits import case_of, frame

screens = Blueprint("show", __name__)
EXPLAINED = "setsumei"
"""The form folder whose `body.<language>.md` explains the cards and the PINs."""
HTML_LANG = {"ja": "ja", "easy": "ja", "en": "en"}
WORDS: dict[str, dict[str, str]] = {
    "ja": {
        "page": "ご確認ください",
        "sama": " 様",
        "lead": "内容をお確かめください。まちがいがあれば、職員にお知らせください。",
        "consent": "申請の同意",
        "yes": "同意する",
        "no": "同意しない",
        "said": "お答え",
        "explain": "カードと暗証番号の説明を読む",
        "back": "職員の画面へもどる",
        "here": "ご確認の画面へもどる",
        "languages": "ことばを選ぶ",
    },
    "easy": {
        "page": "見て ください",
        "sama": " さん",
        "lead": "書いて あることを 見て ください。ちがう ところが あったら、"
        "市役所の 人に 言って ください。",
        "consent": "「はい」か「いいえ」を えらんで ください",
        "yes": "はい（同意する）",
        "no": "いいえ（同意しない）",
        "said": "あなたの こたえ",
        "explain": "カードと 暗証番号の 説明を 読む",
        "back": "職員の画面へもどる",
        "here": "まえの 画面に もどる",
        "languages": "ことばを えらぶ",
    },
    "en": {
        "page": "Please check",
        "sama": "",
        "lead": "Please check what is written here. Tell the staff if anything is wrong.",
        "consent": "Your consent",
        "yes": "I agree",
        "no": "I do not agree",
        "said": "Your answer",
        "explain": "Read about the card and its PINs",
        "back": "職員の画面へもどる",
        "here": "Back to the check",
        "languages": "Choose a language",
    },
}


def _language() -> str:
    wished = request.values.get("lang", "ja")
    return wished if wished in WORDS else "ja"


def _says(case: Case, form: Form, language: str) -> tuple[dict[str, str], Any]:
    """What a text of `form` may quote, and how a quoted answer reads."""
    sheet = sheets.sheet_of(shelf(), case, kit().city(), form.name)
    values = sheet.state.values

    def says(name: str) -> str:
        question, value = form.question(name), values[name]
        return question.label_of(value) if question.choices else said(value, language)

    return values, says


def _blocks(case: Case, form: Form, kind: str, language: str) -> list[Block]:
    wording = form.wording(kind, language)
    where = f"{form.name}/{kind}.{language}.md"
    values, says = _says(case, form, language)
    return blocks(wording.text if wording else "", where, values, says)


def _consents(case: Case, language: str) -> list[dict[str, Any]]:
    found = []
    for one in consents.asked(shelf(), case, kit().city()):
        wording = one.form.wording(consents.KIND, language)
        if wording is None:
            continue
        there = consents.languages_of(one.form)
        shown_in = language if language in there else there[0]
        own = wording.title or (WORDS[language]["consent"] if one.form.name == FORM else "")
        found.append(
            {
                "form": one.form.name,
                "title": own or one.form.title,
                "version": wording.version,
                "language": shown_in,
                "lang": HTML_LANG[shown_in],
                "sha": consents.sha_of(wording),
                "blocks": _blocks(case, one.form, consents.KIND, shown_in),
                "answer": one.answer,
                "outdated": one.outdated,
            }
        )
    return found


def _frame(case: Case, language: str) -> dict[str, Any]:
    return {
        "address": request.path,
        "words": WORDS[language],
        "language": language,
        "html_lang": HTML_LANG[language],
        "languages": [
            {"code": code, "name": LANGUAGES[code], "lang": lang}
            for code, lang in HTML_LANG.items()
        ],
        "explained": EXPLAINED in shelf().names,
        **frame(case),
    }


def _draw(case: Case, errors: list[BadInput]) -> ResponseReturnValue:
    language = _language()
    found = [r for p in case.state.pages for r in answer_rows(case, p.questions, language)]
    rows = [row for row in found if row["value"]]
    drawn = page(
        "visit/show.html",
        rows=rows,
        consents=_consents(case, language),
        errors=error_rows(errors),
        **_frame(case, language),
    )
    return drawn, 422 if errors else 200


@screens.get("/visit/<rid>/a/<aid>/show")
def show(rid: str, aid: str) -> ResponseReturnValue:
    return _draw(case_of(rid, aid), [])


@screens.post("/visit/<rid>/a/<aid>/show")
def answer(rid: str, aid: str) -> ResponseReturnValue:
    """The applicant's own answer to one wording, as it was on the screen."""
    case, form = case_of(rid, aid), request.form
    name = form.get("consent_form", FORM)
    found = consents.asked(shelf(), case, kit().city())
    mine = next((one for one in found if one.form.name == name), None)
    if mine is None:
        raise NotFound("この同意文は、いまの申請の内容では要りません。画面を開き直してください。")
    language = form.get("consent_language", "ja")
    try:
        consents.record(
            vault(), case, mine, form.get("consent", ""), language, form.get("consent_sha", "")
        )
    except BadInput as error:
        return _draw(case, [BadInput(f"consent-{name}", error.sentence)])
    return redirect(f"{request.path}?lang={_language()}#consent-{name}")


@screens.get("/visit/<rid>/a/<aid>/show/setsumei")
def explain(rid: str, aid: str) -> ResponseReturnValue:
    """The explanation of the cards (with and without PINs), as text in the chosen language."""
    case, language = case_of(rid, aid), _language()
    if EXPLAINED not in shelf().names:
        raise NotFound("説明書の様式がありません。様式の担当者に連絡してください。")
    form = shelf().form(EXPLAINED)
    texts = _texts(form)
    if not texts:
        raise NotFound("説明書に本文がありません。様式の担当者に連絡してください。")
    there = consents.languages_of(form, texts[0])
    shown_in = language if language in there else there[0]
    parts = [block for kind in texts for block in _blocks(case, form, kind, shown_in)]
    return page(
        "visit/show_text.html",
        blocks=parts,
        text_lang=HTML_LANG[shown_in],
        **_frame(case, language),
    )


def _texts(form: Form) -> tuple[str, ...]:
    """The texts that the form's paper prints (`body_text`, `rest_text` …), in their order."""
    names = [str(entry.get("name", "")) for entry in form.layout.get("field", [])]
    kinds = dict.fromkeys(name.removesuffix(TEXT) for name in names if name.endswith(TEXT))
    return tuple(kind for kind in kinds if consents.languages_of(form, kind))


@screens.post("/visit/<rid>/a/<aid>/show/withdraw")
def withdraw(rid: str, aid: str) -> ResponseReturnValue:
    """Staff take back the wish that the person did not agree to."""
    consents.withdraw(vault(), case_of(rid, aid), request.form.get("form", ""))
    return redirect(f"/visit/{rid}/a/{aid}/papers")
