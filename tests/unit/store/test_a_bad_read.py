"""A disk that gives something wrong once: damage is told only where it is there when the replica is read again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlcipher3 import dbapi2

from fieldrep.contract.errors import Code, KnownError
from fieldrep.store.apply import apply_reply
from fieldrep.store.engine import PAGE_BYTES
from fieldrep.store.replica import Replica
from tests.unit.store.answers import central_row, reply
from tests.unit.store.conftest import enrol, open_replica

SHOPS = [("account", central_row("account", n, 10, name=f"Shop {n}", note="x" * 500)) for n in range(1, 200)]
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
def read_wrongly(path: Path) -> Iterator[None]:
    """Within this, the disk gives something wrong."""
    sound = path.read_bytes()
    spoil(path, 4)
    try:
        yield
    finally:
        path.write_bytes(sound)


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
