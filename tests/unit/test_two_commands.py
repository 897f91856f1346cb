"""Command lines that meet on one profile: the second waits for the first, and what it waits for in vain it names."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fieldrep.commands.accounts import edit_account
from fieldrep.contract.ids import id_text
from fieldrep.paths import Profile
from fieldrep.store import lock
from fieldrep.store.lock import FileLock, Holder
from fieldrep.store.replica import Replica
from tests.helpers.small_company import AURORA, KEY, Counting, Ticking
from tests.unit.conftest import Shell

EDIT = ("do", "edit_account", json.dumps({"id": id_text(AURORA), "phone": "0800 CRON"}))


class Waiting:
    """The time that a lock reads and spends: an hour passes in no time, and what is to happen in it happens."""

    def __init__(self, meanwhile: Callable[[float], None] = lambda _: None) -> None:
        self.now, self._meanwhile = 0.0, meanwhile

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self._meanwhile(self.now)


def test_a_command_waits_until_the_one_before_it_has_ended(
    shell: Shell, profile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = Replica.open(Profile(profile), KEY, Ticking(), Counting(), holder=Holder.COMMAND)

    def end_it(now: float) -> None:
        if now > 3:
            sync.close()

    hand = Waiting(end_it)
    monkeypatch.setattr(lock, "time", hand)
    edit_account(sync, row_id=AURORA, note="Still at work")
    assert shell(*EDIT).code == 0
    assert hand.now > 3
    row = shell("show", "account", id_text(AURORA)).json
    assert (row["phone"], row["note"]) == ("0800 CRON", "Still at work")


def test_a_command_that_does_not_end_is_waited_for_ten_seconds_and_then_named(
    shell: Shell, profile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = Waiting()
    monkeypatch.setattr(lock, "time", hand)
    with Replica.open(Profile(profile), KEY, Ticking(), Counting(), holder=Holder.COMMAND):
        answer = shell(*EDIT)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("Another fieldrep command is at work on this profile")
    assert "window" not in answer.err
    assert round(hand.now) == 10


@pytest.mark.parametrize("words", [EDIT, ("sync",), ("repair",), ("repair", "--set-aside")])
def test_a_window_is_not_waited_for_and_named(
    shell: Shell, profile: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    hand = Waiting()
    monkeypatch.setattr(lock, "time", hand)
    with Replica.open(Profile(profile), KEY, Ticking(), Counting()):
        answer = shell(*words)
    assert (answer.code, answer.err) == (
        1,
        "FieldRep is already open on this profile. Use that window, or close it and try again.\n",
    )
    assert hand.now == 0


def test_a_window_waits_for_nobody_and_hears_that_a_command_is_at_work(
    profile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = Waiting()
    monkeypatch.setattr(lock, "time", hand)
    command = FileLock(profile / "profile.lock", Holder.COMMAND)
    try:
        with pytest.raises(Exception, match="Another fieldrep command is at work"):
            Replica.open(Profile(profile), KEY, Ticking(), Counting())
    finally:
        command.release()
    assert hand.now == 0
