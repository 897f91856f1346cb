"""What a command returns: the records it made, what it touched, and the change that will travel.

Owns the outcome's shape and nothing of how it came about. An expected failure is a `KnownError`, not a `Done`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fieldrep.contract.ids import RowId
from fieldrep.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Done:
    """A command that went well; what it did is committed.

    Attributes:
        command: its name.
        id: the record it was about.
        ids: the records it made, by entity; the first of each.
        lines: the order lines it made, in order.
        number: the number it gave an order, "" for none.
        entities: what kinds of records it touched, for screens that show them.
        label: what it did, for people; also the undo label.
        change_n: the number of its change, 0 when nothing differed and nothing has to travel.
        note: what is good to know about how it was done; "" for nothing.
        warning: what was done all the same, but will not do what one expects; "" for nothing.
    """

    command: str
    id: RowId | None = None
    ids: Mapping[str, RowId] = field(default_factory=dict)
    lines: tuple[RowId, ...] = ()
    number: str = ""
    entities: frozenset[str] = frozenset()
    label: str = ""
    change_n: int = 0
    note: str = ""
    warning: str = ""

    @property
    def told(self) -> str:
        """What it did, with its note and its warning."""
        further = " ".join(words for words in (self.note, self.warning) if words)
        return f"{self.label.removesuffix('.')}. {further}" if further else self.label

    @property
    def changed(self) -> bool:
        """Whether anything differs from before, be it what has to travel or what is kept here alone."""
        return self.change_n != 0 or bool(self.entities)


def done(
    command: str,
    uow: UnitOfWork,
    row_id: bytes | None,
    *,
    made: Mapping[str, RowId] | None = None,
    lines: tuple[RowId, ...] = (),
    number: str = "",
    also: frozenset[str] = frozenset(),
    note: str = "",
    warning: str = "",
) -> Done:
    """The outcome of a unit of work that has committed; `also` names machinery it touched, for screens that show it."""
    return Done(
        command=command,
        id=None if row_id is None else RowId(row_id),
        ids=dict(made or {}),
        lines=lines,
        number=number,
        entities=uow.touched | also,
        label=uow.label,
        change_n=uow.change_n or 0,
        note=note,
        warning=warning,
    )
