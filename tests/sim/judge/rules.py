"""What the oracle knows about records, written by hand from the protocol's text: a second statement of the rules.

Owns the merge letter of each field people touch in the simulation, what the server fills in, and how a row's holder is
found. Must not import anything of the product: two programs that share a mistake would agree on it.
"""

from __future__ import annotations

TABLES = {
    "user": "app_user",
    "territory": "territory",
    "territory_assignment": "territory_assignment",
    "device": "device",
    "product": "product",
    "product_uom": "product_uom",
    "price_list": "price_list",
    "stock_level": "stock_level",
    "discount_policy": "discount_policy",
    "account": "account",
    "site": "site",
    "contact": "contact",
    "account_contact": "account_contact",
    "account_team": "account_team",
    "price_list_item": "price_list_item",
    "ar_document": "ar_document",
    "sales_order": "sales_order",
    "document_line": "document_line",
    "activity": "activity",
    "attachment": "attachment",
    "conflict": "conflict",
    "proposal": "proposal",
    "duplicate_candidate": "duplicate_candidate",
}
"""Kinds of records and their tables, parents first."""

FILE_OWNERS = {
    "contact_id": "contact",
    "site_id": "site",
    "activity_id": "activity",
    "order_id": "sales_order",
}
"""What a file may belong to instead of the account itself."""

_OF_ACCOUNT = (("account", "account_id"),)
PARENTS: dict[str, tuple[tuple[str, str], ...]] = {
    "site": _OF_ACCOUNT,
    "contact": _OF_ACCOUNT,
    "account_contact": _OF_ACCOUNT,
    "account_team": _OF_ACCOUNT,
    "activity": _OF_ACCOUNT,
    "sales_order": _OF_ACCOUNT,
    "document_line": (("sales_order", "order_id"),),
    "ar_document": _OF_ACCOUNT,
    "attachment": (*_OF_ACCOUNT, *((entity, name) for name, entity in FILE_OWNERS.items())),
    "conflict": _OF_ACCOUNT,
}
"""Per kind of record the kinds it must not be without, and the fields that name them."""

# F: the standing value stays and the other becomes a conflict; F!: the same, and a person must decide; J: objects join
# key by key; L: written once; G: the state decides; O: as F while the order is its author's draft; N: a refusal
# of marketing always wins; D: deleting, which loses against edits; =: derived, never merged.
RULES: dict[str, dict[str, str]] = {
    "account": {
        "name": "F!",
        "tax_id": "F!",
        "phone": "F",
        "email": "F",
        "website": "F",
        "note": "F",
        "tier": "F",
        "lifecycle": "F",
        "consent": "J",
        "custom": "J",
        "archived": "D",
    },
    "site": {"city": "F", "street": "F", "site_name": "F", "custom": "J", "archived": "D"},
    "contact": {
        "given_name": "F",
        "family_name": "F",
        "phone": "F",
        "email": "F!",
        "job_title": "F",
        "opt_out": "N",
        "custom": "J",
        "archived": "D",
    },
    "activity": {
        "subject": "F",
        "body": "L",
        "due_at": "F",
        "done_at": "G",
        "channel": "F",
        "archived": "D",
    },
    "sales_order": {
        "note": "O",
        "po_ref": "O",
        "wanted_on": "O",
        "freight_amount": "O",
        "status": "G",
        "goods_amount": "=",
        "total_amount": "=",
        "archived": "D",
    },
    "document_line": {
        "qty": "O",
        "unit_price": "O",
        "discount_rate": "O",
        "description": "O",
        "line_amount": "=",
        "archived": "D",
    },
    "attachment": {"archived": "D"},
    "conflict": {"status": "G", "chosen": "G"},
    "duplicate_candidate": {"status": "G", "survivor_id": "G", "take": "G"},
}

FLAGS = {"archived", "opt_out", "is_primary", "critical", "active"}
OBJECTS = {"consent", "custom", "mentions", "base_value", "mine_value", "theirs_value", "hold_reasons"}

FILLED_IN = {
    "account": {"custom": "{}", "tier": "standard", "consent": "{}"},
    "site": {"custom": "{}"},
    "contact": {"custom": "{}"},
    "account_contact": {"custom": "{}"},
    "activity": {"custom": "{}"},
    "attachment": {"custom": "{}"},
    "sales_order": {"custom": "{}", "hold_reasons": "[]"},
    "document_line": {"custom": "{}", "shipped_qty": 0},
    "conflict": {"custom": "{}"},
}
"""What the central store gives a new row where the laptop does not say anything."""

DEVICE_MOVES = {
    ("draft", "submitted"),
    ("draft", "cancelled"),
    ("submitted", "cancelled"),
    ("received", "cancelled"),
    ("held", "cancelled"),
    ("confirmed", "cancelled"),
    ("exported", "cancel_requested"),
    ("part_shipped", "cancel_requested"),
}

OFFICE_FIELDS = {
    "owner_user_id",
    "territory_id",
    "number",
    "erp_ref",
    "number_official",
    "created_at",
    "revision",
}
"""Fields that no laptop may write, whatever it sends."""

COST_FIELDS = {("product", "cost_price")}
"""Fields that only managers, the office and admins read."""

COST_READERS = {"manager", "office", "admin"}

MACHINERY = {"created_revision", "scope_key", "row_hash", "run", "row_no"}
"""Columns either store keeps for itself."""
