"""The rows of the photo judgement: limits, sentences and reasons, all city-editable.

Why: what a city accepts differs and will change; an official edits `forms/photo.toml`, and a row
that the file leaves out keeps the value below (measured on test pictures; the sentences are what
the person at the camera reads). Clause: `001 §9(2)イ（キ）`.

Promise: a defect that stays a defect whatever the reason (too dark, blurred, cut off, too small,
no face, two people) can never be made overridable, not even by editing the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from fieldkit.errors import BadCityData

FILE = "photo.toml"
NEVER_OVERRIDABLE = frozenset(
    {"noface", "two", "small", "cut_top", "cut_side", "cut_bottom", "cut_margin",
     "dark", "over", "blur"}
)
"""Still refused even with a declared reason (published photo conditions)."""

REASONS: dict[str, str] = {
    "EX_RELIGION": "宗教上の理由で頭を覆っている（顔の輪郭は見えること）",
    "EX_MEDICAL_COVER": "医療上の理由で帽子・かつら・眼帯・色つき眼鏡などを着けている",
    "EX_INJURY": "けがの包帯・ガーゼなどがある",
    "EX_CANNOT_SIT": "乳幼児や障害などで、座った姿勢を保てない",
    "EX_BEDRIDDEN": "寝たきり・麻痺などで正面を向けない、視線が定まらない、目が開かない",
    "EX_EQUIPMENT": "車いす・管などがどうしても写る",
}
_POSE = ("EX_CANNOT_SIT", "EX_BEDRIDDEN")
_COVER = ("EX_RELIGION", "EX_MEDICAL_COVER", "EX_INJURY")
_BEHIND = ("EX_CANNOT_SIT", "EX_EQUIPMENT")


@dataclass(frozen=True)
class Check:
    """One row. `key` names it in the file, `code` is the mark it gives (several rows may give the
    same), `measure` and `place` are fields of the measured photo. A limit of None never fires."""

    key: str
    code: str
    measure: str
    worse: Literal["over", "under"]
    advise: float | None
    stop: float | None
    advice: str
    place: str = ""
    reasons: tuple[str, ...] = ()


_CUT = "が切れています。少し下がって、顔を枠の中央に入れてください。"
_GLASSES = "サングラス・色の濃い眼鏡を外してください。"
_HAT = "帽子や幅の広いヘアバンドはありませんか。前髪なら問題ありません（目にかからないこと）。"
_BACKGROUND = "背景に物や柄が写っています。無地の壁や布の前で撮ってください。"

DEFAULT_CHECKS: tuple[Check, ...] = (
    Check("noface", "noface", "faces", "under", None, 1,
          "顔が見つかりません。カメラの正面に座ってもらい、明るい場所で撮り直してください。"),
    Check("two", "two", "second_face", "over", None, 0.4,
          "二人以上写っています。介助の方は写真の枠の外に出てください。", "second_box"),
    Check("small", "small", "eye_px", "under", 127, 90,
          "カメラが遠すぎます。もう少し近づいてください。", "face_box"),
    Check("cut_top", "cut_top", "missing_top", "over", None, 0.6, "頭の上" + _CUT, "top_box"),
    Check("cut_side", "cut_side", "missing_side", "over", None, 0.7, "横" + _CUT, "side_box"),
    Check("cut_bottom", "cut_bottom", "missing_bottom", "over", None, 0.85,
          "あごの下" + _CUT, "bottom_box"),
    Check("roll", "roll", "roll", "over", 7, 10,
          "首が傾いています。まっすぐに起こしてください。", "face_box", _POSE),
    Check("yaw", "yaw", "yaw", "over", 12, 20,
          "顔が横を向いています。レンズを正面から見てください。", "face_box", _POSE),
    Check("pitch", "pitch", "pitch", "over", 14, 22,
          "あごが上がって（下がって）います。カメラを目の高さに合わせてください。",
          "face_box", _POSE),
    Check("mask", "mask", "mask_colour", "over", None, 18,
          "マスクを外してください。", "mouth_box", ("EX_MEDICAL_COVER", "EX_INJURY")),
    Check("sunglasses_dark", "sunglasses", "eye_zone_light", "under", None, -45,
          _GLASSES, "eyes_box", ("EX_MEDICAL_COVER", "EX_INJURY")),
    Check("sunglasses_flat", "sunglasses", "eye_contrast", "under", None, 3,
          _GLASSES, "eyes_box", ("EX_MEDICAL_COVER", "EX_INJURY")),
    Check("glare", "glare", "eye_glare", "over", None, 0.08,
          "眼鏡に光が反射しています。あごを少し引くか、照明の向きを変えてください。",
          "eyes_box"),
    Check("eyes", "eyes", "eyes_open", "under", 0.17, 0.12,
          "目が閉じています。まばたきの後でもう一度撮ってください。",
          "eyes_box", ("EX_BEDRIDDEN", "EX_CANNOT_SIT", "EX_INJURY", "EX_MEDICAL_COVER")),
    Check("mouth", "mouth", "mouth_open", "over", 0.07, None,
          "口を軽く閉じ、普段の表情でお願いします。", "mouth_box", _POSE),
    Check("hat_colour", "hat", "forehead_colour", "over", 10.5, None,
          _HAT, "forehead_box", _COVER),
    Check("hat_dark", "hat", "forehead_light", "under", -20, None, _HAT, "forehead_box", _COVER),
    Check("dark", "dark", "face_light", "under", 80, 55,
          "顔が暗いです。照明をつけるか窓の方を向いてください。", "face_box"),
    Check("over", "over", "face_clipped", "over", 0.02, 0.10,
          "明るすぎます。直射日光や照明を避けてください。", "face_box"),
    Check("light", "light", "uneven_light", "over", 30, 42,
          "顔の片側に影があります。光が正面から当たる向きに座ってください。", "face_box"),
    Check("colour", "colour", "skin_colour", "over", 6, None,
          "色がかたよっています。照明を一種類にしてください。（白黒写真は可）", "face_box"),
    Check("background_edges", "background", "background_edges", "over", 0.003, 0.03,
          _BACKGROUND, "background_box", _BEHIND),
    Check("background_colour", "background", "background_colour", "over", 2.5, 4,
          _BACKGROUND, "background_box", _BEHIND),
    Check("background_light", "background", "background_light", "over", 3, 7,
          _BACKGROUND, "background_box", _BEHIND),
    Check("shadow", "shadow", "wall_shadow", "under", -5, -12,
          "背景に影があります。壁から50cmほど離れてください。", "shadow_box", _BEHIND),
    Check("blur", "blur", "sharpness", "under", 1.3, 1.05,
          "ぼけています。カメラを固定し、動かずに撮ってください。", "face_box"),
    Check("noise", "noise", "noise", "over", 1.5, None,
          "画像が粗いです。明るくして撮り直してください。", "face_box"),
    Check("cut_margin", "cut_margin", "crop_fits", "under", None, 1,
          "顔のまわりの余白が足りません。少し下がって、顔を枠の中央に入れてください。"),
)


@dataclass(frozen=True)
class Limits:
    """All rows in order (highest first) and the reason labels of やむを得ない理由."""

    checks: tuple[Check, ...] = DEFAULT_CHECKS
    reasons: Mapping[str, str] = field(default_factory=lambda: dict(REASONS))

    def reasons_for(self, code: str) -> dict[str, str]:
        """Reason codes and labels that may be declared for this mark; empty: never."""
        codes = [r for c in self.checks if c.code == code for r in c.reasons]
        return {r: self.reasons[r] for r in dict.fromkeys(codes)}


def limits_from(table: Mapping[str, Any]) -> Limits:
    """`forms/photo.toml` as `Limits`. What the file leaves out keeps its default.

    Raises BadCityData for an unknown row, a limit that is no number or on the wrong side of the
    other, an unknown reason, or a reason for a mark that is never overridable.
    """
    reasons = {**REASONS, **_texts(table.get("reasons", {}), "reasons")}
    rows = table.get("check", {})
    if not isinstance(rows, Mapping):
        raise BadCityData(FILE, "check", "[check.○○] の形で書いてください。")
    unknown = set(rows) - {c.key for c in DEFAULT_CHECKS}
    if unknown:
        raise BadCityData(FILE, f"check.{min(unknown)}", "この名前の検査項目はありません。")
    checks = tuple(_edited(c, rows.get(c.key, {}), reasons) for c in DEFAULT_CHECKS)
    return Limits(checks, reasons)


def beyond(check: Check, value: float, limit: float | None) -> bool:
    """Whether a value lies on the worse side of a limit; a limit of None never fires."""
    if limit is None:
        return False
    return value > limit if check.worse == "over" else value < limit


def _edited(check: Check, row: Any, reasons: Mapping[str, str]) -> Check:
    key = f"check.{check.key}"
    if not isinstance(row, Mapping):
        raise BadCityData(FILE, key, "[check.○○] の形で書いてください。")
    strange = set(row) - {"advise", "stop", "advice", "reasons"}
    if strange:
        raise BadCityData(FILE, f"{key}.{min(strange)}", "この項目名は使えません。")
    texts = _texts({"advice": row.get("advice", check.advice)}, key)
    named = row.get("reasons", check.reasons)
    if not isinstance(named, list | tuple) or not all(r in [*reasons] for r in named):
        raise BadCityData(FILE, f"{key}.reasons", "[reasons] にある記号を並べてください。")
    edited = replace(check, advise=_limit(row, "advise", check.advise, key),
                     stop=_limit(row, "stop", check.stop, key), advice=texts["advice"],
                     reasons=tuple(named))
    if edited.reasons and check.code in NEVER_OVERRIDABLE:
        raise BadCityData(FILE, f"{key}.reasons", "この項目は理由があっても認められません。")
    if edited.advise is not None and beyond(edited, edited.advise, edited.stop):
        raise BadCityData(FILE, key, "advise は stop より緩い値にしてください。")
    return edited


def _limit(row: Mapping[str, Any], name: str, default: float | None, key: str) -> float | None:
    value = row.get(name, default)
    if value is False:
        return None
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise BadCityData(FILE, f"{key}.{name}", "数字を書いてください（使わないときは false）。")
    return value


def _texts(table: Any, key: str) -> dict[str, str]:
    if not isinstance(table, Mapping):
        raise BadCityData(FILE, key, "表の形で書いてください。")
    for name, text in table.items():
        if not isinstance(text, str) or not text.strip():
            raise BadCityData(FILE, f"{key}.{name}", "文を「\"」で囲んで書いてください。")
    return dict(table)
