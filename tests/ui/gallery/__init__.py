"""A gallery of every widget with sample content, in pages that the real shell shows.

For pictures and for tests of the widgets by keys and clicks; it holds no data of any store.
"""

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from fieldrep.ui.keys import Keymap
from fieldrep.ui.page import Page, PageSpec, Place
from fieldrep.ui.shell import AppShell
from fieldrep.ui.style.theme import Theme
from fieldrep.ui.widgets.commandpalette import PaletteItem
from fieldrep.ui.widgets.syncpill import SyncMode, SyncView
from tests.ui.gallery.accounts import AccountsGallery, sample_rows
from tests.ui.gallery.conflicts import SyncGallery
from tests.ui.gallery.forms import EmptyGallery
from tests.ui.gallery.orders import OrderGallery

SPECS: tuple[tuple[str, str, str, Callable[[], Page], bool], ...] = (
    ("accounts", "Accounts", "building-2", AccountsGallery, False),
    ("orders", "Orders", "shopping-cart", OrderGallery, False),
    ("products", "Products", "package", EmptyGallery, False),
    ("sync", "Sync", "refresh-cw", SyncGallery, True),
)


def build_shell(theme: Theme) -> AppShell:
    """The shell over the gallery's pages, offline with changes waiting."""
    specs = tuple(PageSpec(*spec) for spec in SPECS)
    shell = AppShell(specs, theme, Keymap(), "Maria Jansen")
    shell.set_sync(SyncView(SyncMode.OFFLINE, waiting=14))
    shell.set_age("Data on this laptop as of today 07:42")
    return shell


def record_items(query: str) -> list[PaletteItem]:
    rows = [row for row in sample_rows(60) if row.title.casefold().startswith(query.casefold())][:3]
    return [
        PaletteItem(Place("accounts", row.key), row.title, "Accounts", "building-2", row.meta) for row in rows
    ]


def application() -> QApplication:
    known: QObject | None = QApplication.instance()
    return known if isinstance(known, QApplication) else QApplication([])
