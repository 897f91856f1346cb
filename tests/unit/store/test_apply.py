"""Applying a reply: rows, outcomes, leaves and cursor together; pending edits stay on top of what arrives."""

from __future__ import annotations

import pytest

from fieldrep.contract.change import Accepted, KeptField, Merged, Refused
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.messages import ExchangeReply
from fieldrep.contract.page import make_page
from fieldrep.contract.scope import account_key, team_key, user_key
from fieldrep.store.incoming.apply import Applied, start_over
from fieldrep.store.incoming.apply import apply_reply as apply_answers
from fieldrep.store.incoming.refused import refused_changes
from fieldrep.store.outgoing import outbox
from fieldrep.store.replica import Replica
from fieldrep.store.search import match_query
from tests.unit.store.answers import Row, central_row, digest, page, reply, row_id
from tests.unit.store.conftest import USER

SHOP = ("account", central_row("account", 1, 10, name="Corner Shop", phone="1"))
MILL = ("account", central_row("account", 2, 11, name="Old Mill", phone="2"))
ANNA = ("contact", central_row("contact", 3, 12, account_id=row_id(1), family_name="Anders"))


def apply_reply(replica: Replica, answer: ExchangeReply) -> Applied:
    """Applies a reply to all that waits; the replica must then prove that it holds what the central store says."""
    applied = apply_answers(replica, answer, replica.waiting(100, 10**6))
    assert applied.digest == replica.state().digest
    assert answer.digest in (None, applied.digest)
    return applied


def shown(replica: Replica, entity: str, number: int) -> Row | None:
    with replica.read() as reader:
        return reader.row(entity, row_id(number))


def value(replica: Replica, entity: str, number: int, name: str) -> object:
    row = shown(replica, entity, number)
    assert row is not None
    return row[name]


def edit(replica: Replica, entity: str, number: int, **values: object) -> int:
    with replica.begin(f"edit_{entity}", "Edit") as unit:
        unit.update(entity, row_id(number), values)
    assert unit.change_n is not None
    return unit.change_n


def create(replica: Replica, entity: str, number: int, **values: object) -> int:
    with replica.begin(f"create_{entity}", "New") as unit:
        unit.create(entity, values, row_id(number))
    assert unit.change_n is not None
    return unit.change_n


def count(replica: Replica, table: str) -> int:
    with replica.read() as reader:
        return int(reader.rows(f"SELECT count(*) FROM {table}")[0][0])  # noqa: S608


def found(replica: Replica, entity: str, text: str) -> list[bytes]:
    sql = (
        f"SELECT t.id FROM {entity}_search s JOIN {entity} t ON t.row_no = s.rowid "  # noqa: S608
        f"WHERE {entity}_search MATCH ? ORDER BY t.id"
    )
    with replica.read() as reader:
        return [row[0] for row in reader.rows(sql, (match_query(text),))]


def waiting(replica: Replica) -> list[int]:
    with replica.read() as reader:
        return [change.n for change in outbox.waiting(reader.driver, 100, 10**6)]


def test_a_first_replica_holds_the_rows_finds_them_and_proves_its_digest(replica: Replica) -> None:
    applied = apply_reply(replica, reply(SHOP, MILL, ANNA))
    assert (applied.pulled, applied.entered, applied.left) == (3, 3, 0)
    assert shown(replica, "account", 1) == SHOP[1]
    assert found(replica, "contact", "and") == [row_id(3)]
    state = replica.state()
    assert (state.cursor, state.complete, state.digest.count) == (b"cursor", True, 3)


def test_a_delta_replaces_rows_in_table_search_and_digest(replica: Replica) -> None:
    apply_reply(replica, reply(SHOP, MILL, ANNA))
    renamed = ("account", SHOP[1] | {"name": "Käsehof", "revision": 20})
    new = ("account", central_row("account", 9, 21, name="Brewery"))
    applied = apply_reply(replica, reply(renamed, new, holds=[renamed, MILL, ANNA, new], cursor=b"2"))
    assert (applied.pulled, applied.entered) == (2, 1)
    assert (found(replica, "account", "corner"), found(replica, "account", "kase")) == ([], [row_id(1)])


def test_the_same_reply_twice_changes_nothing_more(replica: Replica) -> None:
    apply_reply(replica, reply(SHOP, MILL, ANNA))
    before = replica.state()
    apply_reply(replica, reply(SHOP, MILL, ANNA))
    assert replica.state().digest == before.digest
    assert count(replica, "account") == 2


