"""ConflictPanel: the conflicts of one record, decided field by field. The same panel stands in Sync and on the record.

Owns the words of a conflict and the commands that decide it. Both values stay readable whatever is chosen.
"""

from collections.abc import Mapping, Sequence
from datetime import date, tzinfo

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from fieldrep.commands.conflicts import Choice, decide_conflicts
from fieldrep.commands.done import Done
from fieldrep.contract.catalogue import entity_named
from fieldrep.contract.counts import counted
from fieldrep.contract.errors import KnownError
from fieldrep.contract.fields import Kind
from fieldrep.contract.ids import RowId
from fieldrep.contract.jsonform import JsonValue, to_json
from fieldrep.queries.conflicts import (
    ConflictGroup,
    ConflictRow,
    ConflictSide,
    DecidedElsewhere,
    decided_elsewhere,
)
from fieldrep.ui.desk import Desk, sentence_of
from fieldrep.ui.forms.draft import FormDraft
from fieldrep.ui.forms.entry import value_of
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.banner import Banner
from fieldrep.ui.widgets.keycap import KeyHint
from fieldrep.ui.widgets.mergetable import MergeTable
from fieldrep.ui.widgets.mergeview import Decision, MergeRow, MergeView, Pick
from fieldrep.ui.words import day_and_time


