"""Bodies of attachments over the line, after the records: up what was added here, down what somebody wants to see.

Both go on at the byte where they stopped, in another session or after a crash. What travels by itself keeps to a
day's budget. Must not know how a bearer works.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

import msgspec

from fieldrep.contract.errors import BARRED, OF_THE_LAPTOP, Code, KnownError
from fieldrep.contract.files import MAX_FILE, PART, FileReply, FileRequest
from fieldrep.store.file_queue import (
    Upload,
    drop_wish,
    not_here,
    note_confirmed,
    note_refused,
    note_sent,
    note_unknown,
    spend,
    spent,
    uploads,
    wish,
    wishes,
)
from fieldrep.store.files import body_of, held_of, settle_files, take_part
from fieldrep.store.reader import Reader
from fieldrep.store.replica import Replica

log = logging.getLogger(__name__)

_OF_ONE_FILE = frozenset({Code.NOT_FOUND, Code.TOO_LARGE, Code.DAMAGED_MESSAGE})
"""Answers about one file; the next one may fare better."""


class FilePolicy(msgspec.Struct, frozen=True):
    """How many bytes of bodies may travel by themselves in a day; what a person opens comes in any case.

    Attributes:
        metered: whether the line costs by the byte.
        on_metered: both ways, on such a line; None for no limit. Small pictures are in the records and always travel.
        brought: down without anybody having asked, newest first, on other lines.
    """

    metered: bool = False
    on_metered: int | None = None
    brought: int = 0


EVERYTHING_WANTED = FilePolicy()
"""What was added here goes up and what was asked for comes down, however large."""


class FileBearer(Protocol):
    """Carries one request about a file and its reply."""

    def file(self, request: FileRequest) -> FileReply:
        """The server's reply.

        Raises:
            KnownError: when there is no line, or the server refuses.
        """


def _never() -> bool:
    return False


class _Purse:
    """What a day's budget still allows; counts what travels on a metered line, or came without being asked for."""

    def __init__(
        self, replica: Replica, *, metered: bool, limit: int | None, given_up: Callable[[], bool] = _never
    ) -> None:
        self._replica, self._metered, self._limit = replica, metered, limit
        self._given_up = given_up
        self.moved = False
        self._counts = metered or limit is not None
        self._day = datetime.fromtimestamp(replica.clock() / 1000, UTC).date().isoformat()
        self._spent = self._noted = 0
        if self._counts:
            with replica.read() as reader:
                self._spent = self._noted = spent(reader, self._day, metered=metered)

    def require(self, count: int) -> None:
        """Stops where so many bytes more may not travel today, or something else goes first now.

        Raises:
            _Spent: when they may not; never before anything has moved for want of time.
        """
        if self.moved and self._given_up():
            raise _Spent
        if self._limit is not None and self._spent + count > self._limit:
            raise _Spent

    def take(self, count: int) -> None:
        """So many bytes have travelled."""
        self._spent += count
        self.moved = True

    def note(self) -> None:
        """Remembers it in the replica."""
        if self._counts and self._spent > self._noted:
            spend(self._replica, self._day, self._spent - self._noted, metered=self._metered)
            self._noted = self._spent


class _Spent(Exception):
    """The day's budget does not reach for the next part, or it is not the time for files."""


class Carried(NamedTuple):
    """How many files the server has confirmed, and how many came whole."""

    sent: int = 0
    brought: int = 0


def carry(
    replica: Replica,
    bearer: FileBearer,
    policy: FilePolicy = EVERYTHING_WANTED,
    given_up: Callable[[], bool] = _never,
) -> Carried:
    """Sends what waits and brings what is wanted, after a whole sync.

    What fails waits on and holds nothing else back. `given_up` is asked between parts, once one has travelled.

    Raises:
        KnownError: what ails the disk of this laptop.
    """
    settle_files(replica)
    with replica.read() as reader:
        waiting, wanted = uploads(reader), wishes(reader)
    limit = policy.on_metered if policy.metered else None
    purse = _Purse(replica, metered=policy.metered, limit=limit, given_up=given_up)
    brought = 0
    try:
        confirmed, on_line = _send_all(replica, bearer, waiting, purse)
        if on_line:
            brought, on_line = _bring_all(replica, bearer, wanted, purse)
    finally:
        purse.note()
    settle_files(replica)
    if on_line and policy.brought and not policy.metered and not (purse.moved and given_up()):
        brought += _bring_unasked(replica, bearer, policy.brought, given_up)
    return Carried(confirmed, brought)


def hand_in(replica: Replica, bearer: FileBearer) -> None:
    """Sends what waits, for the last time; what the server does not take waits on.

    Raises:
        KnownError: when the line broke, or the server takes no files of this device.
    """
    settle_files(replica)
    with replica.read() as reader:
        waiting = uploads(reader)
    purse = _Purse(replica, metered=False, limit=None)
    for upload in waiting:
        try:
            _send(replica, bearer, upload, purse)
        except KnownError as error:
            if _ends_all(error):
                raise
            note_refused(replica, upload.row_id, error.sentence)


