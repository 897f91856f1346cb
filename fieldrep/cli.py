"""The client's command line: every `fieldrep` verb, each a thin door to a command, a query, the store or a sync.

Owns arguments, printed forms and exit codes: 0 done, 1 refused or incomplete with a sentence on standard error, 2 wrong
usage. Without a verb it opens the window. It must not hold any rule of the business.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from fieldrep import __version__
from fieldrep.contract.errors import Code, KnownError

if TYPE_CHECKING:
    from fieldrep.commands.done import Done
    from fieldrep.store.receipt import Receipt
    from fieldrep.store.replica import Replica

_WRONG_USAGE = frozenset({Code.UNKNOWN_COMMAND, Code.UNKNOWN_ENTITY, Code.WRONG_USAGE})
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Runs the command line and exits with its code."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError):
            stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    try:
        code = commands.main(arguments, prog_name="fieldrep", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except click.Abort:
        click.echo("Stopped; what was saved stays saved.", err=True)
        code = 1
    except KnownError as error:
        click.echo(error.sentence, err=True)
        code = 2 if error.code in _WRONG_USAGE else 1
    except BrokenPipeError:
        # whoever read our lines has had enough; nothing more can be said to them
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    sys.exit(code if isinstance(code, int) else 0)


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fieldrep")
@click.pass_context
def commands(context: click.Context) -> int:
    """FieldRep. Without a command it opens the window on the default profile.

    FIELDREP_HOME names another profile folder, FIELDREP_PASSPHRASE_FILE a file with the passphrase that unlocks it.
    """
    if context.invoked_subcommand is not None:
        return 0
    # The composition root stands above this module, so it is loaded by name and only when the window is wanted.
    return int(importlib.import_module("fieldrep.app").main() or 0)


@commands.command()
@click.argument("link")
@click.option("--name", default="", help="What this device is called; the computer's name by itself.")
@_JSON
def enroll(link: str, name: str, as_json: bool) -> int:
    """Enrols this profile with the one-time LINK an admin made."""
    from fieldrep.sync.enrolment import enrol, parse_link

    parse_link(link)
    with _open(create=True) as replica:
        reply = enrol(replica, link, os.urandom, name)
        state = replica.state()
        if as_json:
            _print({"ok": True, "login": reply.login, "user": reply.user_name, "server": state.server_url})
        else:
            click.echo(f"This device now belongs to {reply.user_name} ({reply.login}). Next: fieldrep sync")
    return 0


@commands.command()
@_JSON
def sync(as_json: bool) -> int:
    """One full sync; prints the receipt."""
    from fieldrep.sync.session import sync_now

    with _open() as replica:
        receipt = sync_now(replica)
    if as_json:
        _print(_receipt(receipt))
    else:
        for name, value in _receipt(receipt).items():
            if name not in ("mine", "theirs", "at", "sentence"):
                click.echo(f"{name.replace('_', ' '):16} {_plain(value)}")
        click.echo(receipt.sentence)
    if not receipt.whole:
        click.echo(receipt.sentence or "The sync is not complete; run it again.", err=True)
        return 1
    return 0


def _plain(value: object) -> str:
    """A value as a person reads it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return f"{value['count']:,} rows, sum {value['total']}"
    return "–" if value in (None, "", []) else str(value)


def _receipt(receipt: Receipt) -> dict[str, object]:
    import msgspec

    plain: dict[str, object] = msgspec.to_builtins(receipt)
    for side in ("mine", "theirs"):
        digest = getattr(receipt, side)
        plain[side] = {"count": digest.count, "total": digest.total} if digest else None
    return plain


