"""Bodies of attachments over the line: up after the records, down when somebody wants to see one.

Both go on at the byte where they stopped, in another session or after a crash. Must not know how a bearer works.
"""

from __future__ import annotations

import logging
from typing import Protocol

from fieldrep.contract.errors import BARRED, Code, KnownError
from fieldrep.contract.files import MAX_FILE, PART, FileReply, FileRequest
from fieldrep.store.files import (
    Upload,
    body_of,
    held_of,
    note_confirmed,
    note_sent,
    settle_files,
    take_part,
    uploads,
)
from fieldrep.store.replica import Replica

log = logging.getLogger(__name__)

_OF_ONE_FILE = frozenset({Code.NOT_FOUND, Code.TOO_LARGE, Code.DAMAGED_MESSAGE})
"""Answers about one file; the next one may fare better."""


class FileBearer(Protocol):
    """Carries one request about a file and its reply."""

    def file(self, request: FileRequest) -> FileReply:
        """The server's reply.

        Raises:
            KnownError: when there is no line, or the server refuses.
        """


def carry_up(replica: Replica, bearer: FileBearer) -> int:
    """Sends what waits, after a whole sync; how many files the server has confirmed. What fails waits on."""
    settle_files(replica)
    with replica.read() as reader:
        waiting = uploads(reader)
    confirmed = 0
    for upload in waiting:
        try:
            confirmed += _send(replica, bearer, upload)
        except KnownError as error:
            log.info("a file of %d bytes waits on: %s", upload.size, error.code)
            if error.code in BARRED or error.code not in _OF_ONE_FILE:
                break
    return confirmed


def _send(replica: Replica, bearer: FileBearer, upload: Upload) -> bool:
    with replica.read() as reader:
        body = body_of(reader, upload.sha256) or b""
    reply = bearer.file(FileRequest(row_id=upload.row_id, at=0, part=b""))
    while not reply.whole:
        part = body[reply.held : reply.held + PART]
        before = reply.held
        reply = bearer.file(FileRequest(row_id=upload.row_id, at=before, part=part))
        if not reply.whole and reply.held <= before:
            return False
        note_sent(replica, upload.row_id, reply.held)
    note_confirmed(replica, upload.row_id)
    return True


def bring(replica: Replica, bearer: FileBearer, row_id: bytes) -> bytes:
    """The body of an attachment, from here or from the server.

    Raises:
        KnownError: `not_found` when its record is not here or the server has not got the file yet; as the bearer.
    """
    with replica.read() as reader:
        row = reader.row("attachment", row_id)
        if row is None:
            raise KnownError(Code.NOT_FOUND, "This file is not on this laptop any more.")
        sha256, size = str(row["sha256"]), int(row["size"] or 0)
        body, held = body_of(reader, sha256), held_of(reader, sha256)
    if not 0 < size <= MAX_FILE:
        raise KnownError(
            Code.TOO_LARGE, f"{row['name']!s} is larger than a file may be and is not brought here."
        )
    while body is None:
        reply = bearer.file(FileRequest(row_id=row_id, at=held))
        if not reply.part:
            sentence = f"{row['name']!s} has not reached the office yet; it comes after the next sync of who added it."
            raise KnownError(Code.NOT_FOUND, sentence)
        if take_part(replica, sha256, size, held, reply.part):
            with replica.read() as reader:
                body = body_of(reader, sha256)
        held += len(reply.part)
    return body
