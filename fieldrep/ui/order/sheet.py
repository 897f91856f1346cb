"""How an order reads: its header, the cells of its lines, the steps of a price, its totals. Pure words and tones.

Amounts come from the query as `domain` computed them; nothing is added up here.
"""

from datetime import date, tzinfo

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import MILLIONTH
from fieldrep.domain.money import divide_rounded, format_millionths, minor_digits, parse_millionths
from fieldrep.queries.order_entry import OrderEntry, OrderHead, OrderLine, ProductHit
from fieldrep.queries.orders import OrderChip, OrderRow
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.gridmodel import Cell, Column, GridRow
from fieldrep.ui.widgets.recordheader import HeaderView
from fieldrep.ui.widgets.recordlist import ListWords
from fieldrep.ui.widgets.rows import RowView
from fieldrep.ui.words import clock_time, money, plural, quantity, sentence_case, short_day

WORDS = ListWords("order", "orders", "Search number, reference, customer")
CHIPS = (
    (OrderChip.ALL.value, "All"),
    (OrderChip.DRAFTS.value, "Drafts"),
    (OrderChip.OPEN.value, "Open"),
    (OrderChip.HELD.value, "Held"),
    (OrderChip.DONE.value, "Done"),
    (OrderChip.CHANGED_HERE.value, "Unsent"),
)
SORTS = (("newest", "Newest first"),)
COLUMNS = (
    Column("seq", "#", 40),
    Column("sku", "SKU", 92),
    Column("product", "Product"),
    Column("qty", "Qty", 62, numeric=True, editable=True),
    Column("unit", "Unit", 62),
    Column("list", "List", 86, numeric=True, hide_below=860),
    Column("discount", "Discount", 88, numeric=True, editable=True),
    Column("net", "Net", 86, numeric=True),
    Column("stock", "Stock", 82, numeric=True),
    Column("total", "Line total", 104, numeric=True),
)
_TONES = {
    "draft": Tone.NEUTRAL,
    "submitted": Tone.INFO,
    "received": Tone.INFO,
    "confirmed": Tone.SUCCESS,
    "completed": Tone.SUCCESS,
    "held": Tone.WARNING,
    "cancel_requested": Tone.WARNING,
    "cancelled": Tone.DANGER,
    "rejected": Tone.DANGER,
}


def status_tone(status: str) -> Tone:
    """The tone that goes with a state; the word always stands beside it."""
    return _TONES.get(status, Tone.INFO)


def unit_money(price: int, currency: str) -> str:
    """A unit price in millionths, rounded to the currency's smallest unit for showing."""
    return money(divide_rounded(price * 10 ** minor_digits(currency), MILLIONTH), currency)


def percent(rate: int) -> str:
    """ "8 %", "2.5 %"; nothing for no discount."""
    return f"{format_millionths(rate * 100)} %" if rate else "–"


def parse_percent(text: str) -> int:
    """A discount in millionths from “5”, “5 %” or “2,5”.

    Raises:
        KnownError: `invalid_value`, outside 0 to 100.
    """
    typed = text.replace("%", "").replace(",", ".").strip() or "0"
    rate = parse_millionths(typed, "Discount") // 100
    if not 0 <= rate <= MILLIONTH:
        raise KnownError(Code.INVALID_VALUE, "Discount: give a number of percent from 0 to 100.")
    return rate


def parse_quantity(text: str) -> int:
    """A quantity in millionths as a person types it, with a point or a comma."""
    return parse_millionths(text.replace(",", "."), "Quantity")


def row_view(row: OrderRow, today: date) -> RowView:
    """One order in two lines."""
    day = row.ordered_on or row.wanted_on
    facts = (row.account, short_day(day, today) if day else "", plural(row.line_count, "line"), row.po_ref)
    return RowView(
        key=row.id,
        title=row.number or "Order",
        meta="  ·  ".join(fact for fact in facts if fact),
        value=money(row.total_amount, row.currency),
        flag=sentence_case(row.status),
        flag_tone=status_tone(row.status).value,
        waiting=row.waiting,
    )


def header_view(head: OrderHead, today: date, zone: tzinfo) -> HeaderView:
    """The order's name, its state and since when it is saved, and the facts around it."""
    facts = (
        head.account,
        f"Deliver {short_day(head.wanted_on, today)}" if head.wanted_on else "",
        head.ship_to,
        f"PO {head.po_ref}" if head.po_ref else "",
    )
    saved = ((f"Saved {clock_time(head.saved_at, zone)}", Tone.SUCCESS),) if head.editable else ()
    badges = ((sentence_case(head.status), status_tone(head.status)), *saved)
    name = f"Order {head.number}" if head.number else "New order"
    return HeaderView(name, tuple(fact for fact in facts if fact), badges, waiting=head.waiting)


def grid_row(line: OrderLine, number: int, currency: str, as_of: str) -> GridRow:
    """The cells of one line; a shortage and a price that moved are said in words and tone."""
    discount = Cell(percent(line.discount_rate), edit=format_millionths(line.discount_rate * 100))
    net = Cell(unit_money(line.net_price, currency))
    if line.price_changed and line.priced is not None:
        now = unit_money(line.priced.unit_price, currency)
        net = Cell(net.text, Tone.WARNING, tip=f"The price list now says {now}.")
    return GridRow(
        line.id,
        (
            Cell(str(number)),
            Cell(line.sku),
            Cell(line.description, tip=line.description),
            Cell(quantity(line.qty), edit=format_millionths(line.qty)),
            Cell(line.uom),
            Cell(unit_money(line.list_price, currency)),
            discount,
            net,
            _stock_cell(line, as_of),
            Cell(money(line.amount, currency)),
        ),
    )


def _stock_cell(line: OrderLine, as_of: str) -> Cell:
    if line.available_qty is None:
        return Cell("–", tip="No stock is known for this product.")
    tip = f"Available as of {as_of}, less what your other unsent lines take."
    if line.short:
        left = quantity(max(0, line.available_qty))
        return Cell(f"{left} of {quantity(line.qty)}", Tone.DANGER, tip=tip)
    return Cell(quantity(line.available_qty), Tone.SUCCESS, tip=tip)


def price_steps(line: OrderLine, currency: str) -> list[tuple[str, str]]:
    """Why the current line costs what it does, one rule a row, from the list price down."""
    steps: list[tuple[str, str]] = []
    if line.priced is not None and line.price_source != "manual":
        steps = [(step.text, unit_money(step.price, currency)) for step in line.priced.trace]
    if line.price_source == "manual":
        steps.append(("Price given by hand", unit_money(line.unit_price, currency)))
    if line.discount_rate:
        steps.append(("Your discount", f"– {percent(line.discount_rate)}"))
    return steps


def hit_words(hit: ProductHit) -> str:
    """A product as the fast field offers it."""
    price = unit_money(hit.price, hit.currency) if hit.price is not None else "no price"
    stock = f"{quantity(hit.available_qty)} in stock" if hit.available_qty is not None else "stock not known"
    return f"{hit.sku}   {hit.name}   {price} / {hit.uom}   {stock}"


def total_rows(entry: OrderEntry) -> list[tuple[str, str]]:
    """The sums above the total."""
    totals, currency = entry.totals, entry.head.currency
    rows = [
        (
            f"{plural(totals.line_count, 'line')}, {quantity(totals.units)} units",
            money(totals.goods_amount, currency),
        ),
        ("Freight", money(totals.freight_amount, currency)),
    ]
    if totals.tax_amount:
        rows.append(("Tax", money(totals.tax_amount, currency)))
    return rows
