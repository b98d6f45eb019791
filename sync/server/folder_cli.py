"""`python -m sync.server import DIR [FOLDER]`: what a person at the city's desk sees of it."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from sync.medium import Full, Unsound
from sync.server.folder import Watch, bundles, import_folder
from sync.server.handle import Handler
from sync.server.sqlstore import open_store
from sync.server.stick import Taken

EVERY = 3.0
WHY = {
    "bad_code": "登録の符号が違うか、期限が切れています。断りの返事を書きました。"
    "新しい登録ファイルを作って、端末へ渡してください。",
    "other_city": "ほかの市の包みです。中は読めません。渡した人に返してください。",
    "unknown_device": "この市に登録されていない端末の包みです。",
    "cannot_open": "目録が壊れているか、この市あてでないため、開けません。"
    "端末でもう一度書き出してもらってください（端末に中身は残っています）。",
    "wrong_format": "途中で切れたか、包みではないファイルです。"
    "端末でもう一度書き出してもらってください（端末に中身は残っています）。",
    "bad_signature": "登録された端末の署名ではありません。受け付けていません。",
}
GONE = (
    "USBメモリかフォルダーを読み書きできません。抜けていないか、書き込み禁止でないか確かめて、"
    "もう一度実行してください。受け付けたものは市に残っています。"
)


def add(commands: Any) -> None:
    """The arguments of `import`."""
    made = commands.add_parser("import", help="USBメモリの包みを受け付け、返事を書く")
    made.add_argument("dir", type=Path, help="市サーバのフォルダー")
    made.add_argument(
        "folder",
        type=Path,
        nargs="?",
        help="包みのあるフォルダーか、包み一つ（なければ DIR/usb）",
    )
    made.add_argument(
        "--server", type=Path, help="市サーバのフォルダー（この時は DIR の所に包みの場所を書く）"
    )
    made.add_argument("--watch", action="store_true", help="Ctrl-C まで数秒ごとに見て受け付ける")


def says(taken: Taken) -> str:
    """One line a file: numbers, no names of people."""
    if not taken.code and not taken.n:
        return f"{taken.file}：端末{taken.device}を登録しました。返事を書きました。"
    if taken.code:
        return f"{taken.file}：{WHY.get(taken.code, f'受け付けられません（{taken.code}）。')}"
    line = f"{taken.file}：端末{taken.device}の{taken.n}番、"
    line += f"保存と写真{taken.items}件を受け付けました。" if taken.items else "受け付けました。"
    if taken.refused:
        line += f"受け付けられないものが{taken.refused}件あります。"
    if taken.damaged or taken.held:
        line += (
            f"壊れて読めないものが{len(taken.damaged)}件、それを待つものが{len(taken.held)}件"
            "あります。次の包みでもう一度届きます。"
        )
    return f"{line}返事を書きました。"


def run(given: argparse.Namespace) -> int:
    """0 where everything was taken, 1 where something was not."""
    home = given.server or given.dir
    folder = given.dir if given.server else given.folder or given.dir / "usb"
    store = open_store(home)
    store.sweep()
    if folder == home / "usb":
        folder.mkdir(mode=0o700, exist_ok=True)
    try:
        if given.watch:
            return _watch(Watch(store, Handler(store), folder, home))
        every = []
        if any(bundles(folder)) if folder.is_dir() else folder.exists():
            print("受け付けています。終わるまで、USBメモリを抜かないでください…", flush=True)
        for taken in import_folder(store, Handler(store), folder, home):
            print(says(taken), flush=True)
            every.append(taken)
    except (OSError, Full, Unsound) as error:
        print(_trouble(error))
        return 1
    finally:
        store.close()
    if not every:
        print(f"{folder} に包み（*.kspb）がありません。")
    bad = [one for one in every if one.code or one.refused or one.damaged]
    return 0 if every and not bad else 1


def _trouble(error: Exception) -> str:
    if isinstance(error, Full):
        need = -(-error.needed // 1_000_000)
        return (
            f"空きが足りないため返事を書けません。あと{need} MB 空けて、もう一度実行してください。"
        )
    return GONE


def _watch(watch: Watch) -> int:
    print(f"{watch.folder} を見ています。終わるときは Ctrl-C", flush=True)
    before = ""
    try:
        while True:
            trouble = ""
            try:
                for taken in watch.look():
                    print(says(taken), flush=True)
            except (OSError, Full, Unsound) as error:
                trouble = _trouble(error)
            if trouble and trouble != before:
                print(trouble, flush=True)
            before = trouble
            time.sleep(EVERY)
    except KeyboardInterrupt:
        return 0