def test_a_first_replica_resumes_when_a_page_comes_again(replica: Replica) -> None:
    apply_reply(replica, reply(SHOP, more=True, cursor=b"1"))
    assert not replica.state().complete
    apply_reply(replica, reply(SHOP, MILL, ANNA, cursor=b"2"))


def test_a_page_that_cannot_be_read_applies_nothing_of_the_whole_reply(replica: Replica) -> None:
    apply_reply(replica, reply(SHOP))
    n = edit(replica, "account", 1, phone="mine")
    bad = page("account", [central_row("account", 5, 30, name="x" * 500)])
    good = reply(MILL, outcomes=[Accepted(n, 30)], holds=[SHOP, MILL], cursor=b"2")
    torn = ExchangeReply(
        good.verdict,
        good.server_id,
        good.epoch,
        0,
        good.outcomes,
        (*good.pages, bad),
        (),
        b"2",
        digest=good.digest,
    )
    with pytest.raises(KnownError) as caught:
        apply_reply(replica, torn)
    assert caught.value.code is Code.DAMAGED_MESSAGE
    assert shown(replica, "account", 2) is None
    assert (replica.state().cursor, waiting(replica)) == (b"cursor", [n])


def test_rows_without_ids_or_revisions_are_refused_and_a_row_sent_twice_is_taken_once(
    replica: Replica,
) -> None:
    row = SHOP[1]
    for missing in ("id", "revision"):
        names = [name for name in row if name != missing]
        part = make_page("account", names, [[row[name] for name in names]])
        whole = reply(holds=[SHOP])
        with pytest.raises(KnownError) as caught:
            apply_reply(replica, ExchangeReply(whole.verdict, whole.server_id, whole.epoch, 0, pages=(part,)))
        assert caught.value.code is Code.DAMAGED_MESSAGE
    newer = ("account", row | {"revision": 11, "phone": "newer"})
    apply_reply(replica, reply(SHOP, newer, holds=[newer]))
    assert value(replica, "account", 1, "phone") == "newer"


def test_pending_edits_are_replayed_over_pulled_rows(replica: Replica) -> None:
    apply_reply(replica, reply(SHOP))
    edit(replica, "account", 1, phone="mine")
    theirs = ("account", SHOP[1] | {"phone": "theirs", "note": "theirs", "revision": 20})
    apply_reply(replica, reply(theirs, cursor=b"2"))
    assert value(replica, "account", 1, "phone") == "mine"
    assert value(replica, "account", 1, "note") == "theirs"
    assert value(replica, "account", 1, "revision") == 20


def test_custom_fields_of_both_sides_join_key_by_key(replica: Replica) -> None:
    apply_reply(replica, reply(SHOP))
    edit(replica, "account", 1, custom='{"a":1}')
    theirs = ("account", SHOP[1] | {"custom": '{"b":2}', "revision": 20})
    apply_reply(replica, reply(theirs, cursor=b"2"))
    assert value(replica, "account", 1, "custom") == '{"a":1,"b":2}'


def test_a_late_answer_about_a_change_whose_rows_are_here_settles_it_at_once(replica: Replica) -> None:
    apply_reply(replica, reply(SHOP, revision=10))
    n = edit(replica, "account", 1, phone="mine")
    echo = ("account", SHOP[1] | {"phone": "mine", "note": "theirs", "revision": 20})
    apply_reply(replica, reply(echo, revision=30, cursor=b"2"))
    apply_reply(replica, reply(outcomes=[Accepted(n, 20)], more=True, cursor=b""))
    assert shown(replica, "account", 1) == echo[1]
    assert (count(replica, "outbox"), count(replica, "base_row"), count(replica, "sent_log")) == (0, 0, 1)


def test_an_accepted_change_shows_its_own_values_until_its_echo_arrives(replica: Replica) -> None:
    apply_reply(replica, reply(SHOP, revision=10))
    n = edit(replica, "account", 1, phone="mine")
    apply_reply(replica, reply(outcomes=[Accepted(n, 20)], more=True, cursor=b"2"))
    assert (value(replica, "account", 1, "phone"), waiting(replica)) == ("mine", [])
    assert count(replica, "outbox") == 1
    echo = ("account", SHOP[1] | {"phone": "mine", "revision": 20})
    apply_reply(replica, reply(echo, cursor=b"3"))
    assert shown(replica, "account", 1) == echo[1]
    assert (count(replica, "outbox"), count(replica, "base_row"), count(replica, "sent_log")) == (0, 0, 1)


