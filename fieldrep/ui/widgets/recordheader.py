"""RecordHeader: avatar, name, badges, one line of facts, a secondary and a primary action and the overflow menu."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from fieldrep.ui.style.fonts import scaled
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.avatar import Avatar
from fieldrep.ui.widgets.badge import Badge
from fieldrep.ui.widgets.button import Button
from fieldrep.ui.widgets.text import ElidedFacts, ElidedText

_NAME = 180
"""So much of a name stays readable beside its badges."""

_BADGES_FROM = 580


@dataclass(frozen=True)
class HeaderAction:
    """`key` is what `acted` says; `keys` the key combination told in the tooltip."""

    key: str
    words: str
    icon: str = ""
    keys: str = ""


@dataclass(frozen=True)
class HeaderView:
    name: str
    facts: tuple[str, ...] = ()
    badges: tuple[tuple[str, Tone], ...] = ()
    waiting: bool = False


class RecordHeader(QWidget):
    acted = Signal(str)

    def __init__(
        self,
        *,
        name: str,
        primary: HeaderAction | None = None,
        secondary: HeaderAction | None = None,
        more: Sequence[HeaderAction] = (),
        avatar: bool = True,
    ) -> None:
        super().__init__()
        self.setObjectName(name)
        self._avatar = Avatar() if avatar else None
        self._name = ElidedText("", "display")
        self._facts = ElidedFacts("", "small", "text2")
        self._badges = QHBoxLayout()
        self._badges.setSpacing(8)
        self.buttons: dict[str, Button] = {}
        self._menu = QMenu(self)
        self._lay_out(primary, secondary, more)

    def _lay_out(
        self, primary: HeaderAction | None, secondary: HeaderAction | None, more: Sequence[HeaderAction]
    ) -> None:
        top = QHBoxLayout()
        top.setSpacing(10)
        top.addWidget(self._name)
        top.addLayout(self._badges)
        top.addStretch(1)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addLayout(top)
        words.addWidget(self._facts)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        if self._avatar is not None:
            row.addWidget(self._avatar)
        row.addLayout(words, 1)
        for action, variant in ((secondary, "secondary"), (primary, "primary")):
            if action is not None:
                row.addWidget(self._button(action, variant))
        if more:
            row.addWidget(self._overflow(more))

    def _button(self, action: HeaderAction, variant: str) -> Button:
        name = f"{self.objectName()}_{action.key}"
        button = Button(action.words, icon=action.icon, variant=variant, name=name)
        button.setToolTip(action.keys)
        button.clicked.connect(lambda: self.acted.emit(action.key))
        self.buttons[action.key] = button
        return button

    def _overflow(self, more: Sequence[HeaderAction]) -> Button:
        for action in more:
            entry = self._menu.addAction(f"{action.words}\t{action.keys}" if action.keys else action.words)
            entry.setData(action.key)
        self._menu.triggered.connect(lambda entry: self.acted.emit(entry.data()))
        button = Button(
            "", icon="ellipsis", variant="icon", name=f"{self.objectName()}_more", label="More actions"
        )
        button.clicked.connect(self.open_menu)
        self.buttons["more"] = button
        return button

    def say(self, key: str, words: str) -> None:
        """Other words for an entry of the menu, where what it does depends on the record."""
        for entry in self._menu.actions():
            if entry.data() == key:
                entry.setText(words)

    def entries(self) -> tuple[str, ...]:
        """What the menu offers."""
        return tuple(entry.text() for entry in self._menu.actions())

    def set(self, view: HeaderView) -> None:
        if self._avatar is not None:
            self._avatar.set(view.name)
        self._name.setText(view.name)
        self._facts.set_facts(view.facts)
        while self._badges.count():
            self._badges.takeAt(0).widget().deleteLater()
        waiting = (("Waiting to sync", Tone.WARNING),) if view.waiting else ()
        for text, tone in (*view.badges, *waiting):
            self._badges.addWidget(Badge(text, tone), 0, Qt.AlignmentFlag.AlignVCenter)
        self._fit_badges()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is little room the name stays and the badges go, the last ones first."""
        super().resizeEvent(event)
        self._fit_badges()

    def _fit_badges(self) -> None:
        beside = (
            [self._avatar, *self.buttons.values()] if self._avatar is not None else [*self.buttons.values()]
        )
        taken = sum(one.sizeHint().width() + 10 for one in beside)
        room = self.width() - taken - min(self._name.sizeHint().width(), scaled(_NAME)) - 10
        for at in range(self._badges.count()):
            badge = self._badges.itemAt(at).widget()
            room -= badge.sizeHint().width() + 8
            badge.setVisible(self.width() >= scaled(_BADGES_FROM) and room >= 0)

    def name(self) -> str:
        return self._name.text()

    def open_menu(self) -> None:
        """Alt+Enter: the record's actions."""
        button = self.buttons.get("more")
        if button is not None:
            self._menu.popup(button.mapToGlobal(button.rect().bottomLeft()))
