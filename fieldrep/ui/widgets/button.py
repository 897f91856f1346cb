"""Buttons: `Button` with a token icon and its own accessible name, and `Chip`, a filter that stays pressed.

Owns icon colour per variant and theme; what a press means is the page's business.
"""

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from fieldrep.ui.style.fonts import font
from fieldrep.ui.style.icons import icon as icon_of
from fieldrep.ui.style.theme import current, look_changed

_ICON_TOKEN = {"primary": "on_accent", "danger": "danger", "link": "accent_text"}


class Button(QPushButton):
    """`variant` is secondary, primary, ghost, icon, quiet, link or danger; `wide` takes the room there is."""

    def __init__(
        self,
        text: str,
        *,
        icon: str = "",
        variant: str = "secondary",
        name: str,
        label: str = "",
        wide: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._icon_name = icon
        self._variant = variant
        self.setObjectName(name)
        self.setProperty("variant", variant)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAutoDefault(False)
        across = QSizePolicy.Policy.Expanding if wide else QSizePolicy.Policy.Fixed
        self.setSizePolicy(across, QSizePolicy.Policy.Fixed)
        if variant == "icon":
            self.setToolTip(label or text)
            self.setAccessibleName(label or text)
        else:
            self.set_text(text, label)
        self._tint()

    def set_text(self, text: str, label: str = "") -> None:
        """The words on the button; a space keeps them off the icon, so the name is set apart."""
        self.setText(f" {text}" if self._icon_name and text else text)
        self.setAccessibleName(label or text)

    def set_variant(self, variant: str) -> None:
        """Another weight for a button that is the first choice here and not there."""
        if variant != self._variant:
            self._variant = variant
            self.setProperty("variant", variant)
            self.style().unpolish(self)
            self.style().polish(self)
            self._tint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses a button as Space does; a key held down presses it once."""
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter) or not plain:
            super().keyPressEvent(event)
        elif not event.isAutoRepeat():
            self.click()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if look_changed(self, event):
            self._tint()

    def _tint(self) -> None:
        self.setFont(font("caption" if self._variant == "quiet" else "control"))
        if self._icon_name:
            tokens = current()
            colour = getattr(tokens, _ICON_TOKEN.get(self._variant, "text2"))
            self.setIcon(icon_of(self._icon_name, colour, off=tokens.disabled))
            self.setIconSize(QSize(16, 16))


class Chip(Button):
    """A filter chip: checked shows by fill, border and the pressed state that screen readers tell."""

    def __init__(self, text: str, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(text, variant="chip", name=name, parent=parent)
        self.setCheckable(True)
