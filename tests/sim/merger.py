"""The office merges records and takes merges back, as the command line does; the oracle foretells each row of it."""

from __future__ import annotations

from dataclasses import dataclass

from sync_server.reconcile.duplicates import look_for_duplicates
from sync_server.reconcile.merges import merge, unmerge
from tests.sim.central import Central
from tests.sim.judge import merging
from tests.sim.judge.pairs import learn_pairs


@dataclass
class Merger:
    """Whoever merges in the office."""

    central: Central

    def merge(self, entity: str, stays: bytes, goes: bytes) -> str:
        """Makes one record part of another."""
        central = self.central
        try:
            done = merging.merge(central.oracle, entity, stays, goes, None, central.now())
        except merging.Cannot as cannot:
            central.oracle.take_fresh()
            return str(cannot)
        with central.database.write("office") as tx:
            tx.new_revision()
            merge(tx, entity, stays, goes)
            look_for_duplicates(tx)
        central.mix(done)
        self._compare()
        return f"{entity} {central.names.get(goes)} into {central.names.get(stays)}"

    def unmerge(self, done: merging.Done) -> str:
        """Takes a merge back, unless its survivor was merged on."""
        central = self.central
        row = central.oracle.row(done.entity, done.stays)
        if row is None or row["merged_into_id"] is not None:
            return "merged on"
        merging.unmerge(central.oracle, done, central.now())
        with central.database.write("office") as tx:
            tx.new_revision()
            unmerge(tx, done.goes)
            look_for_duplicates(tx)
        self._compare()
        return f"{done.entity} {central.names.get(done.goes)}"

    def _compare(self) -> None:
        central = self.central
        carried, fresh = set(central.oracle.carried), central.oracle.take_fresh()
        for (entity, row_id), row in fresh.items():
            central.oracle.note_given(entity, row_id, row, None)
            central.oracle.rows[entity][row_id] = row
        touched = {key: b"carried" if key in carried else b"office" for key in fresh}
        pairs = learn_pairs(central.oracle, central.dump(), central.names)
        touched.update(dict.fromkeys(pairs, b"store"))
        central.settle()
        central.compare(touched)
