"""What a copy of a wiped laptop hears: to wipe itself, or that it is a copy with work of its own. Both databases."""

from __future__ import annotations

from pathlib import Path

import msgspec

from fieldrep.contract.bundle import Keys
from fieldrep.contract.messages import ExchangeRequest, Verdict
from fieldrep.contract.wiping import Destroyed, receipt_of
from fieldrep.store.replica import DEVICE_KEY
from fieldrep.sync.handshake import handshake_of
from sync_server.reconcile.exchange import last_word
from sync_server.store.devices.wiping import cancel_wipe, note_wiped, order_for_barred
from sync_server.store.proof.verify import verify
from sync_server.store.restoring.backup import restore
from tests.store_suite.laptop import Laptop, keep
from tests.store_suite.test_wiping import order
from tests.store_suite.world import SeededBytes, World


def wiped(world: World, laptop: Laptop) -> None:
    """The office has the receipt of its wipe; the replica that is left stands for a copy of it."""
    keys, who = Keys(bytes.fromhex(laptop.replica.secret(DEVICE_KEY))), laptop.admission
    note_wiped(world.database, receipt_of(keys, who.server_id, who.device_id, Destroyed()))


def shown(laptop: Laptop) -> ExchangeRequest:
    """How it speaks next."""
    changes = tuple(laptop.replica.waiting(10, 1_000_000))
    return ExchangeRequest(handshake_of(laptop.replica), changes, 1_000_000)


def heard(world: World, laptop: Laptop, request: ExchangeRequest) -> Verdict:
    """What it hears; nothing is ever taken of it or given to it."""
    with world.database.read() as reader:
        barred, info = order_for_barred(reader, laptop.admission.token), reader.info()
    assert barred is not None
    reply = last_word(world.database, info, barred, request)
    assert (reply.outcomes, reply.pages, reply.leaves, reply.cursor, reply.digest) == ((), (), (), b"", None)
    assert (reply.wipe is not None) is (reply.verdict is Verdict.WIPE)
    return reply.verdict


def test_one_that_shows_only_what_the_store_has_answered_is_wiped(world: World, ana: Laptop) -> None:
    ana.create("Sent by both")
    request = shown(ana)
    ana.sync()
    order(world, ana)
    wiped(world, ana)
    assert heard(world, ana, request) is Verdict.WIPE
    assert heard(world, ana, shown(ana)) is Verdict.WIPE


def test_one_that_shows_something_else_keeps_it_also_after_a_restore(
    world: World, ana: Laptop, tmp_path: Path
) -> None:
    ana.create("Sent by both")
    request = shown(ana)
    (change,) = request.changes
    ana.sync()
    keep(world, tmp_path)
    order(world, ana)
    wiped(world, ana)
    other = msgspec.structs.replace(change, command="another")
    more = msgspec.structs.replace(request.handshake, waiting=2)
    held_back = msgspec.structs.replace(request.handshake, held_back=1)
    ways = (
        msgspec.structs.replace(request, changes=(other,)),
        msgspec.structs.replace(request, handshake=more),
        msgspec.structs.replace(request, handshake=held_back),
    )
    assert [heard(world, ana, way) for way in ways] == [Verdict.ENROL_AGAIN] * 3
    restore(world.url, tmp_path / "kept", world.clock, SeededBytes(9))
    assert [heard(world, ana, way) for way in ways] == [Verdict.ENROL_AGAIN] * 3
    order(world, ana, lost=True)
    assert [heard(world, ana, way) for way in ways] == [Verdict.WIPE] * 3
    assert verify(world.database) == []


def test_an_order_that_was_taken_back_while_it_was_carried_out_stands_for_no_copy(
    world: World, ana: Laptop
) -> None:
    order(world, ana)
    with world.write() as tx:
        cancel_wipe(tx, ana.admission.device_id)
    wiped(world, ana)
    with world.database.read() as reader:
        assert order_for_barred(reader, ana.admission.token) is None
