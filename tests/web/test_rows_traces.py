"""Rows 6, 9 and 12: nothing that the kit or its own browser window hands to the kernel for a file
holds a name or a picture, while a form is typed, a photo shot and shown, and papers are printed.

Both run under strace from their first to their last breath. The window is the one that the
launcher opens; only screen and camera are stand-ins. (The browser's PDF viewer and a real printer
have no screen here: not tested.)
"""

from __future__ import annotations

import base64
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright
from werkzeug.test import Client

from fieldkit import browser, checkout, launch, reserve
from fieldkit.city import enrol_device
from fieldkit.settings import Settings
from fieldkit.store import opening
from sync.ids import code_of, new_id
from tests.conftest import FAST, CityServer
from tests.erase import window
from tests.needs import chromium, needs
from tests.photo.frames import astronaut_frame, write_y4m
from tests.test_canary import forms_of
from tests.web import memory, traces
from tests.web.conftest import CAST, DAY, HOST, WORDS, Browser, Watch, fill_form
from tests.web.rows_kit import ServedKit

NAME, KANA, PHONE = "鷽鳥谷 𠮷乃", "ウソドリヤ ヨシノ", "0134-98-7698"
JPEG = (b"\xff\xd8\xff\xe0", b"\xff\xd8\xff\xe1", b"\xff\xd8\xff\xdb")
CAN = subprocess.run(["sh", "-c", "command -v strace"], capture_output=True).returncode == 0
pytestmark = [
    pytest.mark.browser,
    needs("chromium"),
    pytest.mark.skipif(not CAN, reason="!! NOT TESTED: strace is not installed"),
]


def hits(trace: Path, wanted: set[bytes]) -> list[str]:
    """Each write into a file that holds something wanted: its call, its path and what."""
    return [
        f"{call} {path.decode('utf-8', 'replace')}: {needle[:24]!r}"
        for call, path, data in traces.into_files(trace)
        for needle in wanted
        if needle in data
    ]


def test_the_trace_shows_planted_writes(tmp_path: Path) -> None:
    """The control: by each call, and as the name of a file; shared memory and pipes are none."""
    code = (
        "import os, sys; name = sys.stdin.read(); data = name.encode(); os.chdir(sys.argv[1])\n"
        "fd = os.open('a', os.O_CREAT | os.O_RDWR); os.write(fd, data); os.pwrite(fd, data, 9)\n"
        "os.writev(fd, [b'x', data]); os.unlink('a'); os.write(fd, data)\n"
        "os.write(os.memfd_create('m'), data); os.write(os.pipe()[1], data)\n"
        "os.rename('b', name) if os.mkdir('b') is None else 0; open('c' + name, 'w')\n"
    )
    out = tmp_path / "trace"
    words = [*traces.command(out), sys.executable, "-c", code, str(tmp_path)]
    subprocess.run(words, input=NAME, encoding="utf-8", check=True)
    found = hits(out, {NAME.encode()})
    assert [line.split()[0] for line in found] == [
        "write", "pwrite64", "writev", "write", "rename", "openat"
    ], found  # fmt: skip


def laptop(data: Path, city: CityServer) -> tuple[str, str, str]:
    """A vault with one visit checked out: (trip, its 26 characters, the applicant's address)."""
    settings = Settings(data, host=HOST, server_url=city.url, argon2=FAST, clock=Watch())
    vault, _ = opening.create(settings, CAST["suzuki"], WORDS)
    enrol_device(vault, city.url, city.code(), city.fingerprint(), "訪問用A")
    rid, aid = new_id(), new_id()
    slip = {"visit_date": DAY, "half": "am", "order": 1, "address": "汐見市花園1丁目",
            "postal": "0470024", "phone": "0134-00-0000", "district": "花園"}  # fmt: skip
    person = {"name": NAME, "kana": KANA, "birth": "1945-03-05", "sex": "f", "kind": "lost"}
    desk = reserve.open_desk(vault)
    reserve.reserve(vault, desk, rid, slip, [(aid, person)])
    trip = checkout.check_out(vault, desk, DAY)
    told = trip.id, code_of(trip.secret), f"/visit/{rid}/a/{aid}"
    vault.close()
    (data / "kit.toml").write_text(f'server_url = "{city.url}"\n', encoding="utf-8")
    return told


def fill(kit: ServedKit, data: Path, trip: str, code: str, base: str) -> None:
    """The form to its end, so that it can be printed; then somebody else's screen is locked."""
    client = Browser(Client(kit.wsgi))
    token = launch.mint(data, launch.WINDOW, Watch())
    client.open("POST", "/launch", data=token, content_type="text/plain")
    assert client.log_in("suzuki").status_code == 302
    assert client.post(f"/trip/{trip}/unlock", {"code": code}).status_code == 302
    client.post(f"{base}/id", {"papers": ["driving_licence", "kaigo_hokensho"], "verified": "yes"})
    fill_form(client, base, name=NAME, kana=KANA)


