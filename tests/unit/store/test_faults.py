"""What breaks around the replica: kills at every statement, a full disk, damage, a wrong key, a second program.

Saved means saved: whatever was committed is there afterwards, and nothing is ever half there (I4, I6, I7).
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from fieldrep.contract.errors import Code, KnownError
from fieldrep.store.engine import connect
from fieldrep.store.export import export_lines
from fieldrep.store.incoming.apply import apply_reply
from fieldrep.store.replica import Replica
from fieldrep.store.verify import verify
from tests.unit.store.answers import central_row, reply, row_id
from tests.unit.store.conftest import KEY, FixedClock, enrol, open_replica

CHECKOUT = Path(__file__).resolve().parents[3]
SHOP = ("account", central_row("account", 1, 10, name="Corner Shop"))
posix_only = pytest.mark.skipif(os.name != "posix", reason="kills by signal and forks are of POSIX systems")


@posix_only
@pytest.mark.parametrize("action", ["save", "answers", "afresh"])
def test_a_kill_at_any_statement_leaves_the_state_before_or_the_state_after(
    tmp_path: Path, action: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.unit.store.killed", str(tmp_path), action],
        cwd=CHECKOUT, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    kills: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    before, after = kills[0], kills[-1]
    assert (before["died"], after["died"]) == (True, False)
    assert len(kills) > 10
    what = ("rows", "waiting", "cursor", "whole")
    states = [{name: state[name] for name in what} for state in (before, after)]
    assert states[0] != states[1]
    assert [kill["findings"] for kill in kills if kill["findings"]] == []
    assert all({name: kill[name] for name in what} in states for kill in kills)


SAVING = """
import sys
from pathlib import Path
from tests.unit.store.conftest import open_replica
replica = open_replica(Path(sys.argv[1]), seed=int(sys.argv[2]), create=False)
number = 0
while True:
    number += 1
    with replica.begin("create_account", "New") as unit:
        unit.create("account", {"name": f"Shop {number}"})
    print(unit.change_n, flush=True)
"""


@posix_only
def test_what_was_acknowledged_is_there_after_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "replica.db"
    with open_replica(path) as replica:
        enrol(replica)
    acknowledged = 0
    for lines in (1, 7, 40):
        with subprocess.Popen(
            [sys.executable, "-c", SAVING, str(path), str(lines)], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        ) as child:  # fmt: skip
            assert child.stdout is not None
            for _ in range(lines):
                acknowledged = int(child.stdout.readline())
            child.send_signal(signal.SIGKILL)
            rest = child.stdout.read().splitlines()
        acknowledged = int(rest[-1]) if rest else acknowledged
        with open_replica(path, create=False) as replica, replica.read() as reader:
            numbers = [change.n for change in replica.waiting(10_000, 10**9)]
            assert numbers == list(range(1, len(numbers) + 1))
            assert acknowledged <= len(numbers) <= acknowledged + 1
            assert reader.rows("SELECT count(*) FROM account")[0][0] == len(numbers)
            assert verify(reader) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 3 MB."""
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root on a POSIX system")
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"this system mounts no tmpfs: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def save_without_end(replica: Replica) -> None:
    for number in range(10_000):
        with replica.begin("create_account", "New") as unit:
            unit.create("account", {"name": f"Shop {number}", "note": "x" * 5000})


def test_a_full_disk_refuses_the_save_with_a_sentence_and_loses_nothing(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(1_000_000))
    with open_replica(small_disk / "replica.db") as replica:
        enrol(replica)
        with pytest.raises(KnownError) as caught:
            save_without_end(replica)
        assert caught.value.code is Code.DISK_FULL
        saved = replica.state().highest_n
        assert saved > 10
        assert len(replica.waiting(10_000, 10**9)) == saved, "what waits can still be read and sent"
        with pytest.raises(KnownError):
            apply_reply(
                replica,
                reply(*[("account", central_row("account", n, n, note="y" * 9000)) for n in range(1, 200)]),
            )
        assert replica.state().cursor == b""
        ballast.unlink()
        with replica.begin("create_account", "New") as unit:
            unit.create("account", {"name": "after"})
        assert unit.change_n == saved + 1
        with replica.read() as reader:
            assert verify(reader) == []
            assert reader.rows("SELECT count(*) FROM account") == [(saved + 1,)]


