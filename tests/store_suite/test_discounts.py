"""Discount authority on both databases: an order above it is held with its reason, whatever its laptop says."""

from __future__ import annotations

from pathlib import Path

import pytest

from fieldrep.contract.change import Change, Edit, LeftOut, Merged, Refused
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import Value
from fieldrep.contract.ids import RowId
from fieldrep.contract.messages import ExchangeRequest
from fieldrep.sync.handshake import handshake_of
from sync_server.store.office.discounts import About, about, end_limits, set_limit
from sync_server.store.office.held_orders import approve, held_orders, order_named, reasons_of, reject
from sync_server.store.transaction import Row
from tests.helpers.in_process import InProcess
from tests.store_suite.laptop import Laptop
from tests.store_suite.world import DAY_MS, World, day_of

TEN, FIFTEEN = 100_000, 150_000


@pytest.fixture
def shop(world: World, ana: Laptop) -> RowId:
    """A customer of Ana's, on her laptop."""
    made = RowId(world.account(ana.admission.user_id))
    ana.sync()
    return made


def limited(world: World, rate: int = TEN, **values: Value) -> bytes:
    about_whom: dict[str, Value] = {} if "user_id" in values else {"role": "rep"}
    return world.make("discount_policy", max_rate=rate, **about_whom, **values)


def given(laptop: Laptop, shop: RowId, rate: int, **values: Value) -> RowId:
    """An order with a discount, entered and submitted."""
    order = laptop.draft(shop, discount_rate=rate, **values)
    laptop.submit(order)
    return order


def status(world: World, order: RowId) -> str:
    return str(stored(world, order)["status"])


def stored(world: World, order: RowId) -> Row:
    with world.database.read() as reader:
        row = reader.row("sales_order", order)
    assert row is not None
    return row


def here(laptop: Laptop, order: RowId) -> Row:
    with laptop.replica.read() as reader:
        row = reader.row("sales_order", order)
    assert row is not None
    return row


def sent(laptop: Laptop, n: int, *edits: Edit) -> object:
    """What a change becomes that its laptop would never make."""
    request = ExchangeRequest(handshake_of(laptop.replica, 0), (Change(n, 0, "forged", edits),))
    line = InProcess(laptop.world.database, laptop.admission.token, 1_000_000)
    return line.exchange(request).outcomes[0]


def test_above_the_limit_is_held_with_its_reason_and_a_number_within_it_is_received(
    world: World, ana: Laptop, shop: RowId
) -> None:
    limited(world)
    above, within = given(ana, shop, FIFTEEN), given(ana, shop, TEN)
    ana.sync()
    held = stored(world, above)
    assert (held["status"], held["number_official"], status(world, within)) == (
        "held",
        "SO-000001",
        "received",
    )
    (reason,) = reasons_of(held)
    assert reason["lines"] == [{"line": 1, "rate": FIFTEEN, "limit": TEN}]
    assert stored(world, within)["hold_reasons"] == "[]"
    assert here(ana, above)["status"] == "held", "the laptop hears of it with the same sync"
    assert here(ana, above)["hold_reasons"] == held["hold_reasons"]


def test_without_a_policy_any_discount_is_received(world: World, ana: Laptop, shop: RowId) -> None:
    order = given(ana, shop, 1_000_000)
    ana.sync()
    assert status(world, order) == "received"


@pytest.mark.parametrize(("own", "becomes"), [(200_000, "received"), (50_000, "held")])
def test_a_limit_for_the_person_counts_before_that_of_the_role(
    world: World, ana: Laptop, shop: RowId, own: int, becomes: str
) -> None:
    limited(world)
    limited(world, own, user_id=ana.admission.user_id)
    limited(world, 0, user_id=world.user("ben"))
    order = given(ana, shop, TEN if becomes == "held" else FIFTEEN)
    ana.sync()
    assert status(world, order) == becomes


def test_a_limit_on_a_family_holds_orders_of_its_products(world: World, ana: Laptop, shop: RowId) -> None:
    tea, soap = (world.make("product", sku=name, name=name, family=name) for name in ("Tea", "Soap"))
    limited(world, family="Tea")
    ana.sync()
    orders = [given(ana, shop, FIFTEEN, product_id=product) for product in (tea, soap, None)]
    ana.sync()
    assert [status(world, order) for order in orders] == ["held", "received", "received"]


