"""The command that tells what came back since the central store was restored, from whom, and what is missing.

Parses, asks the store, prints. `sync_server/app.py` brings this module in beside `cli.py`, whose group it extends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.ids import id_text, parse_id
from fieldrep.contract.jsonform import JsonValue, to_json
from sync_server.admin.awaited import MOST_NAMED, conclusion, device_cell, moment_words, rest_of, state_told
from sync_server.admin.cli import as_json_option, commands
from sync_server.admin.console import central_store, print_json, print_table, say, table_lines
from sync_server.admin.words import value_words
from sync_server.reconcile.conflicts import label_of
from sync_server.store.reading import Reader
from sync_server.store.restoring.after_backup import LostRow
from sync_server.store.restoring.behind import Ahead, ahead
from sync_server.store.restoring.returns import DeviceReturn, RestoreReport, ReturnedChange, restore_report
from sync_server.store.restoring.told_rows import ToldRows
from sync_server.store.restoring.two_values import TwoValues

_CHANGE = ("login", "device", "change", "command", "record", "became", "at")
_LOST = ("record", "id", "changed", "by", "seen_by")
_COLUMNS_TOLD = (
    "Came back: changes the laptop sent again after the restore. Recovered: of these, what the backup lacked and the "
    "store has taken again.\nWaits: changes that need a record which another laptop has to give back first. Missing: "
    "changes nobody has any more.\nRefused there: changes that lie on the laptop to be corrected, or were refused "
    "before the restore and corrected or let go by then. The first two are counts; the last three name the changes by "
    "their numbers, as the laptop counts them."
)
_CAME_BACK = "{said}, before {before}"
_MISSING = "{said}, now {before}"
_MOST_SHOWN = 50
"""Of what the office did; --json gives all."""


@commands.command("restore-report")
@as_json_option
def report(*, as_json: bool) -> None:
    """Tells what devices have given back since the last restore, and what is missing.

    A device that was enrolled after the backup was made is unknown to the restored store, and listed as such where
    the store before could tell of it: it enrols again with a new link and then brings its work along. A person added
    after the backup is added again under the same login first. What the office did after the backup is listed as far
    as laptops held it; what the office enters or imports for a record since takes it off the list. Below each record
    stand its fields with both values: what a change made of them and what they were before, or what a laptop held and
    what the store has now.
    """
    with central_store() as database, database.read() as reader:
        found, later = restore_report(reader), ahead(reader)
        if as_json:
            print_json(_as_json(reader, found, later) if found or later else None)
            return
        if found is None:
            say("This central store was never restored from a backup.")
        else:
            print_report(reader, found)
        if later:
            say(_put_back(later))


def _put_back(later: Sequence[Ahead]) -> str:
    """What devices that know more than the store come to."""
    named = ", ".join(
        f"{one.login}'s “{one.device}” (id {id_text(one.device_id)}, revision {one.shown} where it stood at "
        f"{one.present}, {moment_words(one.at)})"
        for one in later[:MOST_NAMED]
    )
    return (
        f"The central store seems to have been put back without fieldrep-server restore: {named}{rest_of(later)} "
        "showed a later state of it than it had. Nothing is taken from those devices. Where it was put back, run "
        "fieldrep-server restored: all devices then start over and give back what it lacks. Where it was not, such a "
        "device is not sound: fieldrep-server device revoke ID."
    )


def _as_json(reader: Reader, found: RestoreReport | None, later: Sequence[Ahead]) -> dict[str, object]:
    shown_later = [{**asdict(one), "device_id": id_text(one.device_id)} for one in later]
    return (_report_as_json(reader, found) if found else {}) | {"shown_later": shown_later}


def _report_as_json(reader: Reader, found: RestoreReport) -> dict[str, object]:
    told = asdict(found)
    told["people"] = [{"login": login, "name": name} for login, name in found.people]
    for name in ("changes", "lost"):
        for shown, one in zip(told[name], getattr(found, name), strict=True):
            shown["fields"] = [_exact(reader, pair) for pair in one.fields]
    return told


def _exact(reader: Reader, pair: TwoValues) -> dict[str, JsonValue]:
    entity = CATALOGUE[pair.entity]
    field = entity.field(pair.field)
    return {
        "entity": pair.entity,
        "record": _named(reader, pair),
        "row_id": pair.row_id,
        "field": pair.field,
        "before": to_json(field, pair.before),
        "after": to_json(field, pair.after),
    }


def _named(reader: Reader, pair: TwoValues) -> str:
    row = reader.row(CATALOGUE[pair.entity], parse_id(pair.row_id))
    return label_of(CATALOGUE[pair.entity], row) if row else ""


def print_report(reader: Reader, found: RestoreReport) -> None:
    """The whole report in words."""
    say(f"Restored {moment_words(found.at)} to the state of revision {found.revision}.")
    _print_rows([_row(device) for device in found.devices])
    if found.devices:
        say(_COLUMNS_TOLD)
    if found.changes:
        say("")
        told = ToldRows(reader)
        lines = table_lines(_CHANGE, [_change(change, told) for change in found.changes])
        _print_with_fields(reader, lines, [change.fields for change in found.changes], _CAME_BACK)
    if found.lost:
        say("")
        say(
            "Done by others after the backup and not there again, as laptops held it; enter or import it anew:"
        )
        shown = found.lost[:_MOST_SHOWN]
        lines = table_lines(_LOST, [_lost(row) for row in shown])
        _print_with_fields(reader, lines, [row.fields for row in shown], _MISSING)
        for row in shown:
            if row.merged_into:
                say(_merge_again(reader, row))
        if len(found.lost) > _MOST_SHOWN:
            say(f"and {len(found.lost) - _MOST_SHOWN:,} more; --json lists all.")
    say("")
    for line in conclusion(found):
        say(line)


def _print_with_fields(
    reader: Reader, lines: list[str], fields: list[tuple[TwoValues, ...]], sentence: str
) -> None:
    """A table with the fields of each row below it; those of a change's further records under their names."""
    say(lines[0])
    told = ToldRows(reader)
    for line, pairs in zip(lines[1:], fields, strict=True):
        say(line)
        first = pairs[0].row_id if pairs else ""
        for pair in pairs:
            field = CATALOGUE[pair.entity].field(pair.field)
            before, after = (
                value_words(reader, field, value, _currency(told, pair), told.name)
                for value in (pair.before, pair.after)
            )
            of = (
                ""
                if pair.row_id == first
                else f"{CATALOGUE[pair.entity].title} {_named(reader, pair)}".rstrip() + ", "
            )
            said = f"{of}{field.title}: {after}"
            say("    " + (said if pair.whole else sentence.format(said=said, before=before)))


