"""Write transactions: staged rows are seen, those taken back are gone, each outcome is kept once (I3, I4, I14)."""

from __future__ import annotations

import gc
import weakref
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from fieldrep.contract.change import Accepted, Change, Edit, Outcome, Refused
from fieldrep.contract.errors import Code
from fieldrep.contract.ids import Revision
from fieldrep.contract.scope import account_key
from sync_server.store import database
from sync_server.store.audit import broken_links
from sync_server.store.database import Database
from sync_server.store.proof.verify import verify
from sync_server.store.sql_text import compose
from sync_server.store.transaction import WriteTransaction
from tests.store_suite.world import SeededBytes, SteppingClock, World, changed_row, contacts, new_row


@dataclass(frozen=True)
class Pusher:
    device_id: bytes = b"d" * 16
    user_id: bytes = b"u" * 16
    incarnation: bytes = b"i" * 16


def edit(row_id: bytes, kind: str = "create") -> Edit:
    return msgspec.convert(["account", row_id, kind, 0, {}, {"name": "Shop"}], Edit)


def record(tx: WriteTransaction, n: int, outcome: Outcome, *edits: Edit) -> None:
    change = Change(n, 5, "create_account", edits)
    tx.record_outcome(Pusher(), change, outcome, msgspec.msgpack.encode(outcome))


def test_staged_rows_are_seen_before_they_are_written(world: World) -> None:
    ana = world.user("ana")
    account = world.account(owner=ana)
    with world.write() as tx:
        first, second = contacts(tx, account, ["One", "Two"])
        changed_row(tx, "contact", first, family_name="Uno")
        assert [row["family_name"] for row in tx.children("contact", "account_id", account)] == ["Uno", "Two"]
        other = new_row(tx, "account", name="Other", owner_user_id=ana)
        assert {row["id"] for row in tx.find("account", "owner_user_id", ana)} == {account, other}
        changed_row(tx, "account", account, owner_user_id=None)
        assert {row["id"] for row in tx.find("account", "owner_user_id", ana)} == {other}
        assert tx.row("contact", second)
        with world.database.read() as reader:
            assert reader.row("contact", first) is None
    with world.database.read() as reader:
        assert len(reader.find("contact", "account_id", account)) == 2


def test_what_is_staged_after_a_mark_can_be_taken_back(world: World) -> None:
    account = world.account()
    with world.write() as tx:
        changed_row(tx, "account", account, phone="kept")
        kept = tx.revision
        mark = tx.mark()
        changed_row(tx, "account", account, phone="taken back")
        gone = new_row(tx, "contact", account_id=account, family_name="Gone")
        assert tx.next_number("orders") == 1
        tx.audit("gone")
        tx.rollback_to(mark)
        assert tx.row("contact", gone) is None
        assert tx.children("contact", "account_id", account) == []
        assert tx.revision == kept
        assert tx.next_number("orders") == 1
    with world.database.read() as reader:
        row = reader.row("account", account)
        assert row is not None
        assert (row["phone"], row["revision"]) == ("kept", kept)
        assert reader.rows("SELECT action FROM audit_entry") == []
        assert reader.info().revision == kept
    assert verify(world.database) == []


def test_a_transaction_lets_go_of_its_rows_when_it_is_over(world: World) -> None:
    account = world.account()
    gc.disable()
    try:
        with world.write() as tx:
            revision = Revision(changed_row(tx, "account", account, phone="kept"))
            record(tx, 1, Accepted(1, revision), edit(account, "update"))
            held = weakref.ref(tx)
        del tx
        assert held() is None
    finally:
        gc.enable()


def test_a_row_keeps_the_revision_it_was_created_at(world: World) -> None:
    account = world.account()
    first = world.database.info().revision
    world.change("account", account, phone="1")
    with world.database.read() as reader:
        row = reader.row("account", account)
        assert row is not None
        assert (row["created_revision"], row["revision"]) == (first, first + 1)


