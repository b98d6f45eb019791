"""`supervisor`, `enrol`, `revoke`, `quarantine`: who may work here, which devices may talk."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
from pathlib import Path
from typing import Any

import zxingcpp

from sync.server import audit, dates, devices, letin, quarantine, supervisors
from sync.server.init import city_fingerprint
from sync.server.sqlstore import SqlStore, open_store

COMMANDS = ("supervisor", "enrol", "revoke", "quarantine")
NO_DEVICE = "その番号の端末はありません。"


def add(commands: Any) -> None:
    """The arguments of these commands."""
    boss = commands.add_parser("supervisor", help="管理画面に入る監督者").add_subparsers(
        dest="act", required=True
    )
    for act, says in (
        ("add", "加える（合言葉を聞き、認証アプリの鍵を一度だけ出す）"),
        ("reset", "合言葉と認証アプリの鍵を作り直す（鍵のかかった人も開く）"),
        ("remove", "外す"),
        ("list", "一覧"),
        ("code", "いまの確認コード（デモだけ）"),
    ):
        one = boss.add_parser(act, help=says)
        one.add_argument("dir", type=Path)
        if act != "list":
            one.add_argument("id", help="英小文字と数字の番号")
        if act == "add":
            one.add_argument("--name", required=True, help="氏名")
        _who(one)
    enrol = commands.add_parser("enrol", help="端末を登録するための一回限りの符号を出す")
    enrol.add_argument("dir", type=Path)
    enrol.add_argument("--profile", choices=devices.PROFILES, default="field", help="端末の役目")
    enrol.add_argument("--file", type=Path, metavar="FOLDER", help="登録ファイルにして書き出す")
    where = "--file のとき：端末から見た市サーバの住所（回線がなければ書かない）"
    enrol.add_argument("--url", default="", help=where)
    enrol.add_argument("--list", action="store_true", help="まだ使われていない符号の一覧")
    enrol.add_argument("--withdraw", default="", metavar="NAME", help="符号を取り消す")
    _who(enrol)
    stop = commands.add_parser("revoke", help="端末を停止する（紛失したときなど）")
    stop.add_argument("dir", type=Path)
    stop.add_argument("device", help="端末番号（K01 など）")
    _who(stop)
    parked = commands.add_parser("quarantine", help="停止した端末から届いたもの").add_subparsers(
        dest="act", required=True
    )
    for act, says in (("list", "一覧"), ("accept", "受け入れる"), ("drop", "受け入れない")):
        one = parked.add_parser(act, help=says)
        one.add_argument("dir", type=Path)
        if act != "list":
            one.add_argument("device", help="端末番号（K01 など）")
        if act == "drop":
            one.add_argument("--why", required=True, help="理由")
        _who(one)


def _who(parser: Any) -> None:
    parser.add_argument("--who", default="", help="だれがしたか（なければこの機械の利用者名）")


def run(given: argparse.Namespace) -> int:
    """The exit code of one of COMMANDS."""
    store = open_store(given.dir)
    try:
        acts = {"supervisor": _supervisor, "enrol": _enrol, "revoke": _revoke}
        return acts.get(given.command, _quarantine)(store, given, audit.me(given.who))
    finally:
        store.close()


# -- supervisors --------------------------------------------------------------------------------
def _supervisor(store: SqlStore, given: argparse.Namespace, who: str) -> int:
    if given.act == "list":
        with store.read() as shelf:
            for one in supervisors.every(shelf):
                print(one.id, one.name, "（15分間、止まっています）" if one.locked else "")
        return 0
    if given.act == "remove":
        if supervisors.remove(store, given.id, who):
            print(f"{given.id} を外しました。")
            return 0
    elif given.act == "code":
        try:
            with store.read() as shelf:
                print(supervisors.code_now(shelf, given.id))
            return 0
        except KeyError:
            print("デモの監督者ではありません。認証アプリを使ってください。")
            return 1
    else:
        return _secrets(store, given, who)
    print("その番号の監督者はいません。")
    return 1


def _secrets(store: SqlStore, given: argparse.Namespace, who: str) -> int:
    password = _asked(f"合言葉（{supervisors.SHORTEST}文字以上）: ")
    if password != _asked("もう一度: "):
        print("二つの合言葉が違います。")
        return 1
    again = given.act == "reset"
    try:
        made = supervisors.add(store, given.id, "" if again else given.name, password, who, again)
    except KeyError:
        print("その番号の監督者はいません。")
        return 1
    except ValueError as error:
        print(
            {
                "id": "番号は英小文字で始まる2文字から30文字（英小文字、数字、.-_）です。",
                "password": f"合言葉は{supervisors.SHORTEST}文字以上にしてください。",
                "taken": "その番号の監督者はもういます。作り直すときは reset を使ってください。",
            }[str(error)]
        )
        return 1
    print("認証アプリで読み取ってください（この画面だけ。もう一度は出せません）。")
    if sys.stdout.isatty():
        print(qr_text(made.otpauth))
    print(f"鍵（手で入れるとき）: {made.secret}")
    print(made.otpauth)
    return 0


def _asked(says: str) -> str:
    """Typed unseen at a terminal; from a pipe, its next line."""
    return getpass.getpass(says) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")


def qr_text(text: str) -> str:
    """A QR code for a terminal: two modules a character, dark on light whatever its colours."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    picture: Any = memoryview(code.to_image(scale=1))  # type: ignore
    height, width = picture.shape[:2]

    def dark(y: int, x: int) -> bool:
        return y < height and int(picture[y, x]) < 128

    blocks = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}
    rows = [
        "".join(blocks[dark(y, x), dark(y + 1, x)] for x in range(width))
        for y in range(0, height, 2)
    ]
    return "\n".join(f"\x1b[30;107m{row}\x1b[0m" for row in rows)


