"""What the result of a ledger's row says in Japanese. The ledger itself holds codes and counts;
this is only how its screen reads them. What is not known here stands as it is."""

from __future__ import annotations

import re

from fieldkit import giveup, incentive, money, tally
from fieldkit.paper import certificate
from fieldkit.paper.photo_sheet import PAPERS
from fieldkit.paper_log import KINDS
from fieldkit.rules.card_shots import ASIDE, GONE, LOST
from fieldkit.store import keyslots

FILES = {
    "erased": "消去済み",
    "not_found": "USBメモリにないことを確認済み",
    "lost": "USBメモリの紛失を記録済み",
}
"""How a photo's file on a stick ended."""
RESULTS = {
    **giveup.REASONS,
    **certificate.REASONS,
    **keyslots.ROLES,
    "ok": "よい",
    "begun": "開始",
    "slips": "受付票",
    "desk": "受付データ",
    "asked": "監督者の指示",
    "confirm": "合言葉の確認",
    "recovery": "復旧用の26文字",
    "file_damaged": "ファイルの破損",
    "idle": "使わない時間が続いた",
}
OF_ACT = {
    "card_out": {"empty": "空を確認", "unseen": "中は見ていない"},
    "card_shot_aside": {**ASIDE, GONE: "カメラで消した"},
    "card_lost": LOST,
    "photo_file_gone": FILES,
    "receipt_spoiled": money.WHY,
    "receipt_interrupted": money.REASONS,
    "tally_replaced": tally.REPLACED,
    "incentive_undone": incentive.UNDONE,
    "set_aside": {"declined": "取りやめ", "postponed": "後日", "doing": "取り消し"},
}
"""Codes that mean something else under another act."""
SHEETS = {**{code: paper.name for code, paper in PAPERS.items()}, "contact": "写真一覧"}
COUNTS = (
    (re.compile(r"(\d+) files"), r"ファイル\1件"),
    (re.compile(r"yen=(\d+)"), r"\1円"),
    (re.compile(r"diff=(-?\d+)"), r"差額\1円"),
    (re.compile(r"card=(\d+) imported=(\d+) aside=(\d+)"), r"カード\1枚・取り込み\2枚・対象外\3枚"),
    (re.compile(r"card=0 imported=0 aside=0 unused"), "使わなかったカード"),
    (re.compile(r"raw \w+"), "空であることを直接読んで確認"),
    (re.compile(r"listed \w+"), "ファイルがないことを確認"),
)


def say_result(act: str, result: str) -> str:
    """`("photo_printed", "l:4")` → 「L判4枚」."""
    if act == "photo_printed":
        kind, _, copies = result.partition(":")
        return f"{SHEETS.get(kind, kind)}{copies}枚"
    if act == "paper_printed" and result.count(":") == 2:
        form, kind, pages = result.split(":")
        return f"{form}（{KINDS.get(kind, kind)}）{pages}枚"
    for shape, says in COUNTS:
        if found := shape.fullmatch(result):
            return found.expand(says)
    return OF_ACT.get(act, {}).get(result) or RESULTS.get(result, result)
