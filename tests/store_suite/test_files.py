"""Files of accounts between real replicas and a real central store, on both databases: whole, cut, altered, foreign.

Owns what may happen to a body on its way. Cuts fall at named bytes and at bytes a seed draws.
"""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fieldrep.commands.attachments import add_attachment, archive_attachment
from fieldrep.contract import files as limits
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.files import PART, FileReply, FileRequest, hash_of
from fieldrep.contract.ids import RowId
from fieldrep.domain.metadata import cleaned
from fieldrep.store.files import take_part
from fieldrep.store.verify import verify as replica_faults
from fieldrep.sync.files import bring, carry
from sync_server.reconcile.files import answer_about_file
from sync_server.store.database import Database
from sync_server.store.devices.credentials import identify, revoke
from sync_server.store.files import QUOTAS, in_turn, take, use_of_files
from sync_server.store.proof.verify import verify
from sync_server.store.reading import Reader
from sync_server.store.restoring.backup import backup, restore
from tests.helpers.photos import TELLTALE, jpeg, png, webp
from tests.store_suite.file_line import SIZE, FileLine, added, bytes_of, rows_of
from tests.store_suite.laptop import Laptop
from tests.store_suite.world import SeededBytes, World

CUTS = (0, 1, PART - 1, PART, PART + 1, SIZE - 1, *random.Random(7).sample(range(2, SIZE - 1), 6))


def test_a_file_goes_up_after_its_record_and_comes_down_elsewhere_byte_for_byte(
    world: World, ana: Laptop, desk: Laptop, tmp_path: Path
) -> None:
    body = bytes_of(1)
    row_id = added(ana, tmp_path, body)
    assert [row.state for row in rows_of(ana)] == ["waiting"]

    assert carry(ana.replica, FileLine(ana)).sent == 1
    assert [(row.state, row.sha256) for row in rows_of(ana)] == [("here", hash_of(body))]
    assert desk.sync().whole
    assert [row.state for row in rows_of(desk)] == ["not_here"]
    assert bring(desk.replica, FileLine(desk), row_id) == body
    assert [row.state for row in rows_of(desk)] == ["here"]
    assert carry(ana.replica, FileLine(ana)).sent == 0
    assert verify(world.database) == []
    for laptop in (ana, desk):
        with laptop.replica.read() as reader:
            assert replica_faults(reader) == []
    with world.database.read() as reader:
        assert use_of_files(reader) == [("ana", 1, SIZE, 0)]


def test_what_a_camera_noted_reaches_neither_the_store_nor_another_device(
    world: World, ana: Laptop, desk: Laptop, tmp_path: Path
) -> None:
    for number, body in enumerate((jpeg(6), png(), webp(3))):
        row_id = added(ana, tmp_path, body, f"Shelf {number}")
        kept = cleaned(body)
        assert kept is not None
        assert carry(ana.replica, FileLine(ana)).sent == 1
        assert desk.sync().whole
        assert bring(desk.replica, FileLine(desk), row_id) == kept.body
        with world.database.read() as reader:
            row = reader.row("attachment", row_id)
            assert row is not None
            assert (row["sha256"], row["size"]) == (hash_of(kept.body), len(kept.body))
        assert [told for told in TELLTALE if told in kept.body] == []
    film = b"\0\0\0\x18ftypheic" + bytes_of(8, 500)
    row_id = added(ana, tmp_path, film)
    assert carry(ana.replica, FileLine(ana)).sent == 1
    assert bring(ana.replica, FileLine(ana), row_id) == film, "what cannot be followed stays as it is"


def test_a_body_cut_at_any_byte_on_its_way_up_goes_on_where_it_stopped(ana: Laptop, tmp_path: Path) -> None:
    for number, cut in enumerate(CUTS):
        body = bytes_of(100 + number)
        added(ana, tmp_path, body)
        line = FileLine(ana)
        line.breaks_at = cut
        assert carry(ana.replica, line).sent == 0
        again = FileLine(ana)
        assert carry(ana.replica, again).sent == 1, cut
        assert again.sent <= SIZE - cut + PART, f"more than one part was sent again after a cut at {cut}"