@commands.command()
@_JSON
def status(as_json: bool) -> int:
    """Who this device belongs to, what waits, what needs a decision, how old the data is."""
    with _open() as replica:
        found = _status(replica)
    if not found["enrolled"]:
        click.echo("This profile belongs to nobody yet. Enrol it: fieldrep enroll LINK", err=True)
    code = 0 if found["enrolled"] else 1
    if as_json:
        _print(found)
        return code
    rows = found.pop("rows")
    del found["last_sync_at"], found["refused_changes"]
    for name, value in found.items():
        click.echo(f"{name.replace('_', ' '):16} {_plain(value)}")
    for entity, count in sorted(rows.items() if isinstance(rows, dict) else ()):
        click.echo(f"  {entity:22} {count:>9,}")
    return code


def _status(replica: Replica) -> dict[str, object]:
    from fieldrep.contract.ids import id_text
    from fieldrep.queries.records import row_counts
    from fieldrep.queries.shell import shell_state
    from fieldrep.store.refused import refused_changes

    state = replica.state()
    with replica.read() as reader:
        shell, rows = shell_state(reader), row_counts(reader)
        refused = [
            {"id": entry.refused_no, "change": entry.n, "code": entry.code.value, "sentence": entry.sentence}
            for entry in refused_changes(reader.driver)
        ]
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
        "highest_change": state.highest_n,
        "conflicts": shell.conflicts,
        "refused": shell.refused,
        "refused_changes": refused,
        "last_sync_at": state.last_sync_at or None,
        "last_sync": _moment(state.last_sync_at),
        "digest": {"count": state.digest.count, "total": state.digest.total},
        "rows": rows,
    }


def _moment(at: int) -> str | None:
    return datetime.fromtimestamp(at / 1000, tz=UTC).isoformat(timespec="seconds") if at else None


@commands.command("do")
@click.argument("command", required=False)
@click.argument("values", metavar="JSON", required=False)
@click.option("--list", "listing", is_flag=True, help="Document every command with its fields.")
@_JSON
def do_command(command: str | None, values: str | None, listing: bool, as_json: bool) -> int:
    """Runs a business COMMAND with a JSON object, as the window does ("-" reads it from standard input)."""
    from fieldrep.commands.json_input import MOST_INPUT, parse_json
    from fieldrep.commands.registry import command_named

    if listing:
        _list_commands(as_json)
        return 0
    if command is None:
        raise click.UsageError("Name a command; `fieldrep do --list` documents all.")
    verb = command_named(command)
    keywords = verb.keywords(
        parse_json(sys.stdin.buffer.read(MOST_INPUT + 1) if values == "-" else values or "{}")
    )
    with _open() as replica:
        _print(_outcome(verb.run(replica, **keywords)))
    return 0


def _outcome(done: Done) -> dict[str, object]:
    from fieldrep.contract.ids import id_text

    return {
        "ok": True,
        "command": done.command,
        "id": id_text(done.id) if done.id else None,
        "ids": {entity: id_text(row_id) for entity, row_id in done.ids.items()},
        "lines": [id_text(row_id) for row_id in done.lines],
        "number": done.number or None,
        "changed": done.changed,
        "change": done.change_n or None,
        "label": done.label,
    }


def _list_commands(as_json: bool) -> None:
    from fieldrep.commands.registry import COMMANDS

    if as_json:
        _print(
            [
                {
                    "command": verb.name,
                    "does": verb.summary,
                    "fields": [
                        {"name": a.name, "kind": a.kind, "required": a.required, "help": a.help}
                        for a in verb.arguments
                    ],
                }
                for verb in COMMANDS.values()
            ]
        )
        return
    for verb in COMMANDS.values():
        click.echo(f"{verb.name}\n    {verb.summary}")
        for a in verb.arguments:
            click.echo(f"      {a.name + (' *' if a.required else ''):20} {a.kind}. {a.help}")
    click.echo(
        "\nFields marked * are needed; an edit names its record by id and only the fields that change."
    )


