"""`handover make | record | erase | list`: the photos on their way to J-LIS."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sync.medium import Full, Unsound
from sync.server import audit, dates, handover, handover_erase, handover_files, handover_results
from sync.server.handover import WHY, NotYet
from sync.server.sqlstore import SqlStore, open_store

RESULTS = {"submitted": "提出", "accepted": "受理", "returned": "返却", "again": "やり直し"}
STATES = {"exporting": "作成中", "exported": "書き出し済み", "erasing": "消去中"}
STATES |= {"erased": "消去済み", **RESULTS}


def add(commands: Any) -> None:
    """The arguments of `handover`."""
    acts = commands.add_parser("handover", help="J-LISへの受け渡し").add_subparsers(
        dest="act", required=True
    )
    make = acts.add_parser("make", help="確認済みの写真を、申請書IDの名前で書き出す")
    make.add_argument("dir", type=Path)
    make.add_argument("folder", type=Path, help="空のフォルダー（なければ作ります）")
    record = acts.add_parser("record", help="提出・受理・返却を記録する")
    record.add_argument("dir", type=Path)
    record.add_argument("result", choices=RESULTS, help="提出・受理・返却・やり直し")
    record.add_argument("--batch", default="", help="受け渡しの番号（list で見られます）")
    record.add_argument("--id", action="append", default=[], help="申請書ID（何回でも書けます）")
    record.add_argument("--reason", default="", help="返却の理由")
    erase = acts.add_parser("erase", help="受理から日数のたった写真の鍵と中身を消す")
    erase.add_argument("dir", type=Path)
    erase.add_argument("--now", action="store_true", help="日数を待たずにすべて消す")
    show = acts.add_parser("list", help="受け渡しの一覧と、まだ書き出せない写真")
    show.add_argument("dir", type=Path)
    for one in (make, record, erase):
        one.add_argument("--who", default="", help="だれがしたか（なければこの機械の利用者名）")


def run(given: argparse.Namespace) -> int:
    """The exit code of `handover`."""
    store = open_store(given.dir)
    try:
        if given.act == "list":
            return _list(store)
        who = audit.me(given.who)
        if given.act == "make":
            return _make(store, given.folder, who)
        if given.act == "record":
            return _record(store, given, who)
        return _erase(store, given, who)
    finally:
        store.close()


def _make(store: SqlStore, folder: Path, who: str) -> int:
    try:
        made = handover_files.make(store, folder, who)
    except handover_files.NotEmpty:
        print("そのフォルダーは空ではありません。空のフォルダーを指定してください。")
        return 1
    except handover_files.Overtaken:
        print("同じ写真がほかで書き出されました。このフォルダーは使わず、消してください。")
        return 1
    except Full as full:
        print(f"空きが足りません（あと{-(-full.needed // 1_000_000)} MB）。空けて、もう一度。")
        return 1
    except (OSError, Unsound):
        print("書き込めません。フォルダーを確かめて、同じ命令をもう一度実行してください。")
        return 1
    if made.batch:
        print(f"{made.count}枚を書き出し、読み返して確かめました。受け渡しの番号: {made.batch}")
    else:
        print("書き出せる写真はありません。")
    for line in not_yet(made.not_yet):
        print(line)
    return 0


def not_yet(rows: Iterable[NotYet]) -> list[str]:
    """One line a photo that cannot be handed over: its reception number, and why."""
    return [f"まだ: 受付{one.reception_no or '番号なし'}　{WHY[one.why]}" for one in rows]


def _record(store: SqlStore, given: argparse.Namespace, who: str) -> int:
    if not given.batch and not given.id:
        print("--batch か --id を指定してください。")
        return 2
    try:
        ids, reason = given.id, given.reason
        done = handover_results.record(store, given.result, who, given.batch, ids, reason)
    except ValueError:
        print("返却のときは --reason に理由を書いてください（氏名は書かないでください）。")
        return 2
    print(says(given.result, done))
    return 1 if done.strange or done.wrong_state else 0


def says(result: str, done: handover_results.Recorded) -> str:
    """What was written down, and what was not."""
    line = f"{done.done}枚を「{RESULTS[result]}」にしました。"
    if done.done and result == "returned":
        line += "受付の端末が次に送信すると、撮り直しの予約を取る仕事として届きます。"
    if done.strange:
        line += f"受け渡した写真にない申請書IDが{len(done.strange)}件あります。"
    if done.wrong_state:
        line += f"いまの状態からは変えられない写真が{done.wrong_state}枚あります。"
    return line


def _erase(store: SqlStore, given: argparse.Namespace, who: str) -> int:
    try:
        days = handover.keep_days(given.dir)
    except ValueError:
        print("server.toml の [handover] keep_days は、0から3650までの整数にしてください。")
        return 2
    done = handover_erase.erase(store, who, days, given.now)
    print(erased(done, days))
    return 1 if done.left else 0


def erased(done: handover_erase.Erased, days: int) -> str:
    """How many are gone, how many wait, and what went wrong."""
    line = f"{done.count}枚の鍵と中身を消し、残っていないことを確かめました。"
    if done.waiting:
        line += f"受理から{days}日を待つ写真が{done.waiting}枚あります。"
    if done.left:
        line += f"{len(done.left)}枚は消しきれていません。もう一度実行してください。"
    return line


def counts(one: handover_results.Batch) -> str:
    """How many photos of a folder are in which state."""
    return "、".join(f"{STATES[state]}{n}枚" for state, n in sorted(one.count.items()))


def _list(store: SqlStore) -> int:
    with store.read() as shelf:
        told, made = handover.plan(shelf), handover_results.batches(shelf)
    for one in made:
        print(f"{one.id}  {dates.moment(one.at)}  {counts(one)}")
    print(f"書き出せる写真: {len(told.ready)}枚")
    for line in not_yet(told.not_yet):
        print(line)
    return 0
