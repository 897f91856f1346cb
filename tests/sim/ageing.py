"""A year after the history: the central store lets go of what nobody needs, and a laptop comes back after long.

What was purged is not foretold but judged: only records that came to their end long before may go, and whatever stays
must be what it was. Must not know how the store purges.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sync_server.store.upkeep.retention import RULES, tidy
from tests.sim.central import Central
from tests.sim.judge.oracle import Key, Row, Wrong
from tests.sim.schedule import Step

if TYPE_CHECKING:
    from tests.sim.play import History

DAYS_OF_A_SEASON = 100
SEASONS = 2 + (RULES["archived"].days + RULES["tombstones"].days) // DAYS_OF_A_SEASON
"""After so many what was deleted is purged, and the tombstones are gone as well."""
DAY = 86_400_000
STAYS = {"user", "device", "territory", "territory_assignment"}
CAME_TO_ITS_END = {
    "conflict": lambda row: row["status"] != "open",
    "proposal": lambda row: row["status"] != "open",
    "duplicate_candidate": lambda row: row["status"] in ("open", "not_duplicate"),
}
NAMES = (
    "account_id",
    "contact_id",
    "order_id",
    "row_id",
    "parent_id",
    "merged_into_id",
    "site_id",
    "activity_id",
)


@dataclass
class Ageing:
    """The office's tidying, with eyes on what goes."""

    central: Central
    purged: int = 0
    tidied: bool = False
    marks: list[tuple[int, int]] = field(default_factory=list)

    def tidy(self) -> int:
        """Tidies, and takes over what is gone; says how many records that were."""
        central = self.central
        central.new_day()
        tidy(central.database)
        self.tidied = central.tidied = True
        stands = central.dump()
        gone: dict[Key, Row] = {
            (entity, row_id): row
            for entity, rows in central.oracle.rows.items()
            for row_id, row in rows.items()
            if row_id not in stands[entity]
        }
        for key, row in gone.items():
            self._may_go(key, row)
        for entity, row_id in gone:
            del central.oracle.rows[entity][row_id]
            central.revisions.pop((entity, row_id), None)
        central.purged |= gone.keys()
        central.bodies.purged({row_id for _, row_id in gone})
        self._nobody_names(set(gone))
        self._forget_grants()
        central.settle()
        central.compare({}, stands)
        self.purged += len(gone)
        return len(gone)

    def _forget_grants(self) -> None:
        """Who held what long ago is known no more: what is then handed in for it is refused, and kept there."""
        oracle, now = self.central.oracle, self.central.now()
        self.marks.append((now, oracle.tick))
        long_ago = now - max(RULES["tombstones"].days, RULES["history"].days) * DAY
        told_from = max((tick for at, tick in self.marks if at <= long_ago), default=0)
        for key, spans in oracle.grants.items():
            oracle.grants[key] = [span for span in spans if not 0 <= span[1] <= told_from]

    def _may_go(self, key: Key, row: Row) -> None:
        entity, row_id = key
        ended = row["archived"] == 1 or CAME_TO_ITS_END.get(entity, lambda _: False)(row)
        if entity in STAYS or not ended or row.get("merged_into_id"):
            raise Wrong(
                f"{entity} {self.central.names.get(row_id)} was purged and had not come to its end: {row}"
            )
        if row["changed_at"] > self.central.now() - RULES["archived"].days * DAY:
            raise Wrong(f"{entity} {self.central.names.get(row_id)} was purged too early")

    def _nobody_names(self, gone: set[Key]) -> None:
        """What stays names nothing that is gone."""
        ids = {row_id for _, row_id in gone}
        for entity, rows in self.central.oracle.rows.items():
            for row_id, row in rows.items():
                for name in NAMES:
                    if row.get(name) in ids and not (entity in CAME_TO_ITS_END and name == "row_id"):
                        named = self.central.names.get(row[name])
                        raise Wrong(
                            f"{entity} {self.central.names.get(row_id)} names {named}, which was purged"
                        )


def grow_old(history: History) -> None:
    """I12, I16: the store lets go of what is old; who was there misses nothing, who was away begins anew."""
    away, *others = history.laptops
    history._fire("away for long")
    chance = random.Random(f"old/{history.seed}")
    for laptop in history.laptops * 4:
        history.note(
            f"{laptop.name} {history.people.act(laptop, 'archive', chance.getrandbits(62), history.step)}"
        )
    history.quiet()
    history.note(f"the office tidies: {history.ageing.tidy()} records")
    history.note(f"{away.name} works on: {history.people.act(away, 'log_activity', 1, history.step)}")
    for _ in range(SEASONS):
        history.hours += 24 * DAYS_OF_A_SEASON
        for number, laptop in enumerate(others, 1):
            history.sync(laptop, Step("sync", number))
        history.note(f"the office tidies: {history.ageing.tidy()} records")
    history.quiet()
