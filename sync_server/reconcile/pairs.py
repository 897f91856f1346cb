"""Decisions on possible duplicates as they arrive: which moves of a pair a person may make, and which came too late.

The server alone turns a request into a merge (`merges.py`), and a merge back into two.
"""

from __future__ import annotations

from fieldrep.contract.errors import Code
from fieldrep.contract.fields import Field, Value
from fieldrep.contract.merge import Fit
from fieldrep.domain.duplicates import may_become
from sync_server.reconcile.refusal import Refusal, row_id_of
from sync_server.store.statements import Row

DONE = ("merge_requested", "merged")
"""How a pair stands that was asked to be merged: the server does so at once."""

_BACK = ("merged", "open")
"""Who asked for a merge takes it back; `merges.py` looks who it is."""


def judge_pair(row: Row, field: Field, after: Value) -> tuple[Fit, Value]:
    """Whether a decision is taken; asking again for a merge that is done changes nothing, whichever way round.

    Raises:
        Refusal: `move_not_allowed`, when somebody decided otherwise before.
    """
    present = str(row["status"])
    if field.name != "status":
        return (Fit.SAME, row[field.name]) if present in DONE else (Fit.TAKE, after)
    if may_become(present, str(after)) or (present, after) == _BACK:
        return Fit.TAKE, after
    if present in DONE and after in DONE:
        return Fit.SAME, row["status"]
    sentence = "These two records were merged meanwhile. Ask your admin to undo that if they are not one."
    raise Refusal(Code.MOVE_NOT_ALLOWED, sentence, "duplicate_candidate", row_id_of(row), "status")
