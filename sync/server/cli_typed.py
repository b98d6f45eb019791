"""What is typed for the city's keys, what is said of its sheets; no secret in a command line."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Iterable
from pathlib import Path

from sync.server import store as t
from sync.server.init import Made, initialise
from sync.server.recovery import LINES, MOST, Recovery
from sync.server.trouble import Trouble
from sync.wire import WireError

COPIES = 3
SHEETS = (
    "復旧の紙を {n} 枚分、ファイルに書きました（どれか二枚で鍵が開きます）。\n"
    "印刷して、別々の人が別々の場所で保管し、印刷が終わったらファイルを消してください。"
)


def init(given: argparse.Namespace) -> Made:
    """Make the city that `init` was asked for."""
    url, number = asked_url(given.database), copies(given.recovery_copies)
    return initialise(given.dir, given.code, given.name, url, number)


def say_sheets(files: Iterable[Path]) -> None:
    """Where the sheets lie; their codes are never shown on a screen."""
    for file in files:
        print(file)
    print(SHEETS.format(n=len(list(files))))


def copies(number: int) -> int:
    """How many sheets; Trouble where two of them could not be."""
    if not 2 <= number <= MOST:
        raise Trouble(f"復旧の紙は 2 枚以上、{MOST} 枚以下にしてください。")
    return number


def read_key(file: Path) -> bytes:
    """The key in a file that a person names."""
    try:
        return t.read_key_file(file)
    except (OSError, ValueError):
        raise Trouble("その --key のファイルは server.key ではありません。") from None


def asked_url(told: str) -> str:
    """A database's URL. One with a password is asked for: it must not stand in a command line."""
    url = line("PostgreSQL の URL: ") if told == "-" else told
    if told != "-" and "@" in url and ":" in url.partition("://")[2].partition("@")[0]:
        raise Trouble(
            "合言葉の入った URL は、命令の中に書かず、--database - として入力してください。"
        )
    if url and not url.startswith("postgresql://"):
        raise Trouble("データベースは postgresql:// で始まる URL にしてください。")
    return url


def line(ask: str) -> str:
    """One line of standard input; not shown where a person types it."""
    if sys.stdin.isatty():
        return getpass.getpass(ask).strip()
    print(ask, flush=True)
    told = sys.stdin.readline()
    if not told:
        raise Trouble("入力がありません。")
    return told.strip()


def typed(kept: Recovery) -> bytes:
    """The server's key from two sheets, line by line; a wrong line may be typed again."""
    sheets: dict[int, bytes] = {}
    while len(sheets) < 2:
        number = line(f"{len(sheets) + 1}枚目の紙の番号: ")
        if not number.isdecimal() or int(number) not in kept.sheets or int(number) in sheets:
            print("その番号の紙はありません（同じ紙は二度使えません）。")
            continue
        halves: list[bytes] = []
        while len(halves) < len(LINES):
            try:
                code = line(f"{LINES[len(halves)]}: ")
                halves.append(kept.line(int(number), len(halves), code))
            except ValueError:
                print("その行は、この紙のものと違います。もう一度入力してください。")
        sheets[int(number)] = b"".join(halves)
    try:
        return kept.key(sheets)
    except WireError:
        raise Trouble("この二枚では開きません。") from None