def test_a_row_given_out_is_a_copy(world: World) -> None:
    account = world.account(name="Shop")
    with world.write() as tx:
        row = tx.row("account", account)
        assert row is not None
        row["name"] = "scribbled"
        again = tx.row("account", account)
        assert again is not None
        assert again["name"] == "Shop"


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"account_id": b"x" * 16}, ValueError),
        ({"opt_out": True}, ValueError),
        ({"given_name": 1.5}, ValueError),
        ({"given_name": ["list"]}, ValueError),
    ],
)
def test_a_row_that_breaks_the_store_is_not_taken(
    world: World, values: dict[str, object], error: type[Exception]
) -> None:
    account = world.account()
    with world.write() as tx:
        (contact,) = contacts(tx, account, ["One"])
    with world.write() as tx:
        row = tx.row("contact", contact)
        assert row is not None
        with pytest.raises(error):
            tx.stage("contact", row | values)  # type: ignore[arg-type]
        del row["family_name"]
        with pytest.raises(KeyError):
            tx.stage("contact", row)


def test_an_outcome_is_kept_with_its_rows_and_given_again(world: World) -> None:
    accepted = Accepted(1, 7)
    with world.write() as tx:
        assert tx.outcome_of(b"d" * 16, b"i" * 16, 1) is None
        account = new_row(tx, "account", name="Shop")
        record(tx, 1, accepted, edit(account))
        assert tx.outcome_of(b"d" * 16, b"i" * 16, 1) == msgspec.msgpack.encode(accepted)
    with world.write() as tx:
        kept = tx.outcome_of(b"d" * 16, b"i" * 16, 1)
        assert kept == msgspec.msgpack.encode(accepted)
        assert tx.outcomes_of(b"d" * 16, b"i" * 16, [1, 2, 3]) == {1: kept}
        assert tx.took_between(b"d" * 16, b"i" * 16, 0, 1)
        assert not tx.took_between(b"d" * 16, b"i" * 16, 1, 9)
        assert tx.outcome_of(b"d" * 16, b"j" * 16, 1) is None
        assert tx.outcome_of(b"e" * 16, b"i" * 16, 1) is None


def test_a_change_cannot_be_recorded_twice(world: World) -> None:
    with world.write() as tx:
        record(tx, 1, Accepted(1, 1))
    with pytest.raises(Exception, match=r"(?i)unique"), world.write() as tx:
        record(tx, 1, Accepted(1, 2))


def test_a_refused_change_is_kept_whole_and_what_it_would_have_made_is_known(world: World) -> None:
    refused = Refused(4, Code.OUT_OF_SCOPE, "Not yours.")
    with world.write() as tx:
        record(tx, 4, refused, edit(b"n" * 16), edit(b"o" * 16, "update"))
        assert tx.refused_creates(b"d" * 16, b"i" * 16) == {b"n" * 16}
    with world.write() as tx:
        assert tx.refused_creates(b"d" * 16, b"i" * 16) == {b"n" * 16}
        assert tx.refused_creates(b"d" * 16, b"j" * 16) == frozenset()
    with world.database.read() as reader:
        ((payload, code),) = reader.rows("SELECT payload, code FROM refused_change")
        assert msgspec.msgpack.decode(payload, type=Change).edits[0].after == {"name": "Shop"}
        assert code == "out_of_scope"


