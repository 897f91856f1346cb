"""The verbs that look after the replica itself: `verify`.

Owns what they print.
"""

from __future__ import annotations

import click

from fieldrep.cli.console import as_json_option, commands, open_profile, print_json


@commands.command()
@as_json_option
def verify(as_json: bool) -> int:
    """Checks pages, references, totals, digests, search and outbox; names what is wrong."""
    from fieldrep.store.verify import verify as find_faults

    with open_profile() as replica, replica.read() as reader:
        findings = find_faults(reader)
    if as_json:
        faults = [{"check": finding.check, "sentence": finding.sentence} for finding in findings]
        print_json({"ok": not findings, "findings": faults})
    elif not findings:
        click.echo("The replica is sound.")
    for finding in findings:
        click.echo(f"{finding.check}: {finding.sentence}", err=True)
    return 1 if findings else 0
