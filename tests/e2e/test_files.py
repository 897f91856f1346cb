"""Files of accounts on the command line, in processes of their own: added, killed while they go up, saved elsewhere."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from fieldrep.commands.accounts import create_account
from fieldrep.commands.attachments import add_attachment
from fieldrep.contract.files import PART, FileReply, FileRequest, hash_of
from fieldrep.sync.session import sync_now
from fieldrep.sync.transport import HttpBearer
from sync_server.http import app
from sync_server.reconcile.files import answer_about_file
from sync_server.store.database import Database
from sync_server.store.devices.contact import DeviceIdentity
from sync_server.store.files import set_quota, use_of_files
from tests.e2e.device_command import START, DeviceCommand
from tests.helpers.photos import TELLTALE, decoded, jpeg
from tests.helpers.served import Served, served


def enrolled(office: Served, user: bytes, home: Path) -> DeviceCommand:
    device = DeviceCommand(home)
    device("enroll", office.link(user))
    device("sync")
    return device


def listed(device: DeviceCommand) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(device("attachments", "--json"))
    return found


def killed_on_the_way(office: Served, laptop: DeviceCommand, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sync that is killed while the server has some parts of a file, and takes its time for the next."""
    enough, killed, over = threading.Event(), threading.Event(), threading.Event()

    def slowly(database: Database, device: DeviceIdentity, request: FileRequest) -> FileReply:
        with database.read() as reader:
            is_enough = reader.rows("SELECT count(*) FROM file_part")[0][0] > 3
        if is_enough:
            enough.set()
            assert killed.wait(240)
        try:
            return answer_about_file(database, device, request)
        finally:
            if is_enough:
                over.set()

    with monkeypatch.context() as patched:
        patched.setattr(app, "answer_about_file", slowly)
        with subprocess.Popen([sys.executable, "-c", START, "sync"], env=laptop.environment) as syncing:
            try:
                assert enough.wait(240)
            finally:
                syncing.kill()
        killed.set()
        assert over.wait(240)


def test_a_file_survives_a_kill_on_its_way_up_and_is_saved_byte_for_byte_on_another_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = tmp_path / "Shelf.jpg"
    photo.write_bytes(b"\xff\xd8\xff" + random.Random(1).randbytes(9_000_000))
    with served(tmp_path) as office:
        user = office.make("user", login="anke", name="Anke", role="rep")
        laptop = enrolled(office, user, tmp_path / "laptop")
        account = json.loads(laptop("do", "create_account", '{"name": "Aurora"}'))["id"]
        wanted = json.dumps({"account_id": account, "path": str(photo)})
        row_id = json.loads(laptop("do", "add_attachment", wanted))["id"]
        killed_on_the_way(office, laptop, monkeypatch)
        assert [row["state"] for row in listed(laptop)] == ["waiting"], "killed before it was confirmed"

        assert "\n1 file sent; both sides hold the same records." in laptop("sync"), "the photo alone"
        assert [(row["state"], row["size"]) for row in listed(laptop)] == [("here", photo.stat().st_size)]
        with office.database.read() as reader:
            assert use_of_files(reader) == [("anke", 1, photo.stat().st_size, 0)]
        other = enrolled(office, user, tmp_path / "other")
        assert [row["state"] for row in listed(other)] == ["not_here"]
        other("attachments", "--save", row_id, "--to", tmp_path / "saved.jpg")
        assert (tmp_path / "saved.jpg").read_bytes() == photo.read_bytes()
        assert "cannot be written" in other.refused(
            "attachments", "--save", row_id, "--to", tmp_path / "saved.jpg"
        )
        for place in (tmp_path / "laptop", tmp_path / "other"):
            start = photo.read_bytes()[1000:1032]
            assert not [file for file in place.rglob("*") if file.is_file() and start in file.read_bytes()]


def test_a_photo_names_no_place_anywhere_and_stands_upright_on_another_device(tmp_path: Path) -> None:
    photo = tmp_path / "Shelf.jpg"
    photo.write_bytes(jpeg(6))
    with served(tmp_path) as office:
        user = office.make("user", login="anke", name="Anke", role="rep")
        laptop = enrolled(office, user, tmp_path / "laptop")
        account = laptop.do("create_account", name="Aurora")["id"]
        done = laptop.do("add_attachment", account_id=account, path=str(photo))
        assert "place it was taken at" in done["note"]
        film = tmp_path / "Yard.heic"
        film.write_bytes(b"\0\0\0\x18ftypheic" + bytes(300))
        assert (
            "may name the place" in laptop.do("add_attachment", account_id=account, path=str(film))["warning"]
        )
        laptop("sync")
        other = enrolled(office, user, tmp_path / "other")
        saved = tmp_path / "saved.jpg"
        other("attachments", "--save", done["id"], "--to", saved)
        assert decoded(saved.read_bytes()).size().toTuple() == (48, 64)
        with office.database.read() as reader:
            row = next(row for row in reader.all("attachment") if row["name"] == "Shelf.jpg")
        assert row["sha256"] == hash_of(saved.read_bytes())
        thumb = row["thumb"]
        assert isinstance(thumb, bytes)
        assert decoded(thumb).size().toTuple() == (48, 64)
        files = [file for file in tmp_path.rglob("*") if file.is_file() and file != photo]
        assert [(file, told) for file in files for told in TELLTALE if told in file.read_bytes()] == []


