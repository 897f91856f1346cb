"""The verbs for files: where the body of each attachment stands, bringing one here or saving it, and decoding pictures.

Owns what it prints.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fieldrep.cli.console import as_json_option, commands, open_enrolled, print_json
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import id_text, parse_id

if TYPE_CHECKING:  # not needed to show what the verbs are
    from fieldrep.queries.attachments import AttachmentRow
    from fieldrep.queries.refused_files import RefusedFile

_STATES = {
    "waiting": "waits to go up",
    "here": "here",
    "partly": "partly here",
    "wanted": "asked for",
    "not_here": "not on this laptop",
}


@commands.command("attachments")
@click.option(
    "--save", "wanted", metavar="ID", help="Save this file, which comes from the server if need be."
)
@click.option("--to", "target", type=click.Path(path_type=Path, dir_okay=False), help="Where to save it.")
@as_json_option
def attachments_command(wanted: str | None, target: Path | None, as_json: bool) -> int:
    """Lists the files of all accounts and where each stands, or saves one."""
    if (wanted is None) != (target is None):
        raise click.UsageError("Give --save ID and --to FILE together.")
    if wanted is not None and target is not None:
        return _save(wanted, target, as_json)
    from fieldrep.queries.attachments import attachments
    from fieldrep.queries.refused_files import refused_files

    with open_enrolled() as replica, replica.read() as reader:
        rows, refused = attachments(reader), refused_files(reader)
    if as_json:
        print_json([_as_json(row) for row in rows] + [_refused_as_json(one) for one in refused])
        return 0
    if not rows and not refused:
        click.echo("No account has a file on it yet. Add one with fieldrep do add_attachment.")
    for row in rows:
        part = f" ({row.so_far:,} of {row.size:,})" if row.state in ("waiting", "partly", "wanted") else ""
        belongs = f" ({row.owner_kind.lower()} {row.owner})" if row.owner_kind else ""
        click.echo(f"{id_text(row.id)}  {row.size:>10,}  {_STATES[row.state] + part:40} {row.name}{belongs}")
        if row.refused:
            click.echo(f"{'':50}{row.refused}")
    for one in refused:
        kept = "refused; kept on this laptop alone"
        click.echo(f"{id_text(one.id)}  {one.size:>10,}  {kept:40} {one.name}")
    return 0


def _as_json(row: AttachmentRow) -> dict[str, object]:
    return {
        "id": id_text(row.id),
        "account_id": id_text(row.account_id) if row.account_id else None,
        "belongs_to": id_text(row.owner_id) if row.owner_id else None,
        "name": row.name,
        "media_type": row.media_type,
        "size": row.size,
        "sha256": row.sha256,
        "state": row.state,
        "bytes": row.so_far,
        "refused": row.refused,
    }


def _refused_as_json(file: RefusedFile) -> dict[str, object]:
    return {
        "id": id_text(file.id),
        "account_id": None,
        "belongs_to": None,
        "name": file.name,
        "size": file.size,
        "sha256": file.sha256,
        "state": "refused",
    }


@commands.command("decode-pictures", hidden=True)
def decode_pictures_command() -> int:
    """Decodes pictures for the program that started this one and speaks to it through pipes."""
    from fieldrep.pictures.worker import main

    main()
    return 0


def _save(wanted: str, target: Path, as_json: bool) -> int:
    from fieldrep.sync.session import bring_file

    try:
        row_id = parse_id(wanted)
    except ValueError as error:
        raise KnownError(Code.INVALID_VALUE, str(error)) from error
    with open_enrolled() as replica:
        body = bring_file(replica, row_id)
    try:
        with target.open("xb") as file:
            file.write(body)
    except OSError as error:
        sentence = f"{target} cannot be written ({error.strerror}). Name a new file in a folder of yours."
        raise KnownError(Code.DISK_ERROR, sentence) from error
    if as_json:
        print_json({"saved": str(target), "size": len(body)})
    else:
        click.echo(f"Saved {len(body):,} bytes to {target}.")
    return 0
