"""`fieldkit photo judge FILE`: the judgement of one file as a report. Numbers only, no pixels.

Every file gets a report of the same shape, also one that is no photo, so that a program that
reads it needs no second way.
"""

from __future__ import annotations

import contextlib
import io
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from PIL import Image

from fieldkit.errors import BadInput
from fieldkit.photo.engine import EngineMissing, shared_engine
from fieldkit.photo.judging import Judged, judge
from fieldkit.photo.refusing import MAX_BYTES, Refused
from fieldkit.rules.photo_limits import Limits

_FIELD = "file"


def file_report(path: Path, limits: Limits | None = None) -> dict[str, Any]:
    """The report of a file. Raises BadInput for one that cannot be opened or is no photo."""
    return judge_file_report(read_photo(path), limits)


def judge_file_report(data: bytes, limits: Limits | None = None) -> dict[str, Any]:
    """Verdict, marks, crop and numbers. `ms` is from the bytes to the verdict with the crop made;
    `load_ms`, the loading of the engine, is apart. Raises BadInput for what is no photo."""
    begin = time.perf_counter()
    with contextlib.suppress(EngineMissing):  # judged by eye, and the report says so
        shared_engine().warm()
    loaded = time.perf_counter()
    judged = judge(data, limits=limits)
    done = time.perf_counter()
    return {
        "verdict": judged.verdict,
        "findings": [asdict(f) for f in judged.findings],
        "crop": _crop(judged),
        "ms": round((done - loaded) * 1000, 1),
        "load_ms": round((loaded - begin) * 1000, 1),
        "engine": judged.engine,
        "measured": asdict(judged.measured),
    }


def refusal_report(error: BadInput) -> dict[str, Any]:
    """The same shape for a file that was refused: one finding, whose code is the cause."""
    code = error.cause if isinstance(error, Refused) else "unreadable"
    finding = {"code": code, "severity": "stop", "value": None, "advice": error.sentence}
    return {"verdict": "stop", "findings": [finding], "crop": None, "ms": 0, "load_ms": 0,
            "engine": None, "measured": None}


def _crop(judged: Judged) -> dict[str, Any] | None:
    """Where the crop lies in the upright source, px and degrees, and its JPEG's size."""
    box = judged.measured.crop_box
    if judged.crop_jpeg is None or box is None:
        return None
    width, height = Image.open(io.BytesIO(judged.crop_jpeg)).size
    return {"box": [round(v, 1) for v in box], "turn": round(judged.measured.straightened, 2),
            "quarter_turns": judged.measured.quarter_turns, "width": width, "height": height,
            "bytes": len(judged.crop_jpeg)}


def read_photo(path: Path) -> bytes:
    """The bytes of a file; at most one more than is accepted: a film of 10 GB must not fill the
    memory. Raises BadInput where it cannot be opened."""
    try:
        if path.is_dir():
            raise BadInput(_FIELD, "フォルダーです。中の写真のファイルを一つ指定してください。")
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        says = "ファイルがありません。場所と名前を確かめてください。"
    except PermissionError:
        says = "ファイルを開く権限がありません。読める場所に写してから指定してください。"
    except OSError:
        says = "ファイルを開けません。カードやケーブルを確かめ、もう一度指定してください。"
    raise BadInput(_FIELD, says)
