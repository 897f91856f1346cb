"""The demo company as a whole: made from a seed and a day, and put into an empty central store in one transaction."""

from __future__ import annotations

from datetime import date

from fieldrep.contract.catalogue import ENTITIES
from fieldrep.contract.errors import Code, KnownError
from sync_server.interchange.demo.customers import make_customers
from sync_server.interchange.demo.goods import make_goods
from sync_server.interchange.demo.talk import make_activities
from sync_server.interchange.demo.team import MANAGER, make_team
from sync_server.interchange.demo.trade import make_trade
from sync_server.interchange.demo.world import World
from sync_server.interchange.loading import Count, Loader
from sync_server.interchange.records import Record
from sync_server.interchange.rejects import Reject
from sync_server.store.database import Database

ALL_AT_ONCE = 1_000_000


def make_company(seed: int, today: date) -> dict[str, list[Record]]:
    """All records of the company, per entity; the same for the same seed and day."""
    world = World(seed, today)
    make_team(world)
    articles = make_goods(world)
    customers = make_customers(world)
    make_trade(world, customers, articles)
    make_activities(world, customers, articles)
    return world.records


def seed_company(database: Database, seed: int, today: date) -> dict[str, Count]:
    """Puts the company into the store, whole or not at all; one that is there already is left as it is.

    Raises:
        KnownError: `already_exists`, when the store holds other people's records.
    """
    with database.read() as snapshot:
        if snapshot.row("user", World(seed, today).row_id("user", MANAGER)) is not None:
            return {}
        if next(iter(snapshot.all("user")), None) is not None:
            raise KnownError(
                Code.ALREADY_EXISTS,
                "This central store holds records already, so the demo company was not put into it. "
                "Make an empty store in another folder (FIELDREP_SERVER_HOME) and try again.",
            )
    records = make_company(seed, today)
    with Loader(database, _refuse, transaction=ALL_AT_ONCE, remember=False) as loader:
        for entity in ENTITIES:
            made = records.get(entity.name, [])
            for record in made:
                loader.first_time(entity, record.row_id)
            loader.load(entity, made)
    return loader.counts


def _refuse(reject: Reject) -> None:
    """A record of ours that the catalogue refuses is a fault of this package."""
    raise ValueError(reject.sentence)
