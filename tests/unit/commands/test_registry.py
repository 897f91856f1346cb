"""The registry: every command documents what it takes, and JSON becomes exactly that or a sentence."""

from __future__ import annotations

import inspect
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldrep.commands.done import Done
from fieldrep.commands.registry import COMMANDS, Command, command_named
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import id_text
from fieldrep.store.replica import Replica
from tests.helpers.small_company import AURORA, HARBOR, OAT, row_id

ACCOUNT = id_text(AURORA)


def run_command(replica: Replica, name: str, given: object) -> Done:
    """As `fieldrep do` runs it."""
    command = command_named(name)
    return command.run(replica, **command.keywords(given))


def test_the_commands_scripts_rely_on_are_there() -> None:
    assert {
        "create_account",
        "edit_account",
        "create_contact",
        "edit_contact",
        "log_activity",
        "create_order",
        "submit_order",
        "resolve_conflict",
        "undo",
        "discard_refused",
        "send_again",
    } <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda command: command.name)
def test_a_command_says_what_it_does_and_takes_what_it_documents(command: Command) -> None:
    assert command.summary.endswith(".")
    names = [argument.name for argument in command.arguments]
    assert len(names) == len(set(names))
    assert all(argument.kind and argument.help for argument in command.arguments)
    taken = inspect.signature(command.run).parameters
    anything = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in taken.values())
    if not anything:
        assert {argument.keyword for argument in command.arguments} == set(taken) - {"replica"}
    needed = {
        name
        for name, p in taken.items()
        if p.kind is inspect.Parameter.KEYWORD_ONLY and p.default is inspect.Parameter.empty
    }
    assert needed <= {argument.keyword for argument in command.arguments if argument.required}


def test_an_order_comes_in_as_people_write_it(replica: Replica) -> None:
    done = run_command(
        replica,
        "create_order",
        {
            "account_id": id_text(HARBOR),
            "po_ref": "77",
            "lines": [
                {"sku": "210034", "quantity": 3},
                {"sku": "401120", "quantity": "2.5", "discount": "5"},
                {"product_id": id_text(OAT), "uom": "pallet", "unit_price": "900.50", "discount": 10},
                {"text": "Ring the bell"},
            ],
        },
    )
    with replica.read() as reader:
        rows = reader.rows(
            "SELECT qty, unit_price, discount_rate, line_amount FROM document_line WHERE order_id = ? ORDER BY seq",
            (done.id,),
        )
    assert rows == [
        (3_000_000, 52_000_000, 0, 15_600),
        (2_500_000, 15_920_000, 50_000, 3_781),
        (1_000_000, 900_500_000, 100_000, 81_045),
        (0, 0, 0, 0),
    ]


def test_a_line_is_added_and_edited_as_people_write_it(replica: Replica) -> None:
    order = run_command(replica, "create_order", {"account_id": ACCOUNT})
    assert order.id is not None
    added = run_command(
        replica, "add_order_line", {"order_id": id_text(order.id), "sku": "332207", "quantity": "0.5"}
    )
    run_command(replica, "edit_order_line", {"id": id_text(added.lines[0]), "quantity": 2, "discount": "2.5"})
    with replica.read() as reader:
        line = reader.row("document_line", added.lines[0])
    assert line is not None
    assert (line["qty"], line["discount_rate"], line["line_amount"]) == (2_000_000, 25_000, 28_860)


def test_values_take_their_inner_form(replica: Replica) -> None:
    run_command(
        replica,
        "edit_account",
        {
            "id": ACCOUNT,
            "parent_id": id_text(HARBOR),
            "consent": {"email": True},
            "custom": {"b": 1, "a": ["1.5"]},
        },
    )
    with replica.read() as reader:
        account = reader.row("account", AURORA)
    assert account is not None
    assert (account["parent_id"], account["consent"]) == (HARBOR, '{"email":true}')
    assert account["custom"] == '{"a":["1.5"],"b":1}'


def test_a_currency_that_no_price_list_is_in_is_taken_with_a_warning(replica: Replica) -> None:
    warned = run_command(replica, "edit_account", {"id": ACCOUNT, "currency": "NOK"})
    assert warned.changed
    assert "No price list is in NOK yet" in warned.told
    assert run_command(replica, "edit_account", {"id": ACCOUNT, "currency": "EUR"}).warning == ""
    assert "NOK" in run_command(replica, "create_account", {"name": "Fjord", "currency": "NOK"}).warning


