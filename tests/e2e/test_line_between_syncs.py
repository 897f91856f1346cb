"""The line the window keeps between its syncs, with a real server.

What one sync opened serves the next, and no dead line holds anybody up or loses anything.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from fieldrep.commands.accounts import create_account
from fieldrep.contract.errors import Code, KnownError
from fieldrep.doors import ProfileDoors
from fieldrep.paths import Profile
from fieldrep.store.incoming.receipt import Receipt
from fieldrep.sync import transport
from fieldrep.sync.kept import MOST_REST_SECONDS
from sync_server.store.devices.credentials import revoke
from tests.helpers.bad_line import Proxy, bad_line
from tests.helpers.served import Served, clock, served


@dataclass
class Place:
    """A window's doors, a server, and the line between them."""

    office: Served
    user: bytes
    line: Proxy
    doors: ProfileDoors
    late: list[int]

    def sync(self) -> Receipt:
        return self.doors.sync(lambda *_: None)

    def lines_of(self, syncs: int = 1) -> int:
        """How many connections so many syncs open."""
        before = self.line.connections
        for _ in range(syncs):
            assert self.sync().whole
        return self.line.connections - before

    def save(self, name: str) -> None:
        self.doors.command(create_account, name=name)

    def device(self) -> bytes:
        with self.office.database.read() as reader:
            ((device,),) = reader.rows("SELECT id FROM device")
            return bytes(device)

    def names(self) -> set[object]:
        with self.office.database.read() as reader:
            return {name for (name,) in reader.rows("SELECT name FROM account")}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with ExitStack() as stack:
        office = stack.enter_context(served(tmp_path))
        user = office.make("user", login="ana", name="Ana")
        line = stack.enter_context(bad_line(office.address))
        late = [0]
        place = Place(
            office,
            user,
            line,
            ProfileDoors(Profile(tmp_path / "ana"), lambda: clock() + late[0], os.urandom),
            late,
        )
        (tmp_path / "ana").mkdir()
        place.doors.enrol(office.link(user, line.address), "Ana's", "a long enough phrase")
        place.doors.let_in()
        stack.callback(place.doors.close)
        assert place.sync().whole
        yield place


def test_syncs_that_follow_each_other_go_over_one_line(place: Place) -> None:
    place.save("Corner Shop")
    assert place.lines_of(3) == 0
    assert "Corner Shop" in place.names()


def test_a_line_that_was_cut_while_it_rested_does_not_fail_the_sync(place: Place) -> None:
    place.line.cut_all()
    place.save("Corner Shop")
    assert place.lines_of() == 1
    assert "Corner Shop" in place.names()
    assert place.lines_of() == 0


def test_a_line_that_leads_nowhere_without_a_word_does_not_fail_the_sync(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "CONNECT_SECONDS", 0.5)
    place.line.forget_all()
    place.save("Corner Shop")
    assert place.lines_of() == 1
    assert "Corner Shop" in place.names()


def test_a_line_that_rested_too_long_is_not_used_again(place: Place) -> None:
    place.late[0] += int(MOST_REST_SECONDS * 1000) + 1_000
    assert place.lines_of() == 1
    assert place.lines_of() == 0
    place.late[0] -= 24 * 3_600_000
    assert place.lines_of() == 1, "nobody knows how long, by a clock that was set back"


def test_after_an_error_of_the_line_the_next_sync_makes_a_new_one(place: Place) -> None:
    place.line.breaks("drop reply")
    with pytest.raises(KnownError) as caught:
        place.sync()
    assert caught.value.code is Code.OFFLINE
    assert place.line.all_end()
    place.line.heals()
    assert place.lines_of() == 1


def test_on_another_network_the_line_is_let_go_of_also_by_a_sync_under_way(place: Place) -> None:
    place.doors.let_go()
    assert place.line.all_end()
    assert place.lines_of() == 1
    place.doors.sync(lambda *_: place.doors.let_go())
    assert place.line.all_end()
    assert place.lines_of() == 1


def test_who_closes_the_window_leaves_no_line_behind(place: Place) -> None:
    assert place.lines_of() == 0
    place.doors.close()
    assert place.line.all_end()


def test_a_laptop_enrolled_again_shows_its_new_credential_at_once(place: Place) -> None:
    with place.office.database.write("admin") as tx:
        revoke(tx, place.device(), "lost")
    with pytest.raises(KnownError):
        place.sync()
    place.save("Entered while nobody let it in")
    place.doors.enrol(place.office.link(place.user, place.line.address), "Ana's", None)
    assert place.sync().accepted == 1


def test_where_the_server_has_moved_the_line_to_the_place_before_is_let_go_of(place: Place) -> None:
    place.line.breaks("drop request")
    place.doors.enrol(place.office.link(place.user), "Ana's", None)
    assert place.line.all_end()
    place.line.heals()
    assert place.lines_of(2) == 0, "both go to the new address"
