"""Values no honest device sends: a change that holds one is refused with a sentence, and the next one goes on (I17)."""

from __future__ import annotations

import pytest

from fieldrep.contract.change import Accepted, Change, Edit, Refused
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.messages import ExchangeRequest, Handshake, decode_request, encode_request
from tests.unit.reconcile.conftest import Store, create, row_id

SHOP = "shop of ana"


def judged(store: Store, edit: Edit) -> Refused:
    """What the change became; a good change behind it must be taken all the same."""
    good = store.edit("account", SHOP, website=(None, "https://shop.example"))
    bad, beside = store.push_all("ana", Change(1, 0, "t", (edit,)), Change(2, 0, "t", (good,)))
    assert isinstance(beside, Accepted), beside
    assert isinstance(bad, Refused), bad
    assert bad.sentence
    return bad


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("phone", "x" * 61),
        ("phone", "nul\x00"),
        ("phone", b"bytes"),
        ("phone", 5),
        ("phone", b""),
        ("phone", ""),
        ("consent", ""),
        ("visit_every_days", ""),
        ("parent_id", b""),
        ("name", None),
        ("name", ""),
        ("tier", "platinum"),
        ("visit_every_days", 0),
        ("visit_every_days", 2**63 - 1),
        ("visit_every_days", "7"),
        ("parent_id", b"short"),
        ("parent_id", "text"),
        ("consent", "{not json"),
        ("consent", '{"b":true,"a":false}'),
        ("consent", '{"email":"maybe"}'),
        ("consent", '{"email":1}'),
        ("consent", "[]"),
        ("currency", "ZZZ"),
        ("currency", "eur"),
        ("custom", '{"a":{"b":[1.5]}}'),
        ("custom", '{"a":{"b":{"c":[[1]]}}}'),
        ("custom", "[1]"),
        ("custom", '{"a":99999999999999999999999999}'),
        ("consent", "[" * 10_000 + "]" * 10_000),
        ("custom", '"\\ud800"'),
        ("archived", 2),
        ("no_such_field", 1),
        ("x" * 10_000, 1),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_an_unfit_value_is_refused_and_holds_up_nothing(store: Store, field: str, value: object) -> None:
    outcome = judged(store, store.edit("account", SHOP, **{field: (None, value)}))
    assert outcome.code in (Code.INVALID_VALUE, Code.REQUIRED, Code.UNKNOWN_FIELD)
    assert len(outcome.sentence) < 500


@pytest.mark.parametrize(
    ("field", "before", "after"),
    [
        ("consent", "{not json", '{"a":true}'),
        ("consent", b"bytes", '{"a":true}'),
        ("consent", 7, '{"a":true}'),
        ("consent", "", '{"a":true}'),
        ("phone", b"", "2"),
        ("phone", b"bytes", "2"),
        ("parent_id", b"short", row_id(SHOP)),
        ("parent_id", "text", row_id(SHOP)),
        ("phone", "nul\x00", "2"),
        ("phone", "x" * 200_000, "2"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_an_unfit_value_to_have_started_from_is_refused_and_holds_up_nothing(
    store: Store, field: str, before: object, after: object
) -> None:
    store.office("account", SHOP, phone="1", consent='{"z":1}', parent_id=row_id("shop of ben"))
    outcome = judged(store, store.edit("account", SHOP, base=1, **{field: (before, after)}))
    assert outcome.code in (Code.INVALID_VALUE, Code.PARENT_MISSING)


def test_unknown_kinds_and_ids_of_another_length_are_refused(store: Store) -> None:
    assert judged(store, Edit("no_such_kind", row_id("x"), "create", 0, {}, {})).code is Code.UNKNOWN_ENTITY


@pytest.mark.parametrize("made", [b"", b"short", b"x" * 17, b"x" * 100_000])
def test_an_id_of_another_length_is_refused(store: Store, made: bytes) -> None:
    edit = Edit("account", made, "create", 0, {}, {"name": "X"})
    assert judged(store, edit).code is Code.INVALID_VALUE


def test_the_same_row_twice_in_one_change_is_refused_whole(store: Store) -> None:
    edits = (create("account", "twin", name="One"), create("account", "twin", name="Two"))
    outcome = store.push("ana", *edits)
    assert isinstance(outcome, Refused)
    assert outcome.code is Code.ALREADY_EXISTS
    assert store.row("account", "twin") is None


def test_a_change_without_edits_is_refused(store: Store) -> None:
    outcome = store.push("ana")
    assert isinstance(outcome, Refused)
    assert outcome.code is Code.NOTHING_TO_CHANGE


@pytest.mark.parametrize(
    "change",
    [
        Change(2**63, 0, "t", ()),
        Change(0, 0, "t", ()),
        Change(-1, 0, "t", ()),
        Change(1, 0, "nul\x00", ()),
        Change(1, 0, "x" * 100_000, ()),
    ],
    ids=["beyond 64 bits", "zero", "negative", "NUL", "long"],
)
def test_a_number_or_verb_no_device_makes_is_a_damaged_message(change: Change) -> None:
    message = encode_request(ExchangeRequest(Handshake(1, 1, "t", b"i" * 16), (change,)))
    with pytest.raises(KnownError) as caught:
        decode_request(message)
    assert caught.value.code is Code.DAMAGED_MESSAGE


@pytest.mark.parametrize(
    "handshake",
    [
        Handshake(1, 1, "t", b"i" * 16, highest_n=2**63),
        Handshake(1, 1, "t\x00", b"i" * 16),
        Handshake(1, 1, "t", b"i" * 1_000),
        Handshake(1, 1, "t", b""),
        Handshake(1, 1, "t", b"i" * 16, cursor=b"c" * 100_000),
    ],
    ids=["highest n", "NUL", "incarnation", "no incarnation", "cursor"],
)
def test_a_handshake_no_device_makes_is_a_damaged_message(handshake: Handshake) -> None:
    with pytest.raises(KnownError) as caught:
        decode_request(encode_request(ExchangeRequest(handshake)))
    assert caught.value.code is Code.DAMAGED_MESSAGE
