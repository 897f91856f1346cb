"""Changes that a restored server tells to wait: kept in their place, offered with the next sync, shown as before."""

from __future__ import annotations

import pytest

from fieldrep.contract.change import Accepted, Refused, Waits
from fieldrep.contract.errors import Code
from fieldrep.contract.fields import Value
from fieldrep.store.incoming.apply import apply_reply, offer_again, start_over
from fieldrep.store.replica import Replica
from tests.unit.store.answers import central_row, reply, row_id

SHOP = ("account", central_row("account", 1, 10, name="Corner Shop"))


def create(replica: Replica, entity: str, number: int, **values: Value) -> int:
    with replica.begin(f"create_{entity}", "New") as unit:
        unit.create(entity, values, row_id(number))
    assert unit.change_n is not None
    return unit.change_n


def is_shown(replica: Replica, entity: str, number: int) -> bool:
    with replica.read() as reader:
        return reader.row(entity, row_id(number)) is not None


def sent(replica: Replica) -> list[int]:
    return [change.n for change in replica.waiting(100, 10**6)]


@pytest.mark.parametrize("together", [True, False])
def test_what_builds_on_a_refused_change_is_not_shown_while_it_waits_nor_when_it_is_offered_again(
    replica: Replica, together: bool
) -> None:
    apply_reply(replica, reply(SHOP))
    parent = create(replica, "account", 60, name="Refused")
    child = create(replica, "contact", 61, account_id=row_id(60), family_name="Child")
    apart = create(replica, "contact", 62, account_id=row_id(1), family_name="Apart")
    refusal, wait = Refused(parent, Code.READ_ONLY, "No."), Waits(child)
    replies = [[refusal, wait]] if together else [[refusal], [wait]]
    for number, outcomes in enumerate(replies):
        answer = reply(outcomes=outcomes, holds=[SHOP], cursor=bytes([2 + number]))
        apply_reply(replica, answer, replica.waiting(100, 10**6))
    assert (sent(replica), replica.told_to_wait()) == ([apart], 1)
    offer_again(replica)
    assert (sent(replica), replica.told_to_wait()) == ([child, apart], 0)
    start_over(replica)
    apply_reply(replica, reply(SHOP, cursor=b"9"))
    assert [is_shown(replica, "contact", number) for number in (61, 62)] == [False, True]


def test_what_waits_and_is_taken_after_all_is_shown(replica: Replica) -> None:
    apply_reply(replica, reply(SHOP))
    parent = create(replica, "account", 60, name="Refused")
    child = create(replica, "contact", 61, account_id=row_id(60), family_name="Child")
    outcomes = [Refused(parent, Code.READ_ONLY, "No."), Waits(child)]
    apply_reply(replica, reply(outcomes=outcomes, holds=[SHOP], cursor=b"2"), replica.waiting(100, 10**6))
    offer_again(replica)
    back = ("account", central_row("account", 60, 20, name="Given back by another"))
    taken = ("contact", central_row("contact", 61, 21, account_id=row_id(60), family_name="Child"))
    answer = reply(back, taken, outcomes=[Accepted(child, 21)], holds=[SHOP, back, taken], cursor=b"3")
    apply_reply(replica, answer, replica.waiting(100, 10**6))
    assert is_shown(replica, "contact", 61)
    assert sent(replica) == []
