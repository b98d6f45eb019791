"""`backup`, `restore`, `verify`, new keys, recovery sheets: what keeps a city's data for years."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from sync.server import (
    audit,
    backup,
    backups,
    cli_typed,
    epochs,
    keyfile,
    keys,
    restore,
    verify_things,
)
from sync.server import store as t
from sync.server.epochs import TakenOver
from sync.server.sqlstore import SqlStore, open_store
from sync.server.trouble import Trouble

COMMANDS = (
    "backup", "restore", "new-epoch", "verify", "rotate-key", "rotate-store-key",
    "recovery-check", "recovery-renew", "recover-key",
)  # fmt: skip
WHO = "だれがしたか（なければこの機械の利用者名）"
SHOWN = 50


def add(commands: Any, init: Any) -> None:
    """The arguments of these commands; what `init` and `recovery-renew` have in common."""

    def copies(parser: Any) -> None:
        how = "復旧の紙の枚数（2以上）"
        parser.add_argument("--recovery-copies", type=int, default=cli_typed.COPIES, help=how)

    def command(name: str, says: str, who: bool = True) -> Any:
        made = commands.add_parser(name, help=says)
        made.add_argument("dir", type=Path, help="市サーバのフォルダー")
        if who:
            made.add_argument("--who", default="", help=WHO)
        return made

    one = command("backup", "動いたまま、別のディスクへ写しを作る")
    one.add_argument("target", type=Path, help="バックアップを置くフォルダー")
    one.add_argument("--keep", type=int, default=0, help="残す数（なければすべて残す）")
    one = command("restore", "バックアップから、空のフォルダーに市サーバを作り直す", who=False)
    one.add_argument("backup", type=Path, help="バックアップ（その親なら一番新しいもの）")
    how = one.add_mutually_exclusive_group(required=True)
    how.add_argument("--key", type=Path, help="server.key のファイル")
    how.add_argument("--recovery", action="store_true", help="復旧の紙二枚を入力する")
    one.add_argument("--old", type=Path, help="前の市サーバのフォルダー（残っていれば必ず指定）")
    one.add_argument("--database", default="", help="空の PostgreSQL（- なら入力で聞く）")
    one.add_argument("--epoch", type=int, default=0, help="ほかで分かっている最後の世代")
    one.add_argument("--damaged-too", action="store_true", help="壊れた写真を除いて戻す")
    command("new-epoch", "手で古いデータに戻したあと、新しい世代を始める")
    command("verify", "市サーバのデータをすべて確かめる", who=False)
    command("rotate-key", "市の署名の鍵を入れ替える")
    command("rotate-store-key", "server.key を入れ替え、すべて封をし直す（市サーバを止めて）")
    command("recovery-check", "復旧の紙が今の市サーバに合うか確かめる", who=False)
    copies(command("recovery-renew", "復旧の紙を新しくする"))
    copies(init)
    one = command("recover-key", "復旧の紙二枚で、失われた server.key を作り直す", who=False)
    one.add_argument("backup", type=Path, help="この市サーバのバックアップ")


def run(given: argparse.Namespace) -> int:
    """The exit code of one of COMMANDS; Trouble with a sentence where it cannot be done."""
    if given.command == "restore":
        return _restore(given)
    if given.command == "recover-key":
        return _recover_key(given)
    t.read_key_file(given.dir / keyfile.KEY)
    who = audit.me(getattr(given, "who", ""))
    if given.command == "backup":
        return _backup(given)
    if given.command == "rotate-store-key":
        keys.rotate_store_key(given.dir, who)
        print("server.key を入れ替え、すべて封をし直しました。市サーバを始めてください。")
        print("前のバックアップは前の鍵でしか開きません。すぐに新しい backup を作ってください。")
        return 0
    store = open_store(given.dir)
    try:
        return _with_store(store, given, who)
    finally:
        store.close()


def _with_store(store: SqlStore, given: argparse.Namespace, who: str) -> int:
    if given.command == "new-epoch":
        with store.write() as shelf:
            number, over = epochs.begin(shelf, store.side.lines(), all_known=False)
            audit.note(shelf, who, "new-epoch", str(number))
        print(f"世代 {number} を始めました。端末は次の送信で、失われたものをもう一度送ります。")
        _taken_over(over)
    elif given.command == "verify":
        return _verify(store, given.dir)
    elif given.command == "rotate-key":
        made = keys.rotate_key(store, who)
        print(f"市の署名の鍵を入れ替えました。新しい指紋: {made.new}（前: {made.old}）")
        print("登録済みの端末は次の送信で覚えます。これから登録する端末には新しい指紋を渡します。")
        print("すぐに新しい backup を作ってください。")
    elif given.command == "recovery-renew":
        files = keys.renew(store, given.dir, cli_typed.copies(given.recovery_copies), who)
        cli_typed.say_sheets(files)
        print("これから作るバックアップは、前の紙では開きません（前のバックアップは開きます）。")
        print("すぐに新しい backup を作り、前の紙は細断してください。")
    else:
        with store.read() as shelf:
            kept = keys.kept(shelf)
        if kept is None:
            raise Trouble(keys.NO_SHEETS)
        key = cli_typed.typed(kept)
        if key != t.read_key_file(given.dir / keyfile.KEY):
            raise Trouble("この二枚では、今の server.key になりません。recovery-renew が要ります。")
        print("この二枚で server.key が開きます。")
    return 0


def _backup(given: argparse.Namespace) -> int:
    try:
        made = backup.make(given.dir, given.target, given.keep)
    except OSError as error:
        raise Trouble(
            "バックアップ先に書けません。容量と接続を確かめてください"
            f"（{error.strerror}）。途中のものはバックアップとして使われません。"
        ) from None
    c = made.counts
    print(f"バックアップ: {made.folder}")
    print(
        f"端末 {c['device']} 台、訪問データ {c['trip']} 件、保存 {c['op']} 件、"
        f"記録 {c['record']} 件、受領証 {c['receipt']} 枚、"
        f"写真 {made.photos} 枚（今回写したもの {made.copied} 枚）"
    )
    if made.dropped:
        print(f"古いバックアップを {made.dropped} 個消しました。")
    if not made.sheets:
        print("復旧の紙がありません。server.key をなくすと、このバックアップは開きません。")
    if made.missing:
        print(f"市サーバで読めない写真: {len(made.missing)} 枚。verify で確かめてください。")
    return 1 if made.missing else 0


def _restore(given: argparse.Namespace) -> int:
    one = backups.find(given.backup)
    by_key = given.key is not None
    key = (
        cli_typed.read_key(given.key) if by_key else cli_typed.typed(backups.recovery_of(one))
    )
    url = cli_typed.asked_url(given.database)
    try:
        told = restore.restore(
            given.dir, one, key, given.old, url, given.epoch, given.damaged_too
        )
    except OSError as error:
        raise Trouble(f"戻す先に書けません（{error.strerror}）。同じ命令でやり直せます。") from None
    print(f"{told.at} のバックアップから戻しました。写真 {told.photos} 枚。")
    print(f"世代 {told.epoch} を始めました。端末は次の送信で、失われたものをもう一度送ります。")
    _taken_over(told.over)
    for name in told.damaged:
        print(f"戻せなかった写真: {name}")
    if not told.side:
        print("前の市サーバの控え帳がないため、バックアップの後に作られた訪問データの鍵、")
        print("登録された端末、止められた端末は戻っていません。端末の一覧を確かめてください。")
    print("verify で確かめ、すぐに新しい backup を作ってください。")
    return 0


def _taken_over(over: TakenOver) -> None:
    print(
        f"控え帳から戻したもの: 訪問データ {over.trips} 件、終わった訪問データ {over.ended} 件、"
        f"端末 {over.devices} 台、止めた端末 {over.stopped} 台、署名の鍵 {over.keys} 本"
    )
    if over.damaged:
        print(f"控え帳に読めない行が {over.damaged} 行あります。")


def _verify(store: SqlStore, folder: Path) -> int:
    found = verify_things.look(store, folder)
    for what, number in found.looked.items():
        print(f"{what}: {number}")
    for line in found.wrong[:SHOWN]:
        print(f"×　{line}")
    if len(found.wrong) > SHOWN:
        print(f"×　ほかに {len(found.wrong) - SHOWN} 件")
    for line in found.notes:
        print(f"注意　{line}")
    print("正しくない所があります。" if found.wrong else "すべて正しい。")
    return 1 if found.wrong else 0


def _recover_key(given: argparse.Namespace) -> int:
    """Only the key file is lost, the rest of the folder is whole."""
    if (given.dir / keyfile.KEY).exists():
        raise Trouble("このフォルダーには server.key があります。")
    one = backups.find(given.backup)
    key = cli_typed.typed(backups.recovery_of(one))
    with backups.looking(one, key):
        pass
    if not restore.opens_folder(given.dir, key):
        raise Trouble(keyfile.NO_KEY)
    keyfile.write_key(given.dir / keyfile.KEY, key)
    print("server.key を作り直しました。verify で確かめてください。")
    return 0
