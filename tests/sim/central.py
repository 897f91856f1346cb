"""The central store in the simulation: the real server's code on a real database, and its oracle beside it.

Every request and reply is bytes of the real messages; only the socket is left out. After each event the whole store is
read by plain SQL and compared with the oracle, row by row. Must not know laptops.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fieldrep.contract.change import Outcome, Refused
from fieldrep.contract.errors import KnownError
from fieldrep.contract.messages import ExchangeRequest, decode_reply, decode_request
from sync_server.http.app import _Routes
from sync_server.reconcile.duplicates import look_for_duplicates
from sync_server.store.database import Database
from sync_server.store.files import set_quota
from sync_server.store.restoring.backup import backup, restore
from tests.sim.dying import ServerDied, dying
from tests.sim.judge import merging
from tests.sim.judge.bodies import Bodies
from tests.sim.judge.copying import Copies, is_behind, stored_answers
from tests.sim.judge.handover import opened_again, told, told_of
from tests.sim.judge.hearing import hear, note_pushed, sender
from tests.sim.judge.oracle import UNKNOWN, Key, Oracle, Row, Sender, Wrong
from tests.sim.judge.pairs import learn_pairs
from tests.sim.judge.replying import check_reply, is_told_a_copy
from tests.sim.judge.rules import MACHINERY
from tests.sim.judge.waiting import Waiting
from tests.sim.looking import Sql
from tests.sim.skew import is_told_to_update
from tests.sim.standing import Standing

NOT_COMPARED = {"revision", "row_label"} | MACHINERY


@dataclass
class Central:
    """The office: one central store, the oracle that knows what it must hold, and every answer ever given."""

    url: str
    now: Callable[[], int]
    seed: int
    database: Database = field(init=False)
    sql: Sql = field(init=False)
    oracle: Oracle = field(init=False)
    bodies: Bodies = field(default_factory=Bodies)
    copies: Copies = field(default_factory=lambda: Copies({}))
    standing: Standing = field(init=False)
    waiting: Waiting = field(init=False)
    heard: dict[bytes, int] = field(default_factory=dict)
    ticks: dict[int, int] = field(default_factory=dict)
    revisions: dict[Key, int] = field(default_factory=dict)
    names: dict[bytes, str] = field(default_factory=dict)
    marks: dict[bytes, str] = field(default_factory=dict)
    mixed: dict[str, set[str]] = field(default_factory=dict)
    clashes: dict[str, int] = field(default_factory=dict)
    death: str = ""
    repeats: int = 0
    noted: dict[bytes, int] = field(default_factory=dict)
    saved: tuple[Oracle, dict[Any, Any], dict[bytes, int], dict[Key, int], list[Any], Any, int] | None = None
    restored: int = 0  # the tick of the last restore
    tidied: bool = False
    purged: set[Key] = field(default_factory=set)
    restored_to: list[tuple[bytes, int]] = field(default_factory=list)
    ever_answered: dict[tuple[bytes, int], list[tuple[Any, int]]] = field(default_factory=dict)  # what, when
    founding: bool = True
    _same: dict[Key, tuple[Row, Row]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random = random.Random(f"central/{self.seed}")
        self.database = Database.create(self.url, self.now, self._random.randbytes)
        self.sql = Sql(self.url)
        self.sql.overhear(self.database)
        self._routes = _Routes(self.database, processes=1)
        self.oracle, self.standing = Oracle(self.sql.columns()), Standing(self)
        self.waiting = Waiting(self)
        self.copies.ordered = self.standing.sending

    def close(self) -> None:
        self.sql.close()
        self.database.close()

    def back_up(self, path: Path) -> None:
        """A backup, and what was true then."""
        path.unlink(missing_ok=True)
        backup(self.database, path)
        oracle = copy.deepcopy(self.oracle)
        told = dict(self.answers), dict(self.noted), dict(self.revisions), list(self.restored_to)
        self.saved = (oracle, *told, self.bodies.copied(), self.sql.revision())

    def restore(self, path: Path) -> None:
        """The store as it was then, under a new epoch; whatever came since is known to the laptops alone."""
        assert self.saved is not None
        self.sql.close()
        self.database.close()
        restore(self.url, path, self.now, self._random.randbytes)
        self.sql = Sql(self.url)
        self.reopen()
        oracle, answers, noted, revisions, restored_to, bodies, saved_at = copy.deepcopy(self.saved)
        self.bodies.put_back(bodies)
        oracle.tick = self.oracle.tick
        oracle.step_on(self.oracle.orders_numbered)
        self.oracle, self.copies.answers, self.revisions = oracle, answers, revisions
        self.heard, self.noted = noted, dict(noted)
        self.ticks = {at: tick for at, tick in self.ticks.items() if at < saved_at} | {saved_at: oracle.tick}
        self.restored_to = [*restored_to, (self.epoch, saved_at)]  # of others it does not know itself
        self.restored = oracle.tick
        self.waiting.restored()
        self.settle()  # a day that has begun since is settled with the restore, at a revision of its own
        self.compare(self.standing.written())

    def reopen(self) -> None:
        """The server process starts again."""
        self.database.close()
        self.database = Database.open(self.url, self.now, self._random.randbytes)
        self.sql.overhear(self.database)
        self._routes = _Routes(self.database, processes=1)

    @property
    def answers(self) -> dict[tuple[bytes, int], Outcome]:
        """Every answer the store has given and still knows, by device and number."""
        return self.copies.answers

    @property
    def epoch(self) -> bytes:
        """The lineage of the store."""
        return bytes(self.sql.rows("SELECT epoch FROM store_info")[1][0][0])

    # -- what happens

    def handle(self, token: str, body: bytes, device: bytes, user: bytes) -> bytes:
        """One request as the HTTP route treats it, judged by the oracle whatever comes of it."""
        request, death = decode_request(body), self.death
        self.copies.look(self.sql, device)
        try:
            with self.dying():
                message = bytes(self._routes._answer(f"Bearer {token}", body).body)
        except ServerDied:
            self.reopen()
            self._judge(request, device, user, failed=True)
            raise
        except KnownError:
            self._judge(request, device, user, failed=True)
            raise
        self._judge(request, device, user)
        reply = decode_reply(message)
        if self.standing.is_told(device, reply) or is_told_a_copy(self, request, reply, device):
            return message
        if not (is_told_to_update(request, reply) or reply.more):
            self.noted[device] = max(self.noted.get(device, 0), self.heard[device])
        check_reply(self, reply, request, device, user)
        if death == "before reply":
            self.reopen()
            raise ServerDied(death)
        return message

    def knows(self, device: bytes) -> bool:
        """Whether a device was admitted; after a restore, those enrolled since the backup are strangers."""
        return device in self.oracle.rows["device"]

    def again(self, token: str, body: bytes, device: bytes, user: bytes) -> bool:
        """An old request arrives again; False where it is a stranger's by now, and nothing of it is taken."""
        try:
            self.handle(token, body, device, user)
        except KnownError as error:
            if not self.standing.may_refuse(device, error):
                raise
            return False
        return True

    def files(self, token: str, body: bytes) -> bytes:
        """One request about a file as the HTTP route treats it; `Carrying` judges it."""
        return self._routes._answer_about_file(f"Bearer {token}", body)

    def limit_files(self, name: str, limit: int) -> None:
        """The office says what files may come to."""
        with self.database.write("fieldrep-server files") as tx:
            set_quota(tx.session, name, limit)
        self.bodies.limits[name] = limit

    def office(self, entity: str, row_id: bytes, values: Row, by: bytes | None = None) -> None:
        """The office edits or makes a row, as an import or the administration does."""
        with self.database.write("office") as tx:
            known = tx.row(entity, row_id)
            row: Row = known or dict.fromkeys(self.oracle.columns[entity])
            revision = tx.new_revision()
            if known is None:
                row.update(id=row_id, created_at=self.now(), created_by=by, archived=0, custom="{}")
            row.update(values, revision=revision, changed_at=self.now(), changed_by=by)
            tx.stage(entity, row)
            tx.audit("office", entity=entity, row_id=row_id)
            if not self.founding:
                look_for_duplicates(tx)
        taken = {name: value for name, value in row.items() if name in self.oracle.columns[entity]}
        self.oracle.note_given(entity, row_id, taken, None)
        self.oracle.rows.setdefault(entity, {})[row_id] = taken
        if self.founding:
            self.settle()
            self.revisions[entity, row_id] = revision
            self.oracle.writers.setdefault((entity, row_id), []).append((revision, b"office"))
            return
        stands = self.dump()
        touched = {(entity, row_id): b"office"}
        touched.update(dict.fromkeys(learn_pairs(self.oracle, stands, self.names), b"store"))
        self.settle()
        self.compare(touched, stands)

    def founded(self) -> None:
        """The company is there: from now on the store is compared after every event, and once right now."""
        self.founding = False
        self.compare({})

    def mix(self, done: merging.Done) -> None:
        """From now on the texts of one of two merged records may stand on the other."""
        one, other = self.marks.get(done.stays, "?"), self.marks.get(done.goes, "?")
        house = self.mixed.get(one, {one}) | self.mixed.get(other, {other})
        self.mixed.update(dict.fromkeys(house, house))

    def settle(self) -> None:
        """Who holds what from now on; of a day that has begun, a device hears with the first revision after it."""
        self.new_day()
        self.ticks.setdefault(self.sql.revision(), self.oracle.tick)

    def new_day(self) -> None:
        """Cover that begins or ends does so before anything else is done; the store then has no new revision yet."""
        self.oracle.now = self.now()
        self.oracle.settle_grants()

    def learn(self) -> None:
        """Takes over rows that were made by other means, such as enrolment."""
        for entity, rows in self.dump().items():
            for row_id, row in rows.items():
                if row_id not in self.oracle.rows.setdefault(entity, {}):
                    self.oracle.rows[entity][row_id] = dict(row)
                    self.revisions[entity, row_id] = row["revision"]
        self.settle()

    def dying(self) -> AbstractContextManager[None]:
        """Lets the server die at the moment that was asked for, in one exchange."""
        death, self.death = self.death, ""
        return dying(self.database, death)

    # -- what must be true

    def _judge(
        self, request: ExchangeRequest, device: bytes, user: bytes, at_once: bool = True, failed: bool = False
    ) -> None:
        self.new_day()
        if device in self.standing.shut or self.copies.are_shown(self.epoch, device, request):
            self.settle()
            self.compare({})
            return
        hear(self, request, device)
        who = sender(self, request, device, user)
        touched: dict[Key, bytes] = {}
        self.copies.recognise(device, user, self.oracle.rows["device"], request.changes)
        stored = stored_answers(self.sql, device, request) if request.changes else {}
        waits = self.waiting.listed(device) if request.changes else {}
        heard = not failed and request.handshake.epoch in (b"", self.epoch)
        for change in [one for one in request.changes if not self.copies.is_anothers(device, one)]:
            outcome, known = stored.get(change.n), self.copies.known(device, change)
            if known is not None:
                self.repeats += 1
                # what it was answered as a former device stands there alone
                if outcome != known and (outcome or (device, change.n) in self.answers):
                    raise Wrong(f"I3: change {change.n} was answered {known}, and now {outcome}")
                continue
            if outcome is not None:
                self.copies.note(device, change, outcome)
                self.waiting.answered(who, change, outcome)
                ever = self.ever_answered.setdefault((device, change.n), [])
                if all(one != change for one, _ in ever):  # copies give one number to different changes
                    ever.append((change, self.oracle.tick))
                touched.update(dict.fromkeys(self._judge_change(who, change, outcome), device))
                self.waiting.early.taken(who, change, outcome)
            elif waits.get(change.n) == change.edits:
                self.waiting.told(who, change, heard=heard)
        if (stored or waits) and not (failed and is_behind(self.sql, device, request)):
            note_pushed(self, who, request)
        self.oracle.end_of_push()
        stands = self.dump()
        touched.update(dict.fromkeys(learn_pairs(self.oracle, stands, self.names, at_once), b"store"))
        self.settle()
        self.compare(touched, stands)

    def _judge_change(self, who: Sender, change: Any, outcome: Outcome) -> list[Key]:
        now = self.now()
        merged = len(self.oracle.merges)
        verdict, fresh = self.oracle.judge(who, self.waiting.early.as_seen(who, change), now)
        for done in self.oracle.merges[merged:]:
            self.mix(done)
        if verdict.kind != _kind(outcome):
            raise Wrong(f"change {change.n} became {outcome}, the oracle says {verdict}; {change}")
        if isinstance(outcome, Refused):
            if verdict.code != outcome.code:
                raise Wrong(f"change {change.n} refused as {outcome.code}, the oracle says {verdict.code}")
            births = {edit.row_id for edit in change.edits if edit.kind == "create"}
            self.oracle.refused_births.setdefault(who.device, set()).update(births)
            return []
        kept = [(one.entity, one.row_id, one.field) for one in getattr(outcome, "kept", ())]
        if sorted(kept) != sorted(verdict.kept):
            raise Wrong(f"I10: change {change.n} clashed on {kept}, the oracle says {verdict.kept}")
        fresh = self._name_conflicts(fresh, outcome, who)
        fresh |= self._name_proposals(told(self.oracle, who, change, kept, fresh, now), fresh)
        self.oracle.keep(fresh, (who.user, now))
        for entity, row_id in fresh.keys() - self.oracle.carried:
            self.oracle.writers.setdefault((entity, row_id), []).append((_revision(outcome), who.device))
        return list(fresh)

    def _name_conflicts(self, fresh: dict[Key, Row], outcome: Outcome, who: Sender) -> dict[Key, Row]:
        """The oracle cannot foresee the id of a new conflict; it takes the one in the outcome."""
        ids = {(one.row_id, one.field): one.conflict_id for one in getattr(outcome, "kept", ())}
        named: dict[Key, Row] = {}
        for (entity, row_id), row in fresh.items():
            is_clash = entity == "conflict" and not opened_again(self.oracle, row_id)
            if is_clash and row["mine_device_id"] == who.device and row["status"] == "open":
                given = ids.get((row["row_id"], row["field"]), row_id)
                if not row_id.startswith(b"?") and given != row_id:
                    raise Wrong(f"I10: a clash on {row['field']} is listed twice")
                base = f"conflict.{self.names.get(row['row_id'], '?')}.{row['field']}"
                if given not in self.names:
                    self.clashes[base] = self.clashes.get(base, 0) + 1
                    self.names[given] = f"{base}.{self.clashes[base]}"
                self.marks[given] = self.marks.get(row["row_id"], "?")
                named[entity, given] = dict(row, id=given)
            else:
                named[entity, row_id] = row
        return named

    def _name_proposals(self, rows: dict[Key, Row], fresh: dict[Key, Row]) -> dict[Key, Row]:
        for entity, conflict_id in fresh:
            if entity == "conflict":
                self.names[told_of(conflict_id)] = f"proposal.{self.names[conflict_id]}"
        return rows

    def dump(self) -> dict[str, dict[bytes, Row]]:
        """All synced rows; not to be altered."""
        return self.sql.dump()

    def compare(self, touched: dict[Key, bytes], stands: dict[str, dict[bytes, Row]] | None = None) -> None:
        """The store holds what the oracle says, and only rows that changed have a new revision."""
        newest = max(self.revisions.values(), default=0)
        for entity, rows in (stands or self.dump()).items():
            wanted = self.oracle.rows.get(entity, {})
            if rows.keys() != wanted.keys():
                extra, missing = rows.keys() - wanted.keys(), wanted.keys() - rows.keys()
                raise Wrong(f"the store has {len(extra)} {entity} rows too many and lacks {len(missing)}")
            for row_id, row in rows.items():
                key = (entity, row_id)
                same = self._same.get(key)
                if same and same[0] is row and same[1] is wanted[row_id] and key not in touched:
                    continue
                self._compare_row(entity, row, wanted[row_id], touched, newest)
                self._same[key] = row, wanted[row_id]

    def compare_all(self) -> None:
        """Every row once more, also those that seem to be the same."""
        self.sql.forget()
        self._same.clear()
        self.compare({})

    def _compare_row(
        self, entity: str, row: Row, wanted: Row, touched: dict[Key, bytes], newest: int
    ) -> None:
        key = (entity, row["id"])
        wanted.update({name: row[name] for name, value in wanted.items() if value is UNKNOWN})
        differs = [
            (name, value, wanted[name])
            for name, value in row.items()
            if name not in NOT_COMPARED and value != wanted[name]
        ]
        if differs:
            raise Wrong(f"{entity} {self.names.get(row['id'])} differs (store, oracle): {differs}")
        if key in touched and row["revision"] <= newest:
            raise Wrong(f"{entity} {self.names.get(row['id'])} changed, but no device will hear of it")
        if key not in touched and row["revision"] != self.revisions.get(key, 0):
            raise Wrong(f"{entity} {self.names.get(row['id'])} has a new revision and nothing new")
        self.revisions[key] = row["revision"]
        if key in touched and touched[key] == b"office":
            self.oracle.writers.setdefault(key, []).append((row["revision"], b"office"))


def _kind(outcome: Outcome) -> str:
    return type(outcome).__name__.lower()


def _revision(outcome: Outcome) -> int:
    return int(getattr(outcome, "revision", 0))
