"""Every command by its name, with the fields it takes: what `fieldrep do` runs and documents.

Owns the list of commands and no behaviour of any. To add a command, write its function in the module of its area and
name it here with its arguments.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fieldrep.commands import (
    accounts,
    activities,
    attachments,
    conflicts,
    contacts,
    lines,
    orders,
    pairs,
    refused,
    sites,
    undo,
)
from fieldrep.commands.arguments import (
    LINE,
    Argument,
    an_id,
    decimal,
    field_names,
    fields_object,
    fields_of,
    flag,
    parsed,
    part,
    percent,
    record,
    text,
    whole,
)
from fieldrep.commands.arguments import lines as order_lines
from fieldrep.commands.done import Done
from fieldrep.commands.order_lines import NewLine
from fieldrep.contract.errors import Code, KnownError
from fieldrep.store.replica import Replica


@dataclass(frozen=True, slots=True)
class Command:
    """A business verb: its function, the JSON it takes and the entity whose fields that names.

    `decodes` marks the one that wants `pictures` passed in as well.
    """

    run: Callable[..., Done]
    arguments: tuple[Argument, ...]
    entity: str = ""
    decodes: bool = False

    @property
    def name(self) -> str:
        """The verb, which is also the function's name."""
        return self.run.__name__

    @property
    def summary(self) -> str:
        """What it does, the first line of the function's own words."""
        return (self.run.__doc__ or "").strip().splitlines()[0]

    def keywords(self, given: object) -> dict[str, object]:
        """What to call the function with, from a JSON object.

        Raises:
            KnownError: with a sentence that names the field.
        """
        known = {argument.name: argument for argument in self.arguments}
        return parsed(self.name, self.name, known, given, self.entity)


def command_named(name: str) -> Command:
    """The command of that name.

    Raises:
        KnownError: `unknown_command`, with the nearest name there is.
    """
    try:
        return COMMANDS[name]
    except KeyError:
        near = difflib.get_close_matches(name[:60], list(COMMANDS), n=1)
        advice = f" Did you mean {near[0]}?" if near else " `fieldrep do --list` names all."
        shown = name[:60].encode(errors="replace").decode()
        raise KnownError(Code.UNKNOWN_COMMAND, f"There is no command “{shown}”.{advice}") from None


def _add_order_line(replica: Replica, **values: object) -> Done:
    """Adds a line to a draft order, priced from its price list unless it brings a price of its own."""
    order_id = values.pop("order_id")
    return lines.add_order_line(replica, order_id=order_id, line=NewLine(**values))  # type: ignore[arg-type]


_add_order_line.__name__ = lines.add_order_line.__name__


def _about(run: Callable[..., Done], entity: str, *more: Argument) -> Command:
    """A command on one record, named by "id"."""
    return Command(run, (record("id", entity, keyword="row_id"), *more), entity)


_REFUSED = whole(
    "id", "The refused change's number, as `fieldrep refused` names it.", keyword="key", required=True
)

