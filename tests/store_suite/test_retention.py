"""Retention: what is let go of, when, and that nobody who is not away misses it (F31, F46; I12, I16).

Real replicas of a real central store, under a clock that passes days. Owns no rule: `retention.py` does.
"""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest

from fieldrep.commands.refused import hand_over
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import RowId
from fieldrep.contract.messages import decode_request, encode_request
from fieldrep.queries.sync_page import refused_rows
from fieldrep.store.replica import Replica
from fieldrep.sync.engine import Run
from sync_server.reconcile.exchange import exchange
from sync_server.store.database import Database
from sync_server.store.devices.credentials import identify
from sync_server.store.proof.verify import verify
from sync_server.store.restoring.backup import backup, restore
from sync_server.store.upkeep.daily import tidied_daily
from sync_server.store.upkeep.retention import RULES, set_rule, tidy
from tests.store_suite.laptop import Laptop
from tests.store_suite.world import SeededBytes, World


def archive(laptop: Laptop, row_id: RowId) -> None:
    with laptop.replica.begin("archive_account", "delete") as uow:
        uow.archive("account", row_id)


def count(world: World, table: str) -> int:
    with world.database.read() as reader:
        return int(reader.rows(f"SELECT count(*) FROM {table}")[0][0])  # noqa: S608


