"""An order nobody has written anything in yet: what its page shows before there is one.

Owns the reading of what a draft of an account would begin with. Nothing of it is stored or has a number.
"""

from __future__ import annotations

from datetime import tzinfo

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.ids import RowId
from fieldrep.domain.days import day_of
from fieldrep.queries.order_entry import OrderEntry, OrderTotalsRow, head_of, order_entry, problems_of
from fieldrep.store.reader import Reader
from fieldrep.store.reads.prices import PriceBook
from fieldrep.store.reads.usual_site import usual_site

_ACCOUNT = "SELECT name FROM account WHERE id = ?"
_ME = "SELECT s.user_id, u.name FROM sync_state AS s LEFT JOIN app_user AS u ON u.id = s.user_id"
_PLACE = "SELECT street, city FROM site WHERE id = ?"
_NOTHING = OrderTotalsRow(0, 0, 0, 0, 0, 0)


def entry_of(
    reader: Reader, *, order_id: RowId | None, account_id: RowId | None, now: int, zone: tzinfo
) -> OrderEntry | None:
    """The page of an order, or of one for an account that is about to begin; None when neither is held here."""
    if order_id is not None:
        return order_entry(reader, order_id=order_id, now=now, zone=zone)
    return None if account_id is None else new_order_entry(reader, account_id=account_id, now=now, zone=zone)


def new_order_entry(reader: Reader, *, account_id: RowId, now: int, zone: tzinfo) -> OrderEntry | None:
    """The page of an order that begins with its first entry; None when the replica does not hold the account."""
    named = reader.rows(_ACCOUNT, (account_id,))
    if not named:
        return None
    today = day_of(now, zone)
    book = PriceBook.of_account(reader.rows, account_id, today)
    sites = [usual_site(reader.rows, account_id, kind) for kind in ("bill", "ship")]
    places = [reader.rows(_PLACE, (site,))[0] if site else (None, None) for site in sites]
    me, my_name = reader.rows(_ME)[0]
    order = {column.name: column.default for column in CATALOGUE["sales_order"].columns} | {
        "id": None,
        "account_id": account_id,
        "bill_site_id": sites[0],
        "ship_site_id": sites[1],
        "currency": book.currency,
        "pricing_date": today.isoformat(),
    }
    code = book.lists[0].code if book.lists else ""
    names = (named[0][0], code, my_name, None, None, *places[0], *places[1], me, my_name)
    head = head_of(order, names, mine=True, waiting=False, refused="")
    return OrderEntry(head, (), _NOTHING, problems_of(head, (), (), today), None)
