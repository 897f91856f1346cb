"""Five hundred cuts, over first replica, push and delta, and the other ways of a line to go wrong.

A real server over real HTTP behind a bad line, and a real encrypted replica. Whatever happens, nothing is lost, nothing
is taken twice, and the replica goes on from the last page it committed.
"""

from __future__ import annotations

import base64
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.messages import (
    ExchangeReply,
    ExchangeRequest,
    decode_reply,
    decode_request,
    encode_reply,
    encode_request,
)
from fieldrep.store.incoming.apply import start_over
from fieldrep.store.incoming.receipt import Receipt
from fieldrep.store.replica import Replica
from fieldrep.sync import engine, transport
from fieldrep.sync.engine import sync
from fieldrep.sync.session import bearer_of, sync_now
from sync_server.reconcile.exchange import exchange
from sync_server.store.devices.credentials import identify
from sync_server.store.devices.cursor import decode_cursor
from tests.helpers.bad_line import Fault, Proxy, bad_line
from tests.helpers.served import Served, new_row, served

SHOPS = 60
ON_THE_LINE = {Code.OFFLINE, Code.DAMAGED_MESSAGE, Code.NOT_A_SERVER, Code.SERVER_BUSY, Code.SIGN_IN_NEEDED}
BY_WIRE = 22
"""Cuts on real sockets, for each kind of sync."""

IN_PROCESS = {"first replica": 150, "push": 80, "delta": 210}
"""Cuts of the same bytes without them; a push costs the server a commit each time."""


@dataclass
class CutBearer:
    """Carries the very bytes of each message within the process, and cuts, drops or alters one of them.

    Attributes:
        cuts: for each exchange to come, which way ("ask", "answer", "" for none) and at which share of its bytes.
    """

    office: Served
    token: str
    cuts: list[tuple[str, float]] = field(default_factory=list)

    def exchange(self, request: ExchangeRequest) -> ExchangeReply:
        way, share = self.cuts.pop(0) if self.cuts else ("", 0.0)
        asked = encode_request(request)
        if way == "ask":
            with pytest.raises(KnownError, match="Nothing was applied"):
                decode_request(_cut(asked, share))
            raise KnownError(Code.OFFLINE, "cut on the way there")
        device = identify(self.office.database, self.token)
        assert device is not None
        answer = encode_reply(exchange(self.office.database, device, decode_request(asked)))
        if way == "answer":
            with pytest.raises(KnownError, match="Nothing was applied"):
                decode_reply(_cut(answer, share))
            raise KnownError(Code.OFFLINE, "cut on the way back")
        return decode_reply(answer)


def _cut(message: bytes, share: float) -> bytes:
    """The first bytes of a message: none, one, all but one, or as many as the share says."""
    return message[: max(0, min(len(message) - 1, round(share * len(message))))]


@dataclass
class Place:
    """An office with some customers, a rep's replica, and the bad line between them."""

    office: Served
    line: Proxy
    replica: Replica
    user: bytes
    shops: list[bytes]
    edits: int = 0

    def edit(self, count: int = 1) -> None:
        """Changes of different shops that wait."""
        for _ in range(count):
            self.edits += 1
            with self.replica.begin("edit_account", "Edit") as uow:
                uow.update("account", self.shops[self.edits % SHOPS], {"phone": f"{self.edits:06d}"})  # type: ignore[arg-type]

    def news(self) -> None:
        """The office changes some records the rep holds."""
        self.edits += 1
        with self.office.database.write("office") as tx:
            for at in range(0, SHOPS, 7):
                row = tx.row("account", self.shops[at])
                assert row is not None
                tx.stage("account", {**row, "note": f"{self.edits}", "revision": tx.new_revision()})

    def since(self) -> int:
        """How much of the store the replica shows to have committed."""
        position = decode_cursor(self.replica.state().cursor, 1 << 60)
        return position.sent + position.since

    def assert_equal(self, receipt: Receipt) -> None:
        assert receipt.whole, receipt
        assert receipt.digests_equal
        with self.replica.read() as reader, self.office.database.read() as snapshot:
            mine = dict(reader.rows("SELECT id, phone FROM account"))
            theirs = dict(snapshot.rows("SELECT id, phone FROM account"))
            assert mine == theirs
            assert reader.rows("SELECT count(*) FROM refused_change") == [(0,)], "no line condemns a change"
            (taken,) = snapshot.rows("SELECT count(*), count(DISTINCT n) FROM applied_change")
            assert taken[0] == taken[1] == self.replica.state().highest_n, "each change once, none lost"
            assert snapshot.rows("SELECT count(*) FROM conflict") == [(0,)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, elsewhere: Callable[[], str]) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("line")
    with served(folder, elsewhere()) as office, bad_line(office.address) as line:
        user = office.make("user", login="ana", name="Ana")
        with office.database.write("import") as tx:
            shops = [new_row(tx, "account", name=f"Shop {n}", owner_user_id=user) for n in range(SHOPS)]
            for shop in shops:
                for name in ("Berg", "Falk"):
                    new_row(tx, "contact", account_id=shop, family_name=name)
        with office.device(user, "laptop", line.address) as replica:
            made = Place(office, line, replica, user, shops)
            made.assert_equal(sync_now(replica))
            yield made


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many pages for few rows, so that there is much to cut between."""
    monkeypatch.setattr(engine, "PAGE_BYTES", 1_500)


def tried(run: Callable[[], Receipt]) -> Receipt | KnownError:
    """A sync's receipt, or what stopped it."""
    try:
        return run()
    except KnownError as error:
        return error


