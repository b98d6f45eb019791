"""Who may open this laptop's vault: add, remove, a new passphrase, a new recovery code.

Only a supervisor changes other people, and types their own passphrase for it: a screen that was
left open gives nobody a way in. Everybody may change their own. No data is encrypted anew, and
nothing here undoes a copy of the disk that was taken before (001 特記1, 5; fieldkit/THREATS.md).
"""

from __future__ import annotations

from fieldkit.errors import BadInput, KitError, NotAllowed, NotReady
from fieldkit.store import delay, keyslots, phrasebook, wipe
from fieldkit.store.keyslots import RECOVERY_ID, ROLES, User
from fieldkit.store.vault import Vault

SUPERVISOR_ONLY = "利用者を変えられるのは監督者だけです。"
COPIES = (
    "外した人や替える前の合言葉でも、それより前にとられたディスクの写しがあれば、その写しは開けます。"
)


def everybody(vault: Vault) -> list[User]:
    """The people of this laptop in the order of the file, without the recovery slot."""
    found = keyslots.users(vault.settings.data_dir / "slots.json")
    return [user for user in found if user.id != RECOVERY_ID]


def name_of(vault: Vault, user_id: str) -> str:
    """The name of somebody of this laptop; the number itself where the person has left it."""
    return next((user.name for user in everybody(vault) if user.id == user_id), user_id)


def add(vault: Vault, mine: str, user: User, passphrase: str) -> None:
    """A new person. BadInput names the field `id`, `name`, `role` or `passphrase`."""
    _supervisor(vault)
    if user.role not in ROLES:
        raise BadInput("role", f"役割は{'・'.join(ROLES.values())}から選んでください。")
    keyslots.check_id(user.id)
    name = " ".join(user.name.split())
    if not name or len(name) > 40 or not name.isprintable():
        raise BadInput("name", "名前を40文字までで入れてください。")
    if any(other.id == user.id for other in everybody(vault)):
        raise BadInput("id", "この番号の利用者がもういます。別の番号にしてください。")
    _good(vault, passphrase, User(user.id, name, user.role))
    confirm(vault, mine)
    vault.add_user(User(user.id, name, user.role), passphrase)


def remove(vault: Vault, mine: str, user_id: str) -> None:
    """NotReady or NotFound says why not: the last supervisor, oneself, the recovery code."""
    _supervisor(vault)
    slots = keyslots.read_slots(vault.settings.data_dir / "slots.json")
    keyslots.without_slot(slots, user_id, vault.user.id)
    confirm(vault, mine)
    vault.remove_user(user_id)


def give_passphrase(vault: Vault, mine: str, user_id: str, passphrase: str) -> None:
    """A person forgot theirs: a supervisor lets them choose a new one."""
    _supervisor(vault)
    if user_id == vault.user.id:
        raise NotReady("自分の合言葉は「自分の合言葉を替える」の画面で替えてください。")
    found = next((user for user in everybody(vault) if user.id == user_id), None)
    if found is None:
        raise BadInput("user", "合言葉を替える人を一覧から選んでください。")
    _good(vault, passphrase, found)
    confirm(vault, mine)
    vault.change_passphrase(user_id, passphrase)


def change_own(vault: Vault, old: str, passphrase: str) -> None:
    """Everybody's own; the old one is asked for."""
    if vault.user.id == RECOVERY_ID:
        raise NotReady(
            "復旧用の26文字でログインしています。合言葉は利用者の画面で、本人のものを替えてください。"
        )
    _good(vault, passphrase, vault.user)
    confirm(vault, old)
    if keyslots.same(old, passphrase):
        raise BadInput("passphrase", "いまの合言葉と同じです。別の合言葉にしてください。")
    vault.change_passphrase(vault.user.id, passphrase)


def new_recovery(vault: Vault, mine: str) -> str:
    """Replace the recovery slot; returns the 26 characters, to be shown once."""
    _supervisor(vault)
    confirm(vault, mine)
    return vault.new_recovery()


def confirm(vault: Vault, mine: str) -> None:
    """The person at the keyboard is the one who logged in; wrong tries wait as at the login.

    BadInput("mine") for a wrong one, KitError("wait") while one has to wait.
    """
    if not mine:
        raise BadInput("mine", "いまログインしている自分の合言葉を入れてください。")
    _typed_by(vault, vault.user.id, mine, "mine", "自分の合言葉が違います。")


def confirm_other(vault: Vault, user_id: str, passphrase: str) -> User:
    """A second person confirms at the same screen with the own passphrase; returns who it was.

    BadInput("other") where nobody else was chosen, BadInput("words") for a wrong passphrase,
    KitError("wait") while one has to wait.
    """
    if user_id == vault.user.id:
        raise BadInput("other", "いまログインしている人とは別の人を選んでください。")
    return confirm_any(vault, user_id, passphrase)


def confirm_any(vault: Vault, user_id: str, passphrase: str) -> User:
    """As `confirm_other`, where the person who is logged in may be the one who confirms."""
    found = next((user for user in everybody(vault) if user.id == user_id), None)
    if found is None:
        raise BadInput("other", "確かめた人を一覧から選んでください。")
    if not passphrase:
        raise BadInput("words", "確かめた人が、自分の合言葉を入れてください。")
    _typed_by(vault, found.id, passphrase, "words", f"{found.name}さんの合言葉が違います。")
    return found


def _typed_by(vault: Vault, user_id: str, passphrase: str, field: str, wrong: str) -> None:
    settings = vault.settings
    path = settings.data_dir / "login-delay.json"
    wait = delay.seconds_left(path, settings.clock())
    if wait:
        raise KitError("wait", delay.why(path, settings.clock(), wait), "retry")
    opened = keyslots.open_slot(settings.data_dir / "slots.json", user_id, passphrase)
    if opened is None:
        wait = delay.note_failure(path, settings.clock())
        vault.note("login_failed", vault.device_id, "confirm")
        more = f"あと{wait}秒たってから、もう一度どうぞ。" if wait else "もう一度どうぞ。"
        raise BadInput(field, f"{wrong}{more}")
    wipe.wipe(opened[1])
    delay.clear(path, settings.clock())


def _supervisor(vault: Vault) -> None:
    if vault.user.role != "supervisor":
        raise NotAllowed(SUPERVISOR_ONLY)


def _good(vault: Vault, passphrase: str, user: User) -> None:
    try:
        phrasebook.check(vault.settings.forms_dir, passphrase, (user.name, user.id))
    except KitError as error:
        if error.code != "weak_passphrase":
            raise
        raise BadInput("passphrase", error.sentence) from None
