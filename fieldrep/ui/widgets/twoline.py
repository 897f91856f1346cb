"""TwoLineDelegate: paints one RowView as avatar, title, meta, value and flag, at a fixed height.

Owns geometry and elision only. The first thing to give way is the title, then the meta; value and flag stay whole.
"""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from fieldrep.ui.style.fonts import metrics, scaled
from fieldrep.ui.style.theme import current
from fieldrep.ui.style.tokens import LIST_ROW, Tokens
from fieldrep.ui.widgets.paint import (
    avatar_tone,
    draw_avatar,
    draw_icon,
    draw_text,
    fill_round,
    initials,
    mirrored,
    ring,
    width_of,
)
from fieldrep.ui.widgets.rows import ROW_ROLE, RowView

_AVATAR, _PAD, _GAP = 36, 10, 10


class TwoLineDelegate(QStyledItemDelegate):
    """`inset` keeps rows off the pane's edges so that the selection is a rounded card."""

    def __init__(self, parent: QWidget | None = None, inset: int = 6) -> None:
        super().__init__(parent)
        self._inset = inset

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(200, scaled(LIST_ROW))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        row: RowView = index.data(ROW_ROLE)
        tokens = current()
        painter.save()
        area = option.rect.adjusted(self._inset, 1, -self._inset, -1)
        self._ground(painter, option, area, tokens)
        inner = area.adjusted(_PAD, 0, -_PAD, 0)
        flip = option.widget is not None and option.widget.isRightToLeft()
        left = self._mark(painter, row, inner, flip, tokens)
        self._lines(painter, row, inner.adjusted(left, 0, 0, 0), inner, flip, tokens)
        painter.restore()

    def _ground(self, painter: QPainter, option: QStyleOptionViewItem, area: QRect, tokens: Tokens) -> None:
        state = option.state
        if state & QStyle.StateFlag.State_Selected:
            fill_round(painter, area, tokens.selected)
            if state & QStyle.StateFlag.State_HasFocus or (
                option.widget is not None and option.widget.hasFocus()
            ):
                ring(painter, area, tokens.focus, 7)
        elif state & QStyle.StateFlag.State_MouseOver:
            fill_round(painter, area, tokens.hover)

    def _mark(self, painter: QPainter, row: RowView, inner: QRect, flip: bool, tokens: Tokens) -> int:
        box = QRect(inner.left(), inner.center().y() - _AVATAR // 2 + 1, _AVATAR, _AVATAR)
        if flip:
            box = mirrored(box, inner)
        tone = row.avatar_tone or avatar_tone(row.title)
        if row.icon:
            fill_round(painter, box, tokens.soft(tone))
            draw_icon(painter, row.icon, tokens.ink(tone), box.left() + 9, box.top() + 9, 18)
        else:
            draw_avatar(painter, box, row.avatar or initials(row.title), tone)
        return _AVATAR + _GAP

    def _lines(
        self, painter: QPainter, row: RowView, room: QRect, inner: QRect, flip: bool, tokens: Tokens
    ) -> None:
        tall, short = metrics("row").height(), metrics("caption").height()
        top = inner.top() + (inner.height() - tall - short - 3) // 2
        value = min(width_of(row.value, "row", figures=True), room.width() // 2)
        flag = min(width_of(row.flag, "caption", figures=True), room.width() // 2)
        upper = QRect(room.left(), top, room.width() - value - (8 if value else 0), tall)
        lower = QRect(room.left(), top + tall + 3, room.width() - flag - (8 if flag else 0), short)
        right_up = QRect(room.right() - value, top, value + 1, tall)
        right_low = QRect(room.right() - flag, lower.top(), flag + 1, short)
        if flip:
            upper, lower, right_up, right_low = (
                mirrored(r, inner) for r in (upper, lower, right_up, right_low)
            )
        mark = 22 if row.waiting else 0
        title = upper.adjusted(mark, 0, 0, 0) if flip else upper.adjusted(0, 0, -mark, 0)
        used = draw_text(painter, title, row.title, "row", tokens.text, right=flip)
        draw_text(painter, lower, row.meta, "caption", tokens.text2, right=flip)
        draw_text(painter, right_up, row.value, "row", tokens.text2, right=not flip, figures=True)
        tone = tokens.named(row.flag_tone)
        draw_text(painter, right_low, row.flag, "caption", tone, right=not flip, figures=True)
        if row.waiting:
            across = upper.right() - used - 20 if flip else upper.left() + used + 6
            draw_icon(painter, "upload", tokens.warning, across, upper.center().y() - 6, 14)
