"""Commands on orders that wait for the office: which they are, and approving or rejecting one.

Parses, calls the store's acts, prints. `sync_server/app.py` brings this module in beside `cli.py`, whose commands it
adds to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from fieldrep.contract.counts import counted
from fieldrep.contract.fields import Value
from fieldrep.contract.jsonform import JsonValue
from fieldrep.domain.discounts import APPROVAL, percent
from fieldrep.domain.money import format_amount
from sync_server.admin.cli import as_json_option, commands
from sync_server.admin.console import central_store, made_so, print_table, say
from sync_server.admin.rehearsal import ACTOR
from sync_server.store.office import held_orders
from sync_server.store.reading import Reader
from sync_server.store.statements import bytes_of


@commands.group()
def order() -> None:
    """Orders that wait for the office."""


@order.command("held")
@as_json_option
def order_held(as_json: bool) -> None:
    """Lists the orders that are held, and why."""
    with central_store() as database, database.read() as reader:
        found = [_shown(reader, row) for row in held_orders.held_orders(reader)]
    if not found and not as_json:
        say("No order waits for the office.")
        return
    print_table(("number", "customer", "taken_by", "total", "why"), found, as_json=as_json)


@order.command("approve")
@click.argument("number")
@as_json_option
def order_approve(number: str, as_json: bool) -> None:
    """Approves the discount of the held order NUMBER: it is received like any other."""
    with (
        made_so(as_json=as_json, number=number, status="received") as answer,
        central_store() as database,
        database.write(ACTOR) as tx,
    ):
        row = held_orders.approve(tx, held_orders.order_named(tx, number))
        answer.result["status"] = str(row["status"])
        if row["status"] == "held":
            answer.sentence = f"The discount of {number} is approved; it is held for something else yet."
        else:
            answer.sentence = (
                f"{number} is approved and received. Whoever took it hears of it with the next sync."
            )


@order.command("reject")
@click.argument("number")
@click.option("--why", required=True, help="The reason; whoever took the order reads it.")
@as_json_option
def order_reject(number: str, why: str, as_json: bool) -> None:
    """Rejects the held order NUMBER for good; it can be copied as a new one."""
    with (
        made_so(as_json=as_json, number=number, status="rejected") as answer,
        central_store() as database,
        database.write(ACTOR) as tx,
    ):
        held_orders.reject(tx, held_orders.order_named(tx, number), why)
        answer.sentence = f"{number} is rejected. Whoever took it reads why with the next sync."


def _shown(reader: Reader, row: Mapping[str, Value]) -> dict[str, JsonValue]:
    account = reader.row("account", bytes_of(row["account_id"])) or {}
    taken_by = reader.row("user", bytes_of(row["sales_rep_id"])) or {}
    currency = str(row["currency"])
    return {
        "number": str(row["number_official"] or row["number_local"]),
        "customer": str(account.get("name") or ""),
        "taken_by": str(taken_by.get("login") or ""),
        "total": f"{format_amount(int(row['total_amount'] or 0), currency)} {currency}",
        "why": "; ".join(_why(reason) for reason in held_orders.reasons_of(dict(row))),
    }


def _why(reason: Mapping[str, Any]) -> str:
    """One reason of a hold, in words."""
    if reason.get("kind") != APPROVAL:
        return str(reason.get("kind"))
    told = [
        f"line {one['line']}: {percent(one['rate'])}, limit {percent(one['limit'])}"
        for one in reason["lines"]
    ]
    more = reason["count"] - len(told)
    return ", ".join(told) + (f", and {counted(more, 'line')} more" if more else "")
