"""A pull of many page sets over HTTP: the next one is asked for while one arrives, and cuts still lose nothing.

A real server over real HTTP behind a bad line, and a real encrypted replica.
"""

from __future__ import annotations

import base64
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.messages import ExchangeReply, ExchangeRequest
from fieldrep.store.incoming.apply import start_over
from fieldrep.store.incoming.receipt import Receipt
from fieldrep.store.replica import Replica
from fieldrep.sync import ahead, engine
from fieldrep.sync.bearer import Heard
from fieldrep.sync.engine import sync
from fieldrep.sync.session import bearer_of, sync_now
from fieldrep.sync.transport import HttpBearer
from tests.e2e.test_lines_that_break import ON_THE_LINE, tried
from tests.helpers.bad_line import Proxy, bad_line
from tests.helpers.served import Served, new_row, served

SHOPS = 200
CUTS = 25
PAGE = 24_000


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many page sets for few rows, each large enough that its head comes before its end."""
    monkeypatch.setattr(engine, "PAGE_BYTES", PAGE)
    monkeypatch.setattr(ahead, "PAGE_BYTES", PAGE)
    monkeypatch.setattr(ahead, "NEAR_SECONDS", 0.0)


@dataclass
class Place:
    """An office with some customers, a rep's replica, and the bad line between them."""

    office: Served
    line: Proxy
    replica: Replica

    def assert_equal(self, receipt: Receipt) -> None:
        assert receipt.whole, receipt
        with self.replica.read() as reader, self.office.database.read() as snapshot:
            question = "SELECT id, name, note FROM account"
            mine = {row[0]: row[1:] for row in reader.rows(question)}
            assert mine == {row[0]: row[1:] for row in snapshot.rows(question)}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, elsewhere: Callable[[], str]) -> Iterator[Place]:
    folder, draw = tmp_path_factory.mktemp("ahead"), random.Random("ahead")
    with served(folder, elsewhere()) as office, bad_line(office.address) as line:
        user = office.make("user", login="ana", name="Ana")
        with office.database.write("import") as tx:
            for n in range(SHOPS):
                note = base64.b85encode(draw.randbytes(480)).decode()
                new_row(tx, "account", name=f"Shop {n}", owner_user_id=user, note=note)
        with office.device(user, "laptop", line.address) as replica:
            yield Place(office, line, replica)


@dataclass
class Told:
    """The line of a device, and what was asked over it and told by heads, in the order in which it happened."""

    bearer: HttpBearer
    seen: list[tuple[str, bytes]] = field(default_factory=list)

    def exchange(self, request: ExchangeRequest) -> ExchangeReply:
        return self._noted(request, self.bearer.exchange)

    def exchange_heard(self, request: ExchangeRequest, heard: Heard) -> ExchangeReply:
        def note(epoch: bytes, cursor: bytes) -> None:
            self.seen.append(("told", cursor))
            heard(epoch, cursor)

        return self._noted(request, lambda asked: self.bearer.exchange_heard(asked, note))

    def _noted(
        self, request: ExchangeRequest, carry: Callable[[ExchangeRequest], ExchangeReply]
    ) -> ExchangeReply:
        self.seen.append(("asked", request.handshake.cursor))
        reply = carry(request)
        self.seen.append(("here", reply.cursor))
        return reply

    def beside(self) -> Told:
        return Told(self.bearer.beside(), self.seen)

    def cut(self) -> None:
        self.bearer.cut()

    def close(self) -> None:
        self.bearer.close()


def test_each_page_set_is_foretold_and_asked_for_once(place: Place) -> None:
    start_over(place.replica)
    told = Told(bearer_of(place.replica))
    before = place.line.connections
    receipt = sync(place.replica, told, ahead=True)
    told.close()
    place.assert_equal(receipt)
    asked = [cursor for kind, cursor in told.seen if kind == "asked"]
    assert len(asked) == len(set(asked)) == receipt.exchanges > 5
    foretold = [cursor for kind, cursor in told.seen if kind == "told"]
    assert foretold == asked[2:], "all but the first, which was not told, and what came behind it"
    assert place.line.connections - before in (1, 2)


def test_cuts_while_two_page_sets_are_on_their_way_lose_nothing(place: Place) -> None:
    draw = random.Random("two at a time")
    start_over(place.replica)
    cuts = 0
    while cuts < CUTS:
        place.line.breaks(draw.choice(["cut reply", "flip reply"]), draw.randrange(4_000, 60_000))
        ended = tried(lambda: sync_now(place.replica))
        if isinstance(ended, Receipt):
            place.assert_equal(ended)
            start_over(place.replica)
            continue
        cuts += 1
        assert ended.code in ON_THE_LINE, ended
    place.line.heals()
    while isinstance(ended := tried(lambda: sync_now(place.replica)), KnownError):
        assert ended.code is Code.SERVER_BUSY, "it makes what was asked for to its end"
    place.assert_equal(ended)


def test_a_device_that_knows_of_no_heads_is_served_as_before(place: Place) -> None:
    start_over(place.replica)
    place.assert_equal(sync(place.replica, Former(bearer_of(place.replica)), ahead=True))


@dataclass
class Former:
    """A bearer as it was before heads were told."""

    bearer: HttpBearer

    def exchange(self, request: ExchangeRequest) -> ExchangeReply:
        return self.bearer.exchange(request)


def test_a_line_that_is_let_go_of_meanwhile_ends_both(place: Place) -> None:
    start_over(place.replica)
    bearer = bearer_of(place.replica)

    def let_go(receipt: Receipt, _left: int) -> None:
        if receipt.exchanges == 3:
            bearer.close()

    with pytest.raises(KnownError) as caught:
        sync(place.replica, bearer, ahead=True, progress=let_go)
    assert caught.value.code is Code.OFFLINE
    while isinstance(ended := tried(lambda: sync_now(place.replica)), KnownError):
        assert ended.code is Code.SERVER_BUSY, "it makes what was asked for to its end"
    place.assert_equal(ended)
