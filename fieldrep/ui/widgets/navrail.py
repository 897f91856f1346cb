"""NavRail: the column of pages, icon over word, with count badges; wide windows put the word beside the icon."""

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QVBoxLayout, QWidget

from fieldrep.ui.style.fonts import font, metrics, scaled
from fieldrep.ui.style.theme import current, look_changed
from fieldrep.ui.style.tokens import RAIL, RAIL_WIDE, Tone
from fieldrep.ui.widgets.paint import draw_icon, draw_text, fill_round, ring


@dataclass(frozen=True)
class RailItem:
    key: str
    title: str
    icon: str
    at_bottom: bool = False


class NavButton(QAbstractButton):
    """Checked, focus and count are all drawn; the count is part of the accessible name."""

    def __init__(self, item: RailItem, parent: QWidget) -> None:
        super().__init__(parent)
        self.item = item
        self._count, self._tone, self._wide = 0, Tone.NEUTRAL, False
        self.setObjectName(f"nav_{item.key}")
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self._name()

    def set_count(self, count: int, tone: Tone) -> None:
        self._count, self._tone = count, tone
        self._name()
        self.update()

    def set_wide(self, wide: bool) -> None:
        self._wide = wide
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(scaled(RAIL_WIDE if self._wide else RAIL) - 12, scaled(40) if self._wide else scaled(50))

    def _name(self) -> None:
        self.setAccessibleName(f"{self.item.title}, {self._count}" if self._count else self.item.title)

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current()
        painter = QPainter(self)
        area = self.rect()
        if self.isChecked():
            fill_round(painter, area, tokens.selected)
        elif self.underMouse():
            fill_round(painter, area, tokens.press)
        ink = tokens.accent_text if self.isChecked() else tokens.text2
        if self._wide:
            at = area.right() - 32 if self.isRightToLeft() else 12
            draw_icon(painter, self.item.icon, ink, at, (area.height() - 20) // 2, 20)
            words = area.adjusted(44, 0, -40, 0) if not self.isRightToLeft() else area.adjusted(40, 0, -44, 0)
            draw_text(painter, words, self.item.title, "ui", ink, right=self.isRightToLeft())
            corner = QRect(
                8 if self.isRightToLeft() else area.right() - 36, (area.height() - 16) // 2, 28, 16
            )
        else:
            draw_icon(painter, self.item.icon, ink, (area.width() - 20) // 2, 7, 20)
            painter.setFont(font("nav"))
            painter.setPen(ink)
            room = QRect(2, 29, area.width() - 4, area.height() - 30)
            title = metrics("nav").elidedText(self.item.title, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, title)
            corner = QRect(area.width() // 2 + 5, 2, 28, 16)
        if self._count:
            self._draw_count(painter, self.count_place(corner))
        if self.hasFocus():
            ring(painter, area, tokens.focus, 7)

    def count_words(self) -> str:
        return str(self._count) if self._count < 1000 else "999+"

    def count_place(self, corner: QRect) -> QRect:
        """As wide as the number needs; a long one begins further left instead of being cut."""
        wide = max(16, metrics("overline").horizontalAdvance(self.count_words()) + 10)
        return QRect(min(corner.left(), self.width() - wide), corner.top(), wide, 16)

    def _draw_count(self, painter: QPainter, place: QRect) -> None:
        tokens = current()
        fill_round(painter, place, tokens.ink(self._tone), 8)
        painter.setFont(font("overline"))
        painter.setPen(tokens.canvas)
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, self.count_words())


class NavRail(QWidget):
    chosen = Signal(str)

    def __init__(self, items: tuple[RailItem, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("nav_rail")
        self.setAccessibleName("Pages")
        self.buttons: dict[str, NavButton] = {}
        group = QButtonGroup(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 8, 6, 10)
        column.setSpacing(6)
        for item in (item for item in items if not item.at_bottom):
            column.addWidget(self._button(item, group))
        column.addStretch(1)
        for item in (item for item in items if item.at_bottom):
            column.addWidget(self._button(item, group))
        self._wide = False
        self.setFixedWidth(scaled(RAIL))

    def _button(self, item: RailItem, group: QButtonGroup) -> NavButton:
        button = NavButton(item, self)
        group.addButton(button)
        button.clicked.connect(lambda: self.chosen.emit(item.key))
        self.buttons[item.key] = button
        return button

    def set_current(self, key: str) -> None:
        self.buttons[key].setChecked(True)

    def set_count(self, key: str, count: int, tone: Tone = Tone.NEUTRAL) -> None:
        self.buttons[key].set_count(count, tone)

    def set_wide(self, wide: bool) -> None:
        self._wide = wide
        self.setFixedWidth(scaled(RAIL_WIDE if wide else RAIL))
        for button in self.buttons.values():
            button.set_wide(wide)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if look_changed(self, event):
            self.set_wide(self._wide)