def begin(place: Place, kind: str) -> None:
    """What the next sync is about."""
    if kind == "first replica":
        start_over(place.replica)
    elif kind == "push":
        place.edit(3)
    else:
        place.news()


@pytest.mark.parametrize("kind", ["first replica", "push", "delta"])
def test_cuts_of_the_wire_lose_and_double_nothing(place: Place, kind: str) -> None:
    draw = random.Random(f"wire {kind}")
    begin(place, kind)
    cuts = 0
    while cuts < BY_WIRE:
        way: Fault = draw.choice(["cut request", "cut reply"])
        passed = place.line.answered if way == "cut reply" else place.line.asked
        place.line.breaks(way, draw.choice([0, 1, max(0, passed - 1), draw.randrange(4_000)]))
        before = place.since() if kind == "first replica" else 0
        ended = tried(lambda: sync_now(place.replica))
        if isinstance(ended, Receipt):
            place.assert_equal(ended)
            begin(place, kind)
            continue
        cuts += 1
        assert ended.code in ON_THE_LINE, ended
        assert kind != "first replica" or place.since() >= before, "it never goes back"
    place.line.heals()
    place.assert_equal(sync_now(place.replica))


@pytest.mark.parametrize("kind", ["first replica", "push", "delta"])
def test_cuts_of_the_same_bytes_within_the_process_lose_and_double_nothing(place: Place, kind: str) -> None:
    draw = random.Random(f"bytes {kind}")
    bearer = CutBearer(place.office, place.replica.secret("token"))
    begin(place, kind)
    cuts = 0
    while cuts < IN_PROCESS[kind]:
        clean = draw.randrange(4) if kind == "first replica" else draw.choice([0, 0, 0, 0, 1])
        share = draw.choice([0.0, 1e-9, 1.0, draw.random()])
        bearer.cuts = [("", 0.0)] * clean + [(draw.choice(["ask", "answer"]), share)]
        before = place.since()
        ended = tried(lambda: sync(place.replica, bearer))
        if isinstance(ended, Receipt):
            place.assert_equal(ended)
            begin(place, kind)
            continue
        cuts += 1
        assert ended.code is Code.OFFLINE, ended
        if kind == "first replica":
            assert (place.since() > before) == (clean > 0), "all that came whole before the cut is kept"
    bearer.cuts = []
    place.assert_equal(sync(place.replica, bearer))


def test_a_first_replica_that_is_cut_again_and_again_goes_on_from_its_last_page(place: Place) -> None:
    """With each attempt cut in its second reply, the first replica still comes to its end, a page at a time."""
    start_over(place.replica)
    bearer = CutBearer(place.office, place.replica.secret("token"))
    attempts, before = 0, -1
    while True:
        bearer.cuts = [("", 0.0), ("answer", 0.5)]
        try:
            receipt = sync(place.replica, bearer)
        except KnownError:
            attempts += 1
            assert place.since() > before
            before = place.since()
        else:
            break
    assert attempts > 10
    bearer.cuts = []
    place.assert_equal(sync(place.replica, bearer))
    assert receipt.exchanges == 1


def test_a_request_that_arrives_twice_is_taken_once(place: Place) -> None:
    place.line.breaks("duplicate")
    repeated = place.line.repeated
    for _ in range(5):
        place.edit(2)
        place.assert_equal(sync_now(place.replica))
    assert place.line.repeated >= repeated + 5
    place.line.heals()


def test_requests_that_arrive_after_newer_ones_change_nothing(place: Place) -> None:
    place.edit(2)
    place.line.breaks("late")
    for _ in range(3):
        with pytest.raises(KnownError):
            sync_now(place.replica)
        place.edit()
    place.line.heals()
    place.assert_equal(sync_now(place.replica))
    place.edit()
    assert place.line.deliver_late() == 3
    place.assert_equal(sync_now(place.replica))


