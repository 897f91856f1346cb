"""What does not fit: pages larger than the first window, and labels whose words are cut off without an ellipsis."""

from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from fieldrep.ui.style.tokens import WINDOW_FIRST
from fieldrep.ui.widgets.text import ElidedText


def too_large(widget: QWidget) -> list[str]:
    """A sentence when the widget cannot shrink to the first window size."""
    need = widget.minimumSizeHint()
    wide, tall = WINDOW_FIRST
    if need.width() <= wide and need.height() <= tall:
        return []
    return [f"{widget.objectName() or type(widget).__name__} needs {need.width()} x {need.height()}"]


def clipped(root: QWidget) -> list[str]:
    """A sentence for each visible label or button that shows less than its words."""
    labels = [
        label for label in root.findChildren(QLabel) if label.isVisible() and label.text() and _cut(label)
    ]
    buttons = [
        button
        for button in root.findChildren(QPushButton)
        if button.isVisible() and button.text() and button.width() < button.sizeHint().width()
    ]
    found = [f"label “{label.text()}” has {label.width()} x {label.height()} px" for label in labels]
    found += [f"button “{button.text().strip()}” has {button.width()} px" for button in buttons]
    return found


def _cut(label: QLabel) -> bool:
    if label.wordWrap():
        return label.heightForWidth(label.width()) > label.height()
    if isinstance(label, ElidedText):
        return label.height() < label.fontMetrics().height()
    size = label.sizeHint()
    return size.width() > label.width() or label.fontMetrics().height() > label.height()