def test_a_lost_reply_and_a_part_that_arrives_twice_cost_nothing(
    ana: Laptop, desk: Laptop, tmp_path: Path
) -> None:
    body = bytes_of(2)
    row_id = added(ana, tmp_path, body)
    line = FileLine(ana)
    line.loses_reply = line.doubles = True
    assert carry(ana.replica, line).sent == 0
    assert carry(ana.replica, line).sent == 1
    assert line.sent == SIZE, "the part whose reply was lost is not sent again"
    assert desk.sync().whole
    assert bring(desk.replica, FileLine(desk), row_id) == body


def test_parts_out_of_order_are_let_go(world: World, ana: Laptop, tmp_path: Path) -> None:
    body = bytes_of(3)
    row_id = added(ana, tmp_path, body)
    line = FileLine(ana)
    late = FileRequest(row_id=row_id, at=PART, part=body[PART : 2 * PART])
    assert line.file(late) == FileReply(held=0, whole=False)
    odd = FileRequest(row_id=row_id, at=0, part=body[:1000])
    assert line.file(odd).held == 1000
    assert line.file(late).held == 1000
    assert carry(ana.replica, line).sent == 1
    assert bring(ana.replica, line, row_id) == body
    for at in (0, 1, 999, PART - 1, PART, PART + 1, SIZE - 1):
        reply = line.file(FileRequest(row_id=row_id, at=at))
        assert reply.part == body[at : at + PART], at
    assert line.file(FileRequest(row_id=row_id, at=SIZE)).part == b""


def test_a_body_cut_on_its_way_down_goes_on_and_is_not_here_before_it_is_whole(
    ana: Laptop, desk: Laptop, tmp_path: Path
) -> None:
    for number, cut in enumerate(CUTS[:6]):
        body = bytes_of(200 + number)
        row_id = added(ana, tmp_path, body)
        assert carry(ana.replica, FileLine(ana)).sent == 1
        assert desk.sync().whole
        line = FileLine(desk)
        line.breaks_at = cut
        with pytest.raises(KnownError, match="line broke"):
            bring(desk.replica, line, row_id)
        row = next(row for row in rows_of(desk) if row.id == row_id)
        assert row.state == "wanted", "it comes with the next sync"
        assert row.so_far <= cut
        again = FileLine(desk)
        assert bring(desk.replica, again, row_id) == body
        assert again.brought == SIZE - row.so_far, "what was here is not brought again"


def test_bytes_that_do_not_match_the_hash_are_kept_on_neither_side(
    world: World, ana: Laptop, desk: Laptop, tmp_path: Path
) -> None:
    body = bytes_of(4, 1000)
    row_id = added(ana, tmp_path, body)
    line = FileLine(ana)
    assert line.file(FileRequest(row_id=row_id, at=0, part=bytes(1000))) == FileReply(held=0, whole=False)
    assert line.file(FileRequest(row_id=row_id, at=0)).part == b""
    assert carry(ana.replica, line).sent == 1
    assert desk.sync().whole
    with pytest.raises(KnownError, match="did not arrive as it was sent"):
        take_part(desk.replica, hash_of(body), 1000, 0, bytes(1000))
    assert [row.state for row in rows_of(desk)] == ["not_here"]
    assert bring(desk.replica, FileLine(desk), row_id) == body


def test_who_knows_a_hash_but_has_not_the_bytes_gets_nothing(
    world: World, ana: Laptop, tmp_path: Path
) -> None:
    body = bytes_of(5)
    row_id = added(ana, tmp_path, body)
    assert carry(ana.replica, FileLine(ana)).sent == 1
    ben = Laptop(tmp_path, world, world.user("ben"), "ben")
    with ben.replica.begin("add", "Add") as uow:
        account = uow.create("account", {"name": "Mine", "lifecycle": "prospect"})
        claimed = uow.create(
            "attachment",
            {
                "account_id": account,
                "name": "x",
                "media_type": "image/jpeg",
                "size": SIZE,
                "sha256": hash_of(body),
            },
        )
    assert ben.sync().whole
    line = FileLine(ben)
    assert line.file(FileRequest(row_id=claimed, at=0)) == FileReply(held=0, whole=False)
    assert line.file(FileRequest(row_id=claimed, at=0, part=b"")) == FileReply(held=0, whole=False)

    answers = []
    for wanted in (row_id, RowId(bytes(16))):
        for part in (None, b"", body[:PART]):
            with pytest.raises(KnownError) as refused:
                line.file(FileRequest(row_id=wanted, at=0, part=part))
            answers.append((refused.value.code, refused.value.sentence))
    assert set(answers) == {(Code.NOT_FOUND, answers[0][1])}, "a foreign file is answered like none at all"
    ben.replica.close()


