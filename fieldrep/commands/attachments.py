"""Commands on attachments: adding a file to an account or one of its records, archiving and restoring it.

Owns what may be added and the sentences for what may not; the limits are those of the server. What a photo tells beside
its picture is left out before its hash names it. Nothing is decoded here: `Pictures` are passed in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from fieldrep.commands.archiving import set_archived
from fieldrep.commands.done import Done, done
from fieldrep.commands.entered import label_of, standing
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.files import MAX_FILE, MAX_OF_USER, MAX_THUMB, hash_of
from fieldrep.contract.ids import RowId
from fieldrep.domain.files import OWNERS, media_type_of, safe_name
from fieldrep.store.replica import Replica
from fieldrep.store.statements import Row
from fieldrep.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from fieldrep.domain.metadata import Cleaned

_OWN = "SELECT COALESCE(SUM(size), 0) FROM attachment WHERE created_by = ? AND archived = 0"
_OWNER = ("account_id", *OWNERS)


class Pictures(Protocol):
    """Who decodes pictures; answers b"" for what is none, or cannot be decoded within its bounds."""

    def thumb(self, body: bytes) -> bytes:
        """The small picture that travels before the body."""

    def upright(self, body: bytes, orientation: int) -> bytes:
        """The same picture, of the same kind, with its first row at its top."""


@dataclass(frozen=True, slots=True)
class _Taken:
    """What is added, and what is said about it."""

    body: bytes
    thumb: bytes
    note: str = ""
    warning: str = ""


def add_attachment(
    replica: Replica,
    *,
    path: str = "",
    name: str = "",
    pictures: Pictures | None = None,
    body_from: Callable[[], bytes] | None = None,
    **owner: RowId | None,
) -> Done:
    """Adds a photo or document to an account, contact, address, activity or order; the original stays where it is.

    A photo is added without the place, the camera and the words that are noted in it, and standing upright.

    Args:
        path: where the file lies.
        name: what to call it, its own name by itself.
        pictures: makes the small picture, and turns what lies on its side; without it a photo goes on saying so.
        body_from: gives the bytes of what lies in no file, such as the clipboard's picture.
        owner: what it belongs to: one of account_id, contact_id, site_id, activity_id, order_id.
    """
    body = _checked(body_from(), "What was pasted") if body_from is not None else _read(Path(path))
    called = safe_name(name or Path(path).name)
    taken = _taken(body, called, pictures)
    body = taken.body
    with replica.begin("add_attachment", "Add file") as uow:
        belongs, to = _belongs(uow, owner)
        _check_room(uow, len(body))
        values = {
            **belongs,
            "name": called,
            "media_type": media_type_of(body),
            "size": len(body),
            "sha256": hash_of(body),
        }
        if 0 < len(taken.thumb) <= MAX_THUMB:
            values["thumb"] = taken.thumb
        row_id = uow.create("attachment", values)
        uow.keep_file(row_id, body)
        uow.label = f"Add {called} to {to}"
    return done(
        "add_attachment",
        uow,
        row_id,
        made={"attachment": row_id},
        note=taken.note,
        warning=taken.warning,
    )


def _taken(body: bytes, called: str, pictures: Pictures | None) -> _Taken:
    """What is kept of a file: of a photo the picture alone, of anything else every byte."""
    from fieldrep.domain.metadata import cleaned, tells_unseen

    found = cleaned(body)
    if found is None:
        warning = (
            f"{called} is kept as it is and may name the place it was taken at: that is left out of whole JPEG, PNG "
            "and WebP photos alone."
        )
        thumb = pictures.thumb(body) if pictures is not None else b""
        return _Taken(body, thumb, warning=warning if tells_unseen(body) else "")
    body = _upright(found, pictures) if pictures is not None else found.body
    _checked(body, called)
    note = "What its camera noted was left out." if found.left_out else ""
    note = "The place it was taken at and what its camera noted were left out." if found.place else note
    return _Taken(body, pictures.thumb(body) if pictures is not None else b"", note)


def _upright(found: Cleaned, pictures: Pictures) -> bytes:
    """The pixels turned; where they cannot be, the photo goes on saying how it lies."""
    from fieldrep.domain.metadata import UPRIGHT, cleaned

    if found.orientation == UPRIGHT:
        return found.body
    turned = pictures.upright(found.body, found.orientation)
    again = cleaned(turned) if 0 < len(turned) <= MAX_FILE else None
    if again is None or media_type_of(again.body) != media_type_of(found.body):
        return found.body
    return again.body


def archive_attachment(replica: Replica, *, row_id: RowId) -> Done:
    """Takes a file out of the list of what it belongs to."""
    return set_archived(replica, "archive_attachment", "attachment", row_id, archived=True)


def restore_attachment(replica: Replica, *, row_id: RowId) -> Done:
    """Brings an archived file back."""
    return set_archived(replica, "restore_attachment", "attachment", row_id, archived=False)


def _belongs(uow: UnitOfWork, owner: dict[str, RowId | None]) -> tuple[dict[str, object], str]:
    """The fields that say what a file belongs to, and that in words.

    Raises:
        KnownError: `required`, `invalid_value`, or as `standing`.
    """
    named = {name: row_id for name, row_id in owner.items() if row_id is not None and name in _OWNER}
    below = [name for name in named if name in OWNERS]
    if not named:
        sentence = "Say what the file belongs to: an account, contact, address, activity or order."
        raise KnownError(Code.REQUIRED, sentence, field="account_id")
    if len(below) > 1 or (below and "account_id" in named):
        sentence = "A file belongs to one record; name one of account, contact, address, activity and order."
        raise KnownError(Code.INVALID_VALUE, sentence, field=below[-1])
    if not below:
        account = standing(uow, "account", named["account_id"])
        return {"account_id": account["id"]}, label_of("account", account)
    name = below[0]
    row = standing(uow, OWNERS[name], named[name])
    return {name: row["id"], **_scope_of(row)}, label_of(OWNERS[name], row)


def _scope_of(row: Row) -> dict[str, object]:
    """Whoever holds a record holds its files: they carry its account, or its person where there is none."""
    if row["account_id"] is not None:
        return {"account_id": row["account_id"]}
    return {"user_id": row.get("assignee_id")}


def _read(path: Path) -> bytes:
    """The bytes of a file that may be added; never more than that is read.

    Raises:
        KnownError: `not_found`, `too_large` or `invalid_value`.
    """
    try:
        if not path.is_file():
            raise _no_file(path)
        with path.open("rb") as file:
            body = file.read(MAX_FILE + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "its name cannot be used"
        sentence = f"{_shown(path)} cannot be read ({why}). Nothing was added."
        raise KnownError(Code.INVALID_VALUE, sentence, field="path") from error
    return _checked(body, _shown(path))


def _no_file(path: Path) -> KnownError:
    if path.is_dir():
        sentence = f"{_shown(path)} is a folder. Name one of the files in it; nothing was added."
        return KnownError(Code.INVALID_VALUE, sentence, field="path")
    if path.exists():
        sentence = f"{_shown(path)} is no ordinary file but a device or a pipe. Nothing was added."
        return KnownError(Code.INVALID_VALUE, sentence, field="path")
    return KnownError(Code.NOT_FOUND, f"There is no file {_shown(path)}.", field="path")


def _checked(body: bytes, called: str) -> bytes:
    if len(body) > MAX_FILE:
        sentence = f"{called} is larger than {MAX_FILE // 1_000_000} MB. Make it smaller, or add parts of it."
        raise KnownError(Code.TOO_LARGE, sentence, field="path")
    if not body:
        raise KnownError(Code.INVALID_VALUE, f"{called} is empty. Nothing was added.", field="path")
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
