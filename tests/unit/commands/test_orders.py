"""Commands on orders and their lines: exact sums at every step, and moves only where they are allowed."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldrep.commands.done import Done
from fieldrep.commands.lines import (
    add_order_line,
    discount_order_lines,
    edit_order_line,
    remove_order_line,
    remove_order_lines,
)
from fieldrep.commands.order_lines import NewLine
from fieldrep.commands.orders import (
    cancel_order,
    copy_lines,
    copy_order,
    create_order,
    drop_empty_order,
    edit_order,
    submit_order,
)
from fieldrep.commands.undo import undo
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import MILLIONTH, Value
from fieldrep.contract.ids import RowId
from fieldrep.queries.order_entry import order_entry
from fieldrep.store.replica import Replica
from tests.helpers.small_company import AURORA, HARBOR, KEY_LIST, NOW, OAK, PIET, Ticking, put, row_id


def order_of(replica: Replica, wanted: RowId | None) -> dict[str, Value]:
    assert wanted is not None
    with replica.read() as reader:
        found = reader.row("sales_order", wanted)
    assert found is not None
    return found


def lines_of(replica: Replica, order: Done) -> list[tuple[int, int, int, str, int]]:
    """Quantity, unit price, discount, source and amount of each standing line."""
    with replica.read() as reader:
        return reader.rows(
            "SELECT qty, unit_price, discount_rate, price_source, line_amount FROM document_line "
            "WHERE order_id = ? AND archived = 0 ORDER BY seq",
            (order.id,),
        )


def case(sku: str, qty: int, **more: object) -> NewLine:
    return NewLine(sku=sku, qty=qty * MILLIONTH, **more)  # type: ignore[arg-type]


def draft(replica: Replica, *lines: NewLine, account_id: RowId = HARBOR) -> Done:
    return create_order(replica, account_id=account_id, lines=lines)


def sums(replica: Replica, order: Done) -> tuple[Value, Value, Value]:
    row = order_of(replica, order.id)
    return row["goods_amount"], row["freight_amount"], row["total_amount"]


def test_a_new_order_is_priced_from_the_customers_list_and_sums_exactly(replica: Replica) -> None:
    order = create_order(
        replica,
        account_id=AURORA,
        lines=[case("210034", 3), case("401120", 2, discount_rate=50_000), NewLine(text="Ring the bell")],
        freight_amount=1250,
        wanted_on="2026-11-26",
    )
    row = order_of(replica, order.id)
    assert order.number == row["number_local"] == "AV1-000001"
    assert (row["status"], row["currency"], row["price_list_id"]) == ("draft", "EUR", KEY_LIST)
    assert (row["pricing_date"], row["wanted_on"]) == ("2026-11-20", "2026-11-26")
    assert row["ship_site_id"] == row_id("aurora ship")
    assert row["bill_site_id"] == row_id("aurora bill")
    assert [line[3:] for line in lines_of(replica, order)] == [
        ("customer", 13416),
        ("list", 3025),
        ("list", 0),
    ]
    assert sums(replica, order) == (16441, 1250, 17691)
    assert len(order.lines) == 3


def test_an_order_with_its_lines_is_one_change(replica: Replica) -> None:
    order = draft(replica, case("210034", 3), case("401120", 2))
    with replica.read() as reader:
        assert reader.rows("SELECT n FROM outbox") == [(order.change_n,)]


def test_another_unit_takes_its_price_and_a_price_given_by_hand_is_carried_over(replica: Replica) -> None:
    order = draft(replica, case("401120", 2), case("401120", 2, unit_price=10 * MILLIONTH))
    listed, own = order.lines
    for line in (listed, own):
        edit_order_line(replica, row_id=line, uom="Pallet")
    prices = [(line[1], line[3], line[4]) for line in lines_of(replica, order)]
    assert prices == [(955_200_000, "list", 191_040), (600 * MILLIONTH, "manual", 120_000)]
    with pytest.raises(KnownError, match=r"not sold by “barrel”\. It is sold by: case, pallet"):
        edit_order_line(replica, row_id=listed, uom="barrel")
    with replica.read() as reader:
        assert reader.rows("SELECT DISTINCT uom FROM document_line WHERE order_id = ?", (order.id,)) == [
            ("pallet",)
        ]


def test_a_prospect_without_a_list_gets_standard_prices(replica: Replica) -> None:
    order = draft(replica, case("210034", 1), account_id=OAK)
    assert lines_of(replica, order)[0][1] == 52 * MILLIONTH


def test_numbers_go_up_by_one(replica: Replica) -> None:
    assert [draft(replica).number for _ in range(3)] == ["AV1-000001", "AV1-000002", "AV1-000003"]


def test_a_refused_order_takes_no_number_and_leaves_nothing(replica: Replica) -> None:
    with pytest.raises(KnownError, match=r"no product with the SKU “21003”\. Did you mean 210034"):
        draft(replica, case("401120", 1), case("21003", 1))
    with replica.read() as reader:
        assert reader.rows("SELECT count(*) FROM document_line WHERE revision = 0") == [(0,)]
        assert reader.rows("SELECT count(*) FROM outbox") == [(0,)]
    assert draft(replica).number == "AV1-000001"


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        (NewLine(), Code.NOT_FOUND, "give its SKU"),
        (NewLine(sku="210099", qty=MILLIONTH), Code.INVALID_VALUE, "discontinued"),
        (NewLine(sku="210034", qty=0), Code.INVALID_VALUE, "more than nothing"),
        (NewLine(sku="210034", qty=-MILLIONTH), Code.INVALID_VALUE, "more than nothing"),
        (NewLine(sku="210034", uom="barrel"), Code.INVALID_VALUE, "It is sold by: case"),
        (NewLine(sku="210034", discount_rate=MILLIONTH + 1), Code.INVALID_VALUE, "Discount"),
        (NewLine(sku="210034", qty=10**16), Code.INVALID_VALUE, "Quantity"),
        (NewLine(sku="210034", unit_price=-1), Code.INVALID_VALUE, "Price"),
        (
            NewLine(sku="401120", product_id=row_id("butter"), qty=MILLIONTH),
            Code.INVALID_VALUE,
            "one of them",
        ),
    ],
)
def test_a_line_that_does_not_fit_gets_a_sentence(
    replica: Replica, line: NewLine, code: Code, words: str
) -> None:
    with pytest.raises(KnownError) as raised:
        draft(replica, line)
    assert raised.value.code is code
    assert words in raised.value.sentence


def test_a_product_without_a_price_asks_for_one(replica: Replica) -> None:
    put(replica, "product", "plain", sku="999", name="New thing", base_uom="pc")
    with pytest.raises(KnownError, match="has no price for 2 pc in EUR on price list NL-2026"):
        draft(replica, case("999", 2))
    order = draft(replica, case("999", 2, unit_price=5_500_000))
    assert lines_of(replica, order) == [(2 * MILLIONTH, 5_500_000, 0, "manual", 1100)]


def test_a_scanned_barcode_orders_the_unit_it_stands_on(replica: Replica) -> None:
    order = draft(replica, NewLine(sku="8712345678906"))
    assert lines_of(replica, order)[0][1] == 60 * 15_920_000


def test_a_new_quantity_takes_the_break_of_the_list(replica: Replica) -> None:
    order = draft(replica, case("210034", 10))
    edit_order_line(replica, row_id=order.lines[0], qty=24 * MILLIONTH)
    assert lines_of(replica, order) == [(24 * MILLIONTH, 49_500_000, 0, "list", 118_800)]
    assert sums(replica, order) == (118_800, 0, 118_800)


def test_a_price_of_its_own_stays_until_the_lists_is_asked_for(replica: Replica) -> None:
    order = draft(replica, case("210034", 10))
    line = order.lines[0]
    edit_order_line(replica, row_id=line, unit_price=45 * MILLIONTH, discount_rate=20_000)
    edit_order_line(replica, row_id=line, qty=24 * MILLIONTH)
    assert lines_of(replica, order)[0][1:4] == (45 * MILLIONTH, 20_000, "manual")
    edit_order_line(replica, row_id=line, use_list_price=True)
    assert lines_of(replica, order)[0][1:4] == (49_500_000, 20_000, "list")


def test_adding_and_removing_lines_keeps_the_total(replica: Replica) -> None:
    order = draft(replica, case("210034", 1))
    assert order.id is not None
    added = add_order_line(replica, order_id=order.id, line=case("401120", 1))
    edit_order(replica, row_id=order.id, freight_amount=500)
    assert sums(replica, order) == (6792, 500, 7292)
    remove_order_line(replica, row_id=added.lines[0])
    assert sums(replica, order) == (5200, 500, 5700)
    again = add_order_line(replica, order_id=order.id, line=case("401120", 1))
    with replica.read() as reader:
        found = reader.row("document_line", again.lines[0])
    assert found is not None
    assert found["seq"] == 3


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(
    st.lists(
        st.tuples(st.integers(1, 10**9), st.integers(0, 10**10), st.integers(0, MILLIONTH)),
        min_size=1,
        max_size=6,
    )
)
def test_the_total_of_any_order_is_the_sum_of_its_lines_each_rounded_once(
    replica: Replica, entries: list[tuple[int, int, int]]
) -> None:
    lines = [
        NewLine(sku="210034", qty=qty, unit_price=price, discount_rate=rate) for qty, price, rate in entries
    ]
    order = draft(replica, *lines)
    exact = [qty * price * (MILLIONTH - rate) for qty, price, rate in entries]
    expected = [(2 * value * 100 + MILLIONTH**3) // (2 * MILLIONTH**3) for value in exact]
    assert [line[4] for line in lines_of(replica, order)] == expected
    assert order_of(replica, order.id)["total_amount"] == sum(expected)


def test_a_submitted_order_is_dated_and_closed_to_edits(replica: Replica) -> None:
    order = draft(replica, case("210034", 1))
    assert order.id is not None
    submit_order(replica, row_id=order.id)
    row = order_of(replica, order.id)
    assert (row["status"], row["ordered_on"]) == ("submitted", "2026-11-20")
    for refused in (
        lambda: edit_order(replica, row_id=RowId(order.id or b""), po_ref="1"),
        lambda: edit_order_line(replica, row_id=order.lines[0], qty=MILLIONTH),
        lambda: remove_order_line(replica, row_id=order.lines[0]),
        lambda: add_order_line(replica, order_id=RowId(order.id or b""), line=case("401120", 1)),
        lambda: submit_order(replica, row_id=RowId(order.id or b"")),
    ):
        with pytest.raises(KnownError, match="is already submitted") as raised:
            refused()
        assert raised.value.code is Code.READ_ONLY


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="this system does not let a program change its zone")
@pytest.mark.parametrize(
    ("zone", "dated"), [("America/Los_Angeles", "2026-11-30"), ("Europe/Berlin", "2026-12-01")]
)
def test_the_order_of_a_person_without_a_zone_is_dated_by_the_laptops(
    replica: Replica, clock: Ticking, zone: str, dated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with replica.write() as connection:
        connection.execute("UPDATE app_user SET tz = NULL")
    order = draft(replica, case("210034", 1))
    assert order.id is not None
    clock.now = int(datetime(2026, 11, 30, 23, 0, 30, tzinfo=UTC).timestamp()) * 1000
    with monkeypatch.context() as patch:
        patch.setenv("TZ", zone)
        time.tzset()
        submit_order(replica, row_id=order.id)
    time.tzset()
    assert order_of(replica, order.id)["ordered_on"] == dated


def test_an_order_without_lines_is_not_submitted(replica: Replica) -> None:
    order = draft(replica, NewLine(text="Only words"))
    assert order.id is not None
    with pytest.raises(KnownError, match="has no lines yet"):
        submit_order(replica, row_id=order.id)


def test_a_colleagues_draft_is_read_only(replica: Replica) -> None:
    theirs = put(replica, "sales_order", "theirs", account_id=AURORA, currency="EUR", created_by=PIET,
                 number_local="PW1-000009")  # fmt: skip
    with pytest.raises(KnownError, match="PW1-000009 is a colleague's draft"):
        edit_order(replica, row_id=theirs, po_ref="1")


def test_a_draft_of_somebody_who_lost_the_account_is_continued_by_its_owner(replica: Replica) -> None:
    kim, lee = row_id("kim"), row_id("lee")
    put(replica, "account_team", "kim", account_id=HARBOR, user_id=kim, valid_to="2026-11-20")
    put(replica, "account_team", "lee", account_id=HARBOR, user_id=lee, valid_to="2026-11-19")
    orders = {
        author: put(
            replica, "sales_order", f"of {name}", account_id=HARBOR, currency="EUR", created_by=author
        )
        for author, name in ((kim, "kim"), (PIET, "piet"), (lee, "lee"))
    }
    for author in (kim, PIET):
        with pytest.raises(KnownError, match="is a colleague's draft"):
            edit_order(replica, row_id=orders[author], po_ref="1")

    edit_order(replica, row_id=orders[lee], po_ref="1")
    add_order_line(replica, order_id=orders[lee], line=case("210034", 1))
    with replica.read() as reader:
        entries = [order_entry(reader, order_id=order, now=NOW, zone=UTC) for order in orders.values()]
    assert [entry.head.editable for entry in entries if entry] == [False, False, True]
    submit_order(replica, row_id=orders[lee])


@pytest.mark.parametrize(("zone", "is_over"), [("Pacific/Kiritimati", True), ("Pacific/Pago_Pago", False)])
def test_the_last_day_of_a_drafts_author_on_the_team_is_a_day_of_his_own(
    replica: Replica, zone: str, is_over: bool
) -> None:
    lee = put(replica, "user", "lee", login="lee", name="Lee", tz=zone)
    put(replica, "account_team", "lee", account_id=HARBOR, user_id=lee, valid_to="2026-11-19")
    order = put(replica, "sales_order", "his", account_id=HARBOR, currency="EUR", created_by=lee)
    with replica.read() as reader:
        entry = order_entry(reader, order_id=order, now=NOW, zone=UTC)
    assert entry is not None
    assert entry.head.editable is is_over


def test_cancelling_becomes_a_request_once_the_order_is_exported(replica: Replica) -> None:
    cancel_order(replica, row_id=row_id("order 2"))
    assert order_of(replica, row_id("order 2"))["status"] == "cancelled"
    exported = put(replica, "sales_order", "exported", account_id=AURORA, currency="EUR", status="exported")
    cancel_order(replica, row_id=exported)
    assert order_of(replica, exported)["status"] == "cancel_requested"
    with pytest.raises(KnownError, match="SO-000101 is completed and cannot become cancelled"):
        cancel_order(replica, row_id=row_id("order 1"))


def test_the_head_of_an_order_takes_no_field_that_follows_from_its_lines(replica: Replica) -> None:
    order = draft(replica)
    assert order.id is not None
    for name in ("total_amount", "status", "number_official", "nonsense"):
        with pytest.raises(KnownError, match="Known are: contact_id"):
            edit_order(replica, row_id=order.id, **{name: 1})


def test_a_copy_has_the_same_lines_at_todays_prices(replica: Replica) -> None:
    first = create_order(replica, account_id=HARBOR, lines=[case("210034", 30, discount_rate=10_000)])
    assert first.id is not None
    edit_order_line(replica, row_id=first.lines[0], unit_price=1)
    copied = copy_order(replica, row_id=first.id)
    assert lines_of(replica, copied) == [(30 * MILLIONTH, 49_500_000, 10_000, "list", 147_015)]
    assert copied.number == "AV1-000002"


def test_several_lines_get_one_discount_and_lose_it_by_one_undo(replica: Replica) -> None:
    order = draft(replica, case("210034", 2), case("401120", 1), case("332207", 1))
    given = discount_order_lines(replica, row_ids=order.lines[:2], discount_rate=100_000)
    assert [line[2] for line in lines_of(replica, order)] == [100_000, 100_000, 0]
    assert sums(replica, order)[2] == 9_360 + 1_433 + 14_800
    undo(replica, n=given.change_n)
    assert [line[2] for line in lines_of(replica, order)] == [0, 0, 0]
    assert sums(replica, order)[2] == 10_400 + 1_592 + 14_800


def test_several_lines_are_removed_and_brought_back_together(replica: Replica) -> None:
    order = draft(replica, case("210034", 2), case("401120", 1), case("332207", 1))
    removed = remove_order_lines(replica, row_ids=order.lines[:2])
    assert (removed.label, sums(replica, order)[2]) == (f"Remove 2 lines from order {order.number}", 14_800)
    undo(replica, n=removed.change_n)
    assert sums(replica, order)[2] == 10_400 + 1_592 + 14_800


def test_lines_of_two_orders_are_not_changed_together(replica: Replica) -> None:
    one, other = draft(replica, case("210034", 2)), draft(replica, case("401120", 1))
    for change in (
        lambda: remove_order_lines(replica, row_ids=(*one.lines, *other.lines)),
        lambda: discount_order_lines(replica, row_ids=(), discount_rate=50_000),
    ):
        with pytest.raises(KnownError) as told:
            change()
        assert told.value.sentence == "Choose lines of one order first."


def test_copied_lines_are_those_still_sold_at_the_drafts_prices(replica: Replica) -> None:
    first = draft(replica, case("210034", 3, discount_rate=50_000), case("401120", 2), account_id=AURORA)
    with replica.write() as connection:
        connection.execute("UPDATE product SET status = 'discontinued' WHERE sku = '401120'")
    empty = draft(replica, account_id=AURORA)
    copied = copy_lines(replica, row_id=empty.id, from_id=first.id)
    assert lines_of(replica, empty) == [(3 * MILLIONTH, 44_720_000, 50_000, "customer", 12_745)]
    assert sums(replica, empty)[2] == 12_745
    assert copied.label == (f"Lines of order {empty.number} like {first.number}, without 1 no longer sold")
    undo(replica, n=copied.change_n)
    assert lines_of(replica, empty) == []


def test_only_an_order_nobody_wrote_in_is_dropped(replica: Replica) -> None:
    empty, filled, referred = draft(replica), draft(replica, case("210034", 1)), draft(replica)
    edit_order(replica, row_id=referred.id, po_ref="77")
    for order in (empty, filled, referred):
        drop_empty_order(replica, row_id=order.id)
    assert [order_of(replica, order.id)["archived"] for order in (empty, filled, referred)] == [1, 0, 0]
