"""SyncPill: one glance at sync: online, syncing, offline with what waits, or what needs the person.

It says and is clicked, nothing more; it never blocks and never blinks.
"""

from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from fieldrep.ui.style.fonts import metrics, scaled
from fieldrep.ui.style.theme import current
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.paint import draw_icon, draw_text, fill_round, ring


class SyncMode(StrEnum):
    ONLINE = "online"
    SYNCING = "syncing"
    OFFLINE = "offline"


@dataclass(frozen=True)
class SyncView:
    """`waiting` changes are safe here and not sent; `needs_you` counts conflicts and refused changes.

    `live`: news of others comes by itself. `paused`: nothing goes out by itself. `trouble`: in two or three words what
    is wrong with a line that is there.
    """

    mode: SyncMode
    waiting: int = 0
    needs_you: int = 0
    done: int = 0
    total: int = 0
    live: bool = False
    paused: bool = False
    trouble: str = ""

    def words(self) -> str:
        if self.mode is SyncMode.SYNCING:
            return f"Syncing {self.done} of {self.total}" if self.total else "Syncing"
        if self.needs_you:
            told = f"{self.needs_you} need{'s' if self.needs_you == 1 else ''} you"
            return f"Offline · {told}" if self.mode is SyncMode.OFFLINE else told
        waiting = f"{self.waiting:,} change{'' if self.waiting == 1 else 's'} waiting"
        if self.mode is SyncMode.OFFLINE and self.trouble:
            told = self.trouble
        elif self.paused:
            told = "Paused"
        elif self.mode is SyncMode.OFFLINE:
            told = "Offline"
        else:
            told = "Live" if self.live else "Online"
        return f"{told} · {waiting}" if self.waiting else told

    def look(self) -> tuple[str, Tone]:
        """Icon and tone; offline is normal and amber, red only when a person is needed."""
        if self.mode is SyncMode.SYNCING:
            return "refresh-cw", Tone.ACCENT
        if self.needs_you:
            return "circle-alert", Tone.DANGER
        if self.mode is SyncMode.OFFLINE:
            return "cloud-off", Tone.WARNING
        if self.paused:
            return "circle-pause", Tone.WARNING
        return ("cloud-upload", Tone.ACCENT) if self.waiting else ("cloud-check", Tone.SUCCESS)


class SyncPill(QAbstractButton):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = SyncView(SyncMode.OFFLINE)
        self.setObjectName("sync_pill")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setToolTip("Open Sync")
        self.set(self._view)

    def set(self, view: SyncView) -> None:
        self._view = view
        self.setText(view.words())
        self.setAccessibleName(f"Sync: {view.words()}")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(metrics("ui").horizontalAdvance(self.text()) + 50, scaled(30))

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current()
        painter = QPainter(self)
        icon, tone = self._view.look()
        fill_round(painter, self.rect(), tokens.soft(tone), self.height() / 2)
        if self.underMouse() or self.hasFocus():
            ring(
                painter,
                self.rect(),
                tokens.focus if self.hasFocus() else tokens.ink(tone),
                self.height() / 2 - 1,
            )
        left = self.width() - 30 if self.isRightToLeft() else 13
        draw_icon(painter, icon, tokens.ink(tone), left, (self.height() - 16) // 2)
        words = QRect(12 if self.isRightToLeft() else 35, 0, self.width() - 47, self.height())
        draw_text(painter, words, self.text(), "ui", tokens.ink(tone), right=self.isRightToLeft())
