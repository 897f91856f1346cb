"""Files: what a new one may belong to, and one request about a body: who may, and what is taken or given.

Everything is judged in the very transaction that takes or serves (I18). Nothing here knows how the message travelled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from fieldrep.contract.errors import BARRED, Code, KnownError
from fieldrep.contract.files import FileReply, FileRequest
from fieldrep.contract.ids import RowId
from fieldrep.domain.files import OWNERS, owner_problem
from sync_server.reconcile.refusal import Refusal, row_id_of
from sync_server.store.database import Database
from sync_server.store.devices.credentials import LOCKED, DeviceIdentity, confirm
from sync_server.store.files import attachment_for, in_turn, is_whole, over_quota, read_part, take, taken_of
from sync_server.store.reading import Reader
from sync_server.store.statements import Row
from sync_server.store.transaction import WriteTransaction

MOST_GIVEN = 200
"""Bodies given in one answer on a stick."""


def require_owner(tx: WriteTransaction, row: Row) -> None:
    """A file is held by whoever holds what it belongs to: nobody may see one without the other.

    Raises:
        Refusal: `invalid_value`.
    """
    owner = None
    for name, entity in OWNERS.items():
        owner_id = row[name]
        if isinstance(owner_id, bytes):
            owner = tx.row(entity, RowId(owner_id)) or {}
    problem = owner_problem(row, owner)
    if problem:
        raise Refusal(Code.INVALID_VALUE, problem, "attachment", row_id_of(row), "account_id")


def answer_about_file(database: Database, device: DeviceIdentity, request: FileRequest) -> FileReply:
    """The reply to one request of an authenticated device.

    Raises:
        KnownError: `device_revoked`, `device_locked`, `not_found` in the same words whether there is no such file or
            the user does not hold it, `too_large` beyond the person's quota.
    """
    database.settle_due()
    if request.part is None:
        with database.read() as snapshot:
            row = _held(snapshot, device, request)
            part = read_part(snapshot.session, request.row_id, request.at)
            whole = is_whole(snapshot.session, request.row_id)
            return FileReply(held=_size(row) if whole else 0, whole=whole, part=part)
    with database.beside() as session:
        row = _held(Reader(session), device, request)
        in_turn(session, row)
        if is_whole(session, request.row_id):
            return FileReply(held=_size(row), whole=True)
        if request.part and not taken_of(session, request.row_id, device.device_id):
            sentence = over_quota(session, row)
            if sentence:
                raise KnownError(Code.TOO_LARGE, sentence)
        held, whole = take(session, row, device.device_id, request.at, request.part)
        return FileReply(held=held, whole=whole)


def answers_about_files(
    database: Database, device: DeviceIdentity, requests: Iterable[FileRequest]
) -> Iterator[FileReply]:
    """The replies to what a device wrote about files onto a stick, each with the file it is about.

    One for each file that came up, after its last part; as many as it takes for one that is asked for, none where the
    device is to be wiped.

    Raises:
        KnownError: when the device is no longer admitted; what was answered before must then not be handed out.
    """
    last, given = FileReply(held=0, whole=False), 0
    for request in requests:
        if last.row_id and (request.part is None or request.row_id != last.row_id):
            yield last
            last = FileReply(held=0, whole=False)
        if request.part is None:
            given += 1
            if given <= MOST_GIVEN and device.state != "wipe":
                yield from _whole_body(database, device, request)
        else:
            last = _about(database, device, request)
    if last.row_id:
        yield last


def _whole_body(database: Database, device: DeviceIdentity, request: FileRequest) -> Iterator[FileReply]:
    reply = _about(database, device, request)
    while reply.part:
        yield reply
        request = msgspec.structs.replace(request, at=request.at + len(reply.part))
        reply = _about(database, device, request)


def _about(database: Database, device: DeviceIdentity, request: FileRequest) -> FileReply:
    """The reply as it stands on a stick: with the file and the place, and a refusal of this file as a sentence."""
    try:
        reply = answer_about_file(database, device, request)
    except KnownError as error:
        if error.code in BARRED:
            raise
        unknown = error.code is Code.NOT_FOUND
        reply = FileReply(held=0, whole=False, refused=error.sentence, unknown=unknown)
    return msgspec.structs.replace(reply, row_id=request.row_id, at=request.at)


def _held(reader: Reader, device: DeviceIdentity, request: FileRequest) -> Row:
    confirm(reader, device)
    handing_in = device.state == "wipe" and request.part is not None
    if device.state != "active" and not handing_in:
        raise KnownError(Code.DEVICE_LOCKED, LOCKED)
    row = attachment_for(reader, device.user_id, request.row_id, giving=request.part is not None)
    if row is None:
        raise KnownError(Code.NOT_FOUND, "There is no such file among the records you hold.")
    return row


def _size(row: Row) -> int:
    size = row["size"]
    return size if isinstance(size, int) else 0
