"""What a person did, as it travels: a change of one or more edits, and the outcome the server gives it.

A change is one unit of work, numbered by its device; it is applied whole or not at all (I4) and at most once (I3).
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from fieldrep.contract.errors import Code
from fieldrep.contract.fields import INT64_MAX, WireValue

ChangeNumber = Annotated[int, msgspec.Meta(ge=1, le=INT64_MAX)]
Verb = Annotated[str, msgspec.Meta(max_length=80, pattern=r"\A[^\x00]*\Z")]


class Edit(msgspec.Struct, frozen=True, array_like=True):
    """What a change does to one row.

    Attributes:
        base_revision: the row's revision that the editor saw, 0 for a row made here and not yet acknowledged.
        before: per field the value it started from; empty for a create.
        after: per field the new value.
    """

    entity: str
    row_id: bytes
    kind: Literal["create", "update"]
    base_revision: int
    before: dict[str, WireValue]
    after: dict[str, WireValue]


class Change(msgspec.Struct, frozen=True, array_like=True):
    """One unit of work of a person.

    Attributes:
        n: its number; a device counts from 1 without gaps within an incarnation.
        made_at: the device's clock, in ms; information only.
        command: the business verb, as in `fieldrep do`.
    """

    n: ChangeNumber
    made_at: int
    command: Verb
    edits: tuple[Edit, ...]


class Accepted(msgspec.Struct, frozen=True, array_like=True, tag="accepted"):
    """Applied as it was made."""

    n: int
    revision: int


class KeptField(msgspec.Struct, frozen=True, array_like=True):
    """A field whose value from elsewhere stands; the arriving one is in the conflict."""

    entity: str
    row_id: bytes
    field: str
    conflict_id: bytes


class Merged(msgspec.Struct, frozen=True, array_like=True, tag="merged"):
    """Applied beside changes from elsewhere; `kept` lists the clashes, none when all fields fitted."""

    n: int
    revision: int
    kept: tuple[KeptField, ...] = ()


class Held(msgspec.Struct, frozen=True, array_like=True, tag="held"):
    """Taken, but what `kept` lists waits for somebody else's decision; `reason` tells its author why."""

    n: int
    revision: int
    reason: str
    kept: tuple[KeptField, ...] = ()


class Refused(msgspec.Struct, frozen=True, array_like=True, tag="refused"):
    """Not taken. The change stays visible with this on both sides and can be corrected and sent again."""

    n: int
    code: Code
    sentence: str
    entity: str = ""
    row_id: bytes = b""
    field: str = ""


Outcome = Accepted | Merged | Held | Refused
