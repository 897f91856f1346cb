"""Devices that wait for news: thousands of them on one event loop, without a thread or a query each.

While anybody waits, one watcher looks at the store's clock: when the database rings, or a few times a second where it
has no bell. When the clock has moved it asks once whom the stretch touches; only those are woken, a few at a time. It
works the same whoever wrote: this process, another one, an import. Nothing here says what changed (I5), and every wake
ends in an exchange that identifies the device anew, so that a withdrawn one hears it at once (I18). Must not know what
an exchange is.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import msgspec

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.live import BEAT_SECONDS, WaitReply
from sync_server.store.bell import Bell
from sync_server.store.database import Database, StoreInfo
from sync_server.store.devices.credentials import DeviceIdentity
from sync_server.store.devices.cursor import Stage, decode_cursor
from sync_server.store.feed.watch import Touched, touched

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.15
"""From one look to the next at least."""

DEAF_AFTER = 3
"""News in a row for which the bell did not ring, after which it is not waited for any more."""

LOOK_ANYWAY_SECONDS = 5.0
"""However quiet the bell is: a day may have begun for somebody, or it was not heard."""

AFTER_TROUBLE_SECONDS = 2.0
MOST_WAITS = 20_000
MOST_OF_ONE_DEVICE = 2
"""A device whose line broke unnoticed comes again; its oldest wait then ends."""

WOKEN_AT_ONCE = 40
WAKE_EVERY_SECONDS = 0.2
"""So many are woken together, the next ones a little later: their exchanges then never come all at once."""


@dataclass(eq=False, slots=True)
class _Wait:
    device_id: bytes
    user_id: bytes
    since: int
    answer: asyncio.Future[bool] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def end(self, changed: bool) -> None:
        if not self.answer.done():
            self.answer.set_result(changed)


class Waiting:
    """All waits of one process; used on its event loop alone."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waits: dict[bytes, list[_Wait]] = {}
        self._count = 0
        self._touched = Touched()
        info = database.info()
        self._seen: tuple[bytes, int] = (info.epoch, info.revision)
        self._known_from: int = info.revision
        self._watcher: asyncio.Task[None] | None = None
        self._bell: Bell | None = None
        self._rung = asyncio.Event()
        self._unheard = 0
        self._thread = ThreadPoolExecutor(1, "watch")
        self._ended = False

    def end(self) -> None:
        """The server stops: every wait is answered, and no further one begins."""
        self._ended = True
        self._rung.set()
        for waits in self._waits.values():
            for wait in waits:
                wait.end(False)
        self._thread.shutdown(wait=False)

    def require_room(self) -> None:
        """Refuses a wait that cannot be held.

        Raises:
            KnownError: `server_busy`.
        """
        if self._ended or self._count >= MOST_WAITS:
            raise KnownError(Code.SERVER_BUSY, "The server holds no more lines open; ask again later.")

    async def answer(
        self, device: DeviceIdentity, info: StoreInfo, place: tuple[bytes, bytes] | None, hold: float
    ) -> AsyncIterator[bytes]:
        """The body of an answer: blanks while nothing happens, then whether something did."""
        since = self._place_to_wait_from(device.user_id, info, place)
        changed = since is None
        if since is not None:
            wait = self._enter(device, since)
            ends = asyncio.get_running_loop().time() + hold
            try:
                while not await _ended_within(wait, min(BEAT_SECONDS, _left(ends))) and _left(ends) > 0:
                    yield b" "
                changed = wait.answer.done() and wait.answer.result()
            finally:
                self._leave(wait)
        yield msgspec.json.encode(WaitReply(changed, closing=self._ended and not changed))

    def _place_to_wait_from(
        self, user_id: bytes, info: StoreInfo, place: tuple[bytes, bytes] | None
    ) -> int | None:
        """The state the device has, None when there is news already.

        There may be some too: what happened before this process began to look is not known to it.
        """
        if self._seen[0] != info.epoch:
            self._begin_at(info.epoch, info.revision)
        if place is None or place[0] != info.epoch:
            return None
        since = _reached(place[1], info)
        return since if since >= max(self._known_from, self._touched.reaches(user_id)) else None

    def _begin_at(self, epoch: bytes, revision: int) -> None:
        """Another lineage: whoever waits is to ask."""
        self._seen, self._known_from, self._touched = (epoch, revision), revision, Touched()
        self._wake([wait for waits in self._waits.values() for wait in waits])

    def _enter(self, device: DeviceIdentity, since: int) -> _Wait:
        wait = _Wait(device.device_id, device.user_id, since)
        waits = self._waits.setdefault(device.user_id, [])
        own = [one for one in waits if one.device_id == device.device_id]
        if len(own) >= MOST_OF_ONE_DEVICE:
            own[0].end(False)
        waits.append(wait)
        self._count += 1
        if self._ended:
            wait.end(False)
        elif self._watcher is None:
            self._watcher = asyncio.get_running_loop().create_task(self._watch())
        return wait

    def _leave(self, wait: _Wait) -> None:
        waits = self._waits[wait.user_id]
        waits.remove(wait)
        self._count -= 1
        if not waits:
            del self._waits[wait.user_id]

    async def _watch(self) -> None:
        """Looks while anybody waits; the bell comes down with it, also when the event loop ends first."""
        troubled = False
        try:
            while self._count and not self._ended:
                await asyncio.sleep(AFTER_TROUBLE_SECONDS if troubled else LOOK_SECONDS)
                rang = await self._wait_for_the_bell()
                if self._ended:
                    break
                try:
                    await self._hang_bell()
                    self._judge_bell(rang, news=await self._look())
                    troubled = False
                except Exception as error:  # noqa: BLE001 - whatever ails the store, nobody who waits is cut off for it
                    if not troubled and not _is_away(error):
                        log.warning("the store cannot be watched: %s", error)
                    troubled = True
        finally:
            self._take_bell_down()
            self._watcher = None

    async def _wait_for_the_bell(self) -> bool | None:
        """Until it rings, or it is time to look anyway: whether it rang, None where there is none."""
        if self._bell is None:
            return None
        try:
            await asyncio.wait_for(self._rung.wait(), LOOK_ANYWAY_SECONDS)
        except TimeoutError:
            return False
        self._rung.clear()
        return True

    def _judge_bell(self, rang: bool | None, *, news: bool) -> None:
        """A bell that news came without hangs on a line that is dead, or behind a pool that keeps its calls."""
        if rang:
            self._unheard = 0
        elif rang is not None and news:
            self._unheard += 1
            self._take_bell_down()

    async def _hang_bell(self) -> None:
        """Has this process told when something is committed, where the database and the event loop can do that."""
        if self._bell is not None or self._unheard >= DEAF_AFTER:
            return
        loop = asyncio.get_running_loop()
        hanging = self._thread.submit(Bell.hung, self._database)
        try:
            bell = await asyncio.wrap_future(hanging)
        except asyncio.CancelledError:
            hanging.add_done_callback(_let_go)
            raise
        if bell is None:
            self._unheard = DEAF_AFTER
            return
        try:
            loop.add_reader(bell.fileno(), self._hear)
        except NotImplementedError:
            bell.close()
            self._unheard = DEAF_AFTER
        else:
            self._bell = bell

    def _hear(self) -> None:
        """Something came on the bell's line; where that was its end, the store is looked at as one without a bell."""
        try:
            if self._bell is not None and not self._bell.heard():
                return
        except KnownError as error:
            log.info("the store's bell is lost: %s", error)
            self._take_bell_down()
        self._rung.set()

    def _take_bell_down(self) -> None:
        if self._bell is not None:
            asyncio.get_running_loop().remove_reader(self._bell.fileno())
            self._bell.close()
            self._bell = None

    async def _look(self) -> bool:
        """Wakes whom something new concerns; whether there was any."""
        looked = await asyncio.get_running_loop().run_in_executor(
            self._thread, self._what_is_new, *self._seen
        )
        if looked is None:
            return False
        epoch, revision, news = looked
        if news is None:
            self._begin_at(epoch, revision)
            return True
        self._seen = (epoch, revision)
        self._touched.everybody = max(self._touched.everybody, news.everybody)
        for user_id, at in news.users.items():
            self._touched.note(user_id, at)
        users = self._waits if news.everybody else [user for user in news.users if user in self._waits]
        self._wake([wait for user in users for wait in self._waits[user] if wait.since < news.reaches(user)])
        return True

    def _what_is_new(self, epoch: bytes, revision: int) -> tuple[bytes, int, Touched | None] | None:
        """The clock and whom the stretch up to it touches; None when it stands still, no stretch in another epoch."""
        self._database.settle_due()
        with self._database.read() as snapshot:
            info = snapshot.info()
            if info.epoch != epoch:
                return info.epoch, info.revision, None
            if info.revision == revision:
                return None
            return epoch, info.revision, touched(snapshot, revision, info.revision)

    def _wake(self, waits: list[_Wait]) -> None:
        loop = asyncio.get_running_loop()
        for at, wait in enumerate(waits):
            loop.call_later(at // WOKEN_AT_ONCE * WAKE_EVERY_SECONDS, wait.end, True)


def _is_away(error: Exception) -> bool:
    """Whether the log says already that the database is away."""
    return isinstance(error, KnownError) and error.code is Code.SERVER_BUSY


def _let_go(hung: Future[Bell | None]) -> None:
    """A bell that nobody waits for any more."""
    bell = None if hung.cancelled() or hung.exception() else hung.result()
    if bell is not None:
        bell.close()


def _reached(cursor: bytes, info: StoreInfo) -> int:
    """The state a cursor shows to be complete; -1 for one in the middle of a pull, and for none of this store."""
    try:
        position = decode_cursor(cursor, info.revision)
    except KnownError:
        return -1
    return position.since if position.stage is Stage.DONE and cursor else -1


def _left(ends: float) -> float:
    return max(0.0, ends - asyncio.get_running_loop().time())


async def _ended_within(wait: _Wait, seconds: float) -> bool:
    await asyncio.wait((wait.answer,), timeout=seconds)
    return wait.answer.done()
