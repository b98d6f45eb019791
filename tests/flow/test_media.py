"""Which mounts are camera cards, as the Linux kernel and udev describe them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fieldkit import media, media_linux
from fieldkit.rules.card_shots import Count, count, kind_of, may_empty
from fieldkit.rules.verdict import Allowed, Refused

LINE = "42 27 {number} / {mount} rw,nosuid - {system} {source} rw\n"


class Machine:
    """A /proc and a /sys that say what a test needs; the devices themselves are stand-ins."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.mounts = folder / "mountinfo"
        self.mounts.write_text("", encoding="utf-8")
        for name in ("sys", "udev", "disks"):
            (folder / name).mkdir()
        monkeypatch.setattr(media_linux, "MOUNTS", self.mounts)
        monkeypatch.setattr(media_linux, "SYS", folder / "sys")
        monkeypatch.setattr(media_linux, "UDEV", folder / "udev")
        monkeypatch.setattr(media_linux, "_number", self.numbers.get)
        monkeypatch.setenv("KIT_MEDIA", "")

    numbers = {"/dev/sdb1": "8:17", "/dev/mmcblk0p1": "179:1", "/dev/sda1": "8:1"}

    def disk(self, source: str, name: str, mount: str, **said: str) -> None:
        number = self.numbers[source]
        part = self.folder / "disks" / name / f"{name}1"
        (part.parent / "device").mkdir(parents=True)
        part.mkdir()
        (part / "partition").write_text("1\n", encoding="ascii")
        for path, text in said.items():
            (part.parent / path.replace("__", "/")).write_text(f"{text}\n", encoding="ascii")
        (self.folder / "sys" / number).symlink_to(part)
        notes = "I:1\nE:ID_FS_LABEL=EOS_DIGITAL\nE:ID_FS_UUID=1A2B-3C4D\n"
        (self.folder / "udev" / f"b{number}").write_text(notes, encoding="ascii")
        place = self.folder / mount
        place.mkdir()
        line = LINE.format(
            number=number, mount=str(place).replace(" ", "\\040"), system="vfat", source=source
        )
        self.mounts.write_text(self.mounts.read_text(encoding="utf-8") + line, encoding="utf-8")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    if os.name == "nt":
        pytest.skip("!! NOT TESTED: only Linux describes its media like this")
    return Machine(tmp_path, monkeypatch)


def test_a_removable_disk_is_seen_with_its_name_and_number(machine: Machine) -> None:
    machine.disk("/dev/sdb1", "sdb", "私の カード", removable="1")
    (found,) = media.drives()
    assert found.mount.name == "私の カード" and found.kind == "removable"
    assert (found.label, found.serial, found.filesystem) == ("EOS_DIGITAL", "1A2B-3C4D", "vfat")


def test_a_card_in_a_built_in_reader_is_seen(machine: Machine) -> None:
    machine.disk("/dev/mmcblk0p1", "mmcblk0", "card", removable="0", device__type="SD")
    assert len(media.drives()) == 1


def test_the_laptops_own_disk_is_never_seen(machine: Machine) -> None:
    machine.disk("/dev/sda1", "sda", "home", removable="0")
    assert media.drives() == []


def test_a_disk_that_was_pulled_out_is_gone_though_it_is_still_mounted(machine: Machine) -> None:
    machine.disk("/dev/sdb1", "sdb", "card", removable="1")
    (machine.folder / "sys" / "8:17").unlink()
    assert media.drives() == []


def test_the_count_decides() -> None:
    states = {"a": "imported", "b": "aside", "c": "found"}
    assert count("abc", states) == Count(3, 1, 1, 0)
    assert isinstance(may_empty(count("abc", states)), Refused)
    assert isinstance(may_empty(count("abd", states)), Refused)
    assert isinstance(may_empty(count("ab", {"a": "imported", "b": "aside"})), Allowed)
    assert isinstance(may_empty(count("", {})), Allowed)
    missing = may_empty(count("a", {"a": "imported", "b": "aside"}))
    assert isinstance(missing, Refused) and missing.can_override


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\xff\xd8\xff\xe1", "picture"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (b"\0\0\0\x18ftypheic", "picture"),
        (b"\0\0\0\x18ftypcrx ", "raw"),
        (b"II*\0\x10\0\0\0CR", "raw"),
        (b"\0\0\0\x18ftypqt  ", "movie"),
        (b"RIFF\0\0\0\0AVI LIST", "movie"),
        (b"", "other"),
        (b"<svg", "other"),
    ],
)
def test_a_file_is_what_its_first_bytes_say(head: bytes, kind: str) -> None:
    assert kind_of(head) == kind
