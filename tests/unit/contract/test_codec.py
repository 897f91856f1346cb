"""Pages, messages and their envelope: what goes in comes out, and whatever was altered on the way is not believed."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldrep.contract.catalogue import CATALOGUE, ENTITIES
from fieldrep.contract.change import Accepted, Change, Edit, Held, KeptField, Merged, Outcome, Refused
from fieldrep.contract.digest import Digest, columns_hasher, row_hasher, wrap
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import INT64_MAX, INT64_MIN, Field, Kind, Value
from fieldrep.contract.frame import seal, unseal
from fieldrep.contract.messages import (
    ExchangeReply,
    ExchangeRequest,
    Handshake,
    Verdict,
    decode_reply,
    decode_request,
    encode_reply,
    encode_request,
)
from fieldrep.contract.page import Page, make_page, page_columns

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
IDS = st.binary(min_size=16, max_size=16)
INTS = st.integers(INT64_MIN, INT64_MAX)
PLAIN: st.SearchStrategy[Value] = st.one_of(st.none(), INTS, TEXTS, st.binary(max_size=20))


def fitting(field: Field) -> st.SearchStrategy[Value]:
    """Values a column of the field's kind may carry."""
    if field.name == "id":
        return IDS
    if field.name == "revision":
        return st.integers(0, INT64_MAX)
    if field.kind is Kind.REF:
        return st.none() | IDS
    if field.kind is Kind.BYTES:
        return st.none() | st.binary(max_size=40)
    if field.kind in (Kind.TEXT, Kind.CHOICE, Kind.DATE, Kind.JSON):
        return st.none() | TEXTS.map(lambda text: text[: field.maximum])
    return st.none() | INTS


ROWS = st.sampled_from(ENTITIES).flatmap(
    lambda entity: st.tuples(
        st.just(entity.name),
        st.lists(st.tuples(*(fitting(field) for field in entity.columns)), max_size=5),
    )
)
EDITS = st.builds(
    Edit,
    st.sampled_from(sorted(CATALOGUE)),
    IDS,
    st.sampled_from(["create", "update"]),
    st.integers(0, INT64_MAX),
    st.dictionaries(TEXTS, PLAIN, max_size=3),
    st.dictionaries(TEXTS, PLAIN, max_size=3),
)
VERBS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
CHANGES = st.builds(Change, st.integers(1, INT64_MAX), INTS, VERBS, st.lists(EDITS, max_size=3).map(tuple))
OUTCOMES: st.SearchStrategy[Outcome] = st.one_of(
    st.builds(Accepted, INTS, INTS),
    st.builds(
        Merged, INTS, INTS, st.lists(st.builds(KeptField, TEXTS, IDS, TEXTS, IDS), max_size=2).map(tuple)
    ),
    st.builds(Held, INTS, INTS, TEXTS),
    st.builds(Refused, INTS, st.sampled_from(Code), TEXTS, TEXTS, IDS, TEXTS),
)


@given(ROWS)
def test_a_page_gives_back_the_rows_it_was_made_of(named: tuple[str, list[tuple[Value, ...]]]) -> None:
    name, rows = named
    columns = page_columns(make_page(name, CATALOGUE[name].column_names, rows))
    assert list(zip(*columns, strict=True)) == rows


@given(ROWS, st.lists(OUTCOMES, max_size=3), st.binary(max_size=20), st.booleans())
def test_a_reply_survives_its_journey(
    named: tuple[str, list[tuple[Value, ...]]], outcomes: list[Outcome], cursor: bytes, more: bool
) -> None:
    name, rows = named
    page = make_page(name, CATALOGUE[name].column_names, rows)
    reply = ExchangeReply(
        Verdict.CONTINUE, b"s" * 16, b"e" * 16, 5, tuple(outcomes), (page,), (b"G",), (b"Ana",),
        cursor, more, Digest(1, -5), 7, 9, "said",
    )  # fmt: skip
    again = decode_reply(encode_reply(reply))
    assert (again.outcomes, again.leaves, again.moved_to) == (reply.outcomes, (b"G",), (b"Ana",))
    assert (again.cursor, again.more, again.digest, again.revision) == (cursor, more, Digest(1, -5), 7)
    assert list(zip(*page_columns(again.pages[0]), strict=True)) == rows


