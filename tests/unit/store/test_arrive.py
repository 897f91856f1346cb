"""Rows arriving beside another thread and on top of others: only what differs is written, and the turn ends in time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import pytest

from fieldrep.store.incoming.apply import apply_reply
from fieldrep.store.incoming.arrive import ROWS_AT_ONCE
from fieldrep.store.replica import Replica
from fieldrep.store.verify import verify
from tests.helpers.search_words import wrong_words
from tests.unit.store.answers import central_row, reply, row_id

SHOP = ("account", central_row("account", 1, 10, name="Corner Shop", phone="1", note="closed"))
MILL = ("account", central_row("account", 2, 11, name="Old Mill", phone="2"))


def test_rows_of_one_delta_may_differ_in_other_columns_each(replica: Replica) -> None:
    apply_reply(replica, reply(SHOP, MILL))
    shop = ("account", SHOP[1] | {"note": None, "revision": 20})
    mill = ("account", MILL[1] | {"phone": "3", "archived": 1, "revision": 21})
    applied = apply_reply(replica, reply(shop, mill, cursor=b"2"))
    assert applied.digest == replica.state().digest == reply(shop, mill).digest
    with replica.read() as reader:
        assert reader.row("account", row_id(1)) == shop[1]
        assert reader.row("account", row_id(2)) == mill[1]
        assert verify(reader) == []


@pytest.mark.parametrize("count", [1, ROWS_AT_ONCE - 1, ROWS_AT_ONCE, ROWS_AT_ONCE + 1, 5 * ROWS_AT_ONCE + 3])
def test_new_rows_hold_what_each_has_and_what_all_share_however_many_come(
    replica: Replica, count: int
) -> None:
    def account(n: int) -> dict[str, object]:
        told = {
            "phone": "1" if n in (1, count) else None,
            "delivery_terms": "EXW Delft",
            "note": f"note {n}" if n % 3 else None,
        }
        return central_row("account", n, 10 + n, name=f"Shop{n}", **told)

    rows = [("account", account(n)) for n in range(1, count + 1)]
    applied = apply_reply(replica, reply(*rows))
    assert applied.digest == reply(*rows).digest
    assert applied.entered == count
    with replica.read() as reader:
        assert [reader.row("account", row_id(n)) for n in range(1, count + 1)] == [row for _, row in rows]
        numbers = reader.rows("SELECT row_no FROM account ORDER BY revision")
        assert numbers == [(n,) for n in range(1, count + 1)]
        assert reader.rows("SELECT rowid FROM account_search(?)", (f"shop{count}",)) == [(count,)]
        assert verify(reader) == []


def test_new_rows_among_which_one_is_here_already_are_there_once_each(replica: Replica) -> None:
    rows = [
        ("account", central_row("account", n, 10 + n, name=f"Shop{n}")) for n in range(1, 3 * ROWS_AT_ONCE)
    ]
    known = rows[2 * ROWS_AT_ONCE + 1]
    apply_reply(replica, reply(known, cursor=b"1", more=True))
    applied = apply_reply(replica, reply(*rows))
    assert applied.digest == reply(*rows).digest
    assert applied.entered == len(rows) - 1
    assert wrong_words(replica) == []
    with replica.read() as reader:
        assert reader.rows("SELECT count(*), count(DISTINCT name) FROM account") == [(len(rows), len(rows))]
        assert verify(reader) == []


def test_a_delta_leaves_alone_the_columns_that_no_row_changes(replica: Replica) -> None:
    apply_reply(replica, reply(SHOP, MILL))
    with replica.write() as connection:
        # Whoever writes the id or the name again would run into this.
        for column in ("id", "name", "created_at"):
            connection.execute(
                f"CREATE TEMP TRIGGER no_{column} BEFORE UPDATE OF {column} ON account "
                "BEGIN SELECT raise(ABORT, 'written'); END"
            )
    shop = ("account", SHOP[1] | {"phone": "9", "revision": 20})
    applied = apply_reply(replica, reply(shop, holds=[shop, MILL], cursor=b"2"))
    assert applied.digest == reply(shop, MILL).digest


def test_the_turn_is_held_while_rows_are_written_and_given_up_for_the_commit(replica: Replica) -> None:
    seen: list[bytes] = []

    @contextmanager
    def turn() -> Iterator[None]:
        seen.append(replica.state().cursor)
        yield
        seen.append(replica.state().cursor)

    apply_reply(replica, reply(SHOP, MILL), turn=turn())
    assert seen == [b"", b""], "the cursor moves with the commit"
    assert replica.state().cursor == b"cursor"


def test_a_row_that_comes_twice_in_one_reply_is_found_by_its_last_words_alone(replica: Replica) -> None:
    later = ("account", SHOP[1] | {"name": "Harbour Inn", "revision": 20})
    first, last = reply(SHOP, MILL), reply(later, holds=[later, MILL])
    applied = apply_reply(replica, msgspec.structs.replace(last, pages=first.pages + last.pages))
    assert applied.digest == last.digest
    assert wrong_words(replica) == []
    with replica.read() as reader:
        found = reader.rows("SELECT rowid FROM account_search('inn OR mill')")
        assert len(found) == 2
        assert reader.rows("SELECT rowid FROM account_search('corner')") == []
