"""A disk that gives something wrong once: damage is told only where it is there when the replica is read again."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlcipher3 import dbapi2

from fieldrep.contract.errors import Code, KnownError
from fieldrep.store.engine import PAGE_BYTES
from fieldrep.store.incoming.apply import apply_reply
from fieldrep.store.replica import Replica
from fieldrep.store.verify import verify
from tests.unit.store.answers import central_row, reply
from tests.unit.store.conftest import enrol, open_replica

SHOPS = [("account", central_row("account", n, 10, name=f"Shop {n}", note="x" * 500)) for n in range(1, 200)]
Fault = Callable[[Path], AbstractContextManager[None]]
ALL = "SELECT sum(length(note)) FROM account"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of a replica with records, without a log."""
    path = tmp_path / "replica.db"
    with open_replica(path) as replica:
        enrol(replica)
        apply_reply(replica, reply(*SHOPS))
    return path


def spoil(path: Path, first: int) -> None:
    """From a page on, every page fails its check."""
    with path.open("r+b") as file:
        for begin in range(first * PAGE_BYTES, path.stat().st_size, PAGE_BYTES):
            file.seek(begin + 100)
            file.write(b"wrong")


@contextmanager
def read_wrongly(path: Path, first: int = 4) -> Iterator[None]:
    """Within this, the disk gives something wrong."""
    sound = path.read_bytes()
    spoil(path, first)
    try:
        yield
    finally:
        path.write_bytes(sound)


@contextmanager
def no_answer(file: Path) -> Iterator[None]:
    """Within this, the disk refuses to read what this program has open of a file."""
    opened = [int(found.name) for found in Path("/proc/self/fd").iterdir() if found.resolve() == file]
    kept = {descriptor: os.dup(descriptor) for descriptor in opened}
    assert kept
    unreadable = os.open("/", os.O_RDONLY)
    for descriptor in kept:
        os.dup2(unreadable, descriptor)
    try:
        yield
    finally:
        os.close(unreadable)
        for descriptor, before in kept.items():
            os.dup2(before, descriptor)
            os.close(before)


linux_only = pytest.mark.skipif(sys.platform != "linux", reason="/proc/self/fd is of Linux")
FAULTS = [read_wrongly, pytest.param(no_answer, marks=linux_only)]
"""What a disk may do to a read; each lasts as long as a `with`."""


def save(replica: Replica, name: str) -> None:
    with replica.begin("create_account", "New") as unit:
        unit.create("account", {"name": name})


def save_and_meet(replica: Replica, fault: AbstractContextManager[None]) -> None:
    with replica.begin("create_account", "New") as unit:
        unit.create("account", {"name": "never saved"})
        with fault:
            unit.rows(ALL)


def names(replica: Replica) -> list[str]:
    with replica.read() as reader:
        return [name for (name,) in reader.rows("SELECT name FROM account WHERE revision = 0 ORDER BY name")]


def read_all(replica: Replica) -> list[tuple[Any, ...]]:
    with replica.read() as reader:
        return reader.rows(ALL)


def test_what_is_sound_when_it_is_read_again_is_not_told_as_damage_and_can_be_read(path: Path) -> None:
    with open_replica(path, create=False) as replica:
        with pytest.raises(KnownError) as told, replica.read() as reader, read_wrongly(path):
            reader.rows(ALL)
        assert told.value.code is Code.DISK_ERROR
        assert "Nothing is lost" in told.value.sentence
        assert read_all(replica) == [(199 * 500,)]


def test_a_save_that_read_something_wrong_is_not_told_as_damage(path: Path) -> None:
    with open_replica(path, create=False) as replica:
        with pytest.raises(KnownError) as told, replica.write() as connection, read_wrongly(path):
            connection.execute(ALL).fetchall()
        assert told.value.code is Code.DISK_ERROR
        assert read_all(replica) == [(199 * 500,)]


def test_what_is_damaged_when_it_is_read_again_is_told_as_damage(path: Path) -> None:
    with open_replica(path, create=False) as replica:
        spoil(path, 4)
        with pytest.raises(KnownError) as told:
            read_all(replica)
        assert told.value.code is Code.REPLICA_DAMAGED


def test_a_start_that_reads_something_wrong_tries_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = path.with_name("spoiled.db")
    shutil.copyfile(path, copy)
    spoil(copy, 0)
    real, wrong = dbapi2.connect, [str(copy)]

    def connected(place: str, **kwargs: Any) -> Any:
        return real(wrong.pop() if wrong else place, **kwargs)

    monkeypatch.setattr(dbapi2, "connect", connected)
    with open_replica(path, create=False) as replica:
        assert read_all(replica) == [(199 * 500,)]
    assert not wrong


@pytest.mark.parametrize("fault", FAULTS)
def test_after_a_read_that_failed_in_a_save_the_next_save_succeeds_and_nothing_is_half_there(
    path: Path, fault: Fault
) -> None:
    with open_replica(path, create=False) as replica:
        save(replica, "before")
        with pytest.raises(KnownError) as told:
            save_and_meet(replica, fault(path))
        assert told.value.code is Code.DISK_ERROR
        save(replica, "after")
        assert names(replica) == ["after", "before"]
    with open_replica(path, create=False) as replica, replica.read() as reader:
        assert [change.n for change in replica.waiting(10, 10**6)] == [1, 2]
        assert verify(reader) == []


@linux_only
def test_a_save_goes_on_after_rows_could_not_be_read_ahead(path: Path) -> None:
    with open_replica(path, create=False) as replica:
        with pytest.raises(KnownError) as told, no_answer(path):
            replica.read_ahead(ALL, ())
        assert told.value.code is Code.DISK_ERROR
        save(replica, "after")
        assert names(replica) == ["after"]


@pytest.mark.parametrize("first", [0, 4])
def test_damage_is_told_by_every_save_that_meets_it_until_the_disk_gives_what_is_right(
    path: Path, first: int
) -> None:
    with open_replica(path, create=False) as replica:
        save(replica, "before")
        with read_wrongly(path, first):
            for _ in range(3):
                with pytest.raises(KnownError) as told, replica.write() as connection:
                    connection.execute(ALL).fetchall()
                assert told.value.code is Code.REPLICA_DAMAGED
        save(replica, "after")
        assert names(replica) == ["after", "before"]
