"""The commands for changes that were not taken and that people handed to the admin.

Parses, calls the store, prints. `sync_server/app.py` brings this module in beside `cli.py`, whose group it extends.
"""

from __future__ import annotations

from datetime import UTC, datetime

import click
import msgspec

from fieldrep.contract.fields import Value
from fieldrep.contract.ids import id_text
from fieldrep.contract.jsonform import JsonValue
from sync_server.admin.cli import as_json_option, commands
from sync_server.admin.console import central_store, print_json, print_table, say
from sync_server.store.office.handed import close, handed_change, handed_changes
from sync_server.store.reading import Reader
from sync_server.store.statements import Row, bytes_of

_COLUMNS = ("id", "who", "since", "what", "why", "status")


@commands.group()
def refused() -> None:
    """Changes that were refused or set aside, and handed to you by the people who made them."""


@refused.command("list")
@click.option("--all", "everything", is_flag=True, help="Those closed before as well.")
@as_json_option
def refused_list(everything: bool, as_json: bool) -> None:
    """Lists what waits for your answer, oldest first."""
    with central_store() as database, database.read() as reader:
        found = [_line(reader, row) for row in handed_changes(reader, closed=everything)]
    if not found and not as_json:
        say("Nothing waits: nobody has handed a change over.")
        return
    print_table(_COLUMNS, found, as_json=as_json)


@refused.command("show")
@click.argument("named", metavar="ID")
@as_json_option
def refused_show(named: str, as_json: bool) -> None:
    """Shows everything that was entered in one change; the beginning of its ID is enough."""
    with central_store() as database, database.read() as reader:
        row = handed_change(reader, named)
        shown: dict[str, JsonValue] = {
            **_line(reader, row),
            "id": id_text(bytes_of(row["id"])),
            "note": _text(row["note"]),
            "answer": _text(row["answer"]),
            "closed_by": _text(row["closed_by"]),
            "entered": msgspec.json.decode(_text(row["payload"]) or "[]"),
        }
    if as_json:
        print_json(shown)
        return
    for name, value in shown.items():
        if name != "entered" and value:
            say(f"{name.replace('_', ' '):10} {value}")
    print_json(shown["entered"])


@refused.command("close")
@click.argument("named", metavar="ID")
@click.option("--answer", required=True, help="What you did, or what the author shall do.")
def refused_close(named: str, answer: str) -> None:
    """Answers a change handed over; its author reads the answer after the next sync."""
    with central_store() as database, database.write("admin") as tx:
        row = close(tx, named, answer)
    say(f"Closed: {_text(row['label'])}. The answer goes out with the next sync.")


def _line(reader: Reader, row: Row) -> dict[str, JsonValue]:
    user = reader.row("user", bytes_of(row["user_id"]))
    at = row["created_at"]
    since = datetime.fromtimestamp(at / 1000, UTC) if isinstance(at, int) else None
    return {
        "id": id_text(bytes_of(row["id"])),
        "who": _text(user["name"]) if user else None,
        "since": f"{since:%Y-%m-%d %H:%M} UTC" if since else None,
        "what": _text(row["label"]),
        "why": _text(row["sentence"]),
        "status": _text(row["status"]),
    }


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ""
