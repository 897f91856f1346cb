"""The verbs for where no network reaches: `bundle out` writes what waits to a file, `bundle in` reads the answer.

Owns what they print; `fieldrep/sync/bundle.py` does the work.
"""

from __future__ import annotations

from pathlib import Path

import click

from fieldrep.cli.console import OutFile, as_json_option, commands, open_enrolled, print_json
from fieldrep.cli.syncing import print_receipt
from fieldrep.contract.counts import counted

_A_FILE = click.Path(path_type=Path, dir_okay=False)


@commands.group()
def bundle() -> None:
    """A sync by file, on a stick: write one, have it answered in the office, read the answer.

    The file is encrypted for the company's server and signed by this device, and the answer the other way round. Files
    and a line may be mixed in any order.
    """


@bundle.command("out")
@click.argument("file", type=OutFile())
@as_json_option
def bundle_out(file: Path, as_json: bool) -> int:
    """Writes everything that waits, and the question for what is new, to FILE."""
    from fieldrep.sync.bundle import carry_out

    with open_enrolled() as replica:
        written, barred = carry_out(replica, file), replica.state().barred
    if as_json:
        print_json({"ok": True, "changes": written.changes, "afresh": written.afresh, "files": written.files})
        return 0
    count = counted(written.changes, "change")
    if written.files:
        count += f" and {counted(written.files, 'file')}"
    click.echo(f"{file} holds {count}. In the office: fieldrep-server bundle in {file.name} --reply ANSWER")
    if barred:
        click.echo(f"The office takes nothing of it as long as this holds: {barred}", err=True)
    return 0


@bundle.command("in")
@click.argument("file", type=_A_FILE)
@as_json_option
def bundle_in(file: Path, as_json: bool) -> int:
    """Reads the server's answer from FILE; prints the receipt.

    An answer that comes late, after another way or an earlier reading has brought what it holds, is no failure: the
    receipt says that it was overtaken.
    """
    from fieldrep.sync.bundle import carry_in

    with open_enrolled() as replica:
        receipt = carry_in(replica, file)
    print_receipt(receipt, as_json=as_json)
    if receipt.digests_equal is not True and not receipt.ages_differ and not receipt.overtaken:
        click.echo(receipt.sentence, err=True)
        return 1
    return 0
