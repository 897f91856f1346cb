"""The runner: the one way from the window to the data. Commands on one writer thread, queries on reader threads.

Owns threads, the hop back to the GUI thread, dropping of answers nobody waits for, and the notice after a command.
It must not know what a command or a query does: `Doors` run them on the replica.
"""

from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event
from time import monotonic
from typing import Any, Protocol

import shiboken6
from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

REST_MS = 400
"""Nobody who types lets so much pass between two questions."""

MOST_RESTS = 12
"""Times that gentle work lets somebody go first, until it begins all the same."""


@dataclass(frozen=True)
class Notice:
    """After a command: which entities changed and who started it (the object given as `initiator`)."""

    entities: frozenset[str]
    initiator: object = None


class Doors(Protocol):
    """How commands and queries reach the replica. Called on the writer and on reader threads."""

    def command(self, fn: Callable[..., Any], /, **kw: Any) -> tuple[Any, frozenset[str]]:
        """Run a command in a unit of work; its outcome and the entities it changed."""

    def query(self, fn: Callable[..., Any], /, **kw: Any) -> Any:
        """Run a query on a reader."""


class Progress:
    """Given to long work: it reports how far it is and stops when `cancelled` is true."""

    def __init__(self, tell: Callable[[str, int, int], None]) -> None:
        self._tell = tell
        self._cancel = Event()

    @property
    def cancelled(self) -> bool:
        return self._cancel.is_set()

    def cancel(self) -> None:
        self._cancel.set()

    def report(self, words: str, done: int, total: int) -> None:
        self._tell(words, done, total)


@dataclass(frozen=True)
class _Wait:
    """Who waits for an answer: callbacks for the GUI thread and the object that must still live."""

    owner: int
    asker: QObject | None
    done: Callable[[Any], None] | None
    failed: Callable[[Exception], None] | None


