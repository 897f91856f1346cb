"""Rows altered behind the app's back: the next daily count finds exactly those, fetches them again and says so.

Real replicas whose files are written with plain SQL; the questions that travel are counted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldrep.contract.ids import RowId
from fieldrep.contract.messages import ExchangeReply, ExchangeRequest, encode_reply, encode_request
from fieldrep.store.incoming.receipt import Receipt
from fieldrep.store.repairing.repair import repair
from fieldrep.store.replica import Replica
from fieldrep.store.state import COUNT_ANEW
from fieldrep.store.verify import verify
from fieldrep.sync.engine import sync
from sync_server.store.office.admin import devices
from sync_server.store.restoring.returns import restore_report
from tests.helpers.in_process import InProcess
from tests.store_suite.laptop import KEY, Laptop, go_back, keep, office
from tests.store_suite.world import World, new_row


class Counting(InProcess):
    """The line, and what went over it for comparing."""

    def __init__(self, laptop: Laptop) -> None:
        super().__init__(laptop.world.database, laptop.admission.token)
        self.questions = 0
        self.bytes = 0
        self.asked: set[bytes] = set()

    def exchange(self, request: ExchangeRequest) -> ExchangeReply:
        reply = super().exchange(request)
        if request.question is not None:
            self.questions += 1
            self.bytes += len(encode_request(request)) + len(encode_reply(reply))
            self.asked |= {row_id for _, row_id in request.question.rows}
        return reply


@pytest.fixture
def ana(world: World, tmp_path: Path) -> Iterator[Laptop]:
    laptop = Laptop(tmp_path, world, world.user("ana"), "ana")
    for start in range(0, 300, 100):
        with world.write() as tx:
            for number in range(start, start + 100):
                account = new_row(
                    tx, "account", name=f"Shop {number}", owner_user_id=laptop.admission.user_id
                )
                for _ in range(4):
                    new_row(tx, "contact", account_id=account, family_name="Smit")
    laptop.sync()
    yield laptop
    laptop.replica.close()


def a_day_later(laptop: Laptop) -> tuple[Receipt, Counting]:
    laptop.world.clock.pass_days(1)
    line = Counting(laptop)
    return sync(laptop.replica, line), line


def rows(laptop: Laptop, entity: str) -> dict[bytes, tuple[object, ...]]:
    with laptop.replica.read() as reader:
        found = reader.rows(f"SELECT * FROM {entity} ORDER BY id")  # noqa: S608
    return {row[1]: row[2:] for row in found}


def test_a_flipped_a_deleted_and_an_added_row_are_found_and_repaired_and_no_others(
    world: World, ana: Laptop
) -> None:
    accounts, people = rows(ana, "account"), rows(ana, "contact")
    flipped, deleted, added = sorted(accounts)[7], sorted(people)[100], b"x" * 16
    with ana.replica.write() as connection:
        connection.execute("UPDATE account SET name = 'Altered' WHERE id = ?", (flipped,))
        connection.execute("DELETE FROM contact WHERE id = ?", (deleted,))
        others = ", ".join(name for name in columns(ana) if name not in ("row_no", "id"))
        copied = f"INSERT INTO contact SELECT NULL, ?, * FROM (SELECT {others} FROM contact LIMIT 1)"  # noqa: S608
        connection.execute(copied, (added,))

    receipt, line = a_day_later(ana)

    assert line.asked == {flipped, deleted, added}
    assert (receipt.repaired, receipt.started_over, receipt.digests_equal) == (3, False, True)
    assert "3 records differed from the server" in receipt.sentence
    assert rows(ana, "account") == accounts
    assert rows(ana, "contact") == people
    assert (line.questions, line.bytes < 60_000) == (6, True), line.bytes
    with world.database.read() as reader:
        (entry,) = reader.rows("SELECT detail FROM audit_entry WHERE action = 'repair_rows'")
        (device,) = devices(reader)
    assert json.loads(entry[0])["records"] == 3
    assert device["repaired_at"] is not None
    again, line = a_day_later(ana)
    assert (again.repaired, line.questions, again.exchanges) == (0, 0, 1)


def columns(laptop: Laptop) -> list[str]:
    with laptop.replica.read() as reader:
        return [row[1] for row in reader.rows("PRAGMA table_info(contact)")]


def altered(laptop: Laptop) -> None:
    """A contact that says other words, another that is gone."""
    first, second = sorted(rows(laptop, "contact"))[:2]
    with laptop.replica.write() as connection:
        connection.execute("UPDATE contact SET family_name = 'Evil' WHERE id = ?", (first,))
        connection.execute("DELETE FROM contact WHERE id = ?", (second,))


def checked(laptop: Laptop) -> list[str]:
    with laptop.replica.read() as reader:
        return [finding.check for finding in verify(reader)]


def test_what_a_check_found_is_fetched_by_the_next_sync_and_search_knows_it(
    world: World, ana: Laptop, tmp_path: Path
) -> None:
    people = rows(ana, "contact")
    some = RowId(sorted(rows(ana, "account"))[3])
    ana.edit(some, note="entered here")
    altered(ana)
    ana.replica.close()

    done = repair(tmp_path / "ana.db", KEY, world.clock())
    assert (done.sound, done.kept_as) == (False, "")
    assert "fieldrep sync" in done.sentence
    ana.replica = Replica.open(tmp_path / "ana.db", KEY, world.clock, ana.random)
    line = Counting(ana)
    receipt = sync(ana.replica, line)

    assert (receipt.accepted, receipt.repaired, len(line.asked), receipt.digests_equal) == (1, 2, 2, True)
    assert rows(ana, "contact") == people
    assert checked(ana) == []
    again = Counting(ana)
    sync(ana.replica, again)
    assert again.questions == 0, "counted anew once"
    ana.replica.close()
    assert repair(tmp_path / "ana.db", KEY, world.clock()).sound


def test_what_a_check_found_is_asked_for_on_a_stick_as_well(world: World, ana: Laptop) -> None:
    people = rows(ana, "contact")
    altered(ana)
    ana.replica.change_state(examined_at=COUNT_ANEW)

    receipt = ana.into(office(world, ana.out()))

    assert (receipt.started_over, receipt.digests_equal) == (True, True)
    assert rows(ana, "contact") == people
    assert checked(ana) == []
    assert ana.into(office(world, ana.out())).started_over is False


def test_without_differences_nothing_is_asked_and_pending_edits_are_none(world: World, ana: Laptop) -> None:
    some = RowId(sorted(rows(ana, "account"))[3])
    ana.edit(some, note="entered here")
    receipt, line = a_day_later(ana)
    assert (receipt.accepted, receipt.repaired, line.questions, receipt.digests_equal) == (1, 0, 0, True)
    ana.edit(some, note="and again")
    with ana.replica.write() as connection:
        connection.execute("UPDATE account SET name = 'Altered' WHERE id <> ? AND name = 'Shop 5'", (some,))
    receipt, line = a_day_later(ana)
    assert (receipt.accepted, receipt.repaired, len(line.asked), receipt.digests_equal) == (1, 1, 1, True)


def test_where_too_much_differs_all_is_fetched_afresh(world: World, ana: Laptop) -> None:
    with ana.replica.write() as connection:
        connection.execute("UPDATE contact SET family_name = 'Altered'")

    receipt, line = a_day_later(ana)

    assert (receipt.started_over, receipt.digests_equal, receipt.repaired) == (True, True, 0)
    assert line.asked == set()


def test_a_question_about_what_a_user_does_not_hold_is_answered_as_if_it_were_not_there(
    world: World, ana: Laptop
) -> None:
    from fieldrep.contract.comparison import Question, bucket_of
    from fieldrep.sync.handshake import handshake_of

    foreign = world.account(world.user("ben"), name="Ben's")
    key = b"A" + foreign
    line = Counting(ana)
    for question in (
        Question(parts=((bucket_of(key), key),)),
        Question(parts=((bucket_of(key), key, b"account", foreign[-1:]),)),
    ):
        assert line.exchange(ExchangeRequest(handshake_of(ana.replica, 0), question=question)).compared == ()
    reply = line.exchange(
        ExchangeRequest(handshake_of(ana.replica, 0), question=Question(rows=(("account", foreign),)))
    )
    assert (reply.pages, reply.leaves) == ((), (b"X" + foreign,))


class RestoredMeanwhile(Counting):
    """A line on which something is entered at the first question, and the store is restored before the second."""

    def __init__(self, laptop: Laptop, folder: Path, row_id: RowId) -> None:
        super().__init__(laptop)
        self.laptop, self.folder, self.row_id = laptop, folder, row_id

    def exchange(self, request: ExchangeRequest) -> ExchangeReply:
        if request.question is not None:
            if self.questions == 0:
                self.laptop.edit(self.row_id, note="entered while comparing")
            elif self.questions == 1:
                go_back(self.laptop.world, self.folder)
        return super().exchange(request)


def test_a_restored_store_that_is_met_by_a_question_takes_nothing_for_answered_that_waits(
    world: World, ana: Laptop, tmp_path: Path
) -> None:
    some = RowId(sorted(rows(ana, "account"))[3])
    ana.edit(some, note="entered before")
    ana.sync()
    keep(world, tmp_path)
    altered(ana)
    world.clock.pass_days(1)

    sync(ana.replica, RestoredMeanwhile(ana, tmp_path, some))
    ana.sync()

    with world.database.read() as reader:
        report = restore_report(reader)
    assert report is not None
    (told,) = report.devices
    assert (told.state, told.answered_to, told.returned, told.recovered) == ("done", 1, 1, 0)
