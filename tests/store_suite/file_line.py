"""The way of files between a laptop of the suite and the store: bytes as over HTTP, which may break, be lost or double.

Owns the line and what tests of files share.
"""

from __future__ import annotations

import random
from pathlib import Path

from fieldrep.commands.attachments import add_attachment
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.files import (
    PART,
    FileReply,
    FileRequest,
    decode_file_reply,
    decode_file_request,
    encode_file_message,
)
from fieldrep.contract.ids import RowId
from fieldrep.queries.attachments import AttachmentRow, attachments
from sync_server.reconcile.files import answer_about_file
from sync_server.store.devices.credentials import identify
from tests.store_suite.laptop import Laptop

SIZE = 2 * PART + 777


def bytes_of(seed: int, size: int = SIZE) -> bytes:
    return random.Random(seed).randbytes(size)


class FileLine:
    """The direct way to the server, the same bytes as over HTTP; it may break, lose a reply or deliver twice."""

    def __init__(self, laptop: Laptop) -> None:
        self.laptop = laptop
        self.sent = self.brought = 0
        self.breaks_at: int | None = None
        self.loses_reply = self.doubles = False
        self.portion = PART

    def file(self, request: FileRequest) -> FileReply:
        if request.part:
            self.sent += len(request.part)
            if self.breaks_at is not None and self.sent > self.breaks_at:
                raise KnownError(Code.OFFLINE, "The line broke.")
        reply = self._answer(request)
        if self.doubles:
            reply = self._answer(request)
        if request.part and self.loses_reply:
            self.loses_reply = False
            raise KnownError(Code.OFFLINE, "The reply was lost.")
        self.brought += len(reply.part)
        if self.breaks_at is not None and self.brought > self.breaks_at:
            raise KnownError(Code.OFFLINE, "The line broke.")
        return reply

    def _answer(self, request: FileRequest) -> FileReply:
        database = self.laptop.world.database
        device = identify(database, self.laptop.admission.token)
        assert device is not None
        taken = decode_file_request(encode_file_message(request))
        return decode_file_reply(encode_file_message(answer_about_file(database, device, taken)))


def added(laptop: Laptop, folder: Path, body: bytes, name: str = "Shelf.jpg") -> RowId:
    """A file added to a new account, its record synced."""
    path = folder / "original"
    path.write_bytes(body)
    account = laptop.create("Aurora")
    done = add_attachment(laptop.replica, account_id=account, path=str(path), name=name)
    assert done.id is not None
    assert laptop.sync().whole
    return done.id


def rows_of(laptop: Laptop) -> tuple[AttachmentRow, ...]:
    with laptop.replica.read() as reader:
        return attachments(reader)
