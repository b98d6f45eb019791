"""The desk's papers: the reception slip and the reception list.

受付票 carries what 001 §8(2)オ(ア) asks and is destroyed after the hand-over; 受付一覧表
(§8(2)キ) proves that and therefore holds no personal data at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from fieldkit.paper.dates import printed_mark, wareki_text
from fieldkit.paper.engine import press, render
from fieldkit.paper.glyphs import inked, readable
from fieldkit.rules.names import postal_text

_HALVES = {"am": "午前", "pm": "午後"}
_RELATIONS = {
    "self": "本人",
    "household": "同じ世帯の方",
    "third_degree": "三親等以内の親族",
    "beside": "本人のそばにいる方",
    "other": "その他",
}
_PARKING = {"yes": "あり", "no": "なし", "unknown": "未確認"}
_KINDS = {"new": "新規", "renew": "更新", "lost": "紛失", "damaged": "自己責任による破損"}
_SEX = {"m": "男", "f": "女", "x": "記載しない"}
_ANSWERS = {"yes": "はい", "no": "いいえ", "unsure": "わからない", True: "はい", False: "いいえ"}
_LIST = (
    ("reception_no", "受付番号"),
    ("booked_on", "予約日"),
    ("visit_date", "訪問予定日"),
    ("planned", "申請予定件数"),
    ("shared_on", "市への共有日"),
    ("visited_on", "訪問終了日"),
    ("deleted_on", "個人情報削除日"),
    ("note", "備考"),
)


def slip(
    forms_dir: Path,
    reservation: dict[str, Any],
    applicants: Sequence[dict[str, Any]],
    printed_at: datetime,
    paper_names: dict[str, str] | None = None,
) -> bytes:
    """Return the 受付票 of one reservation, A4 PDF/A-2u.

    `paper_names` turns the codes of `id_papers` into the city's words.
    """
    ready = press(forms_dir)
    names = paper_names or {}
    data = {
        "reception_no": str(reservation.get("reception_no") or ""),
        "rows": readable(_slip_rows(reservation), ready.name),
        "applicants": readable([_applicant(one, names) for one in applicants], ready.name),
        "printed": printed_mark(printed_at),
    }
    return render(forms_dir, "slip.typ", data, printed_at).pdf


def deletion_list(
    forms_dir: Path,
    rows: Sequence[dict[str, Any]],
    printed_at: datetime,
    city: str = "市",
) -> bytes:
    """Return the 受付一覧表 with the 個人情報削除日 of each slip, A4 landscape PDF/A-2u.

    Only the columns of 001 §8(2)キ are printed: whatever else a row holds stays off the paper.
    Keys: reception_no, booked_on, visit_date, planned, shared_on, visited_on, deleted_on, note.
    """
    heads = [label.replace("市への共有日", f"{city}共有日") for _, label in _LIST]
    body = [[_list_cell(key, row.get(key)) for key, _ in _LIST] for row in rows]
    data = {
        "heads": heads,
        "rows": inked(body, press(forms_dir).body, "受付一覧表"),
        "count": len(body),
        "deleted": sum(1 for row in rows if row.get("deleted_on")),
        "printed": printed_mark(printed_at),
    }
    return render(forms_dir, "reception_list.typ", data, printed_at).pdf


def _list_cell(key: str, value: Any) -> str:
    """Dates by era; a blank stays a blank."""
    is_day = key.endswith("_on") or key == "visit_date"
    return wareki_text(value) if is_day else str(value if value is not None else "")


def _slip_rows(booking: dict[str, Any]) -> list[list[str]]:
    """The slip's lines about the visit, in the order of §8(2)オ(ア)."""
    half = _HALVES.get(str(booking.get("half") or ""), "")
    order = f" {booking['order']}件目" if booking.get("order") else ""
    postal = f"〒{postal_text(str(booking['postal']))}　" if booking.get("postal") else ""
    place = {"facility": "施設", "home": "個人宅"}.get(str(booking.get("place") or ""), "")
    caller = _RELATIONS.get(str(booking.get("caller_relation") or ""), "")
    return [
        ["訪問予定日", f"{wareki_text(booking.get('visit_date'), weekday=True)} {half}{order}"],
        ["訪問先", f"{place}　{booking.get('district') or ''}"],
        ["住所", f"{postal}{booking.get('address') or ''}　{booking.get('katagaki') or ''}"],
        ["電話番号", str(booking.get("phone") or "")],
        ["電話をかけた方", f"{booking.get('caller_name') or ''}　（{caller}）"],
        ["外出が難しい事情", str(booking.get("reason_cannot_go") or "")],
        ["駐車スペース", _PARKING.get(str(booking.get("parking") or ""), "未確認")],
        ["気を付けること", str(booking.get("notes") or "")],
    ]


def _applicant(one: dict[str, Any], names: dict[str, str]) -> dict[str, str]:
    """One applicant's block of the slip."""
    papers = [names.get(code, code) for code in one.get("id_papers") or []]
    birth = one.get("birth")
    return {
        "name": str(one.get("name") or ""),
        "kana": str(one.get("kana") or ""),
        "birth": wareki_text(birth) + (f"（{_year(birth)}年）" if birth else ""),
        "sex": _SEX.get(str(one.get("sex") or ""), ""),
        "kind": _KINDS.get(str(one.get("kind") or ""), "その他"),
        "papers": "、".join(papers) or "未確認",
        "photo_ok": _ANSWERS.get(one.get("photo_ok", ""), "未確認"),
        "can_write": _ANSWERS.get(one.get("can_write", ""), "未確認"),
        "helper": _ANSWERS.get(one.get("helper", ""), "未確認"),
        "insurance": _ANSWERS.get(one.get("uses_as_insurance", ""), "未確認"),
        "shikaku": _ANSWERS.get(one.get("has_shikaku", ""), "未確認"),
        "loss": wareki_text(one.get("loss_report_date")),
    }


def _year(birth: Any) -> int:
    return birth.year if isinstance(birth, date) else int(str(birth)[:4])
