"""Days and times of the window: by the person's own zone, else by where the laptop is at the moment."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

import pytest

from fieldrep.domain.days import day_of
from fieldrep.ui.desk import Desk
from fieldrep.ui.runner import Runner
from tests.ui.window import Window

Travel = Callable[[str], None]


@pytest.fixture
def travel(monkeypatch: pytest.MonkeyPatch) -> Iterator[Travel]:
    """Sets the zone of the computer, as its system does; programs that run are not told."""
    yield lambda zone: monkeypatch.setenv("TZ", zone)
    monkeypatch.undo()
    time.tzset()


def moment(*when: int) -> int:
    return int(datetime(*when, tzinfo=UTC).timestamp() * 1000)


def desk(runner: Runner, now: list[int]) -> Desk:
    return Desk(runner, lambda: now[0])


def test_a_laptop_that_travels_dates_by_where_it_is_now(window: Window, travel: Travel) -> None:
    late = moment(2026, 3, 10, 23, 30)
    travel("Europe/Amsterdam")
    made = desk(window.program.runner, [late])
    assert made.today() == day_of(late, None) == date(2026, 3, 11)
    travel("America/New_York")
    assert made.today() == date(2026, 3, 10)
    assert day_of(late, None) == date(2026, 3, 10), (
        "a command that dates by the computer does as the window does"
    )
    assert made.zone_name() == "America/New_York (UTC-04:00)"


def test_summer_time_that_begins_while_the_window_is_open_is_followed(window: Window, travel: Travel) -> None:
    now = [moment(2026, 1, 10, 22, 30)]
    travel("Europe/Amsterdam")
    made = desk(window.program.runner, now)
    assert (made.today(), made.zone_name()) == (date(2026, 1, 10), "Europe/Amsterdam (UTC+01:00)")
    now[0] = moment(2026, 7, 10, 22, 30)
    assert (made.today(), made.zone_name()) == (date(2026, 7, 11), "Europe/Amsterdam (UTC+02:00)")
    made.settle("Anke", "Europe/Amsterdam")
    assert made.zone_beside() == "", "her zone and the computer's are the same, summer and winter"
    travel("America/New_York")
    assert made.zone_beside() == "Amsterdam time"
    assert made.today() == date(2026, 7, 11), "her own zone stays"
