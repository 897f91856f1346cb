"""What must hold on a laptop at every instant, and what must be equal when everybody is quiet.

Looks at replicas by plain SQL and judges with the oracle. Must not move anything.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import msgspec

from fieldrep.contract.messages import ExchangeReply
from sync_server.store.restoring.returns import restore_report
from tests.helpers.search_words import wrong_words
from tests.sim.central import Central
from tests.sim.judge.oracle import Key, Row, Wrong
from tests.sim.judge.rules import COST_FIELDS, COST_READERS, PARENTS, RULES
from tests.sim.judge.values import line_total
from tests.sim.laptop import Laptop

PENDING = "SELECT n, revision FROM outbox WHERE state NOT LIKE 'doomed%' ORDER BY n"
LEAVING = "SELECT row_id FROM base_row WHERE standing > 0"
NO_IMAGE = "SELECT entity, row_id FROM base_row WHERE image IS NULL"
DIGEST_HALF = 1 << 63
_NEW: Row = {"revision": 0}


@dataclass
class Watch:
    """The eyes on all laptops.

    Attributes:
        units: per accepted change of more than one new row, the rows it made.
        seen: per laptop, the newest revision of each row it ever showed.
    """

    central: Central
    seen: dict[str, dict[Key, int]] = field(default_factory=dict)
    cursors: dict[str, bytes] = field(default_factory=dict)
    epochs: dict[str, bytes] = field(default_factory=dict)
    looks: int = 0
    shown: dict[str, dict[Key, Row]] = field(default_factory=dict)
    hashes: dict[tuple[str, Key], tuple[Row, int]] = field(default_factory=dict)

    def look(self, laptop: Laptop, units: list[set[Key]], reply: ExchangeReply | None = None) -> None:
        """Everything that must hold on one laptop right now; `reply` is the one just applied, if any."""
        self.looks += 1
        rows = laptop.dump()
        leaving = set(laptop.numbers(LEAVING))
        waiting = set(laptop.asked("SELECT DISTINCT entity, row_id FROM outbox_edit"))
        self._cursor(laptop, reply)
        self._own_writes(laptop, rows)
        self._accounted(laptop)
        self._never_backwards(laptop, rows, waiting)
        # After a restore, what is offered again is shown though its account may have left since.
        # So is, after a repair, what waits, before the records it belongs to have come again.
        laptop.repaired = laptop.repaired and not laptop.replica.state().complete
        early = self.central.restored or laptop.repaired
        offered = {row_id for _, row_id in waiting} if early else set()
        self._parents_first(laptop, rows, leaving | offered)
        self._totals(laptop, rows, waiting)
        if reply is None or not reply.more:
            self._whole_units(laptop, rows, leaving - self._made_again(laptop), units)
        if not waiting and laptop.replica.state().complete and not laptop.lags:
            self._digest(laptop, rows)

    def follow(self, laptop: Laptop, copy: Laptop) -> None:
        """A copy of a laptop goes on from where that one stood."""
        self.cursors[copy.name] = self.cursors.get(laptop.name, b"")
        self.epochs[copy.name] = self.epochs.get(laptop.name, b"")
        self.seen[copy.name] = dict(self.seen.get(laptop.name, {}))

    def begin_anew(self, laptop: Laptop) -> None:
        """What a laptop showed is gone with its file, and comes again from the first page on."""
        for known in (self.cursors, self.seen, self.shown):
            known.pop(laptop.name, None)  # type: ignore[attr-defined]

    def _made_again(self, laptop: Laptop) -> set[bytes]:
        """Rows made by changes that wait, or are answered but not here: after a restore their former image is stale."""
        waiting = laptop.numbers("SELECT n FROM outbox WHERE state IN ('ready', 'settled')")
        return {edit.row_id for n in waiting for edit in laptop.made[n].edits if edit.kind == "create"}

    def _cursor(self, laptop: Laptop, reply: ExchangeReply | None) -> None:
        """I6: the cursor moves only with an applied reply."""
        now = laptop.replica.state().cursor
        before = self.cursors.get(laptop.name, b"")
        if before and not now and not (self.central.restored or self.central.tidied or laptop.lags):
            raise Wrong(f"I1: {laptop.name} had to start over: its rows were not the central store's")
        if now and now != before and (reply is None or now != reply.cursor):
            raise Wrong(f"I6: the cursor of {laptop.name} moved on its own")
        self.cursors[laptop.name] = now
        if not now:
            self.seen.pop(laptop.name, None)

    def _own_writes(self, laptop: Laptop, rows: dict[Key, Row]) -> None:
        """I7: what was entered is what the laptop shows, until the row that answers it has arrived."""
        wanted: dict[Key, Row] = {}
        made: set[Key] = set()
        for n, answered in laptop.asked(PENDING):
            if self.central.restored and self._offered_again(laptop, n):
                continue  # offered again after a restore; newer changes may cover it already
            for edit in laptop.made[n].edits:
                key = (edit.entity, edit.row_id)
                if edit.kind == "create":
                    made.add(key)
                if edit.kind == "create" and not answered and rows.get(key, _NEW)["revision"]:
                    continue  # a copy handed it in: what came is shown, whoever has edited it since
                if not answered or key not in rows or rows[key]["revision"] < answered:
                    wanted.setdefault(key, {}).update(edit.after)
        for key, values in wanted.items():
            if key not in rows:
                comes = laptop.repaired or key not in self.central.oracle.visible(laptop.user)
                if comes and key not in made and key in laptop.asked(NO_IMAGE):
                    continue  # what it was before could not be read: it shows once it has come again, if it does
                raise Wrong(f"I7: {laptop.name} lost its own {key[0]} {self.central.names.get(key[1])}")
            for name, value in values.items():
                if RULES[key[0]].get(name, "F") not in "NJG=" and rows[key][name] != value:
                    raise Wrong(f"I7: {laptop.name} shows {rows[key][name]!r} for its own {name} {value!r}")

    def _accounted(self, laptop: Laptop) -> None:
        """I2 on the laptop: every change is in the outbox, the sent log or the refused changes, once.

        Or somebody was done with it, who had been shown that it was refused.
        """
        found = [
            *laptop.numbers("SELECT n FROM outbox"),
            *laptop.numbers("SELECT n FROM sent_log"),
            *_refused_there(laptop),
        ]
        if self.central.tidied:  # a sent log forgets, too, but only what was answered
            gone = set(laptop.made) - set(found)
            found += [n for n in gone if self.central.copies.answered_as(laptop, n)[1] is not None]
        if sorted(found) != sorted(laptop.made):
            raise Wrong(f"I2: {laptop.name} made {sorted(laptop.made)} and accounts for {sorted(found)}")

    def _offered_again(self, laptop: Laptop, n: int) -> bool:
        """Whether a change was answered before the restore, be it to a copy that had handed in what both share."""
        ever, restored = self.central.ever_answered, self.central.restored
        devices = (*laptop.devices, *self.central.copies.kin(laptop.device))
        then = [one for device in devices for one, tick in ever.get((device, n), ()) if tick <= restored]
        return laptop.made[n] in then

    def _never_backwards(self, laptop: Laptop, rows: dict[Key, Row], waiting: set[Key]) -> None:
        """I7: no row is ever shown at an older revision than before."""
        epoch = laptop.replica.state().epoch
        if self.epochs.get(laptop.name) != epoch or epoch != self.central.epoch:
            self.seen.pop(laptop.name, None)  # a restored store counts from its backup again
        self.epochs[laptop.name] = epoch
        if self.shown.get(laptop.name) is rows and laptop.name in self.seen and not self.central.restored:
            return
        self.shown[laptop.name] = rows
        seen = self.seen.setdefault(laptop.name, {})
        for key, row in rows.items():
            if row["revision"] < seen.get(key, 0):
                raise Wrong(f"I7: {laptop.name} went back to revision {row['revision']} of {key[0]}")
        offered = waiting if self.central.restored else set()
        self.seen[laptop.name] = {k: row["revision"] for k, row in rows.items() if k not in offered}

    def _parents_first(self, laptop: Laptop, rows: dict[Key, Row], leaving: set[bytes]) -> None:
        """I8: no child without its parent."""
        for (entity, row_id), row in rows.items():
            for parent, name in PARENTS.get(entity, ()):
                if row[name] is not None and (parent, row[name]) not in rows and row_id not in leaving:
                    named = self.central.names.get(row_id)
                    raise Wrong(f"I8: {laptop.name} holds {entity} {named} without {parent}")

    def _totals(self, laptop: Laptop, rows: dict[Key, Row], waiting: set[Key]) -> None:
        """I9: an order's amounts are the sum of its lines."""
        lines: dict[bytes, int] = {}
        unsettled = {
            row["order_id"] for key, row in rows.items() if key[0] == "document_line" and key in waiting
        }
        for (entity, _), row in rows.items():
            if entity == "document_line":
                lines[row["order_id"]] = lines.get(row["order_id"], 0) + line_total(row)
        for (entity, row_id), row in rows.items():
            if entity != "sales_order" or (entity, row_id) in waiting or row_id in unsettled:
                continue
            if not self._settled(laptop):
                continue
            goods = lines.get(row_id, 0)
            total = goods + (row["freight_amount"] or 0) + (row["tax_amount"] or 0)
            if (row["goods_amount"], row["total_amount"]) != (goods, total):
                raise Wrong(f"I9: {laptop.name} shows {row['total_amount']} for an order of {total}")

    @staticmethod
    def _settled(laptop: Laptop) -> bool:
        return bool(laptop.replica.state().complete) and laptop.whole

    def _whole_units(
        self, laptop: Laptop, rows: dict[Key, Row], leaving: set[bytes], units: list[set[Key]]
    ) -> None:
        """I4: the rows of one unit of work are all there or none is."""
        if not self._settled(laptop):
            return
        for whole in units:
            unit = whole - self.central.purged
            there = [key for key in unit if key in rows and key[1] not in leaving]
            if there and len(there) != len(unit):
                names = sorted(str(self.central.names.get(key[1])) for key in unit)
                raise Wrong(f"I4: {laptop.name} shows {len(there)} of the {len(unit)} rows of {names}")

    def _digest(self, laptop: Laptop, rows: dict[Key, Row]) -> None:
        """The laptop's digest is that of its own rows, worked out here from the protocol's text."""
        total = 0
        for key, row in rows.items():
            known = self.hashes.get((laptop.name, key))
            if known is None or known[0] is not row:
                known = self.hashes[laptop.name, key] = row, _row_hash(key[0], row)
            total += known[1]
        mine = laptop.replica.state().digest
        wrapped = (total + DIGEST_HALF) % (1 << 64) - DIGEST_HALF
        if (mine.count, mine.total) != (len(rows), wrapped):
            raise Wrong(f"{laptop.name} says its digest is {mine}; its rows give {len(rows)}, {wrapped}")

    # -- when everybody is quiet

    def converged(self, laptop: Laptop) -> None:
        """I1, I22: the replica is the central store, restricted to its user's scope, field by field."""
        rows, stored = laptop.dump_all(), self.central.dump()
        wanted: dict[Key, Row] = {}
        costs = self.central.oracle.rows["user"][laptop.user]["role"] in COST_READERS
        for key in self.central.oracle.visible(laptop.user):
            row = dict(stored[key[0]][key[1]])
            wanted[key] = {n: None if (key[0], n) in COST_FIELDS and not costs else v for n, v in row.items()}
        for key in rows.keys() ^ wanted.keys():
            side = "holds a foreign" if key in rows else "lacks"
            raise Wrong(f"I1: {laptop.name} {side} {key[0]} {self.central.names.get(key[1])}")
        for key, row in rows.items():
            if row != wanted[key]:
                differs = [(n, v, wanted[key][n]) for n, v in row.items() if v != wanted[key][n]]
                raise Wrong(f"I1: {laptop.name} {key[0]} {self.central.names.get(key[1])} differs: {differs}")
        if laptop.numbers("SELECT n FROM outbox"):
            raise Wrong(f"I15: the outbox of {laptop.name} did not drain")
        if words := wrong_words(laptop.replica):
            raise Wrong(f"search of {laptop.name} knows other words than the rows hold: {words[:5]}")

    def answered(self, laptops: list[Laptop]) -> None:
        """I2, I3, I14: every change ever made has one answer and one audit entry; a refused one keeps its payload."""
        kept = {
            (bytes(device), n): bytes(payload)
            for device, n, payload in self._sql("SELECT device_id, n, payload FROM refused_change")
        }
        for laptop in laptops:
            refused = _refused_there(laptop)
            for n, change in laptop.made.items():
                device, outcome = self.central.copies.answered_as(laptop, n)
                if self.central.restored and n in refused:
                    continue  # refused before the restore and kept here, to be corrected
                if outcome is None:
                    raise Wrong(f"I2: nobody ever answered change {n} of {laptop.name}")
                no = type(outcome).__name__ == "Refused"
                if no != (n in refused):
                    raise Wrong(f"I2: change {n} of {laptop.name} is refused on one side only")
                if no and msgspec.msgpack.decode(kept[device, n], type=type(change)) != change:
                    raise Wrong(
                        f"I2: the payload of refused change {n} of {laptop.name} is not what was entered"
                    )
        if self.central.restored:
            self._came_back(laptops)
        entries = self._sql(
            "SELECT count(*) FROM audit_entry WHERE device_id IS NOT NULL AND actor = 'device' "
            "AND action NOT IN ('notice_copy', 'wipe_device')"
        )
        if entries[0][0] != len(self.central.answers):
            raise Wrong(f"I14: {entries[0][0]} audit entries for {len(self.central.answers)} changes")

    def _came_back(self, laptops: list[Laptop]) -> None:
        """I21: after a restore every change that was once answered is there again, or listed as missing."""
        with self.central.database.read() as reader:
            report = restore_report(reader)
        assert report is not None
        listed = {bytes.fromhex(one.device_id.replace("-", "")): one for one in report.devices}
        for laptop in laptops:
            told = listed.get(laptop.device)
            if told is None:
                continue  # enrolled since
            answered = {n for device, n in self.central.ever_answered if device == laptop.device}
            gone = {n for n in answered if (laptop.device, n) not in self.central.answers}
            # the others were its copy's, who gave them back as another device, or stand for one it was before
            lost = {
                n for n in gone & laptop.made.keys() if self.central.copies.answered_as(laptop, n)[1] is None
            }
            refused = {n for n in told.refused if (laptop.device, n) not in self.central.answers}
            # what was refused while it was another device may be told as well: it lies on the laptop
            kept = _refused_there(laptop)
            listed_right = lost <= {*told.missing, *refused} and refused <= lost | kept
            listed_right = listed_right and not kept.intersection(told.missing)
            if told.state != "done" or not listed_right or not (gone | laptop.lost).issuperset(told.missing):
                raise Wrong(f"I21: {laptop.name} lost {sorted(lost)}, the report says {told}")
        if not report.done:
            raise Wrong("I21: everybody was here, and the report is not done")

    def _sql(self, sql: str) -> list[tuple[Any, ...]]:
        return self.central.sql.rows(sql)[1]


def _refused_there(laptop: Laptop) -> set[int]:
    """What was refused and lies there, or was sent again or let go since."""
    return set(laptop.numbers("SELECT n FROM refused_change UNION SELECT n FROM past_refusal"))


def _row_hash(entity: str, row: Row) -> int:
    values = [value for name, value in row.items() if (entity, name) not in COST_FIELDS]
    packed = msgspec.msgpack.encode(entity) + msgspec.msgpack.encode(values)
    return int.from_bytes(hashlib.blake2b(packed, digest_size=8).digest(), "little", signed=True)
