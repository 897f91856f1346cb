"""Typefaces: Inter from its package, and one QFont per type size at the user's text scale.

Owns loading and caching of fonts, and the axes of the variable file: a weight set on a QFont alone draws
500 and 600 as 400, the `wght` axis does not. The present text scale lives in the application font (its pixel size
against the body size), so nothing here holds state of its own.
"""

from functools import lru_cache

import fontpkg_inter
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontDatabase, QFontMetrics, QGuiApplication, QStaticText

from fieldrep.ui.style.tokens import TYPE

FAMILY = fontpkg_inter.FAMILY
_TABULAR_FIGURES = QFont.Tag("tnum")
_WEIGHT_AXIS, _OPTICAL_AXIS = QFont.Tag("wght"), QFont.Tag("opsz")
_ALWAYS_TABULAR = ("kpi", "overline")


def load_fonts() -> None:
    """Make Inter known to Qt; when its file cannot be read, Qt falls back to the system's typeface."""
    if FAMILY not in QFontDatabase.families():
        QFontDatabase.addApplicationFont(str(fontpkg_inter.ROOT / "files" / "Inter[opsz,wght].ttf"))


@lru_cache(maxsize=128)
def _font(kind: str, scale: int, figures: bool) -> QFont:
    size = TYPE[kind]
    pixels = round(size.pixels * scale / 100)
    font = QFont(FAMILY)
    font.setPixelSize(pixels)
    font.setWeight(QFont.Weight(size.weight))
    font.setVariableAxis(_WEIGHT_AXIS, size.weight)
    font.setVariableAxis(_OPTICAL_AXIS, max(14, min(32, pixels)))
    if figures or kind in _ALWAYS_TABULAR:
        font.setFeature(_TABULAR_FIGURES, 1)
    if size.pixels >= 18:
        font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, -0.2)
    return font


def text_scale() -> int:
    """The text size in per cent that the running application shows."""
    return round(QGuiApplication.font().pixelSize() * 100 / TYPE["body"].pixels)


def font(kind: str, *, figures: bool = False) -> QFont:
    """The font of a type size by its token name, at the present text scale; `figures` for columns of numbers."""
    return _font(kind, text_scale(), figures)


@lru_cache(maxsize=128)
def _metrics(kind: str, scale: int, figures: bool) -> QFontMetrics:
    return QFontMetrics(_font(kind, scale, figures))


def metrics(kind: str, *, figures: bool = False) -> QFontMetrics:
    return _metrics(kind, text_scale(), figures)


@lru_cache(maxsize=2048)
def _shaped(text: str, kind: str, scale: int, figures: bool) -> QStaticText:
    shaped = QStaticText(text)
    shaped.setTextFormat(Qt.TextFormat.PlainText)
    shaped.prepare(font=_font(kind, scale, figures))
    return shaped


def shaped(text: str, kind: str, *, figures: bool = False) -> QStaticText:
    """One line of text as glyphs, made once: Qt would shape it anew for each measure and each repaint."""
    return _shaped(text, kind, text_scale(), figures)


def body_font(scale: int) -> QFont:
    """The application font: it carries the text scale for everybody else."""
    return _font("body", scale, False)


def scaled(pixels: int) -> int:
    """A height that holds text, grown with the text scale and never shrunk below its design size."""
    return max(pixels, round(pixels * text_scale() / 100))
