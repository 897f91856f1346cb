"""The commands that look after the store as a whole: export, backup, restore and verify.

Parses, calls the store, prints. `sync_server/app.py` brings this module in beside `cli.py`, whose group it extends.
"""

from __future__ import annotations

import os
from pathlib import Path

import click

from fieldrep.contract.counts import counted
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import id_text
from sync_server.admin.awaited import moment_words, unknown_here
from sync_server.admin.cli import A_FILE, as_json_option, commands
from sync_server.admin.console import (
    OutFile,
    address_of,
    central_store,
    complain,
    home,
    print_json,
    say,
    stop,
    system_clock,
)
from sync_server.store.lineage import LOOK_THROUGH, renew
from sync_server.store.proof.export import export as write_export
from sync_server.store.proof.verify import verify as find_faults
from sync_server.store.restoring.backup import backup as make_backup
from sync_server.store.restoring.backup import check as check_backup
from sync_server.store.restoring.backup import restore as take_backup
from sync_server.store.restoring.behind import ahead
from sync_server.store.restoring.returns import was_restored


@commands.command()
@click.argument("file", type=OutFile())
@click.option("--user", "login", help="Exactly what this person may hold.")
def export(file: Path, login: str | None) -> None:
    """Writes the central store to FILE as canonical JSON lines, in the same form as `fieldrep export`."""
    with central_store() as database:
        count = write_export(database, file, login)
    say(f"Wrote {counted(count, 'record')} to {file}.")


@commands.command()
@click.argument("file", type=A_FILE)
def backup(file: Path) -> None:
    """Copies the central store to FILE while the server runs."""
    with central_store() as database:
        noted = make_backup(database, file)
    say(f"The backup is in {file}. Keep it where the store is not.")
    if not noted:
        say(
            "The store could not note it, for its disk is full: laptops keep what they sent. Free some space."
        )


@commands.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--check", is_flag=True, help="Only say whether FILE is sound and what it holds; restore nothing."
)
def restore(file: Path, *, check: bool) -> None:
    """Makes the central store what it was when FILE was written, as a new epoch.

    The server may go on running. With their next sync devices start over and give back what they sent since then.
    """
    if check:
        _say_whether_sound(file)
        return
    found = home()
    restored = take_backup(address_of(found, found.remembered()), file, system_clock, os.urandom)
    say("The central store is restored. Devices start over with their next sync and give back what it lacks.")
    if not restored.sealed:
        say(_NO_SEAL)
    if restored.aside is not None:
        say(
            f"The file of the store before is damaged; it lies in {restored.aside} now. A server that runs still has "
            "that one open: end it and start it again."
        )
    if restored.unsure:
        say(f"{_UNSURE[restored.unsure]}: {LOOK_THROUGH}")
    shut_out = [one.kind for one in restored.carried.shut_out]
    if shut_out:
        say(
            "Who was withdrawn or disabled since the backup stays so: "
            f"{shut_out.count('device'):,} of the devices, {shut_out.count('user'):,} of the users."
        )
    if restored.carried.locks:
        locks = len(restored.carried.locks)
        say(f"Who was locked or unlocked since the backup stays so: {locks:,} of the devices.")
    if restored.carried.spared:
        spared = len(restored.carried.spared)
        say(f"An order to wipe that was taken back since the backup stays so: {spared:,} of the devices.")
    unknown = restored.carried.unknown
    devices = [
        (one.login, one.name, one.seen_at, f"id {id_text(one.row_id)}", ", locked" if one.locked else "")
        for one in unknown
        if one.kind == "device"
    ]
    for line in unknown_here(devices, [(one.login, one.name) for one in unknown if one.kind == "user"]):
        say(line)
    say(_LINKS_VOID)


def _say_whether_sound(file: Path) -> None:
    """What a restore of a backup would meet; the store, and whether there is one, makes no difference."""
    held = check_backup(file, system_clock, os.urandom)
    for fault in held.faults:
        complain(fault)
    if held.faults:
        complain(f"{file} can be restored, and is not sound. Take another backup if there is one.")
        stop()
    if not held.sealed:
        say(_NO_SEAL)
    last = f", last changed {moment_words(held.changed_at)}" if held.changed_at else ""
    say(
        f"{file} is sound. It holds the central store at revision {held.revision}{last}. Nothing was restored."
    )


@commands.command("restored")
@click.option("--again", is_flag=True, help="It was put back once more since the last time.")
def restored_by_hand(*, again: bool) -> None:
    """Tells the central store that it was put back without `restore`: its file copied back, or a dump read in.

    It gets a new epoch, as a restore gives one: with their next sync devices start over and give back what it lacks.
    After a failover on PostgreSQL the server finds this out by itself. The server may go on running.
    """
    with central_store() as database, database.write("fieldrep-server restored") as tx:
        if not again and was_restored(tx) and not ahead(tx):
            raise KnownError(
                Code.NOTHING_TO_CHANGE,
                "The central store knows already that it was put back, and no device has shown a later state since: "
                "nothing was done, and fieldrep-server restore-report still tells what came back. Where it was put "
                "back once more, add --again.",
            )
        renew(tx, database.randomness, knew_all=False, detail="put back by hand")
    say(
        "The central store has a new epoch. Devices start over with their next sync and give back what it lacks; "
        "fieldrep-server restore-report tells what came back."
    )
    say(f"What was before cannot be read: {LOOK_THROUGH}")
    say(_LINKS_VOID)


_NO_SEAL = (
    "That this backup holds what it held when it was made is not proven: an earlier version made it, or it was used as "
    "a store since. Its records, files and audit log were checked; fieldrep-server verify looks at what else it can."
)
_LINKS_VOID = (
    "One-time links printed before admit nobody any more; where one is open, print a new one with "
    "fieldrep-server enroll LOGIN."
)
_UNSURE = {
    "unread": "The store before it could not be read, or not all of it",
    "other": "The store before it was a new one, or another company's",
    "earlier": "The store before it had been restored where the one before that could not be read",
}


@commands.command()
@as_json_option
def verify(as_json: bool) -> None:
    """Checks everything that can be recomputed, and names what is wrong.

    That is of the central store itself; what follows from nothing else, such as the credentials of devices, is not
    checked. No backup is read: fieldrep-server restore FILE --check says whether one still holds all that it held when
    it was made.
    """
    with central_store() as database:
        faults = find_faults(database)
    if as_json:
        print_json({"sound": not faults, "faults": faults})
    elif not faults:
        say("The central store is sound.")
    if faults:
        for fault in [] if as_json else faults:
            complain(fault)
        complain(
            "The central store is not sound. Restore a backup (fieldrep-server restore FILE), and keep a copy of this "
            "store for whoever looks into it."
        )
        stop()