@pytest.mark.parametrize(
    ("command", "given", "code", "words"),
    [
        ("edit_acount", {}, Code.UNKNOWN_COMMAND, "Did you mean edit_account?"),
        ("edit_account", [1], Code.INVALID_VALUE, "object with named fields"),
        ("edit_account", {"phone": "1"}, Code.REQUIRED, "needs “id”"),
        ("edit_account", {"id": None}, Code.REQUIRED, "needs “id”"),
        ("edit_account", {"id": 5}, Code.INVALID_VALUE, "as text"),
        ("edit_account", {"id": "x"}, Code.INVALID_VALUE, "not a record id"),
        ("edit_account", {"id": ACCOUNT, "phoen": "1"}, Code.UNKNOWN_FIELD, "Did you mean “phone”?"),
        ("edit_account", {"id": ACCOUNT, "\ud800": 1}, Code.UNKNOWN_FIELD, "has no field “?”"),
        ("edit_account", {"id": ACCOUNT, "number": "1"}, Code.FIELD_PROTECTED, "not entered here"),
        (
            "edit_account",
            {"id": ACCOUNT, "visit_minutes": 1.5},
            Code.INVALID_VALUE,
            "1.5 is a decimal fraction",
        ),
        ("edit_account", {"id": ACCOUNT, "visit_minutes": 10**40}, Code.INVALID_VALUE, "at most"),
        ("edit_account", {"id": ACCOUNT, "currency": "ZZZ"}, Code.INVALID_VALUE, "“ZZZ” is no currency"),
        ("edit_account", {"id": ACCOUNT, "currency": "eur"}, Code.INVALID_VALUE, "write it EUR."),
        (
            "edit_account",
            {"id": ACCOUNT, "consent": {"email": "maybe"}},
            Code.INVALID_VALUE,
            "“email” must be true",
        ),
        (
            "edit_account",
            {"id": ACCOUNT, "custom": {"a": {"b": [1.5]}}},
            Code.INVALID_VALUE,
            "fraction 1.5; write it",
        ),
        (
            "edit_account",
            {"id": ACCOUNT, "custom": {"a": [[[1]]]}},
            Code.INVALID_VALUE,
            "deeper than 3 levels",
        ),
        ("edit_account", {"id": ACCOUNT, "custom": [1]}, Code.INVALID_VALUE, "must be an object"),
        ("edit_account", {"id": ACCOUNT, "visit_minutes": True}, Code.INVALID_VALUE, "“integer” is wanted"),
        ("edit_account", {"id": ACCOUNT, "phone": ["1"]}, Code.INVALID_VALUE, "“text” is wanted"),
        ("edit_account", {"id": ACCOUNT, "phone": "\ud800"}, Code.INVALID_VALUE, "lone surrogate"),
        ("create_account", {}, Code.REQUIRED, "needs “name”"),
        ("create_account", {"name": "x", "site": {"town": "y"}}, Code.UNKNOWN_FIELD, "town"),
        ("create_account", {"name": "x", "site": 5}, Code.INVALID_VALUE, "object"),
        ("create_order", {"account_id": ACCOUNT, "lines": {}}, Code.INVALID_VALUE, "list of lines"),
        ("create_order", {"account_id": ACCOUNT, "lines": [5]}, Code.INVALID_VALUE, "object"),
        (
            "create_order",
            {"account_id": ACCOUNT, "lines": [{"sku": "210034", "quantity": 2.5}]},
            Code.INVALID_VALUE,
            'write it as text: "2.5"',
        ),
        (
            "create_order",
            {"account_id": ACCOUNT, "lines": [{"sku": "210034", "quantity": "1e999999"}]},
            Code.INVALID_VALUE,
            "is not a number",
        ),
        (
            "create_order",
            {"account_id": ACCOUNT, "lines": [{"sku": "210034", "qty": 1}]},
            Code.UNKNOWN_FIELD,
            "“qty”",
        ),
        (
            "create_order",
            {"account_id": ACCOUNT, "freight_amount": 12.5},
            Code.INVALID_VALUE,
            "decimal fraction",
        ),
        (
            "create_order",
            {"account_id": ACCOUNT, "lines": [{"sku": "210034", "quantity": 1, "discount": "101"}]},
            Code.INVALID_VALUE,
            "Discount: must be at most 100 percent.",
        ),
        ("create_order", {"account_id": ACCOUNT, "total_amount": 1}, Code.FIELD_PROTECTED, "Total"),
        ("create_order", {"account_id": ACCOUNT, "wanted_on": "tomorrow"}, Code.INVALID_VALUE, "2026-11-30"),
        ("submit_order", {"id": id_text(row_id("nobody"))}, Code.NOT_FOUND, "There is no order"),
        ("resolve_conflict", {"id": ACCOUNT, "choose": "mine"}, Code.NOT_FOUND, "no such conflict"),
        ("resolve_conflict", {"id": ACCOUNT}, Code.REQUIRED, "choose"),
        ("discard_refused", {"id": 99}, Code.NOT_FOUND, "not there any more"),
        ("undo", {}, Code.NOTHING_TO_CHANGE, "nothing to undo"),
        ("undo", {"n": 99}, Code.NOT_FOUND, "No change here has the number 99 yet."),
        ("undo", {"n": 2**63}, Code.INVALID_VALUE, "too large"),
        ("discard_refused", {"id": -(2**70)}, Code.INVALID_VALUE, "too large"),
    ],
)
def test_what_does_not_fit_gets_a_sentence(
    replica: Replica, command: str, given: object, code: Code, words: str
) -> None:
    with pytest.raises(KnownError) as raised:
        run_command(replica, command, given)
    assert raised.value.code is code
    assert words in raised.value.sentence, raised.value.sentence
    with replica.read() as reader:
        assert reader.rows("SELECT count(*) FROM outbox") == [(0,)]


_JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None), max_size=20)
    | st.just(ACCOUNT),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_json_is_run_or_answered_with_a_sentence_and_never_a_fault(
    replica: Replica, data: st.DataObject
) -> None:
    command = data.draw(st.sampled_from(list(COMMANDS.values())))
    names = [argument.name for argument in command.arguments]
    given_values = data.draw(st.dictionaries(st.sampled_from(names), _JSON_VALUES, max_size=4))
    with suppress(KnownError):
        run_command(replica, command.name, given_values)
