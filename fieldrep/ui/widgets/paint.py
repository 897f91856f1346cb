"""Painting shared by the painted widgets: elided text, avatars, focus rings.

Owns strokes and text placement; it must not know what is painted for whom.
"""

from math import ceil

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from fieldrep.ui.style.fonts import font, metrics, shaped
from fieldrep.ui.style.icons import pixmap
from fieldrep.ui.style.theme import current
from fieldrep.ui.style.tokens import RADIUS_CARD, Tone

_AVATAR_TONES = (Tone.ACCENT, Tone.INFO, Tone.SUCCESS, Tone.VIOLET, Tone.WARNING)


def draw_text(
    painter: QPainter,
    area: QRect,
    text: str,
    kind: str,
    colour: str,
    *,
    right: bool = False,
    figures: bool = False,
) -> int:
    """One elided line, vertically centred; returns the width it took.

    Its words decide which way they run: a phone number or an amount reads the same in a mirrored window.
    """
    if not text:
        return 0
    shown = shaped(text, kind, figures=figures)
    if shown.size().width() > area.width() or "\n" in text:
        line = " ".join(text.splitlines())
        measure = metrics(kind, figures=figures)
        shown = shaped(
            measure.elidedText(line, Qt.TextElideMode.ElideRight, area.width()), kind, figures=figures
        )
    size = shown.size()
    painter.setFont(font(kind, figures=figures))
    painter.setPen(QColor(colour))
    left = area.left() + area.width() - size.width() if right else area.left()
    painter.drawStaticText(QPointF(left, area.top() + (area.height() - size.height()) / 2), shown)
    return round(size.width())


def width_of(text: str, kind: str, *, figures: bool = False) -> int:
    """How much room one line takes that is not elided."""
    return ceil(shaped(text, kind, figures=figures).size().width()) if text else 0


def draw_icon(painter: QPainter, name: str, colour: str, x: int, y: int, size: int = 16) -> None:
    ratio = painter.device().devicePixelRatioF()
    painter.drawPixmap(x, y, pixmap(name, colour, size, ratio))


def mirrored(area: QRect, within: QRect) -> QRect:
    """The same rectangle seen from the other side, for right-to-left layouts."""
    return QRect(within.left() + within.right() - area.right(), area.top(), area.width(), area.height())


def fill_round(painter: QPainter, area: QRect, fill: str, radius: float = RADIUS_CARD) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(fill))
    painter.drawRoundedRect(QRectF(area), radius, radius)


def ring(painter: QPainter, area: QRect, colour: str, radius: float = RADIUS_CARD, width: float = 2) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(colour), width))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    inset = width / 2
    painter.drawRoundedRect(QRectF(area).adjusted(inset, inset, -inset, -inset), radius, radius)


def avatar_tone(name: str) -> Tone:
    """A tone that stays with the name; it decorates, the letters inside tell."""
    return _AVATAR_TONES[sum(name.encode("utf-8", "replace")) % len(_AVATAR_TONES)]


def initials(name: str) -> str:
    """At most two letters: of the first two words, or the first two letters of one word."""
    words = [word for word in name.split() if word[0].isalnum()]
    if not words:
        return "–"
    if len(words) == 1:
        return words[0][:2].upper()
    return (words[0][0] + words[1][0]).upper()


def draw_avatar(painter: QPainter, area: QRect, letters: str, tone: Tone, kind: str = "badge") -> None:
    tokens = current()
    fill_round(painter, area, tokens.soft(tone))
    shown = shaped(letters, kind)
    size = shown.size()
    painter.setFont(font(kind))
    painter.setPen(QColor(tokens.ink(tone)))
    across, down = (area.width() - size.width()) / 2, (area.height() - size.height()) / 2
    painter.drawStaticText(QPointF(area.left() + across, area.top() + down), shown)
