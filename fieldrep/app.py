"""The window's program: opens the profile, puts shell, pages, doors and sync together, and keeps going after an error.

The composition root: the only module that knows Qt, the store, commands, queries and sync at once. The window shows
first; the key, the replica, SQLAlchemy and the network are worked on beside it.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray, QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication

import fieldrep.ui  # noqa: F401 - first, since it makes all that is imported after it cheaper
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import Clock, Randomness
from fieldrep.doors import ProfileDoors
from fieldrep.logs import start_logging
from fieldrep.paths import Profile, default_profile
from fieldrep.settings import Settings, load_settings, save_settings, text_size_of
from fieldrep.sync.schedule import Schedule
from fieldrep.ui.desk import Desk, sentence_of
from fieldrep.ui.garbage import Garbage
from fieldrep.ui.keys import Keymap
from fieldrep.ui.network import Network
from fieldrep.ui.page import Place
from fieldrep.ui.pages import page_specs
from fieldrep.ui.runner import Runner
from fieldrep.ui.shell import SYNC_PAGE, AppShell
from fieldrep.ui.start.entrance import Entrance
from fieldrep.ui.style.theme import Look, Theme
from fieldrep.ui.style.tokens import WINDOW_FIRST
from fieldrep.ui.sync.lookout import Lookout
from fieldrep.ui.syncing import EVERYTHING, Syncing
from fieldrep.ui.widgets.field import somebody_types

if TYPE_CHECKING:
    from fieldrep.queries.palette import PaletteGroup
    from fieldrep.store.state import SyncState
    from fieldrep.sync.files import FilePolicy
    from fieldrep.ui.start.gate import Gate
    from fieldrep.ui.widgets.commandpalette import PaletteItem

log = logging.getLogger("fieldrep.app")
_MEGABYTE = 1_000_000
_TURN_SECONDS = 0.0005
"""How long a thread that loads or syncs keeps the interpreter while the window waits for it. One repaint takes many
turns; at Python's own 5 ms a person would see each of them."""

_METERED_ASKED_MS = 900
"""After the window shows and before the first sync, which must know whether the line costs by the byte."""

_ICONS = {"account": "building-2", "contact": "user", "sales_order": "shopping-cart", "product": "package",
          "activity": "notebook-pen"}  # fmt: skip


def system_clock() -> int:
    """The laptop's clock, in milliseconds."""
    return time.time_ns() // 1_000_000


