"""The feed: what a user's replica needs to get from one state of the store to the present one, a page set at a time.

A first replica and a daily delta run through the same code: rows of keys gained, rows changed on keys held before, keys
lost, rows purged. It reads one snapshot and delivers nothing of a key the user does not hold in it (I5); parents travel
before children (I8). Must not write, and knows nothing of devices or messages but pages.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import itemgetter

from msgspec.structs import replace

from fieldrep.contract.digest import Digest
from fieldrep.contract.page import Page, make_page
from fieldrep.contract.scope import ACCOUNT_PREFIX, gone_key, scope_key
from sync_server.store.devices.contact import DeviceIdentity
from sync_server.store.devices.cursor import AFTER_ALL_IDS, Cursor, Stage, decode_cursor, encode_cursor
from sync_server.store.dialect import Row as Tuple
from sync_server.store.feed.echo import Echoes, Heard
from sync_server.store.feed.overheard import overhear
from sync_server.store.feed.statements import (
    COST_ROLES,
    GAINED,
    GAINED_OF_LATE,
    OUTLOOK,
    FeedTable,
    feed_tables,
)
from sync_server.store.reading import Reader, StoreInfo

MOST_ROWS = 2_000
"""Rows of one page, and of one query."""

FEW_KEYS = 300
"""Keys gained that are asked for by name; more are walked in the ledger."""

MANY_CHANGES = 20_000
"""Rows of an entity changed since, beyond which a user's keys are walked instead of the changes of everybody."""

_ROWS_OF_A_REVISION = 20
"""Hardly any step has more, taken over all its revisions; most have one."""

_FIRST_GUESS = 250
_LEAVES = 4_000
_LEAVE_BYTES = 20


@dataclass(frozen=True, slots=True)
class Pulled:
    """One reply's worth of the feed; the fields mean what they mean in `ExchangeReply`."""

    pages: tuple[Page, ...]
    leaves: tuple[bytes, ...]
    moved_to: tuple[bytes, ...]
    cursor: bytes
    more: bool
    digest: Digest | None
    revision: int
    estimate: int


@dataclass(frozen=True, slots=True)
class _Outlook:
    """What a step may bring, so that nothing is asked of which there is none.

    Attributes:
        since, target: the states it leads from and to.
        gains, loses: whether the user gained or lost keys on it.
        purges: whether anything was purged since.
        changed: the entities of which a row changed since.
    """

    since: int
    target: int
    sees_cost: bool
    gains: bool
    loses: bool
    purges: bool
    changed: frozenset[str]


