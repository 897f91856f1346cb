"""Push, the server's half: each change of a batch becomes an outcome, whole or not at all (I4), exactly once (I3).

The transaction holds the store's clock lock, so what is judged here is what is written. Outcomes are stored in the
same transaction; a repeat after a lost reply gets the stored one.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

import msgspec

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.change import (
    Accepted,
    Answer,
    Change,
    Held,
    KeptField,
    Merged,
    Outcome,
    Refused,
    Waits,
)
from fieldrep.contract.errors import Code
from fieldrep.contract.ids import Incarnation, Revision, RowId
from fieldrep.contract.steps import Step, reached
from sync_server.reconcile.author import Author, Rights
from sync_server.reconcile.decisions import Decisions
from sync_server.reconcile.duplicates import look_for_duplicates
from sync_server.reconcile.edits import apply_edit
from sync_server.reconcile.giving_back import LACKS_A_RECORD, GivingBack
from sync_server.reconcile.latecomers import note_latecomers
from sync_server.reconcile.merges import carry_out
from sync_server.reconcile.orders import settle_order
from sync_server.reconcile.plain import accepted
from sync_server.reconcile.proposals import hand_over
from sync_server.reconcile.protected import parted
from sync_server.reconcile.redirects import redirected
from sync_server.reconcile.refusal import Refusal
from sync_server.store.devices.formers import (
    formers_of,
    note_former,
    others_of,
    relatives_of,
    settled_as_formers,
)
from sync_server.store.reading import Reader
from sync_server.store.transaction import WriteTransaction

MAX_EDITS = 5_000
"""Edits in one change; an order with 2,000 lines fits."""

_CONTENT_BYTES = 16
_OF_ORDERS = frozenset({"sales_order", "document_line"})

_SETTLED = (
    "This laptop, or a copy of it, sent a change with this number long ago, and it was settled then. "
    "Compare with the record; if something is missing, correct this and send it again."
)

_Installation = tuple[RowId, Incarnation]
_encode_outcome = _encode_change = msgspec.msgpack.Encoder().encode
_outcome_decoder = msgspec.msgpack.Decoder(Outcome)


class CopyNoticed(Exception):
    """Two installations speak with one device's credential (F26); says by what they showed themselves."""


def push(tx: WriteTransaction, author: Author, changes: Sequence[Change]) -> tuple[Answer, ...]:
    """One outcome per change, in the order given.

    Raises:
        CopyNoticed: nothing of the batch is then taken.
    """
    known = ask_known(tx, author, changes)
    preload(tx, changes)
    outcomes = judged(tx, author, changes, known())
    conclude(tx)
    return outcomes


def ask_known(
    tx: WriteTransaction, author: Author, changes: Sequence[Change]
) -> Callable[[], dict[int, bytes]]:
    """What the store already answered to changes, waited for when it is called for."""
    return tx.ask_outcomes(author.device_id, author.incarnation, [change.n for change in changes])


def judged(
    tx: WriteTransaction, author: Author, changes: Sequence[Change], known: dict[int, bytes]
) -> tuple[Answer, ...]:
    """As `push`, for one of several pushes in a transaction; `preload` and `ask_known` went before, and `conclude`
    follows after all of them.

    Raises:
        CopyNoticed.
    """
    if not changes:
        return ()
    rights = Rights(tx, author)
    may_have_kin = author.has_past or author.is_new or author.carried
    formers, relatives = _kin(tx, author, changes) if may_have_kin else ([], [])
    _recall(tx, relatives, changes, known)
    answers: list[Answer] = []
    back = GivingBack.of(tx, author, changes[0].n)
    floor = _floor(tx, author) if author.has_past or formers else 0
    for change in changes:
        stored, content = known.get(change.n), _content(change)
        answer: Answer | None = None
        if stored is None:
            answer = _judged(tx, rights, change, floor, back)
            if not isinstance(answer, Waits):
                known[change.n] = content + _encode_outcome(answer)
                tx.record_outcome(author, change, answer, known[change.n])
        elif stored[:_CONTENT_BYTES] != content:
            raise CopyNoticed(f"change {change.n} was taken before with other content")
        back.note(change, answer)
        answers.append(
            _outcome_decoder.decode(known[change.n][_CONTENT_BYTES:]) if answer is None else answer
        )
    back.conclude()
    return tuple(answers)


