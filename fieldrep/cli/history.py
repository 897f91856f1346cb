"""The verb `history`: the receipts of the last syncs. Owns what it prints."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from fieldrep.cli.console import as_json_option, commands, open_profile, print_json
from fieldrep.cli.syncing import receipt_in_json


@commands.command("history")
@as_json_option
def history_command(as_json: bool) -> int:
    """Lists the receipts of the last syncs, newest first: by line or by stick, and what each did."""
    from fieldrep.queries.sync_history import sync_history

    with open_profile() as replica, replica.read() as reader:
        kept = sync_history(reader).receipts
    for one in kept:
        if as_json:
            told = {"at": one.at, "way": one.way.value, "code": one.code or None, "changes": one.changes}
            print_json({**told, "receipt": receipt_in_json(one.receipt)})
            continue
        when = datetime.fromtimestamp(one.at / 1000, tz=UTC).isoformat(timespec="seconds")
        click.echo(f"{when}  {one.way.value:5}  {one.code or 'done':16}  {one.receipt.sentence}")
    if not kept and not as_json:
        click.echo("No sync yet had anything to do.")
    return 0
