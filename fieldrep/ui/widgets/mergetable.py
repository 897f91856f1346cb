"""MergeTable: one conflict as field, before, mine, theirs and result, decided by keys 1, 2, 3 and N.

Owns the choice per field until it is applied. Which fields clash, and every text, come from the page.
"""

from collections.abc import Iterable, Mapping

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QButtonGroup, QFrame, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from fieldrep.ui.style.fonts import scaled, text_scale
from fieldrep.ui.style.theme import look_changed
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.badge import Badge
from fieldrep.ui.widgets.button import Button
from fieldrep.ui.widgets.card import line
from fieldrep.ui.widgets.choice import RadioButton
from fieldrep.ui.widgets.editgrid import EditGrid
from fieldrep.ui.widgets.gridmodel import Cell, Column, GridRow
from fieldrep.ui.widgets.icon import Icon
from fieldrep.ui.widgets.mergeview import Decision, MergeRow, MergeView, Pick, joined
from fieldrep.ui.widgets.sidebyside import SideBySide
from fieldrep.ui.widgets.text import ElidedText

_COLUMNS = (
    Column("field", "Field", 100, snug=True),
    Column("before", "Before (last sync)", 130, hide_below=660, snug=True),
    Column("mine", "Yours, this laptop"),
    Column("theirs", "Theirs, server"),
    Column("result", "Result", 210),
)


_AS_WRITTEN = "\u200e"
"""Keeps a number before its words in a mirrored window."""

_FOLDS_ABOVE = 115
"""Text size in per cent."""

_TYPED = 180

_NAMED = 60
"""So much of a field's name stands beside its choices."""

_FEWEST_ROWS = 2
"""So many fields are in sight however little room there is; the others are scrolled to."""


_AT_ONCE = {Qt.Key.Key_T: Pick.MINE, Qt.Key.Key_D: Pick.THEIRS}
"""What was proposed for a field is taken or declined with one key; of one field, that is all there is to decide."""

_PICKS = {
    Qt.Key.Key_1: Pick.MINE,
    Qt.Key.Key_2: Pick.THEIRS,
    Qt.Key.Key_3: Pick.TYPED,
    Qt.Key.Key_4: Pick.JOINED,
}


_WORDS = {
    Pick.MINE: "Keep mine",
    Pick.THEIRS: "Take theirs",
    Pick.TYPED: "Type another",
    Pick.JOINED: "Join",
}
_WORDS_OF_A_PROPOSAL = {**_WORDS, Pick.MINE: "Take it (T)", Pick.THEIRS: "Decline (D)"}


