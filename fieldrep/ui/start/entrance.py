"""Entrance: the way from the start of the program to the work: unlock, enrol, repair, or why it cannot go on.

Owns which card stands at the gate and what its buttons begin. What is shown behind the gate is the composition root's;
what opening, enrolling and repairing mean is the doors'.
"""

import logging
import platform
from typing import Any

from PySide6.QtCore import QObject, Signal

from fieldrep.contract.errors import Code, KnownError
from fieldrep.ui.desk import sentence_of
from fieldrep.ui.runner import Runner

log = logging.getLogger("fieldrep.start")
_ABOUT_THE_LINK = frozenset(
    {
        Code.LINK_INVALID,
        Code.LINK_USED,
        Code.LINK_EXPIRED,
        Code.PLAIN_HTTP,
        Code.OTHER_USER,
        Code.DIFFERENT_SERVER,
    }
)


class Entrance(QObject):
    """Signals: `expected` (show the work, the replica is being opened), `hidden` (hide it), `opened` and `enrolled`
    with the replica's state, `begun` (go in from a download), `sync_wanted`, `left` (the person closes the gate).
    """

    expected = Signal()
    hidden = Signal()
    opened = Signal(object)
    enrolled = Signal(object)
    begun = Signal()
    sync_wanted = Signal()
    left = Signal()

    def __init__(self, doors: Any, runner: Runner, dress: Any, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.doors, self.runner, self._dress = doors, runner, dress
        self.gate: Any = None
        self.work: Any = None  # the window behind the gate
        self._closing: Any = None

    def start(self) -> None:
        """Opens the profile, or asks what must be asked before."""
        try:
            if self.doors.wipe_is_due:
                self.wipe()
                return
            vault = self.doors.vault
            if vault.missing:
                self.stop_at(vault.is_missing())
            elif not vault.exists:
                self.ask_link()
            elif vault.needs_passphrase:
                self._ask_passphrase()
            else:
                self.expected.emit()
                self._open(None)
        except Exception as error:  # noqa: BLE001 - a person gets a card with a sentence, never a dead window
            self.stop_at(error)

    # The gate and its cards

    def show_card(self, card: Any) -> None:
        from fieldrep.ui.start.gate import Gate

        if self.gate is None:
            self.gate = Gate()
            self.gate.closing.connect(self.left)
        self.gate.show_card(card)
        self._dress(self.gate)
        card.setFocus()

    def leave(self) -> None:
        """The work begins, or goes on."""
        if self.gate is not None:
            self._closing, self.gate = self.gate, None
            work = self.work
            self._closing.go_through(work, lambda: work.press("search"))

    def card(self) -> Any:
        return self.gate.card() if self.gate is not None else None

    def stop_at(self, error: Exception) -> None:
        """Why the profile cannot be used, and what can be done about it."""
        from fieldrep.ui.start.gate import StoppedCard
        from fieldrep.ui.start.mending import LostKeyCard, MendCard

        log.error("profile not opened", exc_info=error)
        self.hidden.emit()
        code = error.code if isinstance(error, KnownError) else None
        if code is Code.REPLICA_DAMAGED:
            card: Any = MendCard()
            card.wanted.connect(self._repair)
        elif code is Code.NO_KEY and self.doors.vault.has_data:
            card = LostKeyCard(sentence_of(error))
            card.anew.connect(self._confirm_anew)
        else:
            title = (
                "FieldRep is open already" if code is Code.ALREADY_OPEN else "FieldRep cannot open your data"
            )
            card = StoppedCard(title, sentence_of(error))
        card.again.connect(self.start)
        self.show_card(card)
        card.left.connect(self.gate.close)
        card.first.setFocus()

    # Opening

    def _ask_passphrase(self) -> None:
        from fieldrep.ui.start.unlock import UnlockCard

        card = UnlockCard()
        card.entered.connect(self._open)
        card.forgotten.connect(self._confirm_anew)
        self.show_card(card)

    def _open(self, passphrase: str | None) -> None:
        self.runner.control(
            lambda _: self.doors.open(passphrase), done=self._on_open, failed=self._on_not_open, asker=self
        )

    def _on_open(self, replica: Any) -> None:
        if self.doors.untold is None:
            self._go_in(replica)
            return
        self.hidden.emit()
        self._tell(self.doors.untold).went_on.connect(lambda: self._go_on_told(replica))

    def _go_on_told(self, replica: Any) -> None:
        self.runner.control(
            lambda _: self.doors.told(), done=lambda _: self._go_in(replica), failed=self.stop_at, asker=self
        )

    def _go_in(self, replica: Any) -> None:
        state = replica.state()
        if not state.enrolled:
            self.hidden.emit()
            self.ask_link()
            return
        self.opened.emit(state)
        self.leave()

    def _on_not_open(self, error: Exception) -> None:
        from fieldrep.ui.start.unlock import UnlockCard

        card = self.card()
        wrong = isinstance(error, KnownError) and error.code is Code.WRONG_PASSPHRASE
        if isinstance(card, UnlockCard) and wrong:
            card.refuse(sentence_of(error))
            return
        self.stop_at(error)

    # Wiping

    def wipe(self) -> None:
        """The admin ordered it: everything is destroyed, then the laptop may be set up again."""
        self.hidden.emit()
        self.runner.control(lambda _: self.doors.wipe(), done=self._on_wiped, failed=self.stop_at, asker=self)

    def _on_wiped(self, sentence: str) -> None:
        self.ask_link("This laptop was wiped", sentence)
        self.runner.control(
            lambda _: self.doors.tell_wiped(), done=lambda _: None, failed=self._on_not_told, asker=self
        )

    def _on_not_told(self, error: Exception) -> None:
        log.error("the receipt of the wipe waits on", exc_info=error)

    # Enrolling

    def ask_link(self, *words: str) -> None:
        """A profile that belongs to nobody yet; `words` are another title and sentence."""
        from fieldrep.ui.start.enrol import EnrolCard

        card = EnrolCard(platform.node()[:120], *words)
        card.entered.connect(self._enrol)
        self.show_card(card)

    def ask_link_again(self, sentence: str, waiting: int) -> None:
        """The server admits this laptop no longer: a new link, or later; what was entered is kept either way."""
        from fieldrep.ui.start.enrol import EnrolAgainCard

        card = EnrolAgainCard(sentence, waiting)
        card.entered.connect(self._enrol)
        card.later.connect(self._put_off)
        self.hidden.emit()
        self.show_card(card)

    def _put_off(self) -> None:
        self.begun.emit()
        self.leave()

    def _enrol(self, given: Any) -> None:
        self.runner.control(
            lambda _: self.doors.enrol(given.link, given.name, given.passphrase or None),
            done=self._on_enrolled,
            failed=self._on_not_enrolled,
            asker=self,
        )

    def _on_enrolled(self, replica: Any) -> None:
        from fieldrep.ui.start.enrol import DownloadCard

        state = replica.state()
        card = DownloadCard(state.user_name)
        card.started.connect(self._put_off)
        card.again.connect(self.sync_wanted)
        self.show_card(card)
        self.enrolled.emit(state)

    def _on_not_enrolled(self, error: Exception) -> None:
        from fieldrep.ui.start.enrol import EnrolCard

        card = self.card()
        if not isinstance(card, EnrolCard):
            return
        code = error.code if isinstance(error, KnownError) else None
        if code is Code.NO_KEY and not self.doors.vault.exists:
            card.ask_passphrase()
            return
        if code is None:
            log.error("enrolment failed", exc_info=error)
        card.refuse(sentence_of(error), about_link=code in _ABOUT_THE_LINK)

    def follow(self, line: Any) -> None:
        """How the first sync goes, while its card stands."""
        from fieldrep.ui.start.enrol import DownloadCard

        card = self.card()
        if isinstance(card, DownloadCard):
            if line.total:
                card.advance(line.done, line.total)
            elif line.problem and line.next_at:
                card.stumble(line.problem)

    def arrived(self) -> None:
        """The sync is whole."""
        from fieldrep.ui.start.enrol import DownloadCard

        card = self.card()
        if isinstance(card, DownloadCard):
            card.finish()

    # Repairing

    def _repair(self) -> None:
        self.runner.control(
            lambda _: self.doors.repair(), done=self._on_repaired, failed=self._on_not_repaired, asker=self
        )

    def _on_repaired(self, done: Any) -> None:
        """A new file tells by itself what was done when it is opened, until a person was shown it."""
        if done.kept_as:
            self._open(None)
        else:
            self._tell(done).went_on.connect(self.start)

    def _tell(self, done: Any) -> Any:
        from fieldrep.ui.start.mending import MendedCard

        card = MendedCard(done.sentence, whole=done.whole)
        self.show_card(card)
        return card

    def _on_not_repaired(self, error: Exception) -> None:
        from fieldrep.ui.start.mending import LostKeyCard

        log.error("not repaired", exc_info=error)
        card = LostKeyCard(sentence_of(error), title="This could not be repaired")
        card.anew.connect(self._confirm_anew)
        card.again.connect(self.start)
        self.show_card(card)
        card.left.connect(self.gate.close)
        card.first.setFocus()

    def _confirm_anew(self) -> None:
        from fieldrep.ui.start.mending import AnewCard

        card = AnewCard()
        card.back.connect(self.start)
        card.agreed.connect(self._begin_anew)
        self.show_card(card)

    def _begin_anew(self) -> None:
        self.runner.control(
            lambda _: self.doors.set_aside(), done=lambda _: self.start(), failed=self.stop_at, asker=self
        )
