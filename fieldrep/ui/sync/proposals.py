"""The Proposals tab of the Sync page: what was entered on records that had moved, to whom, what became of it."""

from collections.abc import Sequence
from datetime import date, tzinfo

from PySide6.QtWidgets import QVBoxLayout, QWidget

from fieldrep.queries.proposals import OwnProposal
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.card import Heading
from fieldrep.ui.widgets.gridmodel import Cell, Column, GridRow
from fieldrep.ui.widgets.table import Table, TableOrEmpty
from fieldrep.ui.words import day_and_time

_STATES = {
    "open": ("Not decided yet", Tone.WARNING),
    "taken": ("Taken", Tone.SUCCESS),
    "declined": ("Declined", Tone.INFO),
    "other": ("Decided otherwise", Tone.INFO),
}


class ProposalsTab(QWidget):
    """To be read only: its new holder decides."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("sync_proposals")
        columns = (
            Column("what", "You proposed"),
            Column("record", "With", 240, hide_below=800),
            Column("told", "To", 300),
            Column("made", "Handed over", 140),
            Column("state", "What became of it", 250),
        )
        self.table = Table(columns, name="sync_proposals_table", label="Your proposals")
        self.rows = TableOrEmpty(
            self.table,
            "No proposals",
            "What you enter on a record that has moved to a colleague is proposed to its new holder and listed here.",
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 14, 24, 16)
        column.setSpacing(8)
        column.addWidget(Heading("Entered by you after the record had moved"))
        column.addWidget(self.rows, 1)

    def set(self, proposals: Sequence[OwnProposal], today: date, zone: tzinfo) -> None:
        self.rows.set_rows([_row(one, today, zone) for one in proposals])


def _row(one: OwnProposal, today: date, zone: tzinfo) -> GridRow:
    words, tone = _STATES.get(one.status, (one.status, Tone.NEUTRAL))
    when = day_and_time(one.at, today, zone) if one.at is not None else ""
    by = f"by {one.by}" if one.by else ""
    state = " ".join(part for part in (words, by, when) if part)
    what = f"{one.field_title}: {one.value}"
    return GridRow(
        one.id,
        (
            Cell(what, tip=what),
            Cell(one.label or f"{one.entity_title}, on another device", tip=one.label),
            Cell(one.told or "Its new holder", tip=one.told),
            Cell(day_and_time(one.made_at, today, zone)),
            Cell(state, tone, tip=state),
        ),
    )
