"""Damage to a replica's file and log: what only this device had survives where it can be read; losses are named."""

from __future__ import annotations

import random
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from fieldrep.contract.change import Accepted, LeftOut, Merged, Refused
from fieldrep.contract.errors import Code, KnownError
from fieldrep.store.drafts import find
from fieldrep.store.engine import PAGE_BYTES
from fieldrep.store.incoming.apply import apply_reply
from fieldrep.store.incoming.refused import discard, refused_changes
from fieldrep.store.outgoing.outbox import entries
from fieldrep.store.repairing.pages import Pages
from fieldrep.store.repairing.repair import repair
from fieldrep.store.repairing.repaired import Repaired, told, untold
from fieldrep.store.replica import Replica
from fieldrep.store.verify import verify
from tests.sim.dying import dying_at
from tests.sim.tap import Killed
from tests.unit.store.answers import central_row, reply, row_id
from tests.unit.store.conftest import DEVICE, INCARNATION, KEY, enrol, open_replica

NOW = 1_800_000_000_000
SHOPS = [
    ("account", central_row("account", n, n, name=f"Shop {n}", note="note " * 40)) for n in range(1, 300)
]
LONG = "A long report. " * 600


@dataclass(frozen=True)
class Work:
    """What a device had that nobody else has."""

    changes: dict[int, object]
    drafts: dict[tuple[str, str], str]
    refused: set[int]
    let_go: set[int]
    token: str


def work(path: Path) -> None:
    """A replica with records, sent, settled, refused and waiting changes, long texts, drafts and secrets."""
    with open_replica(path) as replica:
        enrol(replica)
        replica.keep_secret("token", "frd_token")
        apply_reply(replica, reply(*SHOPS))
        for number in range(1, 61):
            with replica.begin("edit_account", f"Edit {number}") as unit:
                unit.update(
                    "account",
                    row_id(number),
                    {"phone": str(number), "note": LONG if number % 20 == 0 else "x"},
                )
        sent = replica.waiting(20, 10**9)
        outcomes = [
            Refused(c.n, Code.OUT_OF_SCOPE, "No.") if c.n % 7 == 0 else Accepted(c.n, 400 + c.n) for c in sent
        ]
        apply_reply(replica, reply(outcomes=outcomes, revision=410, holds=[], cursor=b"2"), sent)
        with replica.begin("discard_refused", "Let go") as unit:
            discard(unit, refused_changes(unit.driver)[0].refused_no)
        for number in range(12):
            with replica.begin("draft", "") as unit:
                unit.keep_draft(("account", f"{number}"), f"typed {number} " + (LONG if number == 5 else ""))
                unit.next_number("order")


def kept(replica: Replica) -> Work:
    with replica.read() as reader:
        keys = [("account", f"{number}") for number in range(12)]
        drafts = {key: draft.text for key in keys if (draft := find(reader.driver, key)) is not None}
        changes = {entry.n: (entry.change, entry.label, entry.state) for entry in entries(reader.driver)}
        refused = {entry.n for entry in refused_changes(reader.driver)}
        let_go = {n for (n,) in reader.rows("SELECT n FROM past_refusal")}
    return Work(changes, drafts, refused, let_go, replica.secret("token"))


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Work]:
    path = tmp_path_factory.mktemp("worked") / "replica.db"
    work(path)
    with open_replica(path, create=False) as replica:
        return path, kept(replica)


def flipped(source: Path, target: Path, offsets: list[int]) -> None:
    content = bytearray(source.read_bytes())
    for offset in offsets:
        content[offset] ^= 0x40
    target.write_bytes(content)


