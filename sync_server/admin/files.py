"""The command about files: how much each person has added, what has not arrived, and how much there may be.

Parses, calls the store, prints. `sync_server/app.py` brings this module in beside `cli.py`, whose group it extends.
"""

from __future__ import annotations

import click

from fieldrep.contract.jsonform import JsonValue
from sync_server.admin.cli import as_json_option, commands
from sync_server.admin.console import central_store, print_table, say
from sync_server.store.database import Database
from sync_server.store.files import quotas, set_quota, use_of_files

_MEGABYTE = 1_000_000
_MEGABYTES = click.IntRange(1, 1_000_000_000)
_COLUMNS = ("login", "files", "bytes", "quota", "not_arrived")


@commands.command()
@click.option(
    "--person-mb", type=_MEGABYTES, help="From now on the files of one person may come to so many MB."
)
@click.option("--company-mb", type=_MEGABYTES, help="From now on all files together may come to so many MB.")
@as_json_option
def files(person_mb: int | None, company_mb: int | None, as_json: bool) -> None:
    """Lists how many files each person has added, their bytes, and how many have not arrived yet.

    A file beyond a limit is not taken and waits on its laptop; nothing else waits for it.
    """
    with central_store() as database:
        _set_limits(database, {"person": person_mb, "company": company_mb})
        with database.read() as reader:
            limits = quotas(reader.session)
            found: list[dict[str, JsonValue]] = [
                {
                    "login": login,
                    "files": count,
                    "bytes": size,
                    "quota": limits["person"],
                    "not_arrived": missing,
                }
                for login, count, size, missing in use_of_files(reader)
            ]
    if not as_json:
        person, company = (limits[name] // _MEGABYTE for name in ("person", "company"))
        say(f"The files of one person may come to {person:,} MB, all together to {company:,} MB.")
    if not found and not as_json:
        say("Nobody has added a file yet.")
        return
    print_table(_COLUMNS, found, as_json=as_json)


def _set_limits(database: Database, wanted: dict[str, int | None]) -> None:
    chosen = {name: megabytes * _MEGABYTE for name, megabytes in wanted.items() if megabytes is not None}
    if not chosen:
        return
    with database.write("fieldrep-server files") as tx:
        for name, limit in chosen.items():
            set_quota(tx.session, name, limit)
            tx.audit("file_quota", entity="attachment", detail=f"{name}: {limit} bytes")
