"""The canonical export is the same bytes for the same content; verify names what is wrong and repairs nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.jsonform import canonical_line
from fieldrep.store.export import export_lines
from fieldrep.store.incoming.apply import apply_reply, start_over
from fieldrep.store.replica import Replica
from fieldrep.store.verify import verify
from tests.unit.store.answers import central_row, reply, row_id
from tests.unit.store.conftest import enrol, open_replica

SHOP = ("account", central_row("account", 1, 10, name="Corner Shop"))
MILL = ("account", central_row("account", 2, 11, name="Old Mill"))
ANNA = ("contact", central_row("contact", 3, 12, account_id=row_id(1), family_name="Anders"))
ORDER = (
    "sales_order",
    central_row(
        "sales_order",
        4,
        13,
        account_id=row_id(1),
        currency="EUR",
        status="completed",
        number_official="SO-1",
        goods_amount=500,
        total_amount=500,
    ),
)
LINE = (
    "document_line",
    central_row(
        "document_line",
        5,
        14,
        order_id=row_id(4),
        account_id=row_id(1),
        seq=1,
        qty=2_000_000,
        unit_price=2_500_000,
        line_amount=500,
    ),
)
ALL = (SHOP, MILL, ANNA, ORDER, LINE)


def exported(replica: Replica) -> bytes:
    with replica.read() as reader:
        return b"".join(export_lines(reader))


def findings(replica: Replica) -> list[str]:
    with replica.read() as reader:
        return [finding.check for finding in verify(reader)]


@pytest.fixture
def whole(replica: Replica) -> Replica:
    apply_reply(replica, reply(*ALL))
    with replica.begin("edit_account", "Edit") as unit:
        unit.update("account", row_id(1), {"phone": "1"})
        unit.create("contact", {"account_id": row_id(1), "family_name": "Smit"})
    assert findings(replica) == []
    return replica


def test_an_export_holds_every_row_in_catalogue_order_and_by_id(replica: Replica) -> None:
    apply_reply(replica, reply(MILL, SHOP, ANNA, ORDER, LINE))
    expected = [canonical_line(CATALOGUE[entity], row) for entity, row in ALL[:3]]
    lines = exported(replica).splitlines(keepends=True)
    assert lines[:3] == expected
    assert [json.loads(line)["entity"] for line in lines[3:]] == ["sales_order", "document_line"]


def test_two_replicas_with_the_same_rows_export_the_same_bytes(replica: Replica, tmp_path: Path) -> None:
    apply_reply(replica, reply(*ALL))
    with open_replica(tmp_path / "other.db", seed=2) as other:
        enrol(other)
        apply_reply(other, reply(MILL, SHOP, more=True, cursor=b"1"))
        apply_reply(other, reply(ANNA, ORDER, LINE, holds=ALL, cursor=b"2"))
        assert exported(other) == exported(replica)


@pytest.mark.parametrize(
    ("check", "damage"),
    [
        ("references", "DELETE FROM account WHERE name = 'Corner Shop'"),
        ("totals", "UPDATE sales_order SET total_amount = 501"),
        ("totals", "UPDATE document_line SET line_amount = 499"),
        ("digest", "UPDATE account SET note = 'other' WHERE name = 'Old Mill'"),
        ("digest", "UPDATE sync_state SET digest_total = digest_total + 1"),
        ("digest", "UPDATE base_row SET image = NULL WHERE image IS NOT NULL"),
        ("search", "INSERT INTO account_search (account_search) VALUES ('delete-all')"),
        ("search", "INSERT INTO account_search (rowid, name) VALUES (1, 'Once more')"),
        ("search", "UPDATE account SET note = 'two words' WHERE name = 'Old Mill'"),
        ("outbox", "DELETE FROM outbox_edit"),
        ("outbox", "DELETE FROM base_row"),
    ],
)
def test_verify_names_what_is_wrong(whole: Replica, check: str, damage: str) -> None:
    with whole.write() as connection:
        connection.execute(damage)
    assert check in findings(whole)


def test_what_is_still_to_come_from_the_server_is_no_fault_of_what_was_entered_here(whole: Replica) -> None:
    with whole.begin("create_order", "Order") as unit:
        order = unit.create("sales_order", {"account_id": row_id(2), "currency": "EUR"})
        unit.create("document_line", {"order_id": order, "account_id": row_id(2), "seq": 1})
        unit.update("sales_order", row_id(4), {"note": "ring twice"})
    start_over(whole)
    with whole.read() as reader:
        assert reader.row("sales_order", order) is not None
        assert reader.row("account", row_id(2)) is None
    assert findings(whole) == []


def test_verify_names_that_search_will_never_be_told_of_a_save(whole: Replica) -> None:
    with whole.begin("edit_account", "Edit") as unit:
        unit.update("account", row_id(1), {"note": "visit on Monday"})
    assert findings(whole) == []
    whole._writer.connection.execute("DELETE FROM search_due")
    assert set(findings(whole)) == {"search"}


def test_tidying_joins_what_many_saves_left_and_changes_nothing(whole: Replica) -> None:
    for number in range(40):
        with whole.begin("edit_account", "Edit") as unit:
            unit.update("account", row_id(1), {"note": f"visit {number}"})
        with whole.write():
            pass  # what is no save tells search of those before
    before = exported(whole)
    whole.took_bulk = True
    whole.tidy()
    with whole.read() as reader:
        assert reader.rows("SELECT count(DISTINCT segid) FROM account_search_idx") == [(1,)]
        assert reader.rows("SELECT count(*) FROM account_search WHERE account_search MATCH 'visit'") == [(1,)]
    assert exported(whole) == before
    assert findings(whole) == []


def test_tidying_between_saves_joins_the_small_segments_and_leaves_the_large_one(whole: Replica) -> None:
    with whole.begin("create_account", "New") as unit:
        for number in range(500):
            unit.create(
                "account", {"name": f"Shop {number}", "note": f"n{number} m{number * 7} k{number * 11}"}
            )
    whole.took_bulk = True
    whole.tidy()
    with whole.read() as reader:
        large = reader.rows("SELECT DISTINCT segid FROM account_search_idx")
    for number in range(40):
        with whole.begin("edit_account", "Edit") as unit:
            unit.update("account", row_id(1), {"note": f"visit {number}"})
        with whole.write():
            pass  # what is no save tells search of those before
    whole.tidy()
    with whole.read() as reader:
        segments = reader.rows("SELECT DISTINCT segid FROM account_search_idx")
    assert large[0] in segments
    assert len(segments) <= 8
    assert findings(whole) == []
