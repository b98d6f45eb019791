"""Two sheets of paper give the server's key back; one alone, or another city's, gives nothing."""

from __future__ import annotations

import io
import itertools
import re
import secrets
import stat
from pathlib import Path

import pytest

from sync.ids import secret_of
from sync.server import keyfile, recovery, sheets
from sync.server import store as t
from sync.server.__main__ import main
from sync.server.recovery import LINES, Recovery, Sheet
from sync.server.sqlstore import open_store
from sync.wire import WireError, canonical, parse
from tests.server.kit import CODE, NAME

KEY = secrets.token_bytes(32)
AT = "2026-07-01T00:00:00+00:00"


def whole(sheet: Sheet) -> bytes:
    return b"".join(secret_of(code) for code in sheet.codes)


def test_any_two_of_the_sheets_open() -> None:
    made, papers = recovery.make(KEY, 4, AT)
    kept = Recovery.from_json(parse(canonical(made.to_json())))
    for two in itertools.permutations(papers, 2):
        assert kept.key({sheet.number: whole(sheet) for sheet in two}) == KEY


def test_one_sheet_says_nothing() -> None:
    """For every second point there is a secret that fits: a sheet alone excludes none."""
    made, papers = recovery.make(KEY, 2, AT)
    value = int.from_bytes(whole(papers[0]), "big")
    for guess in (0, 1, recovery.PRIME - 1):
        slope = (value - guess) % recovery.PRIME
        assert (guess + slope) % recovery.PRIME == value
    with pytest.raises(WireError):
        made.key({1: whole(papers[0]), 2: whole(papers[0])})
    with pytest.raises(ValueError):
        recovery.make(KEY, 1, AT)


def test_a_line_is_checked_as_it_is_typed() -> None:
    made, papers = recovery.make(KEY, 3, AT)
    for sheet in papers:
        for place, shown in enumerate(sheet.shown):
            assert made.line(sheet.number, place, shown.lower().replace("-", " "))
    wrong = "0" if papers[0].codes[0][3] != "0" else "1"
    typo = papers[0].codes[0][:3] + wrong + papers[0].codes[0][4:]
    right = papers[0].codes[0]
    wrongs = [(1, 0, typo), (1, 1, right), (2, 0, right), (9, 0, right), (1, 0, "")]
    for number, place, code in wrongs:
        with pytest.raises(ValueError):
            made.line(number, place, code)


def test_new_sheets_do_not_open_what_was_sealed_before() -> None:
    old, papers = recovery.make(KEY, 2, AT)
    new, _ = recovery.make(KEY, 2, AT)
    with pytest.raises(WireError):
        new.key({sheet.number: whole(sheet) for sheet in papers})
    other = secrets.token_bytes(32)
    again = recovery.sealed_anew(old, other)
    assert again.key({sheet.number: whole(sheet) for sheet in papers}) == other


def read_sheet(folder: Path, number: int) -> list[str]:
    """The number and the two lines that a person reads off a printed sheet."""
    page = sheets.file_of(folder, number).read_text(encoding="utf-8")
    found = dict(re.findall(r"<dt>(.+?)</dt><dd><code>(.+?)</code>", page))
    return [str(number), *(found[name] for name in LINES)]


def typing(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


def test_the_ceremony_shows_no_code_on_the_screen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "city"
    assert main(["init", str(folder), "--code", CODE, "--name", NAME]) == 0
    said = capsys.readouterr().out
    one, two, three = (read_sheet(folder, number) for number in (1, 2, 3))
    for sheet in (one, two, three):
        assert not any(line in said for line in sheet[1:])
        assert stat.S_IMODE(sheets.file_of(folder, int(sheet[0])).stat().st_mode) == 0o600
    typing(monkeypatch, *three, "3", "7", "1", "typo", *one[1:])
    assert main(["recovery-check", str(folder)]) == 0
    assert "この二枚で server.key が開きます。" in capsys.readouterr().out
    assert main(["recovery-renew", str(folder), "--recovery-copies", "2"]) == 0
    assert not sheets.file_of(folder, 3).exists()
    typing(monkeypatch, *one)
    assert main(["recovery-check", str(folder)]) == 2
    typing(monkeypatch, *read_sheet(folder, 1), *read_sheet(folder, 2))
    assert main(["recovery-check", str(folder)]) == 0
    assert main(["recovery-renew", str(folder), "--recovery-copies", "1"]) == 2


def test_a_lost_key_file_is_made_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, there = tmp_path / "city", tmp_path / "backup"
    main(["init", str(folder), "--code", CODE, "--name", NAME])
    main(["backup", str(folder), str(there)])
    key = t.read_key_file(folder / keyfile.KEY)
    (folder / keyfile.KEY).unlink()
    assert main(["verify", str(folder)]) == 2
    typing(monkeypatch, *read_sheet(folder, 1), *read_sheet(folder, 2))
    assert main(["recover-key", str(folder), str(there)]) == 0
    assert t.read_key_file(folder / keyfile.KEY) == key
    open_store(folder).close()