def _bring_unasked(replica: Replica, bearer: FileBearer, limit: int, given_up: Callable[[], bool]) -> int:
    with replica.read() as reader:
        others = not_here(reader)
    purse = _Purse(replica, metered=False, limit=limit, given_up=given_up)
    try:
        return _bring_all(replica, bearer, others, purse)[0]
    finally:
        purse.note()


def _send_all(replica: Replica, bearer: FileBearer, waiting: list[Upload], purse: _Purse) -> tuple[int, bool]:
    """How many files the server confirmed, and whether the line holds."""
    confirmed = 0
    for upload in waiting:
        try:
            confirmed += _send(replica, bearer, upload, purse)
        except _Spent:
            break
        except KnownError as error:
            log.info("a file of %d bytes waits on: %s", upload.size, error.code)
            if _ends_all(error):
                return confirmed, False
            note_refused(replica, upload.row_id, error.sentence)
            if error.code is Code.NOT_FOUND:
                note_unknown(replica, upload.row_id)
    return confirmed, True


def _bring_all(replica: Replica, bearer: FileBearer, wanted: list[bytes], purse: _Purse) -> tuple[int, bool]:
    """Brings bodies one after the other; how many came, and whether the line holds."""
    came = 0
    for row_id in wanted:
        try:
            _fetch(replica, bearer, row_id, purse)
            came += 1
        except _Spent:
            break
        except KnownError as error:
            log.info("a file does not come yet: %s", error.code)
            if _ends_all(error):
                return came, False
    return came, True


def _ends_all(error: KnownError) -> bool:
    """Whether nothing more is tried; what ails this laptop's own disk is told, which no line is to blame for."""
    if error.code in OF_THE_LAPTOP:
        raise error
    return error.code in BARRED or error.code not in _OF_ONE_FILE


def _send(replica: Replica, bearer: FileBearer, upload: Upload, purse: _Purse) -> bool:
    purse.require(min(PART, upload.size))
    with replica.read() as reader:
        body = body_of(reader, upload.sha256) or b""
    reply = bearer.file(FileRequest(row_id=upload.row_id, at=0, part=b""))
    while not reply.whole:
        before = reply.held
        part = body[before : before + PART]
        purse.require(len(part))
        purse.take(len(part))
        reply = bearer.file(FileRequest(row_id=upload.row_id, at=before, part=part))
        if not reply.whole and reply.held <= before:
            return False
        note_sent(replica, upload.row_id, reply.held)
    note_confirmed(replica, upload.row_id)
    return True


def bring(replica: Replica, bearer: FileBearer, row_id: bytes, *, metered: bool = False) -> bytes:
    """The body of an attachment, from here or from the server; one that cannot come now comes with the next sync.

    Raises:
        KnownError: `not_found` when its record is not here or the server has not got the file yet; as the bearer.
    """
    purse = _Purse(replica, metered=metered, limit=None)
    wanted = _wanted(replica, row_id)
    if wanted.body is None:
        wish(replica, row_id)
    try:
        return _fetch(replica, bearer, row_id, purse)
    finally:
        purse.note()


class _Wanted(msgspec.Struct, frozen=True):
    """A body somebody wants: what its record says of it, and what is here."""

    name: str
    sha256: str
    size: int
    body: bytes | None
    held: int


def _wanted(replica: Replica, row_id: bytes) -> _Wanted:
    with replica.read() as reader:
        row = reader.row("attachment", row_id)
        if row is None:  # its record may have been refused: then the bytes are here alone
            return _kept(reader, row_id)
        name, sha256, size = str(row["name"]), str(row["sha256"]), int(row["size"] or 0)
        found = _Wanted(name, sha256, size, body_of(reader, sha256), held_of(reader, sha256))
    if not 0 < found.size <= MAX_FILE:
        sentence = f"{found.name} is larger than a file may be and is not brought here."
        raise KnownError(Code.TOO_LARGE, sentence)
    return found


def _kept(reader: Reader, row_id: bytes) -> _Wanted:
    found = reader.rows("SELECT sha256 FROM file_upload WHERE row_id = ?", (row_id,))
    body = body_of(reader, str(found[0][0])) if found else None
    if body is None:
        raise KnownError(Code.NOT_FOUND, "This file is not on this laptop any more.")
    return _Wanted("", str(found[0][0]), len(body), body, len(body))


def _fetch(replica: Replica, bearer: FileBearer, row_id: bytes, purse: _Purse) -> bytes:
    wanted = _wanted(replica, row_id)
    body, held = wanted.body, wanted.held
    while body is None:
        purse.require(min(PART, wanted.size - held))
        reply = bearer.file(FileRequest(row_id=row_id, at=held))
        purse.take(len(reply.part))
        if not reply.part:
            raise _not_yet(wanted.name)
        if take_part(replica, wanted.sha256, wanted.size, held, reply.part):
            with replica.read() as reader:
                body = body_of(reader, wanted.sha256)
        held += len(reply.part)
    drop_wish(replica, row_id)
    return body


def _not_yet(name: str) -> KnownError:
    return KnownError(
        Code.NOT_FOUND,
        f"{name} has not reached the office yet; it comes after the next sync of who added it.",
    )
