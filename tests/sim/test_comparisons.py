"""One history played twice, with something changed that must not matter: clocks, faults, the database."""

from __future__ import annotations

import pytest

from tests.conftest import IN_CI
from tests.sim.conftest import Play
from tests.sim.schedule import Step, without_faults, without_work_meanwhile

STEPS = 60


@pytest.mark.parametrize("seed", range(101, 151) if IN_CI else (101, 102, 104))
def test_a_seed_played_again_gives_the_same_log(played: Play, seed: int) -> None:
    assert played(seed, steps=STEPS // 2).fingerprint() == played(seed, steps=STEPS // 2).fingerprint()


@pytest.mark.parametrize("seed", range(21, 27))
def test_clocks_that_are_wrong_by_decades_change_nothing_on_the_server(played: Play, seed: int) -> None:
    wrong, right = played(seed, steps=STEPS), played(seed, steps=STEPS, skewed=False)
    assert max(abs(laptop.skew) for laptop in wrong.laptops) > 365 * 86_400_000
    assert wrong.log[-1] == right.log[-1], "I19"
    assert wrong.fingerprint() == right.fingerprint()


@pytest.mark.parametrize("seed", range(31, 37))
def test_a_history_with_kills_and_lost_messages_ends_as_the_same_one_without(played: Play, seed: int) -> None:
    def stormy(schedule: list[Step]) -> list[Step]:
        return without_work_meanwhile(schedule)

    def calm(schedule: list[Step]) -> list[Step]:
        return without_faults(schedule)

    storm = played(seed, steps=STEPS, change=stormy, recover=True)
    calm_day = played(seed, steps=STEPS, change=calm, recover=True)
    assert storm.fired, "nothing broke in the history that should have been stormy"
    assert storm.log[-1] == calm_day.log[-1], "I20"


@pytest.mark.parametrize("seed", range(41, 47))
def test_sqlite_and_postgresql_give_the_same_answers_to_the_same_history(played: Play, seed: int) -> None:
    one, other = played(seed, steps=STEPS), played(seed, steps=STEPS, kind="postgresql")
    assert one.log == other.log, "I23"
