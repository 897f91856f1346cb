"""The customer record: accounts, their sites, contacts, teams and activities."""

from __future__ import annotations

from fieldrep.contract.entity import ScopeRule, declare
from fieldrep.contract.fields import A, E, Field, Kind, Merge, S
from fieldrep.contract.shapes import Shape

ACTIVITY_KINDS = (
    "note",
    "call",
    "email",
    "task",
    "meeting",
    "promise",
    "demand_signal",
    "voice_of_customer",
    "inbox",
)


@declare("account", scope=ScopeRule(account="id", moved="merged_into_id"))
class Account:
    """A company we sell to or serve, or might."""

    name = Field(Kind.TEXT, "Name", required=True, maximum=200, merge=Merge.WAITS, search=10)
    number = Field(Kind.TEXT, maximum=40, writers=S | A | E, search=6)
    phone = Field(Kind.TEXT, maximum=60, search=3)
    email = Field(Kind.TEXT, maximum=254, search=3)
    website = Field(Kind.TEXT, maximum=300)
    note = Field(Kind.TEXT, maximum=20_000, search=1)
    lifecycle = Field(
        Kind.CHOICE, options=("prospect", "customer", "former", "partner", "competitor"), default="prospect"
    )
    tier = Field(Kind.CHOICE, options=("key", "growth", "standard"), default="standard")
    parent_id = Field(Kind.REF, "Parent account", to="account")
    reseller_id = Field(Kind.REF, "Reseller", to="account")
    tax_id = Field(Kind.TEXT, "Tax number", maximum=40, merge=Merge.WAITS)
    currency = Field(Kind.TEXT, maximum=3, minimum=3, default="EUR", shape=Shape.CURRENCY)
    price_list_id = Field(Kind.REF, "Price list", to="price_list", writers=S | A | E)
    payment_terms = Field(Kind.TEXT, maximum=120, merge=Merge.WAITS)
    delivery_terms = Field(Kind.TEXT, maximum=120, merge=Merge.WAITS)
    territory_id = Field(Kind.REF, "Territory", to="territory", writers=S | A | E)
    owner_user_id = Field(Kind.REF, "Owner", to="user", merge=Merge.WAITS, writers=S | A | E)
    visit_every_days = Field(Kind.INTEGER, "Days between visits", minimum=1, maximum=3650)
    visit_minutes = Field(Kind.INTEGER, minimum=1, maximum=1440)
    consent = Field(
        Kind.JSON,
        maximum=5_000,
        default="{}",
        shape=Shape.CONSENT,
        help="Per channel true, false, or the day it was given, as 2026-11-30.",
    )
    erp_ref = Field(Kind.TEXT, "ERP reference", maximum=60, writers=S | A | E)
    merged_into_id = Field(Kind.REF, to="account", merge=Merge.SERVER, writers=S)


@declare("site", scope=ScopeRule(account="account_id"), label=("city", "street"))
class Site:
    """An address of an account: where bills go, goods go, or work is done."""

    account_id = Field(Kind.REF, "Account", to="account", required=True, parent=True, fixed=True)
    kind = Field(Kind.CHOICE, required=True, options=("bill", "ship", "service"), default="bill")
    site_name = Field(Kind.TEXT, "Name", maximum=200)
    street = Field(Kind.TEXT, maximum=200)
    city = Field(Kind.TEXT, required=True, maximum=120)
    region = Field(Kind.TEXT, maximum=120)
    postal_code = Field(Kind.TEXT, "Postal code", maximum=20)
    country = Field(Kind.TEXT, maximum=60)
    lat = Field(Kind.INTEGER, "Latitude", minimum=-90_000_000, maximum=90_000_000, help="Degrees at 10^-6.")
    lon = Field(
        Kind.INTEGER, "Longitude", minimum=-180_000_000, maximum=180_000_000, help="Degrees at 10^-6."
    )
    open_hours = Field(Kind.TEXT, "Opening hours", maximum=300)
    access_notes = Field(Kind.TEXT, maximum=2_000)
    erp_ref = Field(Kind.TEXT, "ERP reference", maximum=60, writers=S | A | E)