def test_equal_bodies_are_kept_once_and_each_record_has_to_show_them(
    world: World, ana: Laptop, desk: Laptop, tmp_path: Path
) -> None:
    body = bytes_of(6)
    added(ana, tmp_path, body)
    line = FileLine(ana)
    assert carry(ana.replica, line).sent == 1
    second = added(ana, tmp_path, body, "Again.jpg")
    assert carry(ana.replica, line).sent == 1
    assert line.sent == 2 * SIZE
    with world.database.read() as reader:
        assert reader.rows("SELECT SUM(length(part)) FROM file_part")[0][0] == SIZE
    assert desk.sync().whole
    assert bring(desk.replica, FileLine(desk), second) == body
    assert [row.state for row in rows_of(desk)] == ["here", "here"], "one body serves both"


def test_files_leave_with_their_account_and_a_former_holder_is_given_nothing(
    world: World, ana: Laptop, tmp_path: Path
) -> None:
    row_id = added(ana, tmp_path, bytes_of(8))
    assert carry(ana.replica, FileLine(ana)).sent == 1
    ben = world.user("ben")
    with world.write() as tx:
        row = tx.row("attachment", row_id)
        assert row is not None
        account = tx.row("account", row["account_id"])  # type: ignore[arg-type]
        assert account is not None
        tx.stage("account", {**account, "owner_user_id": ben, "revision": tx.new_revision()})
    with pytest.raises(KnownError) as refused:
        FileLine(ana).file(FileRequest(row_id=row_id, at=0))
    assert refused.value.code is Code.NOT_FOUND
    assert ana.sync().whole
    carry(ana.replica, FileLine(ana))
    with ana.replica.read() as reader:
        assert reader.rows("SELECT count(*) FROM attachment") == [(0,)]
        assert reader.rows("SELECT count(*) FROM file_part") == [(0,)]
        assert reader.rows("SELECT count(*) FROM file_body") == [(0,)]


def test_a_device_that_was_withdrawn_gets_no_further_byte(world: World, ana: Laptop, tmp_path: Path) -> None:
    row_id = added(ana, tmp_path, bytes_of(9))
    line = FileLine(ana)
    assert carry(ana.replica, line).sent == 1
    device = identify(world.database, ana.admission.token)
    assert device is not None
    with world.write() as tx:
        revoke(tx, ana.admission.device_id, "lost")
    for part in (None, b""):
        with pytest.raises(KnownError) as refused:
            answer_about_file(world.database, device, FileRequest(row_id=row_id, at=0, part=part))
        assert refused.value.code is Code.DEVICE_REVOKED


