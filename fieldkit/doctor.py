"""`python -m fieldkit doctor`: prove on this very machine that the parts do what we rely on.

Not "is it installed" but "does it work": SQLCipher's bytes are looked at, a wrong key must be
refused, an unprintable character must stop the printer. Served: 003 4(2) (security of the
terminal), 001 §8(2)キ. The promise: only made-up data, only in memory or in one folder that is
deleted again, and every sentence is fit to be read out on the telephone.
"""

from __future__ import annotations

import secrets
import shutil
import struct
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fieldkit.clock import Clock, is_sane, system_clock
from fieldkit.settings import asset_dir
from fieldkit.store import selftest
from fieldkit.store.selftest import Finding

MIN_FREE_MB = 500
PAGE = '#set page(width: 90mm, height: 20mm)\n#set text(font: "Noto Sans JP", fallback: false)\n'


@dataclass(frozen=True)
class Check:
    """One finding: a stable `name`, whether it is well, and what to tell a person."""

    name: str
    ok: bool
    says: str


def run(
    data_dir: Path | None = None, forms_dir: Path | None = None, clock: Clock = system_clock
) -> list[Check]:
    """Run every check, in the order of the list; never raises. A missing part is a finding.

    `data_dir` is the folder whose disk is tried (default: the system's temporary folder).
    """
    forms = forms_dir if forms_dir is not None else asset_dir("forms")
    found = [
        _one("python", _python),
        _one("clock", lambda: _clock(clock)),
        _one("disk", lambda: _disk(data_dir)),
        _one("sqlcipher", lambda: _in_folder(data_dir, selftest.sqlcipher)),
        _one("hpke", selftest.hpke),
        _one("argon2id", selftest.argon2id),
        _one("aes_gcm", selftest.aes_gcm),
        _one("opencv", _opencv),
        _one("face_engine", _face_engine),
        _one("print", lambda: _print(forms / "fonts")),
        _one("qr", _qr),
    ]
    return found


def _one(name: str, check: Callable[[], Finding]) -> Check:
    try:
        ok, says = check()
    except Exception as error:  # whatever breaks is a finding, not a crash of the doctor
        says = (
            f"確かめている途中で止まりました（{type(error).__name__}）。担当者に連絡してください。"
        )
        return Check(name, False, says)
    return Check(name, ok, says)


def _in_folder(data_dir: Path | None, check: Callable[[Path], Finding]) -> Finding:
    """Run a check in a folder of its own, inside the data folder, deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="doctor-", dir=data_dir) as folder:
        return check(Path(folder))


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    if not (3, 11) <= sys.version_info[:2] <= (3, 12) or struct.calcsize("P") != 8:
        return False, f"Python {version} では動きません。64ビット版の 3.11 か 3.12 が必要です。"
    return True, f"Python {version}（64ビット）で動いています。"


def _clock(clock: Clock) -> Finding:
    now = clock()
    if not is_sane(now):
        return False, f"時計が{now.year}年になっています。日付と時刻を合わせてください。"
    return True, f"時計は{now.year}年{now.month}月{now.day}日です。ずれていないか見てください。"


def _disk(data_dir: Path | None) -> Finding:
    def write(folder: Path) -> Finding:
        content = secrets.token_bytes(64 * 1024)
        (folder / "試し書き").write_bytes(content)
        if (folder / "試し書き").read_bytes() != content:
            return False, "書いた内容と読んだ内容が違います。この端末を使わないでください。"
        free = shutil.disk_usage(folder).free // 1_000_000
        if free < MIN_FREE_MB:
            return False, f"空きが {free} MB しかありません。不要なファイルを消してください。"
        return True, f"データの置き場所に書き込めます（空き {free // 1000} GB）。"

    try:
        return _in_folder(data_dir, write)
    except OSError:
        return False, "データの置き場所に書き込めません。空きと権限を確かめてください。"


def _opencv() -> Finding:
    import cv2
    import numpy as np

    picture = np.zeros((120, 160, 3), np.uint8)
    picture[40:80, 60:100] = 200
    ok, jpeg = cv2.imencode(".jpg", picture)
    again = cv2.imdecode(jpeg, cv2.IMREAD_COLOR) if ok else None
    if again is None or again.shape != picture.shape or abs(int(again[60, 80, 0]) - 200) > 8:
        return False, "画像を扱う部品が正しく動きません。担当者に連絡してください。"
    return True, f"画像を扱う部品が動きます（OpenCV {cv2.__version__}）。"


def _face_engine() -> Finding:
    from fieldkit.photo import self_test, shared_engine

    report = self_test(shared_engine())
    return bool(report["ok"]), str(report["sentence"])


def _print(fonts_dir: Path) -> Finding:
    import typst

    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(fonts_dir)]
    )

    def pdf(text: str) -> bytes:
        source = (PAGE + text).encode()
        made = typst.compile(source, format="pdf", font_paths=fonts, pdf_standards=["a-2u"])
        return bytes(made)

    try:
        page = pdf("𠮷田　髙橋　令和8年7月1日（水）")
    except typst.TypstError:
        return False, "印刷用の文字（forms/fonts）が足りません。担当者に連絡してください。"
    if not page.startswith(b"%PDF-"):
        return False, "印刷する部品が PDF を作れません。担当者に連絡してください。"
    try:
        pdf("\ue000")  # a private character (外字): no shipped font has it
    except typst.TypstError:
        return True, "𠮷 などの文字を印刷でき、印刷できない文字は止められます（PDF/A-2u）。"
    return False, "印刷できない文字が止められません。forms/fonts の文字を確かめてください。"


def _qr() -> Finding:
    import numpy as np
    import zxingcpp

    text = "fieldkit:" + secrets.token_hex(16)
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode)
    image = np.array(zxingcpp.write_barcode_to_image(code, scale=4))
    if [found.text for found in zxingcpp.read_barcodes(image)] != [text]:
        return False, "二次元コードを作って読むことができません。担当者に連絡してください。"
    return True, "二次元コードを作り、読み取れます。"
