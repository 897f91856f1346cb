"""The verb for refused changes: what the server did not take, why, and everything that was entered.

Owns what it prints. `fieldrep do` sends one again, hands it to the admin or lets it go.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from fieldrep.cli.console import as_json_option, commands, open_profile, print_json
from fieldrep.contract.ids import RowId, id_text

if TYPE_CHECKING:
    from fieldrep.queries.sync_page import RefusedRow

_WAYS_ON = """Each stays here until it is sent again, handed to the admin or let go, for example:
fieldrep do send_again '{"id": 1}' (or hand_over, discard_refused)"""

_CORRECT_ORDER = (
    """fieldrep do correct_order '{{"id": "{id}"}}' (a whole order, as a draft; then submit_order)"""
)

_WITH_THE_ADMIN = "Handed over: the admin has it, or gets it with the next sync; the answer comes here."


@commands.command("refused")
@as_json_option
def refused_command(as_json: bool) -> int:
    """Lists what the server did not take, with everything that was entered."""
    from fieldrep.queries.sync_page import refused_rows

    if as_json:
        print_json(_all_of_it())
        return 0
    with open_profile() as replica, replica.read() as reader:
        rows = refused_rows(reader, zone=UTC)
    for row in rows:
        click.echo(f"{row.key}  {row.label}, refused {_moment(row.refused_at)} [{row.code}]")
        click.echo(f"   {row.sentence}")
        if row.handed:
            told = f"The admin answered: {row.answer}" if row.handed == "closed" else _WITH_THE_ADMIN
            click.echo(f"   {told}")
        for value in row.entered:
            record = " ".join(part for part in (value.record.title, value.record.label) if part)
            text = f"{record} · {value.field_title}: {value.before or '–'} → {value.after or '–'}"
            click.echo("   " + text.replace("\n", "\n      "))
    click.echo(_WAYS_ON if rows else "Nothing was refused.")
    for order in _orders(rows):
        click.echo(_CORRECT_ORDER.format(id=id_text(order)))
    return 0


def _orders(rows: Iterable[RefusedRow]) -> list[RowId]:
    """The orders that can be corrected whole, each once."""
    records = [value.record for row in rows if row.fixable for value in row.entered]
    return list(dict.fromkeys(one.id for one in records if one.entity == "sales_order"))


def _all_of_it() -> list[dict[str, object]]:
    from fieldrep.commands.refused import entered_in
    from fieldrep.queries.handed import handed
    from fieldrep.store.incoming.refused import refused_changes

    with open_profile() as replica, replica.read() as reader:
        return [
            {
                "id": entry.refused_no,
                "change": entry.n,
                "label": entry.label,
                "command": entry.command,
                "code": entry.code.value,
                "sentence": entry.sentence,
                "made_at": _moment(entry.made_at),
                "refused_at": _moment(entry.refused_at),
                "entered": entered_in(entry.change),
                "handed": standing,
                "answer": answer,
            }
            for entry in refused_changes(reader.driver)
            for standing, answer in (handed(reader, entry.n, entry.made_at),)
        ]


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, tz=UTC).isoformat(timespec="seconds")
