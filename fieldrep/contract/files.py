"""The bodies of attachments on the line: one request and one reply, and the limits both sides keep.

A body is asked for by the record that names it, never by its hash: knowing a hash opens nothing (I5). Each part says
at which byte it begins, so a broken transfer goes on where it stopped.
"""

from __future__ import annotations

import hashlib
from typing import TypeVar

import msgspec

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.frame import seal, unseal

FILE_MEDIA_TYPE = "application/vnd.fieldrep.file"
MAX_FILE = 10_000_000
"""Bytes of one file."""

MAX_THUMB = 12_000
"""Bytes of the small picture that travels within an attachment's record, and so before any body."""

MAX_OF_USER = 1_000_000_000
"""Bytes of all files one person has added and not archived, unless the office sets another limit."""

PART = 262_144
"""Bytes that travel at once; a broken line costs at most so many again."""

MAX_FILE_MESSAGE = PART + 4_096


class FileRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a file for the server, or the wish for one.

    Attributes:
        row_id: the attachment.
        at: the byte with which the part begins.
        part: bytes to keep; empty asks how much is there already; None asks for the bytes from `at` on.
    """

    row_id: bytes
    at: int
    part: bytes | None = None


class FileReply(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the server holds of it.

    Attributes:
        held: bytes taken so far from this device.
        whole: all bytes are there and match their hash.
        part: the bytes asked for; empty while the server has not the whole file.
        row_id, at: on a stick, where no question stands before the reply: which file, and where the part begins.
        refused: on a stick, why the server does not take or give this one; over a line that is an answer of its own.
        unknown: on a stick, whether it is refused because the server knows no such file.
    """

    held: int
    whole: bool
    part: bytes = b""
    row_id: bytes = b""
    at: int = 0
    refused: str = ""
    unknown: bool = False


_Message = TypeVar("_Message", FileRequest, FileReply)
_encode = msgspec.msgpack.Encoder().encode
_request_decoder = msgspec.msgpack.Decoder(FileRequest)
_reply_decoder = msgspec.msgpack.Decoder(FileReply)


def encode_file_message(message: FileRequest | FileReply) -> bytes:
    """A request or a reply in its envelope."""
    return seal(_encode(message), 1)


def decode_file_request(message: bytes) -> FileRequest:
    """The request in an envelope.

    Raises:
        KnownError: `damaged_message` or `too_large`.
    """
    request = _opened(_request_decoder, message)
    if len(request.row_id) != 16 or not 0 <= request.at <= MAX_FILE or len(request.part or b"") > PART:
        raise KnownError(Code.DAMAGED_MESSAGE, "This request about a file is outside its limits.")
    return request


def decode_file_reply(message: bytes) -> FileReply:
    """The reply in an envelope.

    Raises:
        KnownError: `damaged_message` or `too_large`.
    """
    reply = _opened(_reply_decoder, message)
    if not (0 <= reply.held <= MAX_FILE and 0 <= reply.at <= MAX_FILE) or len(reply.part) > PART:
        raise KnownError(Code.DAMAGED_MESSAGE, "This reply about a file is outside its limits.")
    return reply


def _opened(decoder: msgspec.msgpack.Decoder[_Message], message: bytes) -> _Message:
    payload, count = unseal(message, cap=MAX_FILE_MESSAGE)
    if count != 1:
        raise KnownError(Code.DAMAGED_MESSAGE, "The message counts its parts wrongly. Nothing was taken.")
    try:
        return decoder.decode(payload)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise KnownError(Code.DAMAGED_MESSAGE, "This is no message about a file.") from error


def hash_of(body: bytes) -> str:
    """The hash that names a body: SHA-256 in hexadecimal."""
    return hashlib.sha256(body).hexdigest()
