"""Tile: one key figure with its caption, the words under it, and room for a meter or a spark line."""

from dataclasses import dataclass

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QSizePolicy, QWidget

from fieldrep.ui.style.fonts import scaled
from fieldrep.ui.style.theme import look_changed
from fieldrep.ui.style.tokens import TILE
from fieldrep.ui.widgets.text import ElidedText, Text


@dataclass(frozen=True)
class TileView:
    """What a tile says; `tone` colours the note only and the note's words carry the meaning."""

    caption: str
    figure: str
    note: str = ""
    tone: str = "text3"


class Tile(QFrame):
    def __init__(self, view: TileView, mark: QWidget | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._caption = ElidedText("", "caption", "text2")
        self._figure = ElidedText("", "kpi")
        self._note = ElidedText("", "caption", "text3")
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(14, 10, 14, 10)
        self._grid.setVerticalSpacing(2)
        self._grid.setHorizontalSpacing(8)
        self._grid.addWidget(self._caption, 0, 0, 1, 2)
        self._grid.addWidget(self._figure, 1, 0)
        self._grid.addWidget(self._note, 2, 0, 1, 2)
        self._grid.setColumnStretch(0, 1)
        self._mark: QWidget | None = None
        self.setFixedHeight(scaled(TILE))
        self.set(view, mark)

    def set(self, view: TileView, mark: QWidget | None = None) -> None:
        self._caption.setText(view.caption)
        self._figure.setText(view.figure)
        self._note.setText(view.note)
        self._note.set_tone(view.tone)
        self.setAccessibleName(f"{view.caption}: {view.figure}. {view.note}".rstrip(". "))
        if self._mark is not None:
            self._grid.removeWidget(self._mark)
            self._mark.deleteLater()
        self._mark = mark
        if mark is not None:
            self._grid.addWidget(mark, 1, 1, Qt.AlignmentFlag.AlignVCenter)

    def figure(self) -> Text:
        return self._figure

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if look_changed(self, event):
            self.setFixedHeight(scaled(TILE))
