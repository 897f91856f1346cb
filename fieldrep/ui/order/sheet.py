"""How an order reads: its header, the cells of its lines, the steps of a price, its totals. Pure words and tones.

Amounts come from the query as `domain` computed them; nothing is added up here.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, tzinfo

from fieldrep.contract.counts import counted
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import MILLIONTH
from fieldrep.domain import discounts
from fieldrep.domain.money import (
    divide_rounded,
    format_amount,
    format_millionths,
    minor_digits,
    parse_amount,
    parse_millionths,
    typed_number,
)
from fieldrep.queries.order_entry import OrderEntry, OrderHead, OrderLine
from fieldrep.queries.orders import OrderChip, OrderRow, OrderSort
from fieldrep.queries.product_hits import ProductHit
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.gridmodel import Cell, Column, GridRow
from fieldrep.ui.widgets.recordheader import HeaderView
from fieldrep.ui.widgets.recordlist import ListWords
from fieldrep.ui.widgets.rows import RowView
from fieldrep.ui.words import clock_time, day_and_time, money, quantity, sentence_case, short_day

WORDS = ListWords("order", "orders", "Search number, reference, customer")
CHIPS = (
    (OrderChip.ALL.value, "All"),
    (OrderChip.DRAFTS.value, "Drafts"),
    (OrderChip.OPEN.value, "Open"),
    (OrderChip.HELD.value, "Held"),
    (OrderChip.DONE.value, "Done"),
    (OrderChip.CHANGED_HERE.value, "Unsent"),
)
SORTS = (
    (OrderSort.NEWEST.value, "Newest first"),
    (OrderSort.CUSTOMER.value, "Customer  A–Z"),
    (OrderSort.TOTAL.value, "Highest total"),
    (OrderSort.WANTED.value, "Delivery day"),
)
CAPS = (
    ("Enter", "next cell"),
    ("Ctrl D", "same discount"),
    ("F4", "why this price"),
    ("Del", "remove line"),
    ("Ctrl Enter", "submit"),
)
COLUMNS = (
    Column("seq", "#", 44, hide_below=640),
    Column("sku", "SKU", 95),
    Column("product", "Product"),
    Column("qty", "Qty", 64, numeric=True, editable=True),
    Column("unit", "Unit", 66, editable=True),
    Column("list", "List", 82, numeric=True, hide_below=860),
    Column("discount", "Discount", 84, numeric=True, editable=True, hide_below=560),
    Column("net", "Net", 82, numeric=True, hide_below=740),
    Column("stock", "Stock", 104, numeric=True, hide_below=540),
    Column("total", "Line total", 110, numeric=True),
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
    return discounts.percent(rate) if rate else "–"


def parse_quantity(text: str) -> int:
    """A quantity in millionths as a person types it, with a point or a comma."""
    return parse_millionths(typed_number(text, "Quantity"), "Quantity")


def line_values(column: str, text: str) -> dict[str, int | str]:
    """What is to be changed in a line when something is typed in one of its cells.

    Raises:
        KnownError: `invalid_value`.
    """
    if column == "unit":
        return {"uom": text}
    return (
        {"qty": parse_quantity(text)} if column == "qty" else {"discount_rate": discounts.parse_percent(text)}
    )


def row_view(row: OrderRow, today: date) -> RowView:
    """One order in two lines."""
    day = row.ordered_on or row.wanted_on
    facts = (
        row.number,
        short_day(day, today) if day else "",
        counted(row.line_count, "line"),
        _reference(row.po_ref),
    )
    return RowView(
        key=row.id,
        title=row.account or row.number,
        meta="  ·  ".join(fact for fact in facts if fact),
        value=money(row.total_amount, row.currency),
        flag=_row_flag(row),
        flag_tone=(Tone.DANGER if row.conflicts or row.refused else status_tone(row.status)).value,
        waiting=row.waiting,
    )


def _row_flag(row: OrderRow) -> str:
    """The order's state, unless something in it needs a person first."""
    if row.conflicts:
        return counted(row.conflicts, "conflict")
    return f"{row.refused} refused" if row.refused else sentence_case(row.status)


