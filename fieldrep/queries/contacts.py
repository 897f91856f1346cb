"""The people of an account, with the roles they have there.

Owns the rows of the Contacts tab: home contacts and those another account lends. It must not know how they are edited.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from fieldrep.contract.ids import RowId
from fieldrep.queries.cells import joined, ref, text
from fieldrep.queries.marks import conflicts_of_account, waiting_rows
from fieldrep.store.reader import Reader


@dataclass(frozen=True, slots=True)
class ContactRow:
    """One person at an account.

    Attributes:
        name: given and family name as people say it.
        roles: what the person is at this account, as its links say.
        home: whether this account is the person's home; another account's contact is read only here.
        waiting: changes made here wait to be sent.
    """

    id: RowId
    name: str
    salutation: str
    given_name: str
    family_name: str
    job_title: str
    phone: str
    mobile: str
    email: str
    roles: tuple[str, ...]
    is_main: bool
    opt_out: bool
    home: bool
    waiting: bool
    conflicts: int


_CONTACTS = """
SELECT c.id, c.salutation, c.given_name, c.family_name, c.job_title, c.phone, c.mobile, c.email, c.opt_out,
    c.account_id = ?1, max(coalesce(l.is_primary, 0)), group_concat(l.role, char(31))
FROM contact AS c
    LEFT JOIN account_contact AS l ON l.contact_id = c.id AND l.account_id = ?1 AND l.archived = 0
WHERE c.archived = 0 AND c.id IN (
    SELECT id FROM contact WHERE account_id = ?1
    UNION SELECT contact_id FROM account_contact WHERE account_id = ?1 AND archived = 0)
GROUP BY c.id
ORDER BY 11 DESC, c.family_name COLLATE NOCASE, c.given_name COLLATE NOCASE, c.id
"""


def contacts_of_account(reader: Reader, *, account_id: RowId) -> tuple[ContactRow, ...]:
    """The people of an account, its main contact first."""
    waiting = waiting_rows(reader, "contact")
    conflicts = Counter(item.row_id for item in conflicts_of_account(reader, account_id))
    return tuple(
        ContactRow(
            id=ref(row[0]),
            name=joined(row[2], row[3], by=" "),
            salutation=text(row[1]),
            given_name=text(row[2]),
            family_name=text(row[3]),
            job_title=text(row[4]),
            phone=text(row[5]),
            mobile=text(row[6]),
            email=text(row[7]),
            roles=tuple(dict.fromkeys(role for role in text(row[11]).split("\x1f") if role)),
            is_main=bool(row[10]),
            opt_out=bool(row[8]),
            home=bool(row[9]),
            waiting=row[0] in waiting,
            conflicts=conflicts[row[0]],
        )
        for row in reader.rows(_CONTACTS, (account_id,))
    )