def test_each_change_leaves_one_audit_entry_with_old_and_new_values(world: World) -> None:
    account = world.account(name="Shop")
    with world.write() as tx:
        changed_row(tx, "account", account, name="Shop & Co", note="x" * 2_000)
        record(tx, 1, Accepted(1, tx.revision), edit(account, "update"))
        mark = tx.mark()
        changed_row(tx, "account", account, name="never")
        tx.rollback_to(mark)
        record(tx, 2, Refused(2, Code.OUT_OF_SCOPE, "Not yours."), edit(account, "update"))
    with world.database.read() as reader:
        rows = reader.rows("SELECT user_id, device_id, action, result, detail FROM audit_entry ORDER BY n")
        assert [row[:4] for row in rows] == [
            (b"u" * 16, b"d" * 16, "create_account", "accepted"),
            (b"u" * 16, b"d" * 16, "create_account", "refused: out_of_scope"),
        ]
        ((told,), sentence) = msgspec.json.decode(rows[0][4]), rows[1][4]
        assert told["fields"]["name"] == ["Shop", "Shop & Co"]
        assert len(told["fields"]["note"][1]) == 501
        assert sentence == "Not yours."
        assert list(broken_links(reader)) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET result = 'ok' WHERE n = 2",
        "DELETE FROM audit_entry WHERE n = 2",
        "DELETE FROM audit_entry WHERE n = 3",
        "UPDATE audit_entry SET n = 4 WHERE n = 3",
    ],
)
def test_an_altered_audit_log_is_noticed(world: World, statement: str) -> None:
    for number in range(3):
        with world.write() as tx:
            tx.audit("test", detail=f"{number}\n\x1b[31m")
    assert verify(world.database) == []
    with world.database.beside() as session:
        session.run(statement)
    assert any("Audit entry" in finding for finding in verify(world.database))


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ("UPDATE account SET phone = 'forged'", "altered outside FieldRep"),
        ("UPDATE account SET scope_key = {everybody}", "wrong scope"),
        ("UPDATE account SET revision = 99", "has not given yet"),
        ("UPDATE contact SET account_id = {nobody}", "is not there"),
        ("UPDATE user_digest SET total = total + 1 WHERE user_id = {everybody}", "what everybody holds"),
        ("UPDATE user_digest SET count = count + 1", "digest of ana"),
        ("DELETE FROM scope_ledger WHERE scope_key = {account}", "ana lacks 1 scope keys"),
        ("UPDATE scope_ledger SET user_id = {nobody} WHERE scope_key = {account}", "without a right"),
        ("UPDATE sales_order SET total_amount = 5", "not those of its lines"),
    ],
)
def test_verify_names_what_was_altered_behind_the_stores_back(
    world: World, statement: str, finding: str
) -> None:
    ana = world.user("ana")
    account = world.account(owner=ana)
    with world.write() as tx:
        contacts(tx, account, ["One"])
        new_row(tx, "sales_order", account_id=account, currency="EUR", number_local="D1-000001")
    assert verify(world.database) == []
    values = {"everybody": b"G", "nobody": b"n" * 16, "account": account_key(account)}
    used = [value for name, value in values.items() if "{" + name + "}" in statement]
    for name in values:
        statement = statement.replace("{" + name + "}", "?")
    if statement.count("?") == 2:
        used.reverse()
        used = [values["nobody"], values["account"]]
    with world.database.beside() as session:
        session.run(statement, used)
    findings = verify(world.database)
    assert any(finding in found for found in findings), findings


def test_names_alone_get_into_statements() -> None:
    assert compose("SELECT {columns} FROM {table}", columns=["t.id", "name"], table="account")
    for hostile in ("a; DROP TABLE account", "id--", "a b", "", '"x"', "A", "t.a.b"):
        with pytest.raises(ValueError, match="not the name"):
            compose("SELECT {column}", column=hostile)


def test_a_device_that_holds_an_account_it_just_made_may_add_to_it_at_once(world: World) -> None:
    boss = world.user("boss")
    ana, ben = world.user("ana", boss), world.user("ben")
    with world.write() as tx:
        account = new_row(tx, "account", name="New", owner_user_id=ana)
        assert [tx.holds(user, account_key(account)) for user in (ana, boss, ben)] == [True, True, False]
        new_row(tx, "account_team", account_id=account, user_id=ben)
        assert tx.holds(ben, account_key(account))
        changed_row(tx, "account", account, owner_user_id=None)
        assert not tx.holds(ana, account_key(account))
    with world.database.read() as reader:
        assert reader.holders(account_key(account)) == [ben]


def test_who_holds_what_is_told_alike_for_rows_read_before_and_for_others(world: World) -> None:
    ana, ben = world.user("ana"), world.user("ben")
    accounts = [world.account(owner=owner) for owner in (ana, ben, ana, None)]
    with world.write() as tx:
        tx.preload("account", accounts[:2])
        keys = [account_key(account) for account in accounts]
        assert [tx.holds(ana, key) for key in keys] == [True, False, True, False]
        assert [tx.holds(ben, key) for key in keys] == [False, True, False, False]


