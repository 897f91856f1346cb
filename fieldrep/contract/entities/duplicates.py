"""Pairs of records that may be the same customer or the same person. Raised by the server, decided by people."""

from __future__ import annotations

from fieldrep.contract.entity import ScopeRule, declare
from fieldrep.contract.fields import C, Field, Kind, Merge, S


@declare(
    "duplicate_candidate",
    title="Possible duplicate",
    scope=ScopeRule(pair=True),
    label=("entity", "score"),
    merge=Merge.SERVER,
    writers=S,
)
class DuplicateCandidate:
    """Two accounts, or two contacts of one account, that look alike; held by whoever holds both, nobody else (I5).

    A person says that they are two, or asks for the merge, which the server alone carries out. `survivor_id` is the
    record that stays, `take` names the fields whose value comes from the other one.
    """

    entity = Field(Kind.CHOICE, required=True, options=("account", "contact"), fixed=True)
    one_id = Field(Kind.REF, "One", required=True)
    other_id = Field(Kind.REF, "Other", required=True)
    account_id = Field(Kind.REF, "Account", to="account", required=True)
    other_account_id = Field(Kind.REF, "Other account", to="account", required=True)
    score = Field(Kind.INTEGER, minimum=0, maximum=100, required=True)
    reasons = Field(Kind.JSON, maximum=2_000, default="[]")
    status = Field(
        Kind.CHOICE,
        required=True,
        options=("open", "not_duplicate", "merge_requested", "merged", "split"),
        default="open",
        merge=Merge.GUARDED,
        writers=C | S,
    )
    survivor_id = Field(Kind.REF, "Stays", merge=Merge.GUARDED, writers=C | S)
    take = Field(Kind.JSON, "Taken from the other", maximum=2_000, merge=Merge.GUARDED, writers=C | S)
    decided_by = Field(Kind.REF, to="user")
    decided_at = Field(Kind.INSTANT)
