"""Rows of a spreadsheet as order lines: each is a step of its own, and those that were refused are told by name.

Owns the count of what was refused. It must not know the page.
"""

from collections.abc import Callable, Sequence

from fieldrep.commands.lines import add_order_line
from fieldrep.commands.order_lines import NewLine
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import RowId
from fieldrep.domain.fast_entry import FastEntry, parse_fast_entry, product_and_quantity
from fieldrep.ui.desk import sentence_of
from fieldrep.ui.order.steps import Steps


def add_rows(
    steps: Steps, order_id: RowId, rows: Sequence[Sequence[str]], still_shown: Callable[[], bool]
) -> None:
    """Adds a line for each row: SKU, then a quantity; what was refused is told, with reasons, until it is put away."""
    told: list[str] = []

    def failed(typed: str, error: Exception) -> None:
        told.append(f"{typed}: {sentence_of(error)}")
        if still_shown():
            steps.stand(f"{len(told)} of {len(rows)} pasted rows not added", "\n".join(told))

    for cells in rows:
        typed = " × ".join(cell for cell in cells[:2] if cell)
        entry = _entry(cells)
        if entry.problem:
            failed(typed, KnownError(Code.INVALID_VALUE, entry.problem))
            continue
        steps.run(
            add_order_line,
            failed=lambda error, typed=typed: failed(typed, error),
            order_id=order_id,
            line=NewLine(sku=entry.what, qty=entry.qty),
        )


def _entry(cells: Sequence[str]) -> FastEntry:
    if len(cells) > 1 and cells[0] and cells[1]:
        return product_and_quantity(cells[0], cells[1])
    return parse_fast_entry("".join(cells[:2]))
