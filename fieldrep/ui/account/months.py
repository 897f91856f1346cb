"""Sales month by month: the words and the table behind the line in the tile, for whoever cannot read a line.

Owns both forms of the same numbers, so that they cannot differ.
"""

from collections.abc import Sequence
from datetime import date

from fieldrep.queries.account import SalesTile
from fieldrep.ui.style.fonts import scaled
from fieldrep.ui.widgets.gridmodel import Cell, Column, GridRow
from fieldrep.ui.widgets.table import Table
from fieldrep.ui.words import NOTHING, money, short_money, sign_of

_MONTHS = tuple(f"{date(2000, month, 1):%b}" for month in range(1, 13))


def sales_words(sales: SalesTile, currency: str, months: int) -> str:
    """ "Sales by month: Jan € 1,200, last year € 900; Feb …" for the months that have begun."""
    told = [
        f"{_MONTHS[at]} {money(sales.months[at], currency, cents=False)}, "
        f"last year {money(sales.months_before[at], currency, cents=False)}"
        for at in range(months)
    ]
    return f"Sales by month: {'; '.join(told)}"


class MonthsTable(Table):
    """This year and the last, a column a month; months to come stay empty."""

    def __init__(self) -> None:
        columns = [
            Column("year", "", 84),
            *(Column(f"m{at}", word, numeric=True) for at, word in enumerate(_MONTHS)),
        ]
        super().__init__(columns, name="account_months", label="Sales by month")
        self.hide()

    def set(self, sales: SalesTile, currency: str, today: date) -> None:
        years = ((today.year, sales.months, today.month), (today.year - 1, sales.months_before, 12))
        self.set_rows([_row(year, sums, shown, currency) for year, sums, shown in years])
        rows = 2 * self.verticalHeader().defaultSectionSize()
        self.setFixedHeight(scaled(34) + rows + 2)


def _row(year: int, sums: Sequence[int], shown: int, currency: str) -> GridRow:
    cells = [
        Cell(_short(amount, currency), tip=money(amount, currency)) if at < shown else Cell("")
        for at, amount in enumerate(sums)
    ]
    return GridRow(year, (Cell(f"{year}, {sign_of(currency)}"), *cells))


def _short(amount: int, currency: str) -> str:
    """Without the currency's sign, which stands at the head of the row."""
    return short_money(amount, currency).replace(f"{sign_of(currency)} ", "") if amount else NOTHING