def test_an_older_image_that_arrives_late_does_not_hide_an_accepted_value(replica: Replica) -> None:
    apply_reply(replica, reply(SHOP, revision=10))
    n = edit(replica, "account", 1, phone="mine")
    older = ("account", SHOP[1] | {"note": "older", "revision": 15})
    apply_reply(replica, reply(older, outcomes=[Accepted(n, 20)], more=True, cursor=b"2"))
    assert (value(replica, "account", 1, "phone"), value(replica, "account", 1, "note")) == ("mine", "older")
    newer = ("account", SHOP[1] | {"phone": "theirs", "revision": 30})
    apply_reply(replica, reply(newer, more=True, cursor=b"3"))
    assert value(replica, "account", 1, "phone") == "theirs", "the echo or what came after it now speaks"


def test_a_merged_change_gives_way_to_the_value_that_stands(replica: Replica) -> None:
    apply_reply(replica, reply(SHOP))
    n = edit(replica, "account", 1, phone="mine", note="mine")
    stands = ("account", SHOP[1] | {"phone": "theirs", "note": "mine", "revision": 21})
    kept = KeptField("account", row_id(1), "phone", row_id(77))
    applied = apply_reply(replica, reply(stands, outcomes=[Merged(n, 21, (kept,))], cursor=b"2"))
    assert value(replica, "account", 1, "phone") == "theirs"
    assert (applied.merged, applied.conflicts) == (1, {row_id(77)})


def test_a_change_that_made_no_difference_needs_no_echo(replica: Replica) -> None:
    apply_reply(replica, reply(SHOP))
    n = edit(replica, "account", 1, phone="mine")
    apply_reply(replica, reply(outcomes=[Merged(n, 20)], holds=[SHOP], cursor=b"2"))
    assert shown(replica, "account", 1) == SHOP[1]
    assert count(replica, "base_row") == 0


def test_a_later_edit_stays_on_top_when_an_earlier_one_is_answered(replica: Replica) -> None:
    apply_reply(replica, reply(SHOP))
    first = edit(replica, "account", 1, phone="mine")
    edit(replica, "account", 1, phone="mine again")
    echo = ("account", SHOP[1] | {"phone": "mine", "revision": 20})
    apply_reply(replica, reply(echo, outcomes=[Accepted(first, 20)], cursor=b"2"))
    assert value(replica, "account", 1, "phone") == "mine again"
    assert waiting(replica) == [2]


def test_a_created_row_becomes_the_central_stores_row(replica: Replica) -> None:
    apply_reply(replica, reply(SHOP))
    n = create(replica, "contact", 50, account_id=row_id(1), family_name="Smit")
    assert replica.state().digest.count == 1, "a row nobody acknowledged does not count"
    echo = ("contact", central_row("contact", 50, 30, account_id=row_id(1), family_name="Smit"))
    apply_reply(replica, reply(echo, holds=[SHOP, echo], outcomes=[Accepted(n, 30)], cursor=b"2"))
    assert shown(replica, "contact", 50) == echo[1]
    assert found(replica, "contact", "smit") == [row_id(50)]


def test_a_refused_change_rolls_back_and_keeps_what_was_entered(replica: Replica) -> None:
    apply_reply(replica, reply(SHOP))
    n = edit(replica, "account", 1, phone="mine", name="Mine & Co")
    refusal = Refused(n, Code.OUT_OF_SCOPE, "Not yours.", "account", row_id(1))
    applied = apply_reply(replica, reply(outcomes=[refusal], holds=[SHOP], cursor=b"2"))
    assert (applied.refused, applied.accepted) == (1, 0)
    assert shown(replica, "account", 1) == SHOP[1]
    assert (found(replica, "account", "mine"), found(replica, "account", "corner")) == ([], [row_id(1)])
    with replica.read() as reader:
        (entry,) = refused_changes(reader.driver)
    assert (entry.n, entry.code, entry.sentence) == (n, Code.OUT_OF_SCOPE, "Not yours.")
    assert entry.change.edits[0].after == {"phone": "mine", "name": "Mine & Co"}


