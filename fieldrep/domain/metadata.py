"""What a photo tells beside its picture: the place, the camera and its number, words, a preview, whatever was appended.

Owns what is left out of JPEG, PNG and WebP before they are kept, by their bytes alone: no pixel is decoded and none is
altered. Everything goes that is not known to be needed to show the picture, so what nobody thought of goes too. What
cannot be followed to its end is no photo here and stays as it is. Must not read any file.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

UPRIGHT = 1
"""The orientation of a picture whose first row is at its top."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A photo without what it told.

    Attributes:
        body: its bytes; where it must be turned to stand upright they still say so, and nothing else.
        orientation: as EXIF counts it, 1 to 8.
        left_out: whether anything went.
        place: whether what went named a place.
    """

    body: bytes
    orientation: int = UPRIGHT
    left_out: bool = False
    place: bool = False


@dataclass(frozen=True, slots=True)
class _Told:
    orientation: int = UPRIGHT
    place: bool = False

    def __or__(self, other: _Told) -> _Told:
        first = self.orientation if self.orientation != UPRIGHT else other.orientation
        return _Told(first, self.place or other.place)


class _Odd(Exception):
    """These bytes do not stand as the format says."""


def cleaned(body: bytes) -> Cleaned | None:
    """The photo without what it tells; None when it is no photo of a kind that is known here, or a damaged one."""
    clean = next((clean for start, clean in _KINDS if start.match(body)), None)
    if clean is None:
        return None
    try:
        return clean(body)
    except (_Odd, struct.error, IndexError):
        return None


def tells_unseen(body: bytes) -> bool:
    """Whether this may name a place and is kept as it is: HEIC, TIFF, a raw photo, a film, or a damaged photo.

    A photo behind bytes that do not belong to it counts as well, since viewers look for its beginning.
    """
    known = any(start.match(body) for start, _ in _KINDS) or _OTHERS.match(body) is not None
    return known or _BURIED.search(body, 0, _LOOKED_THROUGH) is not None


def _result(body: bytes, made: bytes, told: _Told) -> Cleaned:
    return Cleaned(made, told.orientation, made != body, told.place)


# EXIF, which all of them carry

_EXIF = b"Exif\0\0"
_ORIENTATION, _GPS = 0x0112, 0x8825
_XMP_PLACE = re.compile(rb"GPSL|GPSD|photoshop:City|Iptc4xmpCore:Location|LocationShown|LocationCreated")


def _read_exif(tiff: bytes) -> _Told:
    """The two things of an EXIF block that matter here; a damaged one says nothing."""
    tiff = tiff.removeprefix(_EXIF)
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return _Told()
    orientation, place = UPRIGHT, False
    try:
        (start,) = struct.unpack_from(order + "I", tiff, 4)
        (entries,) = struct.unpack_from(order + "H", tiff, start)
        for number in range(entries):
            tag, _kind, _count, value = struct.unpack_from(order + "HHIH", tiff, start + 2 + 12 * number)
            place |= tag == _GPS
            if tag == _ORIENTATION and UPRIGHT < value <= 8:
                orientation = value
    except struct.error:
        pass
    return _Told(orientation, place)


def _read_xmp(text: bytes) -> _Told:
    return _Told(place=_XMP_PLACE.search(text) is not None)


def _exif_of(orientation: int) -> bytes:
    """An EXIF block that says how the picture must be turned, and nothing else."""
    entry = struct.pack(">HHIHH", _ORIENTATION, 3, 1, orientation, 0)
    return b"MM\0*" + struct.pack(">IH", 8, 1) + entry + bytes(4)


# JPEG

_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_NEEDED = {0xE0: b"JFIF\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}
"""Of the segments of applications: what decoders read to show the colours as they are."""

_XMP_HEADS = (b"http://ns.adobe.com/xap/1.0/\0", b"http://ns.adobe.com/xmp/extension/\0")
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""What ends a stretch of pixels: any marker but a stuffed byte and a restart."""


def _clean_jpeg(body: bytes) -> Cleaned:
    kept: list[bytes] = []
    told, framed, pixels = _Told(), False, False
    for marker, piece in _jpeg_pieces(body):
        framed |= marker in _FRAMES
        if marker == _SOS:
            pixels = True
            if not framed:
                raise _Odd
        if _is_needed(marker, piece):
            kept.append(piece)
        else:
            told |= _read_segment(marker, piece[4:])
    if not pixels:
        raise _Odd
    if told.orientation != UPRIGHT:
        block = _EXIF + _exif_of(told.orientation)
        at = 1 + (kept[1][1] == 0xE0)
        kept.insert(at, b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block)
    return _result(body, b"".join(kept), told)