def _reference(po_ref: str) -> str:
    """The customer's own number, with what it is unless that is part of it."""
    return po_ref if not po_ref or not po_ref[0].isdigit() else f"PO {po_ref}"


def header_view(head: OrderHead, today: date, zone: tzinfo) -> HeaderView:
    """The order's name, its state and since when it is saved, and the facts around it."""
    facts = (
        head.account,
        f"Deliver {short_day(head.wanted_on, today)}" if head.wanted_on else "",
        head.ship_to,
        _reference(head.po_ref),
    )
    begun = head.editable and head.id is not None
    saved = ((f"Saved {clock_time(head.saved_at, zone)}", Tone.SUCCESS),) if begun else ()
    count = f"{head.refused_changes} refused" if head.refused_changes else ""
    refused = (("Refused" if head.refused else count, Tone.DANGER),) if head.refused or count else ()
    badges = ((sentence_case(head.status), status_tone(head.status)), *refused, *saved)
    name = f"Order {head.number}" if head.number else "New order"
    return HeaderView(
        name, tuple(fact for fact in facts if fact), badges, waiting=head.waiting and not head.refused
    )


def grid_row(line: OrderLine, number: int, currency: str, as_of: str, *, limit: int | None = None) -> GridRow:
    """The cells of one line; a shortage, a price that moved and a discount past a limit are said in words and tone."""
    discount = Cell(percent(line.discount_rate), edit=format_millionths(line.discount_rate * 100))
    if limit is not None and line.discount_rate > limit:
        discount = replace(discount, tone=Tone.WARNING, tip=f"Your limit here is {discounts.percent(limit)}.")
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
            Cell(line.uom, choices=line.units, tip=_unit_tip(line.units)),
            Cell(unit_money(line.list_price, currency)),
            discount,
            net,
            _stock_cell(line, as_of),
            Cell(money(line.amount, currency)),
        ),
    )


def _unit_tip(units: Sequence[str]) -> str:
    return f"Sold by: {', '.join(units)}." if len(units) > 1 else ""


def _stock_cell(line: OrderLine, as_of: str) -> Cell:
    if line.available_qty is None:
        return Cell("–", tip="No stock is known for this product.")
    tip = f"Available as of {as_of}, less what your other unsent lines take."
    if line.short:
        left = quantity(_thousandths(max(0, line.available_qty)))
        return Cell(f"{left} of {quantity(line.qty)}", Tone.DANGER, tip=tip)
    if line.available_qty < 0:
        return Cell("0", Tone.DANGER, tip=f"{tip} More of it is ordered than there is.")
    return Cell(quantity(_thousandths(line.available_qty)), Tone.SUCCESS, tip=tip)


def _thousandths(qty: int) -> int:
    """A quantity that came of another unit, as much of it as is read: no more than there is."""
    return qty // 1_000 * 1_000


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


def further_words(line: OrderLine, currency: str) -> str:
    """The next quantity break, or that the list moved since; "" when there is nothing to add."""
    if line.priced is None or line.price_source == "manual":
        return ""
    if line.price_changed:
        return f"The price list now says {unit_money(line.priced.unit_price, currency)}."
    further = line.priced.next_break
    if further is None:
        return ""
    least = -_thousandths(-further.min_qty)
    return f"From {quantity(least)} {line.uom} it is {unit_money(further.price, currency)}."


