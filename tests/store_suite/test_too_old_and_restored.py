"""A laptop whose program is too old to receive, and whose store was restored meanwhile.

It gives back what the store forgot before anything that builds on it is taken, keeps its rows to be read, and gets a
first replica once it is updated.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fieldrep.contract.errors import Code, KnownError
from sync_server.store.proof.verify import verify
from sync_server.store.restoring.returns import restore_report
from tests.store_suite.laptop import Laptop, go_back, keep, office
from tests.store_suite.world import World

Way = Callable[[World, Laptop], object]


def over_the_line(_: World, laptop: Laptop) -> object:
    return laptop.sync()


def by_file(world: World, laptop: Laptop) -> object:
    return laptop.into(office(world, laptop.out()))


def phone(world: World, shop: bytes) -> object:
    with world.database.read() as reader:
        row = reader.row("account", shop)
    assert row is not None
    return row["phone"]


@pytest.mark.parametrize(("way", "times"), [(over_the_line, 1), (by_file, 2)])
def test_who_is_too_old_to_receive_gives_back_what_a_restored_store_forgot_before_what_builds_on_it(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: Way, times: int
) -> None:
    ana = Laptop(tmp_path, world, world.user("ana"), "ana")
    world.account(ana.admission.user_id, name="Made by the office")
    ana.sync()
    keep(world, tmp_path)
    later = ana.create("Made after the backup")
    ana.sync()
    go_back(world, tmp_path)
    ana.edit(later, phone="on it")
    names = {"Made by the office", "Made after the backup"}
    monkeypatch.setattr("fieldrep.sync.handshake.PROTOCOL_VERSION", 0)
    for _ in range(times):
        with pytest.raises(KnownError) as told:
            way(world, ana)
        assert told.value.code is Code.UPGRADE_NEEDED
    assert phone(world, later) == "on it"
    assert ana.names() == names, "what is here can be read until the update"

    monkeypatch.undo()
    receipt = ana.sync()
    assert (receipt.refused, receipt.started_over, receipt.digests_equal) == (0, True, True)
    assert ana.names() == names
    with world.database.read() as reader:
        report = restore_report(reader)
    assert report is not None
    assert report.done
    assert verify(world.database) == []
    ana.replica.close()
