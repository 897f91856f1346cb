"""Pictures in the window: pixels that another process decoded become images, and a pasted image becomes a file.

Owns both ways. No file is ever decoded here: that is `fieldrep.pictures`'.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QIODevice, QSize, Qt
from PySide6.QtGui import QImage

if TYPE_CHECKING:
    from fieldrep.pictures.decoder import Pixels

_PASTED_QUALITY = 88
_PASTED = QSize(4_000, 4_000)


def image_of(pixels: Pixels) -> QImage:
    """The image of decoded pixels, with memory of its own."""
    kind = QImage.Format.Format_ARGB32_Premultiplied
    return QImage(pixels.rows, pixels.wide, pixels.tall, 4 * pixels.wide, kind).copy()


def file_of(image: QImage) -> bytes:
    """A picture that lies in no file, such as the clipboard's, as the bytes of one."""
    small = image.width() <= _PASTED.width() and image.height() <= _PASTED.height()
    if not small:
        image = image.scaled(
            _PASTED, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    flat = image.convertToFormat(QImage.Format.Format_RGB32)
    written = flat.save(buffer, "JPG", _PASTED_QUALITY)  # type: ignore[call-overload]
    return bytes(buffer.data().data()) if written else b""
