"""Every command of `python -m fieldkit` for real, each in its own process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fieldkit import reserve
from fieldkit.demo import free_port
from fieldkit.rules.personal_number import check_digit
from fieldkit.settings import asset_dir, load_settings
from fieldkit.store import ledger, opening
from sync.ids import new_id
from tests.conftest import PASSPHRASE, CityServer
from tests.needs import ROOT, needs
from tests.photo.frames import astronaut_frame, jpeg_bytes

SAMPLE = asset_dir("forms") / "kofu_shinsei" / "sample.json"
NUMBER = "12345678901" + str(check_digit("12345678901"))
CASES = {
    "fee": {"kind": "fee", "applicant_kind": "lost", "day": "2026-07-01"},
    "id_papers": {"kind": "id_papers", "papers": ["passport"]},
    "date": {"kind": "date", "text": "S20.3.5", "today": "2026-07-01"},
    "slot": {"kind": "slot", "date": "2026-07-01", "half": "am", "today": "2026-06-10"},
    "caller": {"kind": "caller", "relation": "self"},
    "number": {"kind": "number", "text": f"番号{NUMBER}"},
    "forms": {"kind": "forms", "applicant_kind": "new", "has_photo_id": False},
}


Done = subprocess.CompletedProcess[str]


def run(*words: object, said: str = "") -> Done:
    """`python -m fieldkit …` with `said` on its standard input."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    return subprocess.run(
        [sys.executable, "-m", "fieldkit", *map(str, words)],
        input=said, env=env, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=120,
    )  # fmt: skip


def run_all(
    cases: list[tuple[object, ...]], said: str = ""
) -> list[tuple[tuple[object, ...], Done]]:
    """Every case, two at a time."""
    with ThreadPoolExecutor(2) as pool:
        return list(zip(cases, pool.map(lambda words: run(*words, said=said), cases), strict=True))


def text_of(pdf: Path) -> str:
    made = subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, check=True)
    return made.stdout.decode().replace(" ", "").replace("\u3000", "")


def test_doctor_names_each_part(tmp_path: Path) -> None:
    done = run("doctor", "--data", tmp_path / "data")
    lines = done.stdout.splitlines()
    assert len(lines) >= 5 and all("：" in line for line in lines), done.stderr
    head = next(n for n, line in enumerate(lines) if line.startswith("この端末の設定"))
    parts, settings = lines[:head], lines[head + 1 :]
    assert all(line.startswith(("よい", "だめ")) for line in parts)
    assert all(line.startswith(("はい", "いいえ", "分からない")) for line in settings)
    assert done.returncode == (0 if all(line.startswith("よい") for line in parts) else 1)


@needs("poppler-utils")
def test_forms(tmp_path: Path) -> None:
    listed = run("forms", "list")
    assert listed.returncode == 0 and "kofu_shinsei\t2026070103" in listed.stdout
    checked = run("forms", "check")
    assert checked.returncode == 0 and "kofu_shinsei：よい" in checked.stdout, checked.stderr
    out = tmp_path / "紙.pdf"
    made = run("forms", "print", "kofu_shinsei", "--answers", SAMPLE, "--out", out)
    assert made.returncode == 0 and str(out) in made.stdout, made.stderr
    text = text_of(out)
    sample = json.loads(SAMPLE.read_text(encoding="utf-8"))
    for name in ("name", "kana", "address", "katagaki"):
        assert sample[name].replace("\u3000", "") in text, name
    assert "昭和20年3月8日" in text or ("20" in text and "昭和" in text)


