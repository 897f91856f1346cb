"""People and what they cover: users, territories, assignments and devices. All written by the admin or the server."""

from __future__ import annotations

from fieldrep.contract.entity import ScopeRule, declare
from fieldrep.contract.fields import A, E, Field, Kind, Merge, S
from fieldrep.contract.shapes import Shape

ROLES = ("rep", "tech", "manager", "office", "admin")


@declare("user", table="app_user", merge=Merge.SERVER, writers=A | E | S)
class User:
    """A person of the company. Everybody sees the directory, so that a name stands beside every change."""

    login = Field(Kind.TEXT, required=True, maximum=80)
    name = Field(Kind.TEXT, required=True, maximum=120)
    job_title = Field(Kind.TEXT, maximum=120)
    email = Field(Kind.TEXT, maximum=254)
    phone = Field(Kind.TEXT, maximum=60)
    role = Field(Kind.CHOICE, required=True, options=ROLES, default="rep")
    manager_id = Field(Kind.REF, "Manager", to="user")
    locale = Field(Kind.TEXT, maximum=20, default="en")
    tz = Field(
        Kind.TEXT,
        "Time zone",
        maximum=60,
        shape=Shape.ZONE,
        help="Without one, days are those of the laptop.",
    )
    active = Field(Kind.FLAG, default=1)
    erp_ref = Field(Kind.TEXT, "ERP reference", maximum=60)


@declare("territory", plural="Territories", merge=Merge.SERVER, writers=A | E | S)
class Territory:
    """A business grouping of accounts; territories form trees."""

    name = Field(Kind.TEXT, "Name", required=True, maximum=120)
    code = Field(Kind.TEXT, maximum=60)
    parent_id = Field(Kind.REF, "Part of", to="territory")
    kind = Field(Kind.CHOICE, options=("sales", "service"), default="sales")
    path = Field(Kind.TEXT, maximum=2000, help="Codes from the root down, joined by /; for reading only.")
    erp_ref = Field(Kind.TEXT, "ERP reference", maximum=60)


@declare(
    "territory_assignment", scope=ScopeRule(user="user_id", team=True), merge=Merge.SERVER, writers=A | E | S
)
class TerritoryAssignment:
    """Who covers a territory and its subtree, and between which days."""

    user_id = Field(Kind.REF, "User", to="user", required=True, parent=True, fixed=True)
    territory_id = Field(Kind.REF, "Territory", to="territory", required=True, parent=True)
    kind = Field(Kind.CHOICE, options=("primary", "cover", "manager"), default="primary")
    valid_from = Field(Kind.DATE)
    valid_to = Field(Kind.DATE, help="The last day it holds; empty for no end.")
    reason = Field(Kind.TEXT, maximum=300)


@declare("device", scope=ScopeRule(user="user_id"), label=("name",), merge=Merge.SERVER, writers=A | S)
class Device:
    """One installed client, admitted by enrolment."""

    user_id = Field(Kind.REF, "User", to="user", required=True, parent=True, fixed=True)
    name = Field(Kind.TEXT, maximum=120)
    os = Field(Kind.TEXT, "System", maximum=120)
    app_version = Field(Kind.TEXT, maximum=40)
    state = Field(
        Kind.CHOICE,
        options=("pending", "active", "locked", "wipe", "wiped", "withdrawn"),
        default="pending",
    )
    number_prefix = Field(
        Kind.TEXT, "Number prefix", maximum=12, help="Begins every number this device makes offline."
    )
