"""The envelope of a message on any bearer: compressed, counted and closed by an end record.

`requests` accepts a truncated or altered body as a success; here nothing is believed before the end record's count and
SHA-256 agree with what was inflated, and inflation stops at a cap (zstd reaches 32,000 : 1).

Layout, integers big-endian: `FRX1`, one byte 0 (plain) or 1 (zstd), u32 length of the body, the body,
`FEND`, u32 count of rows and changes inside, 32 bytes SHA-256 of the inflated payload.
"""

from __future__ import annotations

import hashlib
import struct
import sys

from fieldrep.contract.errors import Code, KnownError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MEDIA_TYPE = "application/vnd.fieldrep.exchange"
MAX_INFLATED = 64 * 1024 * 1024
"""Bytes of payload either side is willing to inflate from one message."""

_HEAD = struct.Struct(">4sBI")
_END = struct.Struct(">4sI32s")
_MAGIC, _CLOSE = b"FRX1", b"FEND"
_WORTH_COMPRESSING = 400
_LEVEL = 3


def seal(payload: bytes, count: int) -> bytes:
    """The payload in its envelope; `count` is the number of rows and changes it carries."""
    body, packed = payload, 0
    if len(payload) > _WORTH_COMPRESSING:
        body, packed = zstd.compress(payload, _LEVEL), 1
    digest = hashlib.sha256(payload).digest()
    return b"".join((_HEAD.pack(_MAGIC, packed, len(body)), body, _END.pack(_CLOSE, count, digest)))


def unseal(message: bytes, *, cap: int = MAX_INFLATED) -> tuple[bytes, int]:
    """The payload and its count.

    Raises:
        KnownError: `damaged_message` when anything is missing, altered or left over, `too_large` beyond `cap` bytes.
    """
    if len(message) < _HEAD.size + _END.size or message[:4] != _MAGIC:
        raise _damaged("it is not a FieldRep message")
    _, packed, length = _HEAD.unpack_from(message)
    if len(message) != _HEAD.size + length + _END.size or packed > 1:
        raise _damaged("it was cut or something was added")
    close, count, digest = _END.unpack_from(message, _HEAD.size + length)
    if close != _CLOSE:
        raise _damaged("its end record is missing")
    body = message[_HEAD.size : _HEAD.size + length]
    payload = _inflate(body, cap) if packed else body
    if len(payload) > cap:
        raise _too_large(cap)
    if hashlib.sha256(payload).digest() != digest:
        raise _damaged("its checksum does not match")
    return payload, count


def _inflate(body: bytes, cap: int) -> bytes:
    try:
        inflater = zstd.ZstdDecompressor()
        payload = inflater.decompress(body, max_length=cap + 1)
    except zstd.ZstdError as error:
        raise _damaged("it cannot be inflated") from error
    if len(payload) > cap:
        raise _too_large(cap)
    if not inflater.eof or inflater.unused_data:
        raise _damaged("its body is incomplete")
    return payload


def _damaged(why: str) -> KnownError:
    return KnownError(
        Code.DAMAGED_MESSAGE, f"The message arrived damaged: {why}. Nothing was applied; it is sent again."
    )


def _too_large(cap: int) -> KnownError:
    return KnownError(Code.TOO_LARGE, f"The message is larger than {cap // 1_048_576} MB and was not read.")
