"""LineRow: one fact in a side column: icon, title, note, a word at the right. A button where a press does something.

It paints and is pressed; its note takes the lines it needs. What the fact is and what a press means is the page's.
"""

from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from fieldrep.ui.style.fonts import metrics, text_scale
from fieldrep.ui.style.theme import current
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.paint import draw_icon, draw_text, fill_round, mirrored, ring

_BETWEEN = " · "
_LEFT, _EDGE, _LEAST = 32, 4, 48


@dataclass(frozen=True)
class LineView:
    """`tone` colours the icon, `note_tone` the second line; `press` says what pressing does, "" for nothing."""

    icon: str
    title: str
    note: str = ""
    right: str = ""
    tone: Tone = Tone.NEUTRAL
    note_tone: str = "text2"
    waiting: bool = False
    press: str = ""

    def spoken(self) -> str:
        waiting = "waiting to sync" if self.waiting else ""
        return ", ".join(part for part in (self.title, self.note, self.right, waiting, self.press) if part)


def _fits(words: str, room: int) -> bool:
    return metrics("caption").horizontalAdvance(words) + 2 <= room


@lru_cache(maxsize=512)
def _in_lines(note: str, room: int, _scale: int) -> tuple[str, ...]:
    """A note in lines of so much room, as many whole facts as fit to a line; only a fact wider than all goes on."""
    lines: list[str] = []
    for fact in note.split(_BETWEEN):
        if lines and _fits(together := f"{lines[-1]}{_BETWEEN}{fact}", room):
            lines[-1] = together
        else:
            lines += [fact] if _fits(fact, room) else _words_in_lines(fact, room)
    return tuple(lines)


def _words_in_lines(fact: str, room: int) -> list[str]:
    lines: list[str] = []
    for word in fact.split():
        if lines and _fits(together := f"{lines[-1]} {word}", room):
            lines[-1] = together
        else:
            lines += [word] if _fits(word, room) else _pieces(word, room)
    return lines


def _pieces(word: str, room: int) -> list[str]:
    """A mail address longer than a line goes on in the next, from one of its marks on where it has any."""
    pieces = [""]
    for letter in word:
        if pieces[-1] and not _fits(pieces[-1] + letter, room):
            mark = max(pieces[-1].rfind(one) for one in "@.-/")
            cut = mark if mark > 0 else len(pieces[-1])
            pieces[-1:] = [pieces[-1][:cut], pieces[-1][cut:]]
        pieces[-1] += letter
    return pieces


class LineRow(QAbstractButton):
    """Reached by Tab only when pressing it does something."""

    def __init__(self, view: LineView, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self.setObjectName(name)
        self.setAccessibleName(view.spoken())
        self.setToolTip(view.press)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        if view.press:
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self.setAttribute(Qt.WidgetAttribute.WA_Hover)
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        else:
            self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            self.setEnabled(False)

    def view(self) -> LineView:
        return self._view

    def note_lines(self) -> tuple[str, ...]:
        """What the second line says, in as many lines as it needs."""
        room = max(self.width() - _LEFT - _EDGE, _LEAST)
        return _in_lines(self._view.note, room, text_scale()) if self._view.note else ()

    def sizeHint(self) -> QSize:
        """As tall as the note needs at the width it has."""
        tall = metrics("ui").height() + (metrics("caption").height() + 1) * len(self.note_lines())
        return QSize(160, tall + 8)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()
            cut = metrics("ui").horizontalAdvance(self._view.title) > self._title_room()
            self.setToolTip(
                "\n".join(part for part in (self._view.title if cut else "", self._view.press) if part)
            )

    def _title_room(self) -> int:
        right = metrics("caption").horizontalAdvance(self._view.right) + (10 if self._view.right else 0)
        return max(0, self.width() - _LEFT - _EDGE - right - (20 if self._view.waiting else 0))

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens, view = current(), self._view
        painter = QPainter(self)
        area = self.rect()
        if view.press and self.underMouse():
            fill_round(painter, area, tokens.hover, 6)
        if self.hasFocus():
            ring(painter, area, tokens.focus, 6)
        flip = self.isRightToLeft()
        high, low = metrics("ui").height(), metrics("caption").height()
        inner = area.adjusted(_LEFT, 4, -_EDGE, -4)
        right = metrics("caption").horizontalAdvance(view.right) + (10 if view.right else 0)
        title = QRect(inner.left(), inner.top(), self._title_room(), high)
        far = QRect(inner.right() - right, inner.top(), right + 1, high)
        icon = QRect(6, area.center().y() - 8, 16, 16)
        if flip:
            title, far, icon = (mirrored(part, area) for part in (title, far, icon))
        draw_icon(painter, view.icon, tokens.ink(view.tone), icon.left(), icon.top())
        used = draw_text(painter, title, view.title, "ui", tokens.text, right=flip)
        for number, words in enumerate(self.note_lines()):
            note = QRect(inner.left(), inner.top() + high + 1 + number * (low + 1), inner.width(), low)
            note = mirrored(note, area) if flip else note
            draw_text(painter, note, words, "caption", tokens.named(view.note_tone), right=flip)
        draw_text(painter, far, view.right, "caption", tokens.text2, right=not flip, figures=True)
        if view.waiting:
            across = title.right() - used - 20 if flip else title.left() + used + 6
            draw_icon(painter, "upload", tokens.warning, across, title.center().y() - 6, 14)
