"""A write transaction: rows staged in memory under the clock lock, revisions drawn, all of it written at the end.

Owns revisions, outcomes, audit and the order of the last steps; the whole takes place or nothing of it (I4). Must not
know what a change becomes: `reconcile` decides that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

import msgspec

from fieldrep.contract.change import Accepted, Change, Outcome, Refused, refused_part
from fieldrep.contract.fields import Field
from fieldrep.contract.ids import Clock, IdSource, Revision, RowId
from fieldrep.contract.scope import EVERYBODY_KEY, account_key, account_of, row_key
from fieldrep.domain.holders import Coverage
from sync_server.store import flush
from sync_server.store.audit import COLUMNS as AUDIT_COLUMNS
from sync_server.store.audit import Actor, AuditEntry, described, sealed
from sync_server.store.dialect import Row as Tuple
from sync_server.store.moments import moment_of
from sync_server.store.reading import StoreInfo
from sync_server.store.runs import Runs
from sync_server.store.series import raise_to
from sync_server.store.session import Session
from sync_server.store.settling import (
    DECIDE_HOLDERS,
    STRUCTURAL,
    Settlement,
    coverage,
    settle,
    staged_coverage,
    within,
)
from sync_server.store.stamps import LastChange
from sync_server.store.statements import Row, bytes_of
from sync_server.store.workspace import Workspace

__all__ = ["Actor", "Author", "Mark", "Row", "WriteTransaction"]

_encode_change = msgspec.msgpack.Encoder().encode
_decode_change = msgspec.msgpack.Decoder(Change).decode


class Mark(msgspec.Struct):
    """A point in a transaction to come back to."""

    position: int
    revision: int
    audited: int
    numbers: dict[str, int]


class Author(Protocol):
    """Whom a pushed change comes from, known from the device's credential."""

    @property
    def device_id(self) -> bytes: ...
    @property
    def user_id(self) -> bytes: ...
    @property
    def incarnation(self) -> bytes: ...


class _Applied(msgspec.Struct):
    """A change a device pushed and what it became."""

    author: Author
    change: Change
    outcome: Outcome
    blob: bytes


