"""The administration commands of `fieldrep-server`: the store itself, people, territories, accounts and devices.

Parses, calls the store's admin operations, prints. Must not decide anything, and knows neither HTTP nor imports;
`sync_server/app.py` adds those commands to this group.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import click
from msgspec import structs

from fieldrep import __version__
from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import Value
from fieldrep.contract.ids import id_text, parse_id
from fieldrep.contract.jsonform import JsonValue
from sync_server.admin.console import (
    Commands,
    address_of,
    central_store,
    complain,
    home,
    print_json,
    print_table,
    say,
    system_clock,
)
from sync_server.admin.link import DEFAULT_ADDRESS, checked_address, enrolment_link, same_listener
from sync_server.admin.rehearsal import ACTOR, changing
from sync_server.store import admin, credentials
from sync_server.store.database import Database

ROLES = CATALOGUE["user"].fields["role"].options
TERRITORY_KINDS = CATALOGUE["territory"].fields["kind"].options
ASSIGNMENT_KINDS = CATALOGUE["territory_assignment"].fields["kind"].options
A_DAY = click.DateTime(["%Y-%m-%d"])
A_FILE = click.Path(dir_okay=False, path_type=Path)
_STAYS = (
    "What a device holds stays on it, encrypted, and can be read by whoever can use it until it is wiped; "
    "what it has not sent does not reach you."
)
as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="fieldrep-server")
def commands() -> None:
    """The FieldRep sync server: the central store, its people, and the server that devices sync with.

    Everything lies in the data folder that FIELDREP_SERVER_HOME names.
    """


@commands.command()
@click.option(
    "--database",
    "url",
    help="sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME; the folder's own by default.",
)
def init(url: str | None) -> None:
    """Creates the central store, or brings an older one up to date."""
    found = home()
    remembered = found.remembered()
    address = url or address_of(found, remembered)
    database = Database.create(address, system_clock, os.urandom)
    try:
        info = database.info()
    finally:
        database.close()
    if url:
        found.remember(structs.replace(remembered, database=url))
    say(f"The central store is ready at revision {info.revision}. Its data folder is {found.folder}.")


@commands.group()
def user() -> None:
    """People who use FieldRep."""


@user.command("add")
@click.argument("login")
@click.option("--name", help="First and last name; from the login by default.")
@click.option("--role", type=click.Choice(ROLES), default="rep", show_default=True)
@click.option("--email", help="Their address for mail.")
@click.option("--manager", help="The login of the manager, who holds what this person holds.")
@click.option(
    "--zone", help="The time zone of the person's days, like Europe/Amsterdam; the laptop's by default."
)
@as_json_option
def user_add(
    login: str,
    name: str | None,
    role: str,
    email: str | None,
    manager: str | None,
    zone: str | None,
    as_json: bool,
) -> None:
    """Adds a person."""
    called = name or login.replace(".", " ").title()
    with central_store() as database, database.write(ACTOR) as tx:
        user_id = admin.add_user(
            tx, login=login, name=called, role=role, email=email, manager_login=manager, zone=zone
        )
    if as_json:
        print_json({"id": id_text(user_id), "login": login})
    else:
        say(f"Added {called}. Give a device with: fieldrep-server enroll {login}")


@user.command("list")
@as_json_option
def user_list(as_json: bool) -> None:
    """Lists all people."""
    with central_store() as database, database.read() as reader:
        rows = {row["id"]: row for row in reader.all("user")}
    found: list[dict[str, JsonValue]] = []
    for row in sorted(rows.values(), key=lambda row: str(row["login"])):
        manager = rows.get(row["manager_id"])
        found.append(
            {
                "login": str(row["login"]),
                "name": str(row["name"]),
                "role": str(row["role"]),
                "manager": str(manager["login"]) if manager else None,
                "zone": str(row["tz"]) if row["tz"] else None,
                "active": bool(row["active"]) and not row["archived"],
                "id": id_text(_bytes(row["id"])),
            }
        )
    print_table(("login", "name", "role", "manager", "zone", "active", "id"), found, as_json=as_json)


@user.command("zone")
@click.argument("login")
@click.argument("zone", required=False)
def user_zone(login: str, zone: str | None) -> None:
    """Says in which time ZONE a person's days are, like Europe/Amsterdam; without one they are those of the laptop.

    Orders are dated by it, and an assignment begins and ends with its days.
    """
    with changing() as tx:
        admin.set_zone(tx, login=login, zone=zone)
    say(f"The days of {login} are those of {zone or 'the laptop'}.")


@user.command("enable")
@click.argument("login")
def user_enable(login: str) -> None:
    """Lets a disabled user back in; their devices stay withdrawn and enrol again."""
    with changing() as tx:
        admin.enable_user(tx, login)
    say(f"{login} may work again. Next: fieldrep-server enroll {login}")


@user.command("disable")
@click.argument("login")
def user_disable(login: str) -> None:
    """Ends a person's access: each of their devices gets and gives nothing from its next request on.

    What a device holds stays on it, encrypted, until it is wiped or deleted there.
    """
    with changing() as tx:
        admin.disable_user(tx, login)
    say(
        f"{login} can no longer sync: no device of theirs gets or gives anything from its next request on. {_STAYS}"
    )


@commands.group()
def territory() -> None:
    """Territories, and who covers them."""


@territory.command("add")
@click.argument("code")
@click.option("--name", help="What people call it; the code by default.")
@click.option("--parent", help="The code of the territory it is part of.")
@click.option("--kind", type=click.Choice(TERRITORY_KINDS), default="sales", show_default=True)
@as_json_option
def territory_add(code: str, name: str | None, parent: str | None, kind: str, as_json: bool) -> None:
    """Adds a territory."""
    with central_store() as database, database.write(ACTOR) as tx:
        row_id = admin.add_territory(tx, code=code, name=name or code, parent_code=parent, kind=kind)
    if as_json:
        print_json({"id": id_text(row_id), "code": code})
    else:
        say(f"Added the territory {code}.")


@territory.command("list")
@as_json_option
def territory_list(as_json: bool) -> None:
    """Lists territories, and who covers each."""
    with central_store() as database, database.read() as reader:
        people = {row["id"]: str(row["login"]) for row in reader.all("user")}
        covered: dict[object, list[str]] = {}
        for assignment in reader.all("territory_assignment"):
            if not assignment["archived"]:
                words = f"{people.get(assignment['user_id'], '?')} ({_cover(assignment)})"
                covered.setdefault(assignment["territory_id"], []).append(words)
        rows = sorted(reader.all("territory"), key=lambda row: str(row["path"] or row["name"]))
    found: list[dict[str, JsonValue]] = [
        {
            "code": str(row["code"]) if row["code"] else None,
            "name": str(row["name"]),
            "path": str(row["path"]) if row["path"] else None,
            "kind": str(row["kind"]),
            "covered_by": ", ".join(sorted(covered.get(row["id"], []))) or None,
            "id": id_text(_bytes(row["id"])),
        }
        for row in rows
        if not row["archived"]
    ]
    print_table(("code", "name", "path", "kind", "covered_by", "id"), found, as_json=as_json)


def _cover(assignment: Mapping[str, Value]) -> str:
    """What kind of assignment it is and when it holds."""
    start, end = assignment["valid_from"], assignment["valid_to"]
    words = [str(assignment["kind"])]
    words += [f"from {start!s}"] if start else []
    words += [f"to {end!s}"] if end else []
    return " ".join(words)


@territory.command("assign")
@click.argument("code")
@click.argument("login")
@click.option("--kind", type=click.Choice(ASSIGNMENT_KINDS), default="primary", show_default=True)
@click.option("--from", "valid_from", type=A_DAY, help="The first day; today by default.")
@click.option("--to", "valid_to", type=A_DAY, help="The last day; no end by default.")
@click.option("--reason", help="Why, for those who see it.")
def territory_assign(
    code: str,
    login: str,
    kind: str,
    valid_from: datetime | None,
    valid_to: datetime | None,
    reason: str | None,
) -> None:
    """Lets LOGIN hold the accounts of territory CODE and of all below it."""
    with changing() as tx:
        admin.assign(
            tx,
            login=login,
            territory_code=code,
            kind=kind,
            valid_from=_day(valid_from),
            valid_to=_day(valid_to),
            reason=reason,
        )
    say(f"{login} covers {code}.")


@territory.command("unassign")
@click.argument("code")
@click.argument("login")
def territory_unassign(code: str, login: str) -> None:
    """Ends LOGIN's cover of territory CODE."""
    with changing() as tx:
        admin.unassign(tx, login=login, territory_code=code)
    say(f"{login} no longer covers {code}.")