class _Fields(EditGrid):
    """As tall as all its rows where there is room."""

    def tall(self, rows: int) -> int:
        """With so many rows in sight."""
        return self.horizontalHeader().height() + rows * self.verticalHeader().defaultSectionSize() + 2

    def fit(self) -> None:
        """To the rows it has, and to the size of the text."""
        rows = self.grid.rowCount()
        self.setMinimumHeight(self.tall(min(rows, _FEWEST_ROWS)))
        self.setMaximumHeight(self.tall(rows))
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), self.tall(self.grid.rowCount()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.scrollTo(self.currentIndex())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if look_changed(self, event):
            self.fit()


class _FieldName(ElidedText):
    """A short one is never cut: what stands behind the choices gives way to it."""

    def minimumSizeHint(self) -> QSize:
        least = super().minimumSizeHint()
        return QSize(max(least.width(), min(self.sizeHint().width(), scaled(_NAMED))), least.height())


class MergeTable(QFrame):
    """`applied` carries {field key: Decision} for every clash; it stays silent while one is undecided."""

    applied = Signal(dict)
    chosen = Signal()
    postponed = Signal()

    def __init__(self, *, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setProperty("role", "card")
        self._view = MergeView("", "", "", ())
        self._decisions: dict[str, Decision] = {}
        self._made: dict[str, tuple[MergeRow, Decision]] = {}
        self._typed_for: dict[str, str] = {}
        self._title = ElidedText("", "heading")
        self._badge = Badge("", Tone.DANGER)
        self._who = ElidedText("", "caption", "text2")
        self.grid = _Fields(_COLUMNS, name=f"{name}_grid", label="Conflict")
        self.grid.setTabKeyNavigation(False)
        self._whole = SideBySide(name=f"{name}_whole")
        self._field = _FieldName("", "strong")
        self._group = QButtonGroup(self)
        self._radios = {pick: RadioButton(text, name=f"{name}_{pick}") for pick, text in _WORDS.items()}
        self._typed = QLineEdit()
        self._typed.setObjectName(f"{name}_text")
        self._typed.setMinimumWidth(scaled(_TYPED))
        self._typed.setAccessibleName("Another value")
        self._typed.hide()
        self._apply = Button("Apply merge", icon="check", variant="primary", name=f"{name}_apply")
        self._later = Button("Decide later", variant="ghost", name=f"{name}_later")
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(16, 8, 16, 8)
        head.setSpacing(10)
        head.addWidget(Icon("git-merge", Tone.DANGER, 18))
        head.addWidget(self._title)
        head.addWidget(self._badge)
        # what happened is said whole before who did it, which each row says again
        self._who.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        head.addWidget(self._who, 1)
        choices, buttons = QHBoxLayout(), QHBoxLayout()
        for part in (choices, buttons):
            part.setSpacing(8)
        choices.addWidget(self._field)
        choices.addSpacing(12)
        for radio in self._radios.values():
            self._group.addButton(radio)
            choices.addWidget(radio)
        choices.addWidget(self._typed, 1)
        choices.addStretch()
        buttons.addStretch()
        buttons.addWidget(self._later)
        buttons.addWidget(self._apply)
        self._foot = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._foot.setContentsMargins(16, 9, 12, 9)
        self._foot.setSpacing(8)
        self._foot.addLayout(choices, 1)
        self._foot.addLayout(buttons)
        self._fold()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(line())
        column.addWidget(self.grid)
        column.addWidget(self._whole)
        column.addWidget(line())
        column.addLayout(self._foot)

    def _fold(self) -> None:
        """Large text needs a line of its own for the buttons."""
        way = QBoxLayout.Direction
        self._foot.setDirection(way.TopToBottom if text_scale() > _FOLDS_ABOVE else way.LeftToRight)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if look_changed(self, event):
            self._fold()

    def _connect(self) -> None:
        self.grid.installEventFilter(self)
        self.grid.current_changed.connect(lambda _: self._show_choice())
        self._group.buttonClicked.connect(self._on_radio)
        self._typed.textEdited.connect(self._on_text)
        self._typed.returnPressed.connect(self._on_typed)
        self._apply.clicked.connect(self.apply)
        self._later.clicked.connect(self.postponed)

    def set(self, view: MergeView) -> None:
        """Show a conflict; a choice made already stays with a field that says the same still, or does so again."""
        before = {row.key for row in self._view.rows}
        self._made |= {row.key: (row, self._decisions[row.key]) for row in self._view.rows}
        self._view = view
        self.grid.grid.set_titles({"mine": view.mine, "theirs": view.theirs})
        made = ((row, self._made.get(row.key, (None, None))) for row in view.rows)
        self._decisions = {
            row.key: decision if decision and known == row else Decision(row.pick)
            for row, (known, decision) in made
        }
        for pick, words in (_WORDS_OF_A_PROPOSAL if view.proposal else _WORDS).items():
            self._radios[pick].setText(words)
        self._title.setText(view.title)
        self._badge.setText(view.badge)
        self._badge.setVisible(bool(view.badge))
        self._who.setText(view.who)
        self._refresh()
        self.grid.fit()
        self.next_clash(here=bool(before & self._decisions.keys()))
        self._show_choice()

    def decisions(self) -> dict[str, Decision]:
        return dict(self._decisions)

    def typed(self) -> dict[str, str]:
        """What was typed for the fields that are shown, and chosen."""
        made = self._decisions.items()
        return {key: one.text for key, one in made if one.pick is Pick.TYPED and one.made}

    def type_again(self, texts: Mapping[str, str]) -> None:
        """What had been typed stands there again for fields that need a choice still."""
        for key in texts.keys() & set(self.undecided()):
            self._typed_for[key] = texts[key]
            self._decisions[key] = Decision(Pick.TYPED, texts[key])
        self._refresh()
        self._show_choice()

    def forget(self, keys: Iterable[str]) -> None:
        """These were applied: should one of them be open again, it begins anew."""
        for key in keys:
            self._made.pop(key, None)
            self._typed_for.pop(key, None)
            if key in self._decisions:
                self._decisions[key] = Decision(Pick.OPEN)

    def undecided(self) -> list[str]:
        return [row.key for row in self._view.rows if not self._decisions[row.key].made]

    def decide(self, pick: Pick) -> None:
        """For the current field."""
        row = self._row()
        if row is None or not row.clash or (pick is Pick.JOINED and not row.joinable):
            return
        if pick is Pick.TYPED:
            self._decide(Decision(pick, self._typed_for.get(row.key, "")))
            self._typed.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self._decide(Decision(pick, joined(row) if pick is Pick.JOINED else ""))

    def next_clash(self, *, here: bool = False) -> None:
        """To the next field that still needs a choice, round the end; `here` stays where one is needed still."""
        rows, at = self._view.rows, self.grid.currentIndex().row()
        first = max(at, 0) if here else at + 1
        order = [(first + step) % len(rows) for step in range(len(rows))]
        for place in order:
            if not self._decisions[rows[place].key].made:
                self.grid.go(place, "result")
                return
        if at < 0 and rows:
            self.grid.go(0, "result")

    def apply(self) -> None:
        if self.undecided():
            self.next_clash(here=True)
            self.grid.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        clashes = {row.key for row in self._view.rows if row.clash}
        self.applied.emit({key: choice for key, choice in self._decisions.items() if key in clashes})

    def _decide_proposed(self, pick: Pick) -> None:
        self.decide(pick)
        if len(self._view.rows) > 1:
            self.next_clash(here=True)
        else:
            self.apply()

    def step_back(self) -> bool:
        """Esc: out of the box that is typed in, which keeps what it says; False where nobody types."""
        if not self._typed.hasFocus():
            return False
        self.grid.setFocus(Qt.FocusReason.OtherFocusReason)
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self.take_key(event):
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A table searches by letter; here the keys decide before it sees them."""
        if watched is self.grid and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self.take_key(event) or super().eventFilter(watched, event)
        return super().eventFilter(watched, event)

    def take_key(self, event: QKeyEvent) -> bool:
        """Does what a key means for the conflict, wherever the focus is; False when it means nothing here."""
        control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        key = event.key()
        applies = control and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        answers = self._view.proposal and key in _AT_ONCE and not control
        if (applies or answers) and event.isAutoRepeat():
            return True  # a key held down decides once: by now another one may be shown
        if applies:
            self.apply()
        elif key in _PICKS and not control:
            self.decide(_PICKS[Qt.Key(key)])
        elif key == Qt.Key.Key_N and not control:
            self.next_clash()
        elif answers:
            self._decide_proposed(_AT_ONCE[Qt.Key(key)])
        else:
            return False
        return True

    def _row(self) -> MergeRow | None:
        at = self.grid.currentIndex().row()
        return self._view.rows[at] if 0 <= at < len(self._view.rows) else None

    def _on_text(self, text: str) -> None:
        row = self._row()
        if row is not None:
            self._typed_for[row.key] = text
            self._decide(Decision(Pick.TYPED, text))

    def _on_typed(self) -> None:
        """Enter behind a typed value: on to the next field."""
        self.next_clash(here=True)
        self.grid.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_radio(self, radio: QWidget) -> None:
        self.decide(next(pick for pick, known in self._radios.items() if known is radio))

    def _decide(self, decision: Decision) -> None:
        row = self._row()
        if row is not None:
            self._decisions[row.key] = decision
            self._refresh()
            self._show_choice()
            self.chosen.emit()

    def _refresh(self) -> None:
        self.grid.set_rows([self._grid_row(row) for row in self._view.rows])
        left = len(self.undecided())
        words = "Apply merge" if not left else f"{left} to choose"
        self._apply.set_text(f"{_AS_WRITTEN}{words}", words)

    def _grid_row(self, row: MergeRow) -> GridRow:
        def side(text: str, note: str) -> Cell:
            tip = "\n".join(part for part in (note, row.who) if part)
            return Cell("same", Tone.NEUTRAL, tip=tip) if text == row.before else Cell(text or "–", tip=tip)

        decision, whole = self._decisions[row.key], self._view.proposal
        results = {
            Pick.OPEN: Cell("Choose…", Tone.DANGER),
            Pick.MINE: Cell(f"{row.mine or '–'}  ·  {'taken' if whole else 'yours'}", Tone.ACCENT),
            Pick.THEIRS: Cell(f"{row.theirs or '–'}  ·  {'stays' if whole else 'theirs'}", Tone.ACCENT),
            Pick.TYPED: Cell(f"{decision.text}  ·  typed", Tone.ACCENT)
            if decision.made
            else Cell("Type a value…", Tone.DANGER),
            Pick.JOINED: Cell("Both, joined", Tone.ACCENT, tip=joined(row)),
        }
        cells = (
            Cell(row.label),
            Cell(row.before or "–"),
            side(row.mine, row.mine_note),
            side(row.theirs, row.theirs_note),
            results[decision.pick],
        )
        return GridRow(row.key, cells)

    def _show_choice(self) -> None:
        row = self._row()
        if row is None:
            return
        self._field.setText(row.label)
        titles = (_COLUMNS[1].title, self._view.mine, self._view.theirs)
        self._whole.set(tuple(zip(titles, (row.before, row.mine, row.theirs), strict=True)))
        decision = self._decisions[row.key]
        self._group.setExclusive(False)
        for pick, radio in self._radios.items():
            radio.setChecked(decision.pick is pick)
            radio.setEnabled(row.clash)
        self._group.setExclusive(True)
        typing = decision.pick is Pick.TYPED  # what is typed needs the room; both values stand in the table
        self._radios[Pick.MINE].set_note(row.mine_note or row.mine, shown=not typing)
        self._radios[Pick.THEIRS].set_note(row.theirs_note or row.theirs, shown=not typing)
        self._who.setText(row.who or self._view.who)
        self._radios[Pick.JOINED].setVisible(row.joinable)
        self._typed.setVisible(typing)
        if typing and self._typed.text() != decision.text:
            self._typed.setText(decision.text)
