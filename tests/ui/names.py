"""The accessible-name sweep: what a screen reader could not name in a window."""

from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

_KINDS = (QAbstractButton, QLineEdit, QPlainTextEdit, QComboBox, QAbstractItemView)


def nameless(root: QWidget) -> list[str]:
    """Visible controls without an accessible name, told by class and object name."""
    found = []
    for widget in (child for kind in _KINDS for child in root.findChildren(kind)):
        spoken = QAccessible.queryAccessibleInterface(widget)
        if not widget.isVisible() or _inside_of_qt(widget):
            continue
        if spoken is None or not spoken.text(QAccessible.Text.Name):
            found.append(f"{type(widget).__name__} {widget.objectName()}")
    return found


def without_object_name(root: QWidget) -> list[str]:
    controls = (child for kind in _KINDS for child in root.findChildren(kind))
    return [
        type(control).__name__
        for control in controls
        if not control.objectName() and not _inside_of_qt(control)
    ]


def _inside_of_qt(widget: QWidget) -> bool:
    """The header and corner of a table, the list of a combo box: Qt names them through their owner."""
    owners = (QAbstractItemView, QComboBox)
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, owners):
            return True
        parent = parent.parentWidget()
    return False
