"""The verb `diagnostics`: one file for whoever supports this laptop, without customer data.

Owns what it prints; `fieldrep/diagnostics.py` says what is in the file.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from fieldrep.cli.console import OutFile, as_json_option, commands, open_profile, print_json


@commands.command("diagnostics")
@click.argument("file", type=OutFile())
@as_json_option
def diagnostics_command(file: Path, as_json: bool) -> int:
    """Writes versions, figures and codes to FILE, and nothing a customer or a person typed ("-" prints them)."""
    from fieldrep.diagnostics import as_json as in_json
    from fieldrep.diagnostics import diagnostics_of, write_diagnostics
    from fieldrep.paths import default_profile

    profile = default_profile()
    with open_profile() as replica, replica.read() as reader:
        if str(file) == "-":
            sys.stdout.buffer.write(in_json(diagnostics_of(reader, profile, replica.clock())))
            sys.stdout.buffer.flush()
            return 0
        write_diagnostics(reader, profile, replica.clock(), file)
    if as_json:
        print_json({"ok": True, "file": str(file)})
    else:
        click.echo(
            f"{file} holds versions, figures and codes of this laptop, and nothing that anybody typed."
        )
    return 0