@given(st.lists(CHANGES, max_size=3))
def test_a_request_survives_its_journey(changes: list[Change]) -> None:
    request = ExchangeRequest(
        Handshake(1, 1, "0.1", b"i" * 16, cursor=b"c", digest=Digest(2, 3)), tuple(changes)
    )
    assert decode_request(encode_request(request)) == request


@pytest.mark.parametrize("value", [1.5, True, [1], {"a": 1}])
def test_a_value_of_a_foreign_type_in_a_change_is_refused(value: object) -> None:
    edit = Edit("account", b"1" * 16, "update", 1, {}, {"phone": value})  # type: ignore[dict-item]
    request = ExchangeRequest(Handshake(1, 1, "0.1", b"i" * 16), (Change(1, 0, "x", (edit,)),))
    with pytest.raises(KnownError) as caught:
        decode_request(encode_request(request))
    assert caught.value.code is Code.DAMAGED_MESSAGE


@given(st.binary(max_size=2000), st.integers(0, 2**32 - 1))
def test_an_envelope_gives_back_its_payload(payload: bytes, count: int) -> None:
    assert unseal(seal(payload, count)) == (payload, count)


MESSAGE = seal(b"rows " * 300, 7)


@pytest.mark.parametrize("mask", [1 << bit for bit in range(8)])
def test_one_altered_bit_anywhere_is_noticed_or_changes_nothing_that_was_said(mask: int) -> None:
    noticed = 0
    for place in range(len(MESSAGE)):
        altered = bytearray(MESSAGE)
        altered[place] ^= mask
        try:
            payload, _ = unseal(bytes(altered))
        except KnownError as error:
            assert error.code in (Code.DAMAGED_MESSAGE, Code.TOO_LARGE)  # noqa: PT017 - either answer will do
            noticed += 1
        else:
            # A bit of the compressed body's own framing may mean nothing, and the count has no checksum of its own:
            # the message it belongs to is compared with it.
            assert payload == b"rows " * 300
    assert noticed > len(MESSAGE) - 10


@given(st.integers(0, len(MESSAGE) - 1))
def test_a_message_cut_anywhere_is_noticed(length: int) -> None:
    with pytest.raises(KnownError) as caught:
        unseal(MESSAGE[:length])
    assert caught.value.code is Code.DAMAGED_MESSAGE


@pytest.mark.parametrize("body", [b"", b"<html>Please sign in</html>" * 20, MESSAGE + b"x", MESSAGE * 2])
def test_something_else_than_one_message_is_not_believed(body: bytes) -> None:
    with pytest.raises(KnownError) as caught:
        unseal(body)
    assert caught.value.code is Code.DAMAGED_MESSAGE


def test_a_bomb_is_not_inflated_beyond_the_cap() -> None:
    bomb = seal(bytes(5_000_000), 0)
    assert len(bomb) < 2_000
    with pytest.raises(KnownError) as caught:
        unseal(bomb, cap=1_000_000)
    assert caught.value.code is Code.TOO_LARGE


def column(values: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.msgpack.encode(values))


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("name", [5]),
        ("name", ["x" * 201]),
        ("name", ["a", "b"]),
        ("name", 5),
        ("name", {"ab": 1}),
        ("name", "x" * 65),
        ("owner_user_id", b"short"),
        ("visit_minutes", 1.5),
        ("visit_minutes", 2**64 - 1),
        ("id", b"a" * 16),
        ("unheard_of", 1.5),
        ("owner_user_id", [b"short"]),
        ("owner_user_id", [b""]),
        ("owner_user_id", ["text of sixteen."]),
        ("visit_minutes", [1.5]),
        ("visit_minutes", ["5"]),
        ("visit_minutes", [2**64 - 1]),
        ("id", [None]),
        ("revision", [None]),
        ("unheard_of", [1.5]),
    ],
)
def test_a_column_no_honest_server_sends_is_refused(field: str, values: object) -> None:
    with pytest.raises(KnownError) as caught:
        page_columns(Page("account", 1, (field,), (column(values),)))
    assert caught.value.code is Code.DAMAGED_MESSAGE


def test_fields_and_entities_of_a_newer_server_are_carried_along() -> None:
    page = Page("account", 1, ("name", "unheard_of"), (column(["Shop"]), column(["new"])))
    assert page_columns(page) == [["Shop"], ["new"]]
    assert page_columns(Page("rocket", 1, ("fuel",), (column([5]),))) == [[5]]


