"""The ways of a picture: camera burst, a phone's file, a camera card, prints, a stick, the form's
QR. Then every place is searched for pieces of the pictures, the names of their files, what their
Exif says, the person's name and the 申請書ID."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import pytest
from PIL import Image

from tests.flow.card import portrait as card_portrait
from tests.flow.card import sha, shoot, wall
from tests.photo.qr_frames import ADDRESS, FORM_ID, jpeg, on_paper, qr
from tests.test_canary import NAME, seen_in
from tests.web import memory
from tests.web.conftest import (
    Browser,
    Office,
    close,
    do_tasks,
    fill_form,
    portrait,
    says,
    take_photo,
)
from tests.web.test_cards import reader, sign_out, steps

__all__ = ["reader"]  # a fixture
OWNER = "Usodoriya Yoshino's phone"
SHOTS = ("IMG_0001", "IMG_0002", "100CANON")


def with_exif(data: bytes) -> bytes:
    """As a phone writes it: whose phone it is, and where it was."""
    exif = Image.Exif()
    exif[0x013B] = OWNER
    exif[0x8825] = {1: "N", 2: (43.0, 11.0, 26.0), 3: "E", 4: (141.0, 0.0, 1.0)}
    out = io.BytesIO()
    Image.open(io.BytesIO(data)).save(out, "JPEG", quality=92, exif=exif)
    assert OWNER.encode() in out.getvalue()
    return out.getvalue()


def pieces(*pictures: bytes) -> dict[bytes, str]:
    return {piece: f"picture {n}" for n, data in enumerate(pictures)
            for piece in memory.slices_of(data)}  # fmt: skip


def the_job(office: Office, boss: Browser, reader: Path) -> dict[bytes, str]:
    """One visit with every way of a picture; returns what may be found nowhere."""
    base = office.visit(person={"name": NAME})
    aid = base.rsplit("/", 1)[1]
    frames, file = [portrait(), portrait()], with_exif(portrait())
    lengths = ",".join(str(len(frame)) for frame in frames)
    shot = boss.send(f"{base}/photo/shoot", b"".join(frames), **{"X-Frames": lengths})
    assert shot.status_code == 200
    assert boss.send(f"{base}/photo/shoot", file[:9000]).status_code == 400
    assert boss.send(f"{base}/photo/shoot", file, **{"X-Source": "file"}).status_code == 200
    here = sign_out(office, boss)
    carded = with_exif(card_portrait())
    shoot(reader, carded, wall())
    assert steps(boss, f"{here}/read")["done"]
    for path in (f"{here}?shot={sha(carded)}", f"{here}/shot/{sha(carded)}/view", "/cards"):
        assert boss.get(path).status_code == 200
    took = boss.post(f"{here}/shot/{sha(carded)}", {"act": "import", "applicant": aid})
    assert took.status_code == 302, says(took)
    boss.post(f"{here}/shot/{sha(wall())}", {"act": "aside", "reason": "not_portrait"})
    assert steps(boss, f"{here}/empty")["done"]
    assert boss.post(f"{here}/back").status_code == 302
    do_tasks(boss, base, name=NAME)
    fill_form(boss, base, name=NAME)
    scanned = boss.send(f"{base}/form-id/scan", jpeg(on_paper(qr(ADDRESS, 5))))
    assert FORM_ID in Browser.text(scanned)
    photo_id = take_photo(boss, base)
    crop = boss.get(f"{base}/photo/{photo_id}/view").get_data()
    trip = next(t.id for t in office.kit.open_vault().trips.values() if t.kind == "field")
    for path in (f"{base}/prints/l.pdf?back=yes", f"/trip/{trip}/contact.pdf"):
        assert boss.get(path).get_data().startswith(b"%PDF")
    assert boss.post(f"{base}/prints/file", {"drive": str(reader)}).status_code == 302
    (written,) = reader.iterdir()
    handed = written.read_bytes()
    (row,) = office.kit.open_vault().book.all("SELECT id FROM photo_file")
    assert boss.post(f"/files/{row['id']}").status_code == 302
    assert list(reader.iterdir()) == []
    close(boss, base)
    told = {OWNER.encode(): "owner", FORM_ID.encode(): "form ID", ADDRESS.encode(): "QR"}
    names = {name.encode(): "file name" for name in SHOTS}
    return pieces(portrait(), file, carded, wall(), crop, handed) | told | names


def test_no_picture_and_no_name_is_left_anywhere(
    office: Office,
    boss: Browser,
    reader: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    temp, home = tmp_path / "temp", tmp_path / "home"
    temp.mkdir()
    home.mkdir()
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.setenv(name, str(temp))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setattr(tempfile, "tempdir", None)
    caplog.set_level("DEBUG")
    needles = the_job(office, boss, reader)
    boss.post("/lock")
    boss.log_in("suzuki")

    def found(data: bytes) -> list[str]:
        return [what for needle, what in needles.items() if needle in data]

    said = capfd.readouterr()
    spoken = (said.out + said.err + caplog.text + "\n".join(boss.seen)).encode()
    book = office.kit.open_vault().book
    tables = [row["name"] for row in book.all("SELECT name FROM sqlite_master WHERE type='table'")]
    assert {"card", "card_shot", "photo_print", "photo_file", "meta"} <= set(tables)
    kept = "".join(repr(tuple(row)) for name in tables for row in book.all(f"SELECT * FROM {name}"))
    places = {"said, logged, addresses": spoken, "the book": kept.encode()}
    places |= {str(f.relative_to(tmp_path)): f.read_bytes() for f in tmp_path.rglob("*")
               if f.is_file()}  # fmt: skip
    assert any(place.endswith(".ph") for place in places)
    for place, data in places.items():
        assert found(data) == [] and seen_in(data) == [], place
        assert found(place.encode()) == []
    assert [*temp.iterdir()] == []
    assert {place.name for place in home.iterdir()} <= {".cache", ".config"}  # matplotlib's fonts
    assert found(b"x" + portrait() + b"x") and found(f"?id={FORM_ID}".encode()), "the control"
