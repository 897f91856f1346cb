"""Commands on discount authority: who may give how much.

Parses, calls the store's acts, prints. `sync_server/app.py` brings this module in beside `cli.py`, whose commands it
adds to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import click

from fieldrep.contract.entities.people import ROLES
from fieldrep.contract.fields import Value
from fieldrep.contract.ids import id_text
from fieldrep.contract.jsonform import JsonValue
from fieldrep.domain.discounts import parse_percent, percent
from sync_server.admin.cli import as_json_option, commands
from sync_server.admin.console import central_store, made_so, print_table, say
from sync_server.admin.rehearsal import ACTOR
from sync_server.admin.territories import A_DAY
from sync_server.store.office import discounts
from sync_server.store.statements import Row, bytes_of


@commands.group()
def discount() -> None:
    """How much discount people may give; an order above it waits for the office.

    A limit for a person counts before one for the person's role, and of several that apply the strictest. Whoever has
    none may give any discount.
    """


def _about(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--family", help="For products of this family only; for all by default."),
        click.option("--role", type=click.Choice(ROLES), help="For everybody of this role."),
        click.option("--user", "login", help="For the person of this login."),
    ):
        command = option(command)
    return command


@discount.command("list")
@as_json_option
def discount_list(as_json: bool) -> None:
    """Lists the limits there are."""
    with central_store() as database, database.read() as reader:
        people = {row["id"]: str(row["login"]) for row in reader.all("user")}
        policies = discounts.standing(reader)
    found: list[dict[str, JsonValue]] = [
        {
            "user": people.get(policy["user_id"]) if policy["user_id"] else None,
            "role": _text(policy["role"]),
            "family": _text(policy["family"]),
            "limit": _limit(policy, as_json=as_json),
            "from": _text(policy["valid_from"]),
            "to": _text(policy["valid_to"]),
            "id": id_text(bytes_of(policy["id"])),
        }
        for policy in policies
    ]
    found.sort(key=lambda one: [str(one[name] or "") for name in ("role", "user", "family", "from", "to")])
    if not found and not as_json:
        say("Nobody's discount is limited. Next: fieldrep-server discount set PERCENT --role rep")
        return
    print_table(("user", "role", "family", "limit", "from", "to", "id"), found, as_json=as_json)


@discount.command("set")
@click.argument("rate_text", metavar="PERCENT")
@_about
@click.option("--from", "valid_from", type=A_DAY, help="The first day; at once by default.")
@click.option("--to", "valid_to", type=A_DAY, help="The last day; no end by default.")
@as_json_option
def discount_set(
    rate_text: str,
    login: str | None,
    role: str | None,
    family: str | None,
    valid_from: datetime | None,
    valid_to: datetime | None,
    as_json: bool,
) -> None:
    """Lets a person or a role give up to PERCENT; an order above it is held until it is approved or rejected.

    The same limit with the same days gets another PERCENT; other days make another limit beside it.
    """
    rate = parse_percent(rate_text)
    first, last = (day.date().isoformat() if day else None for day in (valid_from, valid_to))
    told: dict[str, JsonValue] = {
        "user": login,
        "role": role,
        "family": family,
        "limit": _decimal(rate),
    }
    with (
        made_so(as_json=as_json, **told, **{"from": first, "to": last}) as answer,
        central_store() as database,
        database.write(ACTOR) as tx,
    ):
        who = discounts.about(tx, login=login, role=role, family=family)
        beside = discounts.set_limit(tx, who, rate, valid_from=first, valid_to=last)
        days = _days(first, last)
        answer.sentence = (
            f"{_words(login, role)} may give up to {percent(rate)}{_on(family)}{days}. An order above it waits for "
            f"fieldrep-server order approve.{_beside(beside)}"
        )


@discount.command("end")
@_about
@as_json_option
def discount_end(login: str | None, role: str | None, family: str | None, as_json: bool) -> None:
    """Ends what limits a person or a role. Orders that are held already stay held."""
    told: dict[str, JsonValue] = {"user": login, "role": role, "family": family}
    with made_so(as_json=as_json, **told) as answer, central_store() as database, database.write(ACTOR) as tx:
        who = discounts.about(tx, login=login, role=role, family=family)
        discounts.end_limits(tx, who)
        answer.sentence = f"{_words(login, role)} has no limit of that kind{_on(family)} any more."


def _limit(policy: Row, *, as_json: bool) -> str:
    rate = int(policy["max_rate"] or 0)
    return _decimal(rate) if as_json else percent(rate)


def _decimal(rate: int) -> str:
    """A percentage for scripts: a decimal number without its sign."""
    return percent(rate).removesuffix(" %")


def _words(login: str | None, role: str | None) -> str:
    return login or f"Every {role}"


def _on(family: str | None) -> str:
    return f" on {family}" if family else ""


def _days(first: str | None, last: str | None) -> str:
    return (f" from {first}" if first else "") + (f" until {last}" if last else "")


def _beside(policies: Sequence[Row]) -> str:
    """What else limits the same, a sentence."""
    if not policies:
        return ""
    said = [
        percent(int(policy["max_rate"] or 0)) + _days(_text(policy["valid_from"]), _text(policy["valid_to"]))
        for policy in policies
    ]
    return f" Beside it there is {', '.join(said)}; where several hold, the strictest counts."


def _text(value: Value) -> str | None:
    return str(value) if value else None
