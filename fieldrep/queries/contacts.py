"""The people of an account, with the roles they have there.

Owns the rows of the Contacts tab: home contacts and those another account lends. It must not know how they are edited.
"""

from __future__ import annotations

from dataclasses import dataclass

from fieldrep.contract.ids import RowId


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
