"""`python -m sync.server COMMAND DIR`: the city's side on the command line."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sync.server import (
    cli_care,
    cli_handover,
    cli_people,
    cli_typed,
    exports,
    folder_cli,
    publish_cli,
    serve,
)
from sync.server.lines import CityServer
from sync.server.trouble import Trouble


def make_http(app: object, host: str, port: int) -> CityServer:
    """The city's server inside another program (the demo): no log, no limits, no TLS."""
    return CityServer(app, host, port)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="sync.server", description="市サーバ")
    commands = parser.add_subparsers(dest="command", required=True)
    init = commands.add_parser("init", help="空のフォルダーに市サーバを作る")
    init.add_argument("dir", type=Path)
    init.add_argument("--code", required=True, help="市の番号（団体コード）")
    init.add_argument("--name", required=True, help="市の名前")
    init.add_argument("--database", default="", help="PostgreSQL の URL（- なら入力で聞く）")
    cli_care.add(commands, init)
    cli_people.add(commands)
    keys = commands.add_parser("keys", help="市と端末の公開鍵（台帳の点検用）")
    keys.add_argument("dir", type=Path)
    book = commands.add_parser("ledger", help="端末の取扱記録簿の控えを書き出す")
    book.add_argument("dir", type=Path)
    book.add_argument("device", help="端末番号（K01 など）、市サーバ自身の記録簿は server")
    key = commands.add_parser("trip-key", help="訪問データの秘密鍵をファイルに出す（取扱注意）")
    key.add_argument("dir", type=Path)
    key.add_argument("trip", help="訪問データの番号")
    key.add_argument("file", type=Path, help="新しく作るファイル（本人だけが読めます）")
    folder_cli.add(commands)
    publish_cli.add(commands)
    cli_handover.add(commands)
    serve.add(commands)
    given = parser.parse_args(arguments)
    try:
        return _run(given)
    except Trouble as error:
        print(error)
    except FileExistsError:
        print("このフォルダーにはすでに市サーバがあります。")
    except FileNotFoundError:
        print("このフォルダーに市サーバがありません。先に init を実行してください。")
    return 2


def _run(given: argparse.Namespace) -> int:
    if given.command == "init":
        made = cli_typed.init(given)
        print(f"市の鍵の指紋: {made.fingerprint}")
        cli_typed.say_sheets(made.sheets)
        print("管理画面に入る人を、supervisor add で加えてください。")
    elif given.command in cli_care.COMMANDS:
        return cli_care.run(given)
    elif given.command in cli_people.COMMANDS:
        return cli_people.run(given)
    elif given.command == "handover":
        return cli_handover.run(given)
    elif given.command in ("keys", "ledger", "trip-key"):
        return exports.run(given)
    elif given.command == "publish":
        return publish_cli.run(given)
    elif given.command == "import":
        return folder_cli.run(given)
    else:
        return serve.run(given)
    return 0


if __name__ == "__main__":
    sys.exit(main())
