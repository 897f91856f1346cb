"""PairPanel: two records that look alike, decided on the record itself: which one stays, or that they are two.

Owns the words of a pair and the commands that decide it. The merge happens on the server; until then it can be undone.
"""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from fieldrep.commands.done import Done
from fieldrep.commands.pairs import keep_apart, merge_duplicate
from fieldrep.contract.counts import counted
from fieldrep.contract.ids import RowId
from fieldrep.queries.pairs import PairField, PairRow, PairSide
from fieldrep.ui.desk import Desk, sentence_of
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.badge import Badge
from fieldrep.ui.widgets.banner import Banner
from fieldrep.ui.widgets.button import Button
from fieldrep.ui.widgets.card import Card, Heading
from fieldrep.ui.widgets.choice import RadioButton
from fieldrep.ui.widgets.keycap import KeyHint
from fieldrep.ui.widgets.text import Text

_SHOWN = 5
_LONGEST, _NAME = 40, 28
_NEVER_TAKEN = ("number", "erp_ref", "territory_id", "parent_id", "currency", "account_id")
_KINDS = {"account": "customer", "contact": "person"}


class PairPanel(QWidget):
    """Hidden while nothing looks alike; `decided` says in words what was decided, with its change for undo.

    A `folded` one begins as one line, so that a record is not pushed down by what may be chance.
    """

    decided = Signal(str, object)

    def __init__(self, desk: Desk, *, name: str, folded: bool = False) -> None:
        super().__init__()
        self.setObjectName(name)
        self._desk = desk
        self._starts_folded = folded
        self._pair: PairRow | None = None
        self._here: RowId | None = None
        self._sides: tuple[PairSide, PairSide] | None = None
        self._fields: dict[str, QButtonGroup] = {}
        self._box = QWidget()
        self.problem = Banner(name=f"{name}_problem")
        self._badge = Badge("", Tone.WARNING)
        self.apart = Button("They are two", variant="ghost", name=f"{name}_apart")
        self.compare = Button("Compare", icon="chevron-down", name=f"{name}_compare")
        self.heading = Heading("", self._badge, actions=(self.apart, self.compare))
        self.why = Text("", "caption", "text2")
        self.why.setWordWrap(True)
        self.after = Text("", "caption", "text2")
        self.after.setWordWrap(True)
        self.merge = Button("Merge", icon="git-merge", variant="primary", name=f"{name}_merge")
        self.apart.setToolTip("3")
        self.merge.setToolTip("Ctrl Enter")
        self.apart.clicked.connect(self.keep_apart)
        self.compare.clicked.connect(self.unfold)
        self.merge.clicked.connect(self.apply)
        self._lay_out()
        self.hide()

    def _lay_out(self) -> None:
        self._card = Card(padding=12)
        self._card.body.setSpacing(4)
        self._grid_place = QVBoxLayout()
        self._foot = QWidget()
        foot = QHBoxLayout(self._foot)
        foot.setContentsMargins(0, 0, 0, 0)
        foot.setSpacing(8)
        foot.addWidget(self.after, 1)
        foot.addWidget(self.merge)
        for widget in (self.heading, self.why):
            self._card.body.addWidget(widget)
        self._card.body.addLayout(self._grid_place)
        self._card.body.addWidget(self._foot)
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
        known = self._pair is not None and (self._pair.id, self._here) == (pair.id, here)
        self._pair, self._here = pair, here
        self.problem.clear()
        here_first = pair.one.id == here or pair.entity == "contact"
        one, other = self._sides = (pair.one, pair.other) if here_first else (pair.other, pair.one)
        more = f", and {counted(len(pairs) - 1, 'more pair')}" if len(pairs) > 1 else ""
        self.heading.words.setText(f"{_named(other)} may be the same {_KINDS[pair.entity]}{more}")
        self._badge.set(f"{pair.score} %", Tone.WARNING)
        self.why.setText(" · ".join(pair.reasons))
        self._choices(pair, one, other, swapped=not here_first)
        self.apart.setVisible(not pair.asked)
        self.merge.setVisible(not pair.asked)
        self._fold(folded=self._starts_folded and not pair.asked and not known)

    def _fold(self, *, folded: bool) -> None:
        self._box.setVisible(not folded)
        self._foot.setVisible(not folded)
        self.compare.setVisible(folded)

    def folded(self) -> bool:
        """Whether only the question is shown, and not yet what the two say."""
        return not self.compare.isHidden()

    def unfold(self) -> None:
        """Both records beside each other, with the focus on which of them stays."""
        self._fold(folded=False)
        if self._pair is not None and not self._pair.asked:
            self.stays.checkedButton().setFocus(Qt.FocusReason.OtherFocusReason)

    def hints(self) -> tuple[KeyHint, ...]:
        """The keys that decide, while the pair is open."""
        if self._pair is None or self._pair.asked or self.isHidden():
            return ()
        return (KeyHint("1 2", "Which stays"), KeyHint("3", "They are two"), KeyHint("Ctrl Enter", "Merge"))

    def _choices(self, pair: PairRow, one: PairSide, other: PairSide, *, swapped: bool) -> None:
        while self._grid_place.count():
            if (widget := self._grid_place.takeAt(0).widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self._box = QWidget()
        self._grid_place.addWidget(self._box)
        if pair.asked:
            self.after.setText("The merge is asked for; the server carries it out with the next sync.")
            return
        grid = QGridLayout(self._box)
        grid.setContentsMargins(0, 2, 0, 2)
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
            radio.setToolTip(value)
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
            words += f", with {counted(goes.follows, 'record')} that belong{'s' if goes.follows == 1 else ''} to it"
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
        if not self.take_key(event):
            super().keyPressEvent(event)

    def take_key(self, event: QKeyEvent) -> bool:
        """Does what a key means for the pair, wherever the focus is; False when it means nothing here."""
        key = event.key()
        if self._pair is None or self._pair.asked or event.modifiers():
            return False
        if key in (Qt.Key.Key_1, Qt.Key.Key_2):
            self.unfold()
            self.stays.button(key - Qt.Key.Key_1).click()
            self.stays.checkedButton().setFocus(Qt.FocusReason.OtherFocusReason)
        elif key == Qt.Key.Key_3:
            if not event.isAutoRepeat():  # a key held down decides once: the next pair is shown by now
                self.keep_apart()
        else:
            return False
        return True


def _named(side: PairSide) -> str:
    """The name and what tells it from the other; of two of one name the end matters more than the name's."""
    room = max(_NAME, _LONGEST - len(side.detail) - 3)
    return " · ".join(part for part in (_short(side.label, room), _short(side.detail)) if part)


def _values(field: PairField, *, swapped: bool) -> tuple[str, str]:
    pair = (field.other, field.one) if swapped else (field.one, field.other)
    return _short(pair[0]), _short(pair[1])


def _short(words: str, longest: int = _LONGEST) -> str:
    line = " ".join(words.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
