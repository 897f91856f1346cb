"""Commands on attachments: adding a file to an account, archiving and restoring it.

Owns what may be added and the sentences for what may not. The limits are those of the server.
"""

from __future__ import annotations

from pathlib import Path

from fieldrep.commands.archiving import set_archived
from fieldrep.commands.done import Done, done
from fieldrep.commands.entered import label_of, standing
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.files import MAX_FILE, MAX_OF_USER, hash_of
from fieldrep.contract.ids import RowId
from fieldrep.domain.files import media_type_of, safe_name
from fieldrep.store.replica import Replica
from fieldrep.store.unit_of_work import UnitOfWork

_OWN = "SELECT COALESCE(SUM(size), 0) FROM attachment WHERE created_by = ? AND archived = 0"


def add_attachment(replica: Replica, *, account_id: RowId, path: str, name: str = "") -> Done:
    """Adds a photo or document to an account; the original file stays where it is."""
    body = _read(Path(path))
    with replica.begin("add_attachment", "Add file") as uow:
        account = standing(uow, "account", account_id)
        _check_room(uow, len(body))
        called = safe_name(name or Path(path).name)
        values = {
            "account_id": account_id,
            "name": called,
            "media_type": media_type_of(body),
            "size": len(body),
            "sha256": hash_of(body),
        }
        row_id = uow.create("attachment", values)
        uow.keep_file(row_id, body)
        uow.label = f"Add {called} to {label_of('account', account)}"
    return done("add_attachment", uow, row_id, made={"attachment": row_id})


def archive_attachment(replica: Replica, *, row_id: RowId) -> Done:
    """Takes a file out of its account's list."""
    return set_archived(replica, "archive_attachment", "attachment", row_id, archived=True)


def restore_attachment(replica: Replica, *, row_id: RowId) -> Done:
    """Brings an archived file back."""
    return set_archived(replica, "restore_attachment", "attachment", row_id, archived=False)


def _read(path: Path) -> bytes:
    """The bytes of a file that may be added; never more than that is read.

    Raises:
        KnownError: `not_found`, `too_large` or `invalid_value`.
    """
    try:
        if not path.is_file():
            raise KnownError(Code.NOT_FOUND, f"There is no file {_shown(path)}.", field="path")
        with path.open("rb") as file:
            body = file.read(MAX_FILE + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "its name cannot be used"
        sentence = f"{_shown(path)} cannot be read ({why}). Nothing was added."
        raise KnownError(Code.INVALID_VALUE, sentence, field="path") from error
    if len(body) > MAX_FILE:
        sentence = (
            f"{_shown(path)} is larger than {MAX_FILE // 1_000_000} MB. Make it smaller, or add parts of it."
        )
        raise KnownError(Code.TOO_LARGE, sentence, field="path")
    if not body:
        raise KnownError(Code.INVALID_VALUE, f"{_shown(path)} is empty. Nothing was added.", field="path")
    return body


def _check_room(uow: UnitOfWork, size: int) -> None:
    used = int(uow.rows(_OWN, (uow.user_id,))[0][0])
    if used + size > MAX_OF_USER:
        sentence = (
            f"Your files come to {used // 1_000_000:,} MB of {MAX_OF_USER // 1_000_000:,} MB, and this one does not "
            "fit. Archive files that are no longer needed, then add it again."
        )
        raise KnownError(Code.TOO_LARGE, sentence, field="path")


def _shown(path: Path) -> str:
    return f"“{str(path)[-120:].encode(errors='replace').decode()}”"
