"""Pictures of unknown origin, decoded within bounds: two raster formats alone, their size judged before any pixel.

Owns the limits. What a file claims to be decides nothing: the format comes from its first bytes, and Qt is told to use
that decoder or none, so that no drawing, page or script is ever read as a picture.
"""

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize, Qt
from PySide6.QtGui import QColor, QImage, QImageReader, QPainter

from fieldrep.contract.files import MAX_THUMB
from fieldrep.domain.files import media_type_of

MOST_PIXELS = 60_000_000
MOST_MEGABYTES = 256
"""Memory one picture may take while it is decoded."""

THUMB = QSize(160, 120)
_MOST_THUMB_PIXELS = 4 * THUMB.width() * THUMB.height()
_QUALITIES = (75, 55, 35)
_PASTED_QUALITY = 88
_PASTED = QSize(4_000, 4_000)

_DECODERS = {"image/jpeg": b"jpeg", "image/png": b"png"}


def thumb_of(body: bytes) -> bytes:
    """The small picture that travels with the record, b"" for what is no picture; for a worker, as it takes a while."""
    image = picture_of(body, THUMB)
    if image is None:
        return b""
    flat = QImage(image.size(), QImage.Format.Format_RGB32)
    flat.fill(QColor("white"))
    painter = QPainter(flat)
    painter.drawImage(0, 0, image)
    painter.end()
    made = (_jpeg(flat, quality) for quality in _QUALITIES)
    return next((thumb for thumb in made if 0 < len(thumb) <= MAX_THUMB), b"")


def shown_thumb(thumb: bytes) -> QImage | None:
    """The small picture of a record, wherever it is from; None when it is none of ours."""
    return picture_of(thumb, THUMB, most_pixels=_MOST_THUMB_PIXELS) if len(thumb) <= MAX_THUMB else None


def file_of(image: QImage) -> bytes:
    """A picture that lies in no file, such as the clipboard's, as the bytes of one."""
    small = image.width() <= _PASTED.width() and image.height() <= _PASTED.height()
    if not small:
        image = image.scaled(
            _PASTED, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
    return _jpeg(image.convertToFormat(QImage.Format.Format_RGB32), _PASTED_QUALITY)


def _jpeg(image: QImage, quality: int) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    written = image.save(buffer, "JPG", quality)  # type: ignore[call-overload]
    return bytes(buffer.data().data()) if written else b""


def picture_of(body: bytes, box: QSize, *, most_pixels: int = MOST_PIXELS) -> QImage | None:
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
    if not size.isValid() or size.isEmpty() or size.width() * size.height() > most_pixels:
        return None
    if size.width() > box.width() or size.height() > box.height():
        reader.setScaledSize(size.scaled(box, Qt.AspectRatioMode.KeepAspectRatio).expandedTo(QSize(1, 1)))
    image = reader.read()
    return None if image.isNull() else image
