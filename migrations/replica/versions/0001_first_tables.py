"""The first tables of the replica: every entity, the machinery beside them, and full-text search.

Revision 0001. A released revision is never edited.
"""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE account (row_no INTEGER NOT NULL, id BLOB NOT NULL, revision INTEGER NOT NULL,
        created_at INTEGER, created_by BLOB, changed_at INTEGER, changed_by BLOB, archived INTEGER,
        custom TEXT, name TEXT, number TEXT, phone TEXT, email TEXT, website TEXT, note TEXT, lifecycle
        TEXT, tier TEXT, parent_id BLOB, reseller_id BLOB, tax_id TEXT, currency TEXT, price_list_id
        BLOB, payment_terms TEXT, delivery_terms TEXT, territory_id BLOB, owner_user_id BLOB,
        visit_every_days INTEGER, visit_minutes INTEGER, consent TEXT, erp_ref TEXT, merged_into_id
        BLOB, row_hash INTEGER, PRIMARY KEY (row_no)) STRICT
    """,
    """
    CREATE TABLE account_contact (row_no INTEGER NOT NULL, id BLOB NOT NULL, revision INTEGER NOT
        NULL, created_at INTEGER, created_by BLOB, changed_at INTEGER, changed_by BLOB, archived
        INTEGER, custom TEXT, account_id BLOB, contact_id BLOB, role TEXT, is_primary INTEGER,
        valid_from TEXT, valid_to TEXT, row_hash INTEGER, PRIMARY KEY (row_no)) STRICT
    """,
    """
    CREATE TABLE account_team (row_no INTEGER NOT NULL, id BLOB NOT NULL, revision INTEGER NOT NULL,
        created_at INTEGER, created_by BLOB, changed_at INTEGER, changed_by BLOB, archived INTEGER,
        custom TEXT, account_id BLOB, user_id BLOB, team_role TEXT, valid_from TEXT, valid_to TEXT,
        row_hash INTEGER, PRIMARY KEY (row_no)) STRICT
    """,
    """
    CREATE TABLE activity (row_no INTEGER NOT NULL, id BLOB NOT NULL, revision INTEGER NOT NULL,
        created_at INTEGER, created_by BLOB, changed_at INTEGER, changed_by BLOB, archived INTEGER,
        custom TEXT, kind TEXT, account_id BLOB, contact_id BLOB, subject TEXT, body TEXT, happened_at
        INTEGER, due_at INTEGER, done_at INTEGER, assignee_id BLOB, channel TEXT, mentions TEXT,
        replaces_id BLOB, erp_ref TEXT, row_hash INTEGER, PRIMARY KEY (row_no)) STRICT
    """,
    """
    CREATE TABLE app_user (row_no INTEGER NOT NULL, id BLOB NOT NULL, revision INTEGER NOT NULL,
        created_at INTEGER, created_by BLOB, changed_at INTEGER, changed_by BLOB, archived INTEGER,
        custom TEXT, login TEXT, name TEXT, job_title TEXT, email TEXT, phone TEXT, role TEXT,
        manager_id BLOB, locale TEXT, tz TEXT, active INTEGER, erp_ref TEXT, row_hash INTEGER, PRIMARY
        KEY (row_no)) STRICT
    """,
    """
    CREATE TABLE ar_document (row_no INTEGER NOT NULL, id BLOB NOT NULL, revision INTEGER NOT NULL,
        created_at INTEGER, created_by BLOB, changed_at INTEGER, changed_by BLOB, archived INTEGER,
        custom TEXT, account_id BLOB, kind TEXT, number TEXT, issued_on TEXT, due_on TEXT, currency
        TEXT, amount INTEGER, open_amount INTEGER, order_ref TEXT, dispute_state TEXT, as_of INTEGER,
        row_hash INTEGER, PRIMARY KEY (row_no)) STRICT
    """,
    """
    CREATE TABLE attachment (row_no INTEGER NOT NULL, id BLOB NOT NULL, revision INTEGER NOT NULL,
        created_at INTEGER, created_by BLOB, changed_at INTEGER, changed_by BLOB, archived INTEGER,
        custom TEXT, account_id BLOB, user_id BLOB, contact_id BLOB, site_id BLOB, activity_id BLOB, order_id
        BLOB, name TEXT, media_type TEXT, size INTEGER, sha256 TEXT, thumb BLOB, row_hash INTEGER, PRIMARY
        KEY (row_no)) STRICT
    """,
    """
    CREATE TABLE file_body (sha256 TEXT NOT NULL, size INTEGER NOT NULL, held INTEGER NOT NULL,
        whole INTEGER NOT NULL, PRIMARY KEY (sha256)) STRICT
    """,
    """
    CREATE TABLE file_part (sha256 TEXT NOT NULL, at INTEGER NOT NULL, part BLOB NOT NULL,
        PRIMARY KEY (sha256, at)) STRICT
    """,
    """
    CREATE TABLE file_upload (row_id BLOB NOT NULL, sha256 TEXT NOT NULL, sent INTEGER NOT NULL, refused TEXT
        NOT NULL, PRIMARY KEY (row_id)) STRICT
    """,
    "CREATE TABLE file_wish (row_id BLOB NOT NULL, asked_at INTEGER NOT NULL, PRIMARY KEY (row_id)) STRICT",
    """
    CREATE TABLE file_spent (day TEXT NOT NULL, metered INTEGER NOT NULL, bytes INTEGER NOT NULL,
        PRIMARY KEY (day, metered)) STRICT
    """,
    """
    CREATE TABLE base_row (entity TEXT NOT NULL, row_id BLOB NOT NULL, standing INTEGER NOT NULL,
        image BLOB, moved_to BLOB, PRIMARY KEY (row_id, entity)) STRICT
    """,
    """
    CREATE TABLE "conflict" (row_no INTEGER NOT NULL, id BLOB NOT NULL, revision INTEGER NOT NULL,
        created_at INTEGER, created_by BLOB, changed_at INTEGER, changed_by BLOB, archived INTEGER,
        custom TEXT, entity TEXT, row_id BLOB, row_label TEXT, field TEXT, account_id BLOB, user_id
        BLOB, reason TEXT, critical INTEGER, base_value TEXT, mine_value TEXT, theirs_value TEXT,
        mine_by BLOB, mine_at INTEGER, mine_device_id BLOB, theirs_by BLOB, theirs_at INTEGER,
        theirs_source TEXT, status TEXT, chosen TEXT, resolved_by BLOB, resolved_at INTEGER, row_hash
        INTEGER, PRIMARY KEY (row_no)) STRICT
    """,
    """
    CREATE TABLE contact (row_no INTEGER NOT NULL, id BLOB NOT NULL, revision INTEGER NOT NULL,
        created_at INTEGER, created_by BLOB, changed_at INTEGER, changed_by BLOB, archived INTEGER,
        custom TEXT, account_id BLOB, salutation TEXT, given_name TEXT, family_name TEXT, job_title
        TEXT, phone TEXT, mobile TEXT, email TEXT, language TEXT, birthday TEXT, opt_out INTEGER,
        erp_ref TEXT, merged_into_id BLOB, row_hash INTEGER, PRIMARY KEY (row_no)) STRICT
    """,
    """
    CREATE TABLE device (row_no INTEGER NOT NULL, id BLOB NOT NULL, revision INTEGER NOT NULL,
        created_at INTEGER, created_by BLOB, changed_at INTEGER, changed_by BLOB, archived INTEGER,
        custom TEXT, user_id BLOB, name TEXT, os TEXT, app_version TEXT, state TEXT, number_prefix TEXT,
        row_hash INTEGER, PRIMARY KEY (row_no)) STRICT
    """,
    """
    CREATE TABLE discount_policy (row_no INTEGER NOT NULL, id BLOB NOT NULL, revision INTEGER NOT NULL,
        created_at INTEGER, created_by BLOB, changed_at INTEGER, changed_by BLOB, archived INTEGER,
        custom TEXT, user_id BLOB, role TEXT, family TEXT, max_rate INTEGER, valid_from TEXT, valid_to
        TEXT, row_hash INTEGER, PRIMARY KEY (row_no)) STRICT
    """,
    """
    CREATE TABLE document_line (row_no INTEGER NOT NULL, id BLOB NOT NULL, revision INTEGER NOT
        NULL, created_at INTEGER, created_by BLOB, changed_at INTEGER, changed_by BLOB, archived
        INTEGER, custom TEXT, order_id BLOB, account_id BLOB, seq INTEGER, kind TEXT, product_id BLOB,
        description TEXT, qty INTEGER, uom TEXT, list_price INTEGER, unit_price INTEGER, price_source
        TEXT, discount_rate INTEGER, reason_code TEXT, line_amount INTEGER, shipped_qty INTEGER, erp_ref
        TEXT, row_hash INTEGER, PRIMARY KEY (row_no)) STRICT
    """,
    """
    CREATE TABLE duplicate_candidate (row_no INTEGER NOT NULL, id BLOB NOT NULL, revision INTEGER NOT NULL,
        created_at INTEGER, created_by BLOB, changed_at INTEGER, changed_by BLOB, archived INTEGER,
        custom TEXT, entity TEXT, one_id BLOB, other_id BLOB, account_id BLOB, other_account_id BLOB, score
        INTEGER, reasons TEXT, status TEXT, survivor_id BLOB, take TEXT, decided_by BLOB, decided_at
        INTEGER, row_hash INTEGER, PRIMARY KEY (row_no)) STRICT
    """,
    """
    CREATE TABLE draft (kind TEXT NOT NULL, "key" TEXT NOT NULL, text TEXT NOT NULL, saved_at
        INTEGER NOT NULL, PRIMARY KEY (kind, "key")) STRICT
    """,
    """
    CREATE TABLE number_series (series TEXT NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (series))
        STRICT
    """,
    """
    CREATE TABLE outbox (n INTEGER NOT NULL, incarnation BLOB NOT NULL, made_at INTEGER NOT NULL,
        command TEXT NOT NULL, label TEXT NOT NULL, change BLOB NOT NULL, state TEXT NOT NULL, revision
        INTEGER NOT NULL, outcome BLOB, base BLOB, PRIMARY KEY (n)) STRICT
    """,
    """
    CREATE TABLE outbox_edit (entity TEXT NOT NULL, row_id BLOB NOT NULL, n INTEGER NOT NULL,
        PRIMARY KEY (entity, row_id, n)) WITHOUT ROWID, STRICT
    """,
    """
    CREATE TABLE past_refusal (n INTEGER NOT NULL, ended_at INTEGER NOT NULL, PRIMARY KEY (n)) STRICT
    """,
    """
    CREATE TABLE price_list (row_no INTEGER NOT NULL, id BLOB NOT NULL, revision INTEGER NOT NULL,
        created_at INTEGER, created_by BLOB, changed_at INTEGER, changed_by BLOB, archived INTEGER,
        custom TEXT, code TEXT, name TEXT, currency TEXT, parent_id BLOB, channel TEXT, valid_from TEXT,
        valid_to TEXT, version INTEGER, tax_included INTEGER, row_hash INTEGER, PRIMARY KEY (row_no))
        STRICT
    """,
    """
    CREATE TABLE price_list_item (row_no INTEGER NOT NULL, id BLOB NOT NULL, revision INTEGER NOT
        NULL, created_at INTEGER, created_by BLOB, changed_at INTEGER, changed_by BLOB, archived
        INTEGER, custom TEXT, price_list_id BLOB, product_id BLOB, account_id BLOB, min_qty INTEGER, uom
        TEXT, price INTEGER, valid_from TEXT, valid_to TEXT, row_hash INTEGER, PRIMARY KEY (row_no))
        STRICT
    """,
    """
    CREATE TABLE product (row_no INTEGER NOT NULL, id BLOB NOT NULL, revision INTEGER NOT NULL,
        created_at INTEGER, created_by BLOB, changed_at INTEGER, changed_by BLOB, archived INTEGER,
        custom TEXT, sku TEXT, name TEXT, description TEXT, family TEXT, supplier TEXT, status TEXT,
        base_uom TEXT, tax_class TEXT, cost_price INTEGER, weight_g INTEGER, serialised INTEGER,
        configurable INTEGER, replaces_id BLOB, erp_ref TEXT, row_hash INTEGER, PRIMARY KEY (row_no))
        STRICT
    """,
    """
    CREATE TABLE product_uom (row_no INTEGER NOT NULL, id BLOB NOT NULL, revision INTEGER NOT NULL,
        created_at INTEGER, created_by BLOB, changed_at INTEGER, changed_by BLOB, archived INTEGER,
        custom TEXT, product_id BLOB, uom TEXT, factor INTEGER, barcode TEXT, sell_multiple INTEGER,
        row_hash INTEGER, PRIMARY KEY (row_no)) STRICT
    """,
    """
    CREATE TABLE handed_change (row_no INTEGER NOT NULL, id BLOB NOT NULL, revision INTEGER NOT NULL,
        created_at INTEGER, created_by BLOB, changed_at INTEGER, changed_by BLOB, archived INTEGER,
        custom TEXT, user_id BLOB, n INTEGER, label TEXT, code TEXT, sentence TEXT, payload TEXT, note TEXT,
        made_at INTEGER, status TEXT, answer TEXT, closed_by TEXT, closed_at INTEGER, row_hash INTEGER,
        PRIMARY KEY (row_no)) STRICT
    """,
    """
    CREATE TABLE proposal (row_no INTEGER NOT NULL, id BLOB NOT NULL, revision INTEGER NOT NULL,
        created_at INTEGER, created_by BLOB, changed_at INTEGER, changed_by BLOB, archived INTEGER,
        custom TEXT, user_id BLOB, device_id BLOB, n INTEGER, entity TEXT, row_id BLOB, field TEXT, value
        TEXT, status TEXT, decided_by BLOB, decided_at INTEGER, row_hash INTEGER, PRIMARY KEY
        (row_no)) STRICT
    """,
    """
    CREATE TABLE refused_change (refused_no INTEGER NOT NULL, n INTEGER NOT NULL, incarnation BLOB
        NOT NULL, made_at INTEGER NOT NULL, command TEXT NOT NULL, label TEXT NOT NULL, change BLOB NOT
        NULL, outcome BLOB NOT NULL, refused_at INTEGER NOT NULL, PRIMARY KEY (refused_no)) STRICT
    """,
    """
    CREATE TABLE sales_order (row_no INTEGER NOT NULL, id BLOB NOT NULL, revision INTEGER NOT NULL,
        created_at INTEGER, created_by BLOB, changed_at INTEGER, changed_by BLOB, archived INTEGER,
        custom TEXT, doc_type TEXT, account_id BLOB, contact_id BLOB, bill_site_id BLOB, ship_site_id
        BLOB, source TEXT, number_local TEXT, number_official TEXT, po_ref TEXT, note TEXT, ordered_on
        TEXT, wanted_on TEXT, shipped_on TEXT, carrier TEXT, priority INTEGER, status TEXT, hold_reasons
        TEXT, reject_reason TEXT, price_list_id BLOB, pricing_date TEXT, currency TEXT, goods_amount
        INTEGER, freight_amount INTEGER, tax_amount INTEGER, total_amount INTEGER, sales_rep_id BLOB,
        erp_ref TEXT, row_hash INTEGER, PRIMARY KEY (row_no)) STRICT
    """,
    """
    CREATE TABLE sync_receipt (receipt_no INTEGER NOT NULL, at INTEGER NOT NULL, way TEXT NOT NULL, code
        TEXT NOT NULL, receipt TEXT NOT NULL, changes TEXT NOT NULL, PRIMARY KEY (receipt_no)) STRICT
    """,
    """
    CREATE TABLE written_bundle (bundle_no INTEGER NOT NULL, bundle_id BLOB NOT NULL,
        PRIMARY KEY (bundle_no)) STRICT
    """,
    "CREATE TABLE secret (name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (name)) STRICT",
    """
    CREATE TABLE search_due (due_no INTEGER NOT NULL, entity TEXT NOT NULL, row_no INTEGER NOT NULL, told
        BLOB, PRIMARY KEY (due_no)) STRICT
    """,
    """
    CREATE TABLE sent_log (sent_no INTEGER NOT NULL, n INTEGER NOT NULL, incarnation BLOB NOT NULL,
        made_at INTEGER NOT NULL, command TEXT NOT NULL, label TEXT NOT NULL, change BLOB NOT NULL,
        revision INTEGER NOT NULL, outcome BLOB, PRIMARY KEY (sent_no)) STRICT
    """,
    """
    CREATE TABLE site (row_no INTEGER NOT NULL, id BLOB NOT NULL, revision INTEGER NOT NULL,
        created_at INTEGER, created_by BLOB, changed_at INTEGER, changed_by BLOB, archived INTEGER,
        custom TEXT, account_id BLOB, kind TEXT, site_name TEXT, street TEXT, city TEXT, region TEXT,
        postal_code TEXT, country TEXT, lat INTEGER, lon INTEGER, open_hours TEXT, access_notes TEXT,
        erp_ref TEXT, row_hash INTEGER, PRIMARY KEY (row_no)) STRICT
    """,
    """
    CREATE TABLE stock_level (row_no INTEGER NOT NULL, id BLOB NOT NULL, revision INTEGER NOT NULL,
        created_at INTEGER, created_by BLOB, changed_at INTEGER, changed_by BLOB, archived INTEGER,
        custom TEXT, product_id BLOB, warehouse TEXT, on_hand_qty INTEGER, reserved_qty INTEGER, atp_qty
        INTEGER, on_order_qty INTEGER, reorder_qty INTEGER, as_of INTEGER, row_hash INTEGER, PRIMARY KEY
        (row_no)) STRICT
    """,
    """
    CREATE TABLE sync_state (id INTEGER NOT NULL CHECK (id = 1), device_id BLOB NOT NULL, user_id
        BLOB NOT NULL, server_id BLOB NOT NULL, epoch BLOB NOT NULL, incarnation BLOB NOT NULL, cursor
        BLOB NOT NULL, asked BLOB NOT NULL, login TEXT NOT NULL, user_name TEXT NOT NULL, server_url TEXT NOT NULL,
        fingerprint TEXT NOT NULL, number_prefix TEXT NOT NULL, receipt TEXT NOT NULL, barred TEXT NOT NULL,
        digest_count INTEGER NOT NULL, digest_total INTEGER NOT NULL, highest_n INTEGER NOT NULL, offered_to INTEGER
        NOT NULL, last_sync_at INTEGER NOT NULL, complete INTEGER NOT NULL, revision INTEGER NOT NULL,
        server_schema INTEGER NOT NULL, examined_at INTEGER NOT NULL, in_vain_at INTEGER NOT NULL,
        PRIMARY KEY (id)) STRICT
    """,
    """
    CREATE TABLE territory (row_no INTEGER NOT NULL, id BLOB NOT NULL, revision INTEGER NOT NULL,
        created_at INTEGER, created_by BLOB, changed_at INTEGER, changed_by BLOB, archived INTEGER,
        custom TEXT, name TEXT, code TEXT, parent_id BLOB, kind TEXT, path TEXT, erp_ref TEXT, row_hash
        INTEGER, PRIMARY KEY (row_no)) STRICT
    """,
    """
    CREATE TABLE territory_assignment (row_no INTEGER NOT NULL, id BLOB NOT NULL, revision INTEGER
        NOT NULL, created_at INTEGER, created_by BLOB, changed_at INTEGER, changed_by BLOB, archived
        INTEGER, custom TEXT, user_id BLOB, territory_id BLOB, kind TEXT, valid_from TEXT, valid_to
        TEXT, reason TEXT, row_hash INTEGER, PRIMARY KEY (row_no)) STRICT
    """,
)

INDEXES = (
    "CREATE INDEX outbox_aside ON outbox (n) WHERE state = 'aside'",
    "CREATE UNIQUE INDEX account_by_id ON account (id)",
    """CREATE INDEX account_by_name ON account (archived, name COLLATE "NOCASE", tier, lifecycle, id)""",
    "CREATE INDEX account_contact_by_account_id ON account_contact (account_id)",
    "CREATE UNIQUE INDEX account_contact_by_id ON account_contact (id)",
    "CREATE INDEX account_team_by_account_id ON account_team (account_id)",
    "CREATE UNIQUE INDEX account_team_by_id ON account_team (id)",
    "CREATE INDEX activity_by_account_id ON activity (account_id, archived, happened_at)",
    "CREATE INDEX activity_by_assignee_id ON activity (assignee_id) WHERE account_id IS NULL",
    "CREATE UNIQUE INDEX activity_by_id ON activity (id)",
    "CREATE UNIQUE INDEX app_user_by_id ON app_user (id)",
    "CREATE INDEX ar_document_by_account_id ON ar_document (account_id)",
    "CREATE UNIQUE INDEX ar_document_by_id ON ar_document (id)",
    "CREATE INDEX ar_document_open ON ar_document (account_id) WHERE open_amount > 0",
    """CREATE INDEX conflict_by_account_id ON "conflict" (account_id)""",
    """CREATE UNIQUE INDEX conflict_by_id ON "conflict" (id)""",
    """CREATE INDEX conflict_by_user_id ON "conflict" (user_id) WHERE account_id IS NULL""",
    "CREATE INDEX contact_by_account_id ON contact (account_id)",
    "CREATE UNIQUE INDEX contact_by_id ON contact (id)",
    "CREATE UNIQUE INDEX device_by_id ON device (id)",
    "CREATE INDEX device_by_user_id ON device (user_id)",
    "CREATE UNIQUE INDEX discount_policy_by_id ON discount_policy (id)",
    "CREATE INDEX document_line_by_account_id ON document_line (account_id)",
    "CREATE INDEX duplicate_candidate_by_account_id ON duplicate_candidate (account_id)",
    "CREATE UNIQUE INDEX duplicate_candidate_by_id ON duplicate_candidate (id)",
    "CREATE INDEX duplicate_candidate_by_other_account_id ON duplicate_candidate (other_account_id)",
    "CREATE INDEX account_by_merged_into_id ON account (merged_into_id) WHERE merged_into_id IS NOT NULL",
    "CREATE UNIQUE INDEX document_line_by_id ON document_line (id)",
    "CREATE INDEX document_line_by_order_id ON document_line (order_id)",
    "CREATE UNIQUE INDEX price_list_by_id ON price_list (id)",
    "CREATE UNIQUE INDEX price_list_item_by_id ON price_list_item (id)",
    "CREATE INDEX price_list_item_by_price_list_id ON price_list_item (price_list_id)",
    "CREATE INDEX price_list_item_by_product_id ON price_list_item (product_id)",
    "CREATE UNIQUE INDEX product_by_id ON product (id)",
    "CREATE UNIQUE INDEX product_uom_by_id ON product_uom (id)",
    "CREATE INDEX product_uom_by_product_id ON product_uom (product_id)",
    "CREATE INDEX attachment_by_account_id ON attachment (account_id)",
    "CREATE INDEX attachment_by_activity_id ON attachment (activity_id)",
    "CREATE INDEX attachment_by_contact_id ON attachment (contact_id)",
    "CREATE INDEX attachment_by_order_id ON attachment (order_id)",
    "CREATE INDEX attachment_by_sha256 ON attachment (sha256, archived, created_at, id)",
    "CREATE INDEX attachment_by_site_id ON attachment (site_id)",
    "CREATE INDEX attachment_by_user_id ON attachment (user_id) WHERE account_id IS NULL",
    "CREATE UNIQUE INDEX attachment_by_id ON attachment (id)",
    "CREATE UNIQUE INDEX handed_change_by_id ON handed_change (id)",
    "CREATE INDEX handed_change_by_user_id ON handed_change (user_id)",
    "CREATE UNIQUE INDEX proposal_by_id ON proposal (id)",
    "CREATE INDEX proposal_by_user_id ON proposal (user_id)",
    """
    CREATE INDEX sales_order_by_account_id ON sales_order (account_id, archived, ordered_on, status,
        currency, doc_type, total_amount)
    """,
    "CREATE UNIQUE INDEX sales_order_by_id ON sales_order (id)",
    """
    CREATE INDEX sales_order_by_status ON sales_order (archived, status, ordered_on, pricing_date, account_id)
    """,
    "CREATE INDEX site_by_account_id ON site (account_id)",
    """CREATE INDEX site_by_city ON site (city COLLATE "NOCASE", account_id)""",
    "CREATE UNIQUE INDEX site_by_id ON site (id)",
    "CREATE UNIQUE INDEX stock_level_by_id ON stock_level (id)",
    "CREATE INDEX stock_level_by_product_id ON stock_level (product_id)",
    "CREATE UNIQUE INDEX territory_by_id ON territory (id)",
    "CREATE UNIQUE INDEX territory_assignment_by_id ON territory_assignment (id)",
    "CREATE INDEX territory_assignment_by_territory_id ON territory_assignment (territory_id)",
    "CREATE INDEX territory_assignment_by_user_id ON territory_assignment (user_id)",
)

# What they hold is folded (fieldrep/domain/folding.py): a replica whose words were not must not be gone on with.
SEARCH = (
    """
    CREATE VIRTUAL TABLE product_search USING fts5(sku, name, description, family, supplier,
        content='', columnsize=0, detail=column, prefix='1',
        tokenize='unicode61 remove_diacritics 2')
    """,
    "INSERT INTO product_search(product_search, rank) VALUES ('hashsize', 16777216)",
    "INSERT INTO product_search(product_search, rank) VALUES ('pgsz', 4000)",
    "INSERT INTO product_search(product_search, rank) VALUES ('automerge', 0)",
    "INSERT INTO product_search(product_search, rank) VALUES ('crisismerge', 256)",
    """
    CREATE VIRTUAL TABLE account_search USING fts5(name, number, phone, email, note,
        content='', columnsize=0, detail=column, prefix='1',
        tokenize='unicode61 remove_diacritics 2')
    """,
    "INSERT INTO account_search(account_search, rank) VALUES ('hashsize', 16777216)",
    "INSERT INTO account_search(account_search, rank) VALUES ('pgsz', 4000)",
    "INSERT INTO account_search(account_search, rank) VALUES ('automerge', 0)",
    "INSERT INTO account_search(account_search, rank) VALUES ('crisismerge', 256)",
    """
    CREATE VIRTUAL TABLE contact_search USING fts5(given_name, family_name, job_title, phone, mobile, email,
        content='', columnsize=0, detail=column, prefix='1',
        tokenize='unicode61 remove_diacritics 2')
    """,
    "INSERT INTO contact_search(contact_search, rank) VALUES ('hashsize', 16777216)",
    "INSERT INTO contact_search(contact_search, rank) VALUES ('pgsz', 4000)",
    "INSERT INTO contact_search(contact_search, rank) VALUES ('automerge', 0)",
    "INSERT INTO contact_search(contact_search, rank) VALUES ('crisismerge', 256)",
    """
    CREATE VIRTUAL TABLE activity_search USING fts5(subject, body,
        content='', columnsize=0, detail=column, prefix='1',
        tokenize='unicode61 remove_diacritics 2')
    """,
    "INSERT INTO activity_search(activity_search, rank) VALUES ('hashsize', 16777216)",
    "INSERT INTO activity_search(activity_search, rank) VALUES ('pgsz', 4000)",
    "INSERT INTO activity_search(activity_search, rank) VALUES ('automerge', 0)",
    "INSERT INTO activity_search(activity_search, rank) VALUES ('crisismerge', 256)",
)


def upgrade() -> None:
    """Makes everything in an empty replica."""
    for statement in (*TABLES, *INDEXES, *SEARCH):
        op.execute(statement)
