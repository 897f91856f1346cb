"""Icons: Lucide SVGs read from their package, tinted with a token and drawn at the exact pixel size.

Owns rendering and its cache. A missing icon is a bug and raises: no empty squares in the window.
"""

import zipfile
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer


@cache
def _archive() -> zipfile.ZipFile:
    """The package's archive, opened once: its directory of 1,700 names costs more than an icon.

    The package is found without being imported, since that would load a registry of resources nobody asks for.
    """
    spec = find_spec("justmyresource_lucide")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("The icons (justmyresource-lucide) are not installed.")
    return zipfile.ZipFile(Path(next(iter(spec.submodule_search_locations))) / "icons.zip")


@lru_cache(maxsize=256)
def _svg(name: str) -> str:
    text = _archive().read(f"{name}.svg").decode("utf-8")
    return text.replace('stroke-width="2"', 'stroke-width="1.75"')


@lru_cache(maxsize=1024)
def pixmap(name: str, colour: str, size: int, ratio: float = 1.0) -> QPixmap:
    """The icon as a square of `size` logical pixels in one colour (#RRGGBB)."""
    svg = _svg(name).replace("currentColor", colour)
    side = round(size * ratio)
    image = QPixmap(side, side)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(QByteArray(svg.encode("utf-8"))).render(painter, QRectF(0, 0, side, side))
    painter.end()
    image.setDevicePixelRatio(ratio)
    return image


def icon(name: str, colour: str, *, off: str | None = None, size: int = 16) -> QIcon:
    """A QIcon in `colour`, greyed to `off` when its control is disabled, sharp at 1x, 1.5x and 2x."""
    result = QIcon()
    for ratio in (1.0, 1.5, 2.0):
        result.addPixmap(pixmap(name, colour, size, ratio), QIcon.Mode.Normal)
        if off is not None:
            result.addPixmap(pixmap(name, off, size, ratio), QIcon.Mode.Disabled)
    return result
