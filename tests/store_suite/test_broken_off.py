"""Syncs that end half way: what had gone out is said, what the server said of this device is remembered."""

from __future__ import annotations

from pathlib import Path

import pytest

from fieldrep.contract.errors import Code, KnownError
from fieldrep.store.engine import PAGE_BYTES, connect
from fieldrep.store.repairing.repair import repair
from fieldrep.store.replica import Replica
from tests.store_suite.laptop import KEY, Laptop
from tests.store_suite.world import World


def damage(path: Path, table: str) -> None:
    """Overwrites the first page of a table."""
    connection = connect(path, KEY)
    ((page,),) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchall()
    connection.close()
    content = bytearray(path.read_bytes())
    content[(page - 1) * PAGE_BYTES : page * PAGE_BYTES] = bytes(PAGE_BYTES)
    path.write_bytes(content)


def test_a_replica_found_damaged_when_the_answer_comes_says_what_went_out_and_a_repair_loses_nothing(
    world: World, tmp_path: Path
) -> None:
    ana, path = Laptop(tmp_path, world, world.user("ana"), "ana"), tmp_path / "ana.db"
    ana.sync()
    ana.create("Entered before the damage")
    ana.create("And another")
    ana.replica.close()
    damage(path, "contact")
    world.make("contact", account_id=world.account(ana.admission.user_id), family_name="Berg")
    ana.replica = Replica.open(path, KEY, world.clock, ana.random)
    with pytest.raises(KnownError) as broken:
        ana.sync()
    assert broken.value.code is Code.REPLICA_DAMAGED
    assert (
        "2 changes were sent before that; the server has them, and nothing is lost" in broken.value.sentence
    )
    ana.replica.close()
    done = repair(path, KEY, world.clock())
    assert (done.changes, done.lost) == (2, {})
    ana.replica = Replica.open(path, KEY, world.clock, ana.random)
    receipt = ana.sync()
    assert (receipt.waiting, receipt.refused, receipt.digests_equal) == (0, 0, True)
    assert ana.names() == {"Entered before the damage", "And another", "Shop"}, "each of them once"
    ana.replica.close()


def test_a_repair_after_all_was_sent_says_that_no_work_is_lost(world: World, tmp_path: Path) -> None:
    ana, path = Laptop(tmp_path, world, world.user("ana"), "ana"), tmp_path / "ana.db"
    ana.create("Sent before")
    ana.sync()
    ana.replica.close()
    damage(path, "contact")
    assert "Nothing in it waited to be sent, so no work is lost." in repair(path, KEY, world.clock()).sentence
