"""The command about files: how much each person has added and what has not arrived.

Parses, calls the store, prints. `sync_server/app.py` brings this module in beside `cli.py`, whose group it extends.
"""

from __future__ import annotations

from fieldrep.contract.files import MAX_OF_USER
from fieldrep.contract.jsonform import JsonValue
from sync_server.admin.cli import as_json_option, commands
from sync_server.admin.console import central_store, print_table, say
from sync_server.store.files import use_of_files

_COLUMNS = ("login", "files", "bytes", "quota", "not_arrived")


@commands.command()
@as_json_option
def files(as_json: bool) -> None:
    """Lists how many files each person has added, their bytes, and how many have not arrived yet."""
    with central_store() as database, database.read() as reader:
        found: list[dict[str, JsonValue]] = [
            {"login": login, "files": count, "bytes": size, "quota": MAX_OF_USER, "not_arrived": missing}
            for login, count, size, missing in use_of_files(reader)
        ]
    if not found and not as_json:
        say("Nobody has added a file yet.")
        return
    print_table(_COLUMNS, found, as_json=as_json)
