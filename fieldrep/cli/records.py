"""The verbs that work with records: `do` runs a business command, `show` and `export` print rows.

Owns what they print. It must not hold any rule of the business.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fieldrep.cli.console import OutFile, as_json_option, commands, open_enrolled, open_profile, print_json
from fieldrep.contract.errors import Code, KnownError

if TYPE_CHECKING:
    from fieldrep.commands.done import Done
    from fieldrep.commands.registry import Command


@commands.command("do")
@click.argument("command", required=False)
@click.argument("values", metavar="[JSON]", required=False)
@click.option("--list", "listing", is_flag=True, help="Document every command with its fields.")
@as_json_option
def do_command(command: str | None, values: str | None, listing: bool, as_json: bool) -> int:
    """Runs a business COMMAND with a JSON object, as the window does ("-" reads it from standard input)."""
    from fieldrep.commands.json_input import MOST_INPUT, parse_json
    from fieldrep.commands.registry import command_named

    if listing:
        _list_commands(as_json)
        return 0
    if command is None:
        raise click.UsageError("Name a command; `fieldrep do --list` documents all.")
    verb = command_named(command)
    keywords = verb.keywords(
        parse_json(sys.stdin.buffer.read(MOST_INPUT + 1) if values == "-" else values or "{}")
    )
    with open_profile() as replica, _further(verb) as further:
        print_json(_outcome(verb.run(replica, **keywords, **further)))
    return 0


@contextmanager
def _further(verb: Command) -> Iterator[dict[str, object]]:
    """What a command is given beside its JSON: one that adds pictures, who decodes them."""
    if not verb.decodes:
        yield {}
        return
    from fieldrep.pictures.decoder import Decoder

    with closing(Decoder()) as decoder:
        yield {"pictures": decoder}


def _outcome(done: Done) -> dict[str, object]:
    from fieldrep.contract.ids import id_text

    return {
        "ok": True,
        "command": done.command,
        "id": id_text(done.id) if done.id else None,
        "ids": {entity: id_text(row_id) for entity, row_id in done.ids.items()},
        "lines": [id_text(row_id) for row_id in done.lines],
        "number": done.number or None,
        "changed": done.changed,
        "change": done.change_n or None,
        "label": done.label,
        "note": done.note or None,
        "warning": done.warning or None,
    }


def _list_commands(as_json: bool) -> None:
    from fieldrep.commands.registry import COMMANDS

    if as_json:
        print_json(
            [
                {
                    "command": verb.name,
                    "does": verb.summary,
                    "fields": [
                        {"name": a.name, "kind": a.kind, "required": a.required, "help": a.help}
                        for a in verb.arguments
                    ],
                }
                for verb in COMMANDS.values()
            ]
        )
        return
    for verb in COMMANDS.values():
        click.echo(f"{verb.name}\n    {verb.summary}")
        for a in verb.arguments:
            click.echo(f"      {a.name + (' *' if a.required else ''):20} {a.kind}. {a.help}")
    click.echo(
        "\nFields marked * are needed; an edit names its record by id and only the fields that change."
    )


@commands.command()
@click.argument("entity")
@click.argument("row_id", metavar="[ID]", required=False)
@click.option(
    "--where", multiple=True, metavar="FIELD=VALUE", help="Only rows with this value; may be repeated."
)
def show(entity: str, row_id: str | None, where: Sequence[str]) -> int:
    """Prints rows of ENTITY as JSON lines, all or the one with an ID.

    An open conflict has two more values: what deciding for mine or for theirs takes now.
    """
    from fieldrep.contract.ids import parse_id
    from fieldrep.queries.records import record, records

    tests = [tuple(test.split("=", 1)) for test in where]
    if any(len(test) < 2 for test in tests):
        raise click.UsageError("--where is written FIELD=VALUE, for example --where tier=key.")
    with open_enrolled() as replica, replica.read() as reader:
        if row_id is not None:
            try:
                wanted = parse_id(row_id)
            except ValueError as error:
                raise KnownError(Code.INVALID_VALUE, str(error)) from error
            print_json(record(reader, entity=entity, row_id=wanted))
        else:
            for row in records(reader, entity=entity, where=[(test[0], test[1]) for test in tests]):
                print_json(row)
    return 0


@commands.command()
@click.argument("file", type=OutFile())
def export(file: Path) -> int:
    """Writes the replica to FILE as canonical JSON lines; equal bytes for equal content ("-" prints them)."""
    from fieldrep.contract.whole_file import whole_file
    from fieldrep.store.export import export_lines

    with open_enrolled() as replica, replica.read() as reader:
        if str(file) == "-":
            sys.stdout.buffer.writelines(export_lines(reader))
            sys.stdout.buffer.flush()
            return 0
        with whole_file(file, "Nothing was changed there.") as out:
            out.writelines(export_lines(reader))
    return 0
