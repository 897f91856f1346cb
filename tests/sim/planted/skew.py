"""Planted bugs of programs of different ages; `bugs.py` has the others and the way they are planted."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

from fieldrep.contract.messages import Verdict
from sync_server.reconcile import exchange
from tests.sim.ages import AGES, NEWEST, SINCE, program
from tests.sim.planted.bugs import Bug, Patch


def _of_older_programs(name: str) -> Iterator[ModuleType]:
    return (program(age).modules[name] for age, (schema, _) in AGES.items() if schema < NEWEST)


def too_old_to_be_heard(patch: Patch) -> None:
    """What a laptop sends that is too old to receive is not taken."""
    patch.setattr(exchange, "_TAKING", tuple(one for one in exchange._TAKING if one is not Verdict.UPGRADE))


def unknown_fields_drop_the_page(patch: Patch) -> None:
    """An older laptop passes over a page as a whole in which there is a field that it does not know."""
    for module in _of_older_programs("fieldrep.store.incoming.arrive"):

        def unpack(page: Any, as_new: bool, real: Any = module._unpack, module: Any = module) -> Any:
            entity = module.CATALOGUE.get(page.entity)
            known = entity is not None and all(entity.has(name) for name in page.fields)
            return real(page, as_new) if known else None

        patch.setattr(module, "_unpack", unpack)


def unknown_fields_cleared(patch: Patch) -> None:
    """Whatever an older laptop edits, the store empties what that one does not know of the record."""
    real = exchange.take

    def take(database: Any, device: Any, request: Any, *rest: Any, **more: Any) -> Any:
        outcomes = real(database, device, request, *rest, **more)
        if request.handshake.schema < NEWEST:
            with database.write("older") as tx:
                for change in request.changes:
                    for edit in change.edits:
                        row = tx.row(edit.entity, edit.row_id)
                        names = [name for entity, name in SINCE if entity == edit.entity]
                        if row is not None and any(row[name] is not None for name in names):
                            row.update(dict.fromkeys(names), revision=tx.new_revision())
                            tx.stage(edit.entity, row)
        return outcomes

    patch.setattr(exchange, "take", take)


def compared_across_ages(patch: Patch) -> None:
    """An older laptop compares its digest with that of a store that knows more, and fetches all again and again."""
    for module in _of_older_programs("fieldrep.sync.engine"):
        patch.setattr(module, "SCHEMA_VERSION", NEWEST)


def sent_though_unknown(patch: Patch) -> None:
    """A laptop that is ahead of the office sends what the office does not know."""
    patch.setattr(program("ahead").modules["fieldrep.store.outgoing.newer"], "_beyond", lambda *_: False)


SKEW_BUGS: tuple[Bug, ...] = (
    too_old_to_be_heard,
    unknown_fields_drop_the_page,
    unknown_fields_cleared,
    compared_across_ages,
    sent_though_unknown,
)
