"""The order to wipe a laptop in the answer to its file. Both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from fieldrep.contract.errors import Code, KnownError
from fieldrep.sync.bundle import carry_in
from fieldrep.sync.files import bring, carry
from tests.store_suite.file_line import FileLine, added, bytes_of
from tests.store_suite.laptop import Laptop, office
from tests.store_suite.test_wiping import marker, order
from tests.store_suite.world import World


def test_the_order_comes_by_stick_and_waits_for_what_was_entered_meanwhile(
    world: World, ana: Laptop, tmp_path: Path
) -> None:
    ana.create("On the stick")
    order(world, ana)
    request = ana.out()
    ana.create("Entered meanwhile")
    answer = tmp_path / "answer"
    answer.write_bytes(office(world, request))
    said = r"1 change or photo waits\. What the file says of 1 change was taken\."
    with pytest.raises(KnownError, match=said) as caught:
        carry_in(ana.replica, answer)
    assert caught.value.code is Code.WRONG_BUNDLE
    assert "Nothing was changed" not in caught.value.sentence
    assert marker(ana) is None

    answer.write_bytes(office(world, ana.out()))
    with pytest.raises(KnownError) as caught:
        carry_in(ana.replica, answer)
    assert caught.value.code is Code.WIPED
    assert marker(ana) is not None
    with world.database.read() as reader:
        assert {row["name"] for row in reader.all("account")} == {"On the stick", "Entered meanwhile"}


def test_a_stick_that_asks_for_photos_brings_the_order_and_none_of_them(
    world: World, ana: Laptop, desk: Laptop, tmp_path: Path
) -> None:
    row_id = added(desk, tmp_path, bytes_of(1))
    assert desk.sync().whole
    assert carry(desk.replica, FileLine(desk)).sent == 1
    assert ana.sync().whole
    line = FileLine(ana)
    line.breaks_at = 0
    with pytest.raises(KnownError, match="line broke"):
        bring(ana.replica, line, row_id)
    ana.create("On the stick")
    order(world, ana)
    answer = tmp_path / "answer"
    answer.write_bytes(office(world, ana.out()))
    with pytest.raises(KnownError) as caught:
        carry_in(ana.replica, answer)
    assert caught.value.code is Code.WIPED
    assert marker(ana) is not None
    with ana.replica.read() as reader:
        assert reader.rows("SELECT count(*) FROM file_body WHERE held > 0") == [(0,)]
    with world.database.read() as reader:
        assert "On the stick" in {row["name"] for row in reader.all("account")}
