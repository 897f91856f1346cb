"""Acts on discount policies: how much a person or a role may give, set and ended by the admin.

Each is a small function on an open write transaction, audited with it. What a policy means for an order is the
domain's.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import Value
from fieldrep.domain.discounts import percent
from sync_server.store.office.acts import add_row, change_row
from sync_server.store.office.admin import active_user
from sync_server.store.reading import Reader
from sync_server.store.statements import Row
from sync_server.store.transaction import WriteTransaction

ENTITY = "discount_policy"
_FAMILIES = "SELECT DISTINCT family FROM product WHERE archived = 0 AND family IS NOT NULL"


@dataclass(frozen=True, slots=True)
class About:
    """Whom and what a policy is about: a person or a role, and one family of products or, by None, all."""

    user_id: Value
    role: str | None
    family: str | None

    def is_of(self, policy: Row) -> bool:
        """Whether a policy is about the same."""
        return (policy["user_id"], policy["role"], policy["family"]) == (self.user_id, self.role, self.family)


def about(reader: Reader, *, login: str | None, role: str | None, family: str | None) -> About:
    """Whom and what is meant.

    Raises:
        KnownError: `wrong_usage` unless it is one of a person and a role; `not_found` for the person or the family.
    """
    if bool(login) == bool(role):
        raise KnownError(
            Code.WRONG_USAGE, "Name a person with --user, or a role with --role; one of the two."
        )
    if family:
        known = [str(name) for (name,) in reader.rows(_FAMILIES)]
        if family not in known:
            near = difflib.get_close_matches(family, known, n=3, cutoff=0.5)
            advice = (
                f" Did you mean {', '.join(near)}?"
                if near
                else " Families are spelled as the products have them."
            )
            raise KnownError(Code.NOT_FOUND, f"No product is of the family “{family[:60]}”.{advice}")
    return About(active_user(reader, login)["id"] if login else None, role, family or None)


def standing(reader: Reader) -> list[Row]:
    """All policies that were not ended, those of a term that is over included."""
    return [policy for policy in reader.all(ENTITY) if not policy["archived"]]


def set_limit(
    tx: WriteTransaction, who: About, rate: int, *, valid_from: str | None, valid_to: str | None
) -> list[Row]:
    """Sets the highest discount between two days, or for good; gives the other policies about the same.

    One about the same with the same days gets another rate.

    Raises:
        KnownError: `nothing_to_change`, when it is so already, or what is wrong with a value.
    """
    if valid_from and valid_to and valid_to < valid_from:
        raise KnownError(Code.INVALID_VALUE, f"It would end on {valid_to}, before it begins on {valid_from}.")
    same = [policy for policy in standing(tx) if who.is_of(policy)]
    days = (valid_from, valid_to)
    here = next((policy for policy in same if (policy["valid_from"], policy["valid_to"]) == days), None)
    if here is None:
        values: dict[str, Value] = {"user_id": who.user_id, "role": who.role, "family": who.family}
        values |= {"max_rate": rate, "valid_from": valid_from, "valid_to": valid_to}
        add_row(tx, ENTITY, values, "set_discount_limit")
    elif here["max_rate"] == rate:
        raise KnownError(Code.NOTHING_TO_CHANGE, f"The limit is {percent(rate)} already.")
    else:
        change_row(tx, ENTITY, here, {"max_rate": rate}, "set_discount_limit")
    return [policy for policy in same if policy is not here]


def end_limits(tx: WriteTransaction, who: About) -> int:
    """Ends every policy about the same; gives how many there were.

    Raises:
        KnownError: `nothing_to_change`, when there was none.
    """
    found = [policy for policy in standing(tx) if who.is_of(policy)]
    if not found:
        raise KnownError(
            Code.NOTHING_TO_CHANGE, "There is no such limit; list them with fieldrep-server discount list."
        )
    for policy in found:
        change_row(tx, ENTITY, policy, {"archived": 1}, "end_discount_limit")
    return len(found)
