"""The same acts on the command line, as a person types them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from base64 import b32decode
from pathlib import Path
from typing import Any

import pytest
import zxingcpp

from sync.server import audit, cli_people, sessions, supervisors
from sync.server.__main__ import main
from sync.server.sqlstore import SqlStore
from tests.console.cast import PASSWORD, Boss, form_id, make_laptop

ROOT = Path(__file__).resolve().parents[2]


def run(*words: str | Path, typed: str = "") -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "sync.server", *map(str, words)],
        cwd=ROOT, input=typed, capture_output=True, encoding="utf-8", check=False,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONUTF8": "1"},
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout


def here(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str]:
    code = main([str(word) for word in words])
    return code, capsys.readouterr().out


def acts(store: SqlStore) -> list[dict[str, Any]]:
    with store.read() as shelf:
        return [json.loads(body) for body, _ in audit.rows(shelf)]


def test_a_supervisor_is_added_with_a_password_that_nobody_sees(
    folder: Path, store: SqlStore
) -> None:
    add = ("supervisor", "add", folder, "sato", "--name", "佐藤 花")
    assert run(*add, typed=f"{PASSWORD}\nsomething else\n")[0] == 1
    code, said = run(*add, typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert code == 0 and PASSWORD not in said
    secret = re.search(r"\b[A-Z2-7]{32}\b", said)
    assert secret and f"secret={secret[0]}" in said and "otpauth://totp/" in said
    right = supervisors.code_at(b32decode(secret[0]), time.time())
    session = supervisors.sign_in(store, "sato", PASSWORD, right)
    assert session and sessions.who(store, session) == "sato"
    assert run(*add, typed=f"{PASSWORD}\n{PASSWORD}\n")[0] == 1
    assert run("supervisor", "reset", folder, "sato", typed=f"{PASSWORD}2\n{PASSWORD}2\n")[0] == 0
    assert sessions.who(store, session) == ""
    assert "佐藤 花" in run("supervisor", "list", folder)[1]
    assert run("supervisor", "remove", folder, "sato", "--who", "suzuki")[0] == 0
    assert run("supervisor", "remove", folder, "sato")[0] == 1
    assert acts(store)[-1] | {"prev": "", "at": "", "seq": 0} == {
        "seq": 0, "prev": "", "at": "", "actor": "suzuki", "device": "server",
        "act": "supervisor_remove", "object": "sato", "result": "ok",
    }  # fmt: skip


def test_the_code_of_a_real_supervisor_is_told_to_nobody(
    folder: Path, store: SqlStore, boss: Boss, capsys: pytest.CaptureFixture[str]
) -> None:
    assert here(capsys, "supervisor", "code", folder, "suzuki")[0] == 1
    supervisors.add_demo(store, "demo", "鈴木", PASSWORD)
    supervisors.add_demo(store, "demo", "鈴木", PASSWORD)
    assert here(capsys, "supervisor", "code", folder, "suzuki")[0] == 1
    code, said = here(capsys, "supervisor", "code", folder, "demo")
    assert code == 0 and supervisors.sign_in(store, "demo", PASSWORD, said.strip())


def test_the_drawn_code_can_be_scanned() -> None:
    np = pytest.importorskip("numpy")
    text = "otpauth://totp/x:suzuki?secret=ABCDEFGH&issuer=x"
    rows = [re.sub(r"\x1b\[[0-9;]*m", "", row) for row in cli_people.qr_text(text).split("\n")]
    dots = []
    for row in rows:
        dots.append([char in "█▀" for char in row])
        dots.append([char in "█▄" for char in row])
    picture = np.where(np.pad(np.array(dots), 4), 0, 255).astype(np.uint8)
    found = zxingcpp.read_barcodes(picture.repeat(4, 0).repeat(4, 1))
    assert [one.text for one in found] == [text]


def test_codes_are_given_listed_and_withdrawn(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = here(capsys, "enrol", folder, "--profile", "desk")
    assert code == 0 and re.search(r"\b[0-9A-Z]{26}\b", said)
    _, listed = here(capsys, "enrol", folder, "--list")
    name, profile = listed.split()[:2]
    assert profile == "desk"
    assert here(capsys, "enrol", folder, "--withdraw", name)[0] == 0
    assert here(capsys, "enrol", folder, "--withdraw", name)[0] == 1
    assert here(capsys, "enrol", folder, "--list") == (0, "")
    assert here(capsys, "enrol", folder, "--file", tmp_path, "--url", "city")[0] == 1
    assert here(capsys, "enrol", folder, "--file", tmp_path, "--url", "https://x")[0] == 0
    [file] = tmp_path.glob("enrol-*.json")
    assert json.loads(file.read_text(encoding="utf-8"))["url"] == "https://x"
    if os.name != "nt":
        assert file.stat().st_mode & 0o77 == 0


def test_a_stopped_device_is_dealt_with_on_the_command_line(
    folder: Path, store: SqlStore, capsys: pytest.CaptureFixture[str]
) -> None:
    laptop = make_laptop(store)
    assert here(capsys, "quarantine", "list", folder)[1].startswith("停止した端末から")
    assert here(capsys, "revoke", folder, "K09")[0] == 1
    assert here(capsys, "revoke", folder, "K01", "--who", "suzuki")[0] == 0
    laptop.send(laptop.batch([laptop.save("reservation", "r" * 36, "", {})]))
    assert "判断待ち1件" in here(capsys, "quarantine", "list", folder)[1]
    assert here(capsys, "quarantine", "accept", folder, "K01")[0] == 0
    assert here(capsys, "quarantine", "accept", folder, "K01")[0] == 1
    laptop.send(laptop.batch([laptop.save("reservation", "s" * 36, "", {})]))
    assert here(capsys, "quarantine", "drop", folder, "K01", "--why", "盗難")[0] == 0
    said = here(capsys, "quarantine", "list", folder)[1]
    assert "判断待ち0件  受け入れ1件  不採用1件" in said
    done = [(row["actor"], row["act"], row["result"]) for row in acts(store)]
    assert ("suzuki", "revoke", "ok") in done
    assert [row[1] for row in done][-3:] == ["parked_accept", "parked_accept", "parked_drop"]
    assert "盗難" not in json.dumps(acts(store), ensure_ascii=False)


def test_the_way_to_j_lis_and_back(
    folder: Path, store: SqlStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    laptop, out = make_laptop(store), tmp_path / "out"
    laptop.case(form_id(5)), laptop.case()
    code, said = here(capsys, "handover", "make", folder, out)
    assert code == 0 and "1枚を書き出し" in said and "受付汐見-7　申請書IDがありません" in said
    batch = said.split("番号: ")[1].split()[0]
    assert here(capsys, "handover", "record", folder, "submitted")[0] == 2
    assert here(capsys, "handover", "record", folder, "submitted", "--batch", batch)[0] == 0
    returned = ("handover", "record", folder, "returned", "--id", form_id(5))
    assert here(capsys, *returned)[0] == 2
    assert here(capsys, "handover", "record", folder, "accepted", "--id", form_id(6))[0] == 1
    assert here(capsys, "handover", "record", folder, "accepted", "--id", form_id(5))[0] == 0
    assert "受理1枚" in here(capsys, "handover", "list", folder)[1]
    assert "30日を待つ写真が1枚" in here(capsys, "handover", "erase", folder)[1]
    assert here(capsys, "handover", "erase", folder, "--now")[0] == 0
    assert "消去済み1枚" in here(capsys, "handover", "list", folder)[1]
    assert here(capsys, "handover", "make", folder, out)[0] == 1, "not empty"
    assert here(capsys, "handover", "make", folder, tmp_path / "two") == (
        0, "書き出せる写真はありません。\nまだ: 受付汐見-7　申請書IDがありません\n"
    )  # fmt: skip
    done = json.dumps(acts(store), ensure_ascii=False)
    assert form_id(5) not in done and "花子" not in done


@pytest.mark.parametrize("words", [("supervisor", "list"), ("handover", "list"), ("enrol",)])
def test_a_folder_without_a_city_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    code, said = here(capsys, *words, tmp_path / "none")
    assert code == 2 and "init" in said
