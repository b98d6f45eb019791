"""Who may open the vault: changes, refusals, kills at every statement, old slots, wrong tries."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from fieldkit import people
from fieldkit.errors import BadInput, KitError, NotFound, NotReady
from fieldkit.store import delay, keyslots, ledger, opening
from fieldkit.store.keyslots import RECOVERY_ID, User
from fieldkit.store.vault import Vault
from sync.fail import EXIT_CODE
from sync.ids import groups
from tests.store.old_vault import unpack
from tests.store.slot_changes import ACTS, BOSS, CLERK, NEW, NOW, OTHER, WORDS, change, settings_of

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Place:
    """A vault with a supervisor and one more person, and its recovery code."""

    data: Path
    recovery: str

    @property
    def slots(self) -> Path:
        return self.data / "slots.json"

    def open(self, user: str = BOSS.id, words: str = WORDS) -> Vault:
        return opening.unlock(settings_of(self.data), user, words)

    def opens(self, user: str, words: str) -> bool:
        return keyslots.open_slot(self.slots, user, words) is not None

    def names(self) -> list[str]:
        return [user.id for user in keyslots.users(self.slots)]

    def acts(self, vault: Vault) -> list[tuple[str, str, str]]:
        return [(r["act"], r["object"], r["result"]) for r in reversed(ledger.rows(vault.book))]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made, recovery = opening.create(settings_of(tmp_path / "kit"), BOSS, WORDS)
    made.add_user(CLERK, WORDS)
    made.close()
    return Place(tmp_path / "kit", recovery)


# -- the changes ----------------------------------------------------------------------------------
def test_it_changes_people_without_touching_data(place: Place) -> None:
    vault = place.open()
    before = {p.name: p.read_bytes() for p in place.data.rglob("*.db")}
    vault.add_user(NEW, OTHER)
    assert place.names() == [RECOVERY_ID, BOSS.id, CLERK.id, NEW.id]
    vault.change_passphrase(CLERK.id, OTHER)
    assert place.opens(CLERK.id, OTHER) and not place.opens(CLERK.id, WORDS)
    vault.remove_user(NEW.id)
    assert place.names() == [RECOVERY_ID, BOSS.id, CLERK.id], "the order stays"
    assert before.keys() == {p.name for p in place.data.rglob("*.db")}
    done = [row for row in place.acts(vault) if row[0] in ("user_added", "user_removed")]
    assert done[-4:] == [
        ("user_added", NEW.id, "begun"),
        ("user_added", NEW.id, "booth"),
        ("user_removed", NEW.id, "begun"),
        ("user_removed", NEW.id, "booth"),
    ]
    assert ("passphrase_changed", CLERK.id, "field") in place.acts(vault)
    vault.close()
    place.open(CLERK.id, OTHER).close()


def test_the_recovery_code_opens_as_it_is_read_out(place: Place) -> None:
    code = place.recovery
    misread = code.translate(str.maketrans("10", "lo"))
    for typed in (code, groups(code), code.lower(), " ".join(code), misread):
        vault = place.open(RECOVERY_ID, typed)
        assert vault.user.role == "supervisor"
        vault.close()
    assert not place.opens(RECOVERY_ID, "これは26文字ではありません")


def test_a_new_recovery_code_ends_the_old_one(place: Place) -> None:
    vault = place.open()
    code = people.new_recovery(vault, WORDS)
    assert place.opens(RECOVERY_ID, groups(code)) and not place.opens(RECOVERY_ID, place.recovery)
    everything = b"".join(p.read_bytes() for p in place.data.rglob("*") if p.is_file())
    vault.close()
    assert code.encode() not in everything


def test_full_width_kana_and_letters_open_the_same_slot(place: Place) -> None:
    vault = place.open()
    vault.change_passphrase(CLERK.id, "しおかぜ ふくまち みなと")
    for typed in ("シオカゼ　フクマチ　ミナト", "shiokaze fukumachi minato",
                  "ｓｉｏｋａｚｅ　ｈｕｋｕｍａｔｉ　ｍｉｎａｔｏ"):  # fmt: skip
        assert place.opens(CLERK.id, typed), typed
    assert not place.opens(CLERK.id, "shiokaze fukumachi minami")
    vault.close()


# -- what is refused ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("act", "kind", "says"),
    [
        (lambda v: v.remove_user(RECOVERY_ID), NotReady, "新しい26文字に替えることはできます"),
        (lambda v: v.remove_user(BOSS.id), NotReady, "別の監督者がログインして"),
        (lambda v: v.remove_user("nobody"), NotFound, "一覧を開き直して"),
        (lambda v: v.change_passphrase(RECOVERY_ID, OTHER), NotReady, "新しい26文字に替えて"),
        (lambda v: v.change_passphrase("nobody", OTHER), NotFound, "一覧を開き直して"),
        (lambda v: v.change_passphrase(CLERK.id, "みじかい"), KitError, "12文字以上"),
        (lambda v: v.add_user(replace(BOSS, role="field"), OTHER), NotReady, "先に別の監督者を"),
        (lambda v: v.add_user(replace(NEW, id=RECOVERY_ID), OTHER), BadInput, "別の番号に"),
        (lambda v: v.add_user(replace(NEW, id="森 進"), OTHER), BadInput, "半角の英小文字"),
        (lambda v: v.add_user(replace(NEW, id="../x"), OTHER), BadInput, "半角の英小文字"),
        (lambda v: people.add(v, WORDS, CLERK, OTHER), BadInput, "もういます"),
        (lambda v: people.add(v, WORDS, replace(NEW, role="boss"), OTHER), BadInput, "選んで"),
        (lambda v: people.add(v, WORDS, replace(NEW, name="　"), OTHER), BadInput, "名前を"),
        (lambda v: people.add(v, "", NEW, OTHER), BadInput, "自分の合言葉を入れて"),
        (lambda v: people.add(v, OTHER, NEW, OTHER), BadInput, "自分の合言葉が違います"),
        (lambda v: people.give_passphrase(v, WORDS, BOSS.id, OTHER), NotReady, "自分の合言葉を"),
        (lambda v: people.change_own(v, OTHER, OTHER + "二"), BadInput, "自分の合言葉が違います"),
        (lambda v: people.change_own(v, WORDS, WORDS), BadInput, "同じです"),
    ],
)
def test_it_refuses_and_says_what_works(
    place: Place, act: Callable[[Vault], None], kind: type[KitError], says: str
) -> None:
    vault, before = place.open(), place.slots.read_bytes()
    acts = len([a for a in place.acts(vault) if a[0] != "login_failed"])
    with pytest.raises(kind) as caught:
        act(vault)
    assert says in caught.value.sentence
    assert place.slots.read_bytes() == before
    assert len([a for a in place.acts(vault) if a[0] != "login_failed"]) == acts
    vault.close()


def test_the_last_supervisor_stays_also_for_the_recovery_code(place: Place) -> None:
    vault = place.open(RECOVERY_ID, place.recovery)
    with pytest.raises(NotReady) as caught:
        people.remove(vault, place.recovery, BOSS.id)
    assert "先に別の監督者を加えて" in caught.value.sentence
    with pytest.raises(NotReady):
        people.change_own(vault, place.recovery, OTHER)
    people.add(vault, place.recovery, User("goto", "後藤 栞", "supervisor"), OTHER)
    people.remove(vault, groups(place.recovery), BOSS.id)
    vault.close()
    assert place.names() == [RECOVERY_ID, CLERK.id, "goto"]
    place.open("goto", OTHER).close()


@pytest.mark.parametrize("role", ["operator", "field", "booth", "auditor"])
def test_only_a_supervisor_changes_others(place: Place, role: str) -> None:
    boss = place.open()
    boss.add_user(replace(NEW, role=role), OTHER)
    boss.close()
    vault, before = place.open(NEW.id, OTHER), place.slots.read_bytes()
    for act in (
        lambda: people.add(vault, OTHER, User("x", "x", "field"), OTHER),
        lambda: people.remove(vault, OTHER, CLERK.id),
        lambda: people.give_passphrase(vault, OTHER, CLERK.id, OTHER),
        lambda: people.new_recovery(vault, OTHER),
    ):
        with pytest.raises(KitError) as caught:
            act()
        assert caught.value.code == "not_allowed"
    assert place.slots.read_bytes() == before
    people.change_own(vault, OTHER, "ふゆのよるのながいみちを")
    vault.close()
    assert place.opens(NEW.id, "fuyunoyorunonagaimichiwo")


def test_two_at_the_same_time_lose_nobody(place: Place) -> None:
    vaults_open = [place.open(), place.open(CLERK.id)]
    names = [[f"p{i}{n}" for n in range(4)] for i in range(2)]

    def work(vault: Vault, mine: list[str]) -> None:
        for name in mine:
            vault.add_user(User(name, "だれか", "field"), OTHER)

    threads = [
        threading.Thread(target=work, args=pair) for pair in zip(vaults_open, names, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(place.names()) == sorted([RECOVERY_ID, BOSS.id, CLERK.id, *sum(names, [])])
    assert ledger.check(vaults_open[0].book) is None
    for vault in vaults_open:
        vault.close()


# -- kills ----------------------------------------------------------------------------------------
def check_after_a_kill(place: Place, act: str, before: bytes) -> None:
    """Old or new, never none; nobody lost; no change that the ledger does not tell."""
    changed = place.slots.read_bytes() != before
    assert not keyslots.damaged(place.slots)
    vault = place.open()
    rows = [row[2] for row in place.acts(vault) if row[0] == TOLD[act] and row[1] != CLERK.id]
    rows += [row[2] for row in place.acts(vault)[4:] if row[:2] == (TOLD[act], CLERK.id)]
    assert not changed or "begun" in rows, "a change that nobody wrote down"
    assert ledger.check(vault.book) is None
    names = set(place.names())
    assert names >= {RECOVERY_ID, BOSS.id}
    assert place.opens(BOSS.id, WORDS)
    assert (NEW.id in names) == (act == "add" and changed)
    assert (CLERK.id in names) != (act == "remove" and changed)
    if NEW.id in names:
        assert place.opens(NEW.id, OTHER)
    if CLERK.id in names:
        new = act == "passphrase" and changed
        assert place.opens(CLERK.id, OTHER) == new and place.opens(CLERK.id, WORDS) != new
    assert place.opens(RECOVERY_ID, place.recovery) != (act == "recovery" and changed)
    if act != "remove" or not changed:
        change(vault, act)  # and it can be done again
    vault.close()


TOLD = {
    "add": "user_added",
    "remove": "user_removed",
    "passphrase": "passphrase_changed",
    "recovery": "recovery_made",
}
TRACED = tuple(
    str(ROOT / "fieldkit" / "store" / name)
    for name in ("vault.py", "keyslots.py", "slotfile.py", "files.py", "ledger.py")
)


def killed_at(data: Path, act: str, line: int) -> bool:
    """A child does the change and ends, as by kill -9, before the `line`th statement of it."""
    child = os.fork()
    if child == 0:
        left, passed = line, Counter[tuple[str, int]]()

        def trace(frame: FrameType, event: str, _arg: Any) -> Any:
            nonlocal left
            place = (frame.f_code.co_filename, frame.f_lineno)
            if place[0] not in TRACED:
                return None
            passed[place] += event == "line"
            if event == "line" and passed[place] <= 2:  # the third turn of a loop is as the second
                left -= 1
                if left == 0:
                    os._exit(EXIT_CODE)
            return trace

        try:
            vault = opening.unlock(settings_of(data), BOSS.id, WORDS)
            sys.settrace(trace)
            change(vault, act)
        except BaseException:
            os._exit(1)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, EXIT_CODE), f"the change failed at line {line}"
    return code == EXIT_CODE


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: hundreds of copies, each with its fsyncs."""
    shm = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=shm if os.access(shm, os.W_OK) else tmp_path))
    yield folder
    shutil.rmtree(folder)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("act", ["passphrase", "remove"])  # the others take the first one's way
