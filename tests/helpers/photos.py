"""Photos as cameras write them, with the place, the serial number and a comment in them; and pictures made to harm.

Owns their bytes. The words a camera wrote are named, so that a test can look for them anywhere.
"""

from __future__ import annotations

import struct
import zlib

from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QColor, QImage, QPainter

SERIAL = b"SN-4711-Zwergpinscher"
COMMENT = b"Behind the shop of Mrs Weber"
TRAILER = b"ftypmp42 the film around the photo, with its place"
XMP = b"<x:xmpmeta><rdf:Description exif:GPSLatitude='52,22N' dc:creator='Photographer Dreyer'/></x:xmpmeta>"
TELLTALE = (SERIAL, COMMENT, TRAILER, b"GPSLatitude", b"Photographer")
"""What may be in none of what is kept or sent."""


def plain(kind: str = "JPG", wide: int = 640, tall: int = 480) -> bytes:
    """A picture that names nothing: red above, blue below, black in the upper left corner."""
    image = QImage(wide, tall, QImage.Format.Format_RGB32)
    image.fill(QColor("#c03020"))
    painter = QPainter(image)
    painter.fillRect(0, tall // 2, wide, tall, QColor("#2040c0"))
    painter.fillRect(0, 0, wide // 3, tall // 3, QColor("#000000"))
    painter.end()
    return encoded(image, kind)


def encoded(image: QImage, kind: str) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert image.save(buffer, kind)  # type: ignore[call-overload]
    return bytes(buffer.data().data())


def decoded(body: bytes) -> QImage:
    """A picture of ours, as it lies; decoded by the test itself."""
    image = QImage.fromData(body)
    assert not image.isNull()
    return image


def exif(orientation: int = 1, *, place: bool = True, order: str = ">") -> bytes:
    """An EXIF block: how the photo lies, the camera's number, and a place by latitude."""
    entries = [
        (0x0112, 3, 1, struct.pack(order + "HH", orientation, 0)),
        (0xA431, 2, len(SERIAL) + 1, struct.pack(order + "I", 200)),
    ]
    if place:
        entries.append((0x8825, 4, 1, struct.pack(order + "I", 120)))
    head = (b"MM\0*" if order == ">" else b"II*\0") + struct.pack(order + "IH", 8, len(entries))
    table = b"".join(struct.pack(order + "HHI", *entry[:3]) + entry[3] for entry in entries)
    block = (head + table + bytes(4)).ljust(120, b"\0")
    latitude = struct.pack(order + "HHHI4s", 1, 1, 2, 2, b"N\0\0\0")
    return (block + latitude).ljust(200, b"\0") + SERIAL + b"\0"


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def jpeg(orientation: int = 1, *, place: bool = True, wide: int = 64, tall: int = 48) -> bytes:
    """A photo as a camera writes it, with a comment, a second picture behind it and a film behind that."""
    body = plain("JPG", wide, tall)
    told = segment(0xE1, b"Exif\0\0" + exif(orientation, place=place)) + segment(0xFE, COMMENT)
    if place:
        told += segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP)
    return body[:2] + told + body[2:] + body + TRAILER


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(orientation: int = 1, *, wide: int = 64, tall: int = 48) -> bytes:
    body = plain("PNG", wide, tall)
    told = chunk(b"eXIf", exif(orientation, order="<")) + chunk(b"tEXt", b"Comment\0" + COMMENT)
    return body[:33] + told + chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP) + body[33:] + TRAILER


def webp(orientation: int = 1) -> bytes:
    """A WebP as far as its chunks go: nobody here decodes it."""
    chunks = (
        _riff(b"VP8X", bytes([0x0C, 0, 0, 0, 63, 0, 0, 47, 0, 0]))
        + _riff(b"VP8L", b"\x2f" + bytes(20))
        + _riff(b"EXIF", exif(orientation))
        + _riff(b"XMP ", XMP)
    )
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks + TRAILER


def _riff(name: bytes, body: bytes) -> bytes:
    return struct.pack("<4sI", name, len(body)) + body + bytes(len(body) % 2)


def flood(wide: int, tall: int) -> bytes:
    """A small PNG whose header promises that many pixels."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", wide, tall, 8, 6, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")


def endless(wide: int = 7_600, tall: int = 7_600, scans: int = 20_000) -> bytes:
    """A JPEG of allowed size that keeps its decoder busy for many minutes: each of its scans goes over all pixels."""
    blocks = ((wide + 7) // 8) * ((tall + 7) // 8)
    # One code of one bit: a run of 32,767 blocks without anything, told by fourteen further bits.
    runs = "".join("0" + "1" * 14 for _ in range(blocks // 32_767 + 1))
    bits = runs + "1" * (-len(runs) % 8)
    pixels = bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8)).replace(b"\xff", b"\xff\0")
    scan = segment(0xDA, bytes([1, 1, 0x00, 1, 63, 0x00])) + pixels
    return (
        b"\xff\xd8"
        + segment(0xDB, bytes([0]) + bytes([1] * 64))
        + segment(0xC2, struct.pack(">BHHB", 8, tall, wide, 1) + bytes([1, 0x11, 0]))
        + segment(0xC4, bytes([0x10, 1, *([0] * 15), 0xE0]))
        + scan * scans
        + b"\xff\xd9"
    )


def hostile() -> dict[str, bytes]:
    """By what they are: none of them is a picture that may be shown."""
    image, drawing = plain("JPG"), plain("PNG")
    svg = b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><rect width='9' height='9'/></svg>"
    return {
        "10 gigapixels": flood(100_000, 100_000),
        "most pixels there can be": flood(2**31 - 1, 2**31 - 1),
        "one line of two thousand million": flood(2**31 - 1, 1),
        "no pixels": flood(0, 0),
        "61 million": flood(61_000_000, 1),
        "svg": svg,
        "svg behind a byte order mark": b"\xef\xbb\xbf" + svg,
        "html": b"<html><img src=http://127.0.0.1:1/></html>",
        "program": b"MZ" + bytes(500),
        "bmp": plain("BMP"),
        "tiff": plain("TIFF"),
        "webp": webp(),
        "xpm": b"/* XPM */ static char *x[] = {};",
        "empty": b"",
        "jpeg head alone": image[:3],
        "jpeg without a frame": image[:20],
        "png head alone": drawing[:8],
        "png cut in its header": drawing[:20],
        "png with a wrong sum": drawing[:29] + bytes(4) + drawing[33:],
    }
