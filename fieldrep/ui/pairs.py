"""PairPanel: two records that look alike, decided on the record itself: which one stays, or that they are two.

Owns the words of a pair and the commands that decide it. The merge happens on the server; until then it can be undone.
"""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QButtonGroup, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from fieldrep.commands.done import Done
from fieldrep.commands.pairs import keep_apart, merge_duplicate
from fieldrep.contract.ids import RowId
from fieldrep.queries.pairs import PairField, PairRow, PairSide
from fieldrep.ui.desk import Desk, sentence_of
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.badge import Badge
from fieldrep.ui.widgets.banner import Banner
from fieldrep.ui.widgets.button import Button
from fieldrep.ui.widgets.card import Card, Heading
from fieldrep.ui.widgets.choice import RadioButton
from fieldrep.ui.widgets.text import Text
from fieldrep.ui.words import plural

_SHOWN = 5
_LONGEST = 34
_NEVER_TAKEN = ("number", "erp_ref", "territory_id", "parent_id", "currency", "account_id")
_KINDS = {"account": "customer", "contact": "person"}


class PairPanel(QWidget):
    """Hidden while nothing looks alike; `decided` says in words what was decided, with its change for undo."""

    decided = Signal(str, object)

    def __init__(self, desk: Desk, *, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._desk = desk
        self._pair: PairRow | None = None
        self._here: RowId | None = None
        self._sides: tuple[PairSide, PairSide] | None = None
        self._fields: dict[str, QButtonGroup] = {}
        self.problem = Banner(name=f"{name}_problem")
        self._badge = Badge("", Tone.WARNING)
        self.heading = Heading("", self._badge)
        self.why = Text("", "caption", "text2")
        self.why.setWordWrap(True)
        self.after = Text("", "caption", "text2")
        self.after.setWordWrap(True)
        self.apart = Button("They are two", variant="ghost", name=f"{name}_apart")
        self.merge = Button("Merge", icon="git-merge", variant="primary", name=f"{name}_merge")
        self.apart.setToolTip("3")
        self.merge.setToolTip("Ctrl Enter")
        self.apart.clicked.connect(self.keep_apart)
        self.merge.clicked.connect(self.apply)
        self._lay_out()
        self.hide()

    def _lay_out(self) -> None:
        self._card = Card(padding=14)
        self._grid_place = QVBoxLayout()
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self.after, 1)
        foot.addWidget(self.apart)
        foot.addWidget(self.merge)
        for widget in (self.heading, self.why):
            self._card.body.addWidget(widget)
        self._card.body.addLayout(self._grid_place)
        self._card.body.addLayout(foot)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.problem)
        column.addWidget(self._card)

    def set(self, pairs: Sequence[PairRow], here: RowId) -> None:
        """Show the likeliest pair of a record; the same one again keeps the choices made so far."""
        pair = pairs[0] if pairs else None
        self.setVisible(pair is not None)
        if pair is None or (pair, here) == (self._pair, self._here):
            self._pair = pair
            return
        self._pair, self._here = pair, here
        self.problem.clear()
        here_first = pair.one.id == here or pair.entity == "contact"
        one, other = self._sides = (pair.one, pair.other) if here_first else (pair.other, pair.one)
        more = f", and {plural(len(pairs) - 1, 'more pair')}" if len(pairs) > 1 else ""
        self.heading.words.setText(f"{other.label} may be the same {_KINDS[pair.entity]}{more}")
        self._badge.set(f"{pair.score} %", Tone.WARNING)
        self.why.setText(" · ".join(pair.reasons))
        self._choices(pair, one, other, swapped=not here_first)
        for button in (self.apart, self.merge):
            button.setVisible(not pair.asked)

    def _choices(self, pair: PairRow, one: PairSide, other: PairSide, *, swapped: bool) -> None:
        while self._grid_place.count():
            if (widget := self._grid_place.takeAt(0).widget()) is not None:
                widget.hide()
                widget.deleteLater()
        if pair.asked:
            self.after.setText("The merge is asked for; the server carries it out with the next sync.")
            return
        box = QWidget()
        grid = QGridLayout(box)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(2, 1)
        self.stays = self._choice(grid, 0, "Stays", (_named(one), _named(other)), "stays")
        self.stays.idClicked.connect(self._on_stays)
        open_fields = [f for f in pair.fields if f.contested and f.name not in _NEVER_TAKEN]
        self._fields = {}
        for line, field in enumerate(open_fields[:_SHOWN], start=1):
            values = _values(field, swapped=swapped)
            self._fields[field.name] = self._choice(grid, line, field.title, values, field.name)
        self._grid_place.addWidget(box)
        box.show()
        # whichever record is open, the older one stays unless a person says otherwise
        older = 1 if swapped else 0
        self.stays.button(older).setChecked(True)
        self._on_stays(older)

    def _choice(
        self, grid: QGridLayout, line: int, title: str, values: tuple[str, str], name: str
    ) -> QButtonGroup:
        group = QButtonGroup(self)
        grid.addWidget(Text(title, "caption", "text2"), line, 0)
        for place, value in enumerate(values):
            radio = RadioButton(value, name=f"{self.objectName()}_{name}_{place}")
            radio.setAccessibleName(f"{title}: {value}")
            group.addButton(radio, place)
            grid.addWidget(radio, line, 1 + place)
        group.button(0).setChecked(True)
        return group

    def _on_stays(self, place: int) -> None:
        """Whoever stays keeps its values, until single ones are taken from the other."""
        for group in self._fields.values():
            group.button(place).setChecked(True)
        self._say_after()

    def _say_after(self) -> None:
        if self._sides is None:
            return
        goes = self._sides[1 - self.stays.checkedId()]
        words = f"{_named(goes)} becomes part of it"
        if goes.follows:
            words += (
                f", with {plural(goes.follows, 'record')} that belong{'s' if goes.follows == 1 else ''} to it"
            )
        self.after.setText(f"{words}. What is empty is filled from it; nothing is deleted.")

    # What can be done

    def apply(self) -> None:
        """Ask for the merge as chosen."""
        if self._pair is None or self._sides is None or self._pair.asked:
            return
        stays = self.stays.checkedId()
        take = tuple(name for name, group in self._fields.items() if group.checkedId() != stays)
        self._desk.runner.command(
            merge_duplicate,
            initiator=self,
            done=self._on_done,
            failed=self._on_failed,
            row_id=self._pair.id,
            survivor_id=self._sides[stays].id,
            take=take,
        )

    def submit(self) -> None:
        """Ctrl+Enter; it merges only for somebody who is at the choices, never for a key pressed twice elsewhere."""
        focused = QApplication.focusWidget()
        if focused is not None and self.isAncestorOf(focused):
            self.apply()

    def keep_apart(self) -> None:
        """They are two."""
        if self._pair is not None and not self._pair.asked:
            self._desk.runner.command(
                keep_apart, initiator=self, done=self._on_done, failed=self._on_failed, row_id=self._pair.id
            )

    def _on_done(self, done: Done) -> None:
        self.decided.emit(done.label, done.change_n)

    def _on_failed(self, error: Exception) -> None:
        self.problem.say("This was not decided", sentence_of(error), Tone.DANGER)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if self._pair is None or self._pair.asked:
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_1, Qt.Key.Key_2):
            self.stays.button(key - Qt.Key.Key_1).click()
        elif key == Qt.Key.Key_3:
            self.keep_apart()
        else:
            super().keyPressEvent(event)


def _named(side: PairSide) -> str:
    return _short(" · ".join(part for part in (side.label, side.detail) if part))


def _values(field: PairField, *, swapped: bool) -> tuple[str, str]:
    pair = (field.other, field.one) if swapped else (field.one, field.other)
    return _short(pair[0]), _short(pair[1])


def _short(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
