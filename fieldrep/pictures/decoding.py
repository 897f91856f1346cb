"""Pictures decoded within bounds: two raster formats alone, their size judged before any pixel. For `worker` alone.

Owns the limits of Qt. What a file claims to be decides nothing: the format comes from its first bytes, and Qt is told
to use that decoder or none, so that no drawing, page or script is ever read as a picture. How a picture lies is heeded
where it is shown, and applied where it is turned.
"""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize, Qt
from PySide6.QtGui import QColor, QImage, QImageIOHandler, QImageReader, QPainter, QTransform

from fieldrep.contract.files import MAX_THUMB
from fieldrep.domain.files import media_type_of
from fieldrep.pictures.frames import MOST_PIXELS, Answer, Task, Wish

MOST_MEGABYTES = 256
"""Memory one picture may take while it is decoded; of a photo that size, sixty million pixels are 240."""

THUMB = QSize(160, 120)
_THUMB_QUALITIES = (75, 55, 35)
_TURNED_QUALITY = 92
_FORMATS = {"image/jpeg": b"jpeg", "image/png": b"png"}
_DOWN, _LEFT, _RIGHT = 180, 270, 90
_TURNS = {2: (0, True), 3: (_DOWN, False), 4: (_DOWN, True), 5: (_LEFT, True),
          6: (_RIGHT, False), 7: (_RIGHT, True), 8: (_LEFT, False)}  # fmt: skip
"""By orientation: the angle that brings its first row to the top, after it was mirrored from left to right or not."""


def answer(task: Task) -> Answer:
    """What the task wishes, an empty answer where there is no picture in it."""
    if task.wish is Wish.SHOW:
        image = _decoded(task.body, QSize(task.wide, task.tall), most_pixels=task.most_pixels)
        return Answer() if image is None else _pixels(image)
    if task.wish is Wish.THUMB:
        image = _decoded(task.body, THUMB)
        return Answer() if image is None else Answer(made=_thumb(image))
    return Answer(made=_turned(task.body, task.orientation))


def warm_up() -> None:
    """Loads both decoders, so that afterwards no file needs to be opened any more."""
    image = QImage(2, 2, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    for kind in ("JPG", "PNG"):
        answer(Task(wish=Wish.THUMB, body=_encoded(image, kind, 90)))


def _decoded(body: bytes, box: QSize | None, *, most_pixels: int = MOST_PIXELS) -> QImage | None:
    """The picture, upright where it says how it lies and no larger than the box; without a box just as it lies."""
    name = _FORMATS.get(media_type_of(body))
    if name is None:
        return None
    QImageReader.setAllocationLimit(MOST_MEGABYTES)
    buffer = QBuffer()
    buffer.setData(QByteArray(body))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer, QByteArray(name))
    reader.setAutoDetectImageFormat(False)
    reader.setAutoTransform(box is not None)
    size = reader.size()
    if not size.isValid() or size.isEmpty() or size.width() * size.height() > most_pixels:
        return None
    if box is not None and reader.transformation() & QImageIOHandler.Transformation.TransformationRotate90:
        box = box.transposed()
    if box is not None and (size.width() > box.width() or size.height() > box.height()):
        reader.setScaledSize(size.scaled(box, Qt.AspectRatioMode.KeepAspectRatio).expandedTo(QSize(1, 1)))
    image = reader.read()
    return None if image.isNull() else image


def _pixels(image: QImage) -> Answer:
    flat = image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
    if flat.bytesPerLine() != 4 * flat.width():
        return Answer()
    return Answer(wide=flat.width(), tall=flat.height(), made=bytes(flat.constBits()))


def _thumb(image: QImage) -> bytes:
    flat = QImage(image.size(), QImage.Format.Format_RGB32)
    flat.fill(QColor("white"))
    painter = QPainter(flat)
    painter.drawImage(0, 0, image)
    painter.end()
    made = (_encoded(flat, "JPG", quality) for quality in _THUMB_QUALITIES)
    return next((thumb for thumb in made if 0 < len(thumb) <= MAX_THUMB), b"")


def _turned(body: bytes, orientation: int) -> bytes:
    angle, mirrored = _TURNS.get(orientation, (0, False))
    image = _decoded(body, None)
    if image is None:
        return b""
    if mirrored:
        image = image.flipped(Qt.Orientation.Horizontal)
    image = image.transformed(QTransform().rotate(angle))
    kind = "JPG" if media_type_of(body) == "image/jpeg" else "PNG"
    return _encoded(image, kind, _TURNED_QUALITY if kind == "JPG" else -1)


def _encoded(image: QImage, kind: str, quality: int) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    written = image.save(buffer, kind, quality)  # type: ignore[call-overload]
    return bytes(buffer.data().data()) if written else b""
