"""When the next sync is due: after changes, in its rhythm, and ever later while the line is gone."""

from hypothesis import given
from hypothesis import strategies as st

from fieldrep.sync.schedule import AFTER_CHANGE_MS, EVERY_MS, FIRST_RETRY_MS, LONGEST_RETRY_MS, Schedule

NOW = 1_800_000_000_000


def drawn(level: int) -> Schedule:
    """A schedule whose randomness always draws the same."""
    return Schedule(NOW, lambda size: bytes([level] * size))


def test_the_first_sync_is_due_at_once() -> None:
    assert drawn(0).wait(NOW) == 0


def test_after_a_sync_the_next_is_due_in_its_rhythm_and_sooner_after_a_change() -> None:
    schedule = drawn(0)
    schedule.succeeded(NOW)
    assert schedule.wait(NOW) == EVERY_MS * 4 // 5
    schedule.changed(NOW)
    assert schedule.wait(NOW) == AFTER_CHANGE_MS
    schedule.changed(NOW + 1_000)
    assert schedule.wait(NOW) == AFTER_CHANGE_MS, "a second change does not put the sync off"


def test_each_failure_in_a_row_waits_longer_up_to_a_limit() -> None:
    schedule = drawn(0)
    waits = []
    for _ in range(12):
        schedule.failed(NOW)
        waits.append(schedule.wait(NOW))
    assert waits[:3] == [FIRST_RETRY_MS * 4 // 5, FIRST_RETRY_MS * 8 // 5, FIRST_RETRY_MS * 16 // 5]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_RETRY_MS * 4 // 5
    assert not schedule.online


def test_without_a_line_a_change_does_not_hammer_the_server() -> None:
    schedule = drawn(255)
    for _ in range(5):
        schedule.failed(NOW)
    before = schedule.due_at
    schedule.changed(NOW)
    assert schedule.due_at == before


def test_a_person_who_asks_is_not_kept_waiting_and_success_forgets_the_failures() -> None:
    schedule = drawn(255)
    for _ in range(5):
        schedule.failed(NOW)
    schedule.wanted(NOW)
    assert schedule.wait(NOW) == 0
    schedule.succeeded(NOW)
    assert schedule.online
    schedule.failed(NOW)
    assert schedule.wait(NOW) <= FIRST_RETRY_MS * 6 // 5


@given(st.binary(min_size=2, max_size=2))
def test_laptops_that_lost_the_line_together_come_back_spread_by_a_fifth(raw: bytes) -> None:
    schedule = Schedule(NOW, lambda _size: raw)
    schedule.failed(NOW)
    assert FIRST_RETRY_MS * 4 // 5 <= schedule.wait(NOW) <= FIRST_RETRY_MS * 6 // 5