def filled_up(disk: Path) -> Path:
    """Takes the last byte of a disk; gives the file that does."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass
    return ballast


def try_to_save(replica: Replica) -> None:
    with replica.begin("create_account", "New") as unit:
        for _ in range(30):
            unit.create("account", {"name": "typed on a full disk", "note": "x" * 19_000})


def test_on_a_disk_full_to_the_last_byte_everything_can_still_be_read(small_disk: Path) -> None:
    path = small_disk / "replica.db"
    with open_replica(path) as replica:
        enrol(replica)
        apply_reply(replica, reply(SHOP))
        with replica.begin("edit_account", "Edit") as unit:
            unit.update("account", row_id(1), {"phone": "saved before"})
    ballast = filled_up(small_disk)
    for _ in range(3):
        with open_replica(path, create=False) as replica:
            with replica.read() as reader:
                assert reader.row("account", row_id(1))["phone"] == "saved before"  # type: ignore[index]
            assert [change.n for change in replica.waiting(10, 10**6)] == [1], "what waits can be sent"
            with pytest.raises(KnownError) as caught:
                try_to_save(replica)
            assert caught.value.code is Code.DISK_FULL
            assert replica.depth() == 1
    with open_replica(path, create=False) as replica:
        ballast.unlink()
        try_to_save(replica)
        assert replica.depth() == 2
        with replica.read() as reader:
            assert verify(reader) == []
    with open_replica(path, create=False) as replica:
        assert (small_disk / "replica.db.reserve").exists(), "the next time is provided for"


def test_without_a_reserve_a_full_disk_is_named_and_nothing_is_lost(small_disk: Path) -> None:
    path = small_disk / "replica.db"
    with open_replica(path) as replica:
        enrol(replica)
    (small_disk / "replica.db.reserve").unlink()
    ballast = filled_up(small_disk)
    with pytest.raises(KnownError) as caught:
        open_replica(path, create=False)
    assert caught.value.code is Code.DISK_FULL
    ballast.unlink()
    with open_replica(path, create=False) as replica:
        assert replica.state().login == "nancy"


def test_a_wrong_key_shows_nothing_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "replica.db"
    with open_replica(path) as replica:
        enrol(replica)
    before = path.read_bytes()
    with pytest.raises(KnownError) as caught:
        Replica.open(path, bytes(32), FixedClock(), os.urandom)
    assert caught.value.code is Code.REPLICA_DAMAGED
    assert path.read_bytes() == before


def filled(path: Path) -> None:
    with open_replica(path) as replica:
        enrol(replica)
        rows = [
            ("account", central_row("account", n, n, name=f"Shop {n}", note="note " * 50))
            for n in range(1, 400)
        ]
        apply_reply(replica, reply(*rows))


def read_all(path: Path) -> list[str]:
    """Every way a person or program comes upon damage: open, read all, verify."""
    with open_replica(path, create=False) as replica, replica.read() as reader:
        for _ in export_lines(reader):
            pass
        return [finding.check for finding in verify(reader)]


def damage(path: Path) -> str:
    try:
        return "found by verify" if read_all(path) else "not found"
    except KnownError as error:
        return error.code


@pytest.mark.parametrize("where", [0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
def test_one_flipped_bit_anywhere_is_detected(tmp_path: Path, where: float) -> None:
    path = tmp_path / "replica.db"
    filled(path)
    content = bytearray(path.read_bytes())
    content[int(len(content) * where) + 107] ^= 0x10
    path.write_bytes(content)
    assert damage(path) in ("found by verify", Code.REPLICA_DAMAGED)


@pytest.mark.parametrize("keep", [100, 5_000, 100_000])
def test_a_truncated_file_is_detected(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "replica.db"
    filled(path)
    os.truncate(path, keep)
    with pytest.raises(KnownError) as caught:
        read_all(path)
    assert caught.value.code is Code.REPLICA_DAMAGED


def test_an_empty_file_is_no_replica(tmp_path: Path) -> None:
    path = tmp_path / "replica.db"
    path.touch()
    with pytest.raises(KnownError) as caught:
        open_replica(path, create=False)
    assert caught.value.code is Code.NOT_ENROLLED
    with pytest.raises(KnownError) as caught:
        open_replica(tmp_path / "none.db", create=False)
    assert caught.value.code is Code.NOT_ENROLLED


OPENING = """
import sys
from pathlib import Path
from fieldrep.contract.errors import KnownError
from tests.unit.store.conftest import open_replica
try:
    open_replica(Path(sys.argv[1]), create=False)
