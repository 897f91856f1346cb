"""What a conflict's choices come to on this device now: for the command that takes one, and for who asks before.

Owns how the kept values and what the record holds since are put together. Must not know what is done with a choice.
"""

from __future__ import annotations

from fieldrep.contract.fields import Field, Value
from fieldrep.contract.jsonform import to_json
from fieldrep.contract.values import canonical_json
from fieldrep.domain.deciding import what_stands
from fieldrep.store.engine import Connection
from fieldrep.store.reads.entered_by import entered_by
from fieldrep.store.statements import Row


def choices(
    driver: Connection, conflict: Row, record: Row, field: Field, me: bytes
) -> tuple[str | None, str | None]:
    """Mine and theirs in their JSON form, None for no value: what was kept, or what was entered since in its place."""
    mine, theirs = (_text_or_none(conflict[name]) for name in ("mine_value", "theirs_value"))
    if conflict["reason"] == "deleted":
        return mine, theirs
    now = canonical_json(to_json(field, record[field.name]))
    author = entered_by(driver, record, field, me).by
    return what_stands(mine, theirs, now, entered_by_mine=author == conflict["mine_by"])


def _text_or_none(value: Value) -> str | None:
    return value if isinstance(value, str) else None
