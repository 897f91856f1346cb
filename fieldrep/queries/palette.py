"""What the command palette finds: records of several kinds by a few letters, and recent ones for an empty field.

Owns the ranking between kinds of records. Commands and actions are the window's own; it must not know them.
"""

from __future__ import annotations

from dataclasses import dataclass

from fieldrep.contract.ids import RowId


@dataclass(frozen=True, slots=True)
class PaletteHit:
    """One record; `account_id` is the account to open for what belongs to one."""

    entity: str
    id: RowId
    title: str
    detail: str
    account_id: RowId | None


@dataclass(frozen=True, slots=True)
class PaletteGroup:
    """Hits under a heading, best first."""

    heading: str
    hits: tuple[PaletteHit, ...]
