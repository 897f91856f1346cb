"""The administration commands of `fieldrep-server`: the store itself, people and their devices.

Parses, calls the store's admin operations, prints. Must not decide anything, and knows neither HTTP nor imports;
`sync_server/app.py` adds those commands to this group.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import click
from msgspec import structs

from fieldrep import __version__
from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.hosts import is_loopback
from fieldrep.contract.ids import id_text
from fieldrep.contract.jsonform import JsonValue
from sync_server.admin.console import (
    Commands,
    address_of,
    central_store,
    complain,
    home,
    made_so,
    print_json,
    print_table,
    say,
    system_clock,
)
from sync_server.admin.link import DEFAULT_ADDRESS, checked_address, enrolment_link, same_listener
from sync_server.admin.naming import device_named, device_words, lost_with_it, state_words
from sync_server.admin.rehearsal import ACTOR, changing
from sync_server.store.database import Database
from sync_server.store.devices import credentials
from sync_server.store.devices.standing import lock, unlock
from sync_server.store.office import admin
from sync_server.store.statements import bytes_of

ROLES = CATALOGUE["user"].fields["role"].options
A_FILE = click.Path(dir_okay=False, path_type=Path)
_STAYS = (
    "What a device holds stays on it, encrypted, and can be read by whoever can use it until it is wiped; what it has "
    "not sent reaches you only once it is enrolled again with a new link (fieldrep-server enroll LOGIN)."
)
_OF_EACH = ("id", "login", "name", "state", "last_seen", "last_repaired")
_SELDOM = ("copy_noticed", "wiped", "lost_with_it")
"""Of a device; a column where there is any."""

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="fieldrep-server")
def commands() -> None:
    """The FieldRep sync server: the central store, its people, and the server that devices sync with.

    Everything lies in the data folder that FIELDREP_SERVER_HOME names.

    A command ends with 0 when it is done or was so already, with 1 when it is refused or incomplete, with 2 when it was
    given wrongly.
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
                "id": id_text(bytes_of(row["id"])),
            }
        )
    print_table(("login", "name", "role", "manager", "zone", "active", "id"), found, as_json=as_json)


@user.command("zone")
@click.argument("login")
@click.argument("zone", required=False)
@as_json_option
def user_zone(login: str, zone: str | None, as_json: bool) -> None:
    """Says in which time ZONE a person's days are, like Europe/Amsterdam; without one they are those of the laptop.

    Orders are dated by it, and an assignment begins and ends with its days.
    """
    with made_so(as_json=as_json, login=login, zone=zone) as answer, changing() as tx:
        admin.set_zone(tx, login=login, zone=zone)
        answer.sentence = f"The days of {login} are those of {zone or 'the laptop'}."


@user.command("enable")
@click.argument("login")
@as_json_option
def user_enable(login: str, as_json: bool) -> None:
    """Lets a disabled user back in; their devices stay withdrawn and enrol again."""
    with made_so(as_json=as_json, login=login, active=True) as answer, changing() as tx:
        admin.enable_user(tx, login)
        answer.sentence = f"{login} may work again. Next: fieldrep-server enroll {login}"


@user.command("disable")
@click.argument("login")
@as_json_option
def user_disable(login: str, as_json: bool) -> None:
    """Ends a person's access: each of their devices gets and gives nothing from its next request on.

    What a device holds stays on it, encrypted, until it is wiped or deleted there.
    """
    with made_so(as_json=as_json, login=login, active=False) as answer, changing() as tx:
        admin.disable_user(tx, login)
        ended = "no device of theirs gets or gives anything from its next request on"
        answer.sentence = f"{login} can no longer sync: {ended}. {_STAYS}"


@commands.group()
def device() -> None:
    """Enrolled devices."""


@device.command("list")
@click.option("--user", "login", help="Of this person only.")
@as_json_option
def device_list(login: str | None, as_json: bool) -> None:
    """Lists devices: whose each is, how it stands, when it was last seen, and when a copy of it was noticed last.

    “Last repaired” is when records on it that had come to differ from the store's were last fetched anew.
    """
    with central_store() as database, database.read() as reader:
        devices = admin.devices(reader, login)
    found: list[dict[str, JsonValue]] = [
        {
            **one,
            "state": state_words(one["state"], one["revoked_at"], one["wiped_at"], one["wipe"]),
            "last_seen": _moment(one["seen_at"]),
            "last_repaired": _moment(one["repaired_at"]),
            "copy_noticed": _moment(one["copied_at"]),
            "wiped": _moment(one["wiped_at"]),
            "lost_with_it": lost_with_it(one["destroyed"]),
        }
        for one in devices
    ]
    seldom = (name for name in _SELDOM if as_json or any(one[name] for one in found))
    columns = (*_OF_EACH, *seldom, "number_prefix", "app_version", "os")
    if not found and not as_json:
        whose = f"{login} has no device" if login else "No device is enrolled"
        say(f"{whose} yet. Next: fieldrep-server enroll {login or 'LOGIN'}")
        return
    print_table(columns, found, as_json=as_json)


