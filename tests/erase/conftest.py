"""`disk`: each kind of disk that this machine allows; the others are skipped with the reason."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.erase import disks
from tests.erase.disks import Disk

KINDS = {"ext4": disks.ext4(), "never-forgets": disks.never_forgets(), "folder": disks.folder}


def need(kind: str) -> None:
    """Skip, loudly, where this machine does not let us mount such a disk."""
    why = disks.refused(kind) if kind != "folder" else ""
    if why:
        pytest.skip(f"!! NOT TESTED on a disk of kind {kind}: {why}; only files were searched")


@pytest.fixture
def disk(request: pytest.FixtureRequest) -> Iterator[Disk]:
    need(request.param)
    with disks.mounted(KINDS[request.param]) as made:
        yield made


on_real_disks = pytest.mark.parametrize("disk", ["ext4", "never-forgets"], indirect=True)
on_the_worst_disk = pytest.mark.parametrize("disk", ["never-forgets"], indirect=True)
on_any_disk = pytest.mark.parametrize("disk", list(KINDS), indirect=True)