def test_rows_gathered_before_are_found_like_those_read_one_by_one(world: World) -> None:
    ana = world.user("ana")
    shops = [world.account(ana, name=f"Shop {number}") for number in range(3)]
    with world.write() as tx:
        people = [
            contacts(tx, shop, [f"{number} of {shop.hex()}" for number in range(2)]) for shop in shops[:2]
        ]
        tx.keep_import_image(shops[1], b"imported")
    with world.database.read() as reader:
        stored = [reader.find("contact", "account_id", shop) for shop in shops]
    with world.write() as tx:
        tx.preload("account", shops[1:])
        tx.gather("contact", "account_id", shops[0])
        assert [tx.find("contact", "account_id", shop) for shop in shops] == stored
        tx.find("contact", "account_id", shops[0])[0]["phone"] = "altered"
        assert tx.find("contact", "account_id", shops[0]) == stored[0]
        changed_row(tx, "contact", people[1][0], phone="1")
        made = new_row(tx, "contact", account_id=shops[2], family_name="New")
        assert {row["phone"] for row in tx.find("contact", "account_id", shops[1])} == {"1", None}
        assert [row["id"] for row in tx.find("contact", "account_id", shops[2])] == [made]
        assert [tx.import_image(shop) for shop in shops] == [None, b"imported", None]


def test_grant_history_says_who_held_what_when(world: World) -> None:
    ana, ben = world.user("ana"), world.user("ben")
    account = world.account(owner=ana)
    made = world.database.info().revision
    moved = world.change("account", account, owner_user_id=ben)
    back = world.change("account", account, owner_user_id=ana)
    key = account_key(account)
    with world.database.read() as reader:
        held = [reader.held_at(ana, key, revision) for revision in (made - 1, made, moved - 1, moved, back)]
        assert held == [False, True, True, False, True]
        assert [reader.held_at(ben, key, revision) for revision in (made, moved, back)] == [
            False,
            True,
            False,
        ]


def test_a_grant_begins_and_ends_with_its_days(world: World) -> None:
    ana = world.user("ana")
    land = world.make("territory", name="North")
    account = world.account(territory=land)
    with world.database.read() as reader:
        today = reader.info().settled_on[:10]
    world.make("territory_assignment", user_id=ana, territory_id=land, valid_from=today, valid_to=today)
    copy = world.fresh(ana)
    assert copy.ids("account") == {account}
    world.clock.pass_days(1)
    world.database.settle_due()
    world.sync(copy)
    assert copy.ids("account") == set()
    assert verify(world.database) == []
    before = world.database.info()
    world.database.settle_due()
    assert world.database.info() == before


def test_a_store_that_closes_tidies_at_once_what_waits_for_its_pause(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "TIDY_PAUSE_SECONDS", 3_600)
    done: list[object] = []
    store = Database.open(world.url, world.database.clock, world.database.randomness)
    monkeypatch.setattr(store.dialect, "tidy", done.append)
    with store.write() as tx:
        for n in range(database.TIDY_AFTER):
            new_row(tx, "account", name=f"Shop {n}")
    assert not done, "whoever waits for the commit comes first"
    store.close()
    assert len(done) == 1


def test_on_sqlite_all_that_a_server_writes_goes_over_one_connection_which_keeps_its_pages(
    tmp_path: Path,
) -> None:
    with closing(
        Database.create(f"sqlite:///{tmp_path / 'store.db'}", SteppingClock(), SeededBytes(1))
    ) as store:

        def writes_of_others() -> object:
            with store.write() as tx:
                return tx.rows("PRAGMA data_version")

        before = writes_of_others()
        with store.read(), store.beside() as session:
            session.run("UPDATE store_info SET tidied_at = 7")
        assert writes_of_others() == before, (
            "each write by another connection empties what this one has at hand"
        )
