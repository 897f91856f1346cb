"""How the window reaches its profile: the key, the replica, commands and queries on it, enrolment and sync.

Owns the one open replica of the program. It knows no window: everything here runs on the runner's threads, and what is
slow to load is loaded there.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import TYPE_CHECKING, Any

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import Clock, Randomness
from fieldrep.paths import Profile
from fieldrep.secrets import KeyVault

if TYPE_CHECKING:
    from fieldrep.store.receipt import Receipt
    from fieldrep.store.replica import Replica
    from fieldrep.sync.live import Heard, LiveLine


class ProfileDoors:
    """Commands and queries that come before the replica is open wait here."""

    def __init__(self, profile: Profile, clock: Clock, randomness: Randomness) -> None:
        self.vault = KeyVault(profile, randomness)
        self._profile, self._clock, self._randomness = profile, clock, randomness
        self._ready = Event()
        self._replica: Replica | None = None
        self._live: LiveLine | None = None

    def open(self, passphrase: str | None) -> Replica:
        """Unlocks the key and opens the replica; nobody may use it before `let_in`.

        Raises:
            KnownError: about the key, the passphrase, the file, or a second program.
        """
        from fieldrep.store.replica import Replica

        key = self.vault.unlock(passphrase)
        self._replica = Replica.open(self._profile, key, self._clock, self._randomness, create=True)
        return self._replica

    def enrol(self, link: str, device_name: str, passphrase: str | None) -> Replica:
        """Makes key and replica where there are none, and admits this laptop with a link.

        Raises:
            KnownError: about the link, the key, or the line; what was made stays for the next try.
        """
        from fieldrep.store.replica import Replica
        from fieldrep.sync.enrolment import enrol, parse_link

        parse_link(link)
        if self._replica is None:
            key = self.vault.unlock(passphrase) if self.vault.exists else self.vault.create(passphrase)
            self._replica = Replica.open(self._profile, key, self._clock, self._randomness, create=True)
        enrol(self._replica, link, self._randomness, device_name)
        return self._replica

    def let_in(self) -> None:
        """The replica is open, or will not be any more: everybody who waits goes on."""
        self._ready.set()

    def command(self, fn: Callable[..., Any], /, **kw: Any) -> tuple[Any, frozenset[str]]:
        """Runs a command; its outcome, and the kinds of records it changed."""
        outcome = fn(self._opened(), **kw)
        return outcome, getattr(outcome, "entities", frozenset())

    def query(self, fn: Callable[..., Any], /, **kw: Any) -> Any:
        """Runs a query on a snapshot of its own."""
        with self._opened().read() as reader:
            return fn(reader, **kw)

    def sync(self, tell: Callable[[int, int], None]) -> Receipt:
        """One sync; what it brought is tidied when nobody waits."""
        from fieldrep.sync.session import sync_now

        replica = self._opened()
        receipt = sync_now(replica, lambda so_far, to_come: tell(so_far.pulled, to_come))
        if receipt.pulled or receipt.accepted:
            replica.tidy()
        return receipt

    def listen(self, held: Callable[[], None], given_up: Callable[[], bool]) -> Heard:
        """Waits for news of the server; `held` is called once it holds the line, `given_up` before it is asked to.

        Raises:
            KnownError: when there is no line, it broke, or it was hung up.
        """
        from fieldrep.sync.live import LiveLine

        if self._live is None:
            self._live = LiveLine()
        return self._live.wait(self._opened(), held, given_up)

    def hang_up(self) -> None:
        """Ends a wait for news, from any thread."""
        if self._live is not None:
            self._live.hang_up()

    def close(self) -> None:
        """Closes the replica, when it was opened."""
        self.let_in()
        if self._replica is not None:
            self._replica.close()
            self._replica = None

    def _opened(self) -> Replica:
        self._ready.wait()
        if self._replica is None:
            raise KnownError(Code.NOT_ENROLLED, "This profile is not open.")
        return self._replica
