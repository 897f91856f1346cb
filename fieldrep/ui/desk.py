"""Desk: what every page works with: the runner, the clock, the person's time zone, and who she is.

Owns the day and the zone in which times are shown. It must not know any page.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from zoneinfo import ZoneInfo

from PySide6.QtCore import QObject, QTimeZone, Signal

from fieldrep.contract.errors import KnownError
from fieldrep.contract.ids import RowId
from fieldrep.domain.days import day_of, zone_named
from fieldrep.ui.runner import Runner

if TYPE_CHECKING:
    from fieldrep.pictures.decoder import Decoder


def machine_zone() -> tzinfo:
    """The zone this computer is in now; asked again each time, since a laptop travels while its window is open."""
    name = QTimeZone.systemTimeZoneId().toStdString()
    try:
        return ZoneInfo(name)
    except (
        OSError,
        ValueError,
        KeyError,
    ):  # no such table on this computer: its clock knows the present offset
        return datetime.now(UTC).astimezone().tzinfo or UTC


class SyncDesk(Protocol):
    """What a page may know of sync: how it stands, the words for its next try, how to ask for one, when it pauses."""

    wish: bool

    def wish_pause(self, wish: bool) -> None: ...
    def line(self) -> Any: ...
    def next_words(self) -> str: ...
    def try_now(self) -> None: ...


class Carrier(Protocol):
    """How a page has a sync carried by file, files of accounts brought here, and diagnostics written."""

    def carry_out(self, path: Path) -> Any: ...
    def carry_in(self, path: Path, tell: Callable[[int, int], None]) -> Any: ...
    def bring_file(self, row_id: RowId) -> bytes: ...
    def write_diagnostics(self, reader: Any, *, path: Path) -> None: ...


class FileChoices(QObject):
    """How many MB of photos and documents may travel by themselves in a day; -1 for all. `changed` by a person."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.on_metered, self.brought = 10, 0

    def choose(self, on_metered: int, brought: int) -> None:
        if (on_metered, brought) != (self.on_metered, self.brought):
            self.on_metered, self.brought = on_metered, brought
            self.changed.emit()


class Desk(QObject):
    """One per window. `zone` follows the person once the replica says who works here, until then the computer.

    `customer` is the account last looked at, by id and name: products are shown at its prices.
    `sync_stood` after every change of how sync stands; the composition root says who syncs with `sync_by`.
    """

    sync_stood = Signal(object)

    def __init__(self, runner: Runner, clock: Callable[[], int], zone: tzinfo | None = None) -> None:
        super().__init__()
        self.runner = runner
        self._sync: SyncDesk | None = None
        self._carrier: Carrier | None = None
        self._decoder: Decoder | None = None
        self.clock = clock
        self.person = ""
        self.files = FileChoices()
        self.customer: tuple[RowId, str] | None = None
        self._zone = zone
        self._machine = machine_zone
        self._machine_was: tzinfo | None = None

    def sync_by(self, sync: SyncDesk) -> None:
        self._sync = sync

    def carry_by(self, carrier: Carrier) -> None:
        self._carrier = carrier

    @property
    def carrier(self) -> Carrier:
        """Who writes and reads files to carry."""
        assert self._carrier is not None  # noqa: S101 - the composition root said so before any page
        return self._carrier

    @property
    def decoder(self) -> Decoder:
        """Who decodes pictures, beside the window; asked for by the window's thread, its process begun by a picture."""
        if self._decoder is None:
            from fieldrep.pictures.decoder import Decoder

            self._decoder = Decoder()
        return self._decoder

    def stop_showing(self) -> None:
        """The window closes: no picture is waited for any more that only she would have looked at."""
        if self._decoder is not None:
            self._decoder.stop_showing()

    def close(self) -> None:
        """The window is closed: nobody decodes any more."""
        if self._decoder is not None:
            self._decoder.close()

    def try_sync(self) -> None:
        if self._sync is not None:
            self._sync.try_now()

    def sync_line(self) -> tuple[Any, str]:
        """How sync stands, and the words for its next try."""
        assert self._sync is not None  # noqa: S101 - the composition root said so before any page
        return self._sync.line(), self._sync.next_words()

    @property
    def pauses_on_metered(self) -> bool:
        """Whether the person wants nothing to go out by itself on a metered line."""
        return self._sync is not None and self._sync.wish

    def pause_on_metered(self, wish: bool) -> None:
        if self._sync is not None:
            self._sync.wish_pause(wish)

    def now(self) -> int:
        """The present moment in milliseconds."""
        return self.clock()

    @property
    def zone(self) -> tzinfo:
        """In which times are shown and days begin."""
        return self._zone or self._of_machine()

    def _of_machine(self) -> tzinfo:
        """The computer's zone; where it has moved, what dates by the computer itself is told so as well."""
        found = self._machine()
        if found != self._machine_was and hasattr(time, "tzset"):
            time.tzset()
        self._machine_was = found
        return found

    def today(self) -> date:
        return day_of(self.clock(), self.zone)

    def zone_name(self) -> str:
        """What people call the zone in which times are shown: "Europe/Amsterdam (UTC+01:00)"."""
        moment = datetime.fromtimestamp(self.clock() / 1000, self.zone)
        offset = f"UTC{moment:%z}" if moment.utcoffset() else "UTC"
        offset = f"{offset[:-2]}:{offset[-2:]}" if len(offset) > 3 else offset
        named = str(getattr(self.zone, "key", "") or "this computer")
        return f"{named} ({offset})"

    def zone_beside(self) -> str:
        """What stands beside times that are not those of this computer's clock: "Amsterdam time"; else ""."""
        now = datetime.fromtimestamp(self.clock() / 1000, UTC)
        if now.astimezone(self.zone).utcoffset() == now.astimezone(self._of_machine()).utcoffset():
            return ""
        place = str(getattr(self.zone, "key", "") or f"{now.astimezone(self.zone):%Z}")
        return f"{place.rpartition('/')[2].replace('_', ' ')} time"

    def settle(self, person: str, zone: str) -> None:
        """Times are shown as the person's own record says, else as the computer has them."""
        self.person = person
        if zone:
            self._zone = zone_named(zone)


def sentence_of(error: Exception) -> str:
    """What a person is told about an error: its own sentence, or that something of ours went wrong."""
    if isinstance(error, KnownError):
        return error.sentence
    return "Something went wrong here; what you had saved is safe. The log of this laptop says more."
