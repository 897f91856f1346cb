"""One request about the body of an attachment: who may, and what is taken or given.

Everything is judged in the very transaction that takes or serves (I18). Nothing here knows how the message travelled.
"""

from __future__ import annotations

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.files import MAX_OF_USER, FileReply, FileRequest
from sync_server.store.credentials import DeviceIdentity, confirm
from sync_server.store.database import Database
from sync_server.store.files import attachment_for, is_over_quota, is_whole, read_part, take
from sync_server.store.reading import Reader
from sync_server.store.statements import Row


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
        if is_whole(session, request.row_id):
            return FileReply(held=_size(row), whole=True)
        if is_over_quota(session, row["created_by"]):
            raise KnownError(
                Code.TOO_LARGE,
                f"The files of who added this one come to more than {MAX_OF_USER // 1_000_000:,} MB. It waits on the "
                "laptop until files that are no longer needed are archived.",
            )
        held, whole = take(session, row, device.device_id, request.at, request.part)
        return FileReply(held=held, whole=whole)


def _held(reader: Reader, device: DeviceIdentity, request: FileRequest) -> Row:
    confirm(reader, device)
    if device.state != "active":
        raise KnownError(
            Code.DEVICE_LOCKED, "This device is locked by your admin. Your work is kept; ask your admin."
        )
    row = attachment_for(reader, device.user_id, request.row_id)
    if row is None:
        raise KnownError(Code.NOT_FOUND, "There is no such file among the records you hold.")
    return row


def _size(row: Row) -> int:
    size = row["size"]
    return size if isinstance(size, int) else 0
