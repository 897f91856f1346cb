"""Untaken: what was typed into an order and is not in it: in a cell, a field, the fast field, or as a pasted row.

Owns the words for it, and that nothing ends the work on an order over it. What ends it is the editor's.
"""

from collections.abc import Callable

from PySide6.QtCore import Qt

from fieldrep.contract.errors import Code, KnownError
from fieldrep.ui.order.fast import FastField
from fieldrep.ui.order.lines import OrderLines
from fieldrep.ui.order.side import OrderSide
from fieldrep.ui.order.steps import Steps

_SHOWN = 30


class Untaken:
    """Looks at the parts of the editor each time it is asked; nothing is kept here."""

    def __init__(self, lines: OrderLines, side: OrderSide, fast: FastField, steps: Steps) -> None:
        self._lines, self._side, self._head = lines, side, side.head
        self._fast, self._steps = fast, steps

    def before(self, go: Callable[[], None]) -> None:
        """Does what ends the work on an order once all that was typed is in it; what is not is told instead."""

        def check() -> None:
            if untaken := self.words():
                self._side.hold_back(untaken)
                self._go_to_first()
            elif self._side.isVisible():
                go()

        self._lines.grid.finish()
        self._head.save(final=True)
        self._steps.after(check)

    def words(self) -> str:
        """What stands against submitting, a sentence; "" for nothing."""
        pasted = [self._steps.standing] if self._steps.standing else []
        left = ", ".join([*self._entries(), *pasted])
        return f"Not in the order: {left}. Correct it first, or put it away." if left else ""

    def _go_to_first(self) -> None:
        """The cursor into what is to be mended first, and why it is."""
        if why := self._lines.go_to_untaken():
            self._steps.fail(KnownError(Code.INVALID_VALUE, why))
        elif self._head.untaken():
            self._head.go_to_untaken()
        else:
            self._fast.setFocus(Qt.FocusReason.OtherFocusReason)

    def leave_behind(self) -> None:
        """The order takes nothing any more and is about to show what is in it; what is not, is told."""
        if left := self._entries():
            self._fast.empty_out()
            self._steps.stand("Typed, but not in this order", ", ".join(left))

    def _entries(self) -> list[str]:
        typed = self._fast.text().strip()
        return [
            *(f"{where} “{text[:_SHOWN]}”" for where, text in self._lines.untaken()),
            *(f"{where} “{text[:_SHOWN]}”" for where, text in self._head.untaken()),
            *([f"“{typed[:_SHOWN]}” above the lines"] if typed else []),
        ]
