"""What this person proposed to the new holders of records that had moved: what, to whom, and what became of it.

Owns the words of a proposal's author. Of the record itself nothing is known here any more, and nothing is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

import msgspec

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.change import Held, Outcome
from fieldrep.queries.cells import maybe_whole, ref, text, whole
from fieldrep.queries.naming import kept_text
from fieldrep.store.reader import Reader
from fieldrep.store.state import load_state


@dataclass(frozen=True, slots=True)
class OwnProposal:
    """One field that was entered on a record after it had moved.

    Attributes:
        label: what was done, as it stood in the outbox; "" for what was done on another device.
        told: to whom it went, in the server's words of the time; "" when that is not known here.
        status: `open`, `taken`, `declined`, or `other` for another value.
        by, at: who decided and when.
    """

    id: bytes
    label: str
    field_title: str
    entity_title: str
    value: str
    told: str
    made_at: int
    status: str
    by: str
    at: int | None


_PROPOSALS = """
SELECT p.id, p.entity, p.field, p.value, p.created_at, p.status, p.decided_at, u.name, s.label, s.outcome
FROM proposal AS p LEFT JOIN app_user AS u ON u.id = p.decided_by
    LEFT JOIN sent_log AS s ON s.n = p.n AND p.device_id = ?1
WHERE p.archived = 0 AND p.user_id = ?2
ORDER BY p.status <> 'open', p.created_at DESC, p.id
"""
_outcomes = msgspec.msgpack.Decoder(Outcome)


def own_proposals(reader: Reader, *, zone: tzinfo) -> tuple[OwnProposal, ...]:
    """All that this person proposed, undecided ones first, then the newest."""
    state = load_state(reader.driver)
    found = []
    for row in reader.rows(_PROPOSALS, (state.device_id, state.user_id)):
        row_id, entity_name, field_name, kept, made_at, status, at, by, label, outcome = row
        entity = CATALOGUE.get(text(entity_name))
        field = entity.field(field_name) if entity is not None and entity.has(field_name) else None
        found.append(
            OwnProposal(
                id=ref(row_id),
                label=text(label),
                field_title=field.title if field is not None else text(field_name),
                entity_title=entity.title if entity is not None else text(entity_name),
                value=kept_text(reader, field, kept, "EUR", zone) if field is not None else text(kept),
                told=_told(outcome),
                made_at=whole(made_at),
                status=text(status),
                by=text(by),
                at=maybe_whole(at),
            )
        )
    return tuple(found)


def _told(blob: object) -> str:
    """The part of the server's sentence that says whose the record is now."""
    outcome = _outcomes.decode(blob) if isinstance(blob, bytes) else None
    return outcome.reason.partition(";")[0] if isinstance(outcome, Held) else ""
