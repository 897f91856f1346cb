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


LEFT_OUT_BY_A_REPAIR = 10_000
"""So many numbers or more a repaired device leaves out, when it cannot read which ones it had used."""


class Change(msgspec.Struct, frozen=True, array_like=True):
    """One unit of work of a person.

    Attributes:
        n: its number; a device counts from 1 within an incarnation, without gaps but those that a repair leaves.
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


class LeftOut(msgspec.Struct, frozen=True, array_like=True):
    """A field that a device may not write (`field_protected`), left out of a change that is taken otherwise."""

    entity: str
    row_id: bytes
    field: str
    sentence: str


class Merged(msgspec.Struct, frozen=True, array_like=True, tag="merged"):
    """Applied beside changes from elsewhere, or but for fields left out; `kept` lists the clashes."""

    n: int
    revision: int
    kept: tuple[KeptField, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


class Held(msgspec.Struct, frozen=True, array_like=True, tag="held"):
    """Taken, but what `kept` lists waits for somebody else's decision; `reason` tells its author why."""

    n: int
    revision: int
    reason: str
    kept: tuple[KeptField, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


class Refused(msgspec.Struct, frozen=True, array_like=True, tag="refused"):
    """Not taken. The change stays visible with this on both sides and can be corrected and sent again."""

    n: int
    code: Code
    sentence: str
    entity: str = ""
    row_id: bytes = b""
    field: str = ""


Outcome = Accepted | Merged | Held | Refused


class Waits(msgspec.Struct, frozen=True, array_like=True, tag="waits"):
    """Not judged yet: what it builds on may still come back to a restored store. It is offered again (I21)."""

    n: int


Answer = Outcome | Waits
"""What a pushed change is told: what it became, or that it waits."""


def refused_part(change: Change, outcome: Outcome) -> tuple[Change, Refused] | None:
    """What of a change was not taken and why, to be kept with all that was entered; None when all of it was."""
    if isinstance(outcome, Refused):
        return change, outcome
    if isinstance(outcome, Accepted) or not outcome.left_out:
        return None
    named = {(one.entity, one.row_id, one.field) for one in outcome.left_out}
    edits = []
    for edit in change.edits:
        after = {
            name: value for name, value in edit.after.items() if (edit.entity, edit.row_id, name) in named
        }
        if after:
            before = {name: edit.before.get(name) for name in after}
            edits.append(msgspec.structs.replace(edit, kind="update", after=after, before=before))
    first = outcome.left_out[0]
    sentence = " ".join(dict.fromkeys(one.sentence for one in outcome.left_out)) + " All else was taken."
    reason = Refused(change.n, Code.FIELD_PROTECTED, sentence, first.entity, first.row_id, first.field)
    return msgspec.structs.replace(change, edits=tuple(edits)), reason
