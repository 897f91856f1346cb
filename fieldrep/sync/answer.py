"""An answer as it comes in: read part by part within bounds, and told apart from a problem and a stranger's word.

Owns what of an answer is read at all. Must not know what was asked.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec
from urllib3.response import HTTPResponse

from fieldrep.contract.errors import OF_THE_LAPTOP, Code, KnownError
from fieldrep.contract.messages import Problem
from fieldrep.sync.line import SAFE, retry_after, stranger

MINIMUM_RATE = 1_000
"""Bytes a second, averaged from the 30th second on; a slower line is given up and tried again later."""

MOST_OTHER = 1024 * 1024
"""Bytes read of what is no answer to an exchange: a part of a file, an admission, a problem."""

_CHUNK = 262_144
_UNWATCHED_SECONDS = 30


def read_body(answer: HTTPResponse, most: int, url: str, came: Callable[[], bool]) -> bytes:
    """The body; one of more than `most` bytes is abandoned there, and not asked for again in smaller parts.

    Args:
        came: called after each part; false ends it.
    """
    begun = time.monotonic()
    parts: list[bytes] = []
    size = 0
    if (answer.length_remaining or 0) > most:
        raise _flood(most, url)
    while True:
        part = answer.read1(_CHUNK)
        goes_on = came()
        if not part:
            return b"".join(parts)
        parts.append(part)
        size += len(part)
        if size > most:
            parts.clear()  # the error keeps this frame, and with it what is named here
            raise _flood(most, url)
        took = time.monotonic() - begun
        if not goes_on or (took > _UNWATCHED_SECONDS and size / took < MINIMUM_RATE):
            raise KnownError(Code.OFFLINE, f"The line is too slow to go on. {SAFE}")


def problem_of(answer: HTTPResponse, media_type: str, url: str, came: Callable[[], bool]) -> KnownError:
    """What an answer that is no reply comes to: the server's own problem, a cut head, or a stranger's word.

    Of a stranger's body not a byte is read.
    """
    found = media_of(answer)
    if answer.status == 200 and media_type.startswith(found) and found != media_type:
        return KnownError(Code.OFFLINE, f"The line to {url} broke. {SAFE}")
    if found == "application/problem+json":
        try:
            problem = msgspec.json.decode(read_body(answer, MOST_OTHER, url, came), type=Problem)
            asked = max(problem.retry_after, retry_after(answer.headers))
            code = Code(problem.code)
            if code in OF_THE_LAPTOP:
                code = Code.SERVER_DISK
            return KnownError(code, problem.sentence, retry_after=asked)
        except (msgspec.DecodeError, ValueError):
            pass  # a stranger who uses our media type
    return stranger(answer.status, answer.headers, url)


def media_of(answer: HTTPResponse) -> str:
    """The media type an answer says it has."""
    return answer.headers.get("Content-Type", "").split(";")[0].strip()


def _flood(most: int, url: str) -> KnownError:
    return KnownError(
        Code.NOT_A_SERVER,
        f"What answers at {url} sends more than {most >> 20} MB as one reply, which no FieldRep server does. "
        f"The rest was not read and nothing was applied. {SAFE} Tell your admin if it stays so.",
    )