def test_the_day_of_receipt_decides_and_not_that_of_the_entry(world: World, ana: Laptop, shop: RowId) -> None:
    tomorrow = day_of(world.clock() + DAY_MS)
    limited(world, valid_from=tomorrow, valid_to=tomorrow)
    orders = [given(ana, shop, FIFTEEN)]
    ana.sync()
    orders.append(given(ana, shop, FIFTEEN))
    world.clock.pass_days(1)
    ana.sync()
    orders.append(given(ana, shop, FIFTEEN))
    world.clock.pass_days(1)
    ana.sync()
    assert [status(world, order) for order in orders] == ["received", "held", "received"]


def test_the_role_that_counts_is_the_one_the_person_has_now(world: World, ana: Laptop, shop: RowId) -> None:
    limited(world)
    order = given(ana, shop, FIFTEEN)
    world.change("user", ana.admission.user_id, role="manager")
    ana.sync()
    assert status(world, order) == "received"


def test_the_limit_is_that_of_whoever_submits(world: World, tmp_path: Path, ana: Laptop, shop: RowId) -> None:
    limited(world, user_id=ana.admission.user_id)
    ben = Laptop(tmp_path, world, world.user("ben"), "ben")
    order = ana.draft(shop, discount_rate=FIFTEEN)
    ana.sync()
    world.change("account", shop, owner_user_id=ben.admission.user_id)
    ben.sync()
    ben.submit(order)
    ben.sync()
    assert status(world, order) == "received", "Ben has no limit"
    ben.replica.close()


def test_a_laptop_that_has_not_heard_of_the_limit_is_held_by_it_all_the_same(
    world: World, ana: Laptop, shop: RowId
) -> None:
    order = given(ana, shop, FIFTEEN)
    limited(world)
    with ana.replica.read() as reader:
        assert reader.rows("SELECT count(*) FROM discount_policy") == [(0,)]
    ana.sync()
    assert status(world, order) == "held"
    with ana.replica.read() as reader:
        assert reader.rows("SELECT max_rate FROM discount_policy") == [(TEN,)], "and hears of it by that"


def test_a_discount_hidden_until_the_order_is_submitted_is_seen(
    world: World, ana: Laptop, shop: RowId
) -> None:
    limited(world)
    order = ana.draft(shop)
    ana.sync()
    with ana.replica.begin("submit_order", "submit") as uow:
        (line,) = uow.rows("SELECT id FROM document_line WHERE order_id = ?", (order,))[0]
        uow.update("document_line", line, {"discount_rate": FIFTEEN})
        uow.update("sales_order", order, {"status": "submitted"})
    ana.sync()
    assert status(world, order) == "held"


def test_a_laptop_that_names_a_policy_is_refused(world: World, ana: Laptop, shop: RowId) -> None:
    made = RowId(limited(world))
    new = {"user_id": ana.admission.user_id, "max_rate": 1_000_000}
    outcomes = [
        sent(ana, 1_001, Edit("discount_policy", b"\x01" * 16, "create", 0, {}, new)),
        sent(
            ana, 1_002, Edit("discount_policy", made, "update", 0, {"max_rate": TEN}, {"max_rate": 1_000_000})
        ),
    ]
    assert [(type(one), one.code) for one in outcomes] == [(Refused, Code.FIELD_PROTECTED)] * 2  # type: ignore[attr-defined]
    with world.database.read() as reader:
        assert [row["max_rate"] for row in reader.all("discount_policy")] == [TEN]
    order = given(ana, shop, FIFTEEN)
    ana.sync()
    assert status(world, order) == "held"


def test_a_laptop_cannot_lift_the_hold_or_say_why_there_is_one(
    world: World, ana: Laptop, shop: RowId
) -> None:
    limited(world)
    order = given(ana, shop, FIFTEEN)
    ana.sync()
    reasons = stored(world, order)["hold_reasons"]
    for n, wanted in enumerate(("received", "confirmed", "draft", "submitted"), start=1_001):
        outcome = sent(
            ana, n, Edit("sales_order", order, "update", 0, {"status": "held"}, {"status": wanted})
        )
        assert isinstance(outcome, Refused)
        assert outcome.code is Code.MOVE_NOT_ALLOWED
    named = {"hold_reasons": "[]", "status": "cancelled"}
    outcome = sent(ana, 1_010, Edit("sales_order", order, "update", 0, {}, named))
    assert isinstance(outcome, Merged), "what it may do is done"
    assert [one.field for one in outcome.left_out] == ["hold_reasons"]
    assert isinstance(outcome.left_out[0], LeftOut)
    assert (status(world, order), stored(world, order)["hold_reasons"]) == ("cancelled", reasons)


