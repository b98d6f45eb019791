"""Command lines that are refused in Japanese: what is wrong, and where the help is."""

from __future__ import annotations

import argparse
import re
import sys
from typing import NoReturn

_SAID = (
    (r"the following arguments are required: (.+)", "次の指定が足りません：{0}。"),
    (
        r"argument (.+?): invalid choice: (.+) \(choose from (.+)\)",
        "{0} の {1} は使えません。次のどれかにしてください：{2}。",
    ),
    (
        r"argument (.+?): invalid \w+ value: (.+)",
        "{0} の {1} は読めません。書き方を確かめてください。",
    ),
    (r"argument (.+?): expected .*argument.*", "{0} のあとに値がありません。書き足してください。"),
    (
        r"argument (.+?): not allowed with argument (.+)",
        "{0} と {1} は一緒に使えません。どちらかにしてください。",
    ),
    (
        r"ambiguous option: (.+?) could match (.+)",
        "{0} は {1} のどれか分かりません。最後まで書いてください。",
    ),
    (r"unrecognized arguments: (.+)", "この指定は使えません：{0}。"),
)
"""argparse's own sentences, and what to say instead."""


def in_japanese(message: str) -> str:
    """argparse's sentence in Japanese; one that is not known here stands in brackets."""
    for shape, says in _SAID:
        if found := re.fullmatch(shape, message, re.S):
            return says.format(*found.groups())
    return f"コマンドの書き方に誤りがあります（{message}）。"


class Parser(argparse.ArgumentParser):
    """An ArgumentParser, and its sub-commands, that refuse in one Japanese sentence and with 2."""

    def error(self, message: str) -> NoReturn:
        print(f"{in_japanese(message)}使い方：{self.prog} --help", file=sys.stderr)
        raise SystemExit(2)
