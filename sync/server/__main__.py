"""`python -m sync.server COMMAND DIR`: the city's side on the command line."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cheroot.wsgi import Server

from sync.server import devices, exports, store
from sync.server.app import create_server
from sync.server.init import city_fingerprint, initialise


def make_http(app: object, host: str, port: int) -> Server:
    """A cheroot server: streams bodies without temporary files, waits long on bad lines."""
    server = Server((host, port), app, numthreads=16, server_name="ksp")
    server.timeout = 120
    server.max_request_body_size = 32 * 1024 * 1024
    return server


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="sync.server", description="市サーバ")
    commands = parser.add_subparsers(dest="command", required=True)
    init = commands.add_parser("init", help="空のフォルダーに市サーバを作る")
    init.add_argument("dir", type=Path)
    init.add_argument("--code", required=True, help="市の番号（団体コード）")
    init.add_argument("--name", required=True, help="市の名前")
    enrol = commands.add_parser("enrol", help="端末を登録するための一回限りの符号を出す")
    enrol.add_argument("dir", type=Path)
    stop = commands.add_parser("revoke", help="端末を停止する（紛失したときなど）")
    stop.add_argument("dir", type=Path)
    stop.add_argument("device", help="端末番号（K01 など）")
    keys = commands.add_parser("keys", help="市と端末の公開鍵（台帳の点検用）")
    keys.add_argument("dir", type=Path)
    book = commands.add_parser("ledger", help="端末の取扱記録簿の控えを書き出す")
    book.add_argument("dir", type=Path)
    book.add_argument("device", help="端末番号（K01 など）")
    key = commands.add_parser("trip-key", help="訪問データの秘密鍵をファイルに出す（取扱注意）")
    key.add_argument("dir", type=Path)
    key.add_argument("trip", help="訪問データの番号")
    key.add_argument("file", type=Path, help="新しく作るファイル（本人だけが読めます）")
    serve = commands.add_parser("serve", help="市サーバを動かす")
    serve.add_argument("dir", type=Path)
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=5700)
    given = parser.parse_args(arguments)
    try:
        return _run(given)
    except FileExistsError:
        print("このフォルダーにはすでに市サーバがあります。")
    except FileNotFoundError:
        print("このフォルダーに市サーバがありません。先に init を実行してください。")
    return 2


def _run(given: argparse.Namespace) -> int:
    if given.command == "init":
        made = initialise(given.dir, given.code, given.name)
        print(f"市の鍵の指紋: {made.fingerprint}")
        print(f"管理画面の合言葉（一度だけ表示）: {made.console_password}")
    elif given.command == "enrol":
        engine = store.open_store(given.dir)
        print(f"登録の符号（24時間、一回限り）: {devices.new_code(engine)}")
        print(f"市の鍵の指紋: {city_fingerprint(engine)}")
    elif given.command == "revoke":
        if not devices.revoke(store.open_store(given.dir), given.device):
            print("その番号の端末はありません。")
            return 1
        print(f"端末 {given.device} を停止しました。")
    elif given.command in ("keys", "ledger", "trip-key"):
        return exports.run(given)
    else:
        server = make_http(create_server(given.dir), given.host, given.port)
        print(f"市サーバ: http://{given.host}:{given.port}/", flush=True)
        try:
            server.start()
        except (OSError, OverflowError):
            where = f"{given.host}:{given.port}"
            print(f"{where} では始められません。ほかで使われていないか確かめてください。")
            return 1
        except KeyboardInterrupt:
            server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
