"""Commands on territories and accounts: who covers what, and who owns it.

Parses, calls the store's admin operations, prints. `sync_server/app.py` brings this module in beside `cli.py`, whose
commands it adds to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import click

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import Value
from fieldrep.contract.ids import id_text
from fieldrep.contract.jsonform import JsonValue
from fieldrep.domain.days import DAY_MS, parse_day, start_of_day, zone_named
from sync_server.admin.cli import as_json_option, commands
from sync_server.admin.console import central_store, made_so, print_json, print_table, say
from sync_server.admin.rehearsal import ACTOR, Turn, changing, turns_on
from sync_server.store.office import admin, covering
from sync_server.store.reading import Reader
from sync_server.store.statements import bytes_of

TERRITORY_KINDS = CATALOGUE["territory"].fields["kind"].options
ASSIGNMENT_KINDS = CATALOGUE["territory_assignment"].fields["kind"].options
A_DAY = click.DateTime(["%Y-%m-%d"])


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
        covered: dict[object, list[dict[str, JsonValue]]] = {}
        for assignment in reader.all("territory_assignment"):
            if not assignment["archived"]:
                cover = _cover(people.get(assignment["user_id"], "?"), assignment)
                covered.setdefault(assignment["territory_id"], []).append(cover)
        rows = sorted(reader.all("territory"), key=lambda row: str(row["path"] or row["name"]))
    found: list[dict[str, JsonValue]] = [
        {
            "code": str(row["code"]) if row["code"] else None,
            "name": str(row["name"]),
            "path": str(row["path"]) if row["path"] else None,
            "kind": str(row["kind"]),
            "covered_by": _covers(covered.get(row["id"], []), as_json=as_json),
            "id": id_text(bytes_of(row["id"])),
        }
        for row in rows
        if not row["archived"]
    ]
    print_table(("code", "name", "path", "kind", "covered_by", "id"), found, as_json=as_json)


def _cover(login: str, assignment: Mapping[str, Value]) -> dict[str, JsonValue]:
    """Who covers, in which way, and between which days."""
    start, end = (str(day) if (day := assignment[name]) else None for name in ("valid_from", "valid_to"))
    return {"login": login, "kind": str(assignment["kind"]), "from": start, "to": end}


def _covers(found: list[dict[str, JsonValue]], *, as_json: bool) -> JsonValue:
    """All who cover a territory: a list for scripts, words for people."""
    found = sorted(found, key=lambda one: (str(one["login"]), str(one["from"] or "")))
    if as_json:
        return [*found]
    words = (
        f"{one['login']} ({one['kind']}"
        + (f" from {one['from']}" if one["from"] else "")
        + (f" to {one['to']}" if one["to"] else "")
        + ")"
        for one in found
    )
    return ", ".join(words) or None


@territory.command("assign")
@click.argument("code")
@click.argument("login")
@click.option("--kind", type=click.Choice(ASSIGNMENT_KINDS), default="primary", show_default=True)
@click.option("--from", "valid_from", type=A_DAY, help="The first day; today by default.")
@click.option("--to", "valid_to", type=A_DAY, help="The last day; no end by default.")
@click.option("--reason", help="Why, for those who see it.")
@as_json_option
def territory_assign(
    code: str,
    login: str,
    kind: str,
    valid_from: datetime | None,
    valid_to: datetime | None,
    reason: str | None,
    as_json: bool,
) -> None:
    """Lets LOGIN hold the accounts of territory CODE and of all below it."""
    first, last = _day(valid_from), _day(valid_to)
    assigned: dict[str, JsonValue] = {"code": code, "login": login, "kind": kind, "from": first, "to": last}
    with made_so(as_json=as_json, **assigned) as answer, changing() as tx:
        user, place = admin.active_user(tx, login), admin.territory_named(tx, code)
        zone = str(user["tz"] or "UTC")
        before = {row["id"]: dict(row) for row in admin.covers(tx, user, place)}
        row_id = admin.assign(
            tx,
            login=login,
            territory_code=code,
            kind=kind,
            valid_from=first,
            valid_to=last,
            reason=reason,
        )
        when = _when(valid_from, valid_to, zone, tx.now, ended=row_id in before)
        after = admin.covers(tx, user, place)
        turns_on(turn for row in (*before.values(), *after) for turn in _turns(row, zone) if turn[0] > tx.now)
        beside = [row for row in after if row["id"] != row_id]
        more = _beside(covering.in_force(beside, admin.today_of(tx, user)))
        answer.sentence = f"{login} covers {code}{when}.{more}"


def _beside(rows: Sequence[Mapping[str, Value]]) -> str:
    """By what else the territory is covered today."""
    if not rows:
        return ""
    said = [
        f"as {row['kind']!s}" + (f" until {row['valid_to']!s}" if row["valid_to"] else "") for row in rows
    ]
    return f" Beside that the territory is covered {', '.join(said)}; territory unassign ends all of it."


def _when(first: datetime | None, last: datetime | None, zone: str, now: int, *, ended: bool) -> str:
    """From and until when somebody covers, where that is not from now on; what begins later is previewed for then."""
    begins, ends = (_instant(day, zone) for day in (first, last))
    if last and ends and ends + DAY_MS <= now:
        what = "the cover that ran has ended" if ended else "nobody gains anything by it"
        return f" until {_day(last)}, which is over: {what}"
    said = ""
    if first and begins and begins > now:
        said = f" from {_day(first)} on"
    return f"{said}, until {_day(last)}" if last else said


def _turns(cover: Mapping[str, Value], zone: str) -> Iterator[Turn]:
    """The days on which a cover begins and is over."""
    for name, later in (("valid_from", 0), ("valid_to", 1)):
        if day := parse_day(cover[name]):
            day += timedelta(days=later)
            yield start_of_day(day, zone_named(zone)), day.isoformat()


def _instant(day: datetime | None, zone: str) -> int | None:
    """When a day begins for somebody."""
    return start_of_day(day.date(), zone_named(zone)) if day else None


@territory.command("unassign")
@click.argument("code")
@click.argument("login")
@as_json_option
def territory_unassign(code: str, login: str, as_json: bool) -> None:
    """Ends LOGIN's cover of territory CODE."""
    with made_so(as_json=as_json, code=code, login=login) as answer, changing() as tx:
        admin.unassign(tx, login=login, territory_code=code)
        answer.sentence = f"{login} no longer covers {code}."


