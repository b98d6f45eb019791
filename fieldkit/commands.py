"""The command line of `python -m fieldkit`: every command, its arguments and its help."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from fieldkit.arguments import Parser

Argument = tuple[str, dict[str, Any]]
DATA: Argument = (
    "--data",
    {"type": Path, "default": Path("kit-data"), "help": "データのフォルダー"},
)
USER: Argument = ("--user", {"required": True, "help": "利用者の番号"})
FORMS: Argument = ("--forms", {"type": Path, "default": None, "help": "市の様式のフォルダー"})
PORT: Argument = ("--port", {"type": int, "default": 0, "help": "画面の番号（0は空いた番号）"})
NO_BROWSER: Argument = (
    "--no-browser",
    {"action": "store_true", "help": "窓を開かず、リンクを出す"},
)
EVERY = """\
commands in full:
  init --user ID --name NAME            enrol --user ID --server URL --code C --fingerprint F
  user list                             user add --user ID --new ID --name NAME --role ROLE
  user remove --user ID --old ID        user passphrase --user ID [--of ID]
  user recovery --user ID
  serve [--no-browser]                  open [--print]
  demo [--no-browser] [--fresh] [--check]
  enrol --user ID --file FILE           doctor
  sync --user ID
  sync --user ID --folder DIR --medium NO [--erase] [--checkout DAY]
  forms list                            forms check [FORM …]
  forms print FORM --answers A.json --out F.pdf [--photo P.jpg] [--language easy|en]
  forms print FORM --blank --out F.pdf   forms samples [FORM …] --out FOLDER
  forms background FORM sheet.pdf       forms grid FORM --out F.pdf|F.png
  photo judge FILE --json               photo export FILE --out F.jpg
  photo sheet FILE --paper l|hagaki --out F.pdf
  rules try CASE.json
  deletion verify --user ID             ledger verify FILE
