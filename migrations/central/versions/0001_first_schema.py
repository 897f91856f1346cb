"""The first schema of the central store: all entities of catalogue version 1, and the machinery beside them.

Revision ID: 0001
Revises: none
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# In these lists a column is `name:type`, the type b for bytes, i for whole numbers, t for text; `!` marks a part of
# the primary key, `?` a column that may be empty. All of the entities' own columns may be.

SYNCED = {
    "app_user": (
        "login:t name:t job_title:t email:t phone:t role:t manager_id:b locale:t tz:t active:i erp_ref:t"
    ),
    "territory": ("name:t code:t parent_id:b kind:t path:t erp_ref:t"),
    "territory_assignment": ("user_id:b territory_id:b kind:t valid_from:t valid_to:t reason:t"),
    "device": ("user_id:b name:t os:t app_version:t state:t number_prefix:t"),
    "product": (
        "sku:t name:t description:t family:t supplier:t status:t base_uom:t tax_class:t cost_price:i "
        "weight_g:i serialised:i configurable:i replaces_id:b erp_ref:t"
    ),
    "product_uom": ("product_id:b uom:t factor:i barcode:t sell_multiple:i"),
    "price_list": (
        "code:t name:t currency:t parent_id:b channel:t valid_from:t valid_to:t version:i tax_included:i"
    ),
    "stock_level": (
        "product_id:b warehouse:t on_hand_qty:i reserved_qty:i atp_qty:i on_order_qty:i reorder_qty:i as_of:i"
    ),
    "discount_policy": ("user_id:b role:t family:t max_rate:i valid_from:t valid_to:t"),
    "account": (
        "name:t number:t phone:t email:t website:t note:t lifecycle:t tier:t parent_id:b reseller_id:b "
        "tax_id:t currency:t price_list_id:b payment_terms:t delivery_terms:t territory_id:b "
        "owner_user_id:b visit_every_days:i visit_minutes:i consent:t erp_ref:t merged_into_id:b"
    ),
    "site": (
        "account_id:b kind:t site_name:t street:t city:t region:t postal_code:t country:t lat:i lon:i "
        "open_hours:t access_notes:t erp_ref:t"
    ),
    "contact": (
        "account_id:b salutation:t given_name:t family_name:t job_title:t phone:t mobile:t email:t "
        "language:t birthday:t opt_out:i erp_ref:t merged_into_id:b"
    ),
    "account_contact": ("account_id:b contact_id:b role:t is_primary:i valid_from:t valid_to:t"),
    "account_team": ("account_id:b user_id:b team_role:t valid_from:t valid_to:t"),
    "price_list_item": (
        "price_list_id:b product_id:b account_id:b min_qty:i uom:t price:i valid_from:t valid_to:t"
    ),
    "ar_document": (
        "account_id:b kind:t number:t issued_on:t due_on:t currency:t amount:i open_amount:i order_ref:t "
        "dispute_state:t as_of:i"
    ),
    "sales_order": (
        "doc_type:t account_id:b contact_id:b bill_site_id:b ship_site_id:b source:t number_local:t "
        "number_official:t po_ref:t note:t ordered_on:t wanted_on:t shipped_on:t carrier:t priority:i "
        "status:t hold_reasons:t reject_reason:t price_list_id:b pricing_date:t currency:t "
        "goods_amount:i freight_amount:i tax_amount:i total_amount:i sales_rep_id:b erp_ref:t"
    ),
    "document_line": (
        "order_id:b account_id:b seq:i kind:t product_id:b description:t qty:i uom:t list_price:i "
        "unit_price:i price_source:t discount_rate:i reason_code:t line_amount:i shipped_qty:i erp_ref:t"
    ),
    "activity": (
        "kind:t account_id:b contact_id:b subject:t body:t happened_at:i due_at:i done_at:i "
        "assignee_id:b channel:t mentions:t replaces_id:b erp_ref:t"
    ),
    "conflict": (
        "entity:t row_id:b row_label:t field:t account_id:b user_id:b reason:t critical:i base_value:t "
        "mine_value:t theirs_value:t mine_by:b mine_at:i mine_device_id:b theirs_by:b theirs_at:i theirs_source:t "
        "status:t chosen:t resolved_by:b resolved_at:i"
    ),
    "attachment": (
        "account_id:b user_id:b contact_id:b site_id:b activity_id:b order_id:b name:t media_type:t size:i sha256:t "
        "thumb:b"
    ),
    "handed_change": (
        "user_id:b n:i label:t code:t sentence:t payload:t note:t made_at:i status:t answer:t closed_by:t "
        "closed_at:i"
    ),
    "proposal": (
        "user_id:b device_id:b n:i entity:t row_id:b field:t value:t status:t decided_by:b decided_at:i"
    ),
    "duplicate_candidate": (
        "entity:t one_id:b other_id:b account_id:b other_account_id:b score:i reasons:t status:t "
        "survivor_id:b take:t decided_by:b decided_at:i"
    ),
}

MACHINERY = {
    "applied_change": ("device_id:b! incarnation:b! n:i! revision:i outcome:b received_at:i"),
    "audit_entry": (
        "n:i! at:i user_id:b? device_id:b? actor:t action:t result:t entity:t row_id:b? detail:t hash:b"
    ),
    "bundle_key": ("one:i! seed:b"),
    "device_contact": (
        "device_id:b! seen_at:i revision:i digest_count:i? digest_total:i? incarnation:b highest_n:i "
        "app_version:t clock_skew_ms:i waiting:i settled_to:i pushed_from:i"
    ),
    "device_credential": (
        "device_id:b! user_id:b token_prefix:t token_hash:b public_key:b made_at:i revoked_at:i? "
        "revoked_why:t? locked_at:i?"
    ),
    "device_former": ("device_id:b! former_id:b incarnation:b brought:i?"),
    "device_position": (
        "device_id:b! at:i! shown:i given:i whole:i schema:i told_at:i digest_count:i? digest_total:i?"
    ),
    "device_return": ("epoch:b! device_id:b! incarnation:b answered_to:i newest:i refused:b seen_at:i"),
    "device_wipe": ("device_id:b! manner:t signature:b ordered_at:i wiped_at:i? destroyed:t?"),
    "duplicate_key": ("name:t! row_id:b!"),
    "enrollment_code": ("code_hash:b! user_id:b made_at:i expires_at:i used_at:i? device_id:b?"),
    "entity_clock": ("entity:t! revision:i"),
    "file_body": ("row_id:b! sha256:b size:i"),
    "file_part": ("holder:b! at:i! part:b"),
    "file_quota": ("name:t! bytes:i"),
    "import_image": ("row_id:b! image:b"),
    "known_before": (
        "row_id:b! kind:t server_id:b login:t name:t why:t? seen_at:i? locked:i noted_at:i heir_id:b?"
    ),
    "merge_log": (
        "id:b! entity:t survivor_id:b merged_id:b actor:t user_id:b? at:i revision:i images:b undone_at:i?"
    ),
    "number_series": ("name:t! last:i"),
    "refused_change": ("device_id:b! incarnation:b! n:i! user_id:b? code:t payload:b received_at:i"),
    "restoration": ("epoch:b! at:i revision:i knew_all:i"),
    "returned_change": ("epoch:b! device_id:b! n:i! command:t result:t entity:t row_id:b? at:i edits:b"),
    "row_after_backup": (
        "epoch:b! entity:t! row_id:b! device_id:b revision:i changed_at:i changed_by:b? label:t held:b"
    ),
    "row_history": ("revision:i! row_id:b! entity:t! was:b"),
    "scope_ledger": ("user_id:b! scope_key:b! gained_revision:i! lost_revision:i?"),
    "retention_rule": ("name:t! days:i"),
    "revision_mark": ("at:i! revision:i"),
    "settled_floor": ("device_id:b! incarnation:b! n:i"),
    "store_info": (
        "one:i! server_id:b epoch:b revision:i audit_n:i audit_hash:b settled_on:t made_at:i horizon:i "
        "audit_cut:i audit_cut_hash:b backup_revision:i backup_at:i tidied_at:i "
        "history_floor:i history_since:i whereabouts:t behind:i"
    ),
    "store_behind": ("device_id:b! shown:i present:i noted_at:i"),
    "tombstone": ("revision:i! row_id:b! entity:t scope_key:b"),
    "user_digest": ("user_id:b! count:i total:i"),
}

LOOKED_UP = {
    "app_user": "login",
    "territory_assignment": "territory_id user_id",
    "device": "user_id",
    "product": "sku",
    "product_uom": "product_id",
    "stock_level": "product_id",
    "account": "number owner_user_id territory_id",
    "account_team": "user_id",
    "attachment": "contact_id site_id activity_id order_id created_by",
    "price_list_item": "price_list_id product_id",
    "document_line": "order_id",
    "conflict": "row_id",
    "duplicate_candidate": "account_id other_account_id",
}

FILLED = {"account": "merged_into_id parent_id reseller_id", "contact": "merged_into_id"}

WITHOUT_ROWID = (
    "applied_change",
    "audit_entry",
    "duplicate_key",
    "row_history",
)
TYPES = {"b": sa.LargeBinary, "i": sa.BigInteger, "t": sa.Text}
FIRST = "id:b! revision:i created_at:i created_by:b? changed_at:i changed_by:b? archived:i custom:t"
LAST = "created_revision:i scope_key:b row_hash:i run:b?"


def upgrade() -> None:
    for name, columns in SYNCED.items():
        _synced_table(name, columns)
    for name, columns in MACHINERY.items():
        op.create_table(
            name, *(_column(text) for text in columns.split()), sqlite_with_rowid=name not in WITHOUT_ROWID
        )
    held, lost = sa.text("lost_revision IS NULL"), sa.text("lost_revision IS NOT NULL")
    _index("ix_scope_ledger_held", "scope_ledger", "user_id scope_key", unique=True, where=held)
    _index("ix_scope_ledger_holders", "scope_ledger", "scope_key user_id", unique=True, where=held)
    _index("ix_scope_ledger_gained", "scope_ledger", "gained_revision user_id")
    _index("ix_scope_ledger_lost", "scope_ledger", "user_id lost_revision", where=lost)
    _index("ix_scope_ledger_lost_at", "scope_ledger", "lost_revision user_id", where=lost)
    _index("ix_merge_log_merged_id", "merge_log", "merged_id")
    _index("ix_merge_log_survivor_id", "merge_log", "survivor_id")
    _index("ix_tombstone_row_id", "tombstone", "row_id")
    _index("ix_device_former_former_id", "device_former", "former_id")
    _index("ix_device_credential_prefix", "device_credential", "token_prefix", unique=True)


def downgrade() -> None:
    raise NotImplementedError(
        "A central store is never downgraded; restore a backup of the older version instead."
    )


def _synced_table(name: str, columns: str) -> None:
    own = [_column(text + "?") for text in columns.split()]
    op.create_table(
        name, *(_column(text) for text in FIRST.split()), *own, *(_column(text) for text in LAST.split())
    )
    _index(f"ix_{name}_revision", name, "revision id")
    _index(f"ix_{name}_scope", name, "scope_key id")
    for column in LOOKED_UP.get(name, "").split():
        _index(f"ix_{name}_{column}", name, column)
    sparse = ["erp_ref"] if "erp_ref:t" in columns.split() else []
    for column in (*sparse, *FILLED.get(name, "").split()):
        _index(f"ix_{name}_{column}", name, column, where=sa.text(f"{column} IS NOT NULL"))


def _column(text: str) -> sa.Column[object]:
    name, _, kind = text.partition(":")
    return sa.Column(
        name,
        TYPES[kind[0]](),
        primary_key=kind.endswith("!"),
        nullable=kind.endswith("?"),
        autoincrement=False,
    )


def _index(
    name: str, table: str, columns: str, *, unique: bool = False, where: sa.TextClause | None = None
) -> None:
    op.create_index(name, table, columns.split(), unique=unique, sqlite_where=where, postgresql_where=where)