@pytest.mark.parametrize("fault", ["flip request", "flip reply"])
def test_an_altered_byte_is_never_believed(place: Place, fault: Fault) -> None:
    draw = random.Random(fault)
    for _ in range(12):
        place.edit()
        place.line.breaks(fault, draw.randrange(300, 700))
        ended = tried(lambda: sync_now(place.replica))
        assert isinstance(ended, Receipt) or ended.code in ON_THE_LINE | {Code.UNAUTHORISED}, ended
    place.line.heals()
    place.assert_equal(sync_now(place.replica))


def test_a_line_that_drips_is_slow_and_not_dead(place: Place) -> None:
    place.edit()
    place.line.breaks("drip")
    place.assert_equal(sync_now(place.replica))
    place.line.heals()


def test_a_half_open_line_is_given_up_and_what_waits_stays(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "SILENCE_SECONDS", 0.3)
    place.edit()
    place.line.breaks("half open")
    with pytest.raises(KnownError) as caught:
        sync_now(place.replica)
    assert caught.value.code is Code.OFFLINE
    assert "stopped answering" in caught.value.sentence
    assert place.replica.depth() == 1
    place.line.heals()
    monkeypatch.undo()
    place.assert_equal(sync_now(place.replica))


def test_a_portal_changes_nothing_and_is_named(place: Place) -> None:
    place.edit()
    before = place.replica.state()
    place.line.breaks("portal")
    with pytest.raises(KnownError) as caught:
        sync_now(place.replica)
    assert caught.value.code is Code.SIGN_IN_NEEDED
    assert place.replica.state() == before
    place.line.heals()
    bearer = bearer_of(place.replica)
    try:
        place.assert_equal(sync(place.replica, bearer))
    finally:
        bearer.close()


def test_a_line_that_breaks_off_whatever_is_large_still_brings_everything(
    tmp_path: Path, elsewhere: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No connection lets more than 40,000 bytes through, and one reply would be several times that."""
    monkeypatch.setattr(engine, "PAGE_BYTES", 1_200_000)
    draw = random.Random("large")
    with served(tmp_path, elsewhere()) as office, bad_line(office.address) as line:
        user = office.make("user", login="ana", name="Ana")
        with office.database.write("import") as tx:
            for n in range(250):
                note = base64.b85encode(draw.randbytes(480)).decode()
                new_row(tx, "account", name=f"Shop {n}", owner_user_id=user, note=note)
        with office.device(user, "laptop", line.address) as replica:
            line.breaks("cut reply", 40_000)
            position = -1
            while not isinstance(ended := tried(lambda: sync_now(replica)), Receipt):
                assert ended.code is Code.OFFLINE
                reached = decode_cursor(replica.state().cursor, 1 << 60)
                assert reached.sent > position, "each attempt brings something"
                position = reached.sent
            assert ended.digests_equal
            assert ended.mine is not None
            assert ended.mine.count >= 250


def test_a_line_that_breaks_off_large_requests_still_takes_everything_away(
    tmp_path: Path, elsewhere: Callable[[], str]
) -> None:
    """No connection lets more than 40,000 bytes up, and all that waits would be several times that."""
    draw = random.Random("large")
    with served(tmp_path, elsewhere()) as office, bad_line(office.address) as line:
        user = office.make("user", login="ana", name="Ana")
        with office.device(user, "laptop", line.address) as replica:
            for n in range(250):
                with replica.begin("create_account", "New") as uow:
                    note = base64.b85encode(draw.randbytes(480)).decode()
                    uow.create("account", {"name": f"Shop {n}", "lifecycle": "prospect", "note": note})
            line.breaks("cut request", 40_000)
            tries = 0
            while not isinstance(ended := tried(lambda: sync_now(replica)), Receipt):
                waited, tries = replica.depth(), tries + 1
                assert (ended.code, tries < 20) == (Code.OFFLINE, True)
                assert waited < 250, "each attempt takes something away"
            Place(office, line, replica, user, []).assert_equal(ended)
            assert replica.depth() == 0


def test_a_line_that_carries_nothing_is_not_asked_again_and_again(
    tmp_path: Path, elsewhere: Callable[[], str]
) -> None:
    with served(tmp_path, elsewhere()) as office, bad_line(office.address) as line:
        user = office.make("user", login="ana", name="Ana")
        with office.device(user, "laptop", line.address) as replica:
            for n in range(900):
                with replica.begin("create_account", "New") as uow:
                    uow.create("account", {"name": f"Shop {n}", "lifecycle": "prospect"})
            line.breaks("drop request")
            before = line.connections
            with pytest.raises(KnownError):
                sync_now(replica)
            assert line.connections - before <= 3
            assert replica.depth() == 900
