"""Who finds faces and people in a picture: the one small interface, and which engine is in use.

Why: the engine of today (`mediapipe_engine`) is a frozen line, so a newer model must be able to
take its place by one new file. Where no engine can run, the kit still captures: `NoEngine` stands
in, light, size and sharpness are judged (`by_eye`), and the person is asked for the rest.
Nothing here recognises *who* a person is; only where a face is. Loading is slow, so it never
happens at start-up: `warm_up` does it in the background while the person is being seated.
"""

from __future__ import annotations

import os
import threading
import time
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from fieldkit.errors import KitError
from fieldkit.photo.faces import Found, drawn_face
from fieldkit.photo.opening import Pixels

SETTING = "KIT_FACE_ENGINE"
"""Environment: `none` does without an engine, say on a laptop where it crashes."""


class EngineMissing(KitError):
    """No engine can look at this picture; the caller goes on by eye (code `face_engine_…`)."""

    def __init__(self, code: str = "face_engine_missing") -> None:
        what = "読み込めません" if code == "face_engine_missing" else "正しく動かせません"
        super().__init__(
            code,
            f"顔を調べる部品を{what}。写真の自動判定は使えません。撮影はできるので、写真は目で"
            "確かめてください。キットの入れ直しを担当者に依頼してください。",
            "ask_supervisor",
        )


class FaceEngine(Protocol):
    """What any engine can do. Safe to call from several threads; pictures stay in memory.

    Every method raises EngineMissing where the engine cannot work; nothing else is raised.
    """

    @property
    def name(self) -> str:
        """Which engine judged, for the report: `mediapipe`, `none`."""

    @property
    def ready(self) -> bool:
        """Whether it is loaded: the next picture does not wait."""

    def warm(self) -> None:
        """Load now and look at a drawn face; returns at once where that is done."""

    def find(self, rgb: Pixels) -> Found:
        """All faces of a picture (best at 1280 px a side or less): meshes and boxes."""

    def person(self, rgb: Pixels) -> npt.NDArray[np.float32]:
        """Height x width share 0..1: how surely each pixel belongs to a person."""


class NoEngine:
    """The engine of a kit that has none."""

    name = "none"
    ready = True

    def warm(self) -> None:
        raise EngineMissing

    def find(self, rgb: Pixels) -> Found:
        raise EngineMissing

    def person(self, rgb: Pixels) -> npt.NDArray[np.float32]:
        raise EngineMissing


@lru_cache(maxsize=1)
def shared_engine() -> FaceEngine:
    """The engine of this process; its models are loaded at most once, at first use."""
    if os.environ.get(SETTING, "").strip().lower() == "none":
        return NoEngine()
    from fieldkit.photo.mediapipe_engine import MediaPipeEngine

    return MediaPipeEngine()


def warm_up() -> None:
    """Load the shared engine in the background: returns at once, may be called again, and never
    raises. A fault shows when a photo is judged."""
    engine = shared_engine()
    if not engine.ready and not any(t.name == _WARMER for t in threading.enumerate()):
        threading.Thread(target=_warm, args=(engine,), name=_WARMER, daemon=True).start()


_WARMER = "face-engine"


def _warm(engine: FaceEngine) -> None:
    try:
        engine.warm()
    except KitError:
        return  # said when a photo is judged, and by the doctor


def self_test(engine: FaceEngine) -> dict[str, Any]:
    """Load, look at one drawn face, report. Never raises: the doctor prints the report."""
    start = time.perf_counter()
    try:
        engine.warm()
        found, share = look(engine)
    except EngineMissing as error:
        return {"ok": False, "code": error.code, "sentence": error.sentence}
    return {"ok": True, "code": "ok", "sentence": "写真の自動判定が使えます。",
            "meshes": len(found.meshes), "boxes": len(found.boxes), "share": round(share, 3),
            "ms": round((time.perf_counter() - start) * 1000)}


def look(engine: FaceEngine) -> tuple[Found, float]:
    """What an engine sees in the drawn face: raises EngineMissing where it is not one face on one
    person. A wrong model file must not judge photos."""
    found = engine.find(drawn_face())
    share = float((engine.person(drawn_face()) > 0.5).mean())
    if len(found.meshes) != 1 or len(found.boxes) != 1 or not 0.05 < share < 0.95:
        raise EngineMissing("face_engine_broken")
    return found, share