@commands.group()
def account() -> None:
    """Customer accounts."""


@account.command("move")
@click.argument("account_named", metavar="ACCOUNT")
@click.option("--owner", help="The login of the new owner.")
@click.option("--territory", "code", help="The code of the new territory.")
def account_move(account_named: str, owner: str | None, code: str | None) -> None:
    """Gives ACCOUNT (its number, ERP reference or id) another owner, another territory, or both."""
    if not owner and not code:
        raise KnownError(
            Code.WRONG_USAGE, "Name the new owner with --owner, the new territory with --territory, or both."
        )
    with changing() as tx:
        row = admin.move_account(tx, account=account_named, owner_login=owner, territory_code=code)
    words = [f"belongs to {owner}"] if owner else []
    words += [f"lies in {code}"] if code else []
    say(f"{row['name']!s} now {' and '.join(words)}.")


@commands.group()
def device() -> None:
    """Enrolled devices."""


@device.command("list")
@click.option("--user", "login", help="Of this person only.")
@as_json_option
def device_list(login: str | None, as_json: bool) -> None:
    """Lists devices: whose each is, how it stands and when it was last seen."""
    with central_store() as database, database.read() as reader:
        devices = admin.devices(reader, login)
    found: list[dict[str, JsonValue]] = [
        {
            **one,
            "state": "withdrawn" if one["revoked_at"] is not None else one["state"],
            "last_seen": _moment(one["seen_at"]),
            "last_repaired": _moment(one["repaired_at"]),
        }
        for one in devices
    ]
    columns = (
        "id",
        "login",
        "name",
        "state",
        "last_seen",
        "last_repaired",
        "number_prefix",
        "app_version",
        "os",
    )
    if not found and not as_json:
        whose = f"{login} has no device" if login else "No device is enrolled"
        say(f"{whose} yet. Next: fieldrep-server enroll {login or 'LOGIN'}")
        return
    print_table(columns, found, as_json=as_json)


