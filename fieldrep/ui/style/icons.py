"""Icons: Lucide SVGs read from their package, tinted with a token and drawn at the exact pixel size.

Owns rendering and its cache. A missing icon is a bug and raises: no empty squares in the window.
"""

import zipfile
from functools import lru_cache
from importlib.resources import as_file, files

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer


@lru_cache(maxsize=256)
def _svg(name: str) -> str:
    with as_file(files("justmyresource_lucide") / "icons.zip") as path, zipfile.ZipFile(path) as archive:
        text = archive.read(f"{name}.svg").decode("utf-8")
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
