"""Planted bugs of merges: each breaks one promise of `reconcile` while it lasts, as real products have broken it."""

from __future__ import annotations

from typing import Any

import pytest

from sync_server.reconcile import merges, push, redirects
from sync_server.store import settling
from sync_server.store.transaction import WriteTransaction

Patch = pytest.MonkeyPatch


def late_child_lost(patch: Patch) -> None:
    """What comes late for a merged account stays with the stub, where nobody looks."""
    patch.setattr(redirects, "_renamed", lambda *given: given[-1])


def redirect_ignored(patch: Patch) -> None:
    """A late edit changes the stub instead of the survivor."""
    patch.setattr(push, "redirected", lambda *given: given[-1])


def merge_not_reversible(patch: Patch) -> None:
    """Undoing a merge brings the record back, but not what belonged to it."""
    keep = merges.keep

    def keep_less(session: Any, entry: Any) -> None:
        kept = tuple(image for image in entry.images if image.row_id in (entry.merged_id, entry.survivor_id))
        keep(session, merges.MergeEntry(**{**_fields(entry), "images": kept}))

    patch.setattr(merges, "keep", keep_less)


def split_rows_stay(patch: Patch) -> None:
    """After a split, whoever keeps the survivor goes on seeing what went back to a foreign account."""
    patch.setattr(WriteTransaction, "leave_account", lambda *_: None)


def pair_told_to_one_side(patch: Patch) -> None:
    """A pair is shown to whoever holds one of its two records."""
    real = settling._settle_pairs

    def settle(workspace: Any, after: Any, pairs: Any, settlement: Any) -> None:
        real(workspace, after, {row_id: (one, one) for row_id, (one, _) in pairs.items()}, settlement)

    patch.setattr(settling, "_settle_pairs", settle)


def followers_forgotten(patch: Patch) -> None:
    """A merge moves the address book and forgets the orders."""
    real = merges.plan_merge

    def plan(*args: Any) -> Any:
        found = real(*args)
        found.moves = [
            move for move in found.moves if move.entity.name not in ("sales_order", "document_line")
        ]
        return found

    patch.setattr(merges, "plan_merge", plan)


def value_of_the_merged_lost(patch: Patch) -> None:
    """What only the record that goes knew is not taken over."""
    real = merges.plan_merge

    def plan(*args: Any) -> Any:
        found = real(*args)
        found.survivor.after.update(found.survivor.before)
        return found

    patch.setattr(merges, "plan_merge", plan)


def _fields(entry: Any) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in entry.__slots__}


MERGE_BUGS = (
    late_child_lost,
    redirect_ignored,
    merge_not_reversible,
    split_rows_stay,
    pair_told_to_one_side,
    followers_forgotten,
    value_of_the_merged_lost,
)