def assert_nothing_is_silently_lost(path: Path, had: Work, done: Repaired) -> Work:
    with open_replica(path, create=False) as replica:
        has = kept(replica)
        with replica.read() as reader:
            assert verify(reader) == []
        if done.known:
            state = replica.state()
            assert (state.device_id, state.incarnation, state.cursor) == (DEVICE, INCARNATION, b"")
            assert state.highest_n >= max(had.changes)
            with replica.begin("next", "") as unit:
                made = unit.create("account", {"name": "after"})
                assert int(unit.next_number("order").rpartition("-")[2]) > 12
            assert unit.change_n is not None
            assert unit.change_n > max(had.changes), "a used number is never used again"
            assert made
    for n, change in has.changes.items():
        assert had.changes[n] == change, "nothing is made up"
    for key, text in has.drafts.items():
        assert had.drafts[key] == text
    missing = set(had.changes) - set(has.changes)
    oldest = min([*has.changes, *done.lost], default=0)
    if done.known:
        assert {n for n in missing if n > oldest} <= set(done.lost), "each lost change is named"
    assert missing <= set(done.lost) or "more may be missing" in done.sentence, "a list with holes says so"
    assert set(done.lost) & (set(has.changes) | has.let_go) == set()
    if set(had.drafts) != set(has.drafts) or had.refused != has.refused:
        assert done.doubtful
    return has


def repaired(path: Path) -> Repaired:
    done = repair(path, KEY, NOW)
    assert not done.sound
    assert (path.parent / done.kept_as).exists(), "the damaged file is kept"
    return done


def test_a_sound_replica_is_left_as_it_is(worked: tuple[Path, Work], tmp_path: Path) -> None:
    path = tmp_path / "replica.db"
    shutil.copyfile(worked[0], path)
    before = path.read_bytes()
    assert repair(path, KEY, NOW).sound
    assert path.read_bytes() == before


def test_every_single_damaged_page_costs_at_most_what_lies_on_it(
    worked: tuple[Path, Work], tmp_path: Path
) -> None:
    source, had = worked
    pages = source.stat().st_size // PAGE_BYTES
    chosen = random.Random(7).sample(range(pages), 40)
    whole = 0
    for page in sorted({0, 1, *chosen}):
        path = tmp_path / str(page) / "replica.db"
        path.parent.mkdir()
        flipped(source, path, [page * PAGE_BYTES + 900])
        done = repaired(path)
        has = assert_nothing_is_silently_lost(path, had, done)
        whole += has.changes == had.changes and has.drafts == had.drafts
        shutil.rmtree(path.parent)
    assert whole >= 36


@pytest.mark.parametrize("seed", range(12))
def test_many_damaged_pages_lose_nothing_silently(
    worked: tuple[Path, Work], tmp_path: Path, seed: int
) -> None:
    source, had = worked
    path = tmp_path / "replica.db"
    chance = random.Random(seed)
    flipped(source, path, [chance.randrange(source.stat().st_size) for _ in range(1 << seed % 7)])
    done = repair(path, KEY, NOW)
    if not done.sound:  # a flip inside the salt of the first page harms nothing
        assert_nothing_is_silently_lost(path, had, done)


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.95])
def test_a_truncated_file_gives_back_what_is_left_of_it(
    worked: tuple[Path, Work], tmp_path: Path, keep: float
) -> None:
    source, had = worked
    path = tmp_path / "replica.db"
    path.write_bytes(source.read_bytes()[: int(source.stat().st_size * keep) + 11])
    assert_nothing_is_silently_lost(path, had, repaired(path))


def test_a_lost_header_loses_nothing(worked: tuple[Path, Work], tmp_path: Path) -> None:
    source, had = worked
    path = tmp_path / "replica.db"
    content = bytearray(source.read_bytes())
    content[:16] = bytes(16)
    path.write_bytes(content)
    assert repair(path, KEY, NOW).sound
    content[:PAGE_BYTES] = bytes(PAGE_BYTES)
    path.write_bytes(content)
    done = repaired(path)
    has = assert_nothing_is_silently_lost(path, had, done)
    assert has == had
    assert (len(had.refused), len(had.let_go)) == (1, 1)
    assert done.known
    assert not done.doubtful


def test_a_key_that_opens_nothing_changes_nothing(worked: tuple[Path, Work], tmp_path: Path) -> None:
    path = tmp_path / "replica.db"
    shutil.copyfile(worked[0], path)
    before = path.read_bytes()
    with pytest.raises(KnownError) as caught:
        repair(path, bytes(32), NOW)
    assert caught.value.code is Code.REPLICA_DAMAGED
    assert "--set-aside" in caught.value.sentence
    assert path.read_bytes() == before


