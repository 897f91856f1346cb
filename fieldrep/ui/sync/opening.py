"""Opening what a waiting change is about: an order on its own page, everything else with the account it belongs to."""

from PySide6.QtCore import QObject, Signal

from fieldrep.contract.ids import RowId
from fieldrep.queries.naming import RecordName
from fieldrep.queries.sync_page import WaitingChange, account_of
from fieldrep.ui.desk import Desk, sentence_of
from fieldrep.ui.page import Place


class Opener(QObject):
    """`wanted` says the place, `said` why there is none."""

    wanted = Signal(object)
    said = Signal(str, object)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk

    def open(self, change: WaitingChange) -> None:
        """Asks where the first record of a change is shown."""
        record = next(
            (one for one in change.records if one.entity == "sales_order"), next(iter(change.records), None)
        )
        if record is None:
            return
        if record.entity == "sales_order":
            self.wanted.emit(Place("orders", ("order", record.id)))
            return
        if record.entity == "account":
            self._show(record, record.id)
            return
        self._desk.runner.query(
            account_of,
            asker=self,
            done=lambda found: self._show(record, found),
            failed=lambda error: self.said.emit(sentence_of(error), None),
            entity=record.entity,
            row_id=record.id,
        )

    def _show(self, record: RecordName, account_id: RowId | None) -> None:
        if account_id is not None:
            self.wanted.emit(Place("accounts", ("account", account_id)))
        else:
            self.said.emit(f"{record.title} {record.label} is with no account on this laptop.", None)