@declare("contact", scope=ScopeRule(account="account_id"), label=("given_name", "family_name"))
class Contact:
    """A person at an account. The home account decides who holds the row; `account_contact` adds further roles."""

    account_id = Field(Kind.REF, "Account", to="account", required=True, parent=True, fixed=True)
    salutation = Field(Kind.TEXT, maximum=40)
    given_name = Field(Kind.TEXT, "First name", maximum=120, search=8)
    family_name = Field(Kind.TEXT, "Last name", required=True, maximum=120, search=10)
    job_title = Field(Kind.TEXT, "Job title", maximum=120, search=2)
    phone = Field(Kind.TEXT, maximum=60, search=3)
    mobile = Field(Kind.TEXT, maximum=60, search=3)
    email = Field(Kind.TEXT, maximum=254, merge=Merge.WAITS, search=4)
    language = Field(Kind.TEXT, maximum=20)
    birthday = Field(Kind.DATE)
    opt_out = Field(Kind.FLAG, "No marketing", merge=Merge.WAITS, default=0, help="A refusal always wins.")
    erp_ref = Field(Kind.TEXT, "ERP reference", maximum=60, writers=S | A | E)
    merged_into_id = Field(Kind.REF, to="contact", merge=Merge.SERVER, writers=S)


@declare("account_contact", scope=ScopeRule(account="account_id"), label=("role",), merge=Merge.MEMBER)
class AccountContact:
    """A role a contact has at an account."""

    account_id = Field(Kind.REF, "Account", to="account", required=True, parent=True, fixed=True)
    contact_id = Field(Kind.REF, "Contact", to="contact", required=True, fixed=True)
    role = Field(Kind.TEXT, required=True, maximum=60)
    is_primary = Field(Kind.FLAG, "Main contact", default=0)
    valid_from = Field(Kind.DATE)
    valid_to = Field(Kind.DATE)


@declare(
    "account_team",
    title="Team member",
    scope=ScopeRule(account="account_id"),
    label=("team_role",),
    merge=Merge.MEMBER,
    writers=A | E | S,
)
class AccountTeam:
    """A user who works on an account beside its owner, and so holds it."""

    account_id = Field(Kind.REF, "Account", to="account", required=True, parent=True, fixed=True)
    user_id = Field(Kind.REF, "User", to="user", required=True)
    team_role = Field(Kind.TEXT, "Role", maximum=60)
    valid_from = Field(Kind.DATE)
    valid_to = Field(Kind.DATE)


@declare(
    "activity",
    plural="Activities",
    scope=ScopeRule(account="account_id", user="assignee_id"),
    label=("subject",),
)
class Activity:
    """Something said, written, done or promised; with an account it belongs to that account, else to its assignee."""

    kind = Field(Kind.CHOICE, required=True, options=ACTIVITY_KINDS, default="note", fixed=True)
    account_id = Field(Kind.REF, "Account", to="account", parent=True, fixed=True)
    contact_id = Field(Kind.REF, "Contact", to="contact")
    subject = Field(Kind.TEXT, required=True, maximum=200, search=4)
    body = Field(Kind.TEXT, maximum=20_000, merge=Merge.APPEND, search=1)
    happened_at = Field(Kind.INSTANT, "When")
    due_at = Field(Kind.INSTANT, "Due")
    done_at = Field(Kind.INSTANT, "Done", merge=Merge.GUARDED)
    assignee_id = Field(Kind.REF, "Assigned to", to="user", fixed=True)
    channel = Field(Kind.TEXT, maximum=60)
    mentions = Field(Kind.JSON, maximum=2_000, default="[]")
    replaces_id = Field(
        Kind.REF, "Replaces", to="activity", fixed=True, help="A corrected note stands beside the first."
    )
    erp_ref = Field(Kind.TEXT, "ERP reference", maximum=60, writers=S | A | E)
