"""Pictures of unknown origin, decoded within bounds: two raster formats alone, their size judged before any pixel.

Owns the limits. What a file claims to be decides nothing: the format comes from its first bytes, and Qt is told to use
that decoder or none, so that no drawing, page or script is ever read as a picture.
"""

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize, Qt
from PySide6.QtGui import QImage, QImageReader

from fieldrep.domain.files import media_type_of

MOST_PIXELS = 60_000_000
MOST_MEGABYTES = 256
"""Memory one picture may take while it is decoded."""

_DECODERS = {"image/jpeg": b"jpeg", "image/png": b"png"}


def picture_of(body: bytes, box: QSize) -> QImage | None:
    """The picture, no larger than the box; None when it is none, is damaged, or has more pixels than may be."""
    decoder = _DECODERS.get(media_type_of(body))
    if decoder is None:
        return None
    QImageReader.setAllocationLimit(MOST_MEGABYTES)
    buffer = QBuffer()
    buffer.setData(QByteArray(body))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer, QByteArray(decoder))
    reader.setAutoDetectImageFormat(False)
    reader.setAutoTransform(True)
    size = reader.size()
    if not size.isValid() or size.isEmpty() or size.width() * size.height() > MOST_PIXELS:
        return None
    if size.width() > box.width() or size.height() > box.height():
        reader.setScaledSize(size.scaled(box, Qt.AspectRatioMode.KeepAspectRatio).expandedTo(QSize(1, 1)))
    image = reader.read()
    return None if image.isNull() else image