def test_limits_are_told_before_anything_is_saved_and_kept_by_the_server_too(
    world: World, ana: Laptop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row_id = added(ana, tmp_path, bytes_of(10))
    account = rows_of(ana)[0].account_id
    too_large = tmp_path / "film.mp4"
    with too_large.open("wb") as file:
        file.truncate(limits.MAX_FILE + 1)
    empty = tmp_path / "empty"
    empty.touch()
    for path, said in ((too_large, "larger than 10 MB"), (empty, "is empty"), (tmp_path / "no", "no file")):
        with pytest.raises(KnownError, match=said):
            add_attachment(ana.replica, account_id=account, path=str(path))
    monkeypatch.setattr("fieldrep.commands.attachments.MAX_OF_USER", SIZE + 10)
    with pytest.raises(KnownError, match="does not fit"):
        add_attachment(ana.replica, account_id=account, path=str(tmp_path / "original"))
    assert len(rows_of(ana)) == 1

    monkeypatch.setitem(QUOTAS, "person", SIZE - 1)
    with pytest.raises(KnownError, match=r"come to more than .* or your admin allows more"):
        FileLine(ana).file(FileRequest(row_id=row_id, at=0, part=b"x"))
    assert carry(ana.replica, FileLine(ana)).sent == 0
    monkeypatch.undo()
    assert carry(ana.replica, FileLine(ana)).sent == 1


def test_a_backup_holds_the_files_and_what_came_after_it_is_given_back(
    world: World, ana: Laptop, tmp_path: Path
) -> None:
    kept, later = bytes_of(11), bytes_of(12)
    first = added(ana, tmp_path, kept)
    line = FileLine(ana)
    assert carry(ana.replica, line).sent == 1
    backup(world.database, tmp_path / "backup.db")
    second = added(ana, tmp_path, later)
    assert carry(ana.replica, line).sent == 1
    restore(world.url, tmp_path / "backup.db", world.clock, SeededBytes(5))
    assert verify(world.database) == []
    assert line.file(FileRequest(row_id=first, at=0)).part == kept[:PART]

    for _ in range(3):
        ana.sync()
    carry(ana.replica, line)
    assert line.file(FileRequest(row_id=second, at=0)).part == later[:PART]
    assert [row.state for row in rows_of(ana)] == ["here", "here"]


def test_verify_names_a_file_whose_bytes_were_altered(world: World, ana: Laptop, tmp_path: Path) -> None:
    added(ana, tmp_path, bytes_of(13), "Contract.pdf")
    assert carry(ana.replica, FileLine(ana)).sent == 1
    with world.database.beside() as session:
        session.run("DELETE FROM file_part WHERE at = ?", (PART,))
    assert [fault for fault in verify(world.database) if "Contract.pdf" in fault]


def test_a_file_added_and_archived_before_its_first_sync_still_arrives(ana: Laptop, tmp_path: Path) -> None:
    path = tmp_path / "original"
    path.write_bytes(b"%PDF-1.7 ...")
    account = ana.create("Aurora")
    done = add_attachment(ana.replica, account_id=account, path=str(path))
    assert done.id is not None
    archive_attachment(ana.replica, row_id=done.id)
    assert ana.sync().whole
    assert carry(ana.replica, FileLine(ana)).sent == 1


def test_a_store_reopened_midway_goes_on_at_the_byte_it_had(
    world: World, ana: Laptop, tmp_path: Path
) -> None:
    body = bytes_of(14)
    row_id = added(ana, tmp_path, body)
    line = FileLine(ana)
    assert line.file(FileRequest(row_id=row_id, at=0, part=body[:PART])).held == PART
    world.database.close()
    world.database = Database.open(world.url, world.clock, SeededBytes(6))
    assert carry(ana.replica, line).sent == 1
    assert line.sent == SIZE


def test_equal_bodies_that_become_whole_at_once_in_two_server_processes_are_kept_once(
    world: World, ana: Laptop, tmp_path: Path
) -> None:
    body = bytes_of(6, 1_000)
    rows = [added(ana, tmp_path, body, name) for name in ("Once.jpg", "Again.jpg")]
    ana.sync()
    beside = Database.open(world.url, world.clock, SeededBytes(2))
    device = identify(beside, ana.admission.token)
    assert device is not None
    try:
        with ThreadPoolExecutor(1) as pool:
            with world.database.beside() as session:
                row = Reader(session).row("attachment", rows[0])
                assert row is not None
                in_turn(session, row)
                assert take(session, row, device.device_id, 0, body) == (1_000, True)
                later = pool.submit(
                    answer_about_file, beside, device, FileRequest(row_id=rows[1], at=0, part=body)
                )
                while beside.dialect.name == "postgresql" and not _somebody_waits(world):
                    assert not later.done()
            assert later.result(60).whole
    finally:
        beside.close()
    with world.database.read() as reader:
        assert reader.rows("SELECT SUM(length(part)) FROM file_part")[0][0] == len(body)


def _somebody_waits(world: World) -> bool:
    with world.database.read() as reader:
        return reader.rows("SELECT 1 FROM pg_locks WHERE NOT granted") != []