class ConflictPanel(QWidget):
    """Hidden while there is nothing to decide; `postponed` says that it waits on.

    It is given one record with `set`, or with `offer` several, one after the other.

    `decided` says in words what was, and the number of the change, by which it can be taken back. `left` says that the
    focus needs another place, since nothing is left to decide.
    """

    decided = Signal(str, object)
    postponed = Signal()
    left = Signal()

    def __init__(self, desk: Desk, *, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._desk = desk
        self._rows: dict[str, ConflictRow] = {}
        self._total = 0
        self._applied: frozenset[str] = frozenset()
        self._applying = False
        self._told: list[str] = []
        self._swapped: frozenset[str] = frozenset()
        self._offered: Sequence[ConflictGroup] = ()
        self._shown: RowId | None = None
        self._later: frozenset[RowId] = frozenset()
        self.table = MergeTable(name=f"{name}_merge")
        self.problem = Banner(name=f"{name}_problem")
        self._draft = FormDraft(desk, None, self.table.typed, self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.problem)
        column.addWidget(self.table)
        self.table.applied.connect(self._apply)
        self.table.chosen.connect(self._on_chosen)
        self.table.postponed.connect(self._put_off)
        self.hide()

    def offer(self, groups: Sequence[ConflictGroup]) -> None:
        """The record that is shown stays, whatever arrives, until it is decided or put off; else the first comes.

        What was put off stays away as long as it is among them.
        """
        self._offered = groups
        self._later &= {one.record.id for one in groups}
        undecided = [one for one in groups if _open(one) and one.record.id not in self._later]
        shown = next((one for one in undecided if one.record.id == self._shown), None)
        total = sum(len(_open(one)) for one in groups)
        self.set(shown or next(iter(undecided), None), total)

    def begin_anew(self) -> None:
        """Somebody comes to it again: what was put off is offered again."""
        self._later = frozenset()
        self.offer(self._offered)

    def _put_off(self) -> None:
        if self._offered and self._shown is not None:
            self._later |= {self._shown}
            self.offer(self._offered)
        self.postponed.emit()

    def set(self, group: ConflictGroup | None, total: int = 0) -> None:
        """Show the undecided fields of a record, of `total` in all; the same ones again keep the choices made."""
        rows = _open(group) if group else []
        shown = group.record.id if group and rows else None
        if shown != self._shown:
            self._shown = shown
            self._keep_typed()
        self._tell_overtaken(frozenset(row.id.hex() for row in rows))
        worked_on = self.isAncestorOf(QApplication.focusWidget() or self)
        self.setVisible(bool(rows))
        if worked_on and not rows:
            self.left.emit()
        if group is None or not rows:
            self._rows = {}
            self.table.set(MergeView("", "", "", ()))
            return
        if (rows, total) == (list(self._rows.values()), self._total):
            return
        self._total = total
        self.problem.clear()
        self._rows = {row.id.hex(): row for row in rows}
        me = self._desk.person
        self._swapped = frozenset(
            key
            for key, row in self._rows.items()
            if not row.mine_is_me and row.theirs.by == me and row.reason != "moved"
        )
        self.table.set(self._view(group, rows))

    def _keep_typed(self) -> None:
        """From now on what is typed for the record that is shown, which may have been typed before a power cut."""
        self._draft.keep_now()
        self._draft.deleteLater()
        self._draft = FormDraft(self._desk, _draft_of(self._shown), self.table.typed, self)
        self._draft.found.connect(self._on_found)
        self._draft.refused.connect(self._on_not_kept)
        self._draft.look()

    def _on_found(self, texts: Mapping[str, str], _typed_at: int) -> None:
        if texts.keys().isdisjoint(self._rows):  # all of it was decided elsewhere
            self._draft.drop()
        self.table.type_again(texts)

    def _on_chosen(self) -> None:
        self._draft.touch()

    def _on_not_kept(self, error: Exception) -> None:
        self.problem.say("What you type is not kept", sentence_of(error), Tone.WARNING)

    def _tell_overtaken(self, staying: frozenset[str]) -> None:
        """A choice made here and not applied, of a conflict that is gone: somebody else may have decided it."""
        made = {
            key: decision
            for key, decision in self.table.decisions().items()
            if key in self._rows and key not in self._applied | staying and decision.pick is not Pick.OPEN
        }
        if made:
            self._desk.runner.query(
                decided_elsewhere,
                asker=self,
                lane="overtaken",
                done=lambda found: self._on_overtaken(found, made),
                ids=[self._rows[key].id for key in made],
            )

    def _on_overtaken(self, found: Sequence[DecidedElsewhere], made: Mapping[str, Decision]) -> None:
        for one in found:
            typed = made[one.id.hex()].text
            yours = f"Your “{typed}”" if typed else "Your choice"
            self.decided.emit(f"{one.what} was decided by {one.by} meanwhile. {yours} was not applied.", None)

    def may_close(self) -> bool:
        """Whether closing the window loses nothing that was typed; asks once."""
        self._draft.keep_now()
        typed = [] if self.isHidden() else list(self.table.typed().values())
        if not typed or typed == self._told:
            return True
        self._told = typed
        self.problem.say(
            f"“{typed[0]}” is not applied",
            "Ctrl Enter applies it, once every field is chosen; close again to go on with it another time.",
            Tone.WARNING,
        )
        return False

    def apply(self) -> None:
        """Ctrl+Enter."""
        self.table.apply()

    def focus(self) -> None:
        self.table.grid.setFocus()

    def take_key(self, event: QKeyEvent) -> bool:
        """A key pressed elsewhere on the page that decides here; the focus comes along."""
        if not self.isVisible() or self.isAncestorOf(QApplication.focusWidget() or self):
            return False
        before = QApplication.focusWidget()
        taken = self.table.take_key(event)
        if taken and QApplication.focusWidget() is before and self.isVisible():
            self.focus()
        return taken

    def hints(self) -> tuple[KeyHint, ...]:
        """The keys that decide, while there is something to decide."""
        if not self._rows or self.isHidden():
            return ()
        proposal = all(row.reason == "moved" for row in self._rows.values())
        first = KeyHint("T D", "Take or decline") if proposal else KeyHint("1 2 3", "Decide")
        following = (KeyHint("N", "Next field"),) if len(self._rows) > 1 else ()
        return (first, *following, KeyHint("Ctrl Enter", "Apply"))

    def _view(self, group: ConflictGroup, rows: list[ConflictRow]) -> MergeView:
        record = group.record
        deleted = any(row.reason == "deleted" for row in rows)
        decided = all(row.reason == "decided" for row in rows)
        what = "was changed and archived at once" if deleted else "was changed in two places"
        what = "was decided by somebody else first" if decided else what
        mine, theirs = self._sides(rows[0])
        proposal = all(row.reason == "moved" for row in rows)
        what = f"was also changed by {mine.by or 'a colleague'}, before it moved here" if proposal else what
        today, zone, me = self._desk.today(), self._desk.zone, self._desk.person
        return MergeView(
            f"{record.title} {record.label} {what}",
            _count(len(rows), self._total, "proposal" if proposal else "conflict"),
            f"{_who(mine, me, today, zone)}  ·  {_who(theirs, me, today, zone)}",
            tuple(self._row(key, row) for key, row in self._rows.items()),
            f"Proposed, {mine.by}" if proposal else _own_title(mine, me),
            "As it stands" if proposal else _their_title(theirs, me),
            proposal=proposal,
        )

    def _sides(self, row: ConflictRow) -> tuple[ConflictSide, ConflictSide]:
        return (row.theirs, row.mine) if row.id.hex() in self._swapped else (row.mine, row.theirs)

    def _row(self, key: str, row: ConflictRow) -> MergeRow:
        mine, theirs = self._sides(row)
        joinable = row.kind == Kind.TEXT and entity_named(row.record.entity).field(row.field).many_lines
        me, today, zone = self._desk.person, self._desk.today(), self._desk.zone
        return MergeRow(
            key,
            row.field_title,
            row.before,
            mine.text,
            theirs.text,
            joinable=joinable,
            mine_note=_note(mine),
            theirs_note=_note(theirs),
            who="  ·  ".join(
                (_who(mine, me, today, zone), _who(theirs, me, today, zone), *_replaced(row.former, me))
            ),
        )

    def _apply(self, decisions: Mapping[str, Decision]) -> None:
        if self._applying:
            return  # a key pressed twice
        try:
            chosen = {key: self._choice(key, decision) for key, decision in decisions.items()}
        except KnownError as error:
            self.problem.say("This value cannot be kept", error.sentence, Tone.DANGER)
            return
        self._applied, self._applying = frozenset(chosen), True
        self._draft.saving()
        self._desk.runner.command(
            decide_conflicts,
            initiator=self,
            done=self._on_done,
            failed=self._on_failed,
            choices=[
                Choice(row_id=self._rows[key].id, choose=choose, value=value)
                for key, (choose, value) in chosen.items()
            ],
            draft=_draft_of(self._shown),
        )

    def _choice(self, key: str, decision: Decision) -> tuple[str, JsonValue]:
        row = self._rows[key]
        if decision.pick in (Pick.TYPED, Pick.JOINED):
            field = entity_named(row.record.entity).field(row.field)
            return "other", to_json(field, value_of(field, decision.text, self._desk.zone))
        mine = decision.pick is Pick.MINE
        return ("mine" if mine is not (key in self._swapped) else "theirs"), None

    def _on_done(self, done: Done) -> None:
        self._applying = False
        self.table.forget(self._applied)
        self._draft.saved()
        self._keep_typed()
        self.decided.emit(f"{done.label}. Sent with the next sync.", done.change_n)

    def _on_failed(self, error: Exception) -> None:
        self._applied, self._applying = frozenset(), False
        self._draft.not_saved()
        self.problem.say("This was not decided", sentence_of(error), Tone.DANGER)


def _draft_of(record_id: RowId | None) -> tuple[str, str] | None:
    return None if record_id is None else ("conflict", record_id.hex())


def _open(group: ConflictGroup) -> list[ConflictRow]:
    """What is not decided yet of a record."""
    return [row for row in group.conflicts if not row.chosen]


def _count(here: int, total: int, what: str) -> str:
    """ "2 conflicts", or "2 of 5 conflicts" where other records have some as well."""
    return f"{here} of {counted(total, what)}" if total > here else counted(here, what)


def _own_title(mine: ConflictSide, me: str) -> str:
    return f"Yours, {mine.device}" if mine.by == me and mine.device else _name(mine, me)


def _their_title(theirs: ConflictSide, me: str) -> str:
    return f"Theirs, {theirs.by}" if theirs.by and theirs.by != me else "Theirs, the office"


def _name(side: ConflictSide, me: str) -> str:
    return "Yours" if side.by == me else side.by or "One side"


def _note(side: ConflictSide) -> str:
    """The value, and what it comes to, behind the choice."""
    return "  ·  ".join(part for part in (side.text, side.total) if part)


def _replaced(former: ConflictSide | None, me: str) -> tuple[str, ...]:
    """The value a third person wrote over, so that it can still be typed."""
    if former is None:
        return ()
    return (f"before that {'yours' if former.by == me else former.by or 'the office'}: {former.text}",)


def _who(side: ConflictSide, me: str, today: date, zone: tzinfo) -> str:
    who = "You" if side.by == me else side.by or "The office"
    return f"{who}: {day_and_time(side.at, today, zone)}" if side.at else who