def test_a_refused_row_takes_down_only_what_builds_on_it(replica: Replica) -> None:
    apply_reply(replica, reply(SHOP))
    refused = create(replica, "account", 60, name="Refused")
    with replica.begin("create_contact", "New") as unit:
        unit.create("contact", {"account_id": row_id(60), "family_name": "Child"}, row_id(61))
        unit.update("account", row_id(1), {"note": "in the same unit"})
    edit(replica, "account", 60, phone="9")
    apart = edit(replica, "account", 1, phone="apart")
    refusal = Refused(refused, Code.INVALID_VALUE, "No.")
    apply_reply(replica, reply(outcomes=[refusal], holds=[SHOP], cursor=b"2"))
    assert shown(replica, "account", 60) is None
    assert shown(replica, "contact", 61) is None, "nobody sees a child without its parent (I8)"
    assert value(replica, "account", 1, "note") is None, "a unit is visible whole or not at all (I4)"
    assert value(replica, "account", 1, "phone") == "apart"
    assert waiting(replica) == [2, 3, apart], "numbers have no gaps: what is doomed is sent and refused"
    assert found(replica, "account", "refused") == []


def test_outcomes_given_twice_or_for_unknown_changes_do_nothing(replica: Replica) -> None:
    apply_reply(replica, reply(SHOP))
    n = edit(replica, "account", 1, phone="mine")
    refusal = Refused(n, Code.OUT_OF_SCOPE, "Not yours.")
    for cursor in (b"2", b"3"):
        apply_reply(replica, reply(outcomes=[refusal, Accepted(99, 5)], holds=[SHOP], cursor=cursor))
    assert (count(replica, "refused_change"), count(replica, "outbox")) == (1, 0)


def test_an_outcome_for_a_change_that_was_not_sent_is_not_believed(replica: Replica) -> None:
    apply_reply(replica, reply(SHOP))
    n = edit(replica, "account", 1, phone="mine")
    apply_answers(replica, reply(outcomes=[Accepted(n, 20)], holds=[SHOP], cursor=b"2"), sent=())
    assert waiting(replica) == [n]


def test_all_rows_of_a_lost_key_leave_and_no_others(replica: Replica) -> None:
    mine = (
        "activity",
        central_row("activity", 4, 13, account_id=row_id(1), subject="Call", assignee_id=USER),
    )
    alone = ("activity", central_row("activity", 5, 14, subject="Think", assignee_id=USER))
    assigned = ("territory_assignment", central_row("territory_assignment", 6, 15, user_id=USER))
    apply_reply(replica, reply(assigned, SHOP, MILL, ANNA, mine, alone))
    applied = apply_reply(
        replica, reply(leaves=[account_key(row_id(1))], holds=[assigned, MILL, alone], cursor=b"2")
    )
    assert applied.left == 3
    assert found(replica, "contact", "and") == []
    keys = [team_key(USER), user_key(USER)]
    apply_reply(replica, reply(leaves=keys, holds=[MILL], cursor=b"3"))


def test_a_row_with_pending_edits_stays_read_only_until_they_are_answered(replica: Replica) -> None:
    apply_reply(replica, reply(SHOP, MILL, ANNA))
    n = edit(replica, "account", 1, phone="mine")
    apply_reply(replica, reply(leaves=[account_key(row_id(1))], holds=[MILL], cursor=b"2"))
    assert (value(replica, "account", 1, "phone"), shown(replica, "contact", 3)) == ("mine", None)
    for write in (
        lambda: edit(replica, "account", 1, phone="again"),
        lambda: create(replica, "contact", 70, account_id=row_id(1), family_name="Late"),
    ):
        with pytest.raises(KnownError) as caught:
            write()
        assert caught.value.code is Code.READ_ONLY
    apply_reply(replica, reply(outcomes=[Accepted(n, 40)], holds=[MILL], cursor=b"3"))
    assert shown(replica, "account", 1) is None
    assert found(replica, "account", "corner") == []


def test_a_key_that_comes_back_makes_its_rows_editable_again(replica: Replica) -> None:
    apply_reply(replica, reply(SHOP))
    edit(replica, "account", 1, phone="mine")
    apply_reply(replica, reply(leaves=[account_key(row_id(1))], holds=[], cursor=b"2"))
    apply_reply(replica, reply(SHOP, cursor=b"3"))
    edit(replica, "account", 1, phone="mine again")
    assert value(replica, "account", 1, "phone") == "mine again"


