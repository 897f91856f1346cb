"""What a restore's report says of a laptop that was repaired after damage. Both databases."""

from __future__ import annotations

from pathlib import Path

from fieldrep.store.engine import PAGE_BYTES
from fieldrep.store.pages import Pages
from fieldrep.store.repair import repair
from fieldrep.store.replica import Replica
from sync_server.admin.restored import conclusion
from tests.store_suite.laptop import KEY, go_back
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
    said = conclusion(report(world))
    assert "1 change is missing for good" in said
    assert "1 device was repaired after damage; what only its damaged file had may be missing." in said
    ana.replica.close()
