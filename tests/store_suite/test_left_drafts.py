"""A draft on an account that goes to a colleague: he finishes it, and its author is told in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from fieldrep.queries.sync_history import sync_history
from tests.store_suite.laptop import Laptop
from tests.store_suite.world import World


@pytest.mark.parametrize("sent_before", [False, True])
def test_a_draft_goes_with_its_account_to_its_new_owner_and_its_author_is_told(
    world: World, tmp_path: Path, ana: Laptop, sent_before: bool
) -> None:
    ben = Laptop(tmp_path, world, world.user("ben"), "ben")
    shop = world.account(ana.admission.user_id, name="Shop")
    for laptop in (ana, ben):
        laptop.sync()
    order = ana.draft(shop)
    if sent_before:
        ana.sync()
    world.change("account", shop, owner_user_id=ben.admission.user_id)
    receipt = ana.sync()
    said = "Your draft order D1-000001 of Shop went with its account to Ben, who can finish it."
    assert said in receipt.sentence
    with ana.replica.read() as reader:
        kept = sync_history(reader).receipts[0].receipt
        assert reader.rows("SELECT count(*) FROM sales_order") == [(0,)]
    assert said in kept.sentence, "the Sync page says it as well"
    ben.sync()
    ben.submit(order)
    assert (ben.sync().accepted, ben.replica.depth()) == (1, 0), "he finishes it"
    assert "draft" not in ana.sync().sentence, "it is told once"
    ben.replica.close()


def test_a_draft_that_was_refused_or_stays_here_is_said_to_have_gone_nowhere(
    world: World, tmp_path: Path, ana: Laptop
) -> None:
    ben = world.user("ben")
    shop, inn = (world.account(ana.admission.user_id, name=name) for name in ("Shop", "Inn"))
    ana.sync()
    ana.draft(inn)
    ana.draft(shop, account_id=inn)
    ana.order(shop)
    world.change("account", shop, owner_user_id=ben)
    receipt = ana.sync()
    assert (receipt.refused, receipt.drafts_left) == (1, ()), (
        "one is refused, one is no draft, one is on another account"
    )
