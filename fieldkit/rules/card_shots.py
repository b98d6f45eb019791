"""What lies on a camera card, and when the card may be emptied. Pure: no card, no clock.

The count is the rule: shots on the card = shots imported + shots set aside (003 §5). A card with
five shots of which four are imported cannot be closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fieldkit.rules.verdict import Allowed, Refused

KINDS = {
    "picture": "写真",
    "raw": "RAW形式の写真",
    "movie": "動画",
    "other": "写真でないファイル",
}
ASIDE = {
    "not_portrait": "人物の写真ではない（壁・試し撮りなど）",
    "unusable": "使わない（ぼけ・目つぶり・同じ人の別の写真）",
    "declined": "申請を取りやめた方・後日にした方の写真",
    "unreadable": "こわれていて読めない",
    "raw": "RAW形式の写真（同じ写真のJPEGを取り込む）",
    "movie": "動画",
    "camera_file": "カメラが作った管理ファイル",
}
GONE = "gone"  # no more on the card, and somebody says why: never chosen from the list
LOST = {
    "missing": "見あたらない",
    "stolen": "盗まれた",
    "broken": "こわれて読めない・空にできない",
}
RAW_STARTS = (b"II*\0", b"MM\0*", b"IIU\0", b"IIRO", b"FUJIFILMCCD-RAW", b"FOVb")
"""First bytes of RAW and TIFF files."""
_STILL = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"avif")


def kind_of(head: bytes) -> str:
    """A key of KINDS by the first bytes of a file; its name says nothing that can be trusted."""
    if head[:3] == b"\xff\xd8\xff" or head[:8] == b"\x89PNG\r\n\x1a\n":
        return "picture"
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return "picture" if brand in _STILL else "raw" if brand == b"crx " else "movie"
    if head.startswith(RAW_STARTS):
        return "raw"
    is_movie = head[:4] == b"RIFF" and head[8:12] == b"AVI "
    return "movie" if is_movie or head[:4] == b"\x1aE\xdf\xa3" else "other"


@dataclass(frozen=True)
class Count:
    """How many different shots: on the card now, of them imported, aside and left; and missing
    (dealt with or found before, no more on the card)."""

    on_card: int
    imported: int
    aside: int
    missing: int

    @property
    def left(self) -> int:
        return self.on_card - self.imported - self.aside


def count(on_card: Iterable[str], states: Mapping[str, str]) -> Count:
    """`on_card`: the hashes read now; `states`: found, imported or aside of the shots, by hash."""
    here = set(on_card)
    known = [states.get(one, "found") for one in here]
    missing = len(set(states) - here)
    return Count(len(here), known.count("imported"), known.count("aside"), missing)


def may_empty(found: Count) -> Allowed | Refused:
    """Whether every shot on the card is dealt with. `can_override`: a person may say why."""
    if found.left:
        return Refused(
            f"カードに{found.on_card}枚、取り込み{found.imported}枚、対象外{found.aside}枚です。"
            f"残り{found.left}枚を取り込むか、理由を選んで対象外にしてから、空にしてください。",
            "003 §5",
        )
    if found.missing:
        return Refused(
            f"前に読み取った{found.missing}枚が、いまカードにありません。カメラで消した"
            "のであれば、その印を付けてから、空にしてください。覚えがなければ、"
            "カードの番号を確かめて、監督者へ連絡してください。",
            "003 §5",
            can_override=True,
        )
    return Allowed(f"カードの{found.on_card}枚は、すべて取り込むか対象外にしました。")
