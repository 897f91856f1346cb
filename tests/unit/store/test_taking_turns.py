"""Work brought by many threads is done by one at a time, and by whoever is first for those behind him."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from sync_server.store.together import Together, Waiting

MANY = 8


def test_who_comes_while_another_works_is_served_by_the_next_in_line() -> None:
    line: Together[int] = Together()
    rounds: list[list[int]] = []

    def work(first: int, waiting: Waiting[int]) -> None:
        taken = [first]
        # the first works on until some have come behind him
        while not rounds and len(taken) < MANY - 5:
            taken += waiting(lambda _: True)
        rounds.append(taken)

    with ThreadPoolExecutor(MANY) as pool:
        list(pool.map(lambda n: line.run(n, work), range(MANY)))
    done = [piece for taken in rounds for piece in taken]
    assert sorted(done) == list(range(MANY))
    assert len(rounds[0]) >= MANY - 5


def test_what_does_not_fit_stays_in_line_with_all_behind_it() -> None:
    line: Together[int] = Together()
    rounds: list[list[int]] = []

    def work(first: int, waiting: Waiting[int]) -> None:
        taken = [first]
        asked: list[int] = []
        while not rounds and len(asked) < 1:
            waiting(lambda piece: bool(asked.append(piece)))
        rounds.append(taken)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda n: line.run(n, work), range(3)))
    assert sorted(map(tuple, rounds)) == [(0,), (1,), (2,)]


def test_a_worker_that_breaks_lets_go_of_what_it_took_and_of_the_line() -> None:
    line: Together[int] = Together()
    done: list[int] = []

    def breaking(first: int, waiting: Waiting[int]) -> None:
        taken: list[int] = []
        while not taken:
            taken += waiting(lambda _: True)
        done.extend(taken)
        raise RuntimeError("broken")

    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(line.run, n, breaking) for n in range(2)]
        broken = [one.exception(30) for one in running]
    assert sorted(type(one) for one in broken if one is not None) == [RuntimeError]
    assert len(done) == 1
    with pytest.raises(RuntimeError, match="broken"):
        line.run(3, lambda *_: (_ for _ in ()).throw(RuntimeError("broken")))
    line.run(4, lambda first, _: done.append(first))
    assert done[-1] == 4
