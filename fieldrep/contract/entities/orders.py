"""Orders with their lines, the discount people may give on them, and the receivable documents that follow from them."""

from __future__ import annotations

from fieldrep.contract.entities.people import ROLES
from fieldrep.contract.entity import ScopeRule, declare
from fieldrep.contract.fields import INT64_MAX, MILLIONTH, A, E, Field, Kind, Merge, S
from fieldrep.contract.shapes import Shape

ORDER_STATES = (
    "draft",
    "submitted",
    "received",
    "held",
    "confirmed",
    "exported",
    "part_shipped",
    "completed",
    "cancel_requested",
    "cancelled",
    "rejected",
)
MAX_QUANTITY = 1_000_000_000 * MILLIONTH


@declare(
    "sales_order",
    title="Order",
    scope=ScopeRule(account="account_id"),
    label=("number_official", "number_local"),
    merge=Merge.DRAFT,
)
class SalesOrder:
    """What a customer orders. A draft belongs to its author; from submitting on, moves are guarded."""

    doc_type = Field(Kind.CHOICE, options=("order", "return", "blanket"), default="order", fixed=True)
    account_id = Field(Kind.REF, "Account", to="account", required=True, parent=True, fixed=True)
    contact_id = Field(Kind.REF, "Contact", to="contact")
    bill_site_id = Field(Kind.REF, "Bill to", to="site")
    ship_site_id = Field(Kind.REF, "Ship to", to="site")
    source = Field(Kind.CHOICE, options=("rep", "tech", "partner", "web", "edi"), default="rep", fixed=True)
    number_local = Field(Kind.TEXT, "Our number", maximum=40, fixed=True)
    number_official = Field(Kind.TEXT, "Number", maximum=40, merge=Merge.SERVER, writers=S | E)
    po_ref = Field(Kind.TEXT, "Customer's reference", maximum=60)
    note = Field(Kind.TEXT, maximum=5_000)
    ordered_on = Field(Kind.DATE)
    wanted_on = Field(Kind.DATE, "Wanted")
    shipped_on = Field(Kind.DATE, writers=S | E, merge=Merge.SERVER)
    carrier = Field(Kind.TEXT, maximum=120, writers=S | E, merge=Merge.SERVER)
    priority = Field(Kind.INTEGER, minimum=0, maximum=9, default=5)
    status = Field(Kind.CHOICE, required=True, options=ORDER_STATES, merge=Merge.GUARDED, default="draft")
    hold_reasons = Field(Kind.JSON, maximum=5_000, merge=Merge.SERVER, writers=S | E, default="[]")
    reject_reason = Field(Kind.TEXT, "Why rejected", maximum=500, merge=Merge.SERVER, writers=S | A)
    price_list_id = Field(Kind.REF, "Price list", to="price_list")
    pricing_date = Field(Kind.DATE)
    currency = Field(Kind.TEXT, required=True, maximum=3, minimum=3, shape=Shape.CURRENCY)
    goods_amount = Field(Kind.AMOUNT, "Goods", default=0, help="The sum of the lines.")
    freight_amount = Field(Kind.AMOUNT, "Freight", minimum=0, default=0)
    tax_amount = Field(Kind.AMOUNT, "Tax", default=0)
    total_amount = Field(Kind.AMOUNT, "Total", default=0, help="Goods, freight and tax.")
    sales_rep_id = Field(Kind.REF, "Taken by", to="user", writers=S | A | E, merge=Merge.SERVER)
    erp_ref = Field(Kind.TEXT, "ERP reference", maximum=60, writers=S | A | E, merge=Merge.SERVER)


@declare(
    "document_line",
    title="Line",
    scope=ScopeRule(account="account_id"),
    label=("description",),
    merge=Merge.DRAFT,
)
class DocumentLine:
    """One line of an order. It carries the order's account, so that its scope needs no second look."""

    order_id = Field(Kind.REF, "Order", to="sales_order", required=True, parent=True, fixed=True)
    account_id = Field(Kind.REF, "Account", to="account", required=True, parent=True, fixed=True)
    seq = Field(Kind.INTEGER, "Position", required=True, minimum=1, maximum=100_000)
    kind = Field(Kind.CHOICE, options=("item", "text"), default="item", fixed=True)
    product_id = Field(Kind.REF, "Product", to="product")
    description = Field(Kind.TEXT, maximum=200)
    qty = Field(Kind.QUANTITY, "Quantity", required=True, minimum=0, maximum=MAX_QUANTITY, default=0)
    uom = Field(Kind.TEXT, "Unit", maximum=20)
    list_price = Field(Kind.PRICE, minimum=0, default=0)
    unit_price = Field(Kind.PRICE, "Price", minimum=0, default=0)
    price_source = Field(
        Kind.CHOICE, options=("list", "customer", "promo", "manual", "contract"), default="list"
    )
    discount_rate = Field(Kind.RATE, "Discount", minimum=0, maximum=MILLIONTH, default=0)
    reason_code = Field(Kind.TEXT, maximum=60)
    line_amount = Field(
        Kind.AMOUNT, "Amount", default=0, help="Quantity times price less discount, rounded once."
    )
    shipped_qty = Field(Kind.QUANTITY, "Shipped", merge=Merge.SERVER, writers=S | E, default=0)
    erp_ref = Field(Kind.TEXT, "ERP reference", maximum=60, writers=S | A | E, merge=Merge.SERVER)


@declare(
    "discount_policy",
    plural="Discount policies",
    label=("role", "family"),
    merge=Merge.SERVER,
    writers=A | S,
)
class DiscountPolicy:
    """How much discount a person, or everybody of a role, may give; everybody sees it, so that it counts offline."""

    user_id = Field(Kind.REF, "Person", to="user", fixed=True)
    role = Field(Kind.CHOICE, options=ROLES, fixed=True, help="Where it is for no person.")
    family = Field(Kind.TEXT, "Product family", maximum=120, fixed=True, help="Empty for every product.")
    max_rate = Field(Kind.RATE, "Highest discount", required=True, minimum=0, maximum=MILLIONTH)
    valid_from = Field(Kind.DATE)
    valid_to = Field(Kind.DATE, help="The last day it holds; empty for no end.")


@declare(
    "ar_document",
    title="Receivable document",
    scope=ScopeRule(account="account_id"),
    label=("number",),
    merge=Merge.SERVER,
    writers=E | S | A,
)
class ArDocument:
    """A receivable document of the ERP: an invoice, a credit note, a payment, a claim."""

    account_id = Field(Kind.REF, "Account", to="account", required=True, parent=True, fixed=True)
    kind = Field(
        Kind.CHOICE, required=True, options=("invoice", "credit", "payment", "claim"), default="invoice"
    )
    number = Field(Kind.TEXT, required=True, maximum=60)
    issued_on = Field(Kind.DATE)
    due_on = Field(Kind.DATE)
    currency = Field(Kind.TEXT, required=True, maximum=3, minimum=3, shape=Shape.CURRENCY)
    amount = Field(Kind.AMOUNT, required=True, minimum=-INT64_MAX)
    open_amount = Field(Kind.AMOUNT, "Open", default=0)
    order_ref = Field(Kind.TEXT, "Order", maximum=60)
    dispute_state = Field(Kind.CHOICE, options=("none", "disputed", "settled"), default="none")
    as_of = Field(Kind.INSTANT)
