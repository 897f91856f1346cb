"""Pairs of alike records as their laptop decides them, against both central stores."""

from __future__ import annotations

from pathlib import Path

from fieldrep.commands.pairs import merge_duplicate, undo_merge
from tests.store_suite.laptop import Laptop
from tests.store_suite.world import World


def test_to_take_back_a_merge_whose_survivor_is_neither_of_its_two_is_for_the_server_to_judge(
    world: World, tmp_path: Path
) -> None:
    laptop = Laptop(tmp_path, world, world.user("ana"), "laptop")
    shop, _, third = (laptop.create(name) for name in ("Corner Shop", "Corner Shop Ltd", "Old Inn"))
    laptop.sync()
    with laptop.replica.read() as reader:
        ((pair,),) = reader.rows("SELECT id FROM duplicate_candidate")
    merge_duplicate(laptop.replica, row_id=pair, survivor_id=shop)
    laptop.sync()
    world.change("duplicate_candidate", pair, survivor_id=third)
    laptop.sync()
    undo_merge(laptop.replica, row_id=pair)
    assert laptop.sync().refused == 1
    with laptop.replica.read() as reader:
        assert reader.rows("SELECT label FROM refused_change") == [
            ("Corner Shop apart from Corner Shop Ltd again",)
        ]
    laptop.replica.close()