def _jpeg_pieces(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker by marker, each with its segment and, behind a start of scan, its pixels; the end is the last one."""
    yield _SOI, body[:2]
    at = 2
    while at < len(body):
        if body[at] != 0xFF:
            raise _Odd
        while body[at + 1] == 0xFF:
            at += 1
        marker = body[at + 1]
        if marker == _EOI:
            yield _EOI, body[at : at + 2]
            return
        if marker <= 0x01 or 0xD0 <= marker <= _SOI:
            raise _Odd
        (length,) = struct.unpack_from(">H", body, at + 2)
        end = at + 2 + length
        if length < 2 or end > len(body):
            raise _Odd
        if marker == _SOS:
            following = _MARKER.search(body, end)
            end = following.start() if following else len(body)
        yield marker, body[at:end]
        at = end


def _is_needed(marker: int, piece: bytes) -> bool:
    if 0xE0 <= marker <= 0xEF:
        return marker in _NEEDED and piece[4:].startswith(_NEEDED[marker])
    return marker != 0xFE


def _read_segment(marker: int, content: bytes) -> _Told:
    if marker == 0xE1 and content.startswith(_EXIF):
        return _read_exif(content)
    if marker == 0xE1 and content.startswith(_XMP_HEADS):
        return _read_xmp(content)
    return _Told()


# PNG

_PNG = b"\x89PNG\r\n\x1a\n"
_SHOWN = frozenset(b"tRNS gAMA cHRM sRGB iCCP sBIT bKGD pHYs hIST sPLT cICP mDCV cLLI acTL fcTL fdAT".split())
"""Of the chunks a decoder may pass over: those that change what is seen."""


def _clean_png(body: bytes) -> Cleaned:
    kept, told, at, name, pixels = [_PNG], _Told(), len(_PNG), b"", False
    while name != b"IEND":
        first = not name
        length, name = struct.unpack_from(">I4s", body, at)
        end = at + 12 + length
        if end > len(body) or first != (name == b"IHDR"):
            raise _Odd
        pixels |= name == b"IDAT"
        if not name[0] & 0x20 or name in _SHOWN:
            kept.append(body[at:end])
        elif name == b"eXIf":
            told |= _read_exif(body[at + 8 : end - 4])
        elif name in (b"iTXt", b"tEXt"):
            told |= _read_xmp(body[at + 8 : end - 4])
        at = end
    if not pixels:
        raise _Odd
    if told.orientation != UPRIGHT:
        block = b"eXIf" + _exif_of(told.orientation)
        kept.insert(2, struct.pack(">I", len(block) - 4) + block + struct.pack(">I", zlib.crc32(block)))
    return _result(body, b"".join(kept), told)


# WebP

_WEBP_SHOWN = frozenset({b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"})
_HAS_EXIF, _HAS_XMP = 0x08, 0x04


def _clean_webp(body: bytes) -> Cleaned:
    (length,) = struct.unpack_from("<I", body, 4)
    if length % 2 or length + 8 > len(body):
        raise _Odd
    kept: list[bytes] = []
    told, at = _Told(), 12
    while at < length + 8:
        name, size = struct.unpack_from("<4sI", body, at)
        end = at + 8 + size + size % 2
        if end > length + 8:
            raise _Odd
        if name in _WEBP_SHOWN:
            kept.append(body[at:end])
        elif name == b"EXIF":
            told |= _read_exif(body[at + 8 : at + 8 + size])
        elif name == b"XMP ":
            told |= _read_xmp(body[at + 8 : at + 8 + size])
        at = end
    if not kept:
        raise _Odd
    if kept[0].startswith(b"VP8X"):
        flags = kept[0][8] & ~(_HAS_EXIF | _HAS_XMP)
        if told.orientation != UPRIGHT:
            flags |= _HAS_EXIF
            block = _exif_of(told.orientation)
            kept.append(struct.pack("<4sI", b"EXIF", len(block)) + block)
        kept[0] = kept[0][:8] + bytes([flags]) + kept[0][9:]
    else:
        told = _Told(UPRIGHT, told.place)
    chunks = b"WEBP" + b"".join(kept)
    return _result(body, b"RIFF" + struct.pack("<I", len(chunks)) + chunks, told)


_KINDS: tuple[tuple[re.Pattern[bytes], Callable[[bytes], Cleaned]], ...] = (
    (re.compile(rb"\xff\xd8\xff"), _clean_jpeg),
    (re.compile(re.escape(_PNG)), _clean_png),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), _clean_webp),
)
_OTHERS = re.compile(rb"II\*\0|MM\0\*|II[RU].|.{4}ftyp|FUJIFILM", re.DOTALL)
_BURIED = re.compile(
    rb"\xff\xd8\xff.{0,200}?(?:Exif\0\0|http://ns\.adobe\.com/x)|\x89PNG\r\n\x1a\n", re.DOTALL
)
_LOOKED_THROUGH = 65_536
