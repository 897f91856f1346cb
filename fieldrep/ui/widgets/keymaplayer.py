"""KeymapLayer: F1. Every key and what it does, by place, on one sheet."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from fieldrep.ui.widgets.button import Button
from fieldrep.ui.widgets.card import Scroll, line
from fieldrep.ui.widgets.keycap import KeyCap
from fieldrep.ui.widgets.layer import Layer
from fieldrep.ui.widgets.text import Text

KeyLine = tuple[str, str, tuple[str, ...]]


class KeymapLayer(Layer):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, name="key_map", width=860, top=70)
        self._close = Button("", icon="x", variant="icon", name="key_map_close", label="Close")
        self._close.clicked.connect(self.close_layer)
        self._sheet = QWidget()
        self._columns = QHBoxLayout(self._sheet)
        self._columns.setContentsMargins(24, 16, 24, 20)
        self._columns.setSpacing(36)
        head = QHBoxLayout()
        head.setContentsMargins(24, 12, 12, 10)
        head.addWidget(Text("Keys", "title"))
        head.addStretch(1)
        head.addWidget(self._close)
        self.body.addLayout(head)
        self.body.addWidget(line())
        self.body.addWidget(Scroll(self._sheet, name="key_map_scroll"), 1)

    def first_focus(self) -> QWidget:
        return self._close

    def box_height(self) -> int:
        return self._sheet.sizeHint().height() + 60

    def open_with(self, lines: Sequence[KeyLine]) -> None:
        """`lines` are (group, what it does, the keys as read)."""
        while self._columns.count():
            self._columns.takeAt(0).widget().deleteLater()
        groups: dict[str, list[KeyLine]] = {}
        for entry in lines:
            groups.setdefault(entry[0], []).append(entry)
        names = list(groups)
        for half in (names[:1], names[1:]):
            column = QWidget()
            box = QVBoxLayout(column)
            box.setContentsMargins(0, 0, 0, 0)
            box.setSpacing(8)
            for name in half:
                box.addWidget(Text(name, "heading"))
                box.addLayout(self._grid(groups[name]))
                box.addSpacing(8)
            box.addStretch(1)
            self._columns.addWidget(column, 1)
        self.open()

    def _grid(self, lines: Sequence[KeyLine]) -> QGridLayout:
        grid = QGridLayout()
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(0, 1)
        for row, (_, title, keys) in enumerate(lines):
            caps = QHBoxLayout()
            caps.setSpacing(4)
            for key in keys:
                caps.addWidget(KeyCap(key))
            grid.addWidget(Text(title, "small", "text2"), row, 0)
            grid.addLayout(caps, row, 1, Qt.AlignmentFlag.AlignRight)
        return grid
