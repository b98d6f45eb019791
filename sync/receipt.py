"""Receipts: the city's signed word that it holds something, and the only thing that lets it go.

Body (canonical JSON): `v, city, epoch, seq, prev, kind, device, items, ledger, level, at`, where
`items` is a list of `{"id", "sha256", "size", "answer", "reason"}` and `prev` the SHA-256 of the
receipt before, so that the city's receipts form one chain. `ledger` is the last row of the laptop's
ledger whose chain the city holds: no row up to it can be rewritten unseen (PROTOCOL.md §5.1).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync import wire

GENESIS = "0" * 64


@dataclass(frozen=True)
class Receipt:
    """One receipt as it travels and as it is kept for ever: exact bytes and their signature."""

    body: bytes
    signature: str

    @property
    def value(self) -> dict[str, Any]:
        value = wire.parse(self.body)
        if not isinstance(value, dict):
            raise wire.WireError("malformed")
        return value

    @property
    def digest(self) -> str:
        return wire.sha256(self.body)

    def to_json(self) -> dict[str, str]:
        return {"body": self.body.decode(), "signature": self.signature}

    @staticmethod
    def from_json(value: Any) -> Receipt:
        if not isinstance(value, dict) or not isinstance(value.get("body"), str):
            raise wire.WireError("malformed")
        return Receipt(value["body"].encode(), str(value.get("signature", "")))


def issue(key: Ed25519PrivateKey, body: dict[str, Any]) -> Receipt:
    """Sign a receipt. Call it only for bytes that are committed and were read back."""
    data = wire.canonical({"v": wire.FORMAT, "level": "commit+reread", **body})
    return Receipt(data, wire.sign(key, "receipt", data))


def verify(receipt: Receipt, city_public: bytes, city: str, device: str) -> dict[str, Any]:
    """The receipt's value if the pinned city signed it for this device; WireError otherwise."""
    wire.verify(city_public, "receipt", receipt.body, receipt.signature)
    value = receipt.value
    if value.get("v") != wire.FORMAT:
        raise wire.WireError("other_version")
    if value.get("city") != city or value.get("device") != device:
        raise wire.WireError("not_for_us")
    if value.get("level") != "commit+reread" or not isinstance(value.get("items"), list):
        raise wire.WireError("malformed")
    return value


def anchors(receipts: Iterable[Receipt]) -> list[Receipt]:
    """Those that countersign a ledger, for an exported file: the empty ones, which each sync ends
    with, and the newest, whatever it holds (receipts of many items would only make the file long).
    """
    found = [r for r in receipts if isinstance(r.value.get("ledger"), dict)]
    return [r for r in found if not r.value["items"] or r is found[-1]]


def reason_for(value: dict[str, Any], object_id: str) -> str:
    """Why a verified receipt does not hold an object: the signed reason, or "no_proof"."""
    for item in value["items"]:
        if item.get("id") == object_id and item.get("answer") == "refused":
            return str(item.get("reason") or "no_proof")
    return "no_proof"


def proves(value: dict[str, Any], object_id: str, sha256: str, size: int) -> bool:
    """Whether a verified receipt says that the city holds exactly these bytes of this object."""
    return any(
        item.get("id") == object_id
        and item.get("sha256") == sha256
        and item.get("size") == size
        and item.get("answer") in ("taken", "already")
        for item in value["items"]
    )
