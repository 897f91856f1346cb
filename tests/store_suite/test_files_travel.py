"""What travels of files, when and to whom: owners and scope, small pictures, budgets, wishes, quotas and sticks.

Owns the questions beside the bytes themselves, which are those of `test_files.py`. Both databases.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from fieldrep.commands.activities import log_activity
from fieldrep.commands.attachments import add_attachment
from fieldrep.commands.refused import discard_refused
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.files import MAX_THUMB, PART, FileReply, FileRequest, hash_of
from fieldrep.contract.ids import RowId
from fieldrep.queries.attachments import files_of_account, thumbs, travelling
from fieldrep.queries.refused_files import bodies_of_refused, refused_files
from fieldrep.store import files
from fieldrep.store.incoming.refused import refused_changes
from fieldrep.sync.files import FilePolicy, bring, carry
from sync_server.store.files import set_quota
from sync_server.store.proof.verify import verify
from sync_server.store.restoring.backup import backup, restore
from tests.store_suite.file_line import SIZE, FileLine, added, bytes_of, rows_of
from tests.store_suite.laptop import Laptop
from tests.store_suite.test_carrying import office
from tests.store_suite.world import SeededBytes, World

THUMB = b"\xff\xd8\xff" + bytes(500)


class SamePictures:
    """Decodes nothing: every picture looks the same, and none can be turned."""

    def thumb(self, body: bytes) -> bytes:
        return THUMB

    def upright(self, body: bytes, orientation: int) -> bytes:
        return b""


def photo(folder: Path, body: bytes) -> str:
    path = folder / f"{hash_of(body)[:8]}.jpg"
    path.write_bytes(body)
    return str(path)


def states(laptop: Laptop) -> list[str]:
    return [row.state for row in rows_of(laptop)]


def claimed(laptop: Laptop, **values: object) -> RowId:
    """An attachment as no command would make it."""
    with laptop.replica.begin("add_attachment", "claim") as uow:
        rest = {"name": "x", "media_type": "image/jpeg", "size": 9, "sha256": hash_of(b"123456789")}
        return uow.create("attachment", {**rest, **values})


def test_a_photo_belongs_to_a_visit_contact_address_or_order_and_is_held_with_it(
    world: World, ana: Laptop, desk: Laptop, tmp_path: Path
) -> None:
    account = ana.create("Aurora")
    with ana.replica.begin("seed", "seed") as uow:
        contact = uow.create("contact", {"account_id": account, "family_name": "Weber"})
        site = uow.create("site", {"account_id": account, "city": "Bremen"})
        order = uow.create("sales_order", {"account_id": account, "currency": "EUR", "number_local": "A-1"})
    assert ana.sync().whole
    visit = log_activity(ana.replica, kind="meeting", account_id=account, subject="Shelf check").id
    alone = log_activity(ana.replica, kind="task", subject="Tidy the car").id
    owners = {"contact_id": contact, "site_id": site, "order_id": order, "activity_id": visit}
    for number, (field, owner) in enumerate(owners.items()):
        path = photo(tmp_path, bytes_of(number, 100))
        add_attachment(ana.replica, path=path, pictures=SamePictures(), **{field: owner})
    add_attachment(ana.replica, path=photo(tmp_path, bytes_of(9, 100)), activity_id=alone)
    assert ana.sync().refused == 0
    assert carry(ana.replica, FileLine(ana)).sent == 5

    assert desk.sync().whole
    with desk.replica.read() as reader:
        shown = files_of_account(reader, account_id=account)
        assert {(row.owner_kind, row.owner) for row in shown.rows} == {
            ("Contact", "Weber"), ("Address", "Bremen"), ("Order", "A-1"), ("Activity", "Shelf check"),
        }  # fmt: skip
        assert {owner.id for owner in shown.owners} >= {account, contact, site, order, visit}
        pictures = thumbs(reader, account_id=account, decode=lambda small: small)
        assert set(pictures.values()) == {THUMB}, "small pictures are in the records"
    assert set(states(desk)) == {"not_here"}
    ben = world.user("ben")
    with world.write() as tx:
        row = tx.row("account", account)
        assert row is not None
        tx.stage("account", {**row, "owner_user_id": ben, "revision": tx.new_revision()})
    assert desk.sync().whole
    assert [row.owner for row in rows_of(desk)] == ["Tidy the car"], (
        "what has no account stays with its person"
    )


def test_a_file_goes_where_its_owner_stands_and_one_that_names_several_or_another_person_is_refused(
    world: World, ana: Laptop
) -> None:
    one, other = ana.create("One"), ana.create("Other")
    with ana.replica.begin("seed", "seed") as uow:
        contact = uow.create("contact", {"account_id": one, "family_name": "Weber"})
    assert ana.sync().refused == 0
    visit = log_activity(ana.replica, kind="task", subject="Mine").id
    claims = (
        {"user_id": ana.admission.user_id, "contact_id": contact},
        {"account_id": one, "contact_id": contact, "activity_id": visit},
        {"user_id": ana.admission.user_id},
    )
    for values in claims:
        claimed(ana, **values)
    assert ana.sync().refused == len(claims)
    with ana.replica.read() as reader:
        codes = {entry.code for entry in refused_changes(reader.driver)}
    assert codes == {Code.INVALID_VALUE}
    for named in (one, other):
        row_id = claimed(ana, account_id=named, contact_id=contact)
        assert ana.sync().accepted == 1, named
        with world.database.read() as reader:
            row = reader.row("attachment", row_id)
            assert row is not None
            assert row["account_id"] == one
    with pytest.raises(KnownError, match="at most"):
        claimed(ana, account_id=one, thumb=bytes(MAX_THUMB + 1))


def test_a_command_names_one_owner(ana: Laptop, tmp_path: Path) -> None:
    account = ana.create("Aurora")
    path = photo(tmp_path, b"x")
    with pytest.raises(KnownError, match="Say what the file belongs to"):
        add_attachment(ana.replica, path=path)
    with ana.replica.begin("seed", "seed") as uow:
        contact = uow.create("contact", {"account_id": account, "family_name": "Weber"})
    with pytest.raises(KnownError, match="belongs to one record"):
        add_attachment(ana.replica, path=path, account_id=account, contact_id=contact)
    assert rows_of(ana) == ()


def test_on_a_metered_line_bodies_keep_to_the_days_budget_and_records_do_not_wait(
    world: World, ana: Laptop, desk: Laptop, tmp_path: Path
) -> None:
    for seed in range(3):
        added(ana, tmp_path, bytes_of(seed))
    line = FileLine(ana)
    assert carry(ana.replica, line, FilePolicy(metered=True, on_metered=0)).sent == 0
    assert line.sent == 0, "small pictures alone"
    budget = FilePolicy(metered=True, on_metered=SIZE + PART + 10)
    assert carry(ana.replica, line, budget).sent == 1
    assert SIZE <= line.sent <= SIZE + PART + 10
    with ana.replica.read() as reader:
        queue = travelling(reader)
    assert [row.state for row in queue] == ["waiting", "waiting"]
    assert sum(row.so_far for row in queue) == line.sent - SIZE, "the queue says how much has gone"
    before = line.sent
    assert carry(ana.replica, line, budget).sent == 0
    assert line.sent == before, "the budget is the day's, not the sync's"
    world.clock.pass_days(1)
    carry(ana.replica, line, budget)
    assert line.sent > before
    assert carry(ana.replica, line).sent + sum(state == "here" for state in states(ana)) >= 3
    assert line.sent == 3 * SIZE, "what had gone was not sent again"


def test_bodies_come_by_themselves_within_a_budget_newest_first(
    ana: Laptop, desk: Laptop, tmp_path: Path
) -> None:
    for seed in range(3):
        added(ana, tmp_path, bytes_of(seed))
    carry(ana.replica, FileLine(ana))
    assert desk.sync().whole
    line = FileLine(desk)
    carry(desk.replica, line)
    assert line.brought == 0, "nothing comes that nobody asked for"
    carry(desk.replica, line, FilePolicy(brought=2 * SIZE))
    assert states(desk) == ["here", "here", "not_here"]
    carry(desk.replica, line, FilePolicy(brought=2 * SIZE))
    assert line.brought == 2 * SIZE
    carry(desk.replica, line, FilePolicy(metered=True, on_metered=None, brought=10 * SIZE))
    assert line.brought == 2 * SIZE, "on a metered line nothing comes unasked"


def test_what_somebody_wanted_to_see_without_a_line_comes_with_the_next_sync(
    ana: Laptop, desk: Laptop, tmp_path: Path
) -> None:
    row_id = added(ana, tmp_path, bytes_of(1))
    assert desk.sync().whole
    with pytest.raises(KnownError, match="not reached the office"):
        bring(desk.replica, FileLine(desk), row_id)
    assert states(desk) == ["wanted"]
    carry(desk.replica, FileLine(desk))
    assert states(desk) == ["wanted"], "it is not there yet"
    carry(ana.replica, FileLine(ana))
    carry(desk.replica, FileLine(desk))
    assert states(desk) == ["here"]
    with desk.replica.read() as reader:
        assert reader.rows("SELECT * FROM file_wish") == []
        assert travelling(reader) == ()


def test_a_full_quota_refuses_the_body_in_a_sentence_and_nothing_else(
    world: World, ana: Laptop, tmp_path: Path
) -> None:
    first = added(ana, tmp_path, bytes_of(1))
    assert carry(ana.replica, FileLine(ana)).sent == 1
    for name in ("company", "person"):
        with world.write() as tx:
            set_quota(tx.session, name, sum(row.size for row in rows_of(ana)) + 10)
        added(ana, tmp_path, bytes_of(2))
        assert carry(ana.replica, FileLine(ana)).sent == 0
        added(ana, tmp_path, bytes_of(3, 9))
        assert carry(ana.replica, FileLine(ana)).sent == 1, "a small one still fits"
        refused = {row.refused for row in rows_of(ana) if row.state == "waiting"}
        assert len(refused) == 1
        assert ("company" if name == "company" else "who added it") in refused.pop()
        ana.create("Another")
        assert ana.sync().accepted == 1, "records do not wait for files"
        with world.write() as tx:
            set_quota(tx.session, name, 10**9)
        carry(ana.replica, FileLine(ana))
        assert set(states(ana)) == {"here"}
        assert {row.refused for row in rows_of(ana)} == {""}
    assert FileLine(ana).file(FileRequest(row_id=first, at=0)).whole


def test_a_stick_carries_bodies_both_ways(world: World, ana: Laptop, desk: Laptop, tmp_path: Path) -> None:
    body, second = bytes_of(1), bytes_of(2, 100)
    account = ana.create("Aurora")
    done = add_attachment(ana.replica, account_id=account, path=photo(tmp_path, body))
    add_attachment(ana.replica, account_id=account, path=photo(tmp_path, second))
    assert done.id is not None
    request = ana.out()
    assert body[:40] not in request
    answer = office(world, request)
    assert states(ana) == ["waiting", "waiting"]
    assert ana.into(answer).accepted == 3
    assert states(ana) == ["here", "here"], "the answer says that they arrived"
    assert ana.into(office(world, request)).waiting == 0

    assert desk.sync().whole
    with pytest.raises(KnownError, match="No line"):
        bring(desk.replica, _NoLine(), done.id)
    answer = office(world, desk.out())
    assert body[:40] not in answer
    desk.into(answer)
    assert states(desk) == ["not_here", "here"]
    assert bring(desk.replica, _NoLine(), done.id) == body


def test_stick_and_line_mixed_and_a_stick_read_late_send_no_byte_wrongly(
    world: World, ana: Laptop, tmp_path: Path
) -> None:
    body = bytes_of(1)
    row_id = added(ana, tmp_path, body)
    line = FileLine(ana)
    line.breaks_at = PART
    assert carry(ana.replica, line).sent == 0
    request = ana.out()
    late = office(world, request)
    assert carry(ana.replica, FileLine(ana)).sent == 1, "the stick brought the rest, the line says so"
    with world.database.read() as reader:
        assert reader.rows("SELECT SUM(length(part)) FROM file_part") == [(SIZE,)]
    ana.into(late)
    assert states(ana) == ["here"]
    assert office(world, request)
    assert FileLine(ana).file(FileRequest(row_id=row_id, at=SIZE - 5)).part == body[-5:]


def test_a_stick_asks_for_no_foreign_file_and_a_refusal_comes_back_as_a_sentence(
    world: World, ana: Laptop, tmp_path: Path
) -> None:
    theirs = added(ana, tmp_path, bytes_of(1))
    carry(ana.replica, FileLine(ana))
    ben = Laptop(tmp_path, world, world.user("ben"), "ben")
    mine = added(ben, tmp_path, bytes_of(2))
    with world.write() as tx:
        set_quota(tx.session, "company", 10)
    with ben.replica.write() as connection:
        connection.execute("UPDATE file_upload SET row_id = ? WHERE row_id = ?", (theirs, theirs))
        connection.execute("INSERT INTO file_wish VALUES (?, 1)", (theirs,))
    ben.into(office(world, ben.out()))
    assert "company" in rows_of(ben)[0].refused
    assert [row.id for row in rows_of(ben)] == [mine]
    with ben.replica.read() as reader:
        assert reader.rows("SELECT count(*) FROM file_body") == [(1,)]
    ben.replica.close()


class _NoLine:
    def file(self, request: FileRequest) -> FileReply:
        raise KnownError(Code.OFFLINE, f"No line for {len(request.row_id)} bytes of id.")


def moved_to(world: World, row_id: bytes, user: bytes) -> None:
    """The account of an attachment gets another owner."""
    with world.write() as tx:
        row = tx.row("attachment", row_id)
        assert row is not None
        account = tx.row("account", row["account_id"])  # type: ignore[arg-type]
        assert account is not None
        tx.stage("account", {**account, "owner_user_id": user, "revision": tx.new_revision()})


@pytest.mark.parametrize("by_stick", [False, True])
def test_a_photo_of_an_account_that_moved_before_it_went_up_still_arrives_and_then_leaves(
    world: World, ana: Laptop, tmp_path: Path, by_stick: bool
) -> None:
    body = bytes_of(1)
    row_id = added(ana, tmp_path, body)
    ben = Laptop(tmp_path, world, world.user("ben"), "ben")
    moved_to(world, row_id, ben.admission.user_id)
    if by_stick:
        ana.into(office(world, ana.out()))
        ana.into(office(world, ana.out()))
    else:
        assert ana.sync().left > 0
        assert carry(ana.replica, FileLine(ana)).sent == 1
    assert rows_of(ana) == ()
    with ana.replica.read() as reader:
        for table in ("file_body", "file_part", "file_upload"):
            assert reader.rows(f"SELECT count(*) FROM {table}") == [(0,)], table  # noqa: S608
    with pytest.raises(KnownError) as refused:
        FileLine(ana).file(FileRequest(row_id=row_id, at=0))
    assert refused.value.code is Code.NOT_FOUND, "she may give it, and is given nothing"
    assert ben.sync().whole
    assert bring(ben.replica, FileLine(ben), row_id) == body
    ben.replica.close()


def test_a_photo_whose_record_was_not_taken_is_kept_until_its_refusal_is_settled(ana: Laptop) -> None:
    claim = claimed(ana, user_id=ana.admission.user_id)
    with ana.replica.begin("keep", "keep") as uow:
        uow.keep_file(claim, b"123456789")
    assert ana.sync().refused == 1
    carry(ana.replica, FileLine(ana))
    with ana.replica.read() as reader:
        assert reader.rows("SELECT count(*) FROM file_upload") == [(1,)], "it may be sent again"
        (kept,) = refused_files(reader)
        assert bodies_of_refused(reader, refused_no=kept.refused_no) == ((kept.name, b"123456789"),)
    assert bring(ana.replica, FileLine(ana), kept.id) == b"123456789"
    discard_refused(ana.replica, key=kept.refused_no)
    carry(ana.replica, FileLine(ana))
    with ana.replica.read() as reader:
        assert reader.rows("SELECT count(*) FROM file_upload") == [(0,)]
        assert reader.rows("SELECT count(*) FROM file_body") == [(0,)]


def test_after_a_restore_any_laptop_that_has_the_photo_gives_it_back(
    world: World, ana: Laptop, desk: Laptop, tmp_path: Path
) -> None:
    backup(world.database, tmp_path / "backup.db")
    body = bytes_of(1)
    row_id = added(ana, tmp_path, body)
    carry(ana.replica, FileLine(ana))
    assert desk.sync().whole
    carry(desk.replica, FileLine(desk))
    assert bring(desk.replica, FileLine(desk), row_id) == body, "the first file that comes to this laptop"
    restore(world.url, tmp_path / "backup.db", world.clock, SeededBytes(5))
    with ana.replica.write() as connection:
        connection.execute("DELETE FROM file_part")
        connection.execute("DELETE FROM file_body")
    for laptop in (ana, desk, desk):
        laptop.sync()
        carry(laptop.replica, FileLine(laptop))
    assert FileLine(ana).file(FileRequest(row_id=row_id, at=0)).part == body[:PART]
    assert verify(world.database) == []


def test_a_sync_with_nothing_to_say_of_files_writes_nothing_and_scans_no_records(
    ana: Laptop, tmp_path: Path
) -> None:
    added(ana, tmp_path, bytes_of(1))
    carry(ana.replica, FileLine(ana))
    log = tmp_path / "ana.db-wal"
    before = log.read_bytes()
    carry(ana.replica, FileLine(ana))
    carry(ana.replica, FileLine(ana), FilePolicy(brought=SIZE))
    assert log.read_bytes() == before
    with ana.replica.read() as reader:
        for query in (files._GONE, files._STALE_WISHES):
            plan = [row[3] for row in reader.rows(f"EXPLAIN QUERY PLAN {query}")]
            assert not [step for step in plan if step.startswith("SCAN a")], plan


def test_pages_of_files_that_left_are_given_back_to_the_disk(
    world: World, ana: Laptop, tmp_path: Path
) -> None:
    row_id = added(ana, tmp_path, bytes_of(1, 3_000_000))
    carry(ana.replica, FileLine(ana))
    ana.replica.tidy()
    before = (tmp_path / "ana.db").stat().st_size
    moved_to(world, row_id, world.user("carl"))
    assert ana.sync().whole
    ana.replica.tidy()
    carry(ana.replica, FileLine(ana))
    ana.replica.tidy()
    assert (tmp_path / "ana.db").stat().st_size < before - 2_500_000
