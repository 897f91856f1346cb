"""BelowLines: under the lines of an order: the keys that work in them, and how old the stock beside them is."""

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from fieldrep.ui.order.sheet import CAPS
from fieldrep.ui.style.fonts import scaled
from fieldrep.ui.widgets.keycap import KeyCap
from fieldrep.ui.widgets.text import ElidedText

_CAPS_FROM = 690


class BelowLines(QWidget):
    """The keys are told where there is room for all of them, and lines to use them on."""

    def __init__(self) -> None:
        super().__init__()
        self._editable = False
        self._as_of = ElidedText("", "caption", "text2")
        self._caps = [KeyCap(keys, word) for keys, word in CAPS]
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(14)
        for cap in self._caps:
            row.addWidget(cap)
        row.addStretch(1)
        row.addWidget(self._as_of)

    def set(self, *, editable: bool, as_of: str) -> None:
        """Whether lines may be changed, and the words about the stock."""
        self._editable = editable
        self._as_of.setText(as_of)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        for cap in self._caps:
            cap.setVisible(self._editable and self.width() >= scaled(_CAPS_FROM))