def test_a_kill_at_any_statement_leaves_the_old_or_the_new(
    place: Place, memory: Path, act: str
) -> None:
    line, seen = 0, set()
    while True:
        line += 1
        copy = Place(memory / f"copy{line}", place.recovery)
        shutil.copytree(place.data, copy.data)
        before = copy.slots.read_bytes()
        killed = killed_at(copy.data, act, line)
        seen.add(copy.slots.read_bytes() == before)
        check_after_a_kill(copy, act, before)
        shutil.rmtree(copy.data)
        if not killed:
            break
    assert line > 40 and seen == {True, False}, f"only {line} statements were tried"


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("fail", ["slots.begun", "slots.made", "file.part:3", "slots.kept",
                                  "slots.noted"])  # fmt: skip
def test_it_survives_a_kill_at_the_named_places(place: Place, act: str, fail: str) -> None:
    before = place.slots.read_bytes()
    killed = subprocess.run(
        [sys.executable, "-m", "tests.store.slot_changes", str(place.data), act],
        cwd=ROOT,
        env={**os.environ, "KIT_FAIL": fail},
        capture_output=True,
        check=False,
    )
    assert killed.returncode == EXIT_CODE, killed.stderr.decode()
    check_after_a_kill(place, act, before)


# -- slots of the first version -------------------------------------------------------------------
def test_old_slots_open_and_become_new_ones_by_a_change(tmp_path: Path) -> None:
    old = unpack(tmp_path)
    path, words = old.kit / "slots.json", old.story["passphrase"]
    assert {slot.get("v", 1) for slot in keyslots.read_slots(path)} == {1}
    assert keyslots.open_slot(path, "sato", words)
    assert keyslots.open_slot(path, RECOVERY_ID, groups(old.story["recovery"]).lower())
    assert keyslots.open_slot(path, "sato", words.replace("あ", "ア")) is None
    vault = opening.unlock(replace(settings_of(old.kit)), "suzuki", words + "二")
    vault.change_passphrase("sato", OTHER)
    vault.close()
    versions = {slot["user"]: slot.get("v", 1) for slot in keyslots.read_slots(path)}
    assert versions == {RECOVERY_ID: 1, "suzuki": 1, "sato": 2}
    assert keyslots.open_slot(path, "sato", "shiroi yamano fumotono mura") is None, "the spaces"
    for user, typed in (("sato", "shiroiyamanofumotonomura"), ("suzuki", words + "二")):
        assert keyslots.open_slot(path, user, typed)


