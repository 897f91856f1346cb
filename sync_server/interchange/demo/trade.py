"""What the customers of the demo company bought and owe: orders with lines, invoices, a few credits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from fieldrep.contract.fields import MILLIONTH
from fieldrep.domain.money import line_amount
from sync_server.interchange.demo.customers import Customer
from sync_server.interchange.demo.goods import Article
from sync_server.interchange.demo.world import World, cents

DAYS_OF_ORDERS = 180
DAYS_OF_INVOICES = 100
FREE_FREIGHT_FROM = 25_000
FREIGHT = 1_500
ORDERS_IN_180_DAYS = {"key": (5, 8), "growth": (2, 4), "standard": (0, 2)}


@dataclass(frozen=True, slots=True)
class Sale:
    """One order to be made."""

    day: date
    customer: Customer


def make_trade(world: World, customers: list[Customer], articles: list[Article]) -> None:
    """Orders in the order of their days, with running numbers, and what was invoiced for them."""
    sales = [
        Sale(world.working_day(-world.between(0, DAYS_OF_ORDERS)), customer)
        for customer in customers
        if customer.lifecycle in ("customer", "partner")
        for _ in range(world.between(*ORDERS_IN_180_DAYS[customer.tier]))
    ]
    sales.sort(key=lambda sale: (sale.day, sale.customer.key))
    usual = {customer.key: world.some(articles, 14) for customer in customers}
    for number, sale in enumerate(sales, 100_001):
        _order(world, f"SO-{number}", sale, usual[sale.customer.key])


def _order(world: World, number: str, sale: Sale, usual: list[Article]) -> None:
    customer, age = sale.customer, (world.today - sale.day).days
    status = _status(world, age)
    shipped = _next_working_day(sale.day) if status in ("completed", "part_shipped") else None
    goods = _lines(world, number, customer, usual, status)
    freight = 0 if goods >= FREE_FREIGHT_FROM else FREIGHT
    world.make(
        "sales_order",
        number,
        account_id=customer.key,
        contact_id=customer.contacts[0][0],
        bill_site_id=f"{customer.key} bill",
        ship_site_id=customer.ship_site,
        source="rep" if world.chance(70) else world.pick(("web", "edi")),
        number_official=number,
        po_ref=f"PO {world.digits(5)}" if world.chance(30) else None,
        ordered_on=sale.day.isoformat(),
        wanted_on=_next_working_day(sale.day).isoformat(),
        shipped_on=shipped.isoformat() if shipped else None,
        carrier="Own lorry" if world.chance(80) else "Polder Logistics",
        status=status,
        price_list_id=customer.price_list,
        pricing_date=sale.day.isoformat(),
        currency="EUR",
        freight_amount=freight,
        sales_rep_id=customer.owner,
        erp_ref=number,
    )
    if status == "completed" and age <= DAYS_OF_INVOICES and shipped:
        _invoice(world, number, customer, shipped, goods + freight)


def _status(world: World, age: int) -> str:
    if age > 12:
        return "cancelled" if world.chance(1) else "completed"
    if age > 4:
        return "part_shipped" if world.chance(10) else "completed"
    return world.pick(("received", "confirmed", "confirmed", "exported"))


def _lines(world: World, number: str, customer: Customer, usual: list[Article], status: str) -> int:
    """The lines of an order, mostly what the customer always takes; gives the sum of their amounts."""
    total = 0
    for seq, article in enumerate(world.some(usual, world.between(2, 7)), 1):
        quantity = world.pick((1, 1, 2, 2, 3, 4, 5, 6, 8, 10, 12, 20))
        price = article.price_on(customer.price_list, quantity)
        discount = world.pick((20_000, 30_000, 50_000, 75_000)) if world.chance(12) else 0
        shipped = quantity if status == "completed" or (status == "part_shipped" and seq == 1) else 0
        world.make(
            "document_line",
            f"{number} {seq}",
            order_id=number,
            seq=seq,
            product_id=article.sku,
            description=article.name,
            qty=quantity * MILLIONTH,
            uom=article.uom,
            list_price=cents(price),
            unit_price=cents(price),
            price_source="list",
            discount_rate=discount,
            reason_code="volume agreement" if discount else None,
            shipped_qty=shipped * MILLIONTH,
        )
        total += line_amount(quantity * MILLIONTH, cents(price), discount, "EUR")
    return total


def _invoice(world: World, order: str, customer: Customer, issued: date, amount: int) -> None:
    due = issued + timedelta(days=customer.term_days)
    late = (world.today - due).days
    is_open = late < 0 or (late < 45 and world.chance(14))
    part_paid = is_open and world.chance(8)
    world.make(
        "ar_document",
        f"invoice {order}",
        account_id=customer.key,
        kind="invoice",
        number=f"RE-{order.removeprefix('SO-')}",
        issued_on=issued.isoformat(),
        due_on=due.isoformat(),
        currency="EUR",
        amount=amount,
        open_amount=(amount // 2 if part_paid else amount) if is_open else 0,
        order_ref=order,
        dispute_state="disputed" if late > 14 and is_open and world.chance(20) else "none",
        as_of=world.last_night(),
    )
    if world.chance(2):
        world.make(
            "ar_document",
            f"credit {order}",
            account_id=customer.key,
            kind="credit",
            number=f"GS-{order.removeprefix('SO-')}",
            issued_on=_next_working_day(issued).isoformat(),
            currency="EUR",
            amount=-amount // 10,
            open_amount=0,
            order_ref=order,
            as_of=world.last_night(),
        )


def _next_working_day(day: date) -> date:
    return day + timedelta(days={4: 3, 5: 2}.get(day.weekday(), 1))
