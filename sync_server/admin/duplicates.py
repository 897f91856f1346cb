"""Commands on duplicates: the pairs that look alike, merging two records into one, and taking a merge back.

Parses, calls, prints. What a merge does is the business of `sync_server/reconcile/merges.py`.
"""

from __future__ import annotations

from collections.abc import Iterable

import click
import msgspec

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.counts import counted
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import Value
from fieldrep.contract.ids import RowId, id_text, parse_id
from fieldrep.contract.jsonform import JsonValue, to_json
from sync_server.admin.cli import as_json_option, commands
from sync_server.admin.console import central_store, print_json, print_table, say
from sync_server.admin.rehearsal import ACTOR
from sync_server.admin.words import value_words
from sync_server.reconcile.conflicts import label_of
from sync_server.reconcile.duplicates import look_for_duplicates
from sync_server.reconcile.merge_plan import MergePlan, holders, plan_merge
from sync_server.reconcile.merges import Unmerged, merge, unmerge
from sync_server.store.office.admin import account_named
from sync_server.store.reading import Reader
from sync_server.store.statements import bytes_of

_contact = click.option(
    "--contact", "is_contact", is_flag=True, help="It is about contacts; name them by id."
)
_preview = click.option("--preview", is_flag=True, help="Say what would happen and change nothing.")


class _OnlyLooked(Exception):
    """Ends the transaction of a preview, so that nothing of it stays."""


@commands.group("duplicates")
def duplicates() -> None:
    """Records that may be the same customer or the same person."""


@duplicates.command("list")
@click.option("--all", "everything", is_flag=True, help="Those decided before as well.")
@as_json_option
def duplicates_list(everything: bool, as_json: bool) -> None:
    """Lists the pairs that wait for somebody's decision, the likeliest first."""
    with central_store() as database, database.read() as reader:
        rows = [row for row in reader.all("duplicate_candidate") if everything or row["status"] == "open"]
        found: list[dict[str, JsonValue]] = [
            {
                "score": _whole(row["score"]),
                "why": "; ".join(msgspec.json.decode(str(row["reasons"]), type=list[str])),
                "kind": str(row["entity"]),
                "one": _label(reader, str(row["entity"]), row["one_id"]),
                "other": _label(reader, str(row["entity"]), row["other_id"]),
                "status": str(row["status"]),
                "one_id": id_text(bytes_of(row["one_id"])),
                "other_id": id_text(bytes_of(row["other_id"])),
            }
            for row in sorted(rows, key=lambda row: (-_whole(row["score"]), bytes_of(row["id"])))
        ]
    print_table(tuple(found[0]) if found else ("score", "why", "one", "other"), found, as_json=as_json)


@commands.command("merge")
@click.argument("survivor")
@click.argument("merged")
@click.option(
    "--take", multiple=True, metavar="FIELD", help="Take this field from MERGED; may be given again."
)
@_contact
@_preview
@as_json_option
def merge_command(
    survivor: str, merged: str, take: tuple[str, ...], is_contact: bool, preview: bool, as_json: bool
) -> None:
    """Makes MERGED part of SURVIVOR: all that belongs to it follows, and what is empty is filled from it.

    Accounts are named by number, ERP reference or id. MERGED stays as an archived record that leads to SURVIVOR;
    fieldrep-server unmerge takes it back.
    """
    entity = "contact" if is_contact else "account"
    with central_store() as database:
        if preview:
            with database.read() as reader:
                plan = plan_merge(reader, entity, *_pair(reader, entity, survivor, merged), take)
                told, fields = _told(reader, plan), _fields(reader, plan)
        else:
            with database.write(ACTOR) as tx:
                pair = _pair(tx, entity, survivor, merged)
                foretold = plan_merge(tx, entity, *pair, take)
                told, fields = _told(tx, foretold), _fields(tx, foretold)
                tx.new_revision()
                plan = merge(tx, entity, *pair, take)
                tx.audit(
                    f"merge_{entity}",
                    entity=entity,
                    row_id=pair[0],
                    detail=msgspec.json.encode(told).decode(),
                )
                look_for_duplicates(tx)
    if as_json:
        print_json({"done": not preview, **told})
    else:
        _say_plan(plan, told, fields, preview=preview)


@commands.command("unmerge")
@click.argument("merged")
@_contact
@_preview
@as_json_option
def unmerge_command(merged: str, is_contact: bool, preview: bool, as_json: bool) -> None:
    """Takes the merge of MERGED back: it and all that came with it stand for themselves again.

    What was entered since the merge stays with the record it was entered on.
    """
    entity = "contact" if is_contact else "account"
    with central_store() as database:
        try:
            with database.write(ACTOR) as tx:
                row_id = _id_of(tx, entity, merged)
                tx.new_revision()
                done = unmerge(tx, row_id)
                names = [_label(tx, entity, one) for one in (done.merged_id, done.survivor_id)]
                told, parted = _told_back(done, names), _parted(tx, done)
                tx.audit(
                    f"unmerge_{entity}",
                    entity=entity,
                    row_id=row_id,
                    detail=msgspec.json.encode(told).decode(),
                )
                look_for_duplicates(tx)
                if preview:
                    raise _OnlyLooked
        except _OnlyLooked:
            pass
    if as_json:
        print_json({"done": not preview, **told})
        return
    say(f"{names[0]} {'would stand' if preview else 'stands'} for itself again, beside {names[1]}.")
    say(f"With it {'would go' if preview else 'went'}: {_counted(done.back)}.")
    fields = [CATALOGUE[done.entity].fields[name].title for name in done.stay.values]
    entered = [_counted(done.stay.made)] if done.stay.made or not fields else []
    say(f"Entered since the merge, and staying with {names[1]}: {', '.join([*entered, *fields])}.")
    for line in parted:
        say(line)
    for kind, name in done.kept:
        say(f"{CATALOGUE[kind].field(name).title} was changed since and keeps its value.")