def test_photo_judge(tmp_path: Path) -> None:
    good = tmp_path / "写真.jpg"
    good.write_bytes(jpeg_bytes(astronaut_frame(1600, 1200, eye_px=150)))
    done = run("photo", "judge", good, "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 0 and report["verdict"] in ("pass", "advise"), report
    words = run("photo", "judge", good)
    assert words.stdout.splitlines()[0] in ("適合", "注意")


def test_rules_try(tmp_path: Path) -> None:
    words: list[tuple[object, ...]] = []
    for kind, body in CASES.items():
        case = tmp_path / f"{kind}.json"
        case.write_text(json.dumps(body, ensure_ascii=False), encoding="utf-8")
        words.append(("rules", "try", case))
    for kind, (_, done) in zip(CASES, run_all(words), strict=True):
        answer = json.loads(done.stdout)
        assert done.returncode == 0 and answer["kind"] == kind and answer["says"]
        assert NUMBER not in done.stdout


def test_the_demo_opens_its_first_page(tmp_path: Path) -> None:
    done = run("demo", "--data", tmp_path / "デモ 市", "--check", "--no-browser")
    assert done.returncode == 0 and "最初の画面が開きました" in done.stdout, done.stderr
    assert done.stderr == ""


def test_a_laptop_from_nothing_to_a_sync(tmp_path: Path, city: CityServer) -> None:
    """init → enrol → work → sync → ledger verify, with the real cost of a passphrase."""
    data, words = tmp_path / "kit", PASSPHRASE + "\n"
    made = run("init", "--data", data, "--user", "sato", "--name", "佐藤 花", said=words)
    assert made.returncode == 0, made.stderr
    recovery = made.stdout.splitlines()[-1]
    assert len(recovery.replace("-", "")) == 26 and PASSPHRASE not in made.stdout
    again = run("init", "--data", data, "--user", "x", "--name", "x", said=words)
    assert (again.returncode, again.stderr.strip()) == (1, "保管庫はすでにあります。")
    me = ("--data", data, "--user", "sato")
    where = ("--server", city.url, "--code", city.code())
    wrong = run("enrol", *me, *where, "--fingerprint", "0000-0000", said=words)
    assert wrong.returncode == 1 and "登録票に書かれた市サーバではありません" in wrong.stderr
    there = ("--server", city.url, "--code", city.code(), "--fingerprint", city.fingerprint())
    done = run("enrol", *me, *there, said=words)
    assert done.returncode == 0 and "として登録しました" in done.stdout, done.stderr
    vault = opening.unlock(load_settings(data), "sato", PASSPHRASE)
    fields = {"visit_date": "2026-07-15", "half": "am", "order": 1}
    desk = reserve.open_desk(vault)
    reserve.reserve(vault, desk, new_id(), fields, [(new_id(), {"name": "𠮷田", "kind": "new"})])
    vault.close()
    line = data / "kit.toml"
    line.write_text(f'server_url = "http://127.0.0.1:{free_port()}"', encoding="utf-8")
    away = run("sync", *me, said=words)
    assert away.returncode == 1 and "市サーバにつながりません" in away.stderr
    assert len(away.stderr.strip().splitlines()) == 1
    line.unlink()
    bad = run("sync", *me, said="ちがうあいことばです長い\n")
    assert bad.returncode == 1 and "利用者名または合言葉が違います" in bad.stderr
    sent = run("sync", *me, said=words)
    assert (sent.returncode, sent.stdout.strip()) == (0, "送りました：2件。残り0件、保留0件。")
    vault = opening.unlock(load_settings(data), "sato", PASSPHRASE)
    exported, device = ledger.export(vault.book, vault.device), vault.device
    vault.close()
    assert device is not None
    verify(tmp_path, exported, device["city_public"])


def verify(folder: Path, exported: bytes, city_public: bytes) -> None:
    good, bad = folder / "good.jsonl", folder / "bad.jsonl"
    good.write_bytes(exported)
    bad.write_bytes(exported.replace(b"sato", b"taro", 1))
    assert run("ledger", "verify", good).returncode == 0
    proved = run("ledger", "verify", good, "--city-public", city_public.hex())
    assert proved.returncode == 0 and "行目までを証明" in proved.stdout
    other = run("ledger", "verify", good, "--city-public", "11" * 32)
    assert other.returncode == 1, "another city's key proves nothing"
    told = run("ledger", "verify", bad)
    assert told.returncode == 1 and "1行目" in told.stdout and "Traceback" not in told.stderr
    cut = b"\n".join(exported.splitlines()[:-2]) + b"\n"
    bad.write_bytes(cut)
    assert run("ledger", "verify", bad).returncode == 1


def test_what_cannot_be_done_is_one_sentence(tmp_path: Path) -> None:
    empty, text = tmp_path / "empty", tmp_path / "a.txt"
    text.write_text("これはJSONではない", encoding="utf-8")
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine.txt").write_text("x")
    twelve = tmp_path / "case.json"
    twelve.write_text('{"kind": "weather"}', encoding="utf-8")
    odd = tmp_path / "odd.json"
    odd.write_text('{"name": ["汐見"]}', encoding="utf-8")
    cases: list[tuple[object, ...]] = [
        ("photo", "judge", tmp_path / "nothing.jpg"),
        ("photo", "judge", text),
        ("photo", "judge", tmp_path),
        ("rules", "try", text),
        ("rules", "try", tmp_path / "nothing.json"),
        ("rules", "try", twelve),
        ("forms", "print", "no_such_form", "--answers", SAMPLE, "--out", tmp_path / "a.pdf"),
        ("forms", "print", "kofu_shinsei", "--answers", SAMPLE, "--out", tmp_path / "no" / "a.pdf"),
        ("forms", "print", "../kofu_shinsei", "--answers", SAMPLE, "--out", tmp_path / "a.pdf"),
        ("forms", "list", "--forms", empty),
        ("forms", "check", "--forms", empty),
        ("serve", "--data", empty),
        ("sync", "--data", empty, "--user", "sato"),
        ("init", "--data", empty, "--user", "a", "--name", "a"),
        ("init", "--data", text, "--user", "a", "--name", "a"),
        ("demo", "--data", full, "--check"),
        ("demo", "--data", text, "--check"),
        ("demo", "--data", text / "below-a-file", "--check"),
        ("forms", "print", "kofu_shinsei", "--answers", odd, "--out", tmp_path / "a.pdf"),
        ("demo", "--data", tmp_path / "d", "--check", "--port", "80"),
        ("ledger", "verify", tmp_path / "nothing.jsonl"),
    ]
    for words, done in run_all(cases, "短い\n"):
        told = (done.stderr.strip() or done.stdout.strip()).splitlines()
        assert done.returncode == 1, (words, done.stdout, done.stderr)
        assert told[0][-1] in "。）", (words, told)
        assert all(line.startswith("監督者の電話：") for line in told[1:]) and len(told) <= 2
        assert "Traceback" not in done.stderr and not told[0].isascii(), words
    assert not (full / "kit").exists()


def test_wrong_arguments_are_told_in_japanese() -> None:
    cases = {
        (): "足りません：COMMAND",
        ("nothing",): "'nothing' は使えません",
        ("forms",): "足りません：list",
        ("serve", "--port", "x"): "--port の 'x' は読めません",
        ("init", "--data"): "--data のあとに値がありません",
        ("forms", "check", "--nope"): "この指定は使えません：--nope",
    }
    for words, done in run_all(list(cases)):
        told = done.stderr.strip().splitlines()
        assert done.returncode == 2 and len(told) == 1, words
        assert cases[tuple(words)] in told[0] and "使い方：fieldkit" in told[0], told
