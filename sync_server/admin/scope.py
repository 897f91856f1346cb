"""Commands about who holds what: a person's role and manager, and the preview of any change before it is made.

Parses and calls the store's admin operations. `sync_server/app.py` brings this module in beside `cli.py`, whose groups
it extends.
"""

from __future__ import annotations

from contextlib import suppress

import click

from fieldrep.contract.errors import Code, KnownError
from sync_server.admin.cli import ROLES, as_json_option, commands, user
from sync_server.admin.console import made_so
from sync_server.admin.rehearsal import Preview, Rehearsed, changing
from sync_server.store.office import admin

PREVIEWED = (
    ("account", "move"),
    ("territory", "assign"),
    ("territory", "unassign"),
    ("user", "disable"),
    ("user", "enable"),
    ("user", "manager"),
    ("user", "role"),
)
"""The commands that change who holds what, and can be rehearsed."""


@user.command("role")
@click.argument("login")
@click.argument("role", type=click.Choice(ROLES))
@as_json_option
def user_role(login: str, role: str, as_json: bool) -> None:
    """Gives LOGIN another role; managers, office and admins also see what things cost."""
    with made_so(as_json=as_json, login=login, role=role) as answer, changing() as tx:
        admin.set_role(tx, login=login, role=role)
        answer.sentence = f"{login} is {role} now."


@user.command("manager")
@click.argument("login")
@click.argument("manager", required=False)
@as_json_option
def user_manager(login: str, manager: str | None, as_json: bool) -> None:
    """Puts LOGIN under MANAGER, who then holds all that LOGIN holds; without one, under nobody."""
    with made_so(as_json=as_json, login=login, manager=manager) as answer, changing() as tx:
        admin.set_manager(tx, login=login, manager_login=manager)
        answer.sentence = f"{login} reports to {manager or 'nobody'} now."


@commands.group()
def scope() -> None:
    """Who holds what."""


@scope.command("preview", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@as_json_option
@click.argument("change", nargs=-1, required=True, type=click.UNPROCESSED)
def preview(change: tuple[str, ...], *, as_json: bool) -> None:
    """Says what CHANGE would move, to whom, and which devices may hold unsent work, and changes nothing.

    CHANGE is a command as it would be given, such as: territory assign NORTH anke.visser --kind cover
    """
    if change[:2] not in PREVIEWED:
        known = "; ".join(" ".join(words) for words in PREVIEWED)
        raise KnownError(Code.WRONG_USAGE, f"Only what changes who holds what can be previewed: {known}.")
    context = commands.make_context("fieldrep-server", list(change), obj=Preview(as_json))
    with context, suppress(Rehearsed):
        commands.invoke(context)
