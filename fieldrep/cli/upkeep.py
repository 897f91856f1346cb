"""The verbs that look after the replica itself: `verify` and `repair`.

Owns what they print.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fieldrep.cli.console import as_json_option, commands, open_enrolled, print_json

if TYPE_CHECKING:
    from fieldrep.store.repairing.repaired import Repaired


@commands.command()
@as_json_option
def verify(as_json: bool) -> int:
    """Checks pages, references, totals, digests, search and outbox; names what is wrong."""
    from fieldrep.store.state import COUNT_ANEW
    from fieldrep.store.verify import heals_by_sync, next_step
    from fieldrep.store.verify import verify as find_faults

    with open_enrolled() as replica:
        with replica.read() as reader:
            findings = find_faults(reader)
        if heals_by_sync(findings):
            replica.change_state(examined_at=COUNT_ANEW)
    step = next_step(findings)
    if as_json:
        faults = [{"check": finding.check, "sentence": finding.sentence} for finding in findings]
        print_json({"ok": not findings, "findings": faults, "next_step": step or None})
    elif not findings:
        click.echo("The replica is sound.")
    for finding in findings:
        click.echo(f"{finding.check}: {finding.sentence}", err=True)
    if step and not as_json:
        click.echo(step, err=True)
    return 1 if findings else 0


@commands.command()
@click.option(
    "--set-aside", "aside", is_flag=True, help="Keep replica and key file under other names and begin anew."
)
@as_json_option
def repair(aside: bool, as_json: bool) -> int:
    """Saves what was not sent out of a damaged replica into a fresh one; the damaged file is kept."""
    if aside:
        return _set_aside(as_json)
    from fieldrep.paths import default_profile
    from fieldrep.secrets import KeyVault
    from fieldrep.store.lock import Holder
    from fieldrep.store.repairing.repair import repair as mend
    from fieldrep.store.repairing.repaired import told
    from fieldrep.store.replica import Replica

    profile = default_profile()
    vault = KeyVault(profile)
    ask = vault.needs_passphrase and sys.stdin.isatty()
    key = vault.unlock(click.prompt("Passphrase", hide_input=True, err=True) if ask else None)
    done = mend(profile, key, _now(), holder=Holder.COMMAND)
    if as_json:
        print_json(_told(done))
    else:
        click.echo(done.sentence)
    if done.kept_as or done.before:
        sys.stdout.flush()
        with Replica.open(profile, key, _now, os.urandom, holder=Holder.COMMAND) as replica:
            told(replica)
    return 1 if any(one.lost or not one.known for one in done.untold) else 0


def _told(done: Repaired) -> dict[str, object]:
    return {
        "sound": done.sound,
        "next_step": done.step or None,
        "kept_as": done.kept_as or None,
        "changes": done.changes,
        "drafts": done.drafts,
        "refused": done.refused,
        "sent": done.sent,
        "enrolled": all(one.known for one in done.untold),
        "pages": done.pages,
        "unreadable_pages": done.unreadable,
        "lost_changes": [{"change": n, "records": dict(kinds)} for n, kinds in done.lost.items()],
        "more_may_be_missing": done.doubtful,
        "sentence": done.sentence,
    }


def _set_aside(as_json: bool) -> int:
    from fieldrep.paths import default_profile
    from fieldrep.store.lock import FileLock, Holder
    from fieldrep.store.repairing.aside import set_aside

    profile = default_profile()
    profile.make()
    lock = FileLock(profile.lock, Holder.COMMAND)
    try:
        kept: Path | None = set_aside(profile.replica, profile.key_file, _now())
    finally:
        lock.release()
    if as_json:
        print_json({"kept_as": kept.name if kept else None})
    elif kept is None:
        click.echo("There is no replica here; enrol this profile with a link: fieldrep enroll LINK")
    else:
        click.echo(f"The old replica is kept as {kept.name}. Begin anew: fieldrep enroll LINK")
    return 0


def _now() -> int:
    return time.time_ns() // 1_000_000
