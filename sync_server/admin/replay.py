"""The command `replay`: what a device held at a moment, as its own `fieldrep export` wrote it then.

Parses, calls the store, prints. `sync_server/app.py` brings this module in beside `cli.py`, whose group it extends.
"""

from __future__ import annotations

import sys
from datetime import tzinfo
from pathlib import Path

import click

from fieldrep.contract.counts import counted
from fieldrep.contract.ids import RowId
from fieldrep.contract.whole_file import whole_file
from fieldrep.domain.days import zone_named
from sync_server.admin.cli import commands
from sync_server.admin.console import OutFile, central_store, complain, say
from sync_server.admin.moments import moment_told
from sync_server.admin.naming import device_named
from sync_server.store.devices.positions import Stand
from sync_server.store.past.replay import Past, in_utc, past_of
from sync_server.store.reading import Reader


@commands.command()
@click.argument("device", metavar="DEVICE")
@click.option(
    "--at", "moment", required=True, metavar="TIME", help="Such as 2026-05-04T14:30 or 2026-05-04T14:30Z."
)
@click.argument("file", required=False, type=OutFile(allow_dash=True))
def replay(device: str, moment: str, file: Path | None) -> None:
    """Tells what DEVICE (its id, number prefix or name) held at TIME, as canonical JSON lines, in FILE or printed.

    The lines are those `fieldrep export` wrote on it then, without what had been entered there and not yet sent. A TIME
    without a zone is in that of the device's user.
    """
    with central_store() as database, database.read() as reader:
        device_id = device_named(reader, device)
        at = moment_told(moment, _zone_of(reader, device_id), database.clock())
        stand, past = past_of(reader, device_id, at)
        lines = past.lines() if stand.revision else iter(())
        if file is None or str(file) == "-":
            sys.stdout.buffer.writelines(lines)
            sys.stdout.buffer.flush()
        else:
            with whole_file(file, "Nothing was written.") as out:
                count = sum(1 for line in lines if out.write(line))
            say(f"Wrote {counted(count, 'record')} to {file}.")
    complain(_told(stand, past, at))


def _zone_of(reader: Reader, device_id: RowId) -> tzinfo:
    """The zone of a device's user."""
    device = reader.row("device", device_id)
    user = reader.row("user", device["user_id"]) if device and isinstance(device["user_id"], bytes) else None
    return zone_named(str(user["tz"] or "UTC") if user else "UTC")


def _told(stand: Stand, past: Past, at: int) -> str:
    """How sure it is, in a sentence or two."""
    if not stand.revision and stand.on_its_way_to is None:
        return f"At {in_utc(at)} the device had not been given any record."
    given = f"given to it at {in_utc(stand.since)}" if stand.since else "which it had when it was enrolled"
    held = f"the central store was at revision {stand.revision:,}, {given}"
    words = [f"At {in_utc(at)} the device held what {held}."]
    if stand.on_its_way_to is not None:
        words.append(
            f"It was on its way to revision {stand.on_its_way_to:,} and had a part of that besides, or instead where "
            "it was fetching all afresh; which part is not known."
        )
    elif not stand.shown:
        words.append("It has not been in contact since, so the last reply may not have reached it.")
    elif stand.digest is not None:
        agrees = "agrees" if stand.digest == past.digest else "does not agree"
        words.append(f"The digest that it took of its own records {agrees} with these.")
    return " ".join(words)
