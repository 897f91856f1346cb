"""The attachments of an account or of the whole replica, where the body of each one stands, and what waits to travel.

Owns how a state is told. It must not read any body.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.ids import RowId
from fieldrep.domain.files import OWNERS
from fieldrep.queries.cells import maybe_ref, ref, text
from fieldrep.queries.marks import waiting_rows
from fieldrep.queries.naming import record_name
from fieldrep.store.reader import Reader

Picture = TypeVar("Picture")
_MOST_OWNERS = 30
_TITLES = {name: CATALOGUE["attachment"].field(name).title for name in OWNERS}


@dataclass(frozen=True, slots=True)
class AttachmentRow:
    """One file.

    Attributes:
        account_id: None when it belongs to something without an account.
        owner_id, owner_kind, owner: the contact, address, activity or order it belongs to; None and "" when it belongs
            to the account itself.
        state: "waiting" to go up, "here", "partly" here, "wanted" with the next sync, or "not_here".
        so_far: bytes the server has of one that waits, else bytes that are here.
        refused: why the server does not take the body now, "" when it said nothing.
        has_thumb: whether its record holds a small picture.
        waiting: its record was not yet acknowledged.
    """

    id: RowId
    account_id: RowId | None
    owner_id: RowId | None
    owner_kind: str
    owner: str
    name: str
    media_type: str
    size: int
    sha256: str
    added_at: int
    added_by: str
    state: str
    so_far: int
    refused: str
    has_thumb: bool
    waiting: bool


@dataclass(frozen=True, slots=True)
class FileOwner:
    """What a new file may belong to: the field that names it, and that in words."""

    field: str
    id: RowId
    title: str
    label: str


@dataclass(frozen=True, slots=True)
class AccountFiles:
    """The files of an account, newest first, and what new ones may belong to, the account first."""

    rows: tuple[AttachmentRow, ...]
    owners: tuple[FileOwner, ...]


_FILES = f"""
SELECT a.id, a.account_id, {", ".join(f"a.{name}" for name in OWNERS)}, a.name, a.media_type, a.size, a.sha256,
    a.created_at, p.name, u.sent, u.refused, b.held, b.whole, w.row_id, a.thumb IS NOT NULL
FROM attachment a LEFT JOIN app_user p ON p.id = a.created_by LEFT JOIN file_upload u ON u.row_id = a.id
LEFT JOIN file_body b ON b.sha256 = a.sha256 LEFT JOIN file_wish w ON w.row_id = a.id
"""  # noqa: S608 - names of the domain
_SHOWN = " WHERE a.archived = 0 AND (?1 IS NULL OR a.account_id = ?1) ORDER BY a.row_no DESC"
_TRAVELLING = """
 WHERE a.id IN (SELECT row_id FROM file_upload UNION SELECT row_id FROM file_wish)
    AND (u.row_id IS NOT NULL OR coalesce(b.whole, 0) = 0)
ORDER BY u.row_id IS NULL, a.size, a.row_no
"""
_OWNERS_OF = """
SELECT 'contact_id', id FROM contact WHERE account_id = ?1 AND archived = 0 AND merged_into_id IS NULL
UNION ALL SELECT 'site_id', id FROM site WHERE account_id = ?1 AND archived = 0
UNION ALL SELECT 'activity_id', id FROM (SELECT id FROM activity WHERE account_id = ?1 AND archived = 0
    ORDER BY coalesce(happened_at, due_at) DESC LIMIT ?2)
UNION ALL SELECT 'order_id', id FROM (SELECT id FROM sales_order WHERE account_id = ?1 AND archived = 0
    ORDER BY ordered_on DESC LIMIT ?2)
"""


def attachments(reader: Reader, *, account_id: RowId | None = None) -> tuple[AttachmentRow, ...]:
    """The files of an account and its records, or of the whole replica, newest first."""
    return _rows(reader, _SHOWN, (account_id,))


def files_of_account(reader: Reader, *, account_id: RowId) -> AccountFiles:
    """What the Files tab shows."""
    name = record_name(reader, "account", account_id).label
    owners = [FileOwner("account_id", account_id, "Account", name)]
    for field, row_id in reader.rows(_OWNERS_OF, (account_id, _MOST_OWNERS)):
        named = record_name(reader, OWNERS[field], row_id)
        owners.append(FileOwner(field, named.id, _TITLES[field], _without_account(named.label, name)))
    return AccountFiles(attachments(reader, account_id=account_id), tuple(owners))


def travelling(reader: Reader) -> tuple[AttachmentRow, ...]:
    """The bodies on their way: up first, smallest first, then those that come down."""
    return _rows(reader, _TRAVELLING, ())


def thumbs(
    reader: Reader, *, account_id: RowId, decode: Callable[[Sequence[bytes]], Sequence[Picture | None]]
) -> dict[RowId, Picture]:
    """The small pictures of an account's files, decoded in one go; one that cannot be is left away."""
    sql = "SELECT id, thumb FROM attachment WHERE archived = 0 AND account_id = ? AND thumb IS NOT NULL"
    found = reader.rows(sql, (account_id,))
    pictures = decode([bytes(thumb) for _, thumb in found])
    return {
        ref(row_id): picture
        for (row_id, _), picture in zip(found, pictures, strict=True)
        if picture is not None
    }


def _rows(reader: Reader, which: str, parameters: tuple[object, ...]) -> tuple[AttachmentRow, ...]:
    unsent = waiting_rows(reader, "attachment")
    found = []
    for row_id, account_id, *row in reader.rows(_FILES + which, parameters):
        owners, (name, kind, size, sha256, at, by, sent, refused, held, whole, wished, thumb) = (
            row[:4],
            row[4:],
        )
        field, owner_id = next(
            ((field, one) for field, one in zip(OWNERS, owners, strict=True) if one is not None), ("", None)
        )
        named = record_name(reader, OWNERS[field], owner_id) if owner_id is not None else None
        account = record_name(reader, "account", account_id).label if account_id is not None and named else ""
        found.append(
            AttachmentRow(
                id=ref(row_id),
                account_id=maybe_ref(account_id),
                owner_id=maybe_ref(owner_id),
                owner_kind=_TITLES[field] if field else "",
                owner=_without_account(named.label, account) if named else "",
                name=text(name),
                media_type=text(kind),
                size=int(size),
                sha256=text(sha256),
                added_at=int(at or 0),
                added_by=text(by),
                state=_state(sent, held, whole, wished),
                so_far=int((sent if sent is not None else held) or 0),
                refused=text(refused),
                has_thumb=bool(thumb),
                waiting=row_id in unsent,
            )
        )
    return tuple(found)


def _state(sent: object, held: object, whole: object, wished: object) -> str:
    if sent is not None:
        return "waiting"
    if whole:
        return "here"
    if wished is not None:
        return "wanted"
    return "partly" if held else "not_here"


def _without_account(label: str, account: str) -> str:
    """The name of a record where its account is known anyway."""
    return label.removesuffix(account).rstrip(" ·") if account else label
