"""The write-ahead log has its length before the saves come, and what lies in it after a crash is understood."""

from __future__ import annotations

import shutil
from pathlib import Path

from fieldrep.store.log import LOG_BYTES
from fieldrep.store.replica import Replica
from fieldrep.store.verify import verify
from tests.unit.store.conftest import FixedClock, open_replica


def save(replica: Replica, name: str) -> None:
    with replica.begin("create_account", "New") as unit:
        unit.create("account", {"name": name})


def names_after_a_crash(folder: Path, clock: FixedClock) -> list[str]:
    """What the next start finds in the files as they lie there now."""
    crashed = folder / "crashed"
    crashed.mkdir()
    for ending in ("", "-wal"):
        shutil.copyfile(folder / f"replica.db{ending}", crashed / f"replica.db{ending}")
    with open_replica(crashed / "replica.db", clock) as opened, opened.read() as reader:
        assert verify(reader) == []
        return [row[0] for row in reader.rows("SELECT name FROM account ORDER BY row_no")]


def test_saves_write_over_a_log_that_has_its_length(replica: Replica, tmp_path: Path) -> None:
    log = tmp_path / "replica.db-wal"
    replica.tidy()
    assert log.stat().st_size == LOG_BYTES
    for number in range(20):
        save(replica, f"Shop {number}")
    assert log.stat().st_size == LOG_BYTES
    replica.close()
    assert not log.exists()


def test_an_empty_log_of_zeros_is_no_damage_after_a_crash(
    replica: Replica, tmp_path: Path, clock: FixedClock
) -> None:
    save(replica, "Corner Shop")
    replica.took_bulk = True
    replica.tidy()
    assert not any((tmp_path / "replica.db-wal").read_bytes())
    assert names_after_a_crash(tmp_path, clock) == ["Corner Shop"]


def test_after_a_crash_the_saves_in_front_of_the_zeros_are_there(
    replica: Replica, tmp_path: Path, clock: FixedClock
) -> None:
    save(replica, "Corner Shop")
    replica.tidy()
    save(replica, "Old Mill")
    assert names_after_a_crash(tmp_path, clock) == ["Corner Shop", "Old Mill"]
