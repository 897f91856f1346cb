"""When the next sync is due and when the line is held open: after changes, at news, and ever later while it is gone."""

from hypothesis import given
from hypothesis import strategies as st

from fieldrep.sync.schedule import (
    AFTER_CHANGE_MS,
    EVERY_MS,
    FIRST_RETRY_MS,
    LIVE_AFTER_CHANGE_MS,
    LIVE_EVERY_MS,
    LONGEST_ASKED_MS,
    LONGEST_PAUSE_MS,
    LONGEST_RETRY_MS,
    SHORT_WAIT_MS,
    SHORTEST_RETRY_MS,
    SOON_MS,
    Schedule,
)

NOW = 1_800_000_000_000
YEARS = 10 * 365 * 86_400_000


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


def test_while_the_server_holds_the_line_changes_go_out_at_once_and_nothing_else_happens() -> None:
    schedule = drawn(0)
    schedule.held()
    schedule.succeeded(NOW)
    assert schedule.wait(NOW) == LIVE_EVERY_MS * 4 // 5
    schedule.changed(NOW)
    assert schedule.wait(NOW) == LIVE_AFTER_CHANGE_MS


def test_each_failure_in_a_row_draws_from_a_longer_span_up_to_a_limit() -> None:
    schedule = drawn(255)
    waits = []
    for _ in range(12):
        schedule.failed(NOW)
        waits.append(schedule.wait(NOW))
    assert waits[:3] == [FIRST_RETRY_MS, FIRST_RETRY_MS * 2, FIRST_RETRY_MS * 4]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_RETRY_MS
    assert not schedule.online


@given(st.binary(min_size=2, max_size=2), st.integers(1, 20))
def test_laptops_that_lost_the_line_together_come_back_all_over_the_span(raw: bytes, times: int) -> None:
    schedule = Schedule(NOW, lambda _size: raw)
    for _ in range(times):
        schedule.failed(NOW)
    span = min(FIRST_RETRY_MS << min(times - 1, 6), LONGEST_RETRY_MS)
    share = int.from_bytes(raw, "big") / 65_535
    expected = SHORTEST_RETRY_MS + share * (span - SHORTEST_RETRY_MS)
    assert abs(schedule.wait(NOW) - expected) <= 1


@given(st.integers(-5, 10**9))
def test_a_server_that_says_when_is_obeyed_within_bounds(asked: int) -> None:
    schedule = drawn(0)
    schedule.failed(NOW, asked)
    wait = schedule.wait(NOW)
    assert SHORTEST_RETRY_MS <= wait <= LONGEST_ASKED_MS + SHORTEST_RETRY_MS
    if 0 < asked * 1_000 <= LONGEST_ASKED_MS:
        assert wait == asked * 1_000 + SHORTEST_RETRY_MS, "not a moment before it"


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
    assert schedule.wait(NOW) <= FIRST_RETRY_MS


def test_a_clock_set_back_by_years_stops_nothing_and_one_set_forward_hurries_once() -> None:
    schedule = drawn(255)
    schedule.failed(NOW)
    assert schedule.wait(NOW - YEARS) <= FIRST_RETRY_MS
    assert schedule.wait(NOW + YEARS) == 0
    schedule.succeeded(NOW + YEARS)
    assert 0 < schedule.wait(NOW) <= EVERY_MS * 6 // 5
    schedule.lost(NOW + YEARS, 0)
    assert schedule.listen_in(NOW) <= LONGEST_RETRY_MS


def test_a_laptop_that_wakes_looks_soon_whatever_it_was_waiting_for() -> None:
    schedule = drawn(255)
    for _ in range(9):
        schedule.failed(NOW)
        schedule.lost(NOW, 0)
    schedule.woke(NOW)
    assert schedule.wait(NOW) <= SOON_MS
    assert schedule.listen_in(NOW) == 0
    schedule.wanted(NOW)
    schedule.woke(NOW)
    assert schedule.wait(NOW) == 0, "what is due sooner stays so"


def test_a_line_that_breaks_after_a_while_is_looked_after_and_held_again() -> None:
    """As behind a proxy that cuts what is idle."""
    schedule = drawn(0)
    schedule.held()
    schedule.succeeded(NOW)
    for _ in range(20):
        schedule.lost(NOW, SHORT_WAIT_MS)
        assert not schedule.live
        assert schedule.wait(NOW) <= SOON_MS
        assert schedule.listen_in(NOW) <= SHORTEST_RETRY_MS
        schedule.succeeded(NOW)


def test_a_line_that_can_never_be_held_is_tried_ever_more_rarely_and_syncs_keep_their_rhythm() -> None:
    """As behind a proxy, or with a server, that knows no waits."""
    schedule = drawn(255)
    schedule.succeeded(NOW)
    pauses = []
    for _ in range(10):
        schedule.lost(NOW, 10)
        pauses.append(schedule.listen_in(NOW))
        schedule.succeeded(NOW)
        assert schedule.wait(NOW) >= EVERY_MS
    assert pauses == sorted(pauses)
    assert pauses[0] >= SHORTEST_RETRY_MS
    assert pauses[-1] == LONGEST_RETRY_MS
    schedule.lost(NOW, 10)
    assert schedule.wait(NOW) >= EVERY_MS, "the rhythm is not broken for a line that never was"
    schedule.heard(NOW, SHORT_WAIT_MS, changed=False)
    assert schedule.listen_in(NOW) == 0


def test_a_server_that_always_has_news_keeps_nobody_busy() -> None:
    schedule = drawn(0)
    pauses = []
    for _ in range(100):
        schedule.heard(NOW, 3, changed=True)
        pauses.append(schedule.listen_in(NOW))
    assert pauses[:8] == [0] * 8, "a lively morning is followed live"
    assert pauses[-1] == LONGEST_PAUSE_MS
    schedule.heard(NOW, SHORT_WAIT_MS, changed=True)
    assert schedule.listen_in(NOW) == 0


def test_a_server_that_ends_each_wait_at_once_without_news_is_asked_ever_more_rarely() -> None:
    schedule = drawn(255)
    for _ in range(10):
        schedule.heard(NOW, 3, changed=False)
    assert schedule.listen_in(NOW) == LONGEST_RETRY_MS
