"""Faults that other folders of tests look into: their rows, as long as those tests are there."""

from __future__ import annotations

import importlib

import pytest

from tests.faults.matrix import Cell

USB = {
    ("111", "USB: stick pulled, cut at any byte, worn out", "either way"): (
        "test_road.test_a_stick_cut_anywhere_loses_nothing",
        "test_stick.test_what_a_pulled_stick_left_half_written_is_ignored_and_removed",
        "test_stick.test_a_stick_that_gives_back_other_bytes_is_found_out",
    ),
    ("112", "USB: full stick", "either way"): (
        "test_stick.test_a_full_stick_is_a_sentence_with_the_room_needed",
        "test_stick.test_a_stick_that_fills_up_while_it_is_written_keeps_nothing",
        "test_stick.test_a_city_that_cannot_write_its_reply_has_taken_everything",
    ),
    ("113", "USB: copied twice, an old one after a newer one", "bundles and replies"): (
        "test_road.test_a_copy_again_and_a_reply_again_change_nothing",
        "test_road.test_two_bundles_in_either_order_and_the_line_in_between",
    ),
    ("114", "USB: a bit flipped, forged, of somebody else", "bundles and replies"): (
        "test_format.test_one_damaged_place_costs_the_photo_it_hits_and_nothing_else",
        "test_format.test_a_forged_manifest_and_other_keys_are_refused",
        "test_strangers.test_a_forged_reply_changes_nothing",
        "test_strangers.test_a_reply_to_another_laptop_opens_for_nobody_else",
        "test_strangers.test_a_bundle_of_a_stranger_or_in_anothers_name_is_refused",
        "test_strangers.test_a_revoked_laptops_bundle_is_kept_aside_and_answered",
    ),
    ("115", "USB: kill -9 at every numbered step", "laptop and city"): (
        "test_kill.test_every_place_is_killed_at_here",
        "test_kill.test_it_survives_a_kill",
    ),
    ("116", "USB: the city was restored meanwhile", "receipts in a reply"): (
        "test_late.test_receipts_that_a_restored_city_lost_prove_nothing",
        "test_put_back.test_a_bundle_shows_what_the_city_lost",
        "test_put_back.test_the_same_stick_again_and_nothing_is_lost",
        "test_put_back.test_a_reply_of_the_lost_days_is_read_late",
    ),
}
SIM = {
    ("121", "all of these at once, 20,000 schedules", "the real machines, simulated world"): (
        "test_sim.test_it_holds_whatever_breaks",
        "test_bugs.test_it_finds",
    ),
}
CELLS = [
    pytest.param(folder, names, marks=pytest.mark.cell(*cell), id=cell[0])
    for folder, cells in (("usb", USB), ("sim", SIM))
    for cell, names in cells.items()
]


@pytest.mark.parametrize("folder, names", CELLS)
def test_it_is_tested_there(cell: Cell, folder: str, names: tuple[str, ...]) -> None:
    for name in names:
        module, _, function = name.partition(".")
        assert callable(getattr(importlib.import_module(f"tests.{folder}.{module}"), function))
    cell.write(f"→ tests/{folder}", cases=f"{len(names)} test{'s' * (len(names) > 1)}")