def test_starting_over_keeps_the_outbox_and_replays_it_on_the_fresh_rows(replica: Replica) -> None:
    apply_reply(replica, reply(SHOP, MILL, ANNA))
    edit(replica, "account", 1, phone="mine")
    create(replica, "contact", 80, account_id=row_id(2), family_name="New")
    start_over(replica)
    state = replica.state()
    assert (state.cursor, state.digest.count, state.complete) == (b"", 0, False)
    assert shown(replica, "account", 2) is None
    assert value(replica, "account", 1, "phone") == "mine"
    assert found(replica, "contact", "new") == [row_id(80)]
    fresh = ("account", SHOP[1] | {"note": "since then", "revision": 90})
    apply_reply(replica, reply(fresh, MILL, cursor=b"2"))
    assert value(replica, "account", 1, "phone") == "mine"
    assert value(replica, "account", 1, "note") == "since then"


def test_a_row_that_is_not_there_after_starting_over_goes_with_its_last_pending_edit(
    replica: Replica,
) -> None:
    apply_reply(replica, reply(SHOP, MILL))
    n = edit(replica, "account", 1, phone="mine")
    start_over(replica)
    apply_reply(replica, reply(MILL, cursor=b"2"))
    refusal = Refused(n, Code.OUT_OF_SCOPE, "Not yours.")
    apply_reply(replica, reply(outcomes=[refusal], holds=[MILL], cursor=b"3"))
    assert shown(replica, "account", 1) is None
    assert count(replica, "refused_change") == 1


def test_a_restored_central_store_is_offered_again_what_was_sent(replica: Replica) -> None:
    apply_reply(replica, reply(SHOP))
    n = edit(replica, "account", 1, phone="mine")
    made = create(replica, "contact", 50, account_id=row_id(1), family_name="Smit")
    echo = ("account", SHOP[1] | {"phone": "mine", "revision": 20})
    new = ("contact", central_row("contact", 50, 21, account_id=row_id(1), family_name="Smit"))
    apply_reply(replica, reply(echo, new, outcomes=[Accepted(n, 20), Accepted(made, 21)], cursor=b"2"))
    later = edit(replica, "account", 1, note="later")
    start_over(replica)
    apply_reply(replica, reply(SHOP, cursor=b"3", epoch=b"f" * 16))
    assert replica.state().epoch == b"f" * 16
    assert waiting(replica) == [n, made, later]
    assert value(replica, "contact", 50, "family_name") == "Smit", "made after the backup, and not gone"
    assert (value(replica, "account", 1, "phone"), value(replica, "account", 1, "note")) == ("mine", "later")


def test_a_sync_with_nothing_to_say_writes_nothing_but_remembers_the_contact(replica: Replica, clock) -> None:  # type: ignore[no-untyped-def]
    apply_reply(replica, reply(SHOP))
    clock.now += 60_000
    apply_reply(replica, reply(holds=[SHOP]))
    assert replica.state().last_sync_at == clock.now


def test_a_column_the_user_may_not_read_is_simply_absent(replica: Replica) -> None:
    product = central_row("product", 8, 5, sku="A1", name="Chai", cost_price=None)
    names = [name for name in product if name != "cost_price"]
    part = make_page("product", names, [[product[name] for name in names]])
    whole = reply(holds=[("product", product)])
    partial = ExchangeReply(
        whole.verdict, whole.server_id, whole.epoch, 0, pages=(part,), cursor=b"2", digest=whole.digest
    )
    apply_reply(replica, partial)
    assert value(replica, "product", 8, "cost_price") is None


def test_the_running_digest_equals_one_computed_from_scratch(replica: Replica) -> None:
    rows = [("account", central_row("account", n, n, name=f"Shop {n}")) for n in range(1, 200)]
    apply_reply(replica, reply(*rows))
    moved = [("account", row | {"revision": 500 + n, "note": "n"}) for n, (_, row) in enumerate(rows[::3])]
    kept = [row for row in rows if row[1]["id"] not in {row[1]["id"] for row in moved}]
    applied = apply_reply(replica, reply(*moved, holds=[*kept, *moved], cursor=b"2"))
    assert applied.digest == digest([*kept, *moved])
