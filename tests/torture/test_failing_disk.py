"""A disk that fails is met by every way to fail, on the files of both programs and on no others."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from fieldrep.contract.errors import Code, KnownError
from fieldrep.paths import write_private
from tests.torture.day import Day
from tests.torture.failing_disk import MAKING, WAYS, Quiet, Way, said_of
from tests.torture.killed_at_steps import forked
from tests.torture.parts import TIERS, Place, failing_disk
from tests.torture.traced import PID, traced

needs_strace = pytest.mark.skipif(
    shutil.which("strace") is None, reason="strace is of Linux, and not installed"
)


@needs_strace
def test_each_way_to_fail_is_met_and_loses_nothing(tmp_path: Path) -> None:
    first_call_of_each = replace(TIERS["quick"], each_call=1_000_000)
    part = failing_disk(first_call_of_each, Place(tmp_path, tmp_path / "seeds"))
    assert (part.wrong, part.tries, set(part.counts)) == ([], len(WAYS), {str(way) for way in WAYS})
    assert all(counts["of"] > 1 and "not reached" not in counts for counts in part.counts.values()), (
        part.counts
    )


@needs_strace
def test_a_call_fails_on_the_named_files_alone_from_the_moment_the_work_begins(tmp_path: Path) -> None:
    ours, beside, log = tmp_path / "ours", tmp_path / "beside", tmp_path / "calls"

    def work() -> None:
        beside.write_text("kept", encoding="ascii")
        ours.write_text("lost", encoding="ascii")

    words = ("-e", "trace=openat", "-P", str(ours), "-o", str(log))
    assert traced(work, *words, "-e", "inject=openat:error=ENOSPC:when=1") == 1
    assert (beside.exists(), ours.exists(), log.read_text().count("openat")) == (True, False, 1)
    assert traced(work, *words, "-e", "inject=openat:error=ENOSPC:when=2") == 0
    assert ours.exists()


@needs_strace
def test_a_file_named_after_the_process_can_be_looked_at(tmp_path: Path) -> None:
    log = tmp_path / "calls"
    words = ("-e", "trace=openat", "-P", str(tmp_path / f"of.{PID}.part"), "-o", str(log))

    def work() -> None:
        (tmp_path / f"of.{os.getpid()}.part").touch()

    assert traced(work, *words) == 0
    assert "O_CREAT" in log.read_text(encoding="ascii")


def test_a_full_disk_refuses_the_files_that_are_not_there_yet() -> None:
    lines = (
        'openat(AT_FDCWD, "/d/store", O_RDWR|O_CREAT) = 3',
        'openat(AT_FDCWD, "/d/store-wal", O_RDWR|O_CREAT) = 4',
        'openat(AT_FDCWD, "/d/store-wal", O_RDWR|O_CREAT) = 5',
        'unlink("/d/store-wal") = 0',
        'openat(AT_FDCWD, "/d/store-wal", O_RDWR|O_CREAT) = 4',
        'openat(AT_FDCWD, "/d", O_RDONLY) = 5',
        'rename("/d/store", "/d/aside") = 0',
        'openat(AT_FDCWD, "/d/aside", O_RDWR|O_CREAT) = 4',
        'openat(AT_FDCWD, "/d/store", O_RDWR|O_CREAT) = 4',
    )
    quiet = Quiet((), lines, frozenset({"store"}))
    assert quiet.numbers(MAKING) == [2, 4, 7]
    assert quiet.numbers(Way("rename", "EIO")) == [1]


def test_what_the_disk_says_must_not_leave_the_client_without_a_sentence(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere" / "file"
    assert said_of(KnownError(Code.DISK_FULL, "The disk is full.")) == {"ended": "disk_full"}
    with pytest.raises(FileNotFoundError) as client:
        write_private(nowhere, b"")
    assert "(write_private, line" in said_of(client.value)["fault"]
    with pytest.raises(FileNotFoundError) as of_the_day:
        nowhere.read_bytes()
    assert "ended" in said_of(of_the_day.value)
    with pytest.raises(ValueError, match="invalid literal") as other:
        int("no error of a disk")
    assert "fault" in said_of(other.value)


def test_a_laptop_on_which_something_was_found_wrong_is_looked_at_again_before_it_is_wiped(
    tmp_path: Path,
) -> None:
    day = Day(tmp_path)
    assert forked(day.prepare) == 0
    (tmp_path / "wrong").write_text('["a page could not be read"]', encoding="utf-8")
    assert forked(day.work) == 0
    assert day.judge() == []
