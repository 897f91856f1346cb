"""What a restore's report says of a laptop that was repaired after damage. Both databases."""

from __future__ import annotations

from pathlib import Path

from fieldrep.store.engine import PAGE_BYTES
from fieldrep.store.repairing.pages import Pages
from fieldrep.store.repairing.repair import repair
from fieldrep.store.replica import Replica
from sync_server.admin.awaited import conclusion
from tests.store_suite.laptop import KEY, Laptop, go_back
from tests.store_suite.test_restored import report, told, with_shop
from tests.store_suite.world import World


def test_numbers_that_a_repair_left_out_are_not_listed_as_missing_for_good(
    world: World, tmp_path: Path
) -> None:
    ana, shop = with_shop(tmp_path, world)
    ana.edit(shop, phone="before the damage")
    ana.sync()
    ana.replica.close()
    path = tmp_path / "ana.db"
    content = bytearray(path.read_bytes())
    pages = Pages(path, KEY)
    sent = [number for number in range(2, pages.count + 1) if b"edit_account" in (pages.read(number) or b"")]
    for number in sent:
        content[(number - 1) * PAGE_BYTES + 100] ^= 1
    path.write_bytes(content)
    assert repair(path, KEY, world.clock()).unreadable == len(sent)
    ana.replica = Replica.open(path, KEY, world.clock, ana.random)
    ana.sync()
    for note in ("first", "second", "third"):
        ana.edit(shop, note=note)
        ana.sync()
    newest = ana.replica.state().highest_n
    assert newest > 10_000
    with ana.replica.write() as connection:
        connection.execute("DELETE FROM sent_log WHERE n = ?", (newest - 1,))
    go_back(world, tmp_path)
    ana.sync()

    found = told(world, ana)
    assert (found.state, found.missing, found.repaired) == ("done", (newest - 1,), True)
    said = "\n".join(conclusion(report(world)))
    assert "1 change is missing for good" in said
    assert "1 device was repaired after damage; what only a damaged file had may be missing." in said
    ana.replica.close()


def test_what_waited_when_a_laptop_was_repaired_is_not_counted_as_given_back_after_a_restore(
    world: World, tmp_path: Path
) -> None:
    ana, shop = with_shop(tmp_path, world)
    ana.edit(shop, note="sent and forgotten by the backup")
    ana.sync()
    for phone in ("1", "2", "3"):
        ana.edit(shop, phone=phone)
    answered = ana.replica.settled_to()
    damage_and_repair(ana, tmp_path / "ana.db", world)
    ana.edit(shop, phone="after the repair")
    assert [change.n > 10_000 for change in ana.replica.waiting(10, 1_000_000)] == [False] * 3 + [True]
    go_back(world, tmp_path)
    ana.sync()
    found = told(world, ana)
    assert (found.answered_to, found.returned, found.recovered) == (answered, 2, 1)
    assert (found.state, found.missing) == ("done", ())
    ana.replica.close()


def damage_and_repair(ana: Laptop, path: Path, world: World) -> None:
    """A page cannot be read, so numbers are left out, and every change that waits can be read still."""
    with ana.replica.read() as reader:
        ((root,),) = reader.rows("SELECT rootpage FROM sqlite_schema WHERE name = 'number_series'")
    ana.replica.close()
    content = bytearray(path.read_bytes())
    content[(root - 1) * PAGE_BYTES + 100] ^= 1
    path.write_bytes(content)
    assert not repair(path, KEY, world.clock()).lost
    ana.replica = Replica.open(path, KEY, world.clock, ana.random)
