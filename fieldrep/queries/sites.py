"""The addresses of an account.

Owns the rows of the sites card and how an address reads on one line. It must not know how they are edited.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from fieldrep.contract.ids import RowId
from fieldrep.queries.cells import joined, ref, text
from fieldrep.queries.marks import conflicts_of_account, waiting_rows
from fieldrep.store.reader import Reader


@dataclass(frozen=True, slots=True)
class SiteRow:
    """One address; `line` is it on a single line, `named` its name where that is another than the account's."""

    id: RowId
    kind: str
    site_name: str
    named: str
    street: str
    postal_code: str
    city: str
    region: str
    country: str
    line: str
    open_hours: str
    access_notes: str
    waiting: bool
    conflicts: int


_SITES = """
SELECT id, kind, site_name, street, postal_code, city, region, country, open_hours, access_notes,
    (SELECT name FROM account WHERE id = ?1)
FROM site
WHERE account_id = ?1 AND archived = 0 ORDER BY kind = 'bill' DESC, kind = 'ship' DESC, row_no
"""


def sites_of_account(reader: Reader, *, account_id: RowId) -> tuple[SiteRow, ...]:
    """The addresses of an account: of bills, of goods, of work."""
    waiting = waiting_rows(reader, "site")
    conflicts = Counter(item.row_id for item in conflicts_of_account(reader, account_id))
    return tuple(
        SiteRow(
            id=ref(row[0]),
            kind=text(row[1]),
            site_name=text(row[2]),
            named=text(row[2]) if row[2] != row[10] else "",
            street=text(row[3]),
            postal_code=text(row[4]),
            city=text(row[5]),
            region=text(row[6]),
            country=text(row[7]),
            line=address_line(row[3], row[4], row[5], row[7]),
            open_hours=text(row[8]),
            access_notes=text(row[9]),
            waiting=row[0] in waiting,
            conflicts=conflicts[row[0]],
        )
        for row in reader.rows(_SITES, (account_id,))
    )


def address_line(street: object, postal_code: object, city: object, country: object) -> str:
    """An address on one line."""
    return joined(street, joined(postal_code, city, by=" "), country)
