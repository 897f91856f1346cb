"""A conflict is two values for one field: the receipt, `status` and the window count the same ones."""

from __future__ import annotations

from datetime import UTC

from fieldrep.queries.shell import shell_state
from fieldrep.queries.sync_page import sync_page
from tests.store_suite.laptop import Laptop
from tests.store_suite.world import World


def test_two_changes_of_one_field_are_one_conflict_on_the_receipt_as_in_the_window(
    world: World, ana: Laptop, desk: Laptop
) -> None:
    shop = world.account(ana.admission.user_id, name="Shop")
    for laptop in (ana, desk):
        laptop.sync()
    desk.edit(shop, phone="of the desk", note="of the desk")
    desk.sync()
    for phone in ("1", "2"):
        ana.edit(shop, phone=phone)
    ana.edit(shop, note="3")
    receipt = ana.sync()
    with ana.replica.read() as reader:
        shown, standing = sync_page(reader, zone=UTC), shell_state(reader)
    assert (receipt.merged, receipt.conflicts) == (3, 2)
    assert (shown.overview.conflicts, standing.conflicts) == (2, 2), "two fields of one record"
    assert "2 conflicts" in receipt.sentence
