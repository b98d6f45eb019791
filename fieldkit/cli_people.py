"""`fieldkit user …`: the same verbs as the screen 利用者, at the terminal."""

from __future__ import annotations

import getpass
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fieldkit import alone, people
from fieldkit.errors import KitError, NotFound
from fieldkit.settings import Settings, load_settings
from fieldkit.store import keyslots, opening
from fieldkit.store.keyslots import User
from fieldkit.store.vault import Vault
from sync.ids import groups


def ask(prompt: str = "合言葉: ") -> str:
    """Ask at the terminal, or read a line of standard input; never a command-line argument."""
    if sys.stdin.isatty():
        return getpass.getpass(prompt)
    return sys.stdin.readline().rstrip("\r\n")


def _settings(given: Namespace) -> Settings:
    settings = load_settings(given.data)
    if not opening.exists(settings):
        raise NotFound("このフォルダーに保管庫がありません。先に init を実行してください。")
    return settings


def _ask_new(prompt: str) -> str:
    """A new one is typed twice at a terminal."""
    typed = ask(prompt)
    if sys.stdin.isatty() and ask("もう一度: ") != typed:
        raise KitError("not_the_same", "2回の合言葉が同じではありません。もう一度どうぞ。", "retry")
    return typed


def user_add(given: Namespace) -> int:
    """A supervisor adds a person. Two lines are read: the supervisor's passphrase, the new one."""
    mine = ask()
    user = User(given.new, given.name, given.role)
    with _people(given, mine) as vault:
        people.add(vault, mine, user, _ask_new("加える人の合言葉: "))
    print(f"{given.new} を加えました。")
    return 0


def user_remove(given: Namespace) -> int:
    mine = ask()
    with _people(given, mine) as vault:
        people.remove(vault, mine, given.old)
    print(f"{given.old} を外しました。{people.COPIES}")
    return 0


def user_passphrase(given: Namespace) -> int:
    """One's own, or with `--of` a person's who forgot theirs. Two lines: own, new."""
    mine = ask()
    with _people(given, mine) as vault:
        new = _ask_new("新しい合言葉: ")
        if given.of in (None, given.user):
            people.change_own(vault, mine, new)
        else:
            people.give_passphrase(vault, mine, given.of, new)
    print("合言葉を替えました。")
    return 0


def user_recovery(given: Namespace) -> int:
    mine = ask()
    with _people(given, mine) as vault:
        code = people.new_recovery(vault, mine)
    print("復旧用の新しい26文字です。紙に書き、市で保管してください（一度だけ表示）:")
    print(groups(code))
    return 0


def user_list(given: Namespace) -> int:
    """The names that the login screen shows too."""
    settings = _settings(given)
    for user in keyslots.users(settings.data_dir / "slots.json"):
        print(f"{user.id}\t{user.role_ja}\t{user.name}")
    return 0


@contextmanager
def _people(given: Namespace, mine: str) -> Iterator[Vault]:
    settings = _settings(given)
    with alone.only_one(settings.data_dir):
        vault = opening.unlock(settings, given.user, mine)
        try:
            yield vault
        finally:
            vault.close()


PEOPLE: dict[str, Callable[[Namespace], int]] = {
    "user_list": user_list,
    "user_add": user_add,
    "user_remove": user_remove,
    "user_passphrase": user_passphrase,
    "user_recovery": user_recovery,
}
