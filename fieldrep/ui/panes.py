"""F6: which pane comes next, and which widget in it takes the focus."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QWidget


def next_pane(panes: Sequence[QWidget], focused: QWidget | None, by: int) -> QWidget | None:
    """Move the focus to the pane after (or before) the one that has it; the widget that took it."""
    here = next((at for at, pane in enumerate(panes) if focused is not None and _holds(pane, focused)), None)
    for step in range(1, len(panes) + 1):
        at = (by * step - (1 if by > 0 else 0) if here is None else here + by * step) % len(panes)
        target = _first_focus(panes[at])
        if target is not None:
            target.setFocus(Qt.FocusReason.ShortcutFocusReason)
            return target
    return None


def _holds(pane: QWidget, widget: QWidget) -> bool:
    return pane is widget or pane.isAncestorOf(widget)


def _first_focus(pane: QWidget) -> QWidget | None:
    """The pane itself, its checked button, or its first control that Tab reaches."""
    if not pane.isHidden() and _takes_focus(pane):
        return pane
    reached = (child for child in pane.findChildren(QWidget) if child.isVisibleTo(pane))
    controls = [child for child in reached if _takes_focus(child)]
    checked = [child for child in controls if isinstance(child, QAbstractButton) and child.isChecked()]
    return next(iter(checked or controls), None)


def _takes_focus(widget: QWidget) -> bool:
    return widget.isEnabled() and bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
