"""Decisions on records that may be one: asking for their merge, for its undoing, and saying that they are two.

Owns the verbs. The merge itself is carried out by the server alone, once the request arrives there.
"""

from __future__ import annotations

from collections.abc import Sequence

from fieldrep.commands.done import Done, done
from fieldrep.commands.entered import label_of
from fieldrep.commands.row_values import ref_of, text_of
from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import RowId
from fieldrep.contract.values import canonical_json
from fieldrep.domain.duplicates import may_become
from fieldrep.domain.merging import takeable
from fieldrep.store.replica import Replica
from fieldrep.store.statements import Row
from fieldrep.store.unit_of_work import UnitOfWork


def merge_duplicate(
    replica: Replica, *, row_id: RowId, survivor_id: RowId | None = None, take: Sequence[str] = ()
) -> Done:
    """Asks the server to make two records one: `survivor_id` stays, `take` names fields that come from the other."""
    with replica.begin("merge_duplicate", "Merge duplicates") as uow:
        pair = _pair(uow, row_id, "merge_requested")
        sides = ref_of(pair, "one_id"), ref_of(pair, "other_id")
        stays = survivor_id or sides[0]
        if stays not in sides:
            raise KnownError(Code.INVALID_VALUE, "Only one of the two records can stay.", field="survivor_id")
        names = _labels(uow, pair)
        wrong = [name for name in take if name not in takeable(CATALOGUE[text_of(pair, "entity")])]
        if wrong:
            sentence = f"“{wrong[0][:60]}” cannot be taken from the record that goes."
            raise KnownError(Code.UNKNOWN_FIELD, sentence, field="take")
        goes = sides[0] if stays == sides[1] else sides[1]
        uow.label = f"Merge {names[goes]} into {names[stays]}"
        values = {"status": "merge_requested", "survivor_id": stays, "take": canonical_json(list(take))}
        uow.update("duplicate_candidate", row_id, values)
    return done("merge_duplicate", uow, row_id)


def keep_apart(replica: Replica, *, row_id: RowId) -> Done:
    """Says that two records that look alike are two; the pair is not shown again."""
    with replica.begin("keep_apart", "Not a duplicate") as uow:
        names = list(_labels(uow, _pair(uow, row_id, "not_duplicate")).values())
        uow.label = f"{' and '.join(names)} are not the same"
        uow.update("duplicate_candidate", row_id, {"status": "not_duplicate"})
    return done("keep_apart", uow, row_id)


def undo_merge(replica: Replica, *, row_id: RowId) -> Done:
    """Asks the server to make two records again of two that were merged; who asked for the merge may do so."""
    with replica.begin("undo_merge", "Undo a merge") as uow:
        pair = _known(uow, row_id)
        if text_of(pair, "status") != "merged":
            raise KnownError(Code.NOTHING_TO_CHANGE, "These two records are not merged.", field="id")
        if pair["decided_by"] != uow.user_id:
            sentence = "A colleague merged these two. Ask your admin to undo that if they are not one."
            raise KnownError(Code.MOVE_NOT_ALLOWED, sentence, field="id")
        names, stays = _labels(uow, pair), ref_of(pair, "survivor_id")
        one, other = names  # what stayed may itself be merged by now
        goes, stayed = (other, one) if stays == one else (one, other)
        uow.label = f"{names[goes]} apart from {names[stayed]} again"
        uow.update("duplicate_candidate", row_id, {"status": "open"})
    return done("undo_merge", uow, row_id)


def _known(uow: UnitOfWork, row_id: RowId) -> Row:
    pair = uow.row("duplicate_candidate", row_id)
    if pair is None:
        raise KnownError(Code.NOT_FOUND, "There is no such pair of records on this device.", field="id")
    return pair


def _pair(uow: UnitOfWork, row_id: RowId, wanted: str) -> Row:
    pair = _known(uow, row_id)
    present = text_of(pair, "status")
    if not may_become(present, wanted):
        words = present.replace("_", " ")
        raise KnownError(Code.NOTHING_TO_CHANGE, f"This pair is decided already ({words}).", field="id")
    return pair


def _labels(uow: UnitOfWork, pair: Row) -> dict[RowId, str]:
    """What people call the two records.

    Raises:
        KnownError: `not_found`, when one of them is not on this device any more.
    """
    entity = text_of(pair, "entity")
    found: dict[RowId, str] = {}
    for name in ("one_id", "other_id"):
        row = uow.row(entity, ref_of(pair, name))
        if row is None:
            raise KnownError(
                Code.NOT_FOUND, "One of the two records is no longer on this device.", field="id"
            )
        found[ref_of(pair, name)] = label_of(entity, row)
    return found