def _merge_again(reader: Reader, lost: LostRow) -> str:
    entity = CATALOGUE[lost.entity]
    into = reader.row(entity, parse_id(lost.merged_into))
    along = f", and {lost.moved:,} of its records with it" if lost.moved else ""
    contact = " --contact" if lost.entity == "contact" else ""
    return (
        f"{lost.record} had been merged into {label_of(entity, into) if into else 'a record that is gone'}{along}. "
        f"To do it again: fieldrep-server merge {lost.merged_into} {lost.row_id}{contact}"
    )


def _currency(told: ToldRows, pair: TwoValues) -> str:
    return pair.currency or told.currency(pair.entity, parse_id(pair.row_id)) or "EUR"


def _print_rows(rows: list[dict[str, JsonValue]]) -> None:
    if rows:
        print_table(tuple(rows[0]), rows, as_json=False)


def _change(change: ReturnedChange, told: ToldRows) -> dict[str, JsonValue]:
    called = change.record or change.row_id
    was = told.name(parse_id(change.row_id)) if change.entity == "sales_order" and change.row_id else ""
    return {
        "login": change.login,
        "device": device_cell(change.device, change.number_prefix),
        "change": change.n,
        "command": change.command,
        "record": f"{change.entity} {called}" + (f", before {was}" if was and was != called else ""),
        "became": change.result,
        "at": moment_words(change.at),
    }


def _lost(row: LostRow) -> dict[str, JsonValue]:
    return {
        "record": f"{row.entity} {row.record or row.row_id}",
        "id": row.row_id,
        "changed": moment_words(row.changed_at),
        "by": row.by,
        "seen_by": row.held_by,
    }


def _row(device: DeviceReturn) -> dict[str, JsonValue]:
    return {
        "login": device.login,
        "device": device_cell(device.device, device.number_prefix),
        "id": device.device_id,
        "state": state_told(device),
        "last_seen": moment_words(device.last_seen_at) if device.last_seen_at else None,
        "came_back": device.returned,
        "recovered": device.recovered,
        "waits": ranges(device.waits) or None,
        "missing": ranges(device.missing) or None,
        "refused_there": ranges(device.refused) or None,
    }


def ranges(numbers: tuple[int, ...]) -> str:
    """Numbers as people write them: 1-3, 7."""
    parts: list[list[int]] = []
    for n in numbers:
        if parts and n == parts[-1][1] + 1:
            parts[-1][1] = n
        else:
            parts.append([n, n])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)
