"""The addresses of an account.

Owns the rows of the sites card and how an address reads on one line. It must not know how they are edited.
"""

from __future__ import annotations

from dataclasses import dataclass

from fieldrep.contract.ids import RowId


@dataclass(frozen=True, slots=True)
class SiteRow:
    """One address; `line` is it on a single line."""

    id: RowId
    kind: str
    site_name: str
    street: str
    postal_code: str
    city: str
    region: str
    country: str
    line: str
    open_hours: str
    access_notes: str
    waiting: bool
    conflicts: int
