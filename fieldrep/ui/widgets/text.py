"""Labels: `Text` names its type size and tone; `ElidedText` shortens itself and tells the rest in a tooltip.

Owns how words are shown, never which words.
"""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QStyle, QWidget

from fieldrep.ui.style.fonts import font
from fieldrep.ui.style.theme import look_changed
from fieldrep.ui.style.tokens import Tone

_BETWEEN = " · "
_ALONE, _NO_LONGER_ALONE = "\u2068", "\u2069"
"""Around words that decide their own direction and not that of what stands beside them."""


def restyle(widget: QWidget) -> None:
    """Let the stylesheet look at the widget's properties again; its font stays, which Qt would take back."""
    style, own = widget.style(), widget.font()
    style.unpolish(widget)
    style.polish(widget)
    if widget.font() != own:
        widget.setFont(own)
    widget.update()


class Text(QLabel):
    """A label of one type size and tone: `tone` is text, text2, text3 or a Tone; `figures` lines digits up."""

    def __init__(
        self,
        text: str = "",
        kind: str = "body",
        tone: str = "text",
        parent: QWidget | None = None,
        *,
        figures: bool = False,
    ) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self._kind, self._figures = kind, figures
        self.setFont(font(kind, figures=figures))
        self.setProperty("tone", str(tone))
        self.setText(text)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if look_changed(self, event):
            self.setFont(font(self._kind, figures=self._figures))

    def set_tone(self, tone: str | Tone) -> None:
        if self.property("tone") != str(tone):
            self.setProperty("tone", str(tone))
            restyle(self)


class ElidedText(Text):
    """One line that ends in an ellipsis when there is no room; the whole text is its tooltip and its name."""

    def __init__(
        self,
        text: str = "",
        kind: str = "body",
        tone: str = "text",
        parent: QWidget | None = None,
        *,
        figures: bool = False,
    ) -> None:
        super().__init__(text, kind, tone, parent, figures=figures)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        return QSize(24, super().minimumSizeHint().height())

    def shown_text(self) -> str:
        metrics = self.fontMetrics()
        return metrics.elidedText(self.text(), Qt.TextElideMode.ElideRight, self.contentsRect().width())

    def setText(self, text: str) -> None:
        super().setText(" ".join(text.split()))
        self._tell()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._tell()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._tell()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        area: QRect = self.contentsRect()
        side = QStyle.visualAlignment(self.layoutDirection(), self.alignment())
        align = side | Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignAbsolute
        painter.setLayoutDirection(Qt.LayoutDirection.LayoutDirectionAuto)
        painter.drawText(area, int(align), self.drawn_text())

    def drawn_text(self) -> str:
        """What is drawn of it."""
        return self.shown_text()

    def _tell(self) -> None:
        shortened = self.shown_text() != self.text()
        self.setToolTip(self.text() if shortened else "")


class ElidedFacts(ElidedText):
    """Facts in one line; where there is no room the longest end in their middle, so that numbers stay whole."""

    _facts: tuple[str, ...] = ()

    def set_facts(self, facts: Sequence[str]) -> None:
        self._facts = tuple(" ".join(fact.split()) for fact in facts)
        self.setText(_BETWEEN.join(self._facts))

    def shown_text(self) -> str:
        metrics, room, facts = self.fontMetrics(), self.contentsRect().width(), list(self._facts)
        widths = [metrics.horizontalAdvance(fact) for fact in facts]
        for at in sorted(range(len(facts)), key=widths.__getitem__, reverse=True):
            missing = metrics.horizontalAdvance(_BETWEEN.join(facts)) - room
            if missing <= 0:
                break
            left = max(widths[at] - missing, widths[at] // 2)
            facts[at] = metrics.elidedText(facts[at], Qt.TextElideMode.ElideMiddle, left)
        return metrics.elidedText(_BETWEEN.join(facts), Qt.TextElideMode.ElideRight, room)

    def drawn_text(self) -> str:
        """Each fact runs its own way: beside a name in Arabic a number still reads from its beginning."""
        return _BETWEEN.join(
            f"{_ALONE}{fact}{_NO_LONGER_ALONE}" for fact in self.shown_text().split(_BETWEEN)
        )
