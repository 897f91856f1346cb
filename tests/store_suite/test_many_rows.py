"""Many rows written in one go hold on both databases exactly what was given, whatever the values are."""

from __future__ import annotations

from sync_server.store.sql_text import compose
from tests.store_suite.world import World

KEEP = "ON CONFLICT (user_id) DO UPDATE SET count = excluded.count, total = excluded.total"
COLUMNS = ("user_id", "count", "total")
MANY = 5_001
"""One more than travel together."""


def user(number: int) -> bytes:
    return number.to_bytes(16, "big")


def test_rows_that_are_there_are_overwritten_and_the_others_put_in_past_any_portion(world: World) -> None:
    first = [(user(number), number, -number) for number in range(MANY)]
    with world.database.beside() as session:
        session.put_many("user_digest", COLUMNS, first, KEEP)
        session.put_many(
            "user_digest", COLUMNS, [(user(MANY - 1), 7, 2**63 - 1), (user(MANY), 8, -(2**63))], KEEP
        )
        session.put_many("user_digest", COLUMNS, [(user(MANY), 0, 0)], "ON CONFLICT (user_id) DO NOTHING")
        session.put_many("user_digest", COLUMNS, [], KEEP)
    with world.database.read() as reader:
        found = reader.rows("SELECT user_id, count, total FROM user_digest ORDER BY user_id")
    wanted = [*first[:-1], (user(MANY - 1), 7, 2**63 - 1), (user(MANY), 8, -(2**63))]
    assert [(bytes(key), count, total) for key, count, total in found] == wanted


def test_columns_are_written_as_given_nothing_quotes_and_all_bytes_among_them(world: World) -> None:
    names = ("name", "note", "parent_id", "changed_at", "revision")
    accounts = [world.account(name=f"Shop {number}") for number in range(3)]
    untouched = world.account(name="Other")
    values = [
        ('{"a","b\\c"}', None, bytes(range(16)), 2**53, 2**40),
        ("NULL", "%s ? %b \\x00 😀", None, 0, 2**40 + 1),
        ("", "line\nline", b"\xff" * 16, 1, 2**40 + 2),
    ]
    with world.database.beside() as session:
        select = compose("SELECT {place} FROM account WHERE id = ?", place=session.dialect.place)
        places = [session.rows(select, (row_id,))[0][0] for row_id in accounts]
        session.update_many(
            "account", names, [(*new, place) for new, place in zip(values, places, strict=True)]
        )
        session.update_many("account", ("note", "email"), [(None, None, places[1])])
        session.update_many("account", names, [])
    select = compose("SELECT {names} FROM account WHERE id = ?", names=names)
    with world.database.read() as reader:
        found = [reader.rows(select, (row_id,))[0] for row_id in accounts]
        other = reader.row("account", untouched)
    assert found[0] == values[0]
    assert found[1] == (values[1][0], None, *values[1][2:])
    assert found[2] == values[2]
    assert other is not None
    assert other["name"] == "Other"


def test_what_is_asked_ahead_is_answered_as_it_stood_then_whenever_and_however_often_it_is_called_for(
    world: World,
) -> None:
    world.account(name="First")
    with world.database.beside() as session:
        before = session.ask("SELECT name FROM account")
        session.run("UPDATE account SET name = ?", ("Second",))
        between = session.chosen("SELECT name FROM account WHERE name IN :members", ["First", "Second"])
        session.run("UPDATE account SET name = ?", ("Third",))
        after = session.ask("SELECT name FROM account")
        assert after() == [("Third",)]
        assert before() == before() == [("First",)]
        assert list(between) == [("Second",)]
