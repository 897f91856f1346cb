"""The harness proves itself: each planted bug is noticed within a few seeds, and the same seeds pass without it."""

from __future__ import annotations

import pytest

from tests.sim.conftest import Play
from tests.sim.judge.oracle import Wrong
from tests.sim.planted.bugs import Bug, planted
from tests.sim.planted.counting import ALL_BUGS, MOST_SEEDS, histories_for, seeds_to_try


@pytest.mark.parametrize("bug", ALL_BUGS, ids=lambda bug: bug.__name__)
def test_a_planted_bug_is_caught(played: Play, bug: Bug, capsys: pytest.CaptureFixture[str]) -> None:
    for number in seeds_to_try(bug):
        try:
            with planted(bug):
                played(number, **histories_for(bug))
        except (Wrong, AssertionError) as caught:
            with capsys.disabled():
                print(f"\n{bug.__name__}: caught at seed {number}: {str(caught)[:120]}")
            return
    pytest.fail(f"{bug.__name__} went unnoticed for {MOST_SEEDS} seeds")
