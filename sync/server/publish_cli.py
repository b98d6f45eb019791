"""`publish DIR [FOLDER]`: the city's forms and settings to all its kits."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from sync.server import audit, dates, publish
from sync.server.sqlstore import open_store


def add(commands: Any) -> None:
    """The arguments of `publish`."""
    made = commands.add_parser("publish", help="様式と設定を、すべての端末に配る")
    made.add_argument("dir", type=Path)
    made.add_argument("folder", type=Path, nargs="?", help="様式のフォルダー（なければ一覧を出す）")
    made.add_argument(
        "--everything", action="store_true", help="書体・郵便番号・印刷の型も入れる（大きくなる）"
    )
    made.add_argument("--who", default="", help="だれがしたか（なければこの機械の利用者名）")


def run(given: argparse.Namespace) -> int:
    """The exit code of `publish`."""
    store = open_store(given.dir)
    try:
        if given.folder is None:
            for row in publish.versions(store):
                at = dates.moment(row.made_at)
                print(f"{row.no}番\t{at}\t{row.size:,}バイト\t{row.digest[:16]}")
            return 0
        made = publish.publish(store, given.folder, audit.me(given.who), given.everything)
    finally:
        store.close()
    if not made.new:
        print(f"いま配っている{made.no}番と同じ内容です。新しい版は作りませんでした。")
        return 0
    print(f"{made.no}番として配ります：{made.files}ファイル、{made.size:,}バイト。")
    print(f"指紋：{made.digest[:16]}")
    print("端末は次の送信で受け取り、確かめてから、訪問のないログインのときに切り替えます。")
    return 0