@dataclass(slots=True)
class _Budget:
    """How many bytes the reply may still take; the first row always fits, so that every reply gets on."""

    bytes_left: int
    row_bytes: dict[str, int] = field(default_factory=dict)
    pages: list[Page] = field(default_factory=list)
    leaves: list[bytes] = field(default_factory=list)

    def is_spent(self) -> bool:
        return self.bytes_left <= 0

    def rows(self, table: FeedTable) -> int:
        """How many rows to ask for."""
        size = self.row_bytes.get(table.entity.name, _FIRST_GUESS)
        return max(1, min(MOST_ROWS, self.bytes_left // size))

    def take(self, table: FeedTable, rows: list[Tuple]) -> None:
        page = make_page(table.entity.name, table.names, rows)
        size = sum(map(len, page.columns)) + 16 * len(table.names)
        self.bytes_left -= size
        self.row_bytes[table.entity.name] = max(1, size // len(rows))
        self.pages.append(page)

    def fitting(self, table: FeedTable, rows: list[Tuple]) -> list[Tuple]:
        """As many rows as fit even when their texts are long; at least one."""
        if not table.long or len(rows) < 2:
            return rows
        left, size = self.bytes_left, self.row_bytes.get(table.entity.name, _FIRST_GUESS)
        texts = sum(sum(map(len, filter(None, map(itemgetter(i), rows)))) for i in table.long)
        if texts + len(rows) * size // 2 <= 2 * left:
            return rows
        for count, row in enumerate(rows):
            left -= size // 2 + sum(len(row[i]) for i in table.long if row[i])
            if left <= 0:
                return rows[: max(1, count)]
        return rows


def pull(reader: Reader, user_id: bytes, cursor: bytes, page_bytes: int, echoes: Echoes) -> Pulled:
    """What the user's replica at `cursor` takes next, about `page_bytes` of it; `echoes` is what was just pushed."""
    present = reader.info().revision
    at = decode_cursor(cursor, present)
    if at.stage is Stage.DONE and cursor and at.target == present:
        return Pulled((), (), (), cursor, False, reader.digest_of(user_id), present, 0)
    feed = _Feed(reader, user_id, page_bytes, echoes, _outlook(reader, user_id, at.since, present))
    at = feed.walk(at, present, fresh=not cursor)
    complete = at.stage is Stage.DONE and at.target == present
    digest = reader.digest_of(user_id) if complete or at.since == 0 else None
    return Pulled(
        tuple(feed.budget.pages),
        tuple(feed.budget.leaves),
        feed.owners_of(feed.budget.leaves),
        encode_cursor(at),
        not complete,
        digest if complete else None,
        present,
        0 if complete or digest is None else max(0, digest.count - at.sent),
    )


def _outlook(reader: Reader, user_id: bytes, since: int, target: int) -> _Outlook:
    session = reader.session
    # on a long step, as on a first replica, the keys gained are not looked for among those of everybody
    of_late = target - since <= MANY_CHANGES
    gained, lost = (since if of_late else target, target, user_id), (user_id, since, target)
    found = session.rows(OUTLOOK[session.dialect.name], (*gained, *lost, since, since, user_id))
    role, gains, loses, purges = found[0][:4] if found else ("", False, False, False)
    changed = frozenset(row[4] for row in found)
    return _Outlook(
        since, target, role in COST_ROLES, bool(gains) or not of_late, bool(loses), bool(purges), changed
    )


def retold(
    info: StoreInfo, device: DeviceIdentity, digest: Digest, cursor: bytes, page_bytes: int, echoes: Echoes
) -> Pulled | None:
    """As `pull`, for a device of which and of the store all this is known, without reading anything; None where that
    does not do, or takes more than one reply."""
    at = decode_cursor(cursor, info.revision)
    tables = feed_tables(device.role in COST_ROLES)
    if not at.since or at != Cursor(at.since, at.since, sees_cost=device.role in COST_ROLES):
        return None
    heard = echoes.heard(device.user_id, at.since, info.state)
    if heard is None:
        return None
    budget = _Budget(max(1, page_bytes))
    for name in tables:
        rows = [tables[name].values(row) for row in heard.rows.get(name, ())]
        if len(rows) >= MOST_ROWS or len(budget.fitting(tables[name], rows)) < len(rows):
            return None
        if rows:
            budget.take(tables[name], rows)
    if budget.is_spent():
        return None
    there = encode_cursor(Cursor(info.revision, info.revision, sees_cost=at.sees_cost))
    return Pulled(tuple(budget.pages), (), (), there, False, digest, info.revision, 0)


class _Feed:
    """One pull at work."""

    def __init__(
        self, reader: Reader, user_id: bytes, page_bytes: int, echoes: Echoes, outlook: _Outlook
    ) -> None:
        self._reader = reader
        self._session = reader.session
        self._user_id = user_id
        self._echoes = echoes
        self._heard: dict[int, Heard | None] = {}
        self.budget = _Budget(max(1, page_bytes))
        self._outlook = outlook
        self._sees_cost = outlook.sees_cost
        self._tables = feed_tables(self._sees_cost)

    def walk(self, at: Cursor, present: int, *, fresh: bool) -> Cursor:
        """Gets on from a position until the budget is spent or the present state is reached."""
        if fresh:
            at = Cursor(target=present, stage=Stage.ENTER, sees_cost=self._sees_cost)
        at = self._begun(at, present)
        if at.stage is not Stage.DONE and at.sees_cost != self._sees_cost:
            at = replace(at, sees_cost=None)
        while at.stage is not Stage.DONE and not self.budget.is_spent():
            at = self._begun(self._stage(at), present)
        return at

    def _begun(self, at: Cursor, present: int) -> Cursor:
        """The position itself, or the beginning of the next step when one is done and there is another to do."""
        if at.stage is Stage.DONE and at.target < present:
            return replace(at, target=present, stage=Stage.ENTER)
        if at.stage is Stage.DONE and at.sees_cost != self._sees_cost:
            return replace(at, stage=Stage.ENTER, sees_cost=self._sees_cost, again=True)
        return at

    def owners_of(self, leaves: list[bytes]) -> tuple[bytes, ...]:
        """Beside each key that leaves, who owns its account now: the one thing told of it, so that a customer who
        calls can be sent on."""
        accounts = [key[1:] for key in leaves if key[:1] == ACCOUNT_PREFIX]
        sql = "SELECT id, owner_user_id FROM account WHERE id IN :members"
        owners: dict[bytes, bytes | None] = dict(self._session.chosen(sql, accounts))
        return tuple(owners.get(key[1:]) or b"" for key in leaves)

    def _stage(self, at: Cursor) -> Cursor:
        """Works on one stage; the position after it, within the stage when the budget is spent."""
        if at.stage is Stage.ENTER:
            keys = self._gained(at)
            return self._entities(at, keys) if keys is None or keys else _next(at)
        if not at.since or at.again:
            return _next(at)
        if at.stage is Stage.DELTA:
            return self._entities(at, None)
        return self._leave(at) if at.stage is Stage.LEAVE else self._gone(at)

    def _gained(self, at: Cursor) -> list[bytes] | None:
        """The keys gained on this step, None for more than a few, as on a first replica."""
        if not at.since or at.again:
            return None
        if not self._ahead(at).gains:
            return []
        of_late = at.target - at.since <= MANY_CHANGES
        sql = GAINED_OF_LATE[self._session.dialect.name] if of_late else GAINED
        found = self._session.rows(sql, (self._user_id, at.since, at.target, FEW_KEYS + 1))
        return sorted(key for (key,) in found) if len(found) <= FEW_KEYS else None

    def _entities(self, at: Cursor, keys: list[bytes] | None) -> Cursor:
        """Entity by entity in the order of the catalogue, from the position on."""
        changed = self._ahead(at).changed if at.stage is Stage.DELTA else self._tables.keys()
        names = list(self._tables)
        for name in names[names.index(at.entity) if at.entity in names else 0 :]:
            if at.entity != name:
                at = replace(at, entity=name, key=b"", revision=0, row_id=b"")
            if name in changed and not (at.again and self._tables[name].alike):
                at, done = self._entity(self._tables[name], at, keys)
                if not done:
                    return at
        return _next(at)

    def _ahead(self, at: Cursor) -> _Outlook:
        """What the step may bring on which the position lies; a pull may get on to the next one."""
        known = self._outlook
        if at.since != known.since or at.target > known.target:
            self._outlook = _outlook(self._reader, self._user_id, at.since, at.target)
        return self._outlook

    def _entity(self, table: FeedTable, at: Cursor, keys: list[bytes] | None) -> tuple[Cursor, bool]:
        """Rows of one entity from the position on; whether they were all."""
        sweeping = at.stage is Stage.ENTER or bool(at.key) or (not at.row_id and self._are_many(table, at))
        while True:
            wanted = self.budget.rows(table)
            found = (
                self._by_key(table, at, keys, wanted) if sweeping else self._by_revision(table, at, wanted)
            )
            rows = self.budget.fitting(table, found)
            if rows:
                self._bring_parents(table, rows, at.target)
                self.budget.take(table, rows)
                last = rows[-1]
                key = scope_key(table.entity, dict(zip(table.names, last, strict=True))) if sweeping else b""
                at = replace(at, key=key, row_id=last[0], revision=last[1], sent=at.sent + len(rows))
            if len(rows) == len(found) < wanted:
                return at, True
            if self.budget.is_spent():
                return at, False

    def _bring_parents(self, table: FeedTable, rows: list[Tuple], target: int) -> None:
        """Takes before rows that come early what they belong to, where that changed since the target as well: since a
        merge they may belong to another record, the turn of whose kind is over (I8)."""
        early = [row for row in rows if row[1] > target]
        for place, entity in table.parents if early else ():
            above, ids = self._tables[entity], {row[place] for row in early if row[place] is not None}
            parents = list(self._session.chosen(above.named, sorted(ids), (), (target, self._user_id)))
            if parents:
                self._bring_parents(above, parents, target)
                self.budget.take(above, parents)

    def _are_many(self, table: FeedTable, at: Cursor) -> bool:
        """Whether so many rows changed since that the user's keys are walked."""
        if (at.target - at.since) * _ROWS_OF_A_REVISION <= MANY_CHANGES or self._heard_since(at) is not None:
            return False
        found = self._session.first(table.changed, (at.since, MANY_CHANGES + 1))
        return found is not None and found[0] > MANY_CHANGES

    def _by_key(self, table: FeedTable, at: Cursor, keys: list[bytes] | None, wanted: int) -> list[Tuple]:
        """Rows key by key: all rows of keys gained on this step, or the changed rows of keys held before."""
        entering = at.stage is Stage.ENTER
        gained = (0 if at.again else at.since, at.target) if entering else (-1, at.since)
        floor = 0 if entering else at.since
        found: list[Tuple] = []
        if at.key and self._holds_still(at.key, gained):
            found = self._session.rows(table.rest_of_key, (at.key, at.row_id, floor, at.target, wanted))
        if len(found) == wanted:
            return found
        after = max(table.lowest, at.key)
        if keys is not None and entering:
            chosen = [key for key in keys if after < key < table.highest]
            more = self._session.chosen(table.in_keys, chosen, (), (floor, at.target, wanted - len(found)))
            return found + list(more)
        known = (self._user_id, after, table.highest, *gained, floor, at.target, wanted - len(found))
        return found + self._session.rows(table.by_key[self._session.dialect.name], known)

    def _holds_still(self, key: bytes, gained: tuple[int, int]) -> bool:
        sql = (
            "SELECT gained_revision FROM scope_ledger WHERE user_id = ? AND scope_key = ? "
            "AND lost_revision IS NULL AND gained_revision > ? AND gained_revision <= ?"
        )
        return self._session.first(sql, (self._user_id, key, *gained)) is not None

    def _by_revision(self, table: FeedTable, at: Cursor, wanted: int) -> list[Tuple]:
        """Rows changed since, whoever changed them, of keys the user held all along."""
        start = (at.revision, at.row_id) if at.row_id else (at.since, AFTER_ALL_IDS)
        heard = self._heard_since(at)
        if heard is not None:
            return list(map(table.values, heard.after(table.entity.name, start, wanted)))
        known = (*start, at.target, self._user_id, at.since, wanted)
        return self._session.rows(table.by_revision, known)

    def _heard_since(self, at: Cursor) -> Heard | None:
        """What was written on the step, where that is at hand."""
        info = self._reader.info()
        if at.target != info.revision:
            return None
        if at.since not in self._heard:
            overhear(self._reader, self._echoes, at.since)
            self._heard[at.since] = self._echoes.heard(self._user_id, at.since, info.state)
        return self._heard[at.since]

    def _leave(self, at: Cursor) -> Cursor:
        """Keys lost on this step and not held now."""
        if not self._ahead(at).loses:
            return _next(at)
        sql = (
            "SELECT DISTINCT l.scope_key FROM scope_ledger AS l WHERE l.user_id = ? AND l.lost_revision > ? "
            "AND l.lost_revision <= ? AND l.scope_key > ? AND NOT EXISTS (SELECT 1 FROM scope_ledger AS h "
            "WHERE h.user_id = l.user_id AND h.scope_key = l.scope_key AND h.lost_revision IS NULL) "
            "ORDER BY l.scope_key LIMIT ?"
        )
        wanted = max(1, min(_LEAVES, self.budget.bytes_left // _LEAVE_BYTES))
        found = self._session.rows(sql, (self._user_id, at.since, at.target, at.key, wanted))
        self.budget.leaves.extend(key for (key,) in found)
        self.budget.bytes_left -= len(found) * _LEAVE_BYTES
        return replace(at, key=found[-1][0]) if len(found) == wanted else _next(at)

    def _gone(self, at: Cursor) -> Cursor:
        """Rows of keys held now that were purged on this step: each leaves by a key of its own."""
        if not self._ahead(at).purges:
            return _next(at)
        wanted = max(1, min(_LEAVES, self.budget.bytes_left // _LEAVE_BYTES))
        sql = (
            "SELECT t.revision, t.row_id FROM tombstone AS t JOIN scope_ledger AS l ON l.scope_key = t.scope_key "
            "AND l.user_id = ? AND l.lost_revision IS NULL "
            "WHERE (t.revision, t.row_id) > (?, ?) AND t.revision <= ? ORDER BY t.revision, t.row_id LIMIT ?"
        )
        start = (at.revision, at.row_id) if at.row_id else (at.since, AFTER_ALL_IDS)
        found = self._session.rows(sql, (self._user_id, *start, at.target, wanted))
        self.budget.leaves.extend(gone_key(row_id) for _, row_id in found)
        self.budget.bytes_left -= len(found) * _LEAVE_BYTES
        if len(found) < wanted:
            return _next(at)
        return replace(at, revision=found[-1][0], row_id=found[-1][1])


def _next(at: Cursor) -> Cursor:
    """The beginning of the next stage; after the last the step is done."""
    following = Stage(at.stage + 1)
    if following is Stage.DONE:
        return Cursor(since=at.target, target=at.target, sees_cost=at.sees_cost)
    return replace(at, stage=following, entity="", key=b"", revision=0, row_id=b"")
