"""The pages of the window, in the order of the rail. A new page is one entry here and one module beside this one.

A page's module is imported on its first visit, so that a page nobody opens costs nothing at the start.
"""

from collections.abc import Callable
from dataclasses import dataclass

from fieldrep.ui.desk import Desk
from fieldrep.ui.page import NewRecord, Page, PageSpec


@dataclass(frozen=True)
class Registered:
    """`build` gets the desk and imports what it needs."""

    key: str
    title: str
    icon: str
    build: Callable[[Desk], Page]
    at_bottom: bool = False
    begins: tuple[NewRecord, ...] = ()


def _accounts(desk: Desk) -> Page:
    from fieldrep.ui.pages.accounts import AccountsPage

    return AccountsPage(desk)


def _orders(desk: Desk) -> Page:
    from fieldrep.ui.pages.orders import OrdersPage

    return OrdersPage(desk)


def _products(desk: Desk) -> Page:
    from fieldrep.ui.pages.products import ProductsPage

    return ProductsPage(desk)


def _sync(desk: Desk) -> Page:
    from fieldrep.ui.pages.sync import SyncPage

    return SyncPage(desk)


_NEW_ACCOUNT = NewRecord("new_account", "New account", "building-2", ("new", None))

PAGES = (
    Registered("accounts", "Accounts", "building-2", _accounts, begins=(_NEW_ACCOUNT,)),
    Registered("orders", "Orders", "shopping-cart", _orders),
    Registered("products", "Products", "package", _products),
    Registered("sync", "Sync", "refresh-cw", _sync, at_bottom=True),
)


def page_specs(desk: Desk) -> tuple[PageSpec, ...]:
    """What the shell is given: the registered pages over this desk."""
    return tuple(
        PageSpec(
            page.key, page.title, page.icon, lambda page=page: page.build(desk), page.at_bottom, page.begins
        )
        for page in PAGES
    )
