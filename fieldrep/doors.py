"""How the window reaches its profile: the key, the replica, commands and queries on it, enrolment and sync.

Owns the one open replica of the program. It knows no window: everything here runs on the runner's threads, and what is
slow to load is loaded there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import Clock, Randomness, RowId
from fieldrep.paths import Profile
from fieldrep.secrets import KeyVault

if TYPE_CHECKING:
    from fieldrep.store.incoming.receipt import Receipt
    from fieldrep.store.reader import Reader
    from fieldrep.store.repairing.repaired import Repaired
    from fieldrep.store.replica import Replica
    from fieldrep.sync.bundle import CarriedOut
    from fieldrep.sync.files import FilePolicy
    from fieldrep.sync.kept import KeptLine
    from fieldrep.sync.live import Heard, LiveLine


class ProfileDoors:
    """Commands and queries that come before the replica is open wait here."""

    def __init__(self, profile: Profile, clock: Clock, randomness: Randomness) -> None:
        self.vault = KeyVault(profile, randomness)
        self._profile, self._clock, self._randomness = profile, clock, randomness
        self._ready = Event()
        self._replica: Replica | None = None
        self._key: bytes | None = None
        self.untold: Repaired | None = None
        self.on_damage: Callable[[KnownError], None] = lambda _: None
        self._live: LiveLine | None = None
        self._kept: KeptLine | None = None
        self.file_policy: Callable[[], FilePolicy] | None = None

    def open(self, passphrase: str | None) -> Replica:
        """Unlocks the key and opens the replica; nobody may use it before `let_in`.

        `untold` is then what a repair did of which nobody was told yet.

        Raises:
            KnownError: about the key, the passphrase, the file, or a second program.
        """
        from fieldrep.store.repairing.repaired import untold
        from fieldrep.store.replica import Replica

        if self._key is None or passphrase is not None:
            self._key = self.vault.unlock(passphrase)
        self._replica = Replica.open(self._profile, self._key, self._clock, self._randomness, create=True)
        self.untold = untold(self._replica)
        return self._replica

    def told(self) -> None:
        """A person was shown what the repair did."""
        from fieldrep.store.repairing.repaired import told

        if self._replica is not None:
            told(self._replica)

    def enrol(self, link: str, device_name: str, passphrase: str | None) -> Replica:
        """Makes key and replica where there are none, and admits this laptop with a link.

        Raises:
            KnownError: about the link, the key, or the line; what was made stays for the next try.
        """
        from fieldrep.store.replica import Replica
        from fieldrep.sync.enrolment import enrol, parse_link

        parse_link(link)
        self.let_go()
        if self._replica is None:
            self._ready.clear()
            self._key = self.vault.unlock(passphrase) if self.vault.exists else self.vault.create(passphrase)
            self._replica = Replica.open(self._profile, self._key, self._clock, self._randomness, create=True)
        enrol(self._replica, link, self._randomness, device_name)
        return self._replica

    def repair(self) -> Repaired:
        """Saves what was not sent out of a damaged replica into a fresh one, which `open` then opens.

        Raises:
            KnownError: when nothing can be read with the key, or the disk refuses.
        """
        from fieldrep.store.repairing.repair import repair

        self._shut()
        key = self._key if self._key is not None else self.vault.unlock(None)
        return repair(self._profile, key, self._clock())

    def set_aside(self) -> None:
        """Keeps a replica that cannot be opened, and its key file, under other names: the profile begins anew.

        Raises:
            KnownError: when the disk refuses.
        """
        from fieldrep.store.repairing.aside import set_aside

        self._shut()
        self._key = None
        set_aside(self._profile.replica, self._profile.key_file, self._clock())

    @property
    def wipe_is_due(self) -> bool:
        """Whether the admin ordered to wipe this profile, and that is not done yet or the server does not know."""
        if not self._profile.wiping.exists():
            return False
        from fieldrep.store.wiping import is_due

        return is_due(self._profile)

    def wipe(self) -> str:
        """Closes the replica and destroys what the order says; the sentence for the person.

        Raises:
            KnownError: when something cannot be destroyed yet; the next call goes on.
        """
        from fieldrep.store.lock import Holder
        from fieldrep.sync.wiping import carry_out

        self._shut()
        self._key = None
        self._ready.set()  # whoever waits to use it, or comes late, hears that it is no more
        return carry_out(self._profile, Holder.WINDOW)

    def tell_wiped(self) -> None:
        """Gives the server the receipt of a wipe, where there is a line."""
        from fieldrep.sync.wiping import tell

        tell(self._profile)

    def _shut(self) -> None:
        """Nobody may use the replica until it is opened again."""
        self._ready.clear()
        replica, self._replica = self._replica, None
        if replica is not None:
            self.hang_up()
            self.let_go()
            replica.close()

    def let_in(self) -> None:
        """The replica is open, or will not be any more: everybody who waits goes on."""
        self._ready.set()

    def command(self, fn: Callable[..., Any], /, **kw: Any) -> tuple[Any, frozenset[str]]:
        """Runs a command; its outcome, and the kinds of records it changed."""
        with self._watched():
            outcome = fn(self._opened(), **kw)
        return outcome, getattr(outcome, "entities", frozenset())

    def query(self, fn: Callable[..., Any], /, **kw: Any) -> Any:
        """Runs a query on a snapshot of its own."""
        with self._watched(), self._opened().read() as reader:
            return fn(reader, **kw)

    def sync(self, tell: Callable[[int, int], None]) -> Receipt:
        """One sync, over the line of the one before where that stands."""
        from fieldrep.sync.kept import KeptLine
        from fieldrep.sync.session import sync_now

        replica = self._at_hand()
        if self._kept is None:
            self._kept = KeptLine()
        with self._watched():
            try:
                return sync_now(
                    replica,
                    lambda so_far, to_come: tell(so_far.pulled, to_come),
                    self._policy(),
                    self._kept.lent,
                )
            except KnownError:
                if self._replica is replica:  # without a line what was saved is put in order all the same
                    replica.tidy()
                raise

    def listen(self, held: Callable[[], None], given_up: Callable[[], bool]) -> Heard:
        """Waits for news of the server; `held` is called once it holds the line, `given_up` before it is asked to.

        Raises:
            KnownError: when there is no line, it broke, or it was hung up.
        """
        from fieldrep.sync.live import LiveLine

        if self._live is None:
            self._live = LiveLine()
        try:
            return self._live.wait(self._opened(), held, given_up)
        finally:
            if self._kept is not None:
                self._kept.look(self._clock())

    def server_answers(self) -> bool:
        """Whether the server is there; asked of it without a word about this device.

        Raises:
            KnownError: when the profile is not open or not enrolled.
        """
        from fieldrep.sync.session import server_answers

        state = self._at_hand().state()
        return server_answers(state.server_url, state.fingerprint)

    def hang_up(self) -> None:
        """Ends a wait for news, from any thread."""
        if self._live is not None:
            self._live.hang_up()

    def let_go(self) -> None:
        """Another network: the line kept between syncs is not used again; from any thread."""
        if self._kept is not None:
            self._kept.let_go()

    def carry_out(self, path: Path) -> CarriedOut:
        """Writes what waits to a file for the server.

        Raises:
            KnownError: about the file.
        """
        from fieldrep.sync.bundle import carry_out

        return carry_out(self._at_hand(), path)

    def carry_in(self, path: Path, tell: Callable[[int, int], None]) -> Receipt:
        """Reads the server's answer from a file.

        Raises:
            KnownError: about the file, or what the server says in it.
        """
        from fieldrep.sync.bundle import carry_in

        with self._watched():
            return carry_in(self._at_hand(), path, lambda so_far, to_come: tell(so_far.pulled, to_come))

    def bring_file(self, row_id: RowId) -> bytes:
        """The bytes of an attachment, from here or from the server.

        Raises:
            KnownError: when neither has them, or there is no line.
        """
        from fieldrep.sync.session import bring_file

        return bring_file(self._opened(), row_id, metered=self._policy().metered)

    def write_diagnostics(self, reader: Reader, *, path: Path) -> None:
        """Writes what support needs to know to a file, without customer data.

        Raises:
            KnownError: about the file.
        """
        from fieldrep.diagnostics import write_diagnostics

        write_diagnostics(reader, self._profile, self._clock(), path)

    def _policy(self) -> FilePolicy:
        from fieldrep.sync.files import EVERYTHING_WANTED

        return self.file_policy() if self.file_policy is not None else EVERYTHING_WANTED

    def close(self) -> None:
        """Closes the replica, when it was opened."""
        self.let_in()
        self.let_go()
        if self._replica is not None:
            self._replica.close()
            self._replica = None

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Damage that is found while the work goes on, or an order to wipe, is told at once, whoever came upon it."""
        try:
            yield
        except KnownError as error:
            if error.code in (Code.REPLICA_DAMAGED, Code.WIPED):
                self.on_damage(error)
            raise

    def _at_hand(self) -> Replica:
        """For the thread that opens and repairs as well: it must not wait there for what only it can do."""
        if not self._ready.is_set():
            raise KnownError(Code.NOT_ENROLLED, "This profile is not open.")
        return self._opened()

    def _opened(self) -> Replica:
        self._ready.wait()
        if self._replica is None:
            raise KnownError(Code.NOT_ENROLLED, "This profile is not open.")
        return self._replica
