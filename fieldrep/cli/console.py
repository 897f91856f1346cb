"""The frame of the client's command line: the group of verbs, its errors and exit codes, and the replica they open.

Exit codes: 0 done, 1 refused or incomplete with a sentence on standard error, 2 wrong usage, 3 this profile was wiped
on the admin's order. Without a verb it opens the window. It knows no verb; each module beside it adds its own.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from fieldrep import __version__
from fieldrep.contract.errors import STOPPED, Code, KnownError

if TYPE_CHECKING:
    from fieldrep.store.replica import Replica

_WRONG_USAGE = frozenset({Code.UNKNOWN_COMMAND, Code.UNKNOWN_ENTITY, Code.WRONG_USAGE})
as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


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
        click.echo(STOPPED, err=True)
        code = 1
    except KnownError as error:
        click.echo(error.sentence, err=True)
        code = 2 if error.code in _WRONG_USAGE else 3 if error.code is Code.WIPED else 1
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
        _finish_wipe(quietly=context.invoked_subcommand == "enroll")
        return 0
    # The composition root stands above this module, so it is loaded by name and only when the window is wanted.
    return int(importlib.import_module("fieldrep.app").main() or 0)


def _finish_wipe(*, quietly: bool) -> None:
    """A wipe that the admin ordered is finished, and told of, before anything else.

    Raises:
        KnownError: `wiped`, unless `quietly`: one that is about to be enrolled anew; or why it cannot be finished.
    """
    from fieldrep.paths import default_profile

    profile = default_profile()
    if not profile.wiping.exists():
        return
    from fieldrep.store.wiping import is_due
    from fieldrep.sync.wiping import carry_out, tell

    if is_due(profile):
        said = carry_out(profile)
        tell(profile)
        if not quietly:
            raise KnownError(Code.WIPED, said)


class OutFile(click.Path):
    """A file that a verb writes; never one of the profile itself."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path.

        Raises:
            KnownError: `already_exists`.
        """
        from fieldrep.contract.whole_file import spare_stores
        from fieldrep.paths import default_profile

        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if str(path) != "-":
            spare_stores(path, *default_profile().files)
        return path


@contextmanager
def open_enrolled() -> Iterator[Replica]:
    """The replica of the profile, which must belong to somebody.

    Raises:
        KnownError: `not_enrolled`.
    """
    with open_profile() as replica:
        if not replica.state().enrolled:
            sentence = "This profile belongs to nobody yet. Enrol it: fieldrep enroll LINK"
            raise KnownError(Code.NOT_ENROLLED, sentence)
        yield replica


@contextmanager
def open_profile(*, create: bool = False) -> Iterator[Replica]:
    """The replica of the profile, unlocked; with `create` made first where there is none.

    Another command that is at work on it is waited for a little.
    """
    from fieldrep.paths import default_profile
    from fieldrep.secrets import KeyVault
    from fieldrep.store.lock import Holder
    from fieldrep.store.replica import Replica

    profile = default_profile()
    vault = KeyVault(profile)
    if create and not vault.exists and not vault.missing:
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
    replica = Replica.open(
        profile, key, lambda: time.time_ns() // 1_000_000, os.urandom, create=create, holder=Holder.COMMAND
    )
    try:
        _tell_of_repair(replica)
        yield replica
    finally:
        replica.close()
        _finish_wipe(quietly=True)  # who ordered it has said so in the error under way


def _tell_of_repair(replica: Replica) -> None:
    """What a repair did, where the program that made it ended before it could say so."""
    from fieldrep.store.repairing.repaired import told, untold

    done = untold(replica)
    if done is not None:
        click.echo(f"The data on this laptop was damaged and has been repaired. {done.sentence}", err=True)
        told(replica)


def print_json(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False))
