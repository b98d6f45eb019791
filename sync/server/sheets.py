"""The recovery sheet as a page that any browser prints. It holds a secret: a file of this user."""

from __future__ import annotations

from html import escape
from pathlib import Path

from sync.server import dates
from sync.server.keyfile import write_private
from sync.server.recovery import LINES, Sheet

PAGE = """<!doctype html><html lang="ja"><meta charset="utf-8"><title>復旧の紙 {number}</title>
<style>
@page {{ size: A4; margin: 20mm; }}
body {{ font: 14pt/1.7 "Noto Sans JP", "Yu Gothic", sans-serif; max-width: 170mm; }}
code {{ font: 15pt/1.6 "Consolas", "DejaVu Sans Mono", monospace; display: block; }}
dt {{ margin-top: 6mm; }} dd {{ margin: 0; }} p {{ margin: 4mm 0; }}
</style>
<h1>復旧の紙　{number}番（{copies}枚のうち）</h1>
<p>{city}（{code}）市サーバの鍵を取りもどすための紙です。{at} 作成。</p>
<dl>{lines}<dt>市の鍵の指紋</dt><dd><code>{fingerprint}</code></dd></dl>
<p>鍵を開けるには、この紙のどれか二枚がいります。一枚だけでは何も開きません。</p>
<p>一人一枚、別々の人が、別々の場所（金庫など）で保管してください。
写真にとったり、パソコンに入力して残したりしないでください。</p>
<p>なくした、または人に見られたときは、市サーバで recovery-renew を実行し、
新しい紙に替えてください。その後に作るバックアップは、古い紙では開きません。</p>
</html>
"""


def file_of(folder: Path, number: int) -> Path:
    """Where the sheet of this number is written."""
    return folder / f"recovery-{number}.html"


def write(folder: Path, city: tuple[str, str], fingerprint: str, at: str,
          made: list[Sheet]) -> list[Path]:  # fmt: skip
    """One file a sheet, for this user only; `city` is its code and its name."""
    files: list[Path] = []
    for left in folder.glob("recovery-*.html"):  # of a ceremony of before
        left.unlink()
    for sheet in made:
        lines = "".join(
            f"<dt>{name}</dt><dd><code>{shown}</code></dd>"
            for name, shown in zip(LINES, sheet.shown, strict=True)
        )
        page = PAGE.format(
            number=sheet.number, copies=len(made), code=escape(city[0]), city=escape(city[1]),
            at=dates.day(at), lines=lines, fingerprint=fingerprint,
        )  # fmt: skip
        files.append(file_of(folder, sheet.number))
        write_private(files[-1], page.encode())
    return files
