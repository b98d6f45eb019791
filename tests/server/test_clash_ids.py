"""A clash is named by its save and its place in that save, whatever batch brought the save."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from sync.clash import Clash, Rev
from sync.server import store as t
from tests import city_rows
from tests.server.kit import make_city


def clash(op: str, name: str) -> Clash:
    kept, other = {name: "A"}, {name: "B"}
    return Clash("r1", op, (name,), kept, other, Rev(1, "K01"), Rev(2, "K02"), "other")


def test_the_name_is_the_same_in_any_batch(tmp_path: Path) -> None:
    """After a restore the same saves come in other batches: a decision that waits on a laptop must
    meet the clash that it speaks of, or none."""
    all_ = [clash("op1", "notes"), clash("op2", "phone"), clash("op2", "notes")]
    names = []
    for number, batches in enumerate(([all_], [all_[:1], all_[1:]])):
        folder = make_city(tmp_path / f"city{number}")
        with city_rows.opened(folder) as city:
            for batch in batches:
                with city.write() as shelf:
                    shelf.add_clashes(batch, "2026-07-01T00:00:00+00:00")
            with city.read() as shelf:
                query = sa.select(t.clash.c.id, t.clash.c.names).order_by(t.clash.c.id)
                names.append([tuple(row) for row in shelf.conn.execute(query)])
    assert names[0] == names[1]
    assert [row[0] for row in names[0]] == ["op1.0", "op2.0", "op2.1"]
