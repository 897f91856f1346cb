"""The runner: order of commands, notices, answers on the GUI thread, and answers nobody waits for any more."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from fieldrep.ui.runner import Notice, Progress, Runner


class Shelf:
    """Doors onto a list: small, but with the real threads."""

    def __init__(self) -> None:
        self.rows: list[str] = []
        self.writer_threads: set[str] = set()

    def command(self, fn: Any, /, **kw: Any) -> tuple[Any, frozenset[str]]:
        self.writer_threads.add(threading.current_thread().name)
        return fn(self.rows, **kw), frozenset({"account"})

    def query(self, fn: Any, /, **kw: Any) -> Any:
        return fn(self.rows, **kw)


def put(rows: list[str], *, name: str) -> int:
    if not name:
        raise ValueError("a name is needed")
    rows.append(name)
    return len(rows)


def count(rows: list[str]) -> int:
    return len(rows)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def runner(qtbot: QtBot, shelf: Shelf) -> Iterator[Runner]:
    runner = Runner(shelf)
    yield runner
    runner.close()


def test_a_command_answers_on_the_gui_thread_and_then_tells_who_changed_what(
    qtbot: QtBot, runner: Runner, shelf: Shelf
) -> None:
    heard: list[object] = []
    page = QObject()
    runner.noticed.connect(heard.append)
    with qtbot.waitSignal(runner.noticed):
        runner.command(
            put, name="a", initiator=page, done=lambda at: heard.append((at, threading.current_thread()))
        )
    assert heard == [(1, threading.main_thread()), Notice(frozenset({"account"}), page)]
    assert len(shelf.writer_threads) == 1
    assert threading.main_thread().name not in shelf.writer_threads


def test_commands_run_one_after_another_in_the_order_they_were_started(
    qtbot: QtBot, runner: Runner, shelf: Shelf
) -> None:
    done: list[int] = []
    for number in range(50):
        runner.command(put, name=str(number), done=done.append)
    qtbot.waitUntil(lambda: len(done) == 50)
    assert shelf.rows == [str(number) for number in range(50)]
    assert done == list(range(1, 51))


def test_only_the_newest_question_of_a_page_is_answered(qtbot: QtBot, runner: Runner) -> None:
    gate, started = threading.Event(), threading.Event()

    def slow(rows: list[str], *, text: str) -> str:
        started.set()
        gate.wait(5)
        return text

    answers: list[str] = []
    page = QObject()
    runner.query(slow, text="a", asker=page, done=answers.append)
    assert started.wait(5)
    runner.query(slow, text="au", asker=page, done=answers.append)
    runner.query(slow, text="aur", asker=page, done=answers.append)
    gate.set()
    qtbot.waitUntil(lambda: bool(answers))
    runner.query(slow, text="last", asker=page, lane="other", done=answers.append)
    qtbot.waitUntil(lambda: "last" in answers)
    assert answers == ["aur", "last"]


def test_a_page_that_is_gone_gets_no_answer(qtbot: QtBot, runner: Runner) -> None:
    import shiboken6

    gate, answers = threading.Event(), []

    def slow(rows: list[str]) -> None:
        gate.wait(5)

    page, other = QObject(), QObject()
    runner.query(slow, asker=page, done=answers.append)
    shiboken6.delete(page)
    gate.set()
    runner.query(count, asker=other, done=answers.append)
    qtbot.waitUntil(lambda: bool(answers))
    runner.query(count, asker=other, done=answers.append)
    qtbot.waitUntil(lambda: len(answers) == 2)
    assert answers == [0, 0]


def test_an_error_goes_to_the_caller_or_else_to_the_window(qtbot: QtBot, runner: Runner) -> None:
    errors: list[Exception] = []
    runner.command(put, name="", failed=errors.append)
    qtbot.waitUntil(lambda: bool(errors))
    assert str(errors[0]) == "a name is needed"
    with qtbot.waitSignal(runner.problem) as told:
        runner.command(put, name="")
    assert str(told.args[0]) == "a name is needed"


def test_long_work_reports_and_can_be_cancelled(qtbot: QtBot, runner: Runner) -> None:
    heard: list[tuple[str, int, int]] = []
    gate = threading.Event()

    def work(progress: Progress) -> str:
        progress.report("Receiving", 1, 3)
        gate.wait(5)
        return "cancelled" if progress.cancelled else "done"

    ended: list[str] = []
    switch = runner.control(work, progress=lambda *told: heard.append(told), done=ended.append)
    qtbot.waitUntil(lambda: bool(heard))
    switch.cancel()
    gate.set()
    qtbot.waitUntil(lambda: bool(ended))
    assert heard == [("Receiving", 1, 3)]
    assert ended == ["cancelled"]


def test_closing_finishes_the_commands_already_started(qtbot: QtBot, shelf: Shelf) -> None:
    runner = Runner(shelf)
    for number in range(20):
        runner.command(put, name=str(number))
    runner.close()
    assert len(shelf.rows) == 20
    runner.command(put, name="late")
    assert len(shelf.rows) == 20


def test_what_was_asked_for_somebody_whose_profile_is_no_more_is_not_done_for_the_next(
    qtbot: QtBot, runner: Runner, shelf: Shelf
) -> None:
    going, problems = threading.Event(), list[object]()
    answers: list[object] = []
    page = QObject()
    runner.problem.connect(problems.append)

    def held(rows: list[str]) -> int:
        going.wait(10)
        raise ValueError("the shelf is gone")

    runner.command(held)
    runner.command(put, name="typed by who was here before")
    runner.leave_owner()
    runner.command(put, name="kept by a window that is taken away")
    runner.query(count, asker=page, done=answers.append)
    going.set()
    runner.take_owner()
    runner.command(put, name="of who came next", done=answers.append)
    qtbot.waitUntil(lambda: answers == [1])
    assert shelf.rows == ["of who came next"]
    assert problems == []


def test_gentle_work_lets_somebody_who_asks_go_first_and_is_done_all_the_same(
    qtbot: QtBot, runner: Runner
) -> None:
    order: list[str] = []
    runner.query(count, asker=runner, done=lambda _: None)
    runner.control(lambda _: order.append("gentle"), gently=True)
    runner.control(lambda _: order.append("wanted"))
    qtbot.waitUntil(lambda: len(order) == 2)
    assert order == ["wanted", "gentle"]


def test_gentle_work_begins_though_somebody_asks_without_end(qtbot: QtBot, runner: Runner) -> None:
    done: list[int] = []
    asked: list[int] = []

    def ask(_: object = None) -> None:
        asked.append(1)
        if not done:
            runner.query(count, asker=runner, done=ask)

    ask()
    runner.control(lambda _: done.append(len(asked)), gently=True)
    qtbot.waitUntil(lambda: bool(done), timeout=30_000)
    assert done[0] > 1
