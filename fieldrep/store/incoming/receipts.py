"""The receipts of the last syncs: what each did, by line or by stick, and the numbers of the changes it heard of.

Owns their table and how many are kept. A sync that found nothing to do leaves none, so that nothing is written for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from fieldrep.store.engine import Connection
from fieldrep.store.incoming.receipt import Receipt
from fieldrep.store.reader import Reader

if TYPE_CHECKING:
    from fieldrep.store.replica import Replica

MOST_KEPT = 200


class Way(StrEnum):
    """How a sync went to the office and back."""

    LINE = "line"
    STICK = "stick"


Span = tuple[int, int]
"""The first and the last of numbers that follow each other."""


@dataclass(frozen=True, slots=True)
class KeptReceipt:
    """One sync.

    Attributes:
        no: counts up, None while it is not kept yet.
        at: when it ended.
        code: of the error that ended it, "" when it came to its end; the receipt's sentence says what it was.
        changes: the numbers of the changes that were answered.
    """

    no: int | None
    at: int
    way: Way
    code: str
    receipt: Receipt
    changes: tuple[Span, ...]

    @property
    def did_something(self) -> bool:
        """Whether anything went either way."""
        return says_something(self.receipt)


_KEEP = "INSERT OR REPLACE INTO sync_receipt (receipt_no, at, way, code, receipt, changes) VALUES (?, ?, ?, ?, ?, ?)"
_NEWEST = (
    "SELECT receipt_no, at, way, code, receipt, changes FROM sync_receipt ORDER BY receipt_no DESC LIMIT ?"
)
_receipts = msgspec.json.Decoder(Receipt)
_spans = msgspec.json.Decoder(tuple[Span, ...])


def says_something(receipt: Receipt) -> bool:
    """Whether there is anything in it for a person; most syncs find nothing new on either side."""
    sent = receipt.accepted or receipt.merged or receipt.held or receipt.refused
    files = receipt.files_sent or receipt.files_brought
    return bool(receipt.exchanges > 1 or receipt.pulled or receipt.left or sent or files)


def kept_form(receipt: Receipt) -> str:
    """The receipt as the state keeps it, "" for one that says nothing."""
    return msgspec.json.encode(receipt).decode() if says_something(receipt) else ""


def spans(numbers: Iterable[int]) -> tuple[Span, ...]:
    """Numbers as those that follow each other."""
    found: list[Span] = []
    for number in sorted(numbers):
        if found and number <= found[-1][1] + 1:
            found[-1] = found[-1][0], number
        else:
            found.append((number, number))
    return tuple(found)


def keep(connection: Connection, kept: KeptReceipt) -> int:
    """Keeps a receipt in the open transaction, in place of what the same sync said before; the oldest goes."""
    cursor = connection.execute(
        _KEEP,
        (
            kept.no,
            kept.at,
            kept.way.value,
            kept.code,
            msgspec.json.encode(kept.receipt).decode(),
            msgspec.json.encode(kept.changes).decode(),
        ),
    )
    no = kept.no if kept.no is not None else cursor.lastrowid
    connection.execute("DELETE FROM sync_receipt WHERE receipt_no <= ?", (no - MOST_KEPT,))
    return no


def newest(reader: Reader, limit: int = MOST_KEPT) -> tuple[KeptReceipt, ...]:
    """The kept receipts, newest first; one that cannot be read is left away."""
    found = []
    for no, at, way, code, receipt, changes in reader.rows(_NEWEST, (limit,)):
        try:
            found.append(
                KeptReceipt(no, at, Way(way), code, _receipts.decode(receipt), _spans.decode(changes))
            )
        except (msgspec.DecodeError, ValueError):
            continue
    return tuple(found)


def tell_files(replica: Replica, since: int, told: Receipt) -> None:
    """Adds to the receipt of the sync that began at `since` which files went, came and wait, once they had their turn.

    One that carried files alone is kept as well.
    """
    carried = told.files_sent or told.files_brought
    if not (told.files_waiting or carried):
        return
    with replica.read() as reader:
        last = newest(reader, 1)
    if not last or last[0].at < since or last[0].code:
        if carried:
            with replica.write() as connection:
                keep(connection, KeptReceipt(None, told.at or replica.clock(), Way.LINE, "", told, ()))
        return
    whole = msgspec.structs.replace(
        last[0].receipt,
        files_sent=told.files_sent,
        files_brought=told.files_brought,
        files_waiting=told.files_waiting,
        files_not_taken=told.files_not_taken,
        sentence=told.sentence,
    )
    with replica.write() as connection:
        keep(connection, replace(last[0], receipt=whole))
