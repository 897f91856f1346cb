"""Who a push comes from, as its credential says (S5), and what that person may touch.

The grant that counts is the one that held when the edits were made: a device that had not yet heard that an account
left it may still hand in what it did there. What it says of time is not believed; the states it has shown to have are.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fieldrep.contract.ids import Incarnation, Revision, RowId, ScopeKey
from fieldrep.contract.scope import EVERYBODY_KEY, account_key, account_of, team_key, user_key
from sync_server.store.devices.positions import first_given
from sync_server.store.transaction import WriteTransaction


@dataclass(frozen=True, slots=True)
class Author:
    """The device behind a push and its user.

    Attributes:
        known_revision: the last state of the store this device is known to have taken.
        stood_at: the one it stood at when it was last in contact, 0 where it never was; what was entered while that
            exchange was on its way comes only now, and was made there or on the way from there.
        has_past: whether the store may remember more of the device than its answers.
        is_new: nothing was ever taken of the device, nor given to it.
        carried: it comes in a file, which may be older than a repair that made the laptop another device.
        waits_to: up to which number its changes may wait for others: no further than it tells to have any, and none of
            one that is to be wiped once all is sent.
        came_with: the newest change it had when it was first in contact, or has where that is now.
        heads_to: the state of which it shows to have a part, in the middle of a pull; 0 otherwise.
    """

    device_id: RowId
    user_id: RowId
    role: str
    incarnation: Incarnation
    known_revision: Revision
    stood_at: Revision
    has_past: bool = True
    is_new: bool = False
    carried: bool = False
    waits_to: int = 0
    heads_to: int = 0
    came_with: int = 0

    @property
    def newest_revision(self) -> int:
        """The newest state of which the device is known to have all or a part."""
        return max(self.known_revision, self.heads_to)


@dataclass(slots=True)
class Rights:
    """What an author may touch within one transaction; remembers answers and the accounts made in this batch.

    Attributes:
        n: the number of the change that is being judged.
    """

    tx: WriteTransaction
    author: Author
    born: frozenset[ScopeKey] = frozenset()
    n: int = 0
    _known: dict[ScopeKey, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        own = self.author.user_id
        self._known.update({EVERYBODY_KEY: False, user_key(own): True, team_key(own): True})

    def covers(self, key: ScopeKey) -> bool:
        """Whether the author holds the key now, held it when the edits were made, or has made it since."""
        if key in self.born:
            return True
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = (
                self.tx.holds(self.author.user_id, key) or self._held(key) or self._made(key)
            )
        return known

    def _held(self, key: ScopeKey) -> bool:
        """Whether the author held the key at a state at which the edits can have been made."""
        author = self.author
        return self.tx.held_between(author.user_id, key, self.made_since(), author.newest_revision)

    def _made(self, key: ScopeKey) -> bool:
        """Whether the key is that of an account which the author made, and of which he has heard nothing since: the
        answer to that was lost, or lies on a stick, so to him it is still his own."""
        account_id = account_of(key)
        row = self.tx.row("account", account_id) if account_id is not None else None
        if row is None or row["created_by"] != self.author.user_id:
            return False
        made = row["created_revision"]
        return isinstance(made, int) and made > self.author.newest_revision

    def made_since(self) -> int:
        """The first of the states at which the edits can have been made; a new device has none before what it was
        given first, or brought along."""
        author = self.author
        if author.stood_at:
            return author.stood_at
        states = (first_given(self.tx, author.device_id), author.known_revision, author.heads_to)
        return min(filter(None, states), default=0)

    def gave_birth(self, account_id: RowId) -> None:
        """An account made in this batch belongs to its author before the ledger says so."""
        self.born |= {account_key(account_id)}
