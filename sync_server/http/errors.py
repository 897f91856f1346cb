"""From errors to answers: one table from code to HTTP status, one shape of body, none of the server's insides (S33)."""

from __future__ import annotations

import logging
import secrets

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.messages import Problem
from sync_server.http.limits import BUSY_SECONDS

log = logging.getLogger(__name__)

PROBLEM_TYPE = "application/problem+json"

STATUS = {
    Code.UNAUTHORISED: 401,
    Code.DEVICE_REVOKED: 401,
    Code.DEVICE_LOCKED: 403,
    Code.NOT_FOUND: 404,
    Code.LINK_INVALID: 403,
    Code.LINK_USED: 403,
    Code.LINK_EXPIRED: 403,
    Code.TOO_LARGE: 413,
    Code.SERVER_BUSY: 503,
    Code.STORE_BEHIND: 503,
    Code.SERVER_DISK: 507,
    Code.SERVER_ERROR: 500,
}
"""All other codes are 400: the sender's to mend."""

_SAFE = "Everything is safe on this laptop and goes out later by itself. Tell your admin."
OF_THE_DISK = {
    Code.DISK_FULL: f"The server's disk is full, so it takes nothing just now. {_SAFE}",
    Code.DISK_ERROR: f"The server cannot use its disk just now. {_SAFE}",
    Code.STORE_UNUSABLE: f"The server cannot use its database just now. {_SAFE}",
    Code.STORE_DAMAGED: f"The server's store is damaged, so it takes nothing just now. {_SAFE}",
}
"""What is the admin's to mend, in words for who sits at a laptop, and knows of one disk only: her own."""


def answer_for(error: KnownError) -> Response:
    """The answer that tells a known error."""
    retry_after = error.retry_after or (BUSY_SECONDS if error.code is Code.SERVER_BUSY else 0)
    body = msgspec.json.encode(Problem(str(error.code), error.sentence, retry_after))
    headers = {"Retry-After": str(retry_after)} if retry_after else None
    return Response(body, STATUS.get(error.code, 400), headers, media_type=PROBLEM_TYPE)


def on_known_error(_request: Request, error: Exception) -> Response:
    """Starlette's handler for what environment or sender cause."""
    assert isinstance(error, KnownError)  # noqa: S101 - registered for this class alone
    told = OF_THE_DISK.get(error.code)
    if told is None:
        return answer_for(error)
    log.error("%s: %s", error.code, error.sentence)
    return answer_for(KnownError(Code.SERVER_DISK, told))


def on_bug(request: Request, error: Exception) -> Response:
    """Starlette's handler for everything else: a reference for the admin's log, nothing more."""
    reference = secrets.token_hex(4)
    log.error("unexpected error %s on %s", reference, request.url.path, exc_info=error)
    sentence = (
        f"The server made a mistake (reference {reference} in its log). Nothing was changed; try again later."
    )
    return answer_for(KnownError(Code.SERVER_ERROR, sentence))
