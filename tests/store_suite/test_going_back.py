"""Rows that an undone merge gives back, on a real replica of somebody who keeps the survivor, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from fieldrep.contract.catalogue import ENTITIES
from fieldrep.contract.messages import ExchangeReply, ExchangeRequest
from fieldrep.store.replica import Replica
from fieldrep.sync.engine import sync
from sync_server.reconcile.duplicates import look_for_duplicates
from sync_server.reconcile.merges import merge, unmerge
from sync_server.reconcile.refusal import row_id_of
from tests.helpers.in_process import InProcess
from tests.store_suite.laptop import Laptop
from tests.store_suite.twins import Company, create, new_id
from tests.store_suite.world import World


class Watched(InProcess):
    """A bearer that looks, before each exchange, which rows of the replica stand there without their parent."""

    def __init__(self, world: World, laptop: Laptop, page_bytes: int) -> None:
        super().__init__(world.database, laptop.admission.token, page_bytes)
        self._replica = laptop.replica
        self.seen: list[list[str]] = []

    def exchange(self, request: ExchangeRequest) -> ExchangeReply:
        self.seen.append(without_parent(self._replica))
        return super().exchange(request)


def without_parent(replica: Replica) -> list[str]:
    parents = [
        (entity.table, name, next(one.table for one in ENTITIES if one.name == field.to))
        for entity in ENTITIES
        for name, field in entity.fields.items()
        if field.parent
    ]
    with replica.read() as reader:
        return [
            f"{table} without {parent}"
            for table, name, parent in parents
            if reader.rows(f"SELECT 1 FROM {table} WHERE {name} NOT IN (SELECT id FROM {parent}) LIMIT 1")  # noqa: S608 - names of the catalogue
        ]


@pytest.mark.parametrize("page_bytes", [1, 60, 1_000_000])
def test_no_child_stays_without_its_parent_however_the_leaves_are_cut(
    world: World, tmp_path: Path, page_bytes: int
) -> None:
    company = Company(world)
    ana = Laptop(tmp_path, world, company.ana, "ana")
    company.merge(company.stays, company.goes)
    ana.sync()
    company.unmerge(company.goes)
    line = Watched(world, ana, page_bytes)
    assert sync(ana.replica, line).digests_equal
    assert [found for found in line.seen if found] == []
    assert (len(line.seen) > 1) == (page_bytes < 1_000)
    ana.replica.close()


def test_a_merge_taken_back_and_made_again_at_once_lets_go_of_nothing(world: World, tmp_path: Path) -> None:
    company = Company(world)
    ana = Laptop(tmp_path, world, company.ana, "ana")
    company.merge(company.stays, company.goes)
    ana.sync()
    with world.write() as tx:
        tx.new_revision()
        unmerge(tx, company.goes)
        merge(tx, "account", company.stays, company.goes)
    receipt = ana.sync()
    assert (receipt.repaired, receipt.left, receipt.digests_equal) == (0, 0, True)
    ana.replica.close()


def misplaced(world: World) -> list[str]:
    """The pairs of people that name other accounts than those their people are at."""
    with world.database.read() as reader:
        at = {row["id"]: row["account_id"] for row in reader.all("contact")}
        pairs = [row for row in reader.all("duplicate_candidate") if row["entity"] == "contact"]
    assert pairs
    sides = (("one_id", "account_id"), ("other_id", "other_account_id"))
    return [
        f"{name} of {row['status']}" for row in pairs for name, side in sides if at[row[name]] != row[side]
    ]


def merge_and_look(world: World, survivor: bytes, *others: bytes) -> None:
    with world.write() as tx:
        tx.new_revision()
        for other in others:
            merge(tx, "account", survivor, other)
        look_for_duplicates(tx)


def test_a_pair_raised_in_a_survivor_of_two_merges_names_where_its_people_went_back_to(world: World) -> None:
    company = Company(world)
    third = world.make("account", name="Corner Shop of Kiel", owner_user_id=company.ana)
    merge_and_look(world, third, company.stays, company.goes)
    for merged in (company.stays, company.goes):
        company.unmerge(merged)
        assert misplaced(world) == []
        company.sync()


def test_a_pair_that_named_somebody_else_since_names_his_account_when_a_merge_is_undone(world: World) -> None:
    company = Company(world)
    (boss,) = company.of("contact", company.stays)
    for name, first in (("p", "Maria"), ("q", "Mara")):
        person = {"account_id": company.goes, "given_name": first, "family_name": "Anders"}
        company.push(company.ben, create("contact", new_id(name), **person))
    company.merge(company.stays, company.goes)
    company.merge(row_id_of(boss), new_id("q"), entity="contact")
    company.unmerge(company.goes)
    assert misplaced(world) == []
    company.unmerge(new_id("q"))
    assert misplaced(world) == []
    company.sync()
