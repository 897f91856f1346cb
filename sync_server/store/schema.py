"""The tables of the central store: one per entity, derived from the catalogue, and the machinery beside them.

Owns column types, keys and indexes. Must not know a connection; migrations are written by hand, and a test compares
what they make with these tables.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Index, LargeBinary, MetaData, Table, Text, text
from sqlalchemy.types import TypeEngine

from fieldrep.contract.catalogue import ENTITIES
from fieldrep.contract.entity import Entity
from fieldrep.contract.fields import Field, Kind

METADATA = MetaData()

STORE_COLUMNS = ("created_revision", "scope_key", "row_hash", "run")
"""What the central store keeps of a synced row beside the entity's own columns; `run` is of `runs.py`."""

_TEXT_KINDS = frozenset({Kind.TEXT, Kind.DATE, Kind.CHOICE, Kind.JSON})
_ALWAYS_THERE = frozenset({"id", "revision", "created_at", "changed_at", "archived", "custom"})

LOOKED_UP: dict[str, tuple[str, ...]] = {
    "user": ("login",),
    "device": ("user_id",),
    "account": ("territory_id", "owner_user_id", "number"),
    "account_team": ("user_id",),
    "attachment": ("created_by",),
    "product": ("sku",),
    "conflict": ("row_id",),
    "duplicate_candidate": ("account_id", "other_account_id"),
}
"""Fields by which the server itself looks rows up, beside parents."""

FILLED: dict[str, tuple[str, ...]] = {
    "account": ("merged_into_id", "parent_id", "reseller_id"),
    "contact": ("merged_into_id",),
}
"""Fields by which rows are looked up and that most rows leave empty; an ERP reference is one wherever there is one."""


def column_type(field: Field) -> TypeEngine[Any]:
    """How a field's values are stored on both databases."""
    if field.kind in (Kind.REF, Kind.BYTES):
        return LargeBinary()
    return Text() if field.kind in _TEXT_KINDS else BigInteger()


def scope_stands_for(entity: Entity, field: str) -> bool:
    """Whether the scope key of a row says what the field says, so that the field needs no index of its own."""
    return field == entity.scope.account != "id"


def _indexed_fields(entity: Entity) -> tuple[str, ...]:
    parents = (name for name, field in entity.fields.items() if field.parent)
    wanted = dict.fromkeys((*parents, *LOOKED_UP.get(entity.name, ())))
    return tuple(name for name in wanted if not scope_stands_for(entity, name))


def _table(entity: Entity) -> Table:
    columns = [
        Column(
            field.name,
            column_type(field),
            primary_key=field.name == "id",
            nullable=field.name not in _ALWAYS_THERE,
        )
        for field in entity.columns
    ]
    table = Table(
        entity.table,
        METADATA,
        *columns,
        Column("created_revision", BigInteger(), nullable=False),
        Column("scope_key", LargeBinary(), nullable=False),
        Column("row_hash", BigInteger(), nullable=False),
        Column("run", LargeBinary(), nullable=True),
    )
    Index(f"ix_{entity.table}_revision", table.c.revision, table.c.id)
    Index(f"ix_{entity.table}_scope", table.c.scope_key, table.c.id)
    for name in _indexed_fields(entity):
        Index(f"ix_{entity.table}_{name}", table.c[name])
    for name in (*(("erp_ref",) if "erp_ref" in entity.fields else ()), *FILLED.get(entity.name, ())):
        there = text(f"{name} IS NOT NULL")
        Index(f"ix_{entity.table}_{name}", table.c[name], sqlite_where=there, postgresql_where=there)
    return table


def _whole(name: str, *, key: bool = False, null: bool = False) -> Column[int]:
    return Column(name, BigInteger(), primary_key=key, nullable=null, autoincrement=False)


def _bytes(name: str, *, key: bool = False, null: bool = False) -> Column[bytes]:
    return Column(name, LargeBinary(), primary_key=key, nullable=null)


def _text(name: str, *, key: bool = False, null: bool = False) -> Column[str]:
    return Column(name, Text(), primary_key=key, nullable=null)


TABLES: dict[str, Table] = {entity.name: _table(entity) for entity in ENTITIES}
"""The table of each entity, by the entity's name."""

