"""Changes of who holds what, made for good or only rehearsed: the same command, the same code, and then undone.

Owns how a preview is printed. Must not know which commands there are; `scope.py` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import click

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.counts import counted
from fieldrep.contract.errors import Code, KnownError
from sync_server.admin.console import central_store, print_json, say
from sync_server.store.moments import moment_of
from sync_server.store.office.preview import Concerned, DeviceThere, Moved, Plan, concerned
from sync_server.store.transaction import WriteTransaction

ACTOR = "fieldrep-server"
_TURNS = "sync_server.turns"
Turn = tuple[int, str]
"""The moment a day begins, and the day."""


@dataclass(frozen=True, slots=True)
class Preview:
    """Set as the root context's object while a change is only rehearsed."""

    as_json: bool


class Rehearsed(Exception):
    """The change was rehearsed and its preview printed; nothing else is to be done or said."""


@contextmanager
def changing() -> Iterator[WriteTransaction]:
    """The transaction in which a command changes who holds what; in a preview it is undone and told of instead.

    Raises:
        Rehearsed: at the end of a preview.
    """
    context = click.get_current_context()
    preview = context.find_root().obj
    people: list[Concerned] = []
    so_already, day = "", ""
    with central_store() as database:
        if not isinstance(preview, Preview):
            with database.write(ACTOR) as tx:
                yield tx
            return
        try:
            with database.rehearse(ACTOR) as tx:
                yield tx
                plan, day = _first_that_moves(tx, context.meta.get(_TURNS, ()))
            with database.read() as reader:
                people = concerned(reader, plan)
        except KnownError as error:
            if error.code is not Code.NOTHING_TO_CHANGE:
                raise
            so_already = error.sentence
    if preview.as_json or context.params.get("as_json"):
        print_json({"on": day or None, "people": [_as_json(one) for one in people]})
    elif so_already:
        say(so_already)
    else:
        _print(people, day)
    raise Rehearsed


def _first_that_moves(tx: WriteTransaction, turns: Sequence[Turn]) -> tuple[Plan, str]:
    """What the change moves now, or on the first of the days on which it moves anything, and that day; "" for now."""
    roles = tx.changed_roles()
    plan = Plan(tx.rehearsed(), roles)
    for instant, day in () if plan.moves else turns:
        plan = Plan(tx.rehearsed(moment_of(instant)), roles)
        if plan.moves:
            return plan, day
    return plan, ""


def turns_on(turns: Iterable[Turn]) -> None:
    """Says of the command at work on which days to come, each with the moment it begins, what it changes may count."""
    click.get_current_context().meta[_TURNS] = sorted(turns)


def _as_json(one: Concerned) -> dict[str, object]:
    return {
        "login": one.login,
        "name": one.name,
        "gains": _moved_as_json(one.gains),
        "loses": _moved_as_json(one.loses),
        "sees_cost": one.cost,
        "devices": [{**asdict(device), "unsent": _unsent(device)} for device in one.devices],
    }


def _moved_as_json(moved: Moved) -> dict[str, object]:
    entities = {name: {"rows": rows, "bytes": size} for name, (rows, size) in moved.entities.items()}
    return {"accounts": moved.accounts, "rows": moved.rows, "bytes": moved.size, "entities": entities}


def _print(people: list[Concerned], day: str) -> None:
    if not people:
        say(f"Nobody would gain or lose anything{f' on {day}' if day else ''}. Nothing was changed.")
        return
    if day:
        say(f"Not before {day}; on that day, as things stand now:")
    for one in people:
        for verb, moved in (("gain", one.gains), ("lose", one.loses)):
            if moved.rows:
                say(f"{one.name} ({one.login}) would {verb} {_told(moved)}")
        if one.cost is not None:
            words = "would from then on see" if one.cost else "would no longer see"
            say(f"{one.name} ({one.login}) {words} what things cost; the records concerned are sent again.")
        for device in one.devices:
            marks = ", ".join(part for part in (device.number_prefix, device.state) if part)
            say(f"  {device.name or 'A device'} ({marks}): {_unsent(device)}")
    say("Nothing was changed.")


def _told(moved: Moved) -> str:
    accounts = f"{counted(moved.accounts, 'account')}, " if moved.accounts else ""
    kinds = ", ".join(
        counted(rows, CATALOGUE[name].title.lower(), CATALOGUE[name].plural.lower())
        for name, (rows, _) in moved.entities.items()
    )
    return f"{accounts}{counted(moved.rows, 'record')} of {counted(moved.size, 'byte')}: {kinds}."


def _unsent(device: DeviceThere) -> str:
    """What is known of work that lies on a device."""
    if device.seen_at is None:
        return "never in contact yet; what it holds unsent is unknown."
    seen = datetime.fromtimestamp(device.seen_at // 1000, UTC).strftime("%Y-%m-%d %H:%MZ")
    waited = f"{device.waiting:,} unsent then; " if device.waiting else "nothing unsent then; "
    return f"last in contact {seen}, {waited}what was entered since is unknown."