@commands.command()
@click.argument("entity")
@click.argument("row_id", metavar="[ID]", required=False)
@click.option(
    "--where", multiple=True, metavar="FIELD=VALUE", help="Only rows with this value; may be repeated."
)
def show(entity: str, row_id: str | None, where: Sequence[str]) -> int:
    """Prints rows of ENTITY as JSON lines, all or the one with an ID."""
    from fieldrep.contract.ids import parse_id
    from fieldrep.queries.records import record, records

    tests = [tuple(test.split("=", 1)) for test in where]
    if any(len(test) < 2 for test in tests):
        raise click.UsageError("--where is written FIELD=VALUE, for example --where tier=key.")
    with _open_enrolled() as replica, replica.read() as reader:
        if row_id is not None:
            try:
                wanted = parse_id(row_id)
            except ValueError as error:
                raise KnownError(Code.INVALID_VALUE, str(error)) from error
            _print(record(reader, entity=entity, row_id=wanted))
        else:
            for row in records(reader, entity=entity, where=[(test[0], test[1]) for test in tests]):
                _print(row)
    return 0


@commands.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def export(file: Path) -> int:
    """Writes the replica to FILE as canonical JSON lines; equal bytes for equal content ("-" prints them)."""
    from fieldrep.store.export import export_lines

    with _open_enrolled() as replica, replica.read() as reader:
        if str(file) == "-":
            sys.stdout.buffer.writelines(export_lines(reader))
            sys.stdout.buffer.flush()
            return 0
        fresh = file.with_name(f".{file.name}.{os.getpid()}.new")
        try:
            with fresh.open("wb") as out:
                out.writelines(export_lines(reader))
                out.flush()
                os.fsync(out.fileno())
            fresh.replace(file)
        except OSError as error:
            with suppress(OSError):
                fresh.unlink(missing_ok=True)
            sentence = f"{file} cannot be written ({error.strerror or error}). Nothing was changed there."
            raise KnownError(Code.DISK_ERROR, sentence) from error
    return 0


@commands.command()
@_JSON
def verify(as_json: bool) -> int:
    """Checks pages, references, totals, digests, search and outbox; names what is wrong."""
    from fieldrep.store.verify import verify as find_faults

    with _open() as replica, replica.read() as reader:
        findings = find_faults(reader)
    if as_json:
        faults = [{"check": finding.check, "sentence": finding.sentence} for finding in findings]
        _print({"ok": not findings, "findings": faults})
    elif not findings:
        click.echo("The replica is sound.")
    for finding in findings:
        click.echo(f"{finding.check}: {finding.sentence}", err=True)
    return 1 if findings else 0


@contextmanager
def _open_enrolled() -> Iterator[Replica]:
    """The replica of the profile, which must belong to somebody.

    Raises:
        KnownError: `not_enrolled`.
    """
    with _open() as replica:
        if not replica.state().enrolled:
            sentence = "This profile belongs to nobody yet. Enrol it: fieldrep enroll LINK"
            raise KnownError(Code.NOT_ENROLLED, sentence)
        yield replica


@contextmanager
def _open(*, create: bool = False) -> Iterator[Replica]:
    """The replica of the profile, unlocked; with `create` made first where there is none."""
    from fieldrep.paths import default_profile
    from fieldrep.secrets import KeyVault
    from fieldrep.store.replica import Replica

    profile = default_profile()
    vault = KeyVault(profile)
    if create and not vault.exists:
        try:
            key = vault.create()
        except KnownError as error:
            if error.code is not Code.NO_KEY or not sys.stdin.isatty():
                raise
            click.echo(error.sentence, err=True)
            key = vault.create(
                click.prompt("Passphrase", hide_input=True, confirmation_prompt=True, err=True)
            )
    else:
        ask = vault.needs_passphrase and sys.stdin.isatty()
        key = vault.unlock(click.prompt("Passphrase", hide_input=True, err=True) if ask else None)
    replica = Replica.open(profile, key, lambda: time.time_ns() // 1_000_000, os.urandom, create=create)
    try:
        yield replica
    finally:
        replica.close()


def _print(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False))


if __name__ == "__main__":
    main()
