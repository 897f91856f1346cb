"""Page and PageSpec: what the shell asks of every page, and how a page is made known to it.

A page owns one area of work. It tells the shell by signals and never reaches for the window around it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from fieldrep.ui.runner import Notice
from fieldrep.ui.widgets.keycap import KeyHint


@dataclass(frozen=True)
class Action:
    """Something a person can do now. `key` names its shortcut in the keymap; `why_not` says why it is disabled."""

    key: str
    title: str
    icon: str
    run: Callable[[], None]
    subtitle: str = ""
    group: str = ""
    why_not: str = ""


@dataclass(frozen=True)
class Place:
    """Where a person is: a page and what it shows. History is a list of places."""

    page: str
    target: object = None


class Page(QWidget):
    """Override what applies; the defaults do nothing."""

    visited = Signal(object)
    wanted = Signal(object)
    said = Signal(str, object)
    hints_changed = Signal()

    def hints(self) -> Sequence[KeyHint]:
        """The keys of this page for the status bar, most useful first."""
        return ()

    def things_to_do(self) -> Sequence[Action]:
        """What can be done with what is shown, for shortcuts, the palette and the menu."""
        return ()

    def panes(self) -> Sequence[QWidget]:
        """Where F6 goes, in order."""
        return ()

    def show_target(self, target: object) -> None:
        """Show a record; None is the page as it stands."""

    def show_list(self) -> None:
        """Gone to by name while it is shown already: its list, if a record takes up the page."""

    def keeps(self, target: object) -> bool:
        """Whether history may come back to a target; one that begins something new is gone to once."""
        return True

    def focus_search(self) -> None:
        """/ and Ctrl+F."""

    def step_back(self) -> bool:
        """Esc: close what is open, clear the search; False when there was nothing, and the shell goes back."""
        return False

    def leave(self) -> None:
        """Another page is about to show: commit drafts now."""

    def may_close(self) -> bool:
        """The window is about to close; False, with a word to the person, while something typed is not saved."""
        return True

    def on_notice(self, notice: Notice) -> None:
        """Some rows changed; reload when they matter here."""


@dataclass(frozen=True)
class NewRecord:
    """A record that can be begun from any page: the page that does it is shown with `target`."""

    key: str
    title: str
    icon: str
    target: object


@dataclass(frozen=True)
class PageSpec:
    """`build` runs on the first visit."""

    key: str
    title: str
    icon: str
    build: Callable[[], Page]
    at_bottom: bool = False
    begins: tuple[NewRecord, ...] = ()
