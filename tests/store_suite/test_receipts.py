"""The receipts that stay on a laptop: of each sync that did anything, by line or by stick, and of one that failed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from fieldrep.commands.attachments import add_attachment
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.messages import ExchangeReply, ExchangeRequest
from fieldrep.store.incoming import receipts
from fieldrep.store.incoming.receipt import with_files
from fieldrep.store.incoming.receipts import KeptReceipt, Way, newest, spans, tell_files
from fieldrep.sync.engine import sync
from tests.helpers.in_process import InProcess
from tests.store_suite.laptop import Laptop, office
from tests.store_suite.world import World


def kept(laptop: Laptop) -> tuple[KeptReceipt, ...]:
    with laptop.replica.read() as reader:
        return newest(reader)


@dataclass
class Breaking:
    """A line that breaks at one exchange, with an error of the line's."""

    bearer: InProcess
    at: int
    code: Code
    exchanges: int = 0

    def exchange(self, request: ExchangeRequest) -> ExchangeReply:
        self.exchanges += 1
        if self.exchanges >= self.at:
            raise KnownError(self.code, f"It ended with {self.code}.")
        return self.bearer.exchange(request)


def broken(laptop: Laptop, at: int, code: Code, page_bytes: int = 1_000_000) -> None:
    line = InProcess(laptop.world.database, laptop.admission.token, page_bytes)
    with pytest.raises(KnownError):
        sync(laptop.replica, Breaking(line, at, code))


def test_each_sync_that_did_anything_leaves_its_receipt_and_the_numbers_of_its_changes(
    ana: Laptop, world: World
) -> None:
    ana.create("One")
    ana.create("Two")
    first = ana.sync()
    world.account(ana.admission.user_id, name="From the office")
    second = ana.sync()
    ana.create("Three")
    third = ana.sync()

    assert [(one.receipt, one.changes, one.way, one.code) for one in kept(ana)] == [
        (third, ((3, 3),), Way.LINE, ""),
        (second, (), Way.LINE, ""),
        (first, ((1, 2),), Way.LINE, ""),
    ]
    assert all(one.at == one.receipt.at for one in kept(ana))


def test_a_sync_that_finds_nothing_writes_nothing(ana: Laptop) -> None:
    ana.create("One")
    ana.sync()
    before, writes = kept(ana), ana.replica._writes

    assert ana.sync().sentence.startswith("Nothing new on either side")

    assert ana.replica._writes == writes
    assert kept(ana) == before


def test_a_sync_by_stick_is_told_as_one_also_when_its_answer_was_read_before(
    ana: Laptop, world: World
) -> None:
    ana.create("One")
    answer = office(world, ana.out())
    first, again = ana.into(answer), ana.into(answer)

    assert [(one.way, one.receipt) for one in kept(ana)] == [(Way.STICK, again), (Way.STICK, first)]
    assert again.sentence.startswith("What this file brings is here already: it was read before")
    assert kept(ana)[1].changes == ((1, 1),)


def test_a_line_that_is_not_there_leaves_no_receipt(ana: Laptop) -> None:
    ana.create("One")
    for code in (Code.OFFLINE, Code.NAME_UNKNOWN, Code.SERVER_BUSY, Code.DISK_FULL):
        broken(ana, 1, code)
    assert kept(ana) == ()


def test_a_line_that_broke_on_the_way_says_what_had_come_through(ana: Laptop, world: World) -> None:
    for number in range(300):
        world.account(ana.admission.user_id, name=f"Office {number}")
    ana.create("One")
    broken(ana, 3, Code.OFFLINE, page_bytes=4_000)

    (one,) = kept(ana)
    assert (one.code, one.changes, one.receipt.accepted) == ("offline", ((1, 1),), 1)
    assert one.receipt.sentence.startswith("It ended with offline. Before that: 1 sent, ")
    assert one.receipt.pulled > 0
    assert one.receipt.digests_equal is None


def test_the_same_failure_is_told_once_until_a_sync_went_through(ana: Laptop) -> None:
    for _ in range(3):
        broken(ana, 1, Code.PROXY_REFUSES)
    broken(ana, 1, Code.CERTIFICATE)
    ana.create("One")
    ana.sync()
    broken(ana, 1, Code.CERTIFICATE)
    assert [one.code for one in kept(ana)] == ["certificate", "", "certificate", "proxy_refuses"]


def test_that_the_server_bars_the_laptop_is_kept(ana: Laptop) -> None:
    for _ in range(2):
        broken(ana, 1, Code.DEVICE_LOCKED)
    (one,) = kept(ana)
    assert one.code == "device_locked"
    assert one.receipt.sentence == ana.replica.state().barred


def test_the_receipt_says_which_files_wait_once_they_had_their_turn(ana: Laptop, tmp_path: Path) -> None:
    shop = ana.create("Shop")
    (tmp_path / "Shelf.txt").write_text("three rows")
    add_attachment(ana.replica, path=str(tmp_path / "Shelf.txt"), account_id=shop)
    since = ana.replica.clock()
    receipt = ana.sync()
    with ana.replica.read() as reader:
        told = with_files(receipt, reader)
    tell_files(ana.replica, ana.replica.clock() + 1_000_000, told)
    assert kept(ana)[0].receipt.files_waiting == 0, "an older sync's receipt is left alone"

    tell_files(ana.replica, since, told)

    (one,) = kept(ana)
    assert (one.receipt, one.receipt.files_waiting) == (told, 1)
    assert one.changes == ((1, 2),)


def test_the_oldest_receipts_go(ana: Laptop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipts, "MOST_KEPT", 3)
    for number in range(5):
        ana.create(f"Shop {number}")
        ana.sync()
    assert [one.changes for one in kept(ana)] == [((5, 5),), ((4, 4),), ((3, 3),)]


def test_numbers_that_follow_each_other_are_one_span() -> None:
    assert spans({9, 1, 3, 2, 7, 8}) == ((1, 3), (7, 9))
    assert spans(()) == ()
