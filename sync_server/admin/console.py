"""How every server command speaks: results on standard output, sentences on standard error, and its exit code.

0 means done or so already, 1 refused or incomplete with a sentence, 2 wrong usage. Owns that, and opening the central
store for a command. Must not know any command.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import click
import msgspec

from fieldrep.contract.errors import STOPPED, Code, KnownError
from fieldrep.contract.ids import Clock
from fieldrep.contract.jsonform import JsonValue
from fieldrep.contract.whole_file import spare_stores
from sync_server.paths import Remembered, ServerHome, server_home
from sync_server.store.address import store_files
from sync_server.store.database import Database

DONE, REFUSED, WRONG_USAGE = 0, 1, 2


def system_clock() -> int:
    """Milliseconds since 1970 in UTC."""
    return time.time_ns() // 1_000_000


def say(text: str) -> None:
    """A line for the person, on standard output."""
    click.echo(text)


def complain(sentence: str) -> None:
    """A sentence about what was not done, on standard error."""
    click.echo(sentence, err=True)


def stop(code: int = REFUSED) -> NoReturn:
    """Ends the command."""
    sys.exit(code)


def print_json(value: object) -> None:
    """A result to be parsed: one JSON document."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_table(columns: Sequence[str], rows: Sequence[Mapping[str, JsonValue]], *, as_json: bool) -> None:
    """A list of results, as JSON or as aligned columns under their names."""
    if as_json:
        print_json([{name: row[name] for name in columns} for row in rows])
        return
    for line in table_lines(columns, rows):
        say(line)


def table_lines(columns: Sequence[str], rows: Sequence[Mapping[str, JsonValue]]) -> list[str]:
    """Aligned columns: a line of their names, and one for each row."""
    cells = [[_shown(row[name]) for name in columns] for row in rows]
    widths = [max([len(name), *(len(line[at]) for line in cells)]) for at, name in enumerate(columns)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in ([name.replace("_", " ") for name in columns], *cells)
    ]


def _shown(value: JsonValue) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return one_line(str(value))


def one_line(text: str) -> str:
    """A text that came from elsewhere, on one line and with nothing in it that a terminal would act on (S32)."""
    return "".join(_harmless(letter) for letter in text)


def _harmless(letter: str) -> str:
    if letter.isprintable():
        return letter
    return " " if letter.isspace() else "�"


@dataclass(slots=True)
class Answer:
    """What a command that makes something so says at its end.

    Attributes:
        sentence: for people, when it was done.
        result: for scripts, done now or so already.
    """

    result: dict[str, JsonValue]
    sentence: str = ""


@contextmanager
def made_so(*, as_json: bool, **result: JsonValue) -> Iterator[Answer]:
    """A command that makes something so and may be given again: what is so already is said, and is no failure."""
    answer, changed = Answer(result), True
    try:
        yield answer
    except KnownError as error:
        if error.code is not Code.NOTHING_TO_CHANGE:
            raise
        changed, answer.sentence = False, error.sentence
    if as_json:
        print_json({"changed": changed, **answer.result})
    else:
        say(answer.sentence)


@contextmanager
def known_errors() -> Iterator[None]:
    """Turns a known error into its sentence and exit code; anything but a refusing disk is a fault and shows as one."""
    try:
        yield
    except KeyboardInterrupt:
        complain(f"\n{STOPPED}")
        stop(REFUSED)
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise  # the reader of our output has gone; click ends quietly
        complain(
            f"{error.filename or 'A file'} cannot be used ({error.strerror or error}). Check it and try again."
        )
        stop(REFUSED)
    except KnownError as error:
        complain(error.sentence)
        stop(WRONG_USAGE if error.code is Code.WRONG_USAGE else REFUSED)


class Commands(click.Group):
    """A group of commands whose known errors end as sentences."""

    def invoke(self, ctx: click.Context) -> object:
        with known_errors():
            return super().invoke(ctx)


def home() -> ServerHome:
    """The data folder, made if need be."""
    found = server_home()
    found.make()
    return found


def address_of(found: ServerHome, remembered: Remembered) -> str:
    """The address of the central store that this folder belongs to."""
    return remembered.database or found.default_database


class OutFile(click.Path):
    """A file that a command writes; never one of the server itself."""

    def __init__(self, *, allow_dash: bool = False) -> None:
        super().__init__(dir_okay=False, path_type=Path, allow_dash=allow_dash)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path.

        Raises:
            KnownError: `already_exists`.
        """
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if str(path) != "-":
            found = server_home()
            spare_stores(path, *found.files, *store_files(address_of(found, found.remembered())))
        return path


@contextmanager
def central_store(clock: Clock = system_clock) -> Iterator[Database]:
    """The central store of the data folder.

    Raises:
        KnownError: `store_missing`, when there is none yet.
    """
    found = home()
    database = Database.open(address_of(found, found.remembered()), clock, os.urandom)
    try:
        yield database
    finally:
        database.close()
