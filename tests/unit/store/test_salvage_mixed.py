"""A repair finds sound pages of different moments beside one another: what they make together is not believed."""

from __future__ import annotations

import random
import shutil
from functools import partial
from pathlib import Path

import pytest

from fieldrep.contract.change import Accepted
from fieldrep.contract.errors import Code, KnownError
from fieldrep.store.engine import PAGE_BYTES
from fieldrep.store.incoming.apply import apply_reply
from fieldrep.store.outgoing.outbox import entries
from fieldrep.store.repairing.pages import log_is_damaged
from fieldrep.store.repairing.repair import repair
from fieldrep.store.replica import Replica
from tests.unit.store.answers import central_row, reply, row_id
from tests.unit.store.conftest import KEY, FixedClock, enrol, open_replica
from tests.unit.store.test_salvage import NOW

FIRST, SECOND = "report no. 000000 " * 1_100, "report no. 000001 " * 1_100


def write(replica: Replica, text: str) -> None:
    with replica.begin("edit_account", "Edit") as unit:
        unit.update("account", row_id(1), {"note": text})


def moments(folder: Path) -> tuple[bytes, bytes]:
    """One replica while a long report waits, and after it was sent, when another one waits where it had been."""
    path = folder / "replica.db"
    with open_replica(path) as replica:
        enrol(replica)
        apply_reply(replica, reply(("account", central_row("account", 1, 1, name="Shop"))))
        write(replica, FIRST)
    before = path.read_bytes()
    with open_replica(path, create=False) as replica:
        sent = replica.waiting(1, 10**6)
        echo = central_row("account", 1, 9, name="Shop", note="short")
        apply_reply(
            replica, reply(("account", echo), outcomes=[Accepted(1, 9)], revision=9, cursor=b"2"), sent
        )
        replica.tidy()
        write(replica, SECOND)
    return before, path.read_bytes()


def test_a_change_of_which_a_page_is_of_an_older_state_is_told_as_lost_and_never_made_up(
    tmp_path: Path,
) -> None:
    before, after = moments(tmp_path)
    lost = 0
    for start in range(PAGE_BYTES, min(len(before), len(after)), PAGE_BYTES):
        older = before[start : start + PAGE_BYTES]
        if older == after[start : start + PAGE_BYTES]:
            continue
        path = tmp_path / f"{start}" / "replica.db"
        path.parent.mkdir()
        path.write_bytes(after[:start] + older + after[start + PAGE_BYTES :])
        done = repair(path, KEY, NOW)
        with open_replica(path, create=False) as replica, replica.read() as reader:
            told = {edit.after["note"] for entry in entries(reader.driver) for edit in entry.change.edits}
        assert told <= {FIRST, SECOND}
        assert SECOND in told or done.lost or done.doubtful
        lost += SECOND not in told
        shutil.rmtree(path.parent)
    assert lost


def crashed(folder: Path, key: bytes) -> Path:
    """What a program that was killed leaves: a file, and a log with a save that is in no other place."""
    folder.mkdir()
    path, left = folder / "replica.db", folder / "crashed.db"
    opened = partial(Replica.open, path, key, FixedClock(), random.Random(1).randbytes)
    with opened(create=True) as replica:
        enrol(replica)
        replica.keep_secret("token", "frd_token")
        apply_reply(replica, reply(("account", central_row("account", 1, 1, name="Shop"))))
    with opened() as replica:
        write(replica, "short")
        for ending in ("", "-wal", ".open"):
            shutil.copyfile(f"{path}{ending}", f"{left}{ending}")
    return left


def test_the_log_of_another_replica_is_told_as_damage_and_writes_over_nothing(tmp_path: Path) -> None:
    mine, theirs = crashed(tmp_path / "mine", KEY), crashed(tmp_path / "theirs", bytes(32))
    shutil.copyfile(f"{theirs}-wal", f"{mine}-wal")
    before = mine.read_bytes()
    with pytest.raises(KnownError) as caught:
        open_replica(mine, create=False)
    assert caught.value.code is Code.REPLICA_DAMAGED
    assert mine.read_bytes() == before
    done = repair(mine, KEY, NOW)
    assert (done.known, done.doubtful) == (True, True)
    with open_replica(mine, create=False) as replica:
        assert replica.state().login == "nancy"


def test_a_wrong_key_is_no_damage_of_the_log_that_a_crash_left_and_costs_nothing_of_it(
    tmp_path: Path,
) -> None:
    mine = crashed(tmp_path / "mine", KEY)
    assert not log_is_damaged(mine, bytes(range(1, 33)))
    with pytest.raises(KnownError):
        Replica.open(mine, bytes(range(1, 33)), FixedClock(), random.Random(1).randbytes)
    with open_replica(mine, create=False) as replica, replica.read() as reader:
        assert len(entries(reader.driver)) == 1


def test_a_log_that_is_gone_since_the_program_was_killed_is_told_as_damage(tmp_path: Path) -> None:
    left = crashed(tmp_path / "mine", KEY)
    Path(f"{left}-wal").unlink()
    for _ in range(2):
        with pytest.raises(KnownError) as caught:
            open_replica(left, create=False)
        assert caught.value.code is Code.REPLICA_DAMAGED
    done = repair(left, KEY, NOW)
    assert (done.sound, done.known, done.doubtful) == (False, True, True)
    with open_replica(left, create=False) as replica:
        assert replica.state().login == "nancy"


def test_a_program_that_ended_well_leaves_no_log_that_could_be_missed(tmp_path: Path) -> None:
    path = crashed(tmp_path / "mine", KEY)
    with open_replica(path, create=False):
        assert Path(f"{path}-wal").exists()
    assert not any(Path(f"{path}{ending}").exists() for ending in ("-wal", ".open"))
    with open_replica(path, create=False) as replica, replica.read() as reader:
        assert len(entries(reader.driver)) == 1