def traced_browser(tmp_path: Path, out: Path) -> Path:
    """A program that is Chromium under strace."""
    program = tmp_path / "chromium"
    words = " ".join(traces.command(out))
    program.write_text(f'#!/bin/sh\nexec {words} {chromium()} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return program


def told_to_others(data: Path) -> list[bytes]:
    """Command line and environment of every process of this kit and its window (row 11)."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words, around = (entry / "cmdline").read_bytes(), (entry / "environ").read_bytes()
            if bytes(data) in words and int(entry.name) != os.getpid():
                found += [words, around]
    return found


def end(made: browser.Window) -> None:
    """End the browser, not strace, which ends with what it traces."""
    assert made.process is not None
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (entry / "cmdline").read_bytes().decode().split("\0")
            mine = f"--user-data-dir={made.profile}" in words and words[0] != "strace"
            if mine and not any("--type=" in word for word in words):
                os.kill(int(entry.name), signal.SIGTERM)
    made.process.wait(30)


def bytes_of(page: Page, path: str) -> bytes:
    """What the page gets from an address."""
    text = page.evaluate(
        """async path => {
            const bytes = new Uint8Array(await (await fetch(path)).arrayBuffer());
            return btoa(Array.from(bytes, b => String.fromCharCode(b)).join(""));
        }""",
        path,
    )
    return base64.b64decode(text)


def view(page: Page, base: str) -> bytes:
    """The shown photo, as the canvas got it."""
    page.goto(re.sub(r"(http://[^/]+).*", rf"\1{base}/photo", page.url))
    address = page.locator("canvas[data-photo]").get_attribute("data-photo")
    page.locator("canvas[data-state=shown]").wait_for()
    assert address
    return bytes_of(page, address)


def test_no_name_and_no_picture_is_written(tmp_path: Path, city: CityServer) -> None:
    data, kit_out, web_out = tmp_path / "kit", tmp_path / "kit.trace", tmp_path / "web.trace"
    trip, code, base = laptop(data, city)
    y4m = tmp_path / "face.y4m"
    write_y4m(y4m, [astronaut_frame(1280, 720, eye_px=110)] * 5)
    kit = ServedKit(data, before=traces.command(kit_out))
    fill(kit, data, trip, code, base)
    extra = (*window.FLAGS, f"--use-file-for-fake-video-capture={y4m}")
    made = browser.Window(data, traced_browser(tmp_path, web_out), extra)
    try:
        made.open(kit.host, launch.mint(data, launch.WINDOW, Watch()))
        with sync_playwright() as play:
            port = window._port(made)
            shown = play.chromium.connect_over_cdp(f"http://127.0.0.1:{port}").contexts[0]
            page, origin = shown.pages[0], f"http://{kit.host}"
            page.set_default_timeout(30_000)
            window.log_in(page, "suzuki", WORDS)
            window.type_form(page, origin, base, {"name": NAME, "kana": KANA, "tel": PHONE})
            window.shoot(page, origin, base)
            crop = view(page, base)
            page.goto(f"{origin}{base}/papers")
            for path in (f"{base}/papers/application.pdf", f"/trip/{trip}/sheet.pdf"):
                assert bytes_of(page, path).startswith(b"%PDF")
            assert crop.startswith(b"\xff\xd8") and NAME.split()[0] in page.inner_text("body")
            page.keyboard.press("F9")
            page.wait_for_url("**/login**")
        words = (NAME, "鷽鳥谷", KANA, PHONE, code, WORDS)
        wanted = {needle for word in words for needle in forms_of(word)}
        told = told_to_others(data)
        assert len(told) > 4 and any(b"--incognito" in text for text in told), "the control"
        assert not any(needle in text for text in told for needle in wanted)
        wanted |= {*JPEG, *memory.slices_of(crop)}
        left = {p.name for p in made.profile.rglob("*") if p.is_file() and not p.is_symlink()
                and any(needle in p.read_bytes() for needle in wanted)}  # fmt: skip
        assert left == set(), "what the browser's folder holds while the window is open"
    finally:
        end(made)
        result = made.close()
        said = kit.stop()
    assert said == ("", "")
    assert result == "ok" and not made.profile.exists()
    for out in (kit_out, web_out):
        assert hits(out, wanted) == []
    paths = {path for _, path, _ in traces.into_files(kit_out)}
    assert any(path.endswith(b".ph") for path in paths), "the control: the photo was written"
    assert any(b"saves.rec" in path for path in paths)
    assert any(b"/browser-" in path for _, path, _ in traces.into_files(web_out))