except KnownError as error:
    print(error.code.value)
"""


def test_a_second_program_on_the_same_replica_is_told_so(replica: Replica, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", OPENING, str(tmp_path / "replica.db")], cwd=CHECKOUT, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
    )  # fmt: skip
    assert done.stdout.strip() == Code.ALREADY_OPEN.value, done.stderr
    with pytest.raises(KnownError) as caught:
        open_replica(tmp_path / "replica.db", create=False)
    assert caught.value.code is Code.ALREADY_OPEN
    replica.close()
    with open_replica(tmp_path / "replica.db", create=False) as again:
        assert again.state().login == "nancy"


def test_nothing_that_was_entered_lies_readable_on_the_disk(tmp_path: Path) -> None:
    sentinel = "Zwergpinscher"
    with open_replica(tmp_path / "replica.db") as replica:
        enrol(replica)
        with replica.begin("create_account", sentinel) as unit:
            account = unit.create("account", {"name": sentinel, "note": sentinel})
            unit.keep_draft(("order", "new"), sentinel)
        replica.keep_secret("token", sentinel)
        shutil.copytree(tmp_path, tmp_path.with_name("crashed"))
        replica.tidy()
    files = [file for folder in (tmp_path, tmp_path.with_name("crashed")) for file in folder.iterdir()]
    assert {file.name for file in files} >= {"replica.db", "replica.db-wal"}
    for file in files:
        content = file.read_bytes().lower()
        assert sentinel.lower().encode() not in content
        assert account not in content


def test_a_reader_sees_units_of_work_whole_while_another_thread_writes(replica: Replica) -> None:
    apply_reply(replica, reply(SHOP))
    torn: list[tuple[int, int]] = []
    seen: set[int] = set()
    finished = threading.Event()

    def look() -> None:
        while not finished.is_set():
            with replica.read() as reader:
                orders = reader.rows("SELECT count(*) FROM sales_order")[0][0]
                lines = reader.rows("SELECT count(*) FROM document_line")[0][0]
            seen.add(orders)
            if lines != 3 * orders:
                torn.append((orders, lines))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        while len(seen) < 10 and len(torn) == 0:
            with replica.begin("create_order", "Order") as unit:
                order = unit.create("sales_order", {"account_id": row_id(1), "currency": "EUR"})
                for seq in (1, 2, 3):
                    unit.create("document_line", {"order_id": order, "account_id": row_id(1), "seq": seq})
    finally:
        finished.set()
        watcher.join()
    assert torn == []


def test_a_reader_cannot_write(replica: Replica) -> None:
    from sqlcipher3 import dbapi2

    with replica.read() as reader, pytest.raises(dbapi2.OperationalError, match="readonly"):
        reader.rows("DELETE FROM sync_state")


def test_a_replica_needs_a_key_of_the_right_length(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        connect(tmp_path / "replica.db", KEY[:16])
