"""A sync by file between real replicas and a real central store: the same outcomes as over a line, in any order.

Owns what may happen to a file on its way.
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fieldrep.contract.bundle import Keys
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import RowId
from fieldrep.store.incoming.apply import start_over
from fieldrep.store.incoming.receipt import Receipt
from fieldrep.store.replica import Replica
from fieldrep.sync.bundle import carry_in, carry_out, read_reply
from sync_server.admin.bundles import open_request, write_answer
from sync_server.store.database import Database
from sync_server.store.devices.credentials import revoke
from sync_server.store.restoring.backup import backup, restore
from tests.store_suite.laptop import Laptop, office
from tests.store_suite.world import SeededBytes, World, new_row


def stored(world: World) -> tuple[object, ...]:
    with world.database.read() as reader:
        tables = ("account", "applied_change", "audit_entry", "device_contact")
        found = [sorted(map(str, reader.rows(f"SELECT * FROM {table}"))) for table in tables]  # noqa: S608
        return (reader.info().revision, *found)


def test_a_sync_by_file_ends_like_one_over_the_line(world: World, ana: Laptop) -> None:
    world.account(ana.admission.user_id, name="From the office")
    ana.create("From Ana")

    request = ana.out()
    receipt = ana.into(office(world, request))

    assert (receipt.accepted, receipt.waiting, receipt.digests_equal) == (1, 0, True)
    assert ana.names() == {"From the office", "From Ana"}
    after = ana.sync()
    assert (after.exchanges, after.pulled, after.accepted, after.digests_equal) == (1, 0, 0, True)


def test_nothing_can_be_read_of_a_file_without_the_keys(world: World, ana: Laptop) -> None:
    world.account(ana.admission.user_id, name="Confectionery of the Far North")
    ana.create("Herberg De Toren")
    request = ana.out()
    answer = office(world, request)
    for secret in (
        b"Confectionery",
        b"Herberg",
        b"account",
        b"create_account",
        b"name",
        b"ana",
        b"lifecycle",
    ):
        assert secret not in request
        assert secret not in answer


def test_the_same_file_twice_is_done_once_and_answered_alike(world: World, ana: Laptop) -> None:
    ana.create("Once")
    request = ana.out()
    first, second = office(world, request), office(world, request)
    assert ana.into(second).accepted == 1
    before = ana.image()
    again = ana.into(first)
    assert (again.accepted, again.pulled) == (0, 0)
    repeated = ana.into(second)
    assert repeated.sentence.startswith("What this file brings is here already: it was read before")
    assert repeated.overtaken is True
    assert ana.image() == before
    assert len([row for row in ana.world.fresh(ana.admission.user_id).rows if row[0] == "account"]) == 1


def test_an_old_answer_that_comes_late_changes_nothing(world: World, ana: Laptop) -> None:
    account = ana.create("First")
    late = office(world, ana.out())
    ana.sync()
    ana.edit(account, name="Second")
    ana.sync()
    before = ana.image()
    receipt = ana.into(late)
    assert "newer records" in receipt.sentence
    assert (receipt.digests_equal, receipt.overtaken) == (None, True)
    assert ana.image() == before


def test_an_answer_never_read_that_a_sync_was_faster_than_is_not_said_to_have_been_read(
    world: World, ana: Laptop
) -> None:
    ana.create("First")
    request = ana.out()
    ana.create("Second")
    ana.sync()
    before = ana.image()
    receipt = ana.into(office(world, request))
    assert "or a sync was faster" in receipt.sentence
    assert (receipt.overtaken, receipt.digests_equal) == (True, True)
    assert ana.image() == before


def test_answers_that_arrive_in_the_wrong_order_settle_every_change(world: World, ana: Laptop) -> None:
    ana.create("One")
    one = ana.out()
    ana.create("Two")
    two = ana.out()
    answer_two, answer_one = office(world, two), office(world, one)
    assert ana.into(answer_one).waiting == 1
    assert ana.into(answer_two).accepted == 1
    assert ana.replica.depth() == 0
    with ana.replica.read() as reader:
        assert reader.rows("SELECT count(*) FROM outbox") == [(0,)]
    assert ana.sync().digests_equal is True


def test_many_changes_and_pages_travel_in_one_file(world: World, ana: Laptop) -> None:
    with world.write() as tx:
        for number in range(40):
            new_row(tx, "account", name=f"Shop {number}", owner_user_id=ana.admission.user_id)
    for number in range(7):
        ana.create(f"Mine {number}")
    receipt = ana.into(office(world, ana.out(most_changes=3, page_bytes=300)))
    assert (receipt.accepted, receipt.waiting, receipt.digests_equal) == (7, 0, True)
    assert receipt.exchanges > 5
    assert len(ana.names()) == 47


def test_reading_that_was_cut_between_two_pages_goes_on_where_it_stopped(world: World, ana: Laptop) -> None:
    for number in range(30):
        world.account(ana.admission.user_id, name=f"Shop {number}")
    answer = office(world, ana.out(page_bytes=300))

    class Pulled(Exception):
        """The stick is gone."""

    def pulled_out(so_far: Receipt, _more: int) -> None:
        if so_far.exchanges == 3:
            raise Pulled

    with pytest.raises(Pulled):
        read_reply(ana.replica, io.BytesIO(answer), pulled_out)
    assert 0 < len(ana.names()) < 30
    receipt = ana.into(answer)
    assert receipt.digests_equal is True
    assert len(ana.names()) == 30


def refused(world: World, request: bytes) -> KnownError:
    before = stored(world)
    with pytest.raises(KnownError) as error:
        office(world, request)
    assert stored(world) == before
    return error.value


def test_files_of_and_for_others_are_refused_and_nothing_is_touched(
    world: World, ana: Laptop, tmp_path: Path
) -> None:
    ben = Laptop(tmp_path, world, world.user("ben"), "ben")
    ana.create("Ana's")
    request = ana.out()
    answer = office(world, request)
    for wrong, code in (
        (answer, Code.WRONG_BUNDLE),
        (b"GIF89a", Code.NOT_A_BUNDLE),
        (b"", Code.NOT_A_BUNDLE),
    ):
        assert refused(world, wrong).code == code
    before = ben.image()
    for wrong, code in ((answer, Code.WRONG_BUNDLE), (request, Code.WRONG_BUNDLE)):
        with pytest.raises(KnownError) as error:
            ben.into(wrong)
        assert error.value.code == code
    assert ben.image() == before
    ben.replica.close()
    Database.create(f"sqlite:///{tmp_path}/other.db", world.clock, SeededBytes(77)).close()
    other = World(f"sqlite:///{tmp_path}/other.db", seed=78)
    assert refused(other, request).code == Code.DIFFERENT_SERVER
    other.close()


def test_of_two_copies_neither_takes_the_answer_to_the_others_file(
    world: World, ana: Laptop, tmp_path: Path
) -> None:
    shop = ana.create("Shop")
    before = ana.out()
    twin = ana.copied(tmp_path)
    ana.edit(shop, phone="by the first")
    twin.edit(shop, email="by-the@copy.example")
    order = twin.order(shop)
    answer, kept = office(world, ana.out()), twin.image()
    with pytest.raises(KnownError, match=r"or not since a repair: without one, .* may be a copy") as error:
        twin.into(answer)
    assert (error.value.code, twin.image()) == (Code.WRONG_BUNDLE, kept)
    for laptop in (ana, twin):
        laptop.into(office(world, before))  # written before there were two: it speaks of what both have
        assert "Shop" in laptop.names()
    ana.into(answer)
    with pytest.raises(KnownError) as noticed:
        twin.sync()
    assert noticed.value.code is Code.DEVICE_REVOKED
    twin.enrol_again("ana")
    twin.sync()
    with world.database.read() as reader:
        found = reader.rows("SELECT phone, email FROM account WHERE id = ?", (shop,))
        assert found == [("by the first", "by-the@copy.example")]
        assert reader.rows("SELECT 1 FROM sales_order WHERE id = ?", (order,)) == [(1,)]
    twin.replica.close()


@pytest.mark.parametrize("side", ["request", "answer"])
def test_a_file_altered_or_cut_anywhere_is_refused_and_nothing_is_touched(
    world: World, ana: Laptop, side: str
) -> None:
    ana.create("Whole")
    request = ana.out()
    answer = office(world, request) if side == "answer" else b""
    chance, whole = random.Random(side), answer or request
    before = (ana.image(), stored(world))
    for _ in range(60):
        place = chance.randrange(len(whole))
        for wrong in (
            whole[:place],
            whole[:place] + bytes([whole[place] ^ chance.randrange(1, 256)]) + whole[place + 1 :],
        ):
            with pytest.raises(KnownError):
                ana.into(wrong) if answer else office(world, wrong)
    assert (ana.image(), stored(world)) == before


def test_a_withdrawn_device_gets_no_answer_not_even_an_empty_one(world: World, ana: Laptop) -> None:
    ana.create("Too late")
    request = ana.out()
    with world.write() as tx:
        revoke(tx, ana.admission.device_id, "lost")
    assert refused(world, request).code == Code.UNAUTHORISED


def test_a_device_withdrawn_while_its_file_is_answered_gets_no_answer(world: World, ana: Laptop) -> None:
    for number in range(30):
        world.account(ana.admission.user_id, name=f"Shop {number}")
    asked = open_request(world.database, io.BytesIO(ana.out(page_bytes=300)))

    class Watched(io.BytesIO):
        def write(self, piece: object) -> int:
            if self.tell() > 2_000 and not self.withdrawn:
                self.withdrawn = True
                with world.write() as tx:
                    revoke(tx, ana.admission.device_id, "lost")
            return super().write(piece)  # type: ignore[arg-type]

        withdrawn = False

    with pytest.raises(KnownError) as error:
        write_answer(world.database, asked, Watched())
    assert error.value.code == Code.DEVICE_REVOKED


def test_a_signature_of_another_device_does_not_speak_for_this_one(
    world: World, ana: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana.create("Forged")
    monkeypatch.setattr("fieldrep.sync.bundle.device_keys", lambda *_: Keys(b"x" * 32))
    assert refused(world, ana.out()).code == Code.BUNDLE_DAMAGED


def test_after_a_restore_the_answer_starts_over_and_the_next_file_gives_all_back(
    kind: str, world: World, ana: Laptop, tmp_path: Path
) -> None:
    world.account(ana.admission.user_id, name="Before")
    ana.sync()
    late = office(world, ana.out())
    backup(world.database, tmp_path / "backup")
    ana.create("Forgotten by the server")
    ana.sync()
    world.database.close()
    restore(world.url, tmp_path / "backup", world.clock, world.randomness)
    world.database = Database.open(world.url, world.clock, world.randomness)

    first = ana.into(office(world, ana.out()))
    assert first.started_over
    assert ana.replica.depth() == 1
    assert ana.names() == {"Before", "Forgotten by the server"}
    second = ana.into(office(world, ana.out()))
    assert (second.waiting, second.refused, second.digests_equal) == (0, 0, True)
    assert len(world.fresh(ana.admission.user_id).ids("account")) == 2
    before = ana.image()
    with pytest.raises(KnownError, match="restored"):
        ana.into(late)
    assert ana.image() == before


def test_rows_from_the_beginning_are_taken_from_the_newest_file_alone(world: World, ana: Laptop) -> None:
    """An old first replica must not bring back what this laptop has seen change."""
    old = office(world, ana.out())
    account = ana.create("Newer")
    ana.sync()
    ana.edit(account, name="Newest")
    ana.sync()
    start_over(ana.replica)
    receipt = ana.into(old)
    assert (receipt.pulled, receipt.overtaken) == (0, False), "this laptop holds nothing yet"
    assert "newer records" not in receipt.sentence
    assert ana.replica.state().cursor == b""
    assert ana.sync().digests_equal is True


def test_sides_that_differ_are_told_and_the_next_file_fetches_all_afresh(world: World, ana: Laptop) -> None:
    account = ana.create("Right")
    ana.sync()
    ana.create("Waiting")
    answer = office(world, ana.out())
    with ana.replica.write() as connection:
        connection.execute("UPDATE account SET name = 'Wrong' WHERE id = ?", (account,))
        state = ana.replica.state()
        ana.replica.store_state(connection, replace(state, digest=state.digest.plus(0, 5)))
    assert "Write a new file" in ana.into(answer).sentence
    ana.create("Kept")
    receipt = ana.into(office(world, ana.out()))
    assert (receipt.started_over, receipt.accepted, receipt.digests_equal) == (True, 1, True)
    assert ana.names() == {"Right", "Waiting", "Kept"}


def test_a_late_answer_is_not_called_overtaken_where_the_two_sides_differ(world: World, ana: Laptop) -> None:
    ana.sync()
    ana.create("One")
    late = office(world, ana.out())
    ana.create("Two")
    answer = office(world, ana.out())
    with ana.replica.write() as connection:
        state = ana.replica.state()
        ana.replica.store_state(connection, replace(state, digest=state.digest.plus(0, 5)))
    assert ana.into(answer).digests_equal is False
    receipt = ana.into(late)
    assert (receipt.pulled, receipt.overtaken) == (0, False), "only a new file brings what is right"
    assert "newer records" not in receipt.sentence


def test_an_app_too_old_to_pull_still_pushes_by_file(
    world: World, ana: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        ana.create(f"Old {number}")
    monkeypatch.setattr("fieldrep.sync.handshake.PROTOCOL_VERSION", 0)
    answer = office(world, ana.out(most_changes=2))
    with pytest.raises(KnownError) as error:
        ana.into(answer)
    assert error.value.code == Code.UPGRADE_NEEDED
    assert ana.replica.depth() == 0
    monkeypatch.undo()
    assert ana.sync().digests_equal is True
    assert len(ana.names()) == 5


def test_what_was_done_before_an_account_moved_is_taken_though_the_file_is_long(
    world: World, ana: Laptop
) -> None:
    """Every request of a file is judged by what the device knew when it wrote it, not by an answer it has not read."""
    account = RowId(world.account(ana.admission.user_id))
    ana.sync()
    for number in range(4):
        ana.edit(account, name=f"Name {number}")
    world.change("account", account, owner_user_id=world.user("ben"))
    receipt = ana.into(office(world, ana.out(most_changes=1)))
    assert receipt.refused == 0
    assert receipt.accepted + receipt.merged + receipt.held == 4
    assert receipt.left == 1


@pytest.mark.parametrize("broken", ["no folder", "a folder"])
def test_a_stick_that_cannot_be_written_or_read_gets_a_sentence(
    world: World, ana: Laptop, tmp_path: Path, broken: str
) -> None:
    place = tmp_path / "missing" / "file" if broken == "no folder" else tmp_path
    before = ana.image()
    for door in (carry_out, carry_in):
        use: Callable[[Replica, Path], object] = door
        with pytest.raises(KnownError) as error:
            use(ana.replica, place)
        assert error.value.code == Code.DISK_ERROR
    assert ana.image() == before
    assert [file.name for file in tmp_path.iterdir() if file.name.endswith(".part")] == []
