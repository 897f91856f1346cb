"""What a person may have to decide: clashes between two values of one field, and proposals of a former holder.

Raised by the server, decided anywhere.
"""

from __future__ import annotations

from fieldrep.contract.entity import ScopeRule, declare
from fieldrep.contract.fields import A, C, Field, Kind, Merge, S


@declare(
    "conflict",
    scope=ScopeRule(account="account_id", user="user_id", team=True),
    label=("row_label", "field"),
    merge=Merge.SERVER,
    writers=S,
)
class Conflict:
    """Two values for one field. One stands, both are kept with who and when, a person may decide otherwise (I10).

    `mine` is the value that arrived and did not stand, `theirs` the one that stood when it arrived; values are in
    their JSON form. The times are those of the server's receipt. With reason `moved` it is a proposal: whoever made
    `mine` no longer holds the record, and a `proposal` tells him what was decided.
    """

    entity = Field(Kind.TEXT, required=True, maximum=60, fixed=True)
    row_id = Field(Kind.REF, "Record", required=True, fixed=True)
    row_label = Field(Kind.TEXT, "Record name", maximum=200)
    field = Field(Kind.TEXT, required=True, maximum=60, fixed=True)
    account_id = Field(Kind.REF, "Account", to="account", parent=True, fixed=True)
    user_id = Field(Kind.REF, "User", to="user", fixed=True)
    reason = Field(Kind.CHOICE, options=("clash", "deleted", "moved", "decided"), default="clash")
    critical = Field(Kind.FLAG, "Waits for a person", default=0)
    base_value = Field(Kind.JSON, "Before", maximum=100_000)
    mine_value = Field(Kind.JSON, "Mine", maximum=100_000)
    theirs_value = Field(Kind.JSON, "Theirs", maximum=100_000)
    mine_by = Field(Kind.REF, to="user")
    mine_at = Field(Kind.INSTANT)
    mine_device_id = Field(Kind.REF, to="device")
    theirs_by = Field(Kind.REF, to="user")
    theirs_at = Field(Kind.INSTANT)
    theirs_source = Field(Kind.TEXT, "Came from", maximum=60)
    status = Field(
        Kind.CHOICE,
        required=True,
        options=("open", "resolved"),
        default="open",
        merge=Merge.GUARDED,
        writers=C | S,
    )
    chosen = Field(Kind.CHOICE, options=("mine", "theirs", "other"), merge=Merge.GUARDED, writers=C | S)
    resolved_by = Field(Kind.REF, to="user")
    resolved_at = Field(Kind.INSTANT)


@declare(
    "proposal", scope=ScopeRule(user="user_id"), label=("entity", "field"), merge=Merge.SERVER, writers=S
)
class Proposal:
    """What becomes of an edit made on a record that has moved to somebody else since; its author alone holds it.

    The people who hold the record decide on it as a conflict with reason `moved`. This row tells the author and nobody
    else, and holds nothing but what he entered himself and what was decided: never a value from where he has no more
    right to look (I5).
    """

    user_id = Field(Kind.REF, "User", to="user", required=True, fixed=True)
    device_id = Field(Kind.REF, "Device", to="device", fixed=True)
    n = Field(Kind.INTEGER, "Change", minimum=1)
    entity = Field(Kind.TEXT, required=True, maximum=60, fixed=True)
    row_id = Field(Kind.REF, "Record", required=True, fixed=True)
    field = Field(Kind.TEXT, required=True, maximum=60, fixed=True)
    value = Field(Kind.JSON, "Proposed", maximum=100_000)
    status = Field(Kind.CHOICE, required=True, options=("open", "taken", "declined", "other"), default="open")
    decided_by = Field(Kind.REF, to="user")
    decided_at = Field(Kind.INSTANT)


@declare(
    "handed_change",
    title="Change handed over",
    plural="Changes handed over",
    scope=ScopeRule(user="user_id", team=True),
    label=("label",),
    writers=C,
)
class HandedChange:
    """A change that was not taken, handed to the admin with all that was entered; the answer comes back to its author.

    Its author and the managers above hold it. What was entered never changes; status and answer are the admin's.
    """

    user_id = Field(Kind.REF, "User", to="user", required=True, fixed=True)
    n = Field(Kind.INTEGER, "Change", required=True, minimum=1, fixed=True)
    label = Field(Kind.TEXT, "What was done", required=True, maximum=200, fixed=True)
    code = Field(Kind.TEXT, maximum=60, fixed=True)
    sentence = Field(Kind.TEXT, "Why it was not taken", maximum=1_000, fixed=True)
    payload = Field(Kind.JSON, "What was entered", maximum=1_000_000, fixed=True)
    note = Field(Kind.TEXT, "Note to the admin", maximum=2_000, fixed=True)
    made_at = Field(Kind.INSTANT, fixed=True)
    status = Field(
        Kind.CHOICE,
        required=True,
        options=("open", "closed"),
        default="open",
        merge=Merge.SERVER,
        writers=S | A,
    )
    answer = Field(Kind.TEXT, maximum=2_000, merge=Merge.SERVER, writers=S | A)
    closed_by = Field(Kind.TEXT, maximum=120, merge=Merge.SERVER, writers=S | A)
    closed_at = Field(Kind.INSTANT, merge=Merge.SERVER, writers=S | A)