def hit_row(hit: ProductHit) -> RowView:
    """A product as the fast field offers it: what it costs this customer, what there is of it."""
    many = f"{quantity(hit.qty)} {hit.uom}" if hit.qty != MILLIONTH else f"per {hit.uom}"
    if hit.available_qty is None:
        flag, tone = "stock not known", "text3"
    elif hit.available_qty >= hit.qty:
        flag, tone = f"{quantity(hit.available_qty)} in stock", Tone.SUCCESS.value
    else:
        flag, tone = f"only {quantity(max(0, hit.available_qty))} in stock", Tone.DANGER.value
    return RowView(
        key=hit.id,
        title=hit.name,
        meta=f"{hit.sku}  ·  {many}",
        value=unit_money(hit.price, hit.currency) if hit.price is not None else "no price",
        flag=flag,
        flag_tone=tone,
    )


def pasted_rows(text: str) -> list[list[str]]:
    """Rows and cells as a spreadsheet copies them, without empty ones."""
    rows = [[cell.strip() for cell in row.split("\t")] for row in text.replace("\r\n", "\n").split("\n")]
    return [cells for cells in rows if any(cells)]


def as_of_words(moment: int | None, today: date, zone: tzinfo) -> str:
    """How old a figure is."""
    return day_and_time(moment, today, zone) if moment else "an unknown time"


def stock_words(entry: OrderEntry, today: date, zone: tzinfo) -> str:
    """How old the stock beside the lines is."""
    known = any(line.available_qty is not None for line in entry.lines)
    return f"Stock as of {as_of_words(entry.stock_as_of, today, zone)}" if known else ""


def last_order(rows: Sequence[OrderRow], head: OrderHead) -> OrderRow | None:
    """The newest earlier order of the customer worth copying."""
    dead = {"draft", "cancelled", "rejected"}
    return next(
        (row for row in rows if row.id != head.id and row.line_count and row.status not in dead), None
    )


def copy_words(row: OrderRow, today: date) -> str:
    """The button that copies an order: which, from when, how much it is."""
    day = f" of {short_day(row.ordered_on, today)}" if row.ordered_on else ""
    return f"Copy last order{day}, {counted(row.line_count, 'line')}"


def head_texts(head: OrderHead, freight_amount: int) -> dict[str, str]:
    """The head fields as they are written."""
    return {
        "wanted_on": head.wanted_on.isoformat() if head.wanted_on else "",
        "freight_amount": format_amount(freight_amount, head.currency),
        "po_ref": head.po_ref,
    }


def head_value(key: str, text: str, currency: str) -> object:
    """The value that the text of a head field stands for.

    Raises:
        KnownError: `invalid_value`, when it cannot be read.
    """
    if key == "freight_amount":
        return parse_amount(typed_number(text, "Freight") or "0", currency, "Freight")
    if key != "wanted_on" or not text:
        return text or None
    for form in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            return datetime.strptime(text, form).date().isoformat()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise KnownError(Code.INVALID_VALUE, f"“{text[:20]}” is not a day; write it like 2026-11-30.")


def far_above_words(entry: OrderEntry) -> str:
    """That an order is far above what was ordered before, a sentence; "" when it is not."""
    before = entry.far_above
    if before is None:
        return ""
    total, highest = (
        money(amount, entry.head.currency) for amount in (entry.totals.total_amount, before.amount)
    )
    whose = "this customer's highest order" if before.of_customer else "the highest order here lately"
    return f"{total} is far above {whose}, {highest}."


def _units(millionths: int | None) -> str:
    """How many units in all; nothing where cases and pallets would have to be added up."""
    if millionths is None:
        return ""
    return f", {quantity(millionths)} {'unit' if millionths == MILLIONTH else 'units'}"


def total_rows(entry: OrderEntry) -> list[tuple[str, str]]:
    """The sums above the total."""
    totals, currency = entry.totals, entry.head.currency
    rows = [
        (
            f"{counted(totals.line_count, 'line')}{_units(totals.units)}",
            money(totals.goods_amount, currency),
        ),
        ("Freight", money(totals.freight_amount, currency)),
    ]
    if totals.tax_amount:
        rows.append(("Tax", money(totals.tax_amount, currency)))
    return rows
