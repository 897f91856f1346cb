"""A small seeded history whose messages are kept: two people on one customer, a refusal, a move, an old app, a file.

Owns the history. Must not know how messages are kept or compared.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import msgspec

from fieldrep.contract.bundle import SEED_BYTES
from fieldrep.contract.change import Change
from fieldrep.contract.change import Edit as ChangeEdit
from fieldrep.contract.ids import RowId
from fieldrep.contract.messages import (
    ExchangeReply,
    ExchangeRequest,
    decode_reply,
    decode_request,
    encode_reply,
    encode_request,
)
from fieldrep.sync.bundle import write_request
from fieldrep.sync.engine import sync
from fieldrep.sync.handshake import handshake_of
from sync_server.admin.bundles import open_request, write_answer
from sync_server.reconcile.exchange import exchange
from sync_server.store.credentials import identify
from sync_server.store.database import Database
from tests.store_suite.laptop import Laptop
from tests.store_suite.world import SeededBytes, SteppingClock, World

Message = tuple[str, bytes]


class Tapped:
    """The direct way to the server, which keeps the bytes of both sides under a name."""

    def __init__(self, world: World, laptop: Laptop, name: str, kept: list[Message]) -> None:
        self._world, self._laptop, self._name, self._kept = world, laptop, name, kept
        self._count = 0

    def exchange(self, request: ExchangeRequest) -> ExchangeReply:
        self._count += 1
        device = identify(self._world.database, self._laptop.admission.token)
        assert device is not None
        body = encode_request(request)
        answer = encode_reply(exchange(self._world.database, device, decode_request(body)))
        name = f"{self._name}-{self._count}"
        self._kept += [(f"{name}.request", body), (f"{name}.reply", answer)]
        return decode_reply(answer)


def messages(folder: Path) -> Iterator[Message]:
    """Every message of the history by its file's name, in order."""
    url = f"sqlite:///{folder}/central.db"
    Database.create(url, SteppingClock(), SeededBytes(0)).close()
    world, kept = World(url), list[Message]()
    ana = Laptop(folder, world, world.user("ana"), "ana")
    ben = Laptop(folder, world, world.user("ben", manager=None), "ben")
    team = world.account(ana.admission.user_id, name="Herberg De Toren")
    world.make("account_team", account_id=team, user_id=ben.admission.user_id, team_role="inside")

    def said(laptop: Laptop, name: str) -> None:
        sync(laptop.replica, Tapped(world, laptop, name, kept))

    said(ana, "01-first-replica")
    said(ben, "02-first-replica-of-another")
    ana.create("Made offline")
    said(ana, "03-created")
    ana.edit(RowId(team), phone="1")
    ben.edit(RowId(team), phone="2", note="Ask for Ben")
    said(ana, "04-accepted")
    said(ben, "05-merged-with-a-conflict")
    said(ana, "06-hears-of-it")
    said(ana, "07-nothing-new")
    _refused(ana, world, kept)
    world.change("account", RowId(team), owner_user_id=ben.admission.user_id)
    said(ana, "09-an-account-leaves")
    _too_old(ana, world, kept)
    kept += _carried(ana, world)
    yield from kept
    for laptop in (ana, ben):
        laptop.replica.close()
    world.close()


def _refused(laptop: Laptop, world: World, kept: list[Message]) -> None:
    edit = ChangeEdit("account", b"\x7f" * 16, "update", 1, {"name": "Nobody's"}, {"name": "Mine"})
    change = Change(1_000_000, 0, "edit_account", (edit,))
    request = ExchangeRequest(handshake_of(laptop.replica, 0), (change,))
    Tapped(world, laptop, "08-refused", kept).exchange(request)


def _too_old(laptop: Laptop, world: World, kept: list[Message]) -> None:
    old = msgspec.structs.replace(handshake_of(laptop.replica, 0), protocol=0)
    Tapped(world, laptop, "10-too-old", kept).exchange(ExchangeRequest(old))


def _carried(laptop: Laptop, world: World) -> list[Message]:
    """A file and its answer, and the seeds that open them."""
    laptop.create("Carried by file")
    asked, answered = io.BytesIO(), io.BytesIO()
    write_request(laptop.replica, asked)
    write_answer(world.database, open_request(world.database, asked), answered)
    device = bytes.fromhex(laptop.replica.secret("device_key"))
    with world.database.read() as reader:
        (server,) = reader.rows("SELECT seed FROM bundle_key")[0]
    assert len(device) == len(server) == SEED_BYTES
    return [
        ("11-file.request-bundle", asked.getvalue()),
        ("11-file.reply-bundle", answered.getvalue()),
        ("11-file.seeds", device + bytes(server)),
    ]
