"""Rows fetched ahead: while one reply is applied the next is made ready and the one after it is on its way."""

from __future__ import annotations

from pathlib import Path
from threading import Lock, get_ident

import pytest

from fieldrep.contract import steps
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.messages import ExchangeReply, ExchangeRequest
from fieldrep.contract.steps import Step
from fieldrep.store.incoming.receipt import Receipt
from fieldrep.sync.engine import sync
from tests.helpers.in_process import InProcess
from tests.store_suite.laptop import Laptop
from tests.store_suite.world import World, new_row

ACCOUNTS = 120


class Watched:
    """The direct way to the store, which notes what was asked and fails when asked twice at a time."""

    def __init__(self, laptop: Laptop, breaks_at: int = 0) -> None:
        self._line = InProcess(laptop.world.database, laptop.admission.token, 2_000)
        self._free, self._breaks_at = Lock(), breaks_at
        self.asked: list[ExchangeRequest] = []
        self.threads: set[int] = set()

    def exchange(self, request: ExchangeRequest) -> ExchangeReply:
        assert self._free.acquire(blocking=False), "one question at a time"
        try:
            self.asked.append(request)
            self.threads.add(get_ident())
            if len(self.asked) == self._breaks_at:
                raise KnownError(Code.OFFLINE, "The line broke.")
            return self._line.exchange(request)
        finally:
            self._free.release()


@pytest.fixture
def ana(world: World, tmp_path: Path) -> Laptop:
    laptop = Laptop(tmp_path, world, world.user("ana"), "ana")
    with world.write() as tx:
        for n in range(ACCOUNTS):
            new_row(tx, "account", name=f"Shop {n}", owner_user_id=laptop.admission.user_id)
    return laptop


def test_pages_fetched_ahead_are_each_asked_for_once_and_make_a_whole_replica(ana: Laptop) -> None:
    line = Watched(ana)
    receipt = sync(ana.replica, line, ahead=True)
    assert receipt.whole
    assert receipt.exchanges == len(line.asked) > 5
    assert len({request.handshake.cursor for request in line.asked}) == len(line.asked)
    assert len(line.threads) == 2, "all but the first were asked for beside"
    ana.replica.close()


def test_what_is_entered_while_pages_come_is_sent_before_the_rest_of_them(ana: Laptop) -> None:
    line = Watched(ana)
    entered: list[int] = []

    def progress(receipt: Receipt, _left: int) -> None:
        if not entered:
            ana.create("Entered meanwhile")
            entered.append(receipt.exchanges)

    receipt = sync(ana.replica, line, ahead=True, progress=progress)
    assert receipt.whole
    assert receipt.accepted == 1
    pushed = [place for place, request in enumerate(line.asked) if request.changes]
    assert len(pushed) == 1
    assert pushed[0] <= 4, "no more than what was on its way came first"
    assert receipt.exchanges == len(line.asked) > pushed[0] + 3
    assert "Entered meanwhile" in ana.names()
    assert len(ana.names()) == ACCOUNTS + 1
    ana.replica.close()


def test_a_line_that_breaks_far_ahead_costs_nothing_of_what_came_before(ana: Laptop) -> None:
    line = Watched(ana, breaks_at=5)
    seen: list[int] = []
    with pytest.raises(KnownError, match="The line broke"):
        sync(ana.replica, line, ahead=True, progress=lambda receipt, _left: seen.append(receipt.exchanges))
    assert seen == [1, 2, 3, 4]
    assert len(line.asked) == 5
    cursor = ana.replica.state().cursor
    again = Watched(ana)
    assert sync(ana.replica, again, ahead=True).whole
    assert again.asked[0].handshake.cursor == cursor
    assert len(ana.names()) == ACCOUNTS
    ana.replica.close()


def test_a_reply_that_cannot_be_applied_ends_the_sync_and_what_follows_it_is_let_go(
    ana: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered: list[Step] = []

    def full_at_the_fourth(step: Step) -> None:
        if step is Step.ANSWERED:
            answered.append(step)
            if len(answered) == 4:
                raise KnownError(Code.DISK_FULL, "The disk is full.")

    monkeypatch.setattr(steps, "listener", full_at_the_fourth)
    with pytest.raises(KnownError, match="The disk is full"):
        sync(ana.replica, Watched(ana), ahead=True)
    monkeypatch.setattr(steps, "listener", None)
    assert 0 < len(ana.names()) < ACCOUNTS
    assert sync(ana.replica, Watched(ana), ahead=True).whole
    assert len(ana.names()) == ACCOUNTS
    ana.replica.close()