class WriteTransaction(Workspace):
    """Holds the clock lock from its first moment to its commit, so revisions become visible in order.

    Attributes:
        actor: who acts; another one for each push of several.
        now: the time of receipt in ms, the same for all that this transaction writes.
        revision_now: the store's newest revision before this transaction.
        found, left: the states of the store before it, and after it once it is finished.
        keys_stood: whether it left alone who holds what; known once it is finished.
    """

    def __init__(
        self,
        session: Session,
        actor: Actor,
        clock: Clock,
        ids: IdSource,
        known_coverage: Callable[[Workspace, StoreInfo, list[Tuple]], Coverage],
    ) -> None:
        super().__init__(session)
        self.actor = actor
        self.now = clock()
        self._ids = ids
        self._clocks = session.ask("SELECT entity, revision FROM entity_clock ORDER BY entity")
        self._info = self.info()
        self.revision_now = self._info.revision
        self.found = self.left = self._info.state
        self._revision: int = self._info.revision
        self._known_coverage = known_coverage
        self._changes: list[_Applied] = []
        self._audited = 0
        self.keys_stood = False
        self._held_by: dict[bytes, list[bytes]] = {}
        self._numbers: dict[str, int] = {}
        self._import_images: dict[bytes, bytes] = {}
        self._audit: list[AuditEntry] = []
        self._runs = Runs(self.images)
        self._before: Coverage | None = None
        self._leaving: list[tuple[bytes, bytes]] = []
        self._device = Actor("device")

    def new_id(self) -> RowId:
        """An id for a row the server makes."""
        row_id = self._ids.new()
        self.fresh_ids.add(row_id)
        return row_id

    def new_revision(self) -> Revision:
        """Draws the next revision: one per accepted change."""
        self._revision += 1
        return Revision(self._revision)

    @property
    def epoch(self) -> bytes:
        """The store's lineage as this transaction found it."""
        return self._info.epoch

    @property
    def revision(self) -> Revision:
        """The revision drawn last."""
        return Revision(self._revision)

    def mark(self) -> Mark:
        """A point to come back to when a change turns out to be refused."""
        return Mark(self.position(), self._revision, len(self._audit), self._numbers)

    def rollback_to(self, mark: Mark) -> None:
        """Takes back everything staged, drawn and audited since the mark."""
        self.rewind(mark.position)
        self._revision = mark.revision
        del self._audit[mark.audited :]
        self._numbers = mark.numbers

    def holds(self, user_id: bytes, scope_key: bytes) -> bool:
        """Whether the user holds the key, as it will be when this transaction commits."""
        account_id = account_of(scope_key)
        if account_id is not None and self._is_moving(account_id):
            return user_id in self._holders_to_be(account_id)
        if scope_key == EVERYBODY_KEY:
            return super().holds(user_id, scope_key)
        if scope_key not in self._held_by:
            wanted = {scope_key, *self.keys_at_hand()}.difference(self._held_by)
            self._held_by.update(flush.holders_of(self.session, wanted))
        return user_id in self._held_by[scope_key]

    def known_holders(self, scope_key: bytes) -> list[bytes] | None:
        """Who held a key when this transaction began, None where it never asked."""
        return self._held_by.get(scope_key)

    def _is_moving(self, account_id: RowId) -> bool:
        staged = self.staged["account"].get(account_id) if "account" in self.staged else None
        if staged is not None:
            image = self.images["account"][account_id]
            if image is None or not DECIDE_HOLDERS.isdisjoint(staged.differing):
                return True
        members = self.staged.get("account_team")
        return members is not None and any(entry.key == account_key(account_id) for entry in members.values())

    def _holders_to_be(self, account_id: RowId) -> frozenset[bytes]:
        row = self.row("account", account_id) or {}
        if row.get("merged_into_id") is not None:
            return frozenset()
        owner, territory = row.get("owner_user_id"), row.get("territory_id")
        people = self._after(moment_of(self.now))
        members = (
            user_id
            for member in self.find("account_team", "account_id", account_id)
            if not member["archived"]
            and isinstance(user_id := member["user_id"], bytes)
            and within(member, people.day_of(user_id))
        )
        return people.account_holders(
            owner if isinstance(owner, bytes) else None,
            territory if isinstance(territory, bytes) else None,
            list(members),
        )

    def record_outcome(self, author: Author, change: Change, outcome: Outcome, blob: bytes) -> None:
        """Keeps a change's outcome, and what it did as one audit entry, with the rows themselves (I3, I14).

        `blob` is the encoded outcome, which every repeat of the change is answered with.
        """
        self._changes.append(_Applied(author, change, outcome, blob))
        if isinstance(outcome, Refused):
            result, entity, row_id, detail = f"refused: {outcome.code}", "", None, outcome.sentence
        else:
            moves = self.moves_since(self._audited)
            for move in moves:
                if move.before is not None and move.after["id"] in self.carried:
                    self._runs.carry(move.entity, move.before, move.after)
                else:
                    self._runs.note(move, author.device_id, author.user_id, self.now)
            result, detail = type(outcome).__name__.lower(), described(moves)
            if not isinstance(outcome, Accepted) and outcome.left_out:
                result += f" without {', '.join(one.field for one in outcome.left_out)}"
            first = change.edits[0] if change.edits else None
            entity, row_id = (first.entity, first.row_id) if first is not None else ("", None)
        self.carried.clear()
        self._audited = self.position()
        self._audit.append(AuditEntry(self._actor_of(author), change.command, result, entity, row_id, detail))

    def _actor_of(self, author: Author) -> Actor:
        actor = self._device
        if (actor.user_id, actor.device_id) != (author.user_id, author.device_id):
            actor = self._device = Actor("device", author.user_id, author.device_id)
        return actor

    def leave_account(self, rows: Iterable[bytes], account_id: bytes, users: Iterable[bytes]) -> None:
        """Lets users go on holding an account's key, but not these rows, which belong to another one now."""
        self._leaving += [(user, row_key(row_id, account_id)) for user in users for row_id in rows]

    def stay_in_account(self, rows: Iterable[bytes], account_id: bytes) -> None:
        """Takes back `leave_account` for rows that are the account's again: who missed both lets go of nothing."""
        keys = {row_key(row_id, account_id) for row_id in rows}
        self._leaving = [one for one in self._leaving if one[1] not in keys]
        sql = "DELETE FROM scope_ledger WHERE user_id IN (SELECT id FROM app_user) AND scope_key = ?"
        self.session.run_many(sql, [(key,) for key in sorted(keys)])

    def audit(
        self,
        action: str,
        result: str = "done",
        *,
        entity: str = "",
        row_id: bytes | None = None,
        detail: str = "",
    ) -> None:
        """Notes an act of this transaction's actor."""
        self._audit.append(AuditEntry(self.actor, action, result, entity, row_id, detail))

    def others_wrote_since(self, entity: str, row: Row, base: int, device_id: bytes) -> bool:
        """Whether anybody but this device wrote the row after the revision `base` that its editor saw."""
        return self._runs.others_since(entity, row, base, device_id)

    def last_change_of(self, entity: str, row: Row, field: Field) -> LastChange:
        """Who gave a field of a row its present value and when, asked only where somebody has to decide."""
        row_id = row["id"]
        assert isinstance(row_id, bytes)  # noqa: S101 - ids are never empty
        return self._runs.last_change(entity, row, field.name, self.import_image(row_id))

    def outcome_of(self, device_id: bytes, incarnation: bytes, n: int) -> bytes | None:
        here = (one.blob for one in self._of(device_id, incarnation) if one.change.n == n)
        return next(here, None) or super().outcome_of(device_id, incarnation, n)

    def _of(self, device_id: bytes, incarnation: bytes) -> Iterator[_Applied]:
        """What an installation pushed in this transaction."""
        for one in self._changes:
            if (one.author.device_id, one.author.incarnation) == (device_id, incarnation):
                yield one

    def ask_outcomes(
        self, device_id: bytes, incarnation: bytes, numbers: Sequence[int]
    ) -> Callable[[], dict[int, bytes]]:
        found = super().ask_outcomes(device_id, incarnation, numbers)
        here = {one.change.n: one.blob for one in self._of(device_id, incarnation) if one.change.n in numbers}
        return lambda: found() | here

    def refused_creates(self, device_id: bytes, incarnation: bytes) -> frozenset[bytes]:
        """The ids of rows that refused changes of that installation would have made."""
        sql = "SELECT payload FROM refused_change WHERE device_id = ? AND incarnation = ?"
        refused = [_decode_change(payload) for (payload,) in self.session.rows(sql, (device_id, incarnation))]
        here = self._of(device_id, incarnation)
        refused += [one.change for one in here if isinstance(one.outcome, Refused)]
        return frozenset(edit.row_id for change in refused for edit in change.edits if edit.kind == "create")

    def next_number(self, series: str) -> int:
        """The next number of a series; a change taken back gives its number back as well."""
        last = self._numbers.get(series)
        if last is None:
            found = self.session.first("SELECT last FROM number_series WHERE name = ?", (series,))
            last = 0 if found is None else int(found[0])
        self._numbers = {**self._numbers, series: last + 1}  # marks keep the one before
        return last + 1

    def keep_import_image(self, row_id: bytes, image: bytes) -> None:
        """Keeps what an import says of a row, for the next one."""
        self._import_images[row_id] = image

    def rehearsed(self, moment: str = "") -> Settlement:
        """What this transaction would change in the ledger, finished now; or what by it alone is due at a moment."""
        if moment:
            return settle(self, coverage(self, moment), staged_coverage(self, moment))
        after = self._after(moment_of(self.now))
        return settle(self, self._before or after, after)

    def changed_roles(self) -> dict[bytes, tuple[str, str]]:
        """Whose role is staged to change: before and after."""
        return {
            bytes_of(row["id"]): (str(image.row["role"]), str(row["role"]))
            for row, image in self.staged_rows("user")
            if image is not None and image.row["role"] != row["role"]
        }

    def finish(self) -> None:
        """Writes everything; the caller commits."""
        moment = moment_of(self.now)
        settlement = self.rehearsed()
        self._carry_the_rest()
        sums, clocks = flush.write_rows(self, self._runs)
        flush.write_digests(self.session, sums, self._held_by)
        if settlement.gained or settlement.lost:
            self._enter(settlement, sums)
        self.keys_stood = not (settlement.gained or settlement.lost or self._leaving)
        flush.write_leaving(self.session, self._leaving, self._revision)
        flush.write_clocks(self.session, clocks)
        self._write_changes()
        self._write_the_rest()
        self._write_clock(moment)

    def _after(self, moment: str) -> Coverage:
        """People and territories as they will be; sets `_before` when they or anybody's day differ from the stored."""
        present = self._known_coverage(self, self._info, self._clocks())
        if any(self.staged.get(entity) for entity in STRUCTURAL):
            self._before = present
            return staged_coverage(self, moment)
        if moment != self._info.settled_on and present.is_overtaken(moment):
            self._before = present
            return coverage(self, moment)
        return present

    def _enter(self, settlement: Settlement, sums: flush.Sums) -> None:
        """Ledger rows carry this transaction's last revision; one without any row change draws its own."""
        if self._revision == self.revision_now:
            self.new_revision()
        flush.write_ledger(self.session, settlement, self._revision, sums.made())

    def _write_changes(self) -> None:
        self.session.insert_many(
            "applied_change",
            ("device_id", "incarnation", "n", "revision", "outcome", "received_at"),
            [
                (a.author.device_id, a.author.incarnation, a.change.n, _revision(a.outcome), a.blob, self.now)
                for a in self._changes
            ],
        )
        self.session.insert_many(
            "refused_change",
            ("device_id", "incarnation", "n", "user_id", "code", "payload", "received_at"),
            [
                (
                    a.author.device_id,
                    a.author.incarnation,
                    a.change.n,
                    a.author.user_id,
                    str(found[1].code),
                    _encode_change(found[0]),
                    self.now,
                )
                for a in self._changes
                if (found := refused_part(a.change, a.outcome)) is not None
            ],
        )

    def _carry_the_rest(self) -> None:
        """Of rows that a merge moved by no change of a device."""
        for move in self.moves_since(self._audited) if self.carried else ():
            if move.before is not None and move.after["id"] in self.carried:
                self._runs.carry(move.entity, move.before, move.after)

    def _write_the_rest(self) -> None:
        raise_to(self.session, self._numbers)
        otherwise = "ON CONFLICT (row_id) DO UPDATE SET image = excluded.image"
        images = list(self._import_images.items())
        self.session.put_many("import_image", ("row_id", "image"), images, otherwise)

    def _write_clock(self, moment: str) -> None:
        n, chain = self._info.audit_n, self._info.audit_hash
        entries = []
        for entry in self._audit:
            n += 1
            stored, chain = sealed(n, self.now, entry, chain)
            entries.append(stored)
        self.session.insert_many("audit_entry", AUDIT_COLUMNS, entries)
        self.left = self.epoch, self._revision, chain
        self.session.run(
            "UPDATE store_info SET revision = ?, audit_n = ?, audit_hash = ?, settled_on = ? WHERE one = 1",
            (self._revision, n, chain, moment),
        )


def _revision(outcome: Outcome) -> int:
    return 0 if isinstance(outcome, Refused) else outcome.revision
