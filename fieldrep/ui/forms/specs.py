"""The forms there are: accounts, addresses, people, activities; which fields, and what their command is given.

Owns the choice and order of fields. Titles, limits and options are the catalogue's.
"""

from collections.abc import Mapping
from typing import Any

from fieldrep.commands.accounts import create_account, edit_account
from fieldrep.commands.activities import TO_DO, log_activity
from fieldrep.commands.contacts import create_contact, edit_contact
from fieldrep.commands.sites import create_site, edit_site
from fieldrep.contract.fields import Value
from fieldrep.contract.ids import RowId
from fieldrep.domain.duplicates import Party
from fieldrep.queries.duplicates import possible_accounts, possible_contacts
from fieldrep.ui.forms.editor import FormSpec
from fieldrep.ui.forms.entityform import Section

_ACCOUNT = ("name", "lifecycle", "tier", "phone", "email", "website", "tax_id", "currency", "payment_terms",
            "delivery_terms", "visit_every_days", "note")  # fmt: skip
_SITE = (
    "kind",
    "site_name",
    "street",
    "postal_code",
    "city",
    "region",
    "country",
    "open_hours",
    "access_notes",
)
_CONTACT = ("given_name", "family_name", "salutation", "job_title", "phone", "mobile", "email", "language",
            "birthday", "opt_out")  # fmt: skip
_ACTIVITY_LABELS = {"happened_at": "When it was", "due_at": "Due, for a task", "body": "What was said"}
_ACTIVITY = ("kind", "subject", "body", "happened_at", "due_at")


def new_account() -> FormSpec:
    """An account with its first address and contact."""
    return FormSpec(
        name="new_account",
        title="New account",
        subtitle="A prospect, until the office has a number for it.",
        save="Save account",
        sections=(
            Section("account", ("name", "tier", "phone", "email", "tax_id", "website")),
            Section("site", ("street", "postal_code", "city", "country"), "First address", "site"),
            Section(
                "contact", ("given_name", "family_name", "job_title", "phone"), "First contact", "contact"
            ),
        ),
        command=create_account,
        send=_new_account_arguments,
        party=_account_party,
        alike=possible_accounts,
        check=_parts_complete,
        draft=("new_account", ""),
    )


def edit_account_form(row_id: RowId, label: str) -> FormSpec:
    return FormSpec(
        name="edit_account",
        title=f"Edit {label}",
        sections=(Section("account", _ACCOUNT),),
        command=edit_account,
        send=_changes_of(row_id),
        party=_account_party,
        alike=possible_accounts,
        but=row_id,
        draft=("edit_account", row_id.hex()),
        of_record=True,
    )


def site_form(row_id: RowId | None, account_id: RowId, account: str) -> FormSpec:
    """A new address of an account, or one that is there."""
    return FormSpec(
        name="edit_site" if row_id else "new_site",
        title="Edit address" if row_id else "New address",
        subtitle=account,
        sections=(Section("site", _SITE),),
        command=edit_site if row_id else create_site,
        send=_changes_of(row_id) if row_id else _new_of(account_id),
        draft=("edit_site", row_id.hex()) if row_id else ("new_site", account_id.hex()),
        of_record=row_id is not None,
    )


def contact_form(row_id: RowId | None, account_id: RowId, account: str) -> FormSpec:
    """A new contact of an account, or one that is there."""
    return FormSpec(
        name="edit_contact" if row_id else "new_contact",
        title="Edit contact" if row_id else "New contact",
        subtitle=account,
        sections=(Section("contact", _CONTACT),),
        command=edit_contact if row_id else create_contact,
        send=_changes_of(row_id) if row_id else _new_of(account_id),
        party=_contact_party,
        alike=possible_contacts,
        but=row_id,
        draft=("edit_contact", row_id.hex()) if row_id else ("new_contact", account_id.hex()),
        of_record=row_id is not None,
    )


def activity_form(account_id: RowId, account: str) -> FormSpec:
    """What was said or done, or what is to be done."""
    return FormSpec(
        name="log_activity",
        title="Log activity",
        subtitle=account,
        save="Log it",
        sections=(Section("activity", _ACTIVITY, optional=("subject",), labels=_ACTIVITY_LABELS),),
        command=log_activity,
        send=_new_activity(account_id),
        check=_activity_says_something,
        draft=("log_activity", account_id.hex()),
    )


def _changes_of(row_id: RowId) -> Any:
    def send(_values: Mapping[str, Value], touched: Mapping[str, Value]) -> Mapping[str, Any] | None:
        return {"row_id": row_id, **touched} if touched else None

    return send


def _new_of(account_id: RowId) -> Any:
    def send(values: Mapping[str, Value], _touched: Mapping[str, Value]) -> Mapping[str, Any]:
        return {"account_id": account_id, **_filled(values)}

    return send


def _new_activity(account_id: RowId) -> Any:
    def send(values: Mapping[str, Value], _touched: Mapping[str, Value]) -> Mapping[str, Any]:
        given = _filled(values)
        if given.get("kind") in TO_DO:
            given.pop("happened_at", None)
        else:
            given.pop("due_at", None)
        return {"account_id": account_id, **given}

    return send


def _new_account_arguments(values: Mapping[str, Value], _touched: Mapping[str, Value]) -> Mapping[str, Any]:
    own = {key: value for key, value in values.items() if "." not in key}
    parts: dict[str, dict[str, Value]] = {}
    for part in ("site", "contact"):
        inside = {key.partition(".")[2]: value for key, value in values.items() if key.startswith(f"{part}.")}
        if filled := _filled(inside):
            parts[part] = filled
    return {**_filled(own), **parts}


def _filled(values: Mapping[str, Value]) -> dict[str, Value]:
    return {key: value for key, value in values.items() if value is not None and value != ""}


def _parts_complete(texts: Mapping[str, str]) -> Mapping[str, str]:
    """A part that was begun needs what every such record needs."""
    wrong = {}
    for part, needed, sentence in (
        ("site", "city", "An address needs a city; enter it or clear the rest of the address."),
        ("contact", "family_name", "A contact needs a last name; enter it or clear the rest of the contact."),
    ):
        begun = any(text.strip() for key, text in texts.items() if key.startswith(f"{part}."))
        if begun and not texts[f"{part}.{needed}"].strip():
            wrong[f"{part}.{needed}"] = sentence
    return wrong


def _activity_says_something(texts: Mapping[str, str]) -> Mapping[str, str]:
    if texts["subject"].strip() or texts["body"].strip():
        return {}
    return {"subject": "Enter a subject or a text: what was it about?"}


def _account_party(texts: Mapping[str, str]) -> Party:
    return Party(
        name=texts.get("name", ""),
        city=texts.get("site.city", ""),
        phone=texts.get("phone", ""),
        email=texts.get("email", ""),
        tax_id=texts.get("tax_id", ""),
    )


def _contact_party(texts: Mapping[str, str]) -> Party:
    name = f"{texts.get('given_name', '')} {texts.get('family_name', '')}".strip()
    return Party(
        name=name, phone=texts.get("mobile", "") or texts.get("phone", ""), email=texts.get("email", "")
    )