def test_what_is_no_file_is_refused_by_what_it_is(tmp_path: Path) -> None:
    with served(tmp_path) as office:
        laptop = enrolled(office, office.make("user", login="anke", role="rep"), tmp_path / "laptop")
        account = laptop.do("create_account", name="Aurora")["id"]

        def refused(path: Path, **more: object) -> str:
            wanted = json.dumps({"account_id": account, "path": str(path), **more})
            return laptop.refused("do", "add_attachment", wanted)

        assert "is a folder. Name one of the files in it" in refused(tmp_path)
        assert "is no ordinary file" in refused(Path("/dev/zero"))
        assert "There is no file" in refused(tmp_path / "gone.jpg")
        assert "colour" in refused(tmp_path / "gone.jpg", colour="red")
        assert listed(laptop) == []


def test_a_record_made_while_a_photo_goes_up_does_not_wait_for_the_photo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = tmp_path / "Shelf.jpg"
    photo.write_bytes(b"\xff\xd8\xff" + random.Random(2).randbytes(5 * PART))
    carry, arrived = HttpBearer.file, []
    with served(tmp_path) as office:
        user = office.make("user", login="anke", name="Anke", role="rep")
        with office.device(user, "laptop") as replica:
            first = create_account(replica, name="Aurora").id
            add_attachment(replica, account_id=first, path=str(photo))

            def between(bearer: HttpBearer, request: FileRequest) -> FileReply:
                with office.database.read() as reader:
                    arrived.append(reader.rows("SELECT count(*) FROM account")[0][0])
                if request.at == PART:
                    create_account(replica, name="Made meanwhile")
                return carry(bearer, request)

            monkeypatch.setattr(HttpBearer, "file", between)
            receipt = sync_now(replica)
            assert (receipt.accepted, receipt.waiting, receipt.digests_equal) == (3, 0, True)
            assert 1 in arrived
            assert arrived[-1] == 2
            assert arrived.count(2) >= 3, "it arrived while most of the photo was still here"
            with replica.read() as reader:
                assert reader.rows("SELECT count(*) FROM file_upload") == [(0,)]

            monkeypatch.setattr("fieldrep.sync.session.FILES_AT_ONCE_MS", 0)
            photo.write_bytes(photo.read_bytes()[::-1])
            add_attachment(replica, account_id=first, path=str(photo))
            assert sync_now(replica).exchanges >= 5, "news is looked for between parts"
            with replica.read() as reader:
                assert reader.rows("SELECT count(*) FROM file_upload") == [(0,)]


def test_a_file_the_quota_refuses_is_named_by_the_receipt_and_the_status_and_keeps_nothing_back(
    tmp_path: Path,
) -> None:
    large, small = tmp_path / "Large.bin", tmp_path / "Small.bin"
    large.write_bytes(random.Random(1).randbytes(1_100_000))
    small.write_bytes(b"a few words")
    with served(tmp_path) as office:
        user = office.make("user", login="anke", name="Anke", role="rep")
        with office.database.write("office") as tx:
            set_quota(tx.session, "person", 1_000_000)
        laptop = enrolled(office, user, tmp_path / "laptop")
        account = laptop.do("create_account", name="Aurora")["id"]
        stuck = laptop.do("add_attachment", account_id=account, path=str(large))["id"]
        said = laptop("sync")
        assert "This file was not taken: Large.bin." in said
        laptop.do("add_attachment", account_id=account, path=str(small))

        receipt = json.loads(laptop("sync", "--json"))
        status = json.loads(laptop("status", "--json"))
        for told in (receipt, status):
            assert told["files_waiting"] == 1, "the small one has gone"
            (one,) = told["files_not_taken"]
            assert (one["id"], one["name"], one["size"]) == (stuck, "Large.bin", 1_100_000)
            assert "come to more than 1 MB" in one["sentence"]
        assert "Large.bin" in status["warning"]
        assert "Large.bin" in laptop("status")
        assert receipt["waiting"] == 0

        other = enrolled(office, user, tmp_path / "other")
        shown = {row["name"]: row["state"] for row in listed(other)}
        assert shown == {"Large.bin": "not_here", "Small.bin": "not_here"}
        assert other("attachments").count("not on this laptop") == 2, "true of the one and of the other"
        assert "has not reached the office" in other.refused(
            "attachments", "--save", stuck, "--to", tmp_path / "out"
        )
        assert "asked for" in other("attachments")
        with office.database.write("office") as tx:
            set_quota(tx.session, "person", 10_000_000)
        receipt = json.loads(laptop("sync", "--json"))
        assert (receipt["files_waiting"], receipt["files_not_taken"]) == (0, [])
