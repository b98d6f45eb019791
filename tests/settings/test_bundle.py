"""The ZIP of settings: the same bytes each time, and nothing unsafe is ever unpacked."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import pytest

from sync import settings_bundle as bundle
from sync import wire
from sync.wire import WireError

FILES = {"fees.toml": b"a = 1\n", "inin/form.md": b"# x\n", "data/postal.tsv.xz": bytes(300)}


def zipped(*entries: tuple[str, bytes], mode: int = 0o644, kind: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", kind) as made:
        for name, data in entries:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            entry.compress_type = kind
            made.writestr(entry, data)
    return out.getvalue()


def test_the_same_files_give_the_same_bytes() -> None:
    made = bundle.pack(FILES)
    assert made == bundle.pack(dict(reversed(FILES.items()))) and bundle.unpack(made) == FILES


@pytest.mark.parametrize(
    "name",
    [
        "../kit.toml", "/etc/x.toml", "a/../../x.toml", "a\\b.toml", "C:x.toml", "x.exe", "x.py",
        "x.html", "noend", ".hidden.toml", "a/.git/x.toml", "con.toml", "a/nul.md", "x.toml.",
        "a//b.toml", "a/b/c/d/e.toml", "様式.toml", "x\n.toml", "trips/x/store.db",
        "x" * 99 + ".md",
    ],
)  # fmt: skip
def test_an_unsafe_name_is_refused_both_ways(name: str) -> None:
    with pytest.raises(bundle.BadFile):
        bundle.pack({name: b""})
    with pytest.raises(WireError):
        bundle.unpack(zipped((name, b"")))


@pytest.mark.parametrize(
    "data",
    [
        b"", b"PK", b"no zip" * 50, zipped(), bundle.pack(FILES)[:-30],
        zipped(("a.toml", b"/etc/passwd"), mode=stat.S_IFLNK | 0o777),
        zipped(("a.toml", b"1"), ("A.toml", b"2")),
        zipped(("a.md", b"1"), ("a.md/b.toml", b"2")),
        zipped(("a.toml", b"1"), kind=zipfile.ZIP_BZIP2),
        zipped(("a.toml", b"a = 1")).replace(b"a = 1", b"a = 2"),
    ],
)  # fmt: skip
def test_a_bad_zip_is_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        bundle.unpack(data)


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = zipped(("a.toml", bytes(bundle.FILE_LIMIT + 1)), kind=zipfile.ZIP_DEFLATED)
    assert len(bomb) < 100_000
    lying = bytearray(zipped(("a.toml", bytes(5000)), kind=zipfile.ZIP_DEFLATED))
    for mark, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):  # it says that it holds 5 bytes
        at = lying.index(mark) + place
        lying[at : at + 4] = (5).to_bytes(4, "little")
    for data in (bomb, bytes(lying), bytes(bundle.ZIP_LIMIT + 1)):
        with pytest.raises(WireError):
            bundle.unpack(data)
    monkeypatch.setattr(bundle, "FILES", 2)
    with pytest.raises(WireError):
        bundle.unpack(zipped(*((f"a{n}.toml", b"") for n in range(3))))


def test_hidden_files_and_links_of_a_folder(tmp_path: Path) -> None:
    for name in ("a.toml", ".DS_Store", "Thumbs.db", "fonts/x.ttf", "f/form.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert set(bundle.files_of(tmp_path, ("fonts",))) == {"a.toml", "f/form.md"}
    (tmp_path / "link.toml").symlink_to("/etc/passwd")
    with pytest.raises(bundle.BadFile):
        bundle.files_of(tmp_path)


def test_the_citys_word() -> None:
    private, public = wire.new_signing_key()
    key, digest = wire.signing_private(private), "ab" * 32
    body = bundle.statement("01999", 1, 3, digest, 900, "2026-07-01T09:00:00+09:00")
    good = wire.sign(key, "settings", body)
    said = bundle.read([b"\1" * 32, public], "01999", body.decode(), good)
    assert said.order == (1, 3) and said.digest == digest
    other = wire.sign(key, "news", body)
    for args in ((body.decode(), other), (body.decode().replace("3", "4"), good), ("{}", good)):
        with pytest.raises(WireError):
            bundle.read([public], "01999", *args)
    with pytest.raises(WireError):
        bundle.read([public], "02000", body.decode(), good)
    for bad in ({"digest": "x"}, {"size": 0}, {"no": -1}, {"no": True}, {"v": 1}):
        text = wire.canonical({**wire.parse(body), **bad})
        with pytest.raises(WireError):
            bundle.read([public], "01999", text.decode(), wire.sign(key, "settings", text))
