"""A desk that serves the camera page, and the person whom the fake camera shows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.photo.camera_page import Desk, serving
from tests.photo.frames import astronaut_frame, write_y4m


@pytest.fixture
def desk() -> Iterator[Desk]:
    with serving() as running:
        yield running


@pytest.fixture(scope="session")
def y4m(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("camera") / "face.y4m"
    write_y4m(path, [astronaut_frame()] * 4)
    return path
