"""A file that a person asked for: whole or not at all, and never in the place of something that is no file."""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
from contextlib import closing, suppress
from pathlib import Path

import pytest

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.whole_file import spare_stores, whole_file


def test_a_file_stays_as_it_was_until_the_new_one_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "export"
    file.write_bytes(b"before")
    with suppress(RuntimeError), whole_file(file, "") as out:
        out.write(b"half")
        raise RuntimeError("the program ends")
    assert file.read_bytes() == b"before"
    assert [one.name for one in tmp_path.iterdir()] == ["export"]


def test_a_link_goes_on_pointing_to_the_file_it_points_to(tmp_path: Path) -> None:
    target, link = tmp_path / "kept" / "real", tmp_path / "link"
    target.parent.mkdir()
    target.write_bytes(b"before")
    link.symlink_to(target)
    with whole_file(link, "") as out:
        out.write(b"after")
    assert link.is_symlink()
    assert target.read_bytes() == b"after"
    assert [one.name for one in target.parent.iterdir()] == ["real"]


@pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no pipes that are named by a path like a file's"
)
def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    with whole_file(pipe, "") as out:
        out.write(b"through")
    reader.join()
    assert read == [b"through"]
    assert pipe.is_fifo()
    assert [one.name for one in tmp_path.iterdir()] == ["pipe"]


@pytest.mark.skipif(
    not Path("/dev/full").is_char_device(), reason="this system has no device that is always full"
)
def test_a_device_that_is_full_is_told_and_stays_a_device() -> None:
    with pytest.raises(KnownError) as refused, whole_file(Path("/dev/full"), "Take another.") as out:
        out.write(b"more than it takes")
    assert refused.value.code is Code.DISK_ERROR
    assert refused.value.sentence == "/dev/full cannot be written (No space left on device). Take another."
    assert Path("/dev/full").is_char_device()


def test_a_store_or_a_backup_of_one_is_never_replaced(tmp_path: Path) -> None:
    store, link = tmp_path / "central.db", tmp_path / "link"
    with closing(sqlite3.connect(store)) as made:
        made.execute("CREATE TABLE one (n)")
    link.symlink_to(store)
    before = store.read_bytes()
    for path in (store, link):
        with pytest.raises(KnownError) as refused, whole_file(path, "") as out:
            out.write(b"an export")
        assert refused.value.code is Code.ALREADY_EXISTS
    assert store.read_bytes() == before


def test_what_lies_beside_ones_own_files_is_never_replaced_and_other_files_are(tmp_path: Path) -> None:
    replica, other = tmp_path / "replica.db", tmp_path / "export.jsonl"
    beside = tmp_path / "replica.db-wal"
    for file in (replica, beside, other):
        file.write_bytes(b"encrypted")
    for file in (replica, beside, tmp_path / "away" / ".." / "replica.db"):
        with pytest.raises(KnownError) as refused:
            spare_stores(file, replica)
        assert refused.value.code is Code.ALREADY_EXISTS
    spare_stores(other, replica)
    spare_stores(tmp_path / "new", replica)
