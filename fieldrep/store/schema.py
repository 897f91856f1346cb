"""The replica's tables as SQLAlchemy sees them: one per entity, read from the catalogue, and the machinery.

Owns the names and types of columns, indexes and search tables. Hot paths use the texts of `statements.py` instead;
only the making of a new replica imports this module, because SQLAlchemy is slow to load.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.types import TypeEngine

from fieldrep.contract.catalogue import ENTITIES, searched_fields
from fieldrep.contract.entity import Entity
from fieldrep.contract.fields import Field, Kind
from fieldrep.store.search import MOST_BEFORE_JOIN

REPLICA_VERSION = 1
"""Kept in the file's `user_version`; counts up with each Alembic revision of the replica."""

HEAD = "0001"
"""The Alembic revision that `REPLICA_VERSION` stands for."""

SEARCH_BYTES = 16 * 1024 * 1024
"""Memory in which a page's search entries are gathered before they become a segment; segments are joined when idle."""

SEARCH_LEAF = 4_000
"""Bytes of a leaf of a search table: with its key it fills one page of the file, and what was larger would take two."""

metadata = MetaData()


def _type(field: Field) -> TypeEngine[Any]:
    if field.kind in (Kind.REF, Kind.BYTES):
        return LargeBinary()
    return Text() if field.kind in (Kind.TEXT, Kind.CHOICE, Kind.DATE, Kind.JSON) else Integer()


_FURTHER_COLUMNS = {
    "activity_by_account_id": ("archived", "happened_at"),
    "sales_order_by_account_id": ("archived", "ordered_on", "status", "currency", "doc_type", "total_amount"),
}
"""Columns that make an index on a parent also answer a screen's question about that parent without its rows."""


def _entity_table(entity: Entity) -> Table:
    columns: list[Column[object]] = [Column("row_no", Integer, primary_key=True)]
    columns += [
        Column(field.name, _type(field), nullable=field.name not in ("id", "revision"))
        for field in entity.columns
    ]
    columns.append(Column("row_hash", Integer))
    table = Table(entity.table, metadata, *columns, sqlite_strict=True)
    Index(f"{entity.table}_by_id", table.c.id, unique=True)
    scope = entity.scope
    for field in entity.fields.values():
        name = f"{entity.table}_by_{field.name}"
        if field.parent:
            Index(name, table.c[field.name], *(table.c[more] for more in _FURTHER_COLUMNS.get(name, ())))
        elif scope.user == field.name:
            # a person's own rows, which leave with him: those of an account go with that
            own = table.c[scope.account].is_(None) if scope.account else None
            Index(name, table.c[field.name], sqlite_where=own)
    return table


TABLES: dict[str, Table] = {entity.name: _entity_table(entity) for entity in ENTITIES}
"""The table of each entity, by the entity's name."""

# The accounts list by name or city without reading the accounts, and what is still open without reading what is paid.
Index(
    "account_by_name",
    TABLES["account"].c.archived,
    TABLES["account"].c.name.collate("NOCASE"),
    *(TABLES["account"].c[name] for name in ("tier", "lifecycle", "id")),
)
Index(
    "sales_order_by_status",
    *(
        TABLES["sales_order"].c[name]
        for name in ("archived", "status", "ordered_on", "pricing_date", "account_id")
    ),
)
Index(
    "account_by_merged_into_id",
    TABLES["account"].c.merged_into_id,
    sqlite_where=TABLES["account"].c.merged_into_id.is_not(None),
)
for _side in ("account_id", "other_account_id"):
    Index(f"duplicate_candidate_by_{_side}", TABLES["duplicate_candidate"].c[_side])
Index(
    "attachment_by_sha256",
    *(TABLES["attachment"].c[name] for name in ("sha256", "archived", "created_at", "id")),
)
Index("site_by_city", TABLES["site"].c.city.collate("NOCASE"), TABLES["site"].c.account_id)
Index(
    "ar_document_open",
    TABLES["ar_document"].c.account_id,
    sqlite_where=TABLES["ar_document"].c.open_amount > 0,
)

