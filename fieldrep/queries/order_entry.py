"""Order entry: an order with its lines, prices explained, totals and stock, and which discounts go past a limit.

Owns what the order page says. Prices and totals come from `domain`, so that page, command and server agree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, tzinfo
from typing import Any

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.fields import Value
from fieldrep.contract.ids import RowId
from fieldrep.domain.days import day_of
from fieldrep.domain.discounts import Hold, holds_of
from fieldrep.domain.money import net_price
from fieldrep.domain.orders import DEVICE_MOVES, EDITABLE_STATES, order_totals
from fieldrep.domain.pricing import Priced
from fieldrep.queries.authority import Authority, authority_of, manager_of
from fieldrep.queries.cells import day, joined, maybe_ref, ref, text, whole
from fieldrep.queries.marks import refused_records, waiting_rows
from fieldrep.queries.stock import Stock, in_units, stock_of
from fieldrep.queries.usual_orders import HighestBefore, far_above
from fieldrep.store.moved import leaving_sentence
from fieldrep.store.outgoing.correcting import reason_of
from fieldrep.store.reader import Reader
from fieldrep.store.reads.draft_writers import writes_in_draft
from fieldrep.store.reads.prices import PriceBook


@dataclass(frozen=True, slots=True)
class OrderHead:
    """The head of an order; texts are "" where nothing is known.

    Attributes:
        id: None while nothing was entered in it, so that there is no order yet.
        number: the official one, else the one made here.
        editable: lines and head fields may still be changed by this person.
        read_only_reason: why not, a sentence; "" when editable.
        moves: states this device may move it to now.
        saved_at: the last change, for “Saved 08:47”.
        refused: why the office refused what is being corrected here and not yet sent again; "" when it is not.
        holds: why the office holds it.
        reject_reason: why the office rejected it, "" where it did not.
        refused_changes: how many changes to it the office refused, which wait to be looked at.
    """

    id: RowId | None
    number: str
    number_local: str
    doc_type: str
    status: str
    account_id: RowId
    account: str
    contact: str
    bill_to: str
    ship_to: str
    bill_site_id: RowId | None
    ship_site_id: RowId | None
    contact_id: RowId | None
    po_ref: str
    note: str
    ordered_on: date | None
    wanted_on: date | None
    pricing_date: date | None
    price_list: str
    currency: str
    taken_by: str
    editable: bool
    read_only_reason: str
    moves: frozenset[str]
    saved_at: int
    waiting: bool
    refused: str
    holds: tuple[Hold, ...] = ()
    reject_reason: str = ""
    refused_changes: int = 0


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line: quantities and prices in millionths, amount in minor units.

    Attributes:
        priced: what the price list says today, with its explanation; None for text lines or without a price.
        price_changed: the list now says another price than the line carries.
        available_qty: available to promise less what other unsent lines here take; None when no stock is known.
        short: the line asks for more than is available.
        units: what the product is sold by, its own unit first.
    """

    id: RowId
    seq: int
    kind: str
    product_id: RowId | None
    sku: str
    description: str
    qty: int
    uom: str
    list_price: int
    unit_price: int
    net_price: int
    price_source: str
    discount_rate: int
    amount: int
    shipped_qty: int
    priced: Priced | None
    price_changed: bool
    available_qty: int | None
    stock_as_of: int | None
    short: bool
    waiting: bool
    units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderTotalsRow:
    """The sums below the lines, in minor units; `units` in millionths, None where the lines count different ones."""

    line_count: int
    units: int | None
    goods_amount: int
    freight_amount: int
    tax_amount: int
    total_amount: int


@dataclass(frozen=True, slots=True)
class OrderEntry:
    """Everything the order page shows.

    Attributes:
        problems: sentences that stand against submitting.
        authority: whose discount is judged until the office has the order.
    """

    head: OrderHead
    lines: tuple[OrderLine, ...]
    totals: OrderTotalsRow
    problems: tuple[str, ...]
    stock_as_of: int | None
    far_above: HighestBefore | None = None
    authority: Authority = field(default_factory=Authority)


