"""The verbs that join a profile to its server and tell how it stands: `enroll`, `sync`, `status`.

Owns what they print. It must not hold any rule of the business.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from fieldrep.cli.console import as_json_option, commands, open_profile, print_json

if TYPE_CHECKING:
    from fieldrep.contract.digest import Digest
    from fieldrep.store.incoming.receipt import Receipt
    from fieldrep.store.incoming.refused import RefusedChange
    from fieldrep.store.reader import Reader
    from fieldrep.store.replica import Replica


@commands.command()
@click.argument("link")
@click.option(
    "--name", default="", help="What this device is called; as before, or as the computer, by itself."
)
@as_json_option
def enroll(link: str, name: str, as_json: bool) -> int:
    """Enrols this profile with the one-time LINK an admin made."""
    from fieldrep.sync.enrolment import enrol, parse_link

    parse_link(link)
    with open_profile(create=True) as replica:
        reply = enrol(replica, link, os.urandom, name)
        state = replica.state()
        if as_json:
            print_json(
                {"ok": True, "login": reply.login, "user": reply.user_name, "server": state.server_url}
            )
        else:
            click.echo(f"This device now belongs to {reply.user_name} ({reply.login}). Next: fieldrep sync")
    return 0


@commands.command()
@as_json_option
def sync(as_json: bool) -> int:
    """One full sync; prints the receipt. A busy server that says when it has time is asked once more then."""
    from fieldrep.sync.session import sync_patiently

    with open_profile() as replica:
        receipt = sync_patiently(replica, _say_that_it_waits)
    print_receipt(receipt, as_json=as_json)
    if not receipt.whole:
        click.echo(receipt.sentence or "The sync is not complete; run it again.", err=True)
        return 1
    return 0


def _say_that_it_waits(seconds: int) -> None:
    click.echo(f"The server is busy and asks to wait {seconds} s; then it is tried once more.", err=True)


def print_receipt(receipt: Receipt, *, as_json: bool) -> None:
    """What a sync did, over whatever way."""
    if as_json:
        print_json(receipt_in_json(receipt))
        return
    for name, value in receipt_in_json(receipt).items():
        if name not in ("mine", "theirs", "at", "sentence", "drafts_left", "files_not_taken"):
            click.echo(f"{name.replace('_', ' '):16} {_plain(value)}")
    click.echo(receipt.sentence)


def _plain(value: object) -> str:
    """A value as a person reads it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return f"{value['count']:,} rows, sum {value['sum']}"
    return "–" if value in (None, "", []) else str(value)


def receipt_in_json(receipt: Receipt) -> dict[str, object]:
    """A receipt as `sync --json` prints it."""
    import msgspec

    plain: dict[str, object] = msgspec.to_builtins(receipt)
    for side in ("mine", "theirs"):
        digest = getattr(receipt, side)
        plain[side] = _digest(digest) if digest else None
    return plain


def _digest(digest: Digest) -> dict[str, object]:
    """A digest for JSON: its sum in hexadecimal, as many readers of JSON round whole numbers beyond 2^53."""
    return {"count": digest.count, "sum": f"{digest.total % 2**64:016x}"}


@commands.command()
@as_json_option
def status(as_json: bool) -> int:
    """Who this device belongs to, what waits, what needs a decision, how old the data is."""
    with open_profile() as replica:
        found = _status(replica)
    if not found["enrolled"]:
        click.echo("This profile belongs to nobody yet. Enrol it: fieldrep enroll LINK", err=True)
    code = 0 if found["enrolled"] else 1
    if as_json:
        print_json(found)
        return code
    rows = found.pop("rows")
    for name in ("last_sync_at", "refused_changes", "oldest_waiting_at", "files_not_taken"):
        del found[name]
    for name, value in found.items():
        click.echo(f"{name.replace('_', ' '):16} {_plain(value)}")
    for entity, count in sorted(rows.items() if isinstance(rows, dict) else ()):
        click.echo(f"  {entity:22} {count:>9,}")
    return code


def _status(replica: Replica) -> dict[str, object]:
    from fieldrep.contract.ids import id_text
    from fieldrep.domain.queue_age import queue_warning, waited
    from fieldrep.queries.records import row_counts
    from fieldrep.queries.shell import shell_state
    from fieldrep.store.incoming.refused import refused_changes

    state, now = replica.state(), replica.clock()
    with replica.read() as reader:
        shell, rows = shell_state(reader), row_counts(reader)
        files, about_files = _files(reader)
        refused = [_refusal(entry) for entry in refused_changes(reader.driver)]
    return {
        "enrolled": state.enrolled,
        "user": state.login,
        "user_name": state.user_name,
        "user_id": id_text(state.user_id) if state.user_id else None,
        "device": id_text(state.device_id) if state.device_id else None,
        "server": state.server_url,
        "epoch": state.epoch.hex(),
        "incarnation": state.incarnation.hex(),
        "cursor": state.cursor.hex(),
        "complete": state.complete,
        "outbox_depth": shell.waiting,
        "oldest_waiting_at": shell.oldest_waiting_at,
        "oldest_waiting": waited(shell.oldest_waiting_at, now) if shell.oldest_waiting_at else None,
        **files,
        "warning": state.barred or queue_warning(shell.oldest_waiting_at, now) or about_files or None,
        "highest_change": state.highest_n,
        "conflicts": shell.conflicts,
        "refused": len(refused),
        "handed_over": shell.handed_over,
        "answered": shell.answered,
        "needs_you": shell.conflicts + shell.refused,
        "refused_changes": refused,
        "last_sync_at": state.last_sync_at or None,
        "last_sync": _moment(state.last_sync_at),
        "digest": _digest(state.digest),
        "rows": rows,
    }


def _files(reader: Reader) -> tuple[dict[str, object], str]:
    """The files whose bodies are on this device alone, and what to know of those that the server does not take."""
    import msgspec

    from fieldrep.store.file_queue import not_taken, uploads
    from fieldrep.store.incoming.receipt import not_taken_words

    stuck = not_taken(reader)
    found = {"files_waiting": len(uploads(reader)), "files_not_taken": msgspec.to_builtins(stuck)}
    return found, not_taken_words(stuck)


def _refusal(entry: RefusedChange) -> dict[str, object]:
    return {"id": entry.refused_no, "change": entry.n, "code": entry.code.value, "sentence": entry.sentence}


def _moment(at: int) -> str | None:
    return datetime.fromtimestamp(at / 1000, tz=UTC).isoformat(timespec="seconds") if at else None