def _judged(tx: WriteTransaction, rights: Rights, change: Change, floor: int, back: GivingBack) -> Answer:
    """The answer to a change that has none yet."""
    if change.n <= floor:
        return _long_settled(change, tx.revision_now, given_back=back.gives_back(change))
    if back.must_wait(change):
        return Waits(change.n)
    made = back.as_seen(change)
    return back.or_waits(change, accepted(tx, rights, made) or _decide(tx, rights, made))


def has_all(reader: Reader, device_id: RowId, incarnation: Incarnation, changes: Sequence[Change]) -> bool:
    """Whether the store answered each of these changes of an installation, as they are."""
    known = reader.outcomes_of(device_id, incarnation, [change.n for change in changes])
    return all(known.get(change.n, b"")[:_CONTENT_BYTES] == _content(change) for change in changes)


def conclude(tx: WriteTransaction) -> None:
    """What is done once with all that a transaction's pushes became."""
    look_for_duplicates(tx)
    reached(Step.JUDGED)


def _kin(
    tx: WriteTransaction, author: Author, changes: Sequence[Change]
) -> tuple[list[_Installation], list[_Installation]]:
    """The installations a device was before, and all that may have handed in what it holds.

    One whose repair lost who it was did not say so. It shows it: by a change that another one of its user's has sent.
    So does a file of the time before the repair that comes after it, for what it holds itself.
    """
    formers, relatives = _family(tx, author)
    for one in others_of(tx, author.device_id, author.user_id) if not relatives else ():
        stored = tx.outcomes_of(*one, [change.n for change in changes])
        if any(stored.get(change.n, b"")[:_CONTENT_BYTES] == _content(change) for change in changes):
            if author.carried and not author.is_new:
                return formers, [one]
            note_former(tx, author.device_id, author.user_id, [one])
            return _family(tx, author)
    return formers, relatives


def _family(tx: WriteTransaction, author: Author) -> tuple[list[_Installation], list[_Installation]]:
    formers = formers_of(tx, author.device_id)
    return formers, relatives_of(tx, author.device_id, formers)


def _recall(
    tx: WriteTransaction,
    relatives: Sequence[_Installation],
    changes: Sequence[Change],
    known: dict[int, bytes],
) -> None:
    """Adds the outcomes of changes this installation, or one that shares its past, sent as another device."""
    new = [change for change in changes if change.n not in known]
    for device_id, incarnation in relatives if new else ():
        stored = tx.outcomes_of(device_id, incarnation, [change.n for change in new])
        for change in new:
            before = stored.get(change.n)
            if before is not None and before[:_CONTENT_BYTES] == _content(change):
                known.setdefault(change.n, before)


def _floor(tx: WriteTransaction, author: Author) -> int:
    """Up to which number the changes of this installation, and of those it was before, were answered and forgotten."""
    own = tx.settled_floor(author.device_id, author.incarnation)
    return max(own, settled_as_formers(tx, author.device_id, author.came_with))


def _long_settled(change: Change, revision: Revision, *, given_back: bool) -> Outcome:
    """The answer to a change whose own one was dropped: it is never judged a second time (I3).

    A device that gives back what a restored store may lack had shown to have the answer. Anybody else is an old image
    of an installation, whose change may be the one that was taken, or another: it stays there, for a person to look at.
    """
    if given_back:
        return Accepted(change.n, revision)
    return Refused(change.n, Code.ALREADY_SETTLED, _SETTLED)


def _content(change: Change) -> bytes:
    """What a repeat is known by; kept with the outcome that answers it."""
    return hashlib.blake2b(_encode_change(change), digest_size=_CONTENT_BYTES).digest()


def _decide(tx: WriteTransaction, rights: Rights, change: Change) -> Outcome:
    """What becomes of a change; one that names a field nobody may write from a laptop is taken without it."""
    outcome = _tried(tx, rights, change)
    if not isinstance(outcome, Refused) or outcome.code is not Code.FIELD_PROTECTED:
        return outcome
    rest, left_out = parted(change)
    if not left_out or not any(edit.after for edit in rest.edits):
        return outcome
    second = _tried(tx, rights, rest)
    if isinstance(second, Refused):
        return second
    if isinstance(second, Accepted):
        second = Merged(second.n, second.revision)
    return msgspec.structs.replace(second, left_out=left_out)