class Program(QObject):
    """One profile in one window, from the gate to the work. `damaged` comes from whichever thread found it."""

    damaged = Signal(object)

    def __init__(
        self, theme: Theme, profile: Profile, clock: Clock = system_clock, randomness: Randomness = os.urandom
    ) -> None:
        super().__init__()
        self.theme, self.profile, self.clock, self.randomness = theme, profile, clock, randomness
        self.doors = ProfileDoors(profile, clock, randomness)
        self.runner = Runner(self.doors)
        self.desk = Desk(self.runner, clock)
        self.settings = load_settings(profile.settings)
        self.shell: AppShell | None = None
        self.syncing = Syncing(self.desk, self.doors.sync, Schedule(clock(), randomness), self, self.doors)
        self.network = Network(self)
        self.network.metered.connect(self.syncing.meter)
        self.lookout = Lookout(self.syncing, self.runner, self.doors.server_answers, randomness)
        self.network.came.connect(self.doors.let_go)
        self.network.came.connect(self.lookout.line_changed)
        self.network.came.connect(self.syncing.line_came)
        self.syncing.wish_pause(self.settings.pause_on_metered)
        self.syncing.wished.connect(lambda _: self.keep_settings())
        self.desk.files.choose(self.settings.metered_files_mb, self.settings.brought_files_mb)
        self.desk.files.changed.connect(self.keep_settings)
        self.doors.file_policy = self._file_policy
        self.desk.sync_by(self.syncing)
        self.desk.carry_by(self.doors)
        self.syncing.stood.connect(self.desk.sync_stood)
        self.syncing.stood.connect(self._on_sync)
        self.syncing.counted.connect(self._on_counted)
        self.entrance = Entrance(self.doors, self.runner, theme.dress, self)
        self._closed = self._stale = self._wiped = False
        self._told: str | None = ""
        self._join()
        self.runner.problem.connect(self.tell)
        theme.chosen.connect(self.keep_settings)

    def _join(self) -> None:
        entrance = self.entrance
        entrance.expected.connect(self._show_shell)
        entrance.begun.connect(self._show_shell)
        entrance.hidden.connect(self._hide_shell)
        entrance.opened.connect(self._on_open)
        entrance.enrolled.connect(self._on_enrolled)
        entrance.sync_wanted.connect(self.syncing.try_now)
        entrance.left.connect(self.close)
        self.syncing.finished.connect(entrance.arrived)
        self.syncing.barred.connect(self._on_barred)
        self.damaged.connect(self._on_damage)
        self.doors.on_damage = self.damaged.emit

    # From the gate to the work

    @property
    def gate(self) -> Gate | None:
        """The window before the work, while it stands."""
        return self.entrance.gate

    def start(self) -> None:
        """Shows the window, or what must be asked before it."""
        self.entrance.start()

    def _on_open(self, state: SyncState) -> None:
        self.desk.settle(state.user_name, "")
        self._take_up()
        self._show_shell()
        self.runner.tell(EVERYTHING, self.syncing)  # no save, after which it would sync at once

    def _on_enrolled(self, state: SyncState) -> None:
        self._wiped = False
        self.runner.take_owner()
        self.desk.settle(state.user_name, "")
        self._take_up()

    def _on_damage(self, error: Exception) -> None:
        """Nothing is begun any more on a file that will be replaced, and what shows it is shown no more."""
        if isinstance(error, KnownError) and error.code is Code.WIPED:
            self._on_wipe()
        elif self.gate is None:
            self.keep_settings()
            self.syncing.stop()
            self._stale = self.shell is not None
            self.entrance.stop_at(error)

    def _on_wipe(self) -> None:
        """The admin had this laptop wiped: nothing of what was shown, typed or chosen stays."""
        self.syncing.stop()
        self.runner.leave_owner()
        self._wiped, shell = True, self.shell
        self.shell = self.entrance.work = None
        if shell is not None:
            shell.blockSignals(True)
            shell.hide()
            shell.deleteLater()
        self.entrance.wipe()

    def _on_barred(self, error: KnownError) -> None:
        """The server has locked this laptop, or admits it no longer: told once by itself, and with each sync asked for.

        Who is unlocked again needs no new link. Who is in the middle of a text is asked for one when he asks.
        """
        if self.gate is not None or error.sentence == self._told:
            return
        asked = self._told is None
        self._told, state = error.sentence, self.syncing.state
        if error.code is Code.DEVICE_LOCKED:
            self._say(error.sentence)
        elif not asked and somebody_types():
            self._say(f"{error.sentence} Press F9 when you have it.")
        else:
            self.entrance.ask_link_again(error.sentence, state.waiting if state else 0)

    def _sync_wanted(self) -> None:
        self._told = None
        self.syncing.try_now()

    def _take_up(self) -> None:
        """The replica is this person's: doors open, numbers are read, sync begins."""
        from fieldrep.queries.palette import recent_records

        self.doors.let_in()
        self.syncing.begin()
        QTimer.singleShot(_METERED_ASKED_MS, self, self.network.watch)
        self.runner.query(recent_records, asker=self, done=self._offer_recent, limit=5)

    def _drop_shell(self) -> None:
        """The window that met the damage gives way to a new one, unless something typed there is not saved."""
        self._stale, old = False, self.shell
        if old is not None:
            old.blockSignals(True)
            if old.close():
                self.shell = None
                old.deleteLater()
            old.blockSignals(False)

    def _show_shell(self) -> None:
        if self._stale:
            self._drop_shell()
        if self.shell is None:
            self.shell = self.entrance.work = self._build_shell()
        if self.shell.place() is None:
            known = {spec.key for spec in page_specs(self.desk)}
            self.shell.go(self.settings.page if self.settings.page in known else "accounts")
        self.shell.set_person(self.desk.person)
        if not self.shell.isVisible():
            if not self.shell.restoreGeometry(QByteArray.fromBase64(self.settings.window.encode())):
                self.shell.resize(*WINDOW_FIRST)
            self.theme.dress(self.shell)
            self.shell.show()
            self.shell.activateWindow()

    def _build_shell(self) -> AppShell:
        shell = AppShell(page_specs(self.desk), self.theme, Keymap(), self.desk.person)
        shell.setProperty("program", self)
        self.runner.noticed.connect(shell.notify)
        shell.undone.connect(self._undo)
        shell.record_sought.connect(self._seek)
        shell.closing.connect(self.close)
        shell.sync_wanted.connect(self._sync_wanted)
        shell.top_bar.pill.clicked.connect(self._sync_wanted)
        shell.status_bar.cancelled.connect(self.syncing.cancel)
        return shell

    def _hide_shell(self) -> None:
        if self.shell is not None:
            self.shell.hide()

    # While the work goes on

    def _on_sync(self, line: Any) -> None:
        self.entrance.follow(line)
        if self.shell is None:
            return
        self.shell.set_sync(self.syncing.view())
        self.shell.set_age(self.syncing.age_words(), self.syncing.age_tip())
        share = line.done * 1000 // line.total if line.total else 0
        self.shell.status_bar.set_work("Receiving" if line.total else "", share)

    def _on_counted(self, state: Any) -> None:
        self.desk.settle(state.user, state.time_zone)
        if self.shell is not None:
            self.shell.set_person(state.user)

    def _undo(self, token: object) -> None:
        from fieldrep.commands.undo import undo

        self.runner.command(undo, n=token, done=lambda done: self._say(done.label), failed=self.tell)

    def _seek(self, text: str) -> None:
        from fieldrep.queries.palette import find_records

        def failed(error: Exception) -> None:
            self._offer(text, ())
            self.tell(error)

        self.runner.query(
            find_records, asker=self, done=lambda groups: self._offer(text, groups), failed=failed, typed=text
        )

    def _offer(self, text: str, groups: tuple[PaletteGroup, ...]) -> None:
        if self.shell is not None:
            self.shell.offer_records(text, self._items(groups))

    def _offer_recent(self, groups: tuple[PaletteGroup, ...]) -> None:
        if self.shell is not None:
            self.shell.offer_recent(self._items(groups))

    def _items(self, groups: tuple[PaletteGroup, ...]) -> list[PaletteItem]:
        from fieldrep.ui.widgets.commandpalette import PaletteItem

        known = {spec.key for spec in page_specs(self.desk)}
        items = []
        for group in groups:
            for hit in group.hits:
                page, target = _place_of(hit.entity, hit.id, hit.account_id)
                if page in known:
                    icon = _ICONS.get(hit.entity, "circle")
                    items.append(PaletteItem(Place(page, target), hit.title, group.heading, icon, hit.detail))
        return items

    def _say(self, words: str) -> None:
        if self.shell is not None:
            self.shell.say(words)

    def tell(self, error: object) -> None:
        """An error nobody expected here: a sentence, a line in the log, and the work goes on."""
        if isinstance(error, Exception):
            if not isinstance(error, KnownError):
                log.error("unexpected", exc_info=error)
            self._say(sentence_of(error))

    def _file_policy(self) -> FilePolicy:
        """Asked by the thread that syncs."""
        from fieldrep.sync.files import FilePolicy

        chosen = self.desk.files
        on_metered = chosen.on_metered * _MEGABYTE if chosen.on_metered >= 0 else None
        return FilePolicy(self.syncing.metered, on_metered, chosen.brought * _MEGABYTE)

    def keep_settings(self) -> None:
        """What the person chose about the window; a disk that refuses is no reason to bother her."""
        window = self.settings.window
        if self.shell is not None and self.shell.isVisible():
            window = bytes(self.shell.saveGeometry().toBase64().data()).decode()
        place = self.shell.place() if self.shell else None
        page = place.page if place and place.page != SYNC_PAGE else self.settings.page
        chosen = Settings(
            theme=self.theme.look.value,
            text_size=text_size_of(self.theme.scale),
            page=page,
            window=window,
            recent=self.settings.recent,
            pause_on_metered=self.syncing.wish,
            metered_files_mb=self.desk.files.on_metered,
            brought_files_mb=self.desk.files.brought,
        )
        if chosen != self.settings and not self._wiped:
            self.settings = chosen
            try:
                self.profile.make()
                save_settings(self.profile.settings, chosen)
            except KnownError as error:
                log.warning("settings not saved", exc_info=error)

    def close(self) -> None:
        """The window is closed: saves under way finish, the replica is closed, nothing is lost."""
        if self._closed:
            return
        self.keep_settings()
        self._closed = True
        self.syncing.stop()
        self.doors.let_in()
        self.desk.stop_showing()
        self.runner.close()
        self.desk.close()
        self.doors.close()