_NAMES = """
SELECT a.name, p.code, u.name, c.given_name, c.family_name, b.street, b.city, s.street, s.city,
    (SELECT user_id FROM sync_state), w.name
FROM sales_order AS o
    LEFT JOIN account AS a ON a.id = o.account_id
    LEFT JOIN price_list AS p ON p.id = o.price_list_id
    LEFT JOIN app_user AS u ON u.id = coalesce(o.sales_rep_id, o.created_by)
    LEFT JOIN app_user AS w ON w.id = o.created_by
    LEFT JOIN contact AS c ON c.id = o.contact_id
    LEFT JOIN site AS b ON b.id = o.bill_site_id
    LEFT JOIN site AS s ON s.id = o.ship_site_id
WHERE o.id = ?
"""
_LINES = """
SELECT l.id, l.seq, l.kind, l.product_id, p.sku, coalesce(l.description, p.name), l.qty, l.uom, l.list_price,
    l.unit_price, l.price_source, l.discount_rate, l.line_amount, l.shipped_qty, p.base_uom, p.status,
    coalesce(u.factor, 1000000), p.family
FROM document_line AS l
    LEFT JOIN product AS p ON p.id = l.product_id
    LEFT JOIN product_uom AS u ON u.product_id = l.product_id AND u.uom = l.uom AND u.archived = 0
WHERE l.order_id = ? AND l.archived = 0 ORDER BY l.seq, l.id
"""


def order_entry(reader: Reader, *, order_id: RowId, now: int, zone: tzinfo) -> OrderEntry | None:
    """The page of an order, None when the replica does not hold it."""
    order = reader.row("sales_order", order_id)
    if order is None:
        return None
    today, names = day_of(now, zone), reader.rows(_NAMES, (order_id,))[0]
    waiting = order_id in waiting_rows(reader, "sales_order")
    mine = writes_in_draft(reader.rows, names[9], order, now)
    head = head_of(order, names, mine=mine, waiting=waiting, refused=_refused(reader, order_id))
    reason = head.read_only_reason or leaving_sentence(reader.driver, "sales_order", order_id)
    refused_changes = refused_records(reader)[order_id]
    head = replace(head, refused_changes=refused_changes, read_only_reason=reason, editable=not reason)
    raw = reader.rows(_LINES, (order_id,))
    lines = _lines(reader, order, head, raw, today)
    totals = order_totals(
        order,
        [{"kind": row[2], "qty": row[6], "unit_price": row[9], "discount_rate": row[11]} for row in raw],
    )
    items = [line for line in lines if line.kind == "item"]
    return OrderEntry(
        head=head,
        lines=lines,
        totals=OrderTotalsRow(
            line_count=len(items),
            units=sum(line.qty for line in items) if len({line.uom for line in items}) < 2 else None,
            goods_amount=totals.goods_amount,
            freight_amount=totals.freight_amount,
            tax_amount=totals.tax_amount,
            total_amount=totals.total_amount,
        ),
        problems=problems_of(head, items, raw, today) if head.editable else (),
        stock_as_of=min((line.stock_as_of for line in items if line.stock_as_of is not None), default=None),
        far_above=far_above(reader, order, totals.total_amount) if head.editable else None,
        authority=_authority(reader, order, head, raw, today),
    )


def _authority(
    reader: Reader, order: Mapping[str, Value], head: OrderHead, raw: Sequence[Sequence[Any]], today: date
) -> Authority:
    """What this person may give in an order the office has not judged yet; of one it holds, who decides."""
    if head.status == "held":
        return Authority(manager=manager_of(reader, order["sales_rep_id"]))
    if not head.editable and head.status != "submitted":
        return Authority()
    names = ("id", "seq", "kind", "product_id", "discount_rate")
    lines = [dict(zip(names, (*row[:4], row[11]), strict=True)) | {"archived": 0} for row in raw]
    return authority_of(reader, lines, {row[3]: row[17] for row in raw}, today)


