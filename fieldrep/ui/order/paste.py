"""Rows of a spreadsheet as order lines: each is a command of its own, and those that were refused are told by name.

Owns the count of what was refused. It must not know the page.
"""

from collections.abc import Sequence

from fieldrep.commands.lines import add_order_line
from fieldrep.commands.order_lines import NewLine
from fieldrep.contract.ids import RowId
from fieldrep.domain.fast_entry import parse_fast_entry
from fieldrep.ui.desk import sentence_of
from fieldrep.ui.runner import Runner
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.banner import Banner


def add_rows(
    runner: Runner,
    order_id: RowId,
    rows: Sequence[Sequence[str]],
    problem: Banner,
) -> None:
    """Adds a line for each row: SKU, then a quantity; `problem` says what was not added, with reasons."""
    told: list[str] = []

    def failed(typed: str, error: Exception) -> None:
        told.append(f"{typed}: {sentence_of(error)}")
        problem.say(f"{len(told)} of {len(rows)} pasted rows not added", "\n".join(told), Tone.DANGER)

    for cells in rows:
        typed = " × ".join(cell for cell in cells[:2] if cell)
        entry = parse_fast_entry(typed)
        runner.command(
            add_order_line,
            failed=lambda error, typed=typed: failed(typed, error),
            order_id=order_id,
            line=NewLine(sku=entry.what, qty=entry.qty),
        )
