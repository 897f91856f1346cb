"""Beginning: an order is written down with its first entry; who only looked leaves nothing behind.

Owns for whom an order is about to begin and what waits until it has. What is entered is the editor's.
"""

from collections.abc import Callable, Sequence

from fieldrep.commands.done import Done
from fieldrep.commands.orders import create_order, drop_empty_order
from fieldrep.contract.ids import RowId
from fieldrep.ui.desk import Desk

Go = Callable[[RowId], None]
Failed = Callable[[Exception], None]


class Beginning:
    """`begun` is told the id before anything that waited for it runs."""

    def __init__(self, desk: Desk, begun: Go) -> None:
        self._desk, self._begun = desk, begun
        self._waiting: list[tuple[Go, Failed]] = []
        self.account_id: RowId | None = None

    def about(self, account_id: RowId | None) -> None:
        """An order of this account is about to begin; None when another one is shown."""
        self.account_id = account_id
        self._waiting = []

    def drop(self, order_id: RowId | None) -> None:
        """Nothing was entered: a draft that stood there already is taken back, and none begins."""
        self.about(None)
        if order_id is not None:
            self._desk.runner.command(drop_empty_order, row_id=order_id)

    def then(self, go: Go, failed: Failed) -> None:
        """Makes the draft once, then does what was wanted with it, in order."""
        if self.account_id is None:
            return
        self._waiting.append((go, failed))
        if len(self._waiting) == 1:
            waiting = self._waiting
            self._desk.runner.command(
                create_order,
                done=lambda done: self._on_made(waiting, done),
                failed=lambda error: self._on_failed(waiting, error),
                account_id=self.account_id,
            )

    def _on_made(self, waiting: Sequence[tuple[Go, Failed]], done: Done) -> None:
        made = done.ids["sales_order"]
        if waiting is self._waiting:
            self._begun(made)
            self.about(None)
        for go, _ in waiting:
            go(made)

    def _on_failed(self, waiting: Sequence[tuple[Go, Failed]], error: Exception) -> None:
        if waiting is self._waiting:
            self._waiting = []
        for _, failed in waiting:
            failed(error)