def head_of(
    order: Mapping[str, Value], names: Sequence[object], *, mine: bool, waiting: bool, refused: str
) -> OrderHead:
    """The head of an order, from its row and what the records it points to are called."""
    status = text(order["status"])
    reason = _read_only_reason(order, status, mine=mine, author=text(names[10]))
    return OrderHead(
        id=maybe_ref(order["id"]),
        number=text(order["number_official"]) or text(order["number_local"]),
        number_local=text(order["number_local"]),
        doc_type=text(order["doc_type"]),
        status=status,
        account_id=ref(order["account_id"]),
        account=text(names[0]),
        contact=joined(names[3], names[4], by=" "),
        bill_to=joined(names[5], names[6]),
        ship_to=joined(names[7], names[8]),
        bill_site_id=maybe_ref(order["bill_site_id"]),
        ship_site_id=maybe_ref(order["ship_site_id"]),
        contact_id=maybe_ref(order["contact_id"]),
        po_ref=text(order["po_ref"]),
        note=text(order["note"]),
        ordered_on=day(order["ordered_on"]),
        wanted_on=day(order["wanted_on"]),
        pricing_date=day(order["pricing_date"]),
        price_list=text(names[1]),
        currency=text(order["currency"]),
        taken_by=text(names[2]),
        editable=not reason,
        read_only_reason=reason,
        moves=DEVICE_MOVES.get(status, frozenset()),
        saved_at=whole(order["changed_at"]),
        waiting=waiting,
        refused=refused,
        holds=holds_of(order["hold_reasons"]),
        reject_reason=text(order["reject_reason"]),
    )


def _refused(reader: Reader, order_id: RowId) -> str:
    """Why the office refused what is being corrected, with the field's name."""
    reason = reason_of(reader.driver, (order_id,))
    if reason is None:
        return ""
    known = reason.entity in CATALOGUE and CATALOGUE[reason.entity].has(reason.field)
    title = CATALOGUE[reason.entity].field(reason.field).title if known else ""
    return f"{title}: {reason.sentence}" if title and title not in reason.sentence else reason.sentence


def _read_only_reason(order: Mapping[str, Value], status: str, *, mine: bool, author: str) -> str:
    if order["archived"]:
        return "This order is archived; restore it first."
    if status not in EDITABLE_STATES:
        return f"This order is already {status.replace('_', ' ')}; ask the office for a change to it."
    if not mine:
        return f"This is a draft of {author or 'a colleague'}; only its author may change it."
    return ""


def _lines(
    reader: Reader, order: Mapping[str, Value], head: OrderHead, raw: Sequence[Sequence[object]], today: date
) -> tuple[OrderLine, ...]:
    book = PriceBook.of_account(
        reader.rows,
        head.account_id,
        head.pricing_date or today,
        currency=head.currency,
        price_list=maybe_ref(order["price_list_id"]),
    )
    stock = stock_of(reader, {ref(row[3]) for row in raw if row[3] is not None})
    waiting = waiting_rows(reader, "document_line")
    return tuple(_line(row, book, stock.get(ref(row[3])), waiting, head.editable) for row in raw)


def _line(
    row: Sequence[object], book: PriceBook, stock: Stock | None, waiting: frozenset[bytes], editable: bool
) -> OrderLine:
    line_id, product_id = ref(row[0]), maybe_ref(row[3])
    qty, uom, unit_price = whole(row[6]), text(row[7]), whole(row[9])
    base_uom = text(row[14]) or "pc"
    priced = book.price(product_id, qty, uom, base_uom) if product_id else None
    available = in_units(stock.available(but=line_id), whole(row[16])) if stock else None
    listed = priced is not None and text(row[10]) != "manual"
    return OrderLine(
        id=line_id,
        seq=whole(row[1]),
        kind=text(row[2]),
        product_id=product_id,
        sku=text(row[4]),
        description=text(row[5]),
        qty=qty,
        uom=uom,
        list_price=whole(row[8]),
        unit_price=unit_price,
        net_price=net_price(unit_price, whole(row[11])),
        price_source=text(row[10]),
        discount_rate=whole(row[11]),
        amount=whole(row[12]),
        shipped_qty=whole(row[13]),
        priced=priced,
        price_changed=editable and listed and priced is not None and priced.unit_price != unit_price,
        available_qty=available,
        stock_as_of=stock.as_of if stock else None,
        short=editable and available is not None and available < qty,
        waiting=line_id in waiting,
        units=(base_uom, *sorted(book.units(product_id))) if product_id else (),
    )


def problems_of(
    head: OrderHead, items: Sequence[OrderLine], raw: Sequence[Sequence[object]], today: date
) -> tuple[str, ...]:
    """What stands against submitting, a sentence each."""
    sentences = []
    if not items:
        sentences.append("Add a product; an order without lines cannot be submitted.")
    sentences += [
        f"{row[4]} {row[5]} is discontinued; remove line {row[1]}."
        for row in raw
        if row[15] == "discontinued"
    ]
    if head.wanted_on is not None and head.wanted_on < today:
        sentences.append(f"The wanted day {head.wanted_on.isoformat()} has passed; choose a later one.")
    return tuple(sentences)
