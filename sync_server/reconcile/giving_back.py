"""A device that gives back what a restored store forgot: what of its push is listed, and what waits for others.

Devices come in whatever order, so a change may need a record that another device has yet to give back, or the state
that one had brought a record into. It waits then, with all that builds on the rows it touches, and is judged when its
device offers it again; once nobody is left who may bring what it needs it is judged like any other (I21). Must not
judge a change itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from msgspec.structs import replace

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.change import Answer, Change, Edit, Outcome, Refused, Waits
from fieldrep.contract.errors import Code
from fieldrep.contract.ids import RowId
from sync_server.reconcile.author import Author
from sync_server.reconcile.duplicates import CANDIDATE
from sync_server.reconcile.early import LACKS_A_STATE, comes_early
from sync_server.store.restoring.after_backup import told_of
from sync_server.store.restoring.given_back import (
    may_still_come,
    note_returned,
    note_waiting,
    revision_restored,
    something_came,
    told_of_before,
    waiting_edits,
    waits_no_more,
)
from sync_server.store.restoring.two_values import differing
from sync_server.store.statements import bytes_of
from sync_server.store.transaction import WriteTransaction

LACKS_A_RECORD = frozenset({Code.NOT_FOUND, Code.PARENT_MISSING, Code.OUT_OF_SCOPE})
"""What a change is refused with whose record is not there, or not its author's; which of both nobody is told (I5)."""

_SOME_PAIR = b"a pair that is not there"


@dataclass(slots=True)
class GivingBack:
    """One push of a device, as a restored store sees it.

    Attributes:
        answered_to: up to which number its changes had been answered before, None where it has not told of that.
        newest: its newest change that was made before it heard of the restore.
        restored: the last state of the backup.
        _taken: whether a change given back was taken.
    """

    tx: WriteTransaction
    author: Author
    answered_to: int | None
    newest: int
    restored: int
    _waiting: dict[int, tuple[Edit, ...]]
    _touched: set[bytes] = field(default_factory=set)
    _made: set[bytes] = field(default_factory=set)
    _may_come: bool | None = None
    _taken: bool = False

    @classmethod
    def of(cls, tx: WriteTransaction, author: Author, first: int) -> GivingBack:
        """The push of an author; `first` is its oldest change: what waits before that one is not offered with it."""
        told = told_of_before(tx, author) if author.has_past else None
        waiting = dict(waiting_edits(tx, author)) if told is not None else {}
        answered_to, newest = told or (None, 0)
        back = cls(tx, author, answered_to, newest, revision_restored(tx) if newest else 0, waiting)
        back._touch(edit for n, edits in waiting.items() if n < first for edit in edits)
        return back

    def gives_back(self, change: Change) -> bool:
        """Whether a change had been answered before the restore."""
        return change.n <= (self.answered_to or 0)

    def as_seen(self, change: Change) -> Change:
        """A change on the records as its author can have seen them: not as anybody has entered anew in them since.

        The revision that its author names was one of the store before, and says nothing of what came in this one. Only
        archiving looks at it.
        """
        if change.n > self.newest:
            return change
        return replace(change, edits=tuple(map(self._as_seen, change.edits)))

    def _as_seen(self, edit: Edit) -> Edit:
        archives = edit.kind == "update" and edit.after.get("archived") == 1 and len(edit.row_id) == 16
        entity = CATALOGUE.get(edit.entity) if archives else None
        row = self.tx.row(entity, RowId(edit.row_id)) if entity is not None else None
        if (
            entity is None
            or row is None
            or not self.restored < int(str(row["revision"])) <= edit.base_revision
        ):
            return edit
        held = told_of(self.tx, edit.entity, edit.row_id)
        anew = [pair for pair in differing(entity, edit.row_id, row, held) if pair.field != "archived"]
        unseen = anew if held else row["changed_by"] is None
        return replace(edit, base_revision=self.restored) if unseen else edit

    def must_wait(self, change: Change) -> bool:
        """Whether a change is not to be judged yet.

        It builds on one that waits: it edits a row of that one, or names a row that it makes. Or it is given back
        before what brings a record into the state that it moves on.
        """
        if not self._may_wait(change.n):
            return False
        builds_on = any(self._builds_on(edit) for edit in change.edits)
        early = not builds_on and self.gives_back(change) and comes_early(self.tx, change)
        return builds_on or (early and self._somebody_may_come())

    def or_waits(self, change: Change, outcome: Outcome) -> Answer:
        """The outcome; a change that lacks a record, or fitted before, waits while another device may see to that."""
        if not isinstance(outcome, Refused) or not self._may_wait(change.n):
            return outcome
        fitted = self.gives_back(change) and outcome.code in LACKS_A_STATE
        lacks = fitted or outcome.code in LACKS_A_RECORD
        comes = lacks and (self._may_be_raised(change) or self._somebody_may_come())
        return Waits(change.n) if comes else outcome

    def note(self, change: Change, answer: Answer | None) -> None:
        """Lists what became of a change; None for one that the backup knows."""
        if isinstance(answer, Waits):
            self._touch(change.edits)
            note_waiting(self.tx, self.author, change, again=self._may_be_raised(change))
        elif self.gives_back(change):
            note_returned(self.tx, self.author, change, answer)
            if not self._taken and not isinstance(answer, Refused | None):
                self._taken, self._may_come = True, None
        elif change.n in self._waiting:
            waits_no_more(self.tx, self.author, change)

    def conclude(self) -> None:
        """What was taken may be what others wait for."""
        if self._taken:
            something_came(self.tx, self.author)

    def _somebody_may_come(self) -> bool:
        if self._may_come is None:
            self._may_come = may_still_come(self.tx, self.author, something_came=self._taken)
        return self._may_come

    def _may_be_raised(self, change: Change) -> bool:
        """Whether a change decides on a pair that may be raised at the end of this very push, of what it brought."""
        pairs = [RowId(edit.row_id) for edit in change.edits if edit.entity == CANDIDATE.name]
        return (
            self._taken
            and self.gives_back(change)
            and any(self.tx.row(CANDIDATE, one) is None for one in pairs)
        )

    def _may_wait(self, n: int) -> bool:
        return self.answered_to is not None and n <= self.author.waits_to

    def _builds_on(self, edit: Edit) -> bool:
        """Whether an edit is about a row that one which waits is about, names one that it makes, or decides after it.

        Of a pair that is not there nobody knows which two it names, so what is decided after it waits with it.
        """
        return (
            not self._touched.isdisjoint(self._moved_by(edit))
            or not self._made.isdisjoint(edit.after.values())
            or (edit.entity == CANDIDATE.name and _SOME_PAIR in self._touched)
        )

    def _touch(self, edits: Iterable[Edit]) -> None:
        for edit in edits:
            self._touched.update(self._moved_by(edit))
            if edit.kind == "create":
                self._made.add(edit.row_id)

    def _moved_by(self, edit: Edit) -> Iterator[bytes]:
        """The rows an edit is about: what is decided of a pair moves the two it names as well."""
        yield edit.row_id
        if edit.entity != CANDIDATE.name:
            return
        pair = self.tx.row(CANDIDATE, RowId(edit.row_id))
        if pair is not None:
            yield from (bytes_of(pair["one_id"]), bytes_of(pair["other_id"]))
        else:
            survivor = edit.after.get("survivor_id")
            yield from (_SOME_PAIR, survivor if isinstance(survivor, bytes) else _SOME_PAIR)
