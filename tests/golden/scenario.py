"""A small seeded history whose messages are kept: two people on one customer, a refusal, a move, an old app, a file.

Owns the history, and that the others follow it. Must not know how messages are kept or compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from fieldrep.contract.change import Change
from fieldrep.contract.change import Edit as ChangeEdit
from fieldrep.contract.ids import RowId
from fieldrep.contract.messages import ExchangeRequest
from fieldrep.sync.engine import sync
from fieldrep.sync.handshake import handshake_of
from tests.golden.around import around
from tests.golden.tapped import Message, Tapped, carried, company
from tests.golden.verdicts import verdicts
from tests.store_suite.laptop import Laptop
from tests.store_suite.world import World


def messages(folder: Path) -> Iterator[Message]:
    """Every message of all histories by its file's name, in order."""
    yield from _customer(folder / "customer")
    yield from verdicts(folder)
    yield from around(folder)


def _customer(folder: Path) -> Iterator[Message]:
    kept: list[Message] = []
    with company(folder) as world:
        ana = Laptop(folder, world, world.user("ana"), "ana")
        ben = Laptop(folder, world, world.user("ben", manager=None), "ben")
        team = RowId(world.account(ana.admission.user_id, name="Herberg De Toren"))
        world.make("account_team", account_id=team, user_id=ben.admission.user_id, team_role="inside")

        def said(laptop: Laptop, name: str) -> None:
            sync(laptop.replica, Tapped(world, laptop, name, kept))

        said(ana, "01-first-replica")
        said(ben, "02-first-replica-of-another")
        ana.create("Made offline")
        said(ana, "03-created")
        ana.edit(team, phone="1")
        ben.edit(team, phone="2", note="Ask for Ben")
        said(ana, "04-accepted")
        said(ben, "05-merged-with-a-conflict")
        said(ana, "06-hears-of-it")
        said(ana, "07-nothing-new")
        _refused(ana, world, kept)
        world.change("account", team, owner_user_id=ben.admission.user_id)
        said(ana, "09-an-account-leaves")
        _too_old(ana, world, kept)
        ana.create("Carried by file")
        kept += carried("11-file", ana)
        for laptop in (ana, ben):
            laptop.replica.close()
    yield from kept


def _refused(laptop: Laptop, world: World, kept: list[Message]) -> None:
    edit = ChangeEdit("account", b"\x7f" * 16, "update", 1, {"name": "Nobody's"}, {"name": "Mine"})
    change = Change(1_000_000, 0, "edit_account", (edit,))
    request = ExchangeRequest(handshake_of(laptop.replica, 0), (change,))
    Tapped(world, laptop, "08-refused", kept).exchange(request)


def _too_old(laptop: Laptop, world: World, kept: list[Message]) -> None:
    old = msgspec.structs.replace(handshake_of(laptop.replica, 0), protocol=0)
    Tapped(world, laptop, "10-too-old", kept).exchange(ExchangeRequest(old))
