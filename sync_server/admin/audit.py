"""The command `audit`: who did what and when, as the audit log of the central store has it.

Parses, asks the store, prints. `sync_server/app.py` brings this module in beside `cli.py`, whose group it extends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from functools import cache
from typing import Any

import click
import msgspec

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.counts import counted
from fieldrep.contract.entity import Entity
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import id_text, parse_id
from fieldrep.contract.jsonform import JsonValue, from_json
from sync_server.admin.cli import as_json_option, commands
from sync_server.admin.console import central_store, one_line, print_json, say, table_lines
from sync_server.admin.moments import moment_told
from sync_server.admin.naming import device_label, device_named, record_named
from sync_server.admin.words import plain, value_words
from sync_server.reconcile.conflicts import label_of
from sync_server.store.office.admin import user_named
from sync_server.store.past.audit_reading import Asked, Logged, count_logged, logged, unknown_actions
from sync_server.store.past.replay import in_utc
from sync_server.store.reading import Reader
from sync_server.store.statements import Row, bytes_of
from sync_server.store.upkeep.retention import rules_in_force

_COLUMNS = ("n", "at", "who", "device", "action", "result", "about", "detail")
_OWNERS = (("order_id", "sales_order"), ("price_list_id", "price_list"), ("account_id", "account"))
_LONGEST = 120
"""Of what one line of the table says in detail; --json gives all."""


class _Move(msgspec.Struct, frozen=True):
    """What a change made of one row: of each field the value before and after, as `described` notes it."""

    entity: str
    id: str
    fields: dict[str, tuple[Any, Any]]


_decode_moves = msgspec.json.Decoder(list[_Move]).decode


@commands.command("audit")
@click.option("--device", metavar="DEVICE", help="By or about it: its id, number prefix or name.")
@click.option("--user", "login", help="By or about this person or a device of theirs.")
@click.option(
    "--action", "actions", multiple=True, help="Of this kind, such as notice_copy; several with commas."
)
@click.option("--since", metavar="TIME", help="Not before a day or moment, in UTC, such as 2026-05-04T14:30.")
@click.option(
    "--record",
    metavar="ID",
    help="The history of a record: its id, or the number or ERP reference of an account.",
)
@click.option("--before", metavar="N", type=click.IntRange(1), help="Older than entry N, to read on.")
@click.option(
    "--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="At most so many."
)
@as_json_option
def audit(
    device: str | None,
    login: str | None,
    actions: tuple[str, ...],
    since: str | None,
    record: str | None,
    before: int | None,
    limit: int,
    as_json: bool,
) -> None:
    """Tells who did what and when: the entries of the audit log that fit all options, newest first, times in UTC.

    Every change that a device sent has one, taken or refused, and every act of an admin. With --record the values stand
    below each entry; a refused change does not name its records here, and an import has one entry for all of its own.
    """
    with central_store() as database, database.read() as reader:
        asked = Asked(
            device_id=device_named(reader, device) if device else None,
            user_id=bytes_of(user_named(reader, login)["id"]) if login else None,
            actions=_known(reader, actions),
            since=moment_told(since, UTC, database.clock()) if since else None,
            row_id=record_named(reader, record) if record else None,
            before=before,
        )
        _tell(reader, asked, limit, as_json=as_json)


def _known(reader: Reader, given: Sequence[str]) -> tuple[str, ...]:
    """The actions that are meant.

    Raises:
        KnownError: `not_found` for one that there is not.
    """
    wanted = tuple(
        dict.fromkeys(word.strip() for words in given for word in words.split(",") if word.strip())
    )
    strange, known = unknown_actions(reader, wanted)
    if strange:
        listed = one_line(", ".join(known))
        raise KnownError(
            Code.NOT_FOUND, f"There is no action “{one_line(strange[0][:80])}”. There are: {listed}."
        )
    return wanted


def _tell(reader: Reader, asked: Asked, limit: int, *, as_json: bool) -> None:
    found = logged(reader, asked, limit)
    more = count_logged(reader, replace(asked, before=found[-1].n)) if len(found) == limit else 0
    if as_json:
        told = _Told(reader)
        print_json({"entries": [told.exact(one) for one in found], "more": more})
    elif found:
        _print(reader, found, asked.row_id, more)
    else:
        days = rules_in_force(reader)["audit"]
        say(
            f"No such entry is in the audit log. It goes back {counted(days, 'day')} (fieldrep-server retention show)."
        )


def _print(reader: Reader, found: Sequence[Logged], record: bytes | None, more: int) -> None:
    told = _Told(reader)
    lines = table_lines(_COLUMNS, [told.line(one) for one in found])
    say(lines[0])
    for line, one in zip(lines[1:], found, strict=True):
        say(line)
        for value in told.values(one, record) if record else ():
            say(f"    {one_line(value)}")
    if more:
        say(f"and {more:,} more; --before {found[-1].n} goes on with them.")


class _Told:
    """Entries in words. Each record that they name is looked up once."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._row = cache(reader.row)

    def exact(self, entry: Logged) -> dict[str, JsonValue]:
        """An entry for scripts, with everything that the log keeps."""
        return {
            **self.line(entry),
            "user_id": _id(entry.user_id),
            "device_id": _id(entry.device_id),
            "entity": entry.entity or None,
            "row_id": _id(entry.row_id),
            "detail": _decoded(entry.detail),
        }

    def line(self, entry: Logged) -> dict[str, JsonValue]:
        """An entry for people, on one line."""
        detail = self._detail(entry)
        return {
            "n": entry.n,
            "at": in_utc(entry.at),
            "who": self._who(entry),
            "device": self._called("device", entry.device_id),
            "action": entry.action,
            "result": entry.result,
            "about": self._about(entry),
            "detail": detail if len(detail) <= _LONGEST else f"{detail[:_LONGEST]}…",
        }

    def values(self, entry: Logged, record: bytes) -> list[str]:
        """What an entry made of the fields of one record, a line for each, with the values before."""
        return [
            self._value(move, name, *pair)
            for move in _moves(entry.detail)
            if move.id == id_text(record)
            for name, pair in move.fields.items()
        ]

    def _who(self, entry: Logged) -> str:
        user = self._row("user", entry.user_id) if entry.user_id else None
        return str(user["login"]) if user else entry.actor

    def _about(self, entry: Logged) -> str | None:
        called = self._called(entry.entity, entry.row_id)
        entity = CATALOGUE.get(entry.entity)
        title = entity.title if entity else entry.entity
        return " ".join(filter(None, (title, called))) or None

    def _called(self, entity: str, row_id: bytes | None) -> str | None:
        """What a record is called now, its id where it is not there any more."""
        if row_id is None:
            return None
        row = self._row(entity, row_id) if entity in CATALOGUE else None
        if row is None:
            return id_text(row_id)
        return device_label(row) if entity == "device" else f"“{label_of(CATALOGUE[entity], row)}”"

    def _detail(self, entry: Logged) -> str:
        """Of a change the fields of the record it is about, and how many records came with it."""
        decoded, moves = _decoded(entry.detail), _moves(entry.detail)
        if not moves:
            return decoded if isinstance(decoded, str) else plain(decoded) if decoded else ""
        parts = [_title(move, name) for move in moves if move.id == _id(entry.row_id) for name in move.fields]
        others = [move.entity for move in moves if move.id != _id(entry.row_id)]
        besides = [_counted(name, others.count(name)) for name in dict.fromkeys(others)]
        return "; ".join(filter(None, (", ".join(parts), ", ".join(besides))))

    def _value(self, move: _Move, name: str, before: JsonValue, after: JsonValue) -> str:
        entity = CATALOGUE.get(move.entity)
        was, now = (self._in_words(entity, move, name, value) for value in (before, after))
        return f"{_title(move, name)}: {now}" + ("" if before is None else f", before {was}")

    def _in_words(self, entity: Entity | None, move: _Move, name: str, value: JsonValue) -> str:
        if entity is None or name not in entity.fields:
            return plain(value)
        field = entity.fields[name]
        return value_words(self._reader, field, from_json(field, value), self._currency(move))

    def _currency(self, move: _Move) -> str:
        """That of the record, or of what it is of."""
        row: Row = self._row(move.entity, parse_id(move.id)) or {}
        owners = (self._row(of, held) for name, of in _OWNERS if isinstance(held := row.get(name), bytes))
        known = (found for one in (row, *owners) if one and (found := one.get("currency")))
        return str(next(known, "EUR"))


def _moves(detail: str) -> list[_Move]:
    """The rows that a change wrote, none where the detail is of something else."""
    try:
        return _decode_moves(detail)
    except msgspec.DecodeError:
        return []


def _counted(name: str, count: int) -> str:
    entity = CATALOGUE.get(name)
    return counted(count, entity.title.lower(), entity.plural.lower()) if entity else f"{count:,} {name}"


def _title(move: _Move, name: str) -> str:
    entity = CATALOGUE.get(move.entity)
    return entity.fields[name].title if entity and name in entity.fields else name


def _decoded(detail: str) -> JsonValue:
    """A detail as it was noted: an object or a list where it was one, otherwise a text."""
    try:
        decoded: JsonValue = msgspec.json.decode(detail)
    except msgspec.DecodeError:
        return detail
    return decoded if isinstance(decoded, dict | list) else detail


def _id(row_id: bytes | None) -> str | None:
    return id_text(row_id) if row_id is not None else None