Table(
    "sync_state",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1"), primary_key=True),
    *(
        Column(name, LargeBinary, nullable=False)
        for name in ("device_id", "user_id", "server_id", "epoch", "incarnation", "cursor", "asked")
    ),
    *(
        Column(name, Text, nullable=False)
        for name in ("login", "user_name", "server_url", "fingerprint", "number_prefix", "receipt", "barred")
    ),
    *(
        Column(name, Integer, nullable=False)
        for name in (
            "digest_count",
            "digest_total",
            "highest_n",
            "offered_to",
            "last_sync_at",
            "complete",
            "revision",
            "server_schema",
            "examined_at",
            "in_vain_at",
        )
    ),
    sqlite_strict=True,
)
Table(
    "outbox",
    metadata,
    Column("n", Integer, primary_key=True),
    Column("incarnation", LargeBinary, nullable=False),
    Column("made_at", Integer, nullable=False),
    Column("command", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("change", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("outcome", LargeBinary),
    Column("base", LargeBinary),
    sqlite_strict=True,
)
Index("outbox_aside", metadata.tables["outbox"].c.n, sqlite_where=text("state = 'aside'"))
Table(
    "outbox_edit",
    metadata,
    Column("entity", Text, nullable=False),
    Column("row_id", LargeBinary, nullable=False),
    Column("n", Integer, nullable=False),
    PrimaryKeyConstraint("entity", "row_id", "n"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
# Images are large, so they are appended; in a table kept in order of its key each would move its neighbours. That
# of the one row a save edits lies in its outbox entry (`base`) until anything but a save is written.
Table(
    "base_row",
    metadata,
    Column("entity", Text, nullable=False),
    Column("row_id", LargeBinary, nullable=False),
    Column("standing", Integer, nullable=False),
    Column("image", LargeBinary),
    Column("moved_to", LargeBinary),
    PrimaryKeyConstraint("row_id", "entity"),
    sqlite_strict=True,
)
# Appended and emptied as a whole: a save writes the last page alone.
Table(
    "search_due",
    metadata,
    Column("due_no", Integer, primary_key=True, nullable=False),
    Column("entity", Text, nullable=False),
    Column("row_no", Integer, nullable=False),
    Column("told", LargeBinary),
    sqlite_strict=True,
)
Table(
    "sent_log",
    metadata,
    Column("sent_no", Integer, primary_key=True),
    Column("n", Integer, nullable=False),
    Column("incarnation", LargeBinary, nullable=False),
    Column("made_at", Integer, nullable=False),
    Column("command", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("change", LargeBinary, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("outcome", LargeBinary),
    sqlite_strict=True,
)
Table(
    "refused_change",
    metadata,
    Column("refused_no", Integer, primary_key=True),
    Column("n", Integer, nullable=False),
    Column("incarnation", LargeBinary, nullable=False),
    Column("made_at", Integer, nullable=False),
    Column("command", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("change", LargeBinary, nullable=False),
    Column("outcome", LargeBinary, nullable=False),
    Column("refused_at", Integer, nullable=False),
    sqlite_strict=True,
)
Table(
    "past_refusal",
    metadata,
    Column("n", Integer, primary_key=True, nullable=False),
    Column("ended_at", Integer, nullable=False),
    sqlite_strict=True,
)
Table(
    "number_series",
    metadata,
    Column("series", Text, primary_key=True, nullable=False),
    Column("last", Integer, nullable=False),
    sqlite_strict=True,
)
Table(
    "draft",
    metadata,
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("saved_at", Integer, nullable=False),
    PrimaryKeyConstraint("kind", "key"),
    sqlite_strict=True,
)
Table(
    "file_body",
    metadata,
    Column("sha256", Text, primary_key=True, nullable=False),
    Column("size", Integer, nullable=False),
    Column("held", Integer, nullable=False),
    Column("whole", Integer, nullable=False),
    sqlite_strict=True,
)
Table(
    "file_part",
    metadata,
    Column("sha256", Text, nullable=False),
    Column("at", Integer, nullable=False),
    Column("part", LargeBinary, nullable=False),
    PrimaryKeyConstraint("sha256", "at"),
    sqlite_strict=True,
)
Table(
    "file_upload",
    metadata,
    Column("row_id", LargeBinary, primary_key=True, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("sent", Integer, nullable=False),
    Column("refused", Text, nullable=False),
    sqlite_strict=True,
)
Table(
    "file_wish",
    metadata,
    Column("row_id", LargeBinary, primary_key=True, nullable=False),
    Column("asked_at", Integer, nullable=False),
    sqlite_strict=True,
)
Table(
    "file_spent",
    metadata,
    Column("day", Text, nullable=False),
    Column("metered", Integer, nullable=False),
    Column("bytes", Integer, nullable=False),
    PrimaryKeyConstraint("day", "metered"),
    sqlite_strict=True,
)
Table(
    "sync_receipt",
    metadata,
    Column("receipt_no", Integer, primary_key=True),
    Column("at", Integer, nullable=False),
    Column("way", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("receipt", Text, nullable=False),
    Column("changes", Text, nullable=False),
    sqlite_strict=True,
)
Table(
    "written_bundle",
    metadata,
    Column("bundle_no", Integer, primary_key=True),
    Column("bundle_id", LargeBinary, nullable=False),
    sqlite_strict=True,
)
Table(
    "secret",
    metadata,
    Column("name", Text, primary_key=True, nullable=False),
    Column("value", Text, nullable=False),
    sqlite_strict=True,
)


def search_table_ddl(entity: Entity) -> str:
    """The full-text table of an entity: no copy of the text, one document per row under its `row_no`.

    Nothing is kept per row, so that a save writes three pages of it in place of eight: what a row said before is given
    to take its words out again, and no length of it is known to rank by.
    """
    columns = ", ".join(field.name for field in searched_fields(entity))
    return (
        f"CREATE VIRTUAL TABLE {entity.table}_search USING fts5({columns}, content='', columnsize=0, "
        "detail=column, prefix='1', tokenize='unicode61 remove_diacritics 2')"
    )


@cache
def creation_statements() -> tuple[str, ...]:
    """Every statement that makes a new, empty replica of the present version."""
    known = sqlite_dialect()
    texts = [str(CreateTable(table).compile(dialect=known)).strip() for table in metadata.sorted_tables]
    texts += [
        str(CreateIndex(index).compile(dialect=known)).strip()
        for table in metadata.sorted_tables
        for index in sorted(table.indexes, key=lambda index: str(index.name))
    ]
    for entity in ENTITIES:
        if searched_fields(entity):
            name = f"{entity.table}_search"
            texts.append(search_table_ddl(entity))
            settings = (
                f"'hashsize', {SEARCH_BYTES}",
                f"'pgsz', {SEARCH_LEAF}",
                "'automerge', 0",
                f"'crisismerge', {MOST_BEFORE_JOIN}",
            )
            texts += [f"INSERT INTO {name}({name}, rank) VALUES ({setting})" for setting in settings]  # noqa: S608
    return tuple(texts)
