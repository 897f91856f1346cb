"""What the command palette finds: records of several kinds by a few letters, and recent ones for an empty field.

Owns the ranking between kinds of records. Commands and actions are the window's own; it must not know them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fieldrep.contract.entities.accounts import ACTIVITY_KINDS
from fieldrep.contract.ids import RowId
from fieldrep.queries.cells import joined, maybe_ref, ref, text
from fieldrep.queries.matching import key_list, matches
from fieldrep.queries.merged import with_survivors
from fieldrep.queries.orders import OrdersQuestion, find_orders, order_rows
from fieldrep.store.reader import Reader


@dataclass(frozen=True, slots=True)
class PaletteHit:
    """One record; `account_id` is the account to open for what belongs to one."""

    entity: str
    id: RowId
    title: str
    detail: str
    account_id: RowId | None


@dataclass(frozen=True, slots=True)
class PaletteGroup:
    """Hits under a heading, best first."""

    heading: str
    hits: tuple[PaletteHit, ...]


EACH = 5
"""Hits shown of each kind of record."""

_CITY = """(SELECT s.city FROM site AS s WHERE s.account_id = a.id AND s.archived = 0
    ORDER BY s.kind = 'bill' DESC, s.kind = 'ship' DESC, s.row_no LIMIT 1)"""
_ACCOUNTS = f"""
SELECT a.row_no, a.id, a.name, {_CITY}, a.tier, a.id FROM account AS a
WHERE a.row_no IN (SELECT value FROM json_each(?)) AND a.archived = 0
"""  # noqa: S608 - made of the constants above
_CONTACTS = """
SELECT c.row_no, c.id, trim(coalesce(c.given_name, '') || ' ' || c.family_name), c.job_title, a.name, a.id
FROM contact AS c LEFT JOIN account AS a ON a.id = c.account_id
WHERE c.row_no IN (SELECT value FROM json_each(?)) AND c.archived = 0
"""
_PRODUCTS = """
SELECT p.row_no, p.id, p.name, p.sku, p.family, NULL FROM product AS p
WHERE p.row_no IN (SELECT value FROM json_each(?)) AND p.archived = 0
"""
_ACTIVITIES = """
SELECT x.row_no, x.id, x.subject, x.kind, a.name, a.id
FROM activity AS x LEFT JOIN account AS a ON a.id = x.account_id
WHERE x.row_no IN (SELECT value FROM json_each(?)) AND x.archived = 0
"""
_KEYS_OF = {
    "account": "SELECT row_no FROM account WHERE id = ?",
    "contact": "SELECT row_no FROM contact WHERE id = ?",
    "product": "SELECT row_no FROM product WHERE id = ?",
    "activity": "SELECT row_no FROM activity WHERE id = ?",
    "sales_order": "SELECT row_no FROM sales_order WHERE id = ?",
}
# Reads its index alone; nobody opens the palette to wait.
_LATEST = """
SELECT account_id, max(happened_at) FROM activity
WHERE archived = 0 AND account_id IS NOT NULL GROUP BY account_id ORDER BY 2 DESC LIMIT ?
"""
_SEARCHED = (
    ("account", "Accounts", _ACCOUNTS),
    ("contact", "Contacts", _CONTACTS),
    ("product", "Products", _PRODUCTS),
    ("activity", "Activities", _ACTIVITIES),
)


def find_records(reader: Reader, *, typed: str, each: int = EACH) -> tuple[PaletteGroup, ...]:
    """Records that answer a few letters: accounts, contacts, orders, products, activities; at most `each` of a kind."""
    if not typed.strip():
        return ()
    groups = []
    for entity, heading, sql in _SEARCHED:
        keys = matches(reader, entity, typed, limit=each * 4).keys
        keys = with_survivors(reader, keys) if entity == "account" else keys
        groups.append(PaletteGroup(heading, _hits(reader, entity, sql, keys)[:each]))
    found = find_orders(reader, question=OrdersQuestion(typed))
    groups.insert(2, PaletteGroup("Orders", _orders(reader, found.keys[:each])))
    return tuple(group for group in groups if group.hits)


def recent_records(
    reader: Reader, *, opened: Sequence[tuple[str, RowId]] = (), limit: int = 8
) -> tuple[PaletteGroup, ...]:
    """What an empty palette offers: the records opened last; before any was, the accounts of the newest activities."""
    records = list(dict.fromkeys(opened))[:limit]
    if not records:
        records = [("account", ref(row[0])) for row in reader.rows(_LATEST, (limit,))]
    hits = [hit for entity, row_id in records for hit in _one(reader, entity, row_id)]
    return (PaletteGroup("Recent", tuple(hits)),) if hits else ()


def _one(reader: Reader, entity: str, row_id: RowId) -> tuple[PaletteHit, ...]:
    if entity not in _KEYS_OF:
        return ()
    keys = tuple(row[0] for row in reader.rows(_KEYS_OF[entity], (row_id,)))
    if entity == "sales_order":
        return _orders(reader, keys)
    return _hits(reader, entity, {name: sql for name, _, sql in _SEARCHED}[entity], keys)


def _hits(reader: Reader, entity: str, sql: str, keys: Sequence[int]) -> tuple[PaletteHit, ...]:
    found = {row[0]: row for row in reader.rows(sql, (key_list(keys),))}
    return tuple(
        PaletteHit(
            entity=entity,
            id=ref(row[1]),
            title=text(row[2]),
            detail=joined(_word(row[3]), _word(row[4]), by=" · "),
            account_id=maybe_ref(row[5]),
        )
        for row in (found[key] for key in keys if key in found)
    )


def _word(value: object) -> str:
    """Choices as people read them; other texts stay as they are."""
    tiers = {"key": "Key account", "growth": "Growth", "standard": "Standard"}
    word = text(value)
    return word.replace("_", " ").capitalize() if word in ACTIVITY_KINDS else tiers.get(word, word)


def _orders(reader: Reader, keys: Sequence[int]) -> tuple[PaletteHit, ...]:
    return tuple(
        PaletteHit(
            entity="sales_order",
            id=row.id,
            title=joined(row.number, row.account, by=" "),
            detail=row.status.replace("_", " ").capitalize(),
            account_id=row.account_id,
        )
        for row in order_rows(reader, keys=keys)
    )
