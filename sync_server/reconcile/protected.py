"""Fields that a device may not write: where a change names others beside them, they alone are left out.

Asked only where a change was refused for such a field. Must not judge anything else; `edits.py` does.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.change import Change, Edit, LeftOut
from sync_server.reconcile.edits import why_protected


def parted(change: Change) -> tuple[Change, tuple[LeftOut, ...]]:
    """The change without what it may not write, and that; an update of nothing else falls away whole."""
    left_out = tuple(found for edit in change.edits for found in _protected(edit))
    named = {(one.entity, one.row_id, one.field) for one in left_out}
    edits = []
    for edit in change.edits:
        names = {name for name in edit.after if (edit.entity, edit.row_id, name) not in named}
        if edit.kind == "create" or names:
            after = {name: value for name, value in edit.after.items() if name in names}
            before = {name: value for name, value in edit.before.items() if name in names}
            edits.append(replace(edit, after=after, before=before))
    return replace(change, edits=tuple(edits)), left_out


def _protected(edit: Edit) -> Iterator[LeftOut]:
    entity = CATALOGUE.get(edit.entity)
    for name in edit.after if entity is not None else ():
        assert entity is not None  # noqa: S101 - else there is nothing to go through
        sentence = why_protected(entity, name, creating=edit.kind == "create") if entity.has(name) else ""
        if sentence:
            yield LeftOut(edit.entity, edit.row_id, name, sentence)
