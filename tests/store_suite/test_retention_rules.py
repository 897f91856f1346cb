"""Each rule of retention at its day: kept until then, gone after it, also as the admin sets it (I16).

Owns no rule: `retention.py` does. What the rules mean to devices is in `test_retention.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from fieldrep.contract.ids import RowId
from sync_server.store.devices.credentials import make_code
from sync_server.store.proof.verify import verify
from sync_server.store.upkeep.retention import RULES, set_rule, tidy
from tests.store_suite.laptop import Laptop, go_back, keep
from tests.store_suite.twins import Company
from tests.store_suite.world import World

CHECKOUT = Path(__file__).resolve().parents[2]


def a_code(world: World, _: Path) -> None:
    user = world.user("cora")
    with world.write() as tx:
        make_code(tx, world.randomness, user)


def a_merge(world: World, _: Path) -> None:
    company = Company(world)
    company.merge(company.stays, company.goes)


def a_restore(world: World, folder: Path) -> None:
    with_work_given_back(Laptop(folder, world, world.user("ana"), "ana"), folder)


def with_work_given_back(ana: Laptop, folder: Path) -> None:
    keep(ana.world, folder)
    ana.create("After")
    ana.sync()
    go_back(ana.world, folder)
    ana.sync()
    ana.replica.close()


def a_refusal(world: World, folder: Path) -> None:
    ana = Laptop(folder, world, world.user("ana"), "ana")
    shop = RowId(world.account(owner=ana.admission.user_id))
    ana.sync()
    order = ana.draft(shop)
    ana.sync()
    world.change("sales_order", order, status="submitted")
    with ana.replica.begin("edit_order", "edit") as uow:
        uow.update("sales_order", order, {"po_ref": "too late"})
    assert ana.sync().refused == 1
    ana.replica.close()


def an_answer_never_fetched(world: World, folder: Path) -> None:
    ana = Laptop(folder, world, world.user("ana"), "ana")
    ana.create("Shop")
    ana.sync()
    ana.replica.close()


@pytest.mark.parametrize("days", [100, 500])
@pytest.mark.parametrize(
    ("rule", "happens", "tables"),
    [
        ("codes", a_code, ("enrollment_code",)),
        ("merges", a_merge, ("merge_log",)),
        ("restores", a_restore, ("restoration", "returned_change", "device_return")),
        ("refused", a_refusal, ("refused_change",)),
        ("unclaimed", an_answer_never_fetched, ("applied_change",)),
    ],
)
def test_what_a_rule_is_about_stays_until_its_day_and_goes_after_it(
    world: World,
    tmp_path: Path,
    rule: str,
    happens: Callable[[World, Path], None],
    tables: tuple[str, ...],
    days: int,
) -> None:
    happens(world, tmp_path)
    with world.write() as tx:
        set_rule(tx, "away", 7)
        set_rule(tx, rule, days)
    before = kept(world, tables)
    assert all(before.values())

    world.clock.pass_days(days - 1)
    a_code_for_somebody_new(world)
    tidy(world.database)
    now = kept(world, tables)
    assert all(before[table] <= now[table] for table in tables), "it went before its day"

    world.clock.pass_days(2)
    tidy(world.database)
    after = kept(world, tables)
    assert not any(before[table] & after[table] for table in tables), "it stayed beyond its day"
    assert verify(world.database) == []


def a_code_for_somebody_new(world: World) -> None:
    """What the office goes on doing must not cut a rule short."""
    user = world.user("dora")
    with world.write() as tx:
        make_code(tx, world.randomness, user)


def kept(world: World, tables: tuple[str, ...]) -> dict[str, set[tuple[object, ...]]]:
    with world.database.read() as reader:
        return {table: set(reader.rows(f"SELECT * FROM {table}")) for table in tables}  # noqa: S608


def test_the_protocol_names_each_rule_with_its_days() -> None:
    text = (CHECKOUT / "fieldrep" / "contract" / "PROTOCOL.md").read_text(encoding="utf-8")
    table = text[text.index("### 10.3 Retention") : text.index("**Purging.**")]
    told = {name: int(days) for days, name in re.findall(r"\| (\d+) days[^|]* \| admin, `(\w+)` \|", table)}
    assert told == {name: rule.days for name, rule in RULES.items()}