@device.command("revoke")
@click.argument("device_id")
@click.option("--reason", default="withdrawn by the admin", show_default=True, help="Why, for the audit log.")
def device_revoke(device_id: str, reason: str) -> None:
    """Withdraws a device for good: it gets and gives nothing from its next request on.

    What it holds stays on it, encrypted, until it is wiped or deleted there.
    """
    try:
        row_id = parse_id(device_id)
    except ValueError as error:
        raise KnownError(
            Code.INVALID_VALUE, f"{error} List them with fieldrep-server device list."
        ) from error
    with central_store() as database, database.write(ACTOR) as tx:
        credentials.revoke(tx, row_id, reason)
    say(f"The device is withdrawn: it gets and gives nothing from its next request on. {_STAYS}")


@commands.command()
@click.argument("login")
@click.option(
    "--server", "address", help="Where the device reaches this server; where it last served by default."
)
@click.option(
    "--minutes", default=10, show_default=True, type=click.IntRange(1, 10), help="How long it is good for."
)
@as_json_option
def enroll(login: str, address: str | None, minutes: int, as_json: bool) -> None:
    """Prints a link that admits one device of LOGIN, once."""
    remembered = home().remembered()
    server = checked_address(address) if address else remembered.address or DEFAULT_ADDRESS
    if not address and not remembered.address:
        complain(
            f"No server has run here yet; the link names {server}. Start one with fieldrep-server serve."
        )
    with central_store() as database, database.write(ACTOR) as tx:
        row = admin.active_user(tx, login)
        code = credentials.make_code(tx, os.urandom, _bytes(row["id"]), minutes * 60_000)
    pinned = remembered.fingerprint if same_listener(server, remembered.address) else ""
    link = enrolment_link(server, code, pinned)
    if as_json:
        print_json({"link": link, "login": login, "minutes": minutes})
        return
    say(link)
    complain(f"The link admits one device of {row['name']!s} within {minutes} minutes.")
    if remembered.fingerprint and not pinned:
        complain(
            f"It names no certificate: the device must trust that of {server} by itself. "
            f"Where this server itself answers there, give the port it serves on."
        )


def _moment(instant: object) -> str | None:
    """An instant as people read it, in UTC."""
    if not isinstance(instant, int):
        return None
    return datetime.fromtimestamp(instant // 1000, UTC).isoformat(sep=" ").removesuffix("+00:00") + "Z"


def _day(given: datetime | None) -> str | None:
    return given.date().isoformat() if given else None


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else b""
