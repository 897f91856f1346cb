"""Bodies of attachments in a file on a stick: those that wait go out after all changes, those asked for come in.

Each part stands by itself, so a stick that is read again, late or in between syncs over a line does no harm: the
server takes a part only where the last one ended, and so does the replica.
"""

from __future__ import annotations

from collections.abc import Iterator

from fieldrep.contract.bundle import FILE_MARK, BundleWriter
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.files import PART, FileReply, FileRequest, decode_file_reply, encode_file_message
from fieldrep.store.file_queue import (
    drop_wish,
    note_confirmed,
    note_refused,
    note_sent,
    note_unknown,
    uploads_with_sent,
    wishes,
)
from fieldrep.store.files import held_of, settle_files, take_part
from fieldrep.store.replica import Replica


def write_files(replica: Replica, writer: BundleWriter) -> int:
    """Writes the bodies that wait, from the byte the server is known to have, and asks for those wanted here.

    Gives the number of files that go up.
    """
    with replica.read() as reader:
        waiting, wanted = uploads_with_sent(reader), wishes(reader)
    for upload, sent in waiting:
        for at in range(sent - sent % PART, upload.size, PART):
            with replica.read() as reader:
                found = reader.rows(
                    "SELECT part FROM file_part WHERE sha256 = ? AND at = ?", (upload.sha256, at)
                )
            if not found:
                break
            part = bytes(found[0][0])[max(0, sent - at) :]
            _add(writer, FileRequest(row_id=upload.row_id, at=max(at, sent), part=part))
    for row_id in wanted:
        with replica.read() as reader:
            row = reader.row("attachment", row_id)
            held = held_of(reader, str(row["sha256"])) if row else 0
        _add(writer, FileRequest(row_id=row_id, at=held))
    return len(waiting)


def _add(writer: BundleWriter, request: FileRequest) -> None:
    writer.add(FILE_MARK + encode_file_message(request))


def take_files(replica: Replica, parts: Iterator[bytes], *, late: bool) -> None:
    """Takes what the answer says of files, one part at a time.

    Args:
        late: whether the replica has gone on since the answer was asked for: a file that the server did not know or
            take then may have come since, or be refused for another reason; of one on its way it has no less now.

    Raises:
        KnownError: `damaged_message`; what was taken before stays.
    """
    for part in parts:
        if not part.startswith(FILE_MARK):
            raise KnownError(Code.DAMAGED_MESSAGE, "This file goes on with something else than files.")
        _take(replica, decode_file_reply(part[len(FILE_MARK) :]), late=late)
    settle_files(replica)


def _take(replica: Replica, reply: FileReply, *, late: bool) -> None:
    with replica.read() as reader:
        row = reader.row("attachment", reply.row_id)
        upload = reader.rows("SELECT sent FROM file_upload WHERE row_id = ?", (reply.row_id,))
    if reply.part:
        if row is not None and take_part(
            replica, str(row["sha256"]), int(row["size"] or 0), reply.at, reply.part
        ):
            drop_wish(replica, reply.row_id)
    elif not upload:
        return
    elif reply.whole:
        note_confirmed(replica, reply.row_id)
    elif reply.refused:
        if late:
            return
        note_refused(replica, reply.row_id, reply.refused)
        if reply.unknown:
            note_unknown(replica, reply.row_id)
    elif not late or reply.held > upload[0][0]:
        note_sent(replica, reply.row_id, reply.held)