def crashed(folder: Path) -> tuple[Path, Work]:
    """A replica as a crash leaves it: the last saves are in the log alone."""
    path = folder / "running" / "replica.db"
    path.parent.mkdir()
    work(path)
    with open_replica(path, create=False) as replica:
        for number in range(5):
            with replica.begin("edit_account", "Late") as unit:
                unit.update("account", row_id(200 + number), {"phone": f"late {number}"})
        had = kept(replica)
        target = folder / "crashed"
        target.mkdir()
        for ending in ("", "-wal"):
            shutil.copyfile(f"{path}{ending}", target / f"replica.db{ending}")
    return target / "replica.db", had


def test_a_damaged_log_is_noticed_before_saves_are_forgotten_and_gives_them_back(tmp_path: Path) -> None:
    path, had = crashed(tmp_path)
    log = path.with_name("replica.db-wal")
    whole = log.read_bytes()
    with open_replica(path, create=False) as replica:
        assert kept(replica).changes == had.changes
    frames = (len(whole) - 32) // (24 + PAGE_BYTES)
    chance = random.Random(3)
    source = path.read_bytes()
    for offset in [
        3,
        20,
        40,
        32 + 24 + 99,
        *(
            32 + (24 + PAGE_BYTES) * chance.randrange(frames // 2) + byte
            for byte in (50, 50, 50, 50, 9, 9, 9, 9)
        ),
    ]:
        place = tmp_path / f"at {offset}"
        place.mkdir()
        again = place / "replica.db"
        again.write_bytes(source)
        flipped_log = bytearray(whole)
        flipped_log[offset] ^= 1
        again.with_name("replica.db-wal").write_bytes(flipped_log)
        with pytest.raises(KnownError) as caught:
            open_replica(again, create=False)
        assert caught.value.code is Code.REPLICA_DAMAGED
        assert_nothing_is_silently_lost(again, had, repaired(again))


def test_a_log_torn_by_a_power_cut_is_no_damage(tmp_path: Path) -> None:
    path, had = crashed(tmp_path)
    log = path.with_name("replica.db-wal")
    log.write_bytes(log.read_bytes()[:-2000])
    with open_replica(path, create=False) as replica:
        has = kept(replica)
    assert set(had.changes) - set(has.changes) <= {max(had.changes)}


@pytest.mark.parametrize("moved", [False, True])
def test_a_kill_between_the_steps_of_the_switch_loses_neither_file(
    worked: tuple[Path, Work], tmp_path: Path, *, moved: bool
) -> None:
    source, had = worked
    path = tmp_path / "replica.db"
    flipped(source, path, [5 * PAGE_BYTES + 5])
    kept_as = path.with_name(repaired(path).kept_as)
    stamp = kept_as.stem.removeprefix("replica-damaged-")
    # the moment before the last steps: the repaired file lies ready, the damaged one has moved or not
    path.rename(path.with_name(f"replica.db.repaired-{stamp}"))
    damaged = kept_as.read_bytes()
    if not moved:
        kept_as.rename(path)
    log = path.with_name("replica.db-wal")
    log.write_bytes(b"old log")
    with open_replica(path, create=False) as replica:
        assert kept(replica).drafts == had.drafts
    assert kept_as.read_bytes() == damaged
    assert kept_as.with_name(f"{kept_as.name}-wal").read_bytes() == b"old log"
    assert not list(tmp_path.glob("*.repaired-*"))


@pytest.mark.parametrize("moment", ["REPAIR_READY", "DAMAGED_MOVED"])
def test_what_a_killed_repair_did_is_told_by_whoever_comes_next_until_somebody_was_shown_it(
    worked: tuple[Path, Work], tmp_path: Path, moment: str
) -> None:
    path, twin = tmp_path / "replica.db", tmp_path / "twin" / "replica.db"
    twin.parent.mkdir()
    flipped(worked[0], path, list(range(5, 40 * PAGE_BYTES, PAGE_BYTES)))
    shutil.copyfile(path, twin)
    done = repaired(twin)
    assert done.lost
    with suppress(Killed), dying_at(moment):
        repair(path, KEY, NOW)
    for _ in range(2):
        with open_replica(path, create=False) as replica:
            assert untold(replica) == done
    assert repair(path, KEY, NOW) == done
    with open_replica(path, create=False) as replica:
        told(replica)
        assert untold(replica) is None
    assert repair(path, KEY, NOW).sound


def test_two_repairs_of_which_nobody_was_told_are_told_together(
    worked: tuple[Path, Work], tmp_path: Path
) -> None:
    path = tmp_path / "replica.db"
    flipped(worked[0], path, list(range(5, 40 * PAGE_BYTES, PAGE_BYTES)))
    first = repaired(path)
    flipped(path, path, [PAGE_BYTES + 5])
    second = repaired(path)
    assert second.before == first
    assert second.sentence.startswith(f"{first.sentence} The damaged file is kept as {second.kept_as}")
    assert not second.whole


def test_what_is_left_on_free_pages_of_answered_changes_does_not_wait_again(tmp_path: Path) -> None:
    path = tmp_path / "replica.db"
    work(path)
    with open_replica(path, create=False) as replica:
        replica.keep_secret("token", "frd_token")
        sent = replica.waiting(30, 10**9)
        outcomes = [Accepted(change.n, 500 + change.n) for change in sent]
        apply_reply(replica, reply(outcomes=outcomes, revision=600, holds=[], cursor=b"3"), sent)
        rows = [("account", central_row("account", n, 560, name=f"Shop {n}")) for n in range(1, 60)]
        apply_reply(replica, reply(*rows, cursor=b"4", revision=610))
        had = kept(replica)
        with replica.read() as reader:
            ((root,),) = reader.rows("SELECT rootpage FROM sqlite_schema WHERE name = 'outbox'")
            answered = {n for (n,) in reader.rows("SELECT n FROM sent_log")}
    flipped(path, path, [(root - 1) * PAGE_BYTES + 100])
    done = repaired(path)
    with open_replica(path, create=False) as replica:
        has = kept(replica)
    assert has.changes.keys() <= had.changes.keys()
    assert not answered & (has.changes.keys() | done.lost.keys())


@pytest.mark.parametrize("emptied", [True, False])
def test_what_the_log_of_a_lost_file_still_holds_is_saved(tmp_path: Path, *, emptied: bool) -> None:
    path, left = tmp_path / "replica.db", tmp_path / "left" / "replica.db"
    left.parent.mkdir()
    with open_replica(path) as replica:
        enrol(replica)
        with replica.begin("draft", "") as unit:
            unit.keep_draft(("account", "1"), "typed")
        shutil.copyfile(f"{path}-wal", f"{left}-wal")
    if emptied:
        left.write_bytes(b"")
    for create in (True, False):
        with pytest.raises(KnownError, match="saved out of it"):
            open_replica(left, create=create)
    assert repair(left, KEY, NOW).drafts == 1
    with open_replica(left) as replica, replica.read() as reader:
        draft = find(reader.driver, ("account", "1"))
        assert draft is not None
        assert draft.text == "typed"


def test_a_refused_part_is_kept_while_the_rest_of_its_change_waits_for_its_echo(tmp_path: Path) -> None:
    path = tmp_path / "replica.db"
    part = LeftOut("account", row_id(1), "note", "Note of accounts is set by the office.")
    with open_replica(path) as replica:
        enrol(replica)
        apply_reply(replica, reply(*SHOPS))
        with replica.begin("edit_account", "Edit") as unit:
            unit.update("account", row_id(1), {"phone": "mine", "note": "mine as well"})
        sent = replica.waiting(1, 10**6)
        taken = Merged(sent[0].n, 5_000, (), (part,))
        apply_reply(replica, reply(outcomes=[taken], more=True, cursor=b"2"), sent)
        with replica.begin("draft", "") as unit:
            unit.keep_draft(("account", "x"), LONG)
    pages = Pages(path, KEY)
    spoilt = max(
        number for number in range(2, pages.count + 1) if b"A long report" in (pages.read(number) or b"")
    )
    flipped(path, path, [(spoilt - 1) * PAGE_BYTES + 100])
    assert repair(path, KEY, NOW).unreadable == 1
    with open_replica(path, create=False) as replica, replica.read() as reader:
        (refused,) = refused_changes(reader.driver)
        assert [edit.after for edit in refused.change.edits] == [{"note": "mine as well"}]
        assert [(entry.n, entry.state) for entry in entries(reader.driver)] == [(refused.n, "settled")]
