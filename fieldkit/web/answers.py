"""One applicant's answers in words: for the check, and for the screen shown to the applicant."""

from __future__ import annotations

from typing import Any

from fieldkit import apply
from fieldkit.apply import Case
from fieldkit.citydata import CityData
from fieldkit.forms import Question
from fieldkit.forms.form import SILENT, in_language
from fieldkit.paper.prose import said
from fieldkit.web.address import base_of
from fieldkit.web.common import kit, say_day

PHOTO_REASON = "photo_reason"
YES = {"ja": "はい", "easy": "はい", "en": "Yes"}


def sections(case: Case) -> list[dict[str, Any]]:
    """Every answer in the order of the form, with the way back to change it."""
    city = kit().city()
    base = base_of(case)
    found = [
        {"title": p.title, "url": f"{base}/form/{i}", "rows": answer_rows(case, p.questions)}
        for i, p in enumerate(case.state.pages, start=1)
    ]
    shown = case.body.get("id_check") or {}
    labels = [city.id_papers.papers[c].label for c in shown.get("papers", [])]
    fee = case.body.get("fee") or {}
    extra: list[tuple[str, str, list[tuple[str, str]]]] = [
        ("本人確認書類", "id", [("確認した書類", "・".join(labels)), *_rep_rows(shown, city)]),
        ("顔写真", "photo", _photo_rows(case)),
        (
            "手数料",
            "fee",
            [
                ("金額", f"{int(fee.get('yen', apply.fee_yen(case, city) or 0)):,}円"),
                ("領収書番号", str(case.body.get("receipt_no", ""))),
            ],
        ),
    ]
    for title, name, rows in extra:
        made = [{"label": label, "value": value} for label, value in rows]
        found.append({"title": title, "url": f"{base}/{name}", "rows": made})
    return [s for s in found if s["rows"]]


def _rep_rows(shown: dict[str, Any], city: CityData) -> list[tuple[str, str]]:
    """The legal representative's papers, where one applies: kinds only."""
    if not shown.get("rep_role"):
        return []
    table = city.id_papers
    papers = [table.papers[c].label for c in shown.get("rep_papers", []) if c in table.papers]
    proofs = {proof.code: proof.label for proof in table.people.proofs}
    return [
        (f"{table.people.role(shown['rep_role'])}の書類", "・".join(papers)),
        ("代理の権限を示すもの", proofs.get(shown.get("rep_proof", ""), "")),
    ]


def _photo_rows(case: Case) -> list[tuple[str, str]]:
    city = kit().city()
    if reason := apply.no_photo(case, city):
        return [("写真", reason)]
    exception = case.body.get("photo_exception") or {}
    channel = city.photo.channels.get(str(exception.get("channel")))
    rows = [("写真", "採用済み" if case.body.get("photo_id") else "")]
    if channel:
        rows += [("特例の理由", str(exception["text"])), ("理由の伝え方", channel.label)]
    return rows


def answer_rows(case: Case, names: tuple[str, ...], language: str = "ja") -> list[dict[str, str]]:
    """Label and words of the relevant answers among `names`, in `language` (ja, easy, en) where
    the form has it; dates in wareki first (in English by the common calendar)."""
    rows = []
    for name in names:
        q = case.form.question(name)
        if name not in case.state.relevant or q.type in SILENT:
            continue
        value = case.state.values.get(name, "")
        if name == PHOTO_REASON and not value:  # the photo's own rows say what was declared
            continue
        if q.type == "date":
            value = said(value, language) if language == "en" else say_day(value)
        elif q.type == "acknowledge":
            value = YES[language] if value == "OK" else ""
        elif q.choices:
            value = _chosen(q, value, language)
        rows.append({"label": q.label_in(language), "value": value})
    return rows


def _chosen(question: Question, value: str, language: str) -> str:
    words = {c.name: in_language(c.labels, language) or c.label for c in question.choices}
    picked = value.split() if question.type == "select_multiple" else [value]
    return ("、" if language != "en" else ", ").join(words.get(one, one) for one in picked)
