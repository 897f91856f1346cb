"""Values in the words of the admin's commands: names for ids, amounts with their currency, objects without signs."""

from __future__ import annotations

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.fields import Value
from sync_server.admin.console import table_lines
from sync_server.admin.words import value_words
from tests.store_suite.world import World

CASES: list[tuple[str, str, Value, str]] = [
    ("account", "phone", "030 1", "“030 1”"),
    ("account", "phone", None, "nothing"),
    ("account", "note", "x" * 300, f"“{'x' * 200}…”"),
    ("account", "archived", 1, "yes"),
    ("account", "visit_minutes", 45, "45"),
    ("account", "consent", '{"email":true,"post":"2026-11-02"}', "email yes, post “2026-11-02”"),
    ("account", "custom", '{"a":{"b":[1,null]},"c":"d"}', "a (b (1, nothing)), c “d”"),
    ("account", "custom", "{}", "nothing"),
    ("account", "owner_user_id", b"\x01" * 16, "a record that is gone"),
    ("sales_order", "freight_amount", 1250, "1250 JPY"),
    ("document_line", "discount_rate", 125_000, "12.5 %"),
    ("document_line", "unit_price", 1_500_000, "1.5"),
    ("attachment", "thumb", b"\x01" * 1_600, "1,600 bytes"),
    ("activity", "due_at", 1_780_000_000_000, "2026-05-28 20:26Z"),
]


def test_values_are_told_in_words(world: World) -> None:
    with world.database.read() as reader:
        for entity, name, value, words in CASES:
            field = CATALOGUE[entity].field(name)
            assert value_words(reader, field, value, "JPY") == words, (entity, name)


def test_a_reference_is_told_by_name(world: World) -> None:
    ana = world.user("ana")
    with world.database.read() as reader:
        assert value_words(reader, CATALOGUE["account"].field("owner_user_id"), ana) == "“Ana”"


def test_a_name_that_would_move_a_terminal_stays_on_its_line_of_a_table() -> None:
    lines = table_lines(("name", "state"), [{"name": "Ana\n\x1b[2J\u202eD9", "state": "active"}])
    assert lines == ["name         state", "Ana \ufffd[2J\ufffdD9  active"]
