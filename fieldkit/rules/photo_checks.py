"""The rows of the photo judgement as built in: measures, limits, sentences, reasons, questions.

Order: that of the published conditions from coarse to fine (a face at all, one person, size,
frame, pose, cover, eyes, light, wall, detail); a screen shows the worst two, highest row first.
Limits were set on test pictures and on painted defects; `fieldkit/photo/CODES.md` says what each
row is known to miss. Clause: `001 §9(2)イ（キ）`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

NEVER_OVERRIDABLE = frozenset(
    {"noface", "two", "small", "cut_top", "cut_side", "cut_bottom", "cut_margin",
     "dark", "over", "blur"}
)
"""Still refused even with a declared reason (published photo conditions)."""

ASKS = frozenset({"hat", "mask", "glasses", "hair"})
"""Pictures of the tick that a person gives where a machine cannot know."""

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
_WORN = ("EX_MEDICAL_COVER", "EX_INJURY")
_BEHIND = ("EX_CANNOT_SIT", "EX_EQUIPMENT")
_EYES = ("EX_BEDRIDDEN", "EX_CANNOT_SIT", "EX_INJURY", "EX_MEDICAL_COVER")


@dataclass(frozen=True)
class Check:
    """One row. `key` names it in the file, `code` is the mark it gives (several rows may give the
    same), `measure` and `place` are fields of the measured photo. A limit of None never fires.

    `side` is a signed measure: where it is below or above zero, `advice_minus` or `advice_plus`
    is said in place of `advice`. `ask`: mere advice of this row is a question to the person, with
    that picture (one of `ASKS`)."""

    key: str
    code: str
    measure: str
    worse: Literal["over", "under"]
    advise: float | None
    stop: float | None
    advice: str
    place: str = ""
    reasons: tuple[str, ...] = ()
    ask: str = ""
    side: str = ""
    advice_minus: str = ""
    advice_plus: str = ""


_CUT = "が切れています。少し下がって、顔を枠の中央に入れてください。"
_LEANS_LEFT = ("頭が、写真に向かって左（ご本人の右）に傾いています。"
               "反対側へ起こして、まっすぐにしてください。")
_LEANS_RIGHT = ("頭が、写真に向かって右（ご本人の左）に傾いています。"
                "反対側へ起こして、まっすぐにしてください。")
_TURNED = "顔がご本人の{}を向いています。少しご本人の{}へ戻して、レンズを正面から見てください。"
_MASK = ("口やあごがおおわれているようです。マスクやマフラーなら外してください。"
         "（ひげはそのままで構いません）")
_MASK_HIDDEN = "口と鼻がはっきり見えません。マスクやマフラーをしていれば外してください。"
_GLASSES = "サングラス・色の濃い眼鏡を外してください。"
_GLARE = ("眼鏡に光が反射しています。あごを少し引くか、照明の向きを変えてください。"
          "それでも光るときは、眼鏡を外してください。")
_SHUT = "目が閉じているか、閉じかけています。まばたきの後でもう一度撮ってください。"
_NARROW = ("目が細く写っています。目を開けて、もう一度撮ってください。"
           "（ふだんから細い方は、そのままで構いません）")
_HAT = "帽子や幅の広いヘアバンドはありませんか。前髪なら問題ありません（目にかからないこと）。"
_PATTERN = "背景に物や柄が写っています。無地の壁や布の前で撮ってください。"
_MOTLEY = "背景の色にむらや色の違う物があります。無地の壁や布の前で撮ってください。"
_UNEVEN = "背景の明るさにむらがあります。壁に影や窓の光が当たらない場所で撮ってください。"
_LINES = "背景に線や色の境目が写っています。無地の壁や布の前で撮ってください。"
_FOLDS = "背景にカーテンのひだや影の波が写っています。布を張るか、無地の壁の前で撮ってください。"
_SHADE = "顔の片側に影があります。光が正面から当たる向きに座ってください。"
_SHADE_LEFT = "顔の、写真に向かって左側に影があります。光が正面から当たる向きに座ってください。"
_SHADE_RIGHT = "顔の、写真に向かって右側に影があります。光が正面から当たる向きに座ってください。"
_ROUGH = "画像が粗く、四角い模様が出ています。画質を上げて撮り直すか、元の写真を使ってください。"

DEFAULT_CHECKS: tuple[Check, ...] = (
    Check("noface", "noface", "faces", "under", None, 1,
          "顔が見つかりません。カメラの正面に座ってもらい、明るい場所で撮り直してください。"),
    Check("two", "two", "second_face", "over", None, 0.4,
          "二人以上写っています。介助の方は写真の枠の外に出てください。", "second_box"),
    Check("small", "small", "eye_px", "under", 127, 90,
          "カメラが遠すぎます。もう少し近づいてください。", "face_box"),
    Check("cut_top", "cut_top", "missing_top", "over", None, 0.6, "頭の上" + _CUT, "top_box"),
    Check("cut_side", "cut_side", "missing_side", "over", None, 0.7, "頭の横" + _CUT, "side_box"),
    Check("cut_bottom", "cut_bottom", "missing_bottom", "over", None, 0.85,
          "あごの下" + _CUT, "bottom_box"),
    Check("cut_margin", "cut_margin", "crop_fits", "under", None, 1,
          "顔のまわりの余白が足りません。少し下がって、顔を枠の中央に入れてください。"),
    Check("roll", "roll", "roll", "over", 7, 10,
          "頭が傾いています。まっすぐに起こしてください。", "face_box", _POSE,
          side="straightened",
          advice_minus=_LEANS_LEFT,
          advice_plus=_LEANS_RIGHT),
    Check("yaw", "yaw", "yaw", "over", 12, 20,
          "顔が横を向いています。レンズを正面から見てください。", "face_box", _POSE,
          side="turned",
          advice_minus=_TURNED.format("右", "左"),
          advice_plus=_TURNED.format("左", "右")),
    Check("pitch", "pitch", "pitch", "over", 14, 22,
          "あごが上がって（下がって）います。カメラを目の高さに合わせてください。",
          "face_box", _POSE, side="tipped",
          advice_minus="あごが下がっています。カメラを目の高さに下げ、あごを少し上げてください。",
          advice_plus="あごが上がっています。カメラを目の高さに上げ、あごを少し引いてください。"),
    Check("mask", "mask", "mask_colour", "over", 9, 22, _MASK, "mouth_box", _WORN, "mask"),
    Check("mask_hidden", "mask", "mouth_bare", "under", 0.22, 0.13,
          _MASK_HIDDEN, "mouth_box", _WORN, "mask"),
    Check("sunglasses_dark", "sunglasses", "eye_zone_light", "under", None, -45,
          _GLASSES, "eyes_box", _WORN),
    Check("sunglasses_flat", "sunglasses", "eye_contrast", "under", None, 3,
          _GLASSES, "eyes_box", _WORN),
    Check("sunglasses_tint", "sunglasses", "lens_tint", "under", 0.8, 0.7,
          _GLASSES, "eyes_box", _WORN, "glasses"),
    Check("glare", "glare", "eye_glare", "over", None, 0.08, _GLARE, "eyes_box"),
    Check("glare_pale", "glare", "eye_shine", "over", 0.08, 0.12, _GLARE, "eyes_box"),
    Check("eyes_shut", "eyes", "eyes_shut", "under", 0.15, 0.105, _SHUT, "eyes_box", _EYES),
    Check("eyes", "eyes", "eyes_open", "under", 0.17, 0.05, _NARROW, "eyes_box", _EYES),
    Check("mouth", "mouth", "mouth_open", "over", 0.07, None,
          "口を軽く閉じ、普段の表情でお願いします。", "mouth_box", _POSE),
    Check("hat_cloth", "hat", "forehead_cloth", "over", 12, 18,
          "帽子・ヘアバンドを取ってください。（染めた前髪なら、分けるか留めて額を出してください）",
          "forehead_box", _COVER, "hat"),
    Check("hat_colour", "hat", "forehead_colour", "over", 6, None,
          _HAT, "forehead_box", _COVER, "hat"),
    Check("hat_dark", "hat", "forehead_light", "under", -20, None,
          _HAT, "forehead_box", _COVER, "hat"),
    Check("hair", "hair", "hair_low", "under", 0.5, None,
          "前髪が目にかかっていませんか。かかっていれば、分けるか留めてください。",
          "eyes_box", _COVER, "hair"),
    Check("dark", "dark", "face_light", "under", 80, 55,
          "顔が暗いです。照明をつけるか窓の方を向いてください。", "face_box"),
    Check("over", "over", "face_clipped", "over", 0.02, 0.15,
          "顔が明るすぎます。直射日光や強い照明を避けてください。", "face_box"),
    Check("light", "light", "uneven_light", "over", 30, 42, _SHADE, "face_box",
          side="shade", advice_minus=_SHADE_LEFT, advice_plus=_SHADE_RIGHT),
    Check("light_eyes", "light", "eye_shade", "over", 0.32, 0.6, _SHADE, "face_box",
          side="shade", advice_minus=_SHADE_LEFT, advice_plus=_SHADE_RIGHT),
    Check("colour", "colour", "skin_colour", "over", 6, None,
          "色がかたよっています。照明を一種類にしてください。（白黒写真は可）", "face_box"),
    Check("background_edges", "background", "background_edges", "over", 0.003, 0.03,
          _PATTERN, "background_box", _BEHIND),
    Check("background_colour", "background", "background_colour", "over", 2.5, 5,
          _MOTLEY, "background_box", _BEHIND),
    Check("background_light", "background", "background_light", "over", 3, 9,
          _UNEVEN, "background_box", _BEHIND),
    Check("background_lines", "background", "background_step", "over", 1.4, 3,
          _LINES, "background_box", _BEHIND),
    Check("background_folds", "background", "background_folds", "over", 0.6, 2.5,
          _FOLDS, "background_box", _BEHIND),
    Check("shadow", "shadow", "wall_shadow", "under", -5, -12,
          "背景に影があります。壁から50cmほど離れてください。", "shadow_box", _BEHIND),
    Check("blur", "blur", "sharpness", "under", 1.75, 1.2,
          "ぼけています。カメラを固定し、動かずに撮ってください。", "face_box"),
    Check("enlarged", "enlarged", "detail", "under", 0.47, None,
          "小さな写真を引き伸ばしたように見えます。元の写真を使うか、近づいて撮り直してください。",
          "face_box"),
    Check("noise", "noise", "noise", "over", 1.5, None,
          "画像が粗いです。明るくして撮り直してください。", "face_box"),
    Check("compression", "compression", "blockiness", "over", 4, None, _ROUGH, "face_box"),
    Check("compression_bytes", "compression", "jpeg_quality", "under", 40, None, _ROUGH,
          "face_box"),
)
