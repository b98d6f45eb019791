"""`fieldkit photo export` and `photo sheet`: a picture file in, the file or the sheet out."""

from __future__ import annotations

from pathlib import Path

import pytest

from fieldkit.__main__ import main
from fieldkit.photo.exporting import online_problem
from tests.photo.frames import astronaut_frame, jpeg_bytes


@pytest.fixture
def shot(tmp_path: Path) -> Path:
    path = tmp_path / "写真.jpg"
    path.write_bytes(jpeg_bytes(astronaut_frame(1600, 1200, eye_px=150)))
    return path


def test_it_writes_the_file_and_says_its_size(
    shot: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = shot.with_name("申請.jpg")
    assert main(["photo", "export", str(shot), "--out", str(out)]) == 0
    assert online_problem(out.read_bytes()) is None
    assert f"{out.stat().st_size:,}バイト" in capsys.readouterr().out


@pytest.mark.parametrize("paper", ["l", "hagaki"])
def test_it_writes_the_sheet(shot: Path, paper: str) -> None:
    out = shot.with_name("印刷.pdf")
    assert main(["photo", "sheet", str(shot), "--paper", paper, "--out", str(out)]) == 0
    assert out.read_bytes().startswith(b"%PDF")


def test_it_refuses_like_the_rules_and_writes_nothing(
    shot: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = shot.with_name("out.jpg")
    far, bad = shot.with_name("far.jpg"), shot.with_name("bad.jpg")
    far.write_bytes(jpeg_bytes(astronaut_frame(1600, 1200, eye_px=105)))
    bad.write_bytes(b"no picture")
    none = shot.with_name("none")
    for file, words in ((far, "480ピクセル"), (bad, "写真"), (none, "ありません")):
        assert main(["photo", "export", str(file), "--out", str(out)]) == 1
        assert words in capsys.readouterr().err
    assert main(["photo", "export", str(shot), "--out", str(shot)]) == 1
    assert "上書きしません" in capsys.readouterr().err and not out.exists()