def pass_days(world: World, days: int, *living: Laptop) -> None:
    """Days go by; once a month the living devices sync and the store is tidied."""
    for _ in range(days // 30):
        world.clock.pass_days(30)
        for laptop in living:
            laptop.sync()
        tidy(world.database)


def test_an_archived_record_is_purged_to_a_tombstone_and_leaves_the_devices(
    world: World, ana: Laptop
) -> None:
    kept, gone = ana.create("Kept"), ana.create("Gone")
    ana.sync()
    archive(ana, gone)
    ana.sync()
    world.clock.pass_days(RULES["archived"].days - 1)
    assert tidy(world.database).purged == 0
    world.clock.pass_days(2)

    assert tidy(world.database).purged == 1

    with world.database.read() as reader:
        assert reader.row("account", gone) is None
        (stone,) = reader.rows("SELECT * FROM tombstone")
        assert b"Gone" not in repr(stone).encode()
    receipt = ana.sync()
    assert (receipt.left, receipt.digests_equal, receipt.started_over) == (1, True, False)
    assert ana.names() == {"Kept"}
    assert verify(world.database) == []
    assert kept != gone
    assert tidy(world.database).purged == 0


def test_what_something_kept_names_stays_until_that_has_gone(world: World, ana: Laptop) -> None:
    account = ana.create("Shop")
    with ana.replica.begin("create_contact", "contact") as uow:
        contact = uow.create("contact", {"account_id": account, "family_name": "Smit"})
    archive(ana, account)
    ana.sync()
    world.clock.pass_days(400)
    assert tidy(world.database).purged == 0

    with ana.replica.begin("archive_contact", "delete") as uow:
        uow.archive("contact", contact)
    ana.sync()
    world.clock.pass_days(400)

    assert tidy(world.database).purged == 2
    assert ana.sync().digests_equal is True
    assert ana.names() == set()
    assert verify(world.database) == []


def test_a_late_edit_of_a_purged_record_is_kept_and_brings_nothing_back(world: World, ana: Laptop) -> None:
    shop, other = ana.create("Shop"), ana.create("Other")
    ana.sync()
    world.change("account", shop, archived=1)
    ana.edit(shop, note="they closed")
    ana.edit(other, note="still open")
    world.clock.pass_days(400)
    tidy(world.database)

    receipt = ana.sync()

    assert (receipt.accepted, receipt.refused, receipt.digests_equal) == (1, 1, True)
    assert ana.names() == {"Other"}
    with ana.replica.read() as reader:
        (refused,) = refused_rows(reader, zone=UTC)
    assert (refused.code, "Account “Shop” was deleted" in refused.sentence) == ("purged", True)
    assert [(value.field_title, value.after) for value in refused.entered] == [("Note", "they closed")]
    assert count(world, "refused_change") == 1
    hand_over(ana.replica, key=refused.key)
    ana.sync()
    with world.database.read() as reader:
        (handed,) = reader.all("handed_change")
    assert "they closed" in str(handed["payload"])
    assert verify(world.database) == []


def test_a_tombstone_waits_for_a_device_that_lags_and_not_for_one_that_is_away(
    world: World, ana: Laptop, tmp_path: Path
) -> None:
    ben = Laptop(tmp_path, world, ana.admission.user_id, "ben")
    shop = ana.create("Shop")
    ana.sync()
    ben.sync()
    archive(ana, shop)
    ana.sync()
    with world.write() as tx:
        set_rule(tx, "away", 365)
        set_rule(tx, "archived", 30)
        set_rule(tx, "tombstones", 30)
    for _ in range(10):  # 300 days: the tombstone is old, and Ben has not heard of it
        world.clock.pass_days(30)
        ana.sync()
        tidy(world.database)
    assert count(world, "tombstone") == 1

    receipt = ben.sync()
    assert (receipt.left, receipt.started_over, receipt.digests_equal) == (1, False, True)
    for _ in range(14):  # Ben is away from here on, and nothing is kept for him
        world.clock.pass_days(30)
        ana.sync()
        tidy(world.database)
    assert count(world, "tombstone") == 0
    ben.replica.close()


def test_a_device_beyond_the_horizon_pushes_first_and_starts_over(
    world: World, ana: Laptop, tmp_path: Path
) -> None:
    ben = Laptop(tmp_path, world, ana.admission.user_id, "ben")
    shop, other = ana.create("Shop"), ana.create("Other")
    ana.sync()
    ben.sync()
    archive(ana, shop)
    ana.sync()
    ben.edit(shop, note="on a record deleted meanwhile")
    ben.edit(other, note="on one that stands")
    ben.create("New from Ben")
    pass_days(world, 900, ana)
    assert count(world, "tombstone") == 0

    receipt = ben.sync()

    assert (receipt.started_over, receipt.accepted, receipt.refused) == (True, 2, 1)
    assert (receipt.digests_equal, receipt.waiting) == (True, 0)
    assert ben.names() == {"Other", "New from Ben"}
    with ben.replica.read() as reader:
        assert reader.rows("SELECT count(*) FROM refused_change") == [(1,)]
        assert reader.rows("SELECT note FROM account WHERE name = 'Other'") == [("on one that stands",)]
    ana.sync()
    assert ana.names() == ben.names()
    assert ben.sync().started_over is False
    ben.replica.close()


def test_an_answer_is_dropped_after_the_device_has_it_and_its_repeat_is_not_applied_again(
    world: World, ana: Laptop
) -> None:
    ana.create("Shop")
    run = Run(ana.replica, None, None)  # type: ignore[arg-type]
    request, _ = run._request()
    message = encode_request(request)
    ana.sync()
    world.clock.pass_days(100)
    tidy(world.database)
    assert count(world, "applied_change") == 1, "the device has not shown to have the answer"

    ana.sync()
    tidy(world.database)
    assert count(world, "applied_change") == 0
    with world.database.read() as reader:
        accounts = reader.rows("SELECT count(*) FROM account")
    device = identify(world.database, ana.admission.token)
    assert device is not None
    reply = exchange(world.database, device, decode_request(message))

    (outcome,) = reply.outcomes
    assert getattr(outcome, "code", "") == Code.ALREADY_SETTLED
    with world.database.read() as reader:
        assert reader.rows("SELECT count(*) FROM account") == accounts
    assert verify(world.database) == []


def test_a_restored_store_that_dropped_answers_takes_back_what_it_lacks_and_misses_nothing(
    world: World, ana: Laptop, tmp_path: Path
) -> None:
    ana.create("Before")
    ana.sync()
    ana.sync()
    world.clock.pass_days(100)
    tidy(world.database)
    assert count(world, "applied_change") == 0
    saved = tmp_path / "saved.db"
    backup(world.database, saved)
    ana.create("After")
    ana.sync()
    world.database.close()
    restore(world.url, saved, world.clock, SeededBytes(9))
    world.database = Database.open(world.url, world.clock, world.randomness)

    receipt = ana.sync()

    assert (receipt.started_over, receipt.refused, receipt.digests_equal) == (True, 0, True)
    assert ana.names() == {"Before", "After"}
    assert count(world, "account") == 2
    assert verify(world.database) == []


def test_the_sent_log_is_cut_by_what_a_backup_covers(world: World, ana: Laptop, tmp_path: Path) -> None:
    ana.create("Shop")
    ana.sync()
    backup(world.database, tmp_path / "saved.db")
    ana.create("Soon after")
    ana.sync()
    assert sent(ana.replica) == 2, "a backup may turn out to be no good: for a month both are kept"
    world.clock.pass_days(31)
    ana.create("Later")

    ana.sync()

    assert sent(ana.replica) == 2
    assert ana.sync().digests_equal is True


def sent(replica: Replica) -> int:
    with replica.read() as reader:
        return int(reader.rows("SELECT count(*) FROM sent_log")[0][0])


def test_the_audit_log_is_cut_at_its_beginning_and_what_is_left_still_follows(
    world: World, ana: Laptop
) -> None:
    ana.create("Shop")
    ana.sync()
    world.clock.pass_days(RULES["audit"].days + 1)
    ana.edit(RowId(min(ids(ana))), note="new")
    ana.sync()
    before = count(world, "audit_entry")

    assert tidy(world.database).dropped["audit_entry"] > 0

    assert 0 < count(world, "audit_entry") < before
    assert verify(world.database) == []
    with world.database.beside() as session:
        session.run("DELETE FROM audit_entry WHERE n = (SELECT min(n) FROM audit_entry)")
    assert any("Audit entry" in finding for finding in verify(world.database))


def ids(laptop: Laptop) -> set[bytes]:
    with laptop.replica.read() as reader:
        return {row[0] for row in reader.rows("SELECT id FROM account")}


def test_a_rule_takes_only_days_that_make_sense(world: World) -> None:
    for name, days, code in (("tombstones", 1, Code.INVALID_VALUE), ("nothing", 30, Code.NOT_FOUND)):
        with pytest.raises(KnownError) as caught, world.write() as tx:
            set_rule(tx, name, days)
        assert caught.value.code is code


def test_a_server_tidies_once_a_day_by_itself(world: World) -> None:
    for tidied in (True, False):
        with world.database.read() as reader:
            before = reader.rows("SELECT tidied_at FROM store_info")
        with tidied_daily(world.database):
            pass
        with world.database.read() as reader:
            assert (reader.rows("SELECT tidied_at FROM store_info") != before) is tidied
