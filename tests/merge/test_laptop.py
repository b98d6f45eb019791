"""What a laptop really says in a save, and what becomes of two laptops' saves in the city."""

from __future__ import annotations

from fieldkit.store import records, saves
from fieldkit.store.vault import Vault
from sync.ids import new_id
from sync.merge import merge
from sync.packet import open_record
from sync.wire import new_sealing_key


def test_a_save_names_what_its_author_changed(vault: Vault) -> None:
    private, public = new_sealing_key()
    trip = vault.add_trip(new_id(), "field", "2026-07-01", public, b"1" * 16)
    first = {"answers": {"a": "1", "b": "1"}, "photo_id": "p", "photo_checked": {"by": "u"}}
    made = records.save(vault, trip, "application", first)
    records.save(
        vault, trip, "application", {"answers": {"a": "1", "b": "2"}, "photo_id": "q"}, made.id
    )
    told = [open_record(private, trip.id, s.op, s.sealed) for s in saves.after(trip.folder, None)]
    assert [one["set"] for one in told] == [
        first,
        {"answers": {"b": "2"}, "photo_id": "q", "photo_checked": {"by": "u"}},
    ]
    doc = None
    for seq, one in enumerate(told, 1):
        doc, clashes = merge(doc, one, seq, "F1", "field")
        assert not clashes
    assert doc is not None
    assert doc.body == records.get(trip, made.id).body