def test_an_approved_order_is_received_and_a_rejected_one_says_why(
    world: World, ana: Laptop, shop: RowId
) -> None:
    limited(world)
    good, bad = given(ana, shop, FIFTEEN), given(ana, shop, FIFTEEN)
    ana.sync()
    with world.database.read() as reader:
        assert [row["id"] for row in held_orders(reader)] == [good, bad]
    with world.write() as tx:
        approve(tx, order_named(tx, "SO-000001"))
        reject(tx, order_named(tx, str(stored(world, bad)["number_local"])), " Too much ")
    ana.sync()
    assert (here(ana, good)["status"], here(ana, good)["hold_reasons"]) == ("received", "[]")
    assert (here(ana, bad)["status"], here(ana, bad)["reject_reason"]) == ("rejected", "Too much")
    assert here(ana, good)["number_official"] == "SO-000001"
    with world.write() as tx, pytest.raises(KnownError, match="received already") as told:
        approve(tx, order_named(tx, "SO-000001"))
    assert told.value.code is Code.NOTHING_TO_CHANGE
    with world.write() as tx, pytest.raises(KnownError, match="only a held order") as told:
        reject(tx, order_named(tx, "SO-000001"), "late")
    assert told.value.code is Code.MOVE_NOT_ALLOWED
    with world.database.read() as reader:
        acts = [row[0] for row in reader.rows("SELECT action FROM audit_entry ORDER BY n")]
    assert {"approve_order", "reject_order"} <= set(acts)


def test_an_order_held_for_something_else_besides_stays_held(world: World, ana: Laptop, shop: RowId) -> None:
    limited(world)
    order = given(ana, shop, FIFTEEN)
    ana.sync()
    world.change("sales_order", order, hold_reasons='[{"kind":"approval"},{"kind":"credit"}]')
    with world.write() as tx:
        approve(tx, order_named(tx, "SO-000001"))
    assert (status(world, order), stored(world, order)["hold_reasons"]) == ("held", '[{"kind":"credit"}]')


def test_the_same_limit_set_again_is_changed_other_days_stand_beside_it_and_ending_takes_all(
    world: World, ana: Laptop
) -> None:
    ben = About(world.user("ben"), None, None)
    with world.write() as tx:
        assert set_limit(tx, ben, TEN, valid_from=None, valid_to=None) == []
    with world.write() as tx:
        assert set_limit(tx, ben, FIFTEEN, valid_from=None, valid_to=None) == []
    with world.write() as tx:
        (beside,) = set_limit(tx, ben, 0, valid_from="2026-12-01", valid_to=None)
        assert beside["max_rate"] == FIFTEEN
    with world.write() as tx, pytest.raises(KnownError, match="15 % already"):
        set_limit(tx, ben, FIFTEEN, valid_from=None, valid_to=None)
    with world.write() as tx, pytest.raises(KnownError, match="before it begins"):
        set_limit(tx, ben, TEN, valid_from="2026-12-02", valid_to="2026-12-01")
    with world.write() as tx:
        assert end_limits(tx, ben) == 2
    with world.write() as tx, pytest.raises(KnownError, match="no such limit"):
        end_limits(tx, ben)
    ana.sync()
    with ana.replica.read() as reader:
        assert reader.rows("SELECT count(*) FROM discount_policy WHERE archived = 0") == [(0,)]


def test_a_limit_is_for_a_person_or_a_role_and_for_a_family_there_is(world: World) -> None:
    world.user("ben")
    world.make("product", sku="T", name="T", family="Tea")
    with world.database.read() as reader:
        for login, role in ((None, None), ("ben", "rep")):
            with pytest.raises(KnownError, match="one of the two"):
                about(reader, login=login, role=role, family=None)
        with pytest.raises(KnownError, match="Did you mean Tea"):
            about(reader, login="ben", role=None, family="Teas")
        with pytest.raises(KnownError, match="no user"):
            about(reader, login="eve", role=None, family=None)
        assert about(reader, login=None, role="rep", family="Tea") == About(None, "rep", "Tea")
