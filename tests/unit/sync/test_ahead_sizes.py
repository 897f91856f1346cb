"""How much is asked for at a time: more where a quick line is what all wait for, never more than is soon there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Semaphore

import pytest

from fieldrep.contract.messages import PAGE_BYTES, ExchangeReply, ExchangeRequest, Verdict
from fieldrep.store.replica import Replica
from fieldrep.sync.ahead import FIRST_PART, LARGEST_PAGE, NEAR_SECONDS, QUICK_SECONDS, Ahead
from tests.unit.store.conftest import EPOCH, SERVER, enrol, open_replica

MORE = ExchangeReply(Verdict.CONTINUE, SERVER, EPOCH, cursor=b"c", more=True)
ON_THE_ROAD = (NEAR_SECONDS + QUICK_SECONDS) / 2
USUAL = [PAGE_BYTES * 4**n // (FIRST_PART * 3**n) for n in range(1, 5)]


class Line:
    """Gives a reply when it is let go, on a clock that moves by what the reply takes."""

    def __init__(self, takes: list[float]) -> None:
        self._takes = iter(takes)
        self.now = 0.0
        self.sizes: list[int] = []
        self.asked, self.go = Semaphore(0), Semaphore(0)

    def exchange(self, request: ExchangeRequest) -> ExchangeReply:
        self.sizes.append(request.page_bytes)
        self.asked.release()
        self.go.acquire()
        self.now += next(self._takes, 0.0)
        return MORE


@pytest.fixture
def replica(tmp_path: Path) -> Iterator[Replica]:
    with open_replica(tmp_path / "replica.db") as replica:
        enrol(replica)
        yield replica


def sizes(replica: Replica, takes: list[float], *, waiting: bool) -> list[int]:
    """What is asked for, one after the other; `waiting` for the line, or the line for who applies."""
    line = Line(takes)
    with Ahead(replica, line, lambda: line.now) as ahead:
        for _ in takes:
            with ExitStack() as turn:
                following = ahead.after(MORE, turn)
                assert following is not None
                line.asked.acquire()
                if not waiting:
                    line.go.release()
                    line.asked.acquire()  # the next one is on its way, and the turn is not over
                    line.asked.release()
            if waiting:
                line.go.release()
            following.result()
        line.asked.acquire()
        line.go.release()
    return line.sizes


def near(found: list[int], expected: list[int]) -> bool:
    return len(found) == len(expected) and all(
        abs(one - other) <= len(found) for one, other in zip(found, expected, strict=True)
    )


def test_where_a_quick_line_is_waited_for_more_is_asked_for_up_to_the_most(replica: Replica) -> None:
    found = sizes(replica, [ON_THE_ROAD] * 4, waiting=True)
    assert near(found, [USUAL[0], USUAL[1], 2 * USUAL[1], LARGEST_PAGE, LARGEST_PAGE])


def test_on_a_line_that_became_slow_less_is_asked_for_again(replica: Replica) -> None:
    found = sizes(replica, [*[ON_THE_ROAD] * 4, 3 * QUICK_SECONDS, 3 * QUICK_SECONDS], waiting=True)
    assert near(found[4:], [LARGEST_PAGE, PAGE_BYTES, PAGE_BYTES])


@pytest.mark.parametrize(
    ("takes", "waiting"),
    [
        ([NEAR_SECONDS / 2] * 6, True),
        ([3 * QUICK_SECONDS] * 6, True),
        ([ON_THE_ROAD, NEAR_SECONDS / 2] * 3, True),
        ([ON_THE_ROAD] * 6, False),
    ],
    ids=[
        "the server is near",
        "the line is slow",
        "the server halts now and then",
        "nobody waits for the line",
    ],
)
def test_else_what_is_asked_for_grows_step_by_step_to_the_usual(
    takes: list[float], waiting: bool, replica: Replica
) -> None:
    found = sizes(replica, takes, waiting=waiting)
    assert near(found, [*USUAL, PAGE_BYTES, PAGE_BYTES, PAGE_BYTES])