@given(st.lists(INTS, max_size=20))
def test_a_digest_follows_rows_that_come_and_go(hashes: list[int]) -> None:
    digest = Digest()
    for number in hashes:
        digest = digest.plus(1, number)
    assert digest == Digest(len(hashes), wrap(sum(hashes)))
    assert INT64_MIN <= digest.total <= INT64_MAX
    for number in reversed(hashes):
        digest = digest.plus(-1, -number)
    assert digest == Digest()


def test_a_rows_hash_differs_with_every_field() -> None:
    row_hash = row_hasher(CATALOGUE["territory"])
    values: list[Value] = [f"value {place}" for place in range(len(CATALOGUE["territory"].columns))]
    seen = {row_hash(values)}
    for place in range(len(values)):
        seen.add(row_hash([*values[:place], None, *values[place + 1 :]]))
    assert len(seen) == len(values) + 1
    assert row_hasher(CATALOGUE["territory"])(values) in seen


def test_a_page_is_hashed_as_its_rows_are_one_by_one() -> None:
    columns = CATALOGUE["territory"].columns
    rows: list[list[Value]] = [[f"{number} {field.name}" for field in columns] for number in range(3)]
    expected = [row_hasher(CATALOGUE["territory"])(row) for row in rows]
    assert columns_hasher(CATALOGUE["territory"])(list(zip(*rows, strict=True))) == expected
    with pytest.raises(ValueError, match="digest columns"):
        columns_hasher(CATALOGUE["territory"])([["one"], ["two"]])


def test_a_column_whose_first_row_alone_is_empty_travels_whole() -> None:
    page = make_page("account", ("id", "note"), [(b"a" * 16, None), (b"b" * 16, "Back door")])
    assert page_columns(page)[1] == [None, "Back door"]


def test_a_column_that_holds_nothing_travels_as_nil_and_arrives_as_its_rows() -> None:
    page = make_page("account", ("id", "name", "note"), [(b"a" * 16, "Shop", None), (b"b" * 16, "Bar", None)])
    assert bytes(page.columns[2]) == msgspec.msgpack.encode(None)
    assert page_columns(page) == [[b"a" * 16, b"b" * 16], ["Shop", "Bar"], [None, None]]


def test_a_short_value_that_all_rows_hold_travels_once_and_arrives_as_their_rows() -> None:
    rows = [(b"a" * 16, "EUR", 7, b"u" * 16, "n" * 70), (b"b" * 16, "EUR", 7, b"u" * 16, "n" * 70)]
    fields = ("id", "currency", "visit_minutes", "owner_user_id", "note")
    page = make_page("account", fields, rows)
    packed = [msgspec.msgpack.decode(column) for column in page.columns]
    assert packed == [[b"a" * 16, b"b" * 16], "EUR", 7, b"u" * 16, ["n" * 70, "n" * 70]]
    assert list(zip(*page_columns(page), strict=True)) == rows
    assert page_columns(make_page("account", ("id",), [(b"a" * 16,), (b"a" * 16,)])) == [[b"a" * 16] * 2]
    assert bytes(make_page("account", ("currency",), [("EUR",)]).columns[0]) == msgspec.msgpack.encode(
        ["EUR"]
    )


@pytest.mark.parametrize("payload", [b"\x91" * 100_000 + b"\x01", b"\x93\x01\x02\x03", b"\xc1"])
def test_what_is_no_request_is_answered_without_a_word_of_the_insides(payload: bytes) -> None:
    with pytest.raises(KnownError) as caught:
        decode_request(seal(payload, 0))
    assert caught.value.code is Code.DAMAGED_MESSAGE
    assert caught.value.sentence == "The message is not in the form of this protocol. Nothing was applied."


@pytest.mark.parametrize("shared", [None, "EUR"])
def test_a_page_that_claims_more_rows_than_it_can_hold_is_damaged(shared: str | None) -> None:
    with pytest.raises(KnownError) as caught:
        page_columns(Page("account", 2_000_000_000, ("note",), (column(shared),)))
    assert caught.value.code is Code.DAMAGED_MESSAGE


def test_ids_that_travel_as_nothing_are_damaged() -> None:
    with pytest.raises(KnownError) as caught:
        page_columns(Page("account", 1, ("id",), (msgspec.Raw(msgspec.msgpack.encode(None)),)))
    assert caught.value.code is Code.DAMAGED_MESSAGE
