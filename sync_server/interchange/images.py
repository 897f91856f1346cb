"""Import images: what an import last said of a record, so that the next one sees what the source itself changed.

A field the source repeats unchanged is left alone, whatever people made of it since; a field the source changed takes
its new value. Owns the form of an image; the store keeps it, and tells by its marks what came from an import.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from fieldrep.contract.fields import Value
from sync_server.store.stamps import SOURCE, mark_of

Image = dict[str, bytes]

_decoder = msgspec.msgpack.Decoder(dict[str, bytes])


LONGEST_SOURCE = 40


def image_of(values: Mapping[str, Value], source: str = "") -> Image:
    """The image of the fields an import gave: of each value 6 bytes that say whether it is the same, and its name."""
    return {name: mark_of(value) for name, value in values.items()} | {
        SOURCE: source[:LONGEST_SOURCE].encode()
    }


def joined(earlier: Image, now: Image) -> Image:
    """The image after a run that may speak of other fields than the one before."""
    return {**earlier, **now}


def encode(image: Image) -> bytes:
    """The stored form."""
    return msgspec.msgpack.encode(image, order="deterministic")


def decode(stored: bytes) -> Image:
    """The image in its stored form."""
    return _decoder.decode(stored)
