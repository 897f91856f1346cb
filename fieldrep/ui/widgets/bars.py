"""TopBar and StatusBar: the frame's upper and lower edge.

They show the name, the way into the palette, sync, help and the person; the age of the data and the page's keys.
"""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QFrame, QHBoxLayout, QMenu, QProgressBar, QSizePolicy, QWidget

from fieldrep.ui.style.fonts import scaled
from fieldrep.ui.style.theme import current, look_changed
from fieldrep.ui.style.tokens import STATUS_BAR, TOP_BAR
from fieldrep.ui.widgets.avatar import Avatar
from fieldrep.ui.widgets.button import Button
from fieldrep.ui.widgets.icon import Icon
from fieldrep.ui.widgets.keycap import KeyCap, KeyHint, cap_size, paint_cap
from fieldrep.ui.widgets.paint import draw_icon, draw_text, fill_round, ring
from fieldrep.ui.widgets.syncpill import SyncPill
from fieldrep.ui.widgets.text import ElidedText, Text

_WORK = 300


class CommandField(QAbstractButton):
    """Looks like a field, opens the palette."""

    def __init__(self) -> None:
        super().__init__()
        self.keys = "Ctrl K"
        self.setObjectName("command_field")
        self.setText("Search or run a command")
        self.setAccessibleName(self.text())
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(380, scaled(32))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current()
        painter = QPainter(self)
        area = self.rect()
        fill_round(painter, area, tokens.surface, 6)
        edge = tokens.border_strong if self.underMouse() else tokens.border
        ring(painter, area, tokens.focus if self.hasFocus() else edge, 6, 2 if self.hasFocus() else 1)
        rtl = self.isRightToLeft()
        draw_icon(
            painter, "search", tokens.text2, area.right() - 27 if rtl else 11, (area.height() - 16) // 2
        )
        draw_text(painter, area.adjusted(34, 0, -34, 0), self.text(), "body", tokens.text2, right=rtl)
        cap = cap_size(self.keys)
        left = 8 if rtl else area.right() - cap.width() - 7
        paint_cap(
            painter, QRect(left, (area.height() - cap.height()) // 2, cap.width(), cap.height()), self.keys
        )


class _Person(QAbstractButton):
    """The round avatar; opens the window's menu."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName("person")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        box = QHBoxLayout(self)
        box.setContentsMargins(3, 3, 3, 3)
        self._avatar = Avatar(name, 30, person=True)
        self._avatar.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        box.addWidget(self._avatar)
        self.set_name(name)

    def set_name(self, name: str) -> None:
        self._avatar.set(name)
        self.setAccessibleName(f"{name}, menu" if name else "Menu")
        self.setToolTip(name or "Menu")

    def sizeHint(self) -> QSize:
        return QSize(36, 36)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.hasFocus():
            ring(QPainter(self), self.rect(), current().focus, 17)


class TopBar(QWidget):
    def __init__(self, person: str) -> None:
        super().__init__()
        self.setFixedHeight(TOP_BAR)
        self.command_field = CommandField()
        self.pill = SyncPill()
        self.help = Button("", icon="life-buoy", variant="icon", name="help", label="All keys")
        self.person = _Person(person)
        self.menu = QMenu(self)
        self.person.clicked.connect(self._open_menu)
        title = Text("FieldRep", "heading")
        left, right = QWidget(), QWidget()
        for side, widgets in ((left, (title,)), (right, (self.pill, self.help, self.person))):
            row = QHBoxLayout(side)
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(8)
            if side is right:
                row.addStretch(1)
            for widget in widgets:
                row.addWidget(widget)
            if side is left:
                row.addStretch(1)
            side.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        bar = QHBoxLayout(self)
        bar.setContentsMargins(16, 0, 12, 0)
        bar.setSpacing(12)
        bar.addWidget(left, 1)
        bar.addWidget(self.command_field)
        bar.addWidget(right, 1)

    def _open_menu(self) -> None:
        self.menu.popup(self.person.mapToGlobal(self.person.rect().bottomLeft()))


class StatusBar(QFrame):
    """The data's age on the left, running work in the middle, the page's keys on the right as far as they fit.

    A toast lies over it and takes room: first what is free, then that of the age, then that of the last keys.
    """

    cancelled = Signal()
    refitted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "statusbar")
        self.setFixedHeight(scaled(STATUS_BAR) + 1)
        self._age = ElidedText("", "caption", "text2")
        self._work = ElidedText("", "caption", "text2")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(120)
        self._bar.setAccessibleName("Progress")
        self._cancel = Button("Cancel", variant="quiet", name="status_cancel")
        self._cancel.clicked.connect(self.cancelled)
        self._caps: list[KeyCap] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(14, 0, 14, 0)
        self._row.setSpacing(12)
        self._taken = 0
        self._disk = Icon("hard-drive", "text2", 14)
        self._row.addWidget(self._disk)
        self._row.addWidget(self._age)
        for widget in (self._work, self._bar, self._cancel):
            self._row.addWidget(widget)
        self._row.addStretch(1)
        self.set_work("", 0)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if look_changed(self, event):
            self.setFixedHeight(scaled(STATUS_BAR) + 1)

    def set_age(self, words: str, tip: str = "") -> None:
        self._age.setText(words)
        self._age.setAccessibleDescription(tip)
        self.setToolTip(tip)
        self._refit()

    def set_work(self, words: str, share: int) -> None:
        """Work under way with `share` of 1000 done; "" hides it."""
        self._work.setText(words)
        self._bar.setRange(0, 1000)
        self._bar.setValue(share)
        for widget in (self._work, self._bar, self._cancel):
            widget.setVisible(bool(words))
        self._refit()

    def set_hints(self, hints: Sequence[KeyHint]) -> None:
        for cap in self._caps:
            self._row.removeWidget(cap)
            cap.hide()
            cap.deleteLater()
        self._caps = [KeyCap(hint.keys, hint.word, self) for hint in hints]
        for cap in self._caps:
            self._row.addWidget(cap)
        self._refit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _refit(self) -> None:
        self._fit()
        self.refitted.emit()

    def make_room(self, width: int) -> int:
        """Room for a toast so wide, 0 for none any more; returns how far from the leading edge it begins."""
        self._taken = width
        return self._fit()

    def _fit(self) -> int:
        """Shows what there is room for; returns where the room that is taken begins."""
        age = 60 + self._age.sizeHint().width() + (_WORK if self._work.text() else 0)
        keys = sum(cap.sizeHint().width() + 12 for cap in self._caps)
        aged = not self._taken or bool(self._work.text()) or age + self._taken + 24 + keys <= self.width()
        for part in (self._disk, self._age):
            part.setVisible(aged)
        room = self.width() - (age if aged else 32) - (self._taken and self._taken + 24)
        for cap in self._caps:
            room -= cap.sizeHint().width() + 12
            cap.setVisible(room > 0)
        return min(age - 8 if aged else 8, self.width() - self._taken)