@commands.group()
def account() -> None:
    """Customer accounts."""


@account.command("move")
@click.argument("account_named", metavar="ACCOUNT")
@click.option("--owner", help="The login of the new owner.")
@click.option("--territory", "code", help="The code of the new territory.")
@as_json_option
def account_move(account_named: str, owner: str | None, code: str | None, as_json: bool) -> None:
    """Gives ACCOUNT (its number, ERP reference or id) another owner, another territory, or both."""
    if not owner and not code:
        raise KnownError(
            Code.WRONG_USAGE, "Name the new owner with --owner, the new territory with --territory, or both."
        )
    words = [f"belongs to {owner}"] if owner else []
    words += [f"lies in {code}"] if code else []
    with made_so(as_json=as_json) as answer, changing() as tx:
        answer.result = _placed(tx, admin.account_named(tx, account_named))
        if owner:
            admin.active_user(tx, owner)
        row = admin.move_account(tx, account=account_named, owner_login=owner, territory_code=code)
        answer.result = _placed(tx, row)
        answer.sentence = f"{row['name']!s} now {' and '.join(words)}."


def _placed(reader: Reader, row: Mapping[str, Value]) -> dict[str, JsonValue]:
    """An account, whose it is and where it lies, as a result to be parsed."""
    owner = reader.row("user", bytes_of(row["owner_user_id"])) or {}
    territory = reader.row("territory", bytes_of(row["territory_id"])) or {}
    login, code = owner.get("login"), territory.get("code")
    return {
        "id": id_text(bytes_of(row["id"])),
        "name": str(row["name"]),
        "owner": str(login) if login else None,
        "territory": str(code) if code else None,
    }


def _day(given: datetime | None) -> str | None:
    return given.date().isoformat() if given else None