class Runner(QObject):
    """`noticed` after every command that changed rows; `problem` for errors no caller wanted."""

    noticed = Signal(Notice)
    problem = Signal(object)
    _posted = Signal(object)

    def __init__(self, doors: Doors, readers: int = 2, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._doors = doors
        self._writer = ThreadPoolExecutor(1, "writer")
        self._readers = ThreadPoolExecutor(readers, "reader")
        self._control = ThreadPoolExecutor(1, "control")
        self._line = ThreadPoolExecutor(1, "line")
        self._newest: dict[Hashable, int] = {}
        self._closed = False
        self._owner, self._owned = 0, True
        self._asked_at = 0.0
        self._posted.connect(self._run_here, Qt.ConnectionType.QueuedConnection)

    def command(
        self,
        fn: Callable[..., Any],
        /,
        *,
        initiator: object = None,
        done: Callable[[Any], None] | None = None,
        failed: Callable[[Exception], None] | None = None,
        **kw: Any,
    ) -> None:
        """Run a command after all commands started before it; then `done(outcome)` and the notice."""
        if not self._owned:
            return
        wait = _Wait(self._owner, initiator if isinstance(initiator, QObject) else None, done, failed)

        def work() -> None:
            if self._is_stale(wait):
                return
            try:
                outcome, entities = self._doors.command(fn, **kw)
            except Exception as error:  # noqa: BLE001 - handed to the caller on the GUI thread
                self._post(lambda error=error: self._fail(wait, error))
                return
            self._post(lambda: self._finish(wait, outcome))
            if entities:
                self._post(lambda: self.noticed.emit(Notice(entities, initiator)))

        self._submit(self._writer, work)

    def query(
        self,
        fn: Callable[..., Any],
        /,
        *,
        done: Callable[[Any], None],
        asker: QObject,
        lane: Hashable = None,
        failed: Callable[[Exception], None] | None = None,
        **kw: Any,
    ) -> None:
        """Run a query; only the newest of one asker and lane (default: the function) is answered."""
        if not self._owned:
            return
        self._asked_at = monotonic()
        place: Hashable = (id(asker), lane if lane is not None else fn)
        number = self._newest.get(place, 0) + 1
        self._newest[place] = number
        wait = _Wait(self._owner, asker, done, failed)

        def stale() -> bool:
            return self._newest.get(place) != number or self._is_stale(wait)

        def work() -> None:
            if stale():
                return
            try:
                answer = self._doors.query(fn, **kw)
            except Exception as error:  # noqa: BLE001 - handed to the caller on the GUI thread
                self._post(lambda error=error: None if stale() else self._fail(wait, error))
                return
            self._post(lambda: None if stale() else self._finish(wait, answer))

        self._submit(self._readers, work)

    def control(
        self,
        fn: Callable[[Progress], Any],
        *,
        done: Callable[[Any], None] | None = None,
        failed: Callable[[Exception], None] | None = None,
        progress: Callable[[str, int, int], None] | None = None,
        asker: QObject | None = None,
        beside: bool = False,
        gently: bool = False,
    ) -> Progress:
        """Long work such as a sync, one at a time, on the control thread; the answer is its cancel switch.

        Args:
            beside: on a thread of its own beside that, one at a time as well: for waiting, which takes no work.
            gently: it begins when nothing was asked for a moment, as it is while somebody types into a search.
        """
        wait = _Wait(self._owner, asker, done, failed)

        def tell(words: str, done_so_far: int, total: int) -> None:
            if progress is not None:
                self._post(lambda: progress(words, done_so_far, total) if self._alive(wait) else None)

        switch = Progress(tell)

        def work() -> None:
            try:
                answer = fn(switch)
            except Exception as error:  # noqa: BLE001 - handed to the caller on the GUI thread
                self._post(lambda error=error: self._fail(wait, error))
                return
            self._post(lambda: self._finish(wait, answer))

        pool = self._line if beside else self._control
        if gently:
            self._submit_at_rest(pool, work)
        else:
            self._submit(pool, work)
        return switch

    def tell(self, entities: frozenset[str], initiator: object = None) -> None:
        """From any thread: rows changed by something that was no command here, such as a pull."""
        self._post(lambda: self.noticed.emit(Notice(entities, initiator)))

    def leave_owner(self) -> None:
        """The profile is nobody's any more: what was asked for whom it was is not done for whoever comes next.

        Commands and queries asked from now on, as of windows that are being taken away, are passed over until
        `take_owner`; long work goes on, because it is by that the profile becomes somebody's again.
        """
        self._owner += 1
        self._owned = False

    def take_owner(self) -> None:
        """The profile is somebody's again."""
        self._owned = True

    def close(self) -> None:
        """Finish what runs, drop what waits for answers; commands already started are never lost."""
        self._closed = True
        self._line.shutdown(wait=True, cancel_futures=True)
        self._control.shutdown(wait=True, cancel_futures=True)
        self._readers.shutdown(wait=True, cancel_futures=True)
        self._writer.shutdown(wait=True)

    def _submit(self, pool: ThreadPoolExecutor, work: Callable[[], None]) -> None:
        if not self._closed:
            pool.submit(work)

    def _submit_at_rest(self, pool: ThreadPoolExecutor, work: Callable[[], None], waits: int = 0) -> None:
        rest = REST_MS - int(1000 * (monotonic() - self._asked_at))
        if rest > 0 and waits < MOST_RESTS:
            QTimer.singleShot(rest, self, lambda: self._submit_at_rest(pool, work, waits + 1))
        else:
            self._submit(pool, work)

    def _post(self, then: Callable[[], None]) -> None:
        if not self._closed:
            self._posted.emit(then)

    @Slot(object)
    def _run_here(self, then: Callable[[], None]) -> None:
        then()

    def _is_stale(self, wait: _Wait) -> bool:
        """Asked for somebody whose profile it is no more."""
        return wait.owner != self._owner

    def _alive(self, wait: _Wait) -> bool:
        return wait.asker is None or shiboken6.isValid(wait.asker)

    def _finish(self, wait: _Wait, answer: Any) -> None:
        if wait.done is not None and self._alive(wait):
            wait.done(answer)

    def _fail(self, wait: _Wait, error: Exception) -> None:
        if wait.failed is not None and self._alive(wait):
            wait.failed(error)
        elif not self._is_stale(wait):
            self.problem.emit(error)
