"""The age of what waits is told in words, and a queue that does not drain says what to do."""

from __future__ import annotations

import pytest

from fieldrep.domain.queue_age import DAY, HOUR, LONGEST_WAIT, MINUTE, MOST_FAILURES, queue_warning, waited


@pytest.mark.parametrize(
    ("span", "words"),
    [(0, "1 minute"), (-DAY, "1 minute"), (59 * MINUTE, "59 minutes"), (HOUR, "1 hour"), (DAY - 1, "23 hours"),
     (8 * DAY + 5 * HOUR, "8 days")],
)  # fmt: skip
def test_an_age_is_told_in_its_largest_unit(span: int, words: str) -> None:
    assert waited(100 * DAY, 100 * DAY + span) == words


def test_a_queue_is_quiet_until_it_has_waited_too_long_or_failed_too_often() -> None:
    assert queue_warning(None, LONGEST_WAIT * 2, failures=99) == "", "nothing waits"
    assert queue_warning(0, LONGEST_WAIT - 1, failures=MOST_FAILURES - 1) == ""
    assert queue_warning(0, LONGEST_WAIT).startswith("The oldest change has waited 7 days")
    assert queue_warning(0, 1, failures=MOST_FAILURES).startswith("The server was not reached 10 times")
    assert "tell your admin" in queue_warning(0, LONGEST_WAIT)
