"""What the result of a ledger's row says in Japanese. The ledger itself holds codes and counts;
this is only how its screen reads them. What is not known here stands as it is."""

from __future__ import annotations

import re

from fieldkit import giveup, incentive, money, parked, tally
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
    **parked.REASONS,
    **certificate.REASONS,
    **keyslots.ROLES,
    "ok": "よい",
    "begun": "開始",
    "slips": "受付票",
    "desk": "受付データ",
    "office": "全体の状況のデータ",
    "asked": "監督者の指示",
    "confirm": "合言葉の確認",
    "recovery": "復旧用の26文字",
    "file_damaged": "ファイルの破損",
    "idle": "使わない時間が続いた",
}
REFUSED = {
    "broken": "様式か表に誤りがある",
    "bad_settings": "ファイルの形が正しくない",
    "too_large": "大きすぎる",
    "other_bytes": "届いた中身が署名と違う",
    "bad_signature": "市の署名ではない",
    "declined": "この端末の様式を使い続ける",
}
"""Why a pushed version of the city's settings is not used."""
OF_ACT = {
    "asked_by_usb": {
        "key": "鍵",
        "renew": "新しい受付データ",
        "desk": "受付データ",
        "checkout": "持ち出し",
        "days": "予約の一覧",
    },
    "card_out": {"empty": "空を確認", "unseen": "中は見ていない"},
    "card_shot_aside": {**ASIDE, GONE: "カメラで消した"},
    "card_lost": LOST,
    "photo_file_gone": FILES,
    "medium_erased": {"person": "人が確かめた"},
    "receipt_spoiled": money.WHY,
    "receipt_interrupted": money.REASONS,
    "tally_replaced": tally.REPLACED,
    "incentive_undone": incentive.UNDONE,
    "clash_decided": {"kept": "いまの値", "other": "もう一方の値"},
    "twin_decided": {"same": "同じ人", "other": "別の人"},
    "settings_taken": {"asked": "監督者が選んだ", "back": "前の版にもどした"},
    "settings_refused": REFUSED,
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
    (re.compile(r"(\d+) proved"), r"\1件を市で確認"),
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