def _pair(reader: Reader, entity: str, survivor: str, merged: str) -> tuple[RowId, RowId]:
    return _id_of(reader, entity, survivor), _id_of(reader, entity, merged)


def _id_of(reader: Reader, entity: str, named: str) -> RowId:
    if entity == "account":
        return RowId(bytes_of(account_named(reader, named)["id"]))
    try:
        return parse_id(named)
    except ValueError as error:
        raise KnownError(Code.INVALID_VALUE, f"{error} Name a contact by its id.") from error


def _told(reader: Reader, plan: MergePlan) -> dict[str, JsonValue]:
    """A plan in its form at the edges."""
    staying, losing = holders(reader, plan)
    return {
        "survivor": _named(plan, plan.survivor.before),
        "merged": _named(plan, plan.merged.before),
        "follow": dict(plan.counts()),
        "fields": [
            {
                "field": one.field.name,
                "survivor": to_json(one.field, one.survivor),
                "merged": to_json(one.field, one.merged),
                "result": to_json(one.field, one.result),
                "from": str(one.origin),
                "contested": one.contested,
            }
            for one in plan.fields
        ],
        "held_by": _logins(reader, staying),
        "no_longer_held_by": _logins(reader, losing),
    }


def _named(plan: MergePlan, row: dict[str, Value]) -> JsonValue:
    return {"id": id_text(bytes_of(row["id"])), "name": label_of(plan.entity, row)}


def _fields(reader: Reader, plan: MergePlan) -> list[str]:
    """A line for each field on which the two differ: what it says then, and what no longer shows."""
    currency = str(plan.survivor.before.get("currency") or "EUR")
    lines = []
    for one in plan.fields:
        left = one.merged if one.result == one.survivor else one.survivor
        kept = value_words(reader, one.field, one.result, currency)
        not_shown = f", not {value_words(reader, one.field, left, currency)}" if one.contested else ""
        lines.append(f"{one.field.title}: {kept} ({one.origin}{not_shown})")
    return lines


def _say_plan(plan: MergePlan, told: dict[str, JsonValue], fields: list[str], *, preview: bool) -> None:
    one, other = plan.label(plan.survivor), plan.label(plan.merged)
    say(f"{other} {'would become' if preview else 'is now'} part of {one}.")
    say(f"With it {'would come' if preview else 'came'}: {_counted(plan.counts())}.")
    for line in fields:
        say(f"  {line}")
    if told["no_longer_held_by"]:
        say(f"Hold it no longer: {_joined(told['no_longer_held_by'])}.")
    if plan.merged.before.get("erp_ref") and not plan.survivor.before.get("erp_ref"):
        say(f"Only {other} is known to the ERP; keeping that one instead lets imports go on reaching it.")
    if not preview:
        say("Take it back with: fieldrep-server unmerge " + id_text(bytes_of(plan.merged.before["id"])))


def _told_back(done: Unmerged, names: list[str]) -> dict[str, JsonValue]:
    return {
        "restored": {"id": id_text(done.merged_id), "name": names[0]},
        "survivor": {"id": id_text(done.survivor_id), "name": names[1]},
        "back": dict(done.back),
        "stay": dict(done.stay.made),
        "stay_fields": list(done.stay.values),
        "parted": [
            {"entity": kind, "id": id_text(row_id), "field": name} for kind, row_id, name in done.stay.parted
        ],
        "kept": [{"entity": entity, "field": name} for entity, name in done.kept],
    }


def _parted(reader: Reader, done: Unmerged) -> list[str]:
    """A line for each record that stays while another goes that it names; of many the first."""
    lines = []
    for kind, row_id, name in done.stay.parted[:_MOST_PARTED]:
        entity = CATALOGUE[kind]
        lines.append(
            f"{entity.title} {_label(reader, kind, row_id)} stays, while its “{entity.fields[name].title}” goes: "
            "give it another one."
        )
    if len(done.stay.parted) > _MOST_PARTED:
        lines.append(f"So do {len(done.stay.parted) - _MOST_PARTED} more; --json names all.")
    return lines


_MOST_PARTED = 10


def _counted(counts: dict[str, int]) -> str:
    words = [
        counted(count, CATALOGUE[name].title.lower(), CATALOGUE[name].plural.lower())
        for name, count in counts.items()
    ]
    return ", ".join(words) or "nothing"


def _label(reader: Reader, entity: str, row_id: Value) -> str:
    row = reader.row(entity, bytes_of(row_id))
    return label_of(CATALOGUE[entity], row) if row is not None else "?"


def _logins(reader: Reader, users: Iterable[bytes]) -> list[JsonValue]:
    rows = (reader.row("user", user) for user in users)
    return [*sorted(str(row["login"]) for row in rows if row is not None)]


def _joined(words: JsonValue) -> str:
    return ", ".join(str(word) for word in words) if isinstance(words, list) else ""


def _whole(value: Value) -> int:
    return value if isinstance(value, int) else 0
