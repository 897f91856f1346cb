"""A device with nothing to say, for which there is nothing new, is answered by one statement; any other is not."""

from __future__ import annotations

import msgspec
import pytest

from fieldrep.contract.change import Change
from fieldrep.contract.comparison import Question
from fieldrep.contract.messages import EnrollReply, ExchangeReply, ExchangeRequest, Handshake, Verdict
from sync_server.reconcile.exchange import at_a_glance, exchange
from sync_server.store.devices import credentials
from sync_server.store.devices.cursor import Cursor, encode_cursor
from sync_server.store.devices.glance import glance
from sync_server.store.moments import QUARTER_MS
from sync_server.store.office.admin import disable_user
from tests.store_suite.test_credentials import admitted
from tests.store_suite.world import World


class Asking:
    """A device that is up to date and asks again and again, and the store it asks."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.user_id = world.user("ana")
        self.account_id = world.account(self.user_id)
        self.device: EnrollReply = admitted(world, self.user_id)
        told = Handshake(
            1, 1, "0.1.0", b"i" * 16, server_id=self.device.server_id, epoch=self.device.epoch, highest_n=7
        )
        first = self.at_length(ExchangeRequest(told))
        assert not first.more
        self.request = ExchangeRequest(
            msgspec.structs.replace(told, cursor=first.cursor, digest=first.digest)
        )
        self.at_length(self.request)  # what it tells is noted with this one

    def at_length(self, request: ExchangeRequest) -> ExchangeReply:
        known = credentials.identify(self.world.database, self.device.token)
        assert known is not None
        return exchange(self.world.database, known, request)

    def at_a_glance(self, request: ExchangeRequest | None = None) -> ExchangeReply | None:
        seen = glance(self.world.database, self.device.token)
        assert seen is not None
        return at_a_glance(self.world.database, seen, request or self.request)

    def telling(self, **news: object) -> ExchangeRequest:
        handshake = msgspec.structs.replace(self.request.handshake, **news)
        return msgspec.structs.replace(self.request, handshake=handshake)


@pytest.fixture
def asking(world: World) -> Asking:
    return Asking(world)


def test_the_answer_at_a_glance_is_the_one_of_the_longer_way(asking: Asking) -> None:
    short, long = asking.at_a_glance(), asking.at_length(asking.request)
    assert short is not None
    assert msgspec.structs.replace(short, server_time=long.server_time) == long
    assert short.digest is not None
    assert short.digest.count > 0
    assert short.digest == asking.world.fresh(asking.user_id).digest()


def test_what_everybody_holds_counts_in_the_digest_of_a_glance(asking: Asking) -> None:
    asking.world.make("product", sku="P1", name="Pump")
    seen = glance(asking.world.database, asking.device.token)
    assert seen is not None
    with asking.world.database.read() as reader:
        assert seen.digest == reader.digest_of(asking.user_id)
        assert (seen.info, seen.device) == (
            reader.info(),
            credentials.identify_in(reader, asking.device.token),
        )


def test_a_device_for_which_there_is_something_new_is_not_answered_at_a_glance(asking: Asking) -> None:
    asking.world.change("account", asking.account_id, name="Shop & Sons")
    assert asking.at_a_glance() is None
    assert asking.at_length(asking.request).pages


def test_a_device_with_something_to_say_is_not_answered_at_a_glance(asking: Asking) -> None:
    ask = asking.request
    assert asking.at_a_glance(msgspec.structs.replace(ask, changes=(Change(8, 5, "nothing", ()),))) is None
    assert asking.at_a_glance(msgspec.structs.replace(ask, further=True)) is None
    assert asking.at_a_glance(msgspec.structs.replace(ask, refused=(1,))) is None
    assert asking.at_a_glance(msgspec.structs.replace(ask, question=Question())) is None
    assert asking.at_a_glance(asking.telling(highest_n=8)) is None, "its newest number has to be noted"
    assert asking.at_a_glance(asking.telling(waiting=1)) is None
    assert asking.at_a_glance() is not None


def test_a_device_that_stands_elsewhere_is_not_answered_at_a_glance(asking: Asking) -> None:
    revision = asking.world.database.info().revision
    for cursor in (
        b"",
        b"no cursor",
        encode_cursor(Cursor(revision - 1, revision)),
        encode_cursor(Cursor(revision + 1, revision + 1)),
        encode_cursor(Cursor(revision - 1, revision - 1)),
    ):
        assert asking.at_a_glance(asking.telling(cursor=cursor)) is None, cursor
    for elsewhere in (
        {"epoch": b"e" * 16},
        {"server_id": b"s" * 16},
        {"incarnation": b"j" * 16},
        {"protocol": 9},
    ):
        assert asking.at_a_glance(asking.telling(**elsewhere)) is None, elsewhere
        assert asking.at_length(asking.telling(**elsewhere)).verdict is not Verdict.CONTINUE


def test_once_a_minute_a_device_is_noted_and_each_new_day_is_settled_before_a_glance(asking: Asking) -> None:
    asking.world.clock.at += 60_000
    assert asking.at_a_glance() is None
    asking.at_length(asking.request)
    assert asking.at_a_glance() is not None
    asking.world.clock.at += QUARTER_MS
    assert asking.at_a_glance() is None
    asking.at_length(asking.request)
    assert asking.world.database.is_settled()
    asking.at_length(asking.request)
    assert asking.at_a_glance() is not None


def test_nobody_who_is_not_admitted_sees_anything_at_a_glance(asking: Asking) -> None:
    database, token = asking.world.database, asking.device.token
    assert glance(database, token) is not None
    for stranger in (
        "",
        "frd_",
        "other_x",
        token[:-1],
        token + "x",
        token.lower(),
        "frd_é",
        token + "y" * 300,
    ):
        assert glance(database, stranger) is None, stranger
    with asking.world.write() as tx:
        disable_user(tx, "ana")
    assert glance(database, token) is None


def test_a_withdrawn_device_is_answered_no_more(asking: Asking) -> None:
    with asking.world.write() as tx:
        credentials.revoke(tx, asking.device.device_id, "lost")
    assert glance(asking.world.database, asking.device.token) is None