def _tried(tx: WriteTransaction, rights: Rights, change: Change) -> Outcome:
    mark = tx.mark()
    born = rights.born
    try:
        return _apply(tx, rights, change)
    except Refusal as refusal:
        tx.rollback_to(mark)
        rights.born = born
        return _explain(tx, rights.author, change, refusal)


def _apply(tx: WriteTransaction, rights: Rights, change: Change) -> Outcome:
    if not change.edits:
        raise Refusal(Code.NOTHING_TO_CHANGE, "The change holds no edit.")
    if len(change.edits) > MAX_EDITS:
        raise Refusal(
            Code.TOO_LARGE, f"The change holds {len(change.edits):,} edits; at most {MAX_EDITS:,} fit."
        )
    tx.new_revision()
    rights.n = change.n
    arrived, change = change, redirected(tx, change)
    merged = False
    kept: list[KeptField] = []
    entities = {edit.entity for edit in change.edits}
    decisions = Decisions(tx, rights, change) if "conflict" in entities else None
    for edit in change.edits:
        beside, clashes = apply_edit(tx, rights, edit, decisions)
        merged = merged or beside
        kept.extend(clashes)
    for order_id in _orders_of(tx, change) if not entities.isdisjoint(_OF_ORDERS) else ():
        settle_order(tx, rights.author, order_id)
    if "duplicate_candidate" in entities:
        carry_out(tx, rights, change)
    if change is not arrived:
        note_latecomers(tx, arrived, change)
    if kept or decisions is not None:
        closed = decisions.closed if decisions is not None else ()
        handed_over = hand_over(tx, rights.author, change, kept, closed)
        if handed_over:
            return Held(change.n, tx.revision, handed_over, tuple(kept))
    if merged or kept:
        return Merged(change.n, tx.revision, tuple(kept))
    return Accepted(change.n, tx.revision)


def _orders_of(tx: WriteTransaction, change: Change) -> Iterable[RowId]:
    """The orders a change touched, through their heads or their lines."""
    found: dict[RowId, None] = {}
    for edit in change.edits:
        if edit.entity == "sales_order":
            found[RowId(edit.row_id)] = None
        elif edit.entity == "document_line":
            line = tx.row(CATALOGUE["document_line"], RowId(edit.row_id))
            if line is not None and isinstance(line["order_id"], bytes):
                found[RowId(line["order_id"])] = None
    return found


def _explain(tx: WriteTransaction, author: Author, change: Change, refusal: Refusal) -> Refused:
    """The refusal's outcome; one that only follows from an earlier refusal says so."""
    missing = refusal.code in LACKS_A_RECORD
    earlier = tx.refused_creates(author.device_id, author.incarnation) if missing else frozenset[bytes]()
    needed = {edit.row_id for edit in change.edits if edit.kind == "update"}
    needed.update(value for edit in change.edits for value in edit.after.values() if isinstance(value, bytes))
    if earlier & needed:
        sentence = (
            "It belongs to something that was refused before it; correct that first, then send this again."
        )
        return Refused(
            change.n, Code.DEPENDS_ON_REFUSED, sentence, refusal.entity, refusal.row_id, refusal.field
        )
    return refusal.outcome(change.n)


def preload(tx: WriteTransaction, changes: Iterable[Change]) -> None:
    """Fetches every row the changes name, and those they refer to, with one query per entity."""
    wanted: dict[str, set[RowId]] = defaultdict(set)
    for change in changes:
        for edit in change.edits:
            entity = CATALOGUE.get(edit.entity)
            if entity is None:
                continue
            wanted[edit.entity].add(RowId(edit.row_id))
            for name, value in edit.after.items():
                if isinstance(value, bytes) and len(value) == 16 and entity.has(name):
                    wanted[entity.field(name).to or edit.entity].add(RowId(value))
    tx.preload_all({name: ids for name, ids in wanted.items() if name in CATALOGUE})