def _place_of(entity: str, row_id: bytes, account_id: bytes | None) -> tuple[str, object]:
    if entity == "sales_order":
        return "orders", ("order", row_id)
    if entity == "product":
        return "products", ("product", row_id)
    return "accounts", ("account", account_id if account_id is not None else row_id)


def _keep_going(program: Program) -> None:
    """An exception nobody caught becomes a sentence and a line in the log, in every thread."""

    def on_error(_kind: type[BaseException], error: BaseException, _: TracebackType | None) -> None:
        if isinstance(error, KeyboardInterrupt):
            QApplication.quit()
        elif isinstance(error, Exception):
            program.runner.problem.emit(error)

    sys.excepthook = on_error
    threading.excepthook = lambda args: log.error("unexpected in a thread", exc_info=args.exc_value)


def _has_display() -> bool:
    """Whether a window can open; asked first, because Qt ends the program where there is none."""
    if sys.platform in ("win32", "darwin") or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def main() -> int:
    """Opens the window on the default profile; its exit code."""
    profile = default_profile()
    profile.make()
    start_logging(profile)
    if not _has_display():
        sentence = "There is no display to open a window on. Start FieldRep in a desktop session; "
        raise KnownError(Code.NOT_FOUND, sentence + "all its commands work without one: fieldrep --help.")
    app = QApplication.instance() or QApplication(["fieldrep"])
    assert isinstance(app, QApplication)  # noqa: S101 - nothing else makes one in this program
    app.setApplicationName("FieldRep")
    sys.setswitchinterval(_TURN_SECONDS)
    garbage = Garbage(app)
    chosen = load_settings(profile.settings)
    theme = Theme(app, Look(chosen.theme), chosen.text_size)
    theme.prepare()
    program = Program(theme, profile)
    _keep_going(program)
    try:
        program.start()
        garbage.settle()
        return app.exec()
    finally:
        program.close()
