"""The papers, read as a person reads them, and checked as the paper itself says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from fieldkit import deletion, outbox, paper, tripend
from fieldkit.deletion_records import Record
from fieldkit.errors import KitError
from fieldkit.photo.qr import read_qr
from fieldkit.settings import asset_dir
from fieldkit.store import ledger
from fieldkit.store.vault import Vault
from sync.ids import code_of, groups
from tests.conftest import NOW
from tests.erase_records.test_records import NAMES, SEASON, change, ended
from tests.flow.test_one_visit import NAME, make_visit
from tests.needs import needs

pytestmark = needs("poppler-utils")
FORMS = asset_dir("forms")


def words(pdf: bytes, tmp_path: Path) -> str:
    """The text of a PDF without its blanks and line ends."""
    file = tmp_path / "paper.pdf"
    file.write_bytes(pdf)
    run = subprocess.run(["pdftotext", "-layout", str(file), "-"], capture_output=True, check=True)
    return re.sub(r"\s+", "", run.stdout.decode())


def printed(record: Record) -> bytes:
    return paper.deletion_certificate(FORMS, record, NOW, "汐見市")


def test_the_certificate_says_all_that_the_record_holds(vault: Vault, tmp_path: Path) -> None:
    trip_id, _, _ = ended(vault)
    record = deletion.record_of_trip(vault, trip_id)
    text = words(printed(record), tmp_path)
    assert "個人情報削除証明書" in text and "終わっていない" not in text
    for told in ("汐見市", "令和8年7月1日の訪問", "crypto-erase/v1", "佐藤・鈴木", trip_id,
                 record.frame.head_hash[:16], record.frame.public, "python-msync.verify_ledger",
                 record.forgot.signature, f"fieldkit{record.frame.version}"):  # fmt: skip
        assert told in text, told
    assert record.row is not None
    for digest in (record.secret_sha256, record.row.hash, *(t.sha256 for t in record.things)):
        assert digest[:32] in text and digest[32:] in text
    for thing in record.things:
        assert f"{thing.size:,}" in text and thing.word.signature in text
    assert NAME[:2] not in text and "花園" not in text
    assert printed(record) == printed(record)


def test_what_is_owed_stands_first_and_is_no_certificate(vault: Vault, tmp_path: Path) -> None:
    ended(vault)
    text = words(printed(deletion.record_of_season(vault, *SEASON)), tmp_path)
    assert "削除状況報告（未了あり）" in text and "証明書ではありません" in text
    assert "個人情報削除証明書" not in text
    assert text.index("終わっていないもの（1件）") < text.index("データの入れものごと")
    assert "令和8年4月1日から令和9年3月31日まで" in text and "うち削除済み1件" in text


def test_the_papers_of_one_reception_and_one_application(vault: Vault, tmp_path: Path) -> None:
    _, reservation_id, _ = ended(vault)
    text = words(printed(deletion.record_of_reservation(vault, reservation_id)), tmp_path)
    assert "受付番号1" in text and reservation_id in text
    assert "受付データ（令和8" in text and "令和8年7月1日の訪" in text
    applicant_id = deletion.applicants_of(vault, reservation_id)[0]
    text = words(printed(deletion.record_of_application(vault, applicant_id)), tmp_path)
    assert "受付番号1のうち申請1件" in text and applicant_id in text


def test_a_record_without_proof_is_not_printed(vault: Vault) -> None:
    trip_id, _, _ = ended(vault)
    change(vault, "DELETE FROM receipt WHERE body LIKE '%trip_end%'")
    with pytest.raises(KitError) as caught:
        printed(deletion.record_of_trip(vault, trip_id))
    assert caught.value.code == "not_proved"
    assert caught.value.sentence.startswith("証明できません：")


def test_anybody_can_check_the_paper_against_the_ledger_file(vault: Vault, tmp_path: Path) -> None:
    """The command on the paper, with the key on the paper, on the file of the screen."""
    trip_id, _, _ = ended(vault)
    record = deletion.record_of_trip(vault, trip_id)
    vault.note("printed", trip_id)  # the print itself comes after the head on the paper
    file = tmp_path / "ledger.jsonl"
    file.write_bytes(ledger.export(vault.book, vault.device))
    run = [sys.executable, "-m", "sync.verify_ledger", str(file), "--public", record.frame.public]
    assert subprocess.run(run, capture_output=True).returncode == 0
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert lines[record.frame.head_seq - 1]["hash"] == record.frame.head_hash
    for row in [record.row, *(thing.row for thing in record.things)]:
        assert row is not None and lines[row.seq - 1]["hash"] == row.hash
    other = [*run[:-1], "0" * 64]
    assert subprocess.run(other, capture_output=True).returncode == 1


def test_a_long_trip_runs_over_pages(vault: Vault, tmp_path: Path) -> None:
    trip_id, _, _ = make_visit(vault)
    outbox.sync(vault)
    tripend.end_trip(vault, trip_id, NAMES)
    record = deletion.record_of_trip(vault, trip_id)
    many = replace(record, things=record.things * 60)
    text = words(printed(many), tmp_path)
    assert "2/" in text and text.count(record.things[0].sha256[:32]) == 60


def test_the_safe_sheet_can_be_typed_and_scanned(tmp_path: Path) -> None:
    code = code_of(bytes(range(100, 116)))
    pdf = paper.safe_sheet(
        FORMS, code26=code, since=date(2026, 7, 1), until=date(2026, 7, 8),
        fingerprint="ABCD-EFGH", printed_at=NOW, device="K01", container="abc", city="汐見市",
    )  # fmt: skip
    text = words(pdf, tmp_path)
    assert groups(code) in text and "金庫に入れて保管" in text and "令和8年7月8日(水)まで" in text
    assert "裁断" in text and "二人" in text
    subprocess.run(
        ["pdftoppm", "-r", "100", "-png", str(tmp_path / "paper.pdf"), str(tmp_path / "p")],
        check=True,
    )
    assert read_qr((tmp_path / "p-1.png").read_bytes()) == code
