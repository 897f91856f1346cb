"""What goes through the pipes between the program and the process that decodes: one task down, one answer back.

Owns the form and the largest size of each. Both ends check what they read: neither trusts the other.
"""

from __future__ import annotations

import struct
from enum import StrEnum
from typing import BinaryIO, TypeVar

import msgspec

from fieldrep.contract.files import MAX_FILE

MOST_PIXELS = 60_000_000
"""Of a picture that is decoded at all."""

MOST_SHOWN = 4_000
"""Pixels on a side of what is given back."""

_LENGTH = struct.Struct(">I")
_MOST_TASK = MAX_FILE + 1_000
_MOST_ANSWER = MAX_FILE + 1_000


class Wish(StrEnum):
    """What is made of a picture."""

    SHOW = "show"
    THUMB = "thumb"
    TURN = "turn"


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One picture to decode.

    Attributes:
        wide, tall: the box it must fit, for `SHOW`.
        most_pixels: more of them in the file are not decoded.
        orientation: how it lies, for `TURN`.
    """

    wish: Wish
    body: bytes
    wide: int = 1
    tall: int = 1
    most_pixels: int = MOST_PIXELS
    orientation: int = 1


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What was made of it.

    Attributes:
        wide, tall: of the pixels, for `SHOW`; 0 for no picture.
        made: those pixels row by row, four bytes each, or the bytes of a new picture; empty for none.
    """

    wide: int = 0
    tall: int = 0
    made: bytes = b""


_Frame = TypeVar("_Frame", Task, Answer)
_encode = msgspec.msgpack.Encoder().encode
_task_decoder = msgspec.msgpack.Decoder(Task)
_answer_decoder = msgspec.msgpack.Decoder(Answer)


class BrokenFrame(Exception):
    """The pipe ended within a frame, or holds what is none."""


def write_frame(pipe: BinaryIO, frame: Task | Answer) -> None:
    """Writes one frame; OSError when nobody reads any more."""
    payload = _encode(frame)
    pipe.write(_LENGTH.pack(len(payload)))
    pipe.write(payload)
    pipe.flush()


def read_task(pipe: BinaryIO) -> Task | None:
    """The next task, None when there will be none.

    Raises:
        BrokenFrame: what was read is none.
    """
    return _read(pipe, _task_decoder, _MOST_TASK)


def read_answer(pipe: BinaryIO) -> Answer | None:
    """The next answer, None when the other end is gone.

    Raises:
        BrokenFrame: what was read is none.
    """
    return _read(pipe, _answer_decoder, _MOST_ANSWER)


def _read(pipe: BinaryIO, decoder: msgspec.msgpack.Decoder[_Frame], most: int) -> _Frame | None:
    head = pipe.read(_LENGTH.size)
    if not head:
        return None
    length = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else most + 1
    if length > most:
        raise BrokenFrame
    payload = pipe.read(length)
    if len(payload) < length:
        raise BrokenFrame
    try:
        return decoder.decode(payload)
    except (msgspec.DecodeError, ValueError) as error:
        raise BrokenFrame from error
