"""The rows an answer will bring are read while it is awaited; whatever happens meanwhile, the result is the same."""

from __future__ import annotations

from fieldrep.contract.change import Accepted
from fieldrep.contract.messages import ExchangeReply
from fieldrep.store.incoming.apply import apply_reply
from fieldrep.store.incoming.foreseen import foresee
from fieldrep.store.replica import Replica
from tests.unit.store.answers import central_row, page, reply, row_id

SHOP = ("account", central_row("account", 1, 10, name="Corner Shop", phone="1"))
MILL = ("account", central_row("account", 2, 11, name="Old Mill", phone="2"))
ANSWERED = ("account", {**SHOP[1], "revision": 20, "phone": "030"})


def edit(replica: Replica, phone: str) -> int:
    with replica.begin("edit_account", "Edit") as unit:
        unit.update("account", row_id(1), {"phone": phone})
    assert unit.change_n is not None
    return unit.change_n


def answer(n: int, *pages: tuple[str, dict[str, object]]) -> ExchangeReply:
    return reply(*pages, holds=[ANSWERED, MILL], outcomes=[Accepted(n, 20)], cursor=b"2", revision=20)


def test_an_answer_is_written_over_the_rows_read_while_it_was_awaited(replica: Replica) -> None:
    apply_reply(replica, reply(SHOP, MILL))
    n = edit(replica, "030")
    sent = replica.waiting(10, 10**6)
    replica.tidy()  # what saves left over is written by now
    known = foresee(replica, sent)
    assert set(known.rows["account"]) == {row_id(1)}
    came = answer(n, ANSWERED)
    applied = apply_reply(replica, came, sent, foreseen=known)
    assert applied.digest == came.digest
    assert not known.rows["account"], "it was used"


def test_what_was_written_while_an_answer_was_awaited_counts_and_not_what_was_read_before(
    replica: Replica,
) -> None:
    apply_reply(replica, reply(SHOP, MILL))
    n = edit(replica, "030")
    sent = replica.waiting(10, 10**6)
    replica.tidy()
    known = foresee(replica, sent)
    apply_reply(replica, answer(n, ANSWERED), sent)  # by stick, say
    later = ("account", {**ANSWERED[1], "revision": 21, "name": "Corner Pub"})
    came = reply(later, holds=[later, MILL], cursor=b"3", revision=21)
    assert apply_reply(replica, came, sent, foreseen=known).digest == came.digest


def test_a_row_that_an_answer_brings_twice_is_counted_as_it_stood_each_time(replica: Replica) -> None:
    apply_reply(replica, reply(SHOP, MILL))
    n = edit(replica, "030")
    sent = replica.waiting(10, 10**6)
    replica.tidy()
    known = foresee(replica, sent)
    between = ("account", {**SHOP[1], "revision": 19, "phone": "029"})
    came = answer(n, between)
    twice = ExchangeReply(
        came.verdict,
        came.server_id,
        came.epoch,
        0,
        outcomes=came.outcomes,
        pages=(*came.pages, page("account", [ANSWERED[1]])),
        cursor=came.cursor,
        digest=came.digest,
        revision=came.revision,
    )
    assert apply_reply(replica, twice, sent, foreseen=known).digest == came.digest