"""


def parser() -> argparse.ArgumentParser:
    """The parser of `python -m fieldkit`; `cli.COMMANDS` has an act for each command."""
    whole = Parser(
        prog="fieldkit",
        description="出張申請キット",
        epilog=EVERY,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, text: str, *arguments: Argument) -> None:
        made = commands.add_parser(name, help=text, description=text)
        for flag, how in arguments:
            made.add_argument(flag, **how)

    add("init", "保管庫と最初の監督者を作る", DATA, USER, ("--name", {"required": True}))
    add(
        "enrol",
        "この端末を市サーバに登録する",
        DATA,
        USER,
        ("--server", {"default": "", "help": "市サーバの場所（https://…）"}),
        ("--code", {"default": "", "help": "市が出した一回限りの符号"}),
        ("--fingerprint", {"default": "", "help": "市の鍵の指紋"}),
        ("--file", {"type": Path, "help": "市の登録ファイル（回線がないときはUSBで申し込む）"}),
        ("--device-name", {"default": "訪問用"}),
    )
    _user_commands(commands.add_parser("user", help="利用者：list / add / remove / …"))
    add("serve", "キットを動かし、窓を開く", DATA, PORT, NO_BROWSER)
    add(
        "open",
        "動いているキットの窓を開く",
        DATA,
        ("--print", {"action": "store_true", "help": "窓を開かず、一度だけ使えるリンクを出す"}),
    )
    add(
        "demo",
        "架空の市でキットを試す",
        DATA,
        PORT,
        NO_BROWSER,
        ("--fresh", {"action": "store_true", "help": "デモを作り直す"}),
        ("--check", {"action": "store_true", "help": "最初の画面が出るか確かめて終わる"}),
    )
    add("doctor", "この端末で使えるか、部品ごとに確かめる", ("--data", {"type": Path}))
    _form_commands(commands.add_parser("forms", help="様式：list / check / print / …"))
    photo = commands.add_parser("photo", help="写真：judge / export / sheet").add_subparsers(
        dest="what", required=True, metavar="judge|export|sheet"
    )
    made = photo.add_parser(
        "judge",
        help="顔写真を判定する",
        description="顔写真を判定する。写真でないファイルには終了コード1を返す（--json でも同じ形で"
        "理由を出す）。判定できた写真は、不可でも0。",
    )
    made.add_argument("file", type=Path, help="JPEG・PNG・HEICの写真")
    made.add_argument("--json", action="store_true", help="判定の全部をJSONで一つ出す")
    for name, text in (
        ("export", "オンライン申請の写真ファイルを作る"),
        ("sheet", "写真4枚の印刷用PDFを作る"),
    ):
        made = photo.add_parser(name, help=text, description=text)
        made.add_argument("file", type=Path, help="JPEG・PNG・HEICの写真")
        made.add_argument("--out", type=Path, required=True, help="書き出す先")
        if name == "sheet":
            made.add_argument("--paper", choices=("l", "hagaki"), required=True)
    rules = commands.add_parser("rules", help="規則：try").add_subparsers(
        dest="what", required=True, metavar="try"
    )
    made = rules.add_parser("try", help="規則を一件だけ試す")
    made.add_argument("case", type=Path)
    made.add_argument(FORMS[0], **FORMS[1])
    _settings_commands(commands.add_parser("settings", help="市が配った設定・様式の版：list / …"))
    add("outbox", "送信の画面と同じ一覧を出す：何が、なぜ、いつから待っているか", DATA, USER)
    add(
        "sync",
        "市サーバへ送る（--folder：USBメモリの返事を読み、送るものを書く）",
        DATA,
        USER,
        ("--folder", {"type": Path, "help": "USBメモリのフォルダー"}),
        ("--medium", {"default": "", "help": "USBメモリの番号（記録に残る）"}),
        ("--erase", {"action": "store_true", "help": "返事を読んだあと、この端末のファイルを消す"}),
        ("--checkout", {"default": "", "help": "この日の持ち出しを、USBメモリで市に頼む"}),
    )
    gone = commands.add_parser("deletion", help="削除記録：verify").add_subparsers(
        dest="what", required=True, metavar="verify"
    )
    made = gone.add_parser("verify", help="削除記録を一つずつ確かめる")
    for flag, how in (DATA, USER):
        made.add_argument(flag, **how)
    ledger = commands.add_parser("ledger", help="取扱記録簿：verify").add_subparsers(
        dest="what", required=True, metavar="verify"
    )
    made = ledger.add_parser("verify", help="書き出した取扱記録簿を確かめる")
    made.add_argument("file", type=Path)
    for flag, text in (
        ("--public", "末尾に署名した端末の鍵（16進）"),
        ("--receipts", "受領証を読むもう一つのファイル"),
        ("--against", "市から書き出した同じ台帳"),
    ):
        made.add_argument(flag, default="", help=text)
    text = "市の鍵（16進）：市の受領証も確かめる。鍵が替わったときは、何度でも書ける"
    made.add_argument("--city-public", action="append", default=[], help=text)
    return whole


def _form_commands(parser: argparse.ArgumentParser) -> None:
    inner = parser.add_subparsers(
        dest="what", required=True, metavar="list|check|print|samples|background|grid"
    )
    language: Argument = (
        "--language",
        {"choices": ("ja", "easy", "en"), "default": "ja", "help": "文章の言葉"},
    )
    out: Argument = ("--out", {"type": Path, "required": True, "help": "書き出す先"})

    def add(name: str, text: str, *arguments: Argument) -> None:
        made = inner.add_parser(name, help=text, description=text)
        for flag, how in (*arguments, FORMS):
            made.add_argument(flag, **how)

    add("list", "様式の一覧")
    add("check", "様式を確かめる", ("form", {"nargs": "*"}))
    add(
        "print",
        "回答か空の用紙を印刷する",
        ("form", {}),
        ("--answers", {"type": Path, "help": "回答のJSONファイル"}),
        ("--photo", {"type": Path, "help": "顔写真（35:45）のJPEGかPNG"}),
        ("--blank", {"action": "store_true", "help": "何も書いていない用紙"}),
        language,
        out,
    )
    add("samples", "すべての様式の記入例を作る", ("form", {"nargs": "*"}), out)
    add(
        "background",
        "市の用紙のPDFを、様式の背景にする",
        ("words", {"nargs": "+", "metavar": "FORM sheet.pdf"}),
        ("--form", {"default": "", "help": "様式の名前"}),
    )
    add("grid", "5 mmの方眼で、印刷の位置を確かめる", ("form", {}), language, out)


def _settings_commands(parser: argparse.ArgumentParser) -> None:
    inner = parser.add_subparsers(dest="what", required=True, metavar="list|take|back")
    for name, text in (
        ("list", "市から届いた版の一覧"),
        ("take", "確かめた版に切り替える（監督者が行う）"),
        ("back", "前の版にもどす（監督者が行う）"),
    ):
        made = inner.add_parser(name, help=text, description=text)
        for flag, how in (DATA, USER):
            made.add_argument(flag, **how)
        if name == "take":
            made.add_argument("no", type=int, help="版の番号")


def _user_commands(parser: argparse.ArgumentParser) -> None:
    inner = parser.add_subparsers(
        dest="what", required=True, metavar="list|add|remove|passphrase|recovery"
    )

    def add(name: str, text: str, *arguments: Argument) -> None:
        made = inner.add_parser(name, help=text, description=text)
        for flag, how in arguments:
            made.add_argument(flag, **how)

    add("list", "利用者の一覧", DATA)
    add(
        "add",
        "利用者を加える（監督者が行う）",
        DATA,
        USER,
        ("--new", {"required": True, "help": "加える人の番号"}),
        ("--name", {"required": True}),
        ("--role", {"required": True, "help": "operator field booth supervisor auditor"}),
    )
    old: Argument = ("--old", {"required": True, "help": "外す人の番号"})
    add("remove", "利用者を外す（監督者が行う）", DATA, USER, old)
    of: Argument = ("--of", {"default": None, "help": "忘れた人の番号（監督者が行う）"})
    add("passphrase", "自分の合言葉、または忘れた人の合言葉を替える", DATA, USER, of)
    add("recovery", "復旧用の26文字を新しくする（監督者が行う）", DATA, USER)