_EVERY = (
    Command(
        accounts.create_account,
        (
            *fields_of("account", creating=True),
            part("site", "site", "Its first address."),
            part("contact", "contact", "Its first contact."),
        ),
        "account",
    ),
    _about(accounts.edit_account, "account", *fields_of("account", creating=False)),
    _about(accounts.archive_account, "account"),
    _about(accounts.restore_account, "account"),
    Command(sites.create_site, fields_of("site", creating=True), "site"),
    _about(sites.edit_site, "site", *fields_of("site", creating=False)),
    _about(sites.archive_site, "site"),
    _about(sites.restore_site, "site"),
    Command(
        contacts.create_contact,
        (
            *fields_of("contact", creating=True),
            text("role", "What the contact is at the account."),
            flag("is_main", "The account's main contact."),
        ),
        "contact",
    ),
    _about(contacts.edit_contact, "contact", *fields_of("contact", creating=False)),
    Command(
        contacts.link_contact,
        (
            record("account_id", "account"),
            record("contact_id", "contact"),
            text("role", "What the contact is at the account."),
            flag("is_main", "The account's main contact."),
        ),
    ),
    _about(contacts.unlink_contact, "account_contact"),
    _about(contacts.archive_contact, "contact"),
    _about(contacts.restore_contact, "contact"),
    Command(
        activities.log_activity,
        tuple(
            Argument(a.name, a.keyword, a.kind, False, a.help, a.parse)
            for a in fields_of("activity", creating=True)
        ),
        "activity",
    ),
    _about(activities.edit_activity, "activity", *fields_of("activity", creating=False)),
    _about(activities.correct_note, "activity", text("body", "The corrected text.", required=True)),
    _about(
        activities.complete_task,
        "activity",
        whole("done_at", "When it was done, milliseconds since 1970 UTC; now by itself."),
    ),
    _about(activities.archive_activity, "activity"),
    _about(activities.restore_activity, "activity"),
    Command(
        attachments.add_attachment,
        (
            record("account_id", "account", required=False),
            record("contact_id", "contact", required=False),
            record("site_id", "site", required=False),
            record("activity_id", "activity", required=False),
            record("order_id", "sales_order", required=False),
            text(
                "path",
                "Where it lies; of a photo, the place and camera noted in it are left out.",
                required=True,
            ),
            text("name", "What to call it; its own name by itself."),
        ),
        decodes=True,
    ),
    _about(attachments.archive_attachment, "attachment"),
    _about(attachments.restore_attachment, "attachment"),
    Command(
        orders.create_order,
        (
            record("account_id", "account"),
            order_lines("lines"),
            *fields_of("sales_order", creating=True, only=("doc_type", *orders.HEAD_FIELDS)),
        ),
        "sales_order",
    ),
    _about(orders.copy_order, "sales_order"),
    _about(
        orders.edit_order,
        "sales_order",
        *fields_of("sales_order", creating=True, only=orders.HEAD_FIELDS),
    ),
    Command(_add_order_line, (record("order_id", "sales_order"), *LINE.values())),
    _about(
        lines.edit_order_line,
        "document_line",
        decimal("quantity", "How many.", keyword="qty"),
        percent("discount", "Discount in percent.", keyword="discount_rate"),
        decimal("unit_price", "A price of its own instead of the list's."),
        text("uom", "Unit the quantity counts."),
        text("text", "Another description."),
        text("reason_code", "Why it is given a discount or a price of its own."),
        flag("use_list_price", "Back to the price of the list."),
    ),
    _about(lines.remove_order_line, "document_line"),
    _about(orders.submit_order, "sales_order"),
    _about(orders.cancel_order, "sales_order"),
    _about(
        conflicts.resolve_conflict,
        "conflict",
        text("choose", "Which value the field gets: mine, theirs or other.", required=True),
        Argument("value", "value", "as the field", False, "The other value.", lambda value: value),
    ),
    _about(
        pairs.merge_duplicate,
        "duplicate_candidate",
        Argument(
            "survivor_id",
            "survivor_id",
            "id",
            False,
            "The record that stays; the older one by itself.",
            an_id,
        ),
        Argument(
            "take", "take", "list of fields", False, "Fields that come from the other record.", field_names
        ),
    ),
    _about(pairs.keep_apart, "duplicate_candidate"),
    _about(pairs.undo_merge, "duplicate_candidate"),
    Command(refused.discard_refused, (_REFUSED,)),
    Command(
        refused.send_again,
        (
            _REFUSED,
            Argument(
                "fields",
                "fields",
                "object",
                False,
                "Corrected values of the record it is about.",
                fields_object,
            ),
        ),
    ),
    Command(refused.hand_over, (_REFUSED, text("note", "What the admin should know."))),
    Command(refused.stop_correcting, (whole("n", "The change's number.", required=True),)),
    _about(refused.correct_order, "sales_order"),
    _about(refused.send_corrected, "sales_order"),
    Command(undo.undo, (whole("n", "The change's number; the newest one by itself."),)),
)

COMMANDS: Mapping[str, Command] = {command.name: command for command in _EVERY}
"""All commands by name, in the order in which they are listed."""