Table(
    "store_info",
    METADATA,
    _whole("one", key=True),
    _bytes("server_id"),
    _bytes("epoch"),
    _whole("revision"),
    _whole("audit_n"),
    _bytes("audit_hash"),
    _text("settled_on"),
    _whole("made_at"),
    _whole("horizon"),
    _whole("audit_cut"),
    _bytes("audit_cut_hash"),
    _whole("backup_revision"),
    _whole("backup_at"),
    _whole("tidied_at"),
    _whole("history_floor"),
    _whole("history_since"),
    _text("whereabouts"),
    _whole("behind"),
)
TOMBSTONES = Table(
    "tombstone",
    METADATA,
    _whole("revision", key=True),
    _bytes("row_id", key=True),
    _text("entity"),
    _bytes("scope_key"),
)
Index("ix_tombstone_row_id", TOMBSTONES.c.row_id)
Table(
    "row_history",
    METADATA,
    _whole("revision", key=True),
    _bytes("row_id", key=True),
    _text("entity", key=True),
    _bytes("was"),
    sqlite_with_rowid=False,
)
Table("revision_mark", METADATA, _whole("at", key=True), _whole("revision"))
Table("retention_rule", METADATA, _text("name", key=True), _whole("days"))
Table("settled_floor", METADATA, _bytes("device_id", key=True), _bytes("incarnation", key=True), _whole("n"))
Table("entity_clock", METADATA, _text("entity", key=True), _whole("revision"))
LEDGER = Table(
    "scope_ledger",
    METADATA,
    _bytes("user_id", key=True),
    _bytes("scope_key", key=True),
    _whole("gained_revision", key=True),
    _whole("lost_revision", null=True),
)
_held = text("lost_revision IS NULL")
Index(
    "ix_scope_ledger_held",
    LEDGER.c.user_id,
    LEDGER.c.scope_key,
    unique=True,
    sqlite_where=_held,
    postgresql_where=_held,
)
Index(
    "ix_scope_ledger_holders",
    LEDGER.c.scope_key,
    LEDGER.c.user_id,
    unique=True,
    sqlite_where=_held,
    postgresql_where=_held,
)
# by revision first: led by the user it would tempt PostgreSQL away from the index that has the keys in order
Index("ix_scope_ledger_gained", LEDGER.c.gained_revision, LEDGER.c.user_id)
_lost = text("lost_revision IS NOT NULL")
Index(
    "ix_scope_ledger_lost",
    LEDGER.c.user_id,
    LEDGER.c.lost_revision,
    sqlite_where=_lost,
    postgresql_where=_lost,
)
Index(
    "ix_scope_ledger_lost_at",
    LEDGER.c.lost_revision,
    LEDGER.c.user_id,
    sqlite_where=_lost,
    postgresql_where=_lost,
)
# of all the keys a user holds but everybody's, of which the rows count once: in the line of that key itself
Table("user_digest", METADATA, _bytes("user_id", key=True), _whole("count"), _whole("total"))
Table(
    "applied_change",
    METADATA,
    _bytes("device_id", key=True),
    _bytes("incarnation", key=True),
    _whole("n", key=True),
    _whole("revision"),
    _bytes("outcome"),
    _whole("received_at"),
    sqlite_with_rowid=False,
)
Table(
    "refused_change",
    METADATA,
    _bytes("device_id", key=True),
    _bytes("incarnation", key=True),
    _whole("n", key=True),
    _bytes("user_id", null=True),
    _text("code"),
    _bytes("payload"),
    _whole("received_at"),
)
Table(
    "audit_entry",
    METADATA,
    _whole("n", key=True),
    _whole("at"),
    _bytes("user_id", null=True),
    _bytes("device_id", null=True),
    _text("actor"),
    _text("action"),
    _text("result"),
    _text("entity"),
    _bytes("row_id", null=True),
    _text("detail"),
    _bytes("hash"),
    sqlite_with_rowid=False,
)
CREDENTIAL = Table(
    "device_credential",
    METADATA,
    _bytes("device_id", key=True),
    _bytes("user_id"),
    _text("token_prefix"),
    _bytes("token_hash"),
    _bytes("public_key"),
    _whole("made_at"),
    _whole("revoked_at", null=True),
    _text("revoked_why", null=True),
    _whole("locked_at", null=True),
)
Index("ix_device_credential_prefix", CREDENTIAL.c.token_prefix, unique=True)
Table(
    "device_contact",
    METADATA,
    _bytes("device_id", key=True),
    _whole("seen_at"),
    _whole("revision"),
    _whole("digest_count", null=True),
    _whole("digest_total", null=True),
    _bytes("incarnation"),
    _whole("highest_n"),
    _text("app_version"),
    _whole("clock_skew_ms"),
    _whole("waiting"),
    _whole("settled_to"),
    _whole("pushed_from"),
)
Table(
    "device_position",
    METADATA,
    _bytes("device_id", key=True),
    _whole("at", key=True),
    _whole("shown"),
    _whole("given"),
    _whole("whole"),
    _whole("schema"),
    _whole("told_at"),
    _whole("digest_count", null=True),
    _whole("digest_total", null=True),
)
Table(
    "device_wipe",
    METADATA,
    _bytes("device_id", key=True),
    _text("manner"),
    _bytes("signature"),
    _whole("ordered_at"),
    _whole("wiped_at", null=True),
    _text("destroyed", null=True),
)
FORMERS = Table(
    "device_former",
    METADATA,
    _bytes("device_id", key=True),
    _bytes("former_id"),
    _bytes("incarnation"),
    _whole("brought", null=True),
)
Index("ix_device_former_former_id", FORMERS.c.former_id)
Table(
    "restoration",
    METADATA,
    _bytes("epoch", key=True),
    _whole("at"),
    _whole("revision"),
    _whole("knew_all"),
)
Table(
    "store_behind",
    METADATA,
    _bytes("device_id", key=True),
    _whole("shown"),
    _whole("present"),
    _whole("noted_at"),
)
Table(
    "known_before",
    METADATA,
    _bytes("row_id", key=True),
    _text("kind"),
    _bytes("server_id"),
    _text("login"),
    _text("name"),
    _text("why", null=True),
    _whole("seen_at", null=True),
    _whole("locked"),
    _whole("noted_at"),
    _bytes("heir_id", null=True),
)
Table(
    "device_return",
    METADATA,
    _bytes("epoch", key=True),
    _bytes("device_id", key=True),
    _bytes("incarnation"),
    _whole("answered_to"),
    _whole("newest"),
    _bytes("refused"),
    _whole("seen_at"),
)
Table(
    "returned_change",
    METADATA,
    _bytes("epoch", key=True),
    _bytes("device_id", key=True),
    _whole("n", key=True),
    _text("command"),
    _text("result"),
    _text("entity"),
    _bytes("row_id", null=True),
    _whole("at"),
    _bytes("edits"),
)
Table(
    "row_after_backup",
    METADATA,
    _bytes("epoch", key=True),
    _text("entity", key=True),
    _bytes("row_id", key=True),
    _bytes("device_id"),
    _whole("revision"),
    _whole("changed_at"),
    _bytes("changed_by", null=True),
    _text("label"),
    _bytes("held"),
)
Table(
    "enrollment_code",
    METADATA,
    _bytes("code_hash", key=True),
    _bytes("user_id"),
    _whole("made_at"),
    _whole("expires_at"),
    _whole("used_at", null=True),
    _bytes("device_id", null=True),
)
Table("bundle_key", METADATA, _whole("one", key=True), _bytes("seed"))
Table("file_body", METADATA, _bytes("row_id", key=True), _bytes("sha256"), _whole("size"))
Table("file_part", METADATA, _bytes("holder", key=True), _whole("at", key=True), _bytes("part"))
Table("file_quota", METADATA, _text("name", key=True), _whole("bytes"))
Table("import_image", METADATA, _bytes("row_id", key=True), _bytes("image"))
Table("number_series", METADATA, _text("name", key=True), _whole("last"))
Table("duplicate_key", METADATA, _text("name", key=True), _bytes("row_id", key=True), sqlite_with_rowid=False)
MERGES = Table(
    "merge_log",
    METADATA,
    _bytes("id", key=True),
    _text("entity"),
    _bytes("survivor_id"),
    _bytes("merged_id"),
    _text("actor"),
    _bytes("user_id", null=True),
    _whole("at"),
    _whole("revision"),
    _bytes("images"),
    _whole("undone_at", null=True),
)
Index("ix_merge_log_merged_id", MERGES.c.merged_id)
Index("ix_merge_log_survivor_id", MERGES.c.survivor_id)
