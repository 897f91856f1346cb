"""The commands of retention: what is kept for how long, and tidying now instead of tonight.

Parses, calls the store, prints. `sync_server/app.py` brings this module in beside `cli.py`, whose group it extends.
"""

from __future__ import annotations

import click

from fieldrep.contract.counts import counted
from fieldrep.contract.jsonform import JsonValue
from sync_server.admin.cli import as_json_option, commands
from sync_server.admin.console import central_store, print_json, print_table, say
from sync_server.store.upkeep.retention import RULES, rules_in_force, set_rule
from sync_server.store.upkeep.retention import tidy as tidy_store


@commands.command()
@as_json_option
def tidy(*, as_json: bool) -> None:
    """Purges what is older than the retention rules say. `serve` does it once a day by itself."""
    with central_store() as database:
        done = tidy_store(database)
    if as_json:
        dropped: dict[str, JsonValue] = dict(done.dropped)
        print_json({"purged": done.purged, "dropped": dropped})
        return
    say(f"Purged {counted(done.purged, 'record')}.")
    for table, count in done.dropped.items():
        say(f"Dropped {count:,} from {table}.")


@commands.group()
def retention() -> None:
    """Says how long the central store keeps what."""


@retention.command()
@as_json_option
def show(*, as_json: bool) -> None:
    """Lists the rules with their days."""
    with central_store() as database, database.read() as reader:
        days = rules_in_force(reader)
    rows: list[dict[str, JsonValue]] = [
        {"rule": name, "days": days[name], "usually": rule.days, "of": rule.text}
        for name, rule in RULES.items()
    ]
    print_table(("rule", "days", "usually", "of"), rows, as_json=as_json)


@retention.command("set")
@click.argument("rule")
@click.argument("days", type=int)
def set_(rule: str, days: int) -> None:
    """Keeps what RULE is about for so many DAYS. It counts from the next tidying on."""
    with central_store() as database, database.write("fieldrep-server retention") as tx:
        set_rule(tx, rule, days)
    say(f"“{rule}” is {days} days now.")
