"""Archiving and restoring, the same for every kind of record: nothing is ever deleted on a device.

Owns the one function behind the verbs of the other modules.
"""

from __future__ import annotations

from fieldrep.commands.done import Done, done
from fieldrep.commands.entered import label_of, standing
from fieldrep.contract.ids import RowId
from fieldrep.store.replica import Replica


def set_archived(replica: Replica, command: str, entity_name: str, row_id: RowId, *, archived: bool) -> Done:
    """Archives a record, or restores an archived one, as the command of that name."""
    with replica.begin(command, command.replace("_", " ").capitalize()) as uow:
        row = standing(uow, entity_name, row_id, archived=not archived)
        uow.label = f"{'Archive' if archived else 'Restore'} {label_of(entity_name, row)}"
        if archived:
            uow.archive(entity_name, row_id)
        else:
            uow.update(entity_name, row_id, {"archived": 0})
    return done(command, uow, row_id)