@device.command("revoke")
@click.argument("device_name", metavar="DEVICE")
@click.option("--reason", default="withdrawn by the admin", show_default=True, help="Why, for the audit log.")
@as_json_option
def device_revoke(device_name: str, reason: str, as_json: bool) -> None:
    """Withdraws DEVICE (id, number prefix or name) for good: it gets and gives nothing from its next request on.

    What it holds stays on it, encrypted, until it is wiped or deleted there.
    """
    with made_so(as_json=as_json) as answer, central_store() as database, database.write(ACTOR) as tx:
        row_id = device_named(tx, device_name)
        answer.result = {"id": id_text(row_id), "state": "withdrawn"}
        credentials.revoke(tx, row_id, reason)
        ended = "it gets and gives nothing from its next request on"
        answer.sentence = f"{device_words(tx, row_id)} is withdrawn: {ended}. {_STAYS}"


@device.command("lock")
@click.argument("device_name", metavar="DEVICE")
@as_json_option
def device_lock(device_name: str, as_json: bool) -> None:
    """Locks DEVICE (id, number prefix or name), which was mislaid, say: it gets and gives nothing until unlocked.

    Its person is told, works on with what is on it, and loses nothing.
    """
    with made_so(as_json=as_json) as answer, central_store() as database, database.write(ACTOR) as tx:
        row_id = device_named(tx, device_name)
        answer.result = {"id": id_text(row_id), "state": "locked"}
        lock(tx, row_id)
        answer.sentence = (
            f"{device_words(tx, row_id)} is locked: it gets and gives nothing from its next request on, until "
            "fieldrep-server device unlock. Its person may work on meanwhile; what is on it stays there, encrypted."
        )


@device.command("unlock")
@click.argument("device_name", metavar="DEVICE")
@as_json_option
def device_unlock(device_name: str, as_json: bool) -> None:
    """Unlocks DEVICE (id, number prefix or name): with its next sync it goes on by itself."""
    with made_so(as_json=as_json) as answer, central_store() as database, database.write(ACTOR) as tx:
        row_id = device_named(tx, device_name)
        answer.result = {"id": id_text(row_id), "state": "active"}
        unlock(tx, row_id)
        answer.sentence = (
            f"{device_words(tx, row_id)} is unlocked. With its next sync it sends what waits and gets what is "
            "new."
        )


@commands.command()
@click.argument("login")
@click.option(
    "--server", "address", help="Where the device reaches this server; where that served last by default."
)
@click.option(
    "--minutes", default=10, show_default=True, type=click.IntRange(1, 10), help="How long it is good for."
)
@as_json_option
def enroll(login: str, address: str | None, minutes: int, as_json: bool) -> None:
    """Prints a link that admits one device of LOGIN, once."""
    remembered = home().remembered()
    server = checked_address(address) if address else remembered.address or DEFAULT_ADDRESS
    with central_store() as database, database.write(ACTOR) as tx:
        row = admin.active_user(tx, login)
        code = credentials.make_code(tx, os.urandom, bytes_of(row["id"]), minutes * 60_000)
    pinned = remembered.fingerprint if same_listener(server, remembered.address) else ""
    link = enrolment_link(server, code, pinned)
    if as_json:
        print_json({"link": link, "login": login, "minutes": minutes, "server": server})
        return
    say(link)
    complain(f"The link admits one device of {row['name']!s} within {minutes} minutes.")
    if not address:
        complain(f"It leads to {server}, {_why_there(remembered.address)}")
    if remembered.fingerprint and not pinned:
        complain(
            f"It names no certificate: the device must trust that of {server} by itself. "
            f"Where this server itself answers there, give the port it serves on."
        )


def _why_there(served: str) -> str:
    """Why a link leads where nobody said it should, and what to do where that is wrong."""
    another = "Where devices reach it elsewhere, give --server here, or --address to fieldrep-server serve."
    if not served:
        return f"though no server has run here yet: start one with fieldrep-server serve. {another}"
    only = " Only this computer reaches that address." if is_loopback(urlsplit(served).hostname or "") else ""
    return f"where the server served last.{only} {another}"


def _moment(instant: object) -> str | None:
    """An instant as people read it, in UTC."""
    if not isinstance(instant, int):
        return None
    return datetime.fromtimestamp(instant // 1000, UTC).isoformat(sep=" ").removesuffix("+00:00") + "Z"