@pytest.mark.parametrize(("name", "value"), [("v", 1), ("role", "supervisor"), ("name", "森")])
def test_a_changed_header_does_not_open(place: Place, name: str, value: Any) -> None:
    slots = keyslots.read_slots(place.slots)
    slots[-1][name] = value
    keyslots.write_slots(place.slots, slots)
    assert not place.opens(CLERK.id, WORDS)


# -- wrong tries ----------------------------------------------------------------------------------
def test_an_unknown_user_costs_the_same_work(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, work = keyslots.Argon2id, []

    def counted(**cost: Any) -> Any:
        work.append({k: v for k, v in cost.items() if k != "salt"})
        return real(**cost)

    monkeypatch.setattr(keyslots, "Argon2id", counted)
    said = []
    for user in (CLERK.id, "nobody", RECOVERY_ID, ""):
        with pytest.raises(KitError) as caught:
            opening.unlock(settings_of(place.data), user, OTHER)
        said.append((caught.value.code, caught.value.sentence[:14]))
        delay.clear(place.data / "login-delay.json", NOW)
    assert len(work) == 4 and all(cost == work[0] for cost in work)
    assert len(set(said)) == 1


def test_a_wrong_own_passphrase_waits_as_at_the_login(place: Place) -> None:
    vault = place.open()
    for _ in range(3):
        with pytest.raises(BadInput):
            people.new_recovery(vault, OTHER)
    with pytest.raises(KitError) as caught:
        people.new_recovery(vault, WORDS)
    assert caught.value.code == "wait"
    assert [a for a in place.acts(vault) if a[0] == "login_failed"] == [
        ("login_failed", vault.device_id, "confirm")
    ] * 3
    vault.settings = replace(vault.settings, clock=lambda: NOW + timedelta(seconds=5))
    people.new_recovery(vault, WORDS)
    vault.close()


def test_a_delay_file_that_was_taken_away_is_told(place: Place) -> None:
    place.open().close()
    vault = place.open()
    assert "login_delay_missing" not in [a[0] for a in place.acts(vault)]
    vault.close()
    (place.data / "login-delay.json").unlink()
    vault = place.open()
    assert place.acts(vault)[-2:] == [
        ("login_delay_missing", vault.device_id, "ok"),
        ("login", BOSS.id, "ok"),
    ]
    vault.close()