# -- devices ------------------------------------------------------------------------------------
def _enrol(store: SqlStore, given: argparse.Namespace, who: str) -> int:
    if given.list:
        with store.read() as shelf:
            for one in devices.unused(shelf):
                made, end = dates.moment(one.made_at), dates.moment(one.expires_at)
                print(f"{one.name}  {one.profile}  {made} から {end} まで")
        return 0
    if given.withdraw:
        if devices.withdraw(store, given.withdraw, who):
            print("取り消しました。")
            return 0
        print("その名前の、まだ使われていない符号はありません（--list で見られます）。")
        return 1
    if given.file:
        return _enrol_file(store, given, who)
    print(f"登録の符号（24時間、一回限り）: {devices.new_code(store, given.profile, who)}")
    print(f"市の鍵の指紋: {city_fingerprint(store)}")
    return 0


def _enrol_file(store: SqlStore, given: argparse.Namespace, who: str) -> int:
    if given.url and not given.url.startswith(("https://", "http://")):
        print("--url には、端末から見た市サーバの住所（https://…）を書いてください。")
        return 1
    value = devices.enrolment_file(store, given.profile, given.url, who)
    path = given.file / devices.file_name(value)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        json.dump(value, out, ensure_ascii=False, indent=1)
    print(f"登録ファイル: {path}（7日間、一回限り。登録がすんだら消してください）")
    print(f"市の鍵の指紋: {value['fingerprint']}（紙に書いて、端末の画面と見比べます）")
    return 0


def _revoke(store: SqlStore, given: argparse.Namespace, who: str) -> int:
    if not devices.revoke(store, given.device, who):
        print(NO_DEVICE)
        return 1
    print(f"端末 {given.device} を停止しました。")
    return 0


# -- what a revoked device sent -----------------------------------------------------------------
def _quarantine(store: SqlStore, given: argparse.Namespace, who: str) -> int:
    if given.act == "list":
        with store.read() as shelf:
            found = quarantine.every(shelf)
        for one in found:
            first, last = dates.moment(one.first), dates.moment(one.last)
            print(f"{one.device}  判断待ち{one.waiting}件  受け入れ{one.accepted}件  "
                  f"不採用{one.dropped}件  {one.size}バイト  {first} から {last} まで"
                  + ("  満杯" if one.full else ""))  # fmt: skip
        if not found:
            print("停止した端末から届いたものはありません。")
        return 0
    if given.act == "drop":
        count = quarantine.drop(store, given.device, given.why, who)
        print(f"端末 {given.device} の{count}件を受け入れないことにしました（消してはいません）。")
        return 0 if count else 1
    told = letin.accept(store, given.device, who)
    print(let_in(given.device, told))
    return 0 if told.packets and not told.failed else 1


def let_in(device: str, told: letin.LetIn) -> str:
    """What became of it, and how the person at that laptop gets to know."""
    if not told.packets:
        return f"端末 {device} から届いて待っているものはありません。"
    taken = told.words["taken"] + told.words["already"]
    says = f"端末 {device} の{told.packets}件を受け入れました。市にあるもの：{taken}件。"
    if told.words["refused"]:
        says += f"受け付けられないもの：{told.words['refused']}件。"
    if told.failed:
        count = sum(told.failed.values())
        says += f"{count}件は処理できず、残してあります（{'、'.join(sorted(told.failed))}）。"
    return says + (
        "端末は停止したままです。端末でもう一度「送信」を押すと、同じものの受領証だけが届きます。"
    )
