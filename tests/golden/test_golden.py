"""Messages of every protocol version, as they once travelled: read, understood as then, and written to the same bytes.

Beside them what a newer program may say that this one does not know: it is passed over, and nothing else is lost.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fieldrep import contract
from fieldrep.contract.catalogue import SCHEMA_VERSION
from fieldrep.contract.errors import Code
from fieldrep.contract.frame import seal, unseal
from fieldrep.contract.messages import PROTOCOL_VERSION, EnrollReply, ExchangeReply, Verdict, decode_reply
from tests.golden.described import FOLDER, KINDS, described, opened, read
from tests.golden.scenario import messages

GOLDEN = sorted(path for path in FOLDER.glob("v*/*") if path.suffix not in (".json", ".seeds"))
MESSAGES = [path for path in GOLDEN if path.suffix in KINDS]
SEALED = [path for path in MESSAGES if KINDS[path.suffix].sealed]
OPEN = [path for path in MESSAGES if not KINDS[path.suffix].sealed]
REPLIES = [path for path in MESSAGES if path.suffix == ".reply"]


def name_of(path: Path) -> str:
    return f"{path.parent.name} {path.name}"


def kept(path: Path) -> Any:
    return json.loads(path.with_name(f"{path.name}.json").read_text(encoding="utf-8"))


def still_told(then: Any, now: Any) -> Any:
    """What is told now, without what no message could say then: newer names of a structure."""
    if isinstance(then, dict) and isinstance(now, dict):
        return {name: still_told(value, now.get(name)) for name, value in then.items()}
    if isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        return [still_told(*pair) for pair in zip(then, now, strict=True)]
    return now


def test_there_are_golden_messages_of_every_version() -> None:
    assert {path.parent.name for path in GOLDEN} == {f"v{n}" for n in range(1, PROTOCOL_VERSION + 1)}
    assert len(MESSAGES) >= 20


@pytest.mark.parametrize("path", GOLDEN, ids=name_of)
def test_a_golden_message_says_today_what_it_said_then(path: Path) -> None:
    then = kept(path)
    assert still_told(then, read(path)) == then


@pytest.mark.parametrize("path", SEALED, ids=name_of)
def test_a_golden_message_is_written_to_the_same_payload(path: Path) -> None:
    body, kind = path.read_bytes(), KINDS[path.suffix]
    again = kind.write(kind.read(body))
    assert unseal(again) == unseal(body)
    if body[4] == 0:  # not compressed: the envelope is the same as well
        assert again == body


@pytest.mark.parametrize("path", OPEN, ids=name_of)
def test_a_golden_message_without_an_envelope_is_written_with_all_it_said(path: Path) -> None:
    body, kind = path.read_bytes(), KINDS[path.suffix]
    then, now = (msgspec.json.decode(one) for one in (body, kind.write(kind.read(body))))
    assert still_told(then, now) == then


def structures() -> set[type[msgspec.Struct]]:
    """All that messages are made of."""
    names = [module.name for module in pkgutil.walk_packages(contract.__path__, f"{contract.__name__}.")]
    return {
        value
        for name in names
        for value in vars(importlib.import_module(name)).values()
        if isinstance(value, type) and issubclass(value, msgspec.Struct) and value.__module__ == name
    }


def parts_of(value: object) -> Iterator[msgspec.Struct]:
    """The structures within a value, itself among them."""
    if isinstance(value, msgspec.Struct):
        yield value
        value = [getattr(value, name) for name in value.__struct_fields__]
    for one in value if isinstance(value, list | tuple) else ():
        yield from parts_of(one)


def said() -> list[msgspec.Struct]:
    """Every structure in the golden messages of the present version."""
    paths = [path for path in GOLDEN if path.parent.name == f"v{PROTOCOL_VERSION}"]
    return [part for path in paths for message in opened(path) for part in parts_of(message)]


def says(part: msgspec.Struct, field: msgspec.structs.FieldInfo) -> bool:
    """Whether a structure tells more of a field than it would by leaving it out."""
    made = field.default_factory
    default = field.default if made is msgspec.NODEFAULT else made()
    return bool(getattr(part, field.name) != default)


def test_every_structure_of_the_protocol_is_in_a_golden_message() -> None:
    assert {type(part) for part in said()} == structures()


def test_every_verdict_is_in_a_golden_message() -> None:
    assert {part.verdict for part in said() if isinstance(part, ExchangeReply)} == set(Verdict)


def test_every_field_of_the_protocol_says_something_in_a_golden_message() -> None:
    told = {
        (type(part), field.name)
        for part in said()
        for field in msgspec.structs.fields(part)
        if says(part, field)
    }
    silent = {(of, field.name) for of in structures() for field in msgspec.structs.fields(of)} - told
    as_long_as_there_is_one = {(EnrollReply, "schema"), (ExchangeReply, "schema")}
    assert silent == (as_long_as_there_is_one if SCHEMA_VERSION == 1 else set())


def test_the_history_behind_them_still_goes_the_same_way(tmp_path: Path) -> None:
    """Not the same bytes, as the catalogue grows, but as many messages with the same verdicts and outcomes."""

    def gist(name: str, body: bytes) -> Any:
        suffix = Path(name).suffix
        if suffix == ".problem":
            return KINDS[suffix].read(body).code
        if suffix == ".wait":
            return KINDS[suffix].read(body)
        if suffix != ".reply":
            return None
        reply = decode_reply(body)
        return reply.verdict, [type(outcome).__name__ for outcome in reply.outcomes], reply.more

    folder = FOLDER / f"v{PROTOCOL_VERSION}"
    today = {name: gist(name, body) for name, body in messages(tmp_path)}
    assert today == {name: gist(name, (folder / name).read_bytes()) for name in today}


def grown(value: Any) -> Any:
    """The message as a newer program might write it: every structure has one more field than we know."""
    if isinstance(value, dict) and all(isinstance(name, str) for name in value):
        return {**{name: grown(one) for name, one in value.items()}, "from_the_future": {"colour": 3}}
    return value


@pytest.mark.parametrize("path", SEALED, ids=name_of)
def test_fields_of_a_newer_program_are_passed_over(path: Path) -> None:
    payload, count = unseal(path.read_bytes())
    message = seal(msgspec.msgpack.encode(grown(msgspec.msgpack.decode(payload))), count)
    assert described(KINDS[path.suffix].read(message)) == read(path)


@pytest.mark.parametrize("path", OPEN, ids=name_of)
def test_fields_of_a_newer_program_are_passed_over_without_an_envelope_too(path: Path) -> None:
    message = msgspec.json.encode(grown(msgspec.json.decode(path.read_bytes())))
    assert described(KINDS[path.suffix].read(message)) == read(path)


def altered(path: Path, change: Callable[[dict[str, Any]], None]) -> ExchangeReply:
    payload, count = unseal(path.read_bytes())
    raw = msgspec.msgpack.decode(payload)
    change(raw)
    return decode_reply(seal(msgspec.msgpack.encode(raw), count))


def test_a_verdict_of_a_newer_server_asks_for_an_update() -> None:
    reply = altered(REPLIES[0], lambda raw: raw.update(v="meditate"))
    assert reply.verdict is Verdict.UPGRADE


def test_a_code_and_a_longer_outcome_of_a_newer_server_are_understood_as_far_as_they_go() -> None:
    refused = next(path for path in REPLIES if "08-refused" in path.name)

    def newer(raw: dict[str, Any]) -> None:
        outcome = raw["o"][0]
        raw["o"][0] = [outcome[0], outcome[1], "moon_not_full", "Wait for the moon.", *outcome[4:], "more", 7]

    (outcome,) = altered(refused, newer).outcomes
    assert (outcome.code, outcome.sentence) == (Code.OTHER, "Wait for the moon.")  # type: ignore[union-attr]


def test_an_enrolment_answered_by_an_older_server_has_its_schema() -> None:
    body = {
        "device_id": "",
        "token": "t",
        "user_id": "",
        "login": "a",
        "user_name": "A",
        "number_prefix": "D1",
    }
    reply = msgspec.json.decode(
        msgspec.json.encode({**body, "server_id": "", "epoch": "", "newer": [1]}), type=EnrollReply
    )
    assert reply.schema == 1
