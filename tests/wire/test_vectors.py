"""The wire as it is written down: fixed vectors that every version of the kit must still open.

`vectors.json` was made once. `decrypt.py` opens the same bytes and imports nothing of the kit.
"""

from __future__ import annotations

import ast
import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag

from sync import ids, packet, receipt, wire
from sync.receipt import Receipt
from sync.wire import WireError
from tests.wire import decrypt

HERE = Path(__file__).resolve().parent
V: dict[str, Any] = json.loads((HERE / "vectors.json").read_text(encoding="utf-8"))
S, PHOTO, RECORD, ANSWER = (
    V["sealed"],
    V["sealed"]["photo"],
    V["sealed"]["record"],
    V["sealed"]["answer"],
)


def raw(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def flips(data: bytes) -> list[bytes]:
    """Every copy of `data` with one bit turned over."""
    return [
        data[:i] + bytes([data[i] ^ 1 << bit]) + data[i + 1 :]
        for i in range(len(data))
        for bit in range(8)
    ]


# -- canonical JSON (§1) ------------------------------------------------------------------------
@pytest.mark.parametrize("case", V["canonical"])
def test_it_writes_canonical_json(case: dict[str, Any]) -> None:
    assert wire.canonical(case["value"]) == raw(case["bytes"])
    assert wire.sha256(raw(case["bytes"])) == case["sha256"]


def test_it_does_not_depend_on_the_order_of_the_keys() -> None:
    assert wire.canonical({"b": 1, "a": 2}) == wire.canonical({"a": 2, "b": 1})


# -- signatures (§2) ----------------------------------------------------------------------------
@pytest.mark.parametrize("case", V["signatures"], ids=lambda case: case["purpose"])
def test_it_signs_a_body_for_one_purpose(case: dict[str, Any]) -> None:
    key, public, body = raw(case["private"]), raw(case["public"]), raw(case["body"])
    made = wire.sign(wire.signing_private(key), case["purpose"], body)
    assert made == case["signature"]
    wire.verify(public, case["purpose"], body, made)
    assert wire.fingerprint(public) == case["fingerprint"]
    for other in {c["purpose"] for c in V["signatures"]} - {case["purpose"]}:
        with pytest.raises(WireError, match="bad_signature"):
            wire.verify(public, other, body, made)


def test_it_rejects_a_changed_body_and_a_changed_signature() -> None:
    case = V["signatures"][0]
    public, body, made = raw(case["public"]), raw(case["body"]), raw(case["signature"])
    for changed in flips(body):
        with pytest.raises(WireError, match="bad_signature"):
            wire.verify(public, case["purpose"], changed, case["signature"])
    for changed in flips(made):
        with pytest.raises(WireError, match="bad_signature"):
            wire.verify(public, case["purpose"], body, wire.b64(changed))


# -- receipts (§5) ------------------------------------------------------------------------------
def test_it_verifies_the_receipt() -> None:
    r = V["receipt"]
    made = Receipt(r["body"].encode(), r["signature"])
    value = receipt.verify(made, raw(r["public"]), r["city"], r["device"])
    assert made.digest == r["digest"] and wire.canonical(value) == made.body
    assert receipt.proves(value, r["proves"]["id"], **_bytes_of(r))
    assert not receipt.proves(value, PHOTO["id"], "00" * 32, r["proves"]["size"])
    assert not receipt.proves(value, PHOTO["id"], r["proves"]["sha256"], 1)
    assert not receipt.proves(value, S["trip"], **_bytes_of(r))


def _bytes_of(r: dict[str, Any]) -> dict[str, Any]:
    return {"sha256": r["proves"]["sha256"], "size": r["proves"]["size"]}


def test_it_rejects_a_receipt_for_somebody_else_or_changed() -> None:
    r = V["receipt"]
    made, public = Receipt(r["body"].encode(), r["signature"]), raw(r["public"])
    for city, device in ((r["city"], "K02"), ("01998", r["device"])):
        with pytest.raises(WireError, match="not_for_us"):
            receipt.verify(made, public, city, device)
    for changed in flips(made.body):
        with pytest.raises(WireError, match="bad_signature"):
            receipt.verify(Receipt(changed, made.signature), public, r["city"], r["device"])
    stranger = raw(V["signatures"][0]["public"])
    with pytest.raises(WireError, match="bad_signature"):
        receipt.verify(made, stranger, r["city"], r["device"])


# -- sealed formats (§3) ------------------------------------------------------------------------
def test_it_opens_what_was_sealed() -> None:
    private, trip = raw(S["private"]), S["trip"]
    key = packet.open_photo_key(private, trip, PHOTO["id"], raw(PHOTO["seal"]))
    assert key == raw(PHOTO["key"])
    assert packet.open_photo(key, trip, PHOTO["id"], raw(PHOTO["ph"])) == raw(PHOTO["jpeg"])
    assert packet.open_record(private, trip, RECORD["id"], raw(RECORD["rec"])) == RECORD["save"]
    mine = raw(ANSWER["private"])
    opened = packet.open_answer(mine, ANSWER["device"], trip, raw(ANSWER["sealed"]))
    assert opened == ANSWER["value"]
    assert wire.sha256(raw(PHOTO["ph"])) == PHOTO["ph_sha256"]


def test_an_independent_program_opens_the_same_bytes() -> None:
    private = raw(S["private"])
    where = PHOTO["context"].encode()
    key = decrypt.hpke_open(private, raw(PHOTO["seal"])[5:], where)
    assert decrypt.open_ph(key, raw(PHOTO["ph"]), where) == raw(PHOTO["jpeg"])
    text = decrypt.hpke_open(private, raw(RECORD["rec"])[5:], RECORD["context"].encode())
    assert json.loads(text) == RECORD["save"]
    mine = raw(ANSWER["private"])
    text = decrypt.hpke_open(mine, raw(ANSWER["sealed"])[5:], ANSWER["context"].encode())
    assert json.loads(text) == ANSWER["value"]
    with pytest.raises(InvalidTag):
        decrypt.hpke_open(private, raw(RECORD["rec"])[5:], where)


def test_the_independent_program_is_independent_and_short() -> None:
    text = (HERE / "decrypt.py").read_text(encoding="utf-8")
    nodes = list(ast.walk(ast.parse(text)))
    names = [a.name for n in nodes if isinstance(n, ast.Import) for a in n.names]
    names += [n.module or "" for n in nodes if isinstance(n, ast.ImportFrom)]
    assert {name.split(".")[0] for name in names} <= {"cryptography", "hmac"}
    assert len(text.splitlines()) <= 40


@pytest.mark.parametrize("what", ["seal", "ph", "rec", "answer"])
def test_it_rejects_every_flipped_bit(what: str) -> None:
    for changed in flips(_data(what)):
        with pytest.raises(WireError, match="cannot_open|wrong_format"):
            _open(what, changed, S["trip"])


@pytest.mark.parametrize("what", ["seal", "ph", "rec", "answer"])
def test_it_rejects_a_thing_of_another_trip(what: str) -> None:
    with pytest.raises(WireError, match="cannot_open"):
        _open(what, _data(what), S["other_trip"])


@pytest.mark.parametrize("what", ["seal", "ph", "rec", "answer"])
def test_it_rejects_a_thing_that_was_cut_off(what: str) -> None:
    for length in (0, 4, 5, 6, len(_data(what)) - 1):
        with pytest.raises(WireError, match="cannot_open|wrong_format"):
            _open(what, _data(what)[:length], S["trip"])


def test_it_rejects_a_thing_of_another_purpose() -> None:
    """A record moved to a photo's place: same key, same trip, same id, another purpose."""
    private, trip = raw(S["private"]), S["trip"]
    moved = packet.SEAL_MAGIC + raw(RECORD["rec"])[5:]
    with pytest.raises(WireError, match="cannot_open"):
        packet.open_photo_key(private, trip, RECORD["id"], moved)
    moved = packet.RECORD_MAGIC + raw(PHOTO["seal"])[5:]
    with pytest.raises(WireError, match="cannot_open"):
        packet.open_record(private, trip, PHOTO["id"], moved)


def test_it_rejects_a_key_of_somebody_else() -> None:
    with pytest.raises(WireError, match="cannot_open"):
        packet.open_record(raw(ANSWER["private"]), S["trip"], RECORD["id"], raw(RECORD["rec"]))


def _data(what: str) -> bytes:
    found = {"seal": PHOTO["seal"], "ph": PHOTO["ph"], "rec": RECORD["rec"]}
    return raw(found.get(what, ANSWER["sealed"]))


def _open(what: str, data: bytes, trip: str) -> Any:
    private = raw(S["private"])
    if what == "seal":
        return packet.open_photo_key(private, trip, PHOTO["id"], data)
    if what == "ph":
        return packet.open_photo(raw(PHOTO["key"]), trip, PHOTO["id"], data)
    if what == "rec":
        return packet.open_record(private, trip, RECORD["id"], data)
    return packet.open_answer(raw(ANSWER["private"]), ANSWER["device"], trip, data)


# -- ids and codes (§1) -------------------------------------------------------------------------
@pytest.mark.parametrize("case", V["codes"], ids=lambda case: case["code"])
def test_it_writes_and_reads_a_code(case: dict[str, Any]) -> None:
    secret, code = raw(case["secret"]), case["code"]
    assert ids.code_of(secret) == code and ids.groups(code) == case["groups"]
    for typed in (code, case["groups"], code.lower(), f" {code[:9]}　{code[9:]}"):
        assert ids.secret_of(typed) == secret
    assert ids.secret_of(code.replace("1", "I").replace("0", "o")) == secret
    wide = "".join(chr(ord(c) + 0xFEE0) for c in code)
    assert ids.secret_of(wide) == secret


@pytest.mark.parametrize("code", V["codes_refused"])
def test_it_refuses_what_is_no_code(code: str) -> None:
    with pytest.raises(ValueError, match="code"):
        ids.secret_of(code)


def test_it_makes_ids_that_sort_by_time() -> None:
    case = V["ids"]
    made = ids.new_id(case["made_at_ms"])
    assert made.startswith(case["prefix"]) and made[14] == "7" and made[19] in "89ab"
    assert ids.is_id(made) and all(ids.is_id(good) for good in case["good"])
    assert not any(ids.is_id(bad) for bad in case["bad"])
    assert ids.new_id(1) < ids.new_id(2)
