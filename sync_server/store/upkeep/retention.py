"""How long the central store keeps what it need not keep for ever, and the daily tidying that lets go of the rest.

Owns the rules of retention, the horizon and the cutting of machinery tables; `purge.py` turns old rows into tombstones.
What a living device may still ask for is never let go of; a device that stays away too long pins nothing (I16).
"""

from __future__ import annotations

from dataclasses import dataclass

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import Revision
from sync_server.store import history
from sync_server.store.database import Database
from sync_server.store.devices import positions
from sync_server.store.reading import Reader
from sync_server.store.session import Session
from sync_server.store.transaction import WriteTransaction
from sync_server.store.upkeep.purge import purge

DAY_MS = 86_400_000
TIDY_EVERY_MS = DAY_MS
ACTOR = "fieldrep-server tidy"
_MOST_DAYS = 36_500


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of retention: what it says in words, and the days unless the admin says otherwise."""

    days: int
    text: str
    least: int = 1


RULES = {
    "archived": Rule(
        365, "Archived records, decided conflicts and closed proposals before they are purged.", 7
    ),
    "tombstones": Rule(
        180, "Tombstones and lost grants, once every device that is not away has heard of them.", 7
    ),
    "away": Rule(180, "After this long without contact a device is away: nothing is kept for it.", 7),
    "outcomes": Rule(90, "Answers to changes, after the device has shown to have them."),
    "unclaimed": Rule(400, "Answers to changes whose device never came to fetch them and is away.", 30),
    "refused": Rule(400, "Refused changes with what was entered, on the server."),
    "merges": Rule(365, "Merges: so long can one be undone."),
    "audit": Rule(730, "The audit log."),
    "history": Rule(
        180, "What records said before they were changed or purged, and where each device stood."
    ),
    "codes": Rule(30, "Used and expired enrolment codes."),
    "restores": Rule(365, "What came back after a restore."),
}


@dataclass(frozen=True, slots=True)
class Tidied:
    """What one tidying let go of, by table, in rows."""

    purged: int
    dropped: dict[str, int]

    @property
    def total(self) -> int:
        """All rows together."""
        return self.purged + sum(self.dropped.values())


def rules_in_force(reader: Reader) -> dict[str, int]:
    """The days of each rule, the admin's where he gave some."""
    said: dict[str, int] = dict(reader.rows("SELECT name, days FROM retention_rule"))
    return {name: said.get(name, rule.days) for name, rule in RULES.items()}


def set_rule(tx: WriteTransaction, name: str, days: int) -> None:
    """Keeps what the admin says of one rule.

    Raises:
        KnownError: `not_found` or `invalid_value`.
    """
    rule = RULES.get(name)
    if rule is None:
        known = ", ".join(RULES)
        raise KnownError(Code.NOT_FOUND, f"There is no retention rule “{name}”. There are: {known}.")
    if not rule.least <= days <= _MOST_DAYS:
        sentence = f"“{name}” takes {rule.least} to {_MOST_DAYS:,} days."
        raise KnownError(Code.INVALID_VALUE, sentence)
    tx.session.run(
        "INSERT INTO retention_rule (name, days) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET days = excluded.days",
        (name, days),
    )
    tx.audit("set_retention", detail=f"{name}: {days} days")


def is_due(database: Database) -> bool:
    """Whether the last tidying is a day old."""
    with database.read() as reader:
        found = reader.session.first("SELECT tidied_at FROM store_info WHERE one = 1")
    return found is None or not 0 <= database.clock() - found[0] < TIDY_EVERY_MS


def tidy(database: Database) -> Tidied:
    """Lets go of everything that is older than its rule says. May be cut anywhere and run again."""
    with database.read() as reader:
        days = rules_in_force(reader)
    now = database.clock()
    ago = {name: now - count * DAY_MS for name, count in days.items()}
    purged = purge(database, ACTOR, ago["archived"])
    with database.write(ACTOR) as tx:
        before = tx.info().horizon
        horizon = _move_horizon(tx, now, ago)
        history_dropped = history.cut(tx.session, ago["history"])
        # who held what is told as far back as what the records said
        told_from = min(horizon, history.floor(tx)[0])
        dropped = {
            "row_history": history_dropped,
            "device_position": positions.cut(tx.session, ago["history"]),
            "tombstone": _drop(tx.session, "tombstone", "revision <= ?", (horizon,)),
            "scope_ledger": _drop(tx.session, "scope_ledger", "lost_revision <= ?", (told_from,)),
            "applied_change": _drop_answers(tx.session, ago),
            "refused_change": _drop(tx.session, "refused_change", "received_at < ?", (ago["refused"],)),
            "merge_log": _drop(tx.session, "merge_log", "at < ?", (ago["merges"],)),
            "enrollment_code": _drop(tx.session, "enrollment_code", "expires_at < ?", (ago["codes"],)),
            **_drop_restores(tx.session, ago["restores"]),
            "audit_entry": _cut_audit(tx, ago["audit"]),
        }
        dropped = {table: count for table, count in dropped.items() if count}
        if dropped or horizon != before:
            told = ", ".join(f"{table} {count}" for table, count in dropped.items())
            tx.audit("tidy", detail=f"horizon {horizon}; dropped: {told or 'nothing'}")
        tx.session.run("UPDATE store_info SET tidied_at = ? WHERE one = 1", (now,))
    return Tidied(purged, dropped)


def _move_horizon(tx: WriteTransaction, now: int, ago: dict[str, int]) -> Revision:
    """The revision up to which nobody needs to hear any more what is gone.

    It is behind every device that is not away, and at least as old as the rule says; it never goes back. Marks say at
    which revision the store stood when.
    """
    session = tx.session
    session.run(
        "INSERT INTO revision_mark (at, revision) VALUES (?, ?) ON CONFLICT (at) DO NOTHING",
        (now, tx.revision_now),
    )
    aged = session.first("SELECT max(revision) FROM revision_mark WHERE at <= ?", (ago["tombstones"],))
    behind = session.first(
        "SELECT min(k.revision) FROM device_contact AS k "
        "JOIN device_credential AS c ON c.device_id = k.device_id AND c.revoked_at IS NULL WHERE k.seen_at >= ?",
        (ago["away"],),
    )
    horizon = 0 if aged is None or aged[0] is None else int(aged[0])
    if behind is not None and behind[0] is not None:
        horizon = min(horizon, int(behind[0]))
    horizon = max(horizon, tx.info().horizon)
    session.run("UPDATE store_info SET horizon = ? WHERE one = 1", (horizon,))
    session.run(
        "DELETE FROM revision_mark WHERE at < (SELECT max(at) FROM revision_mark WHERE at <= ?)",
        (min(ago["tombstones"], ago["history"]),),
    )
    return Revision(horizon)


def _drop_answers(session: Session, ago: dict[str, int]) -> int:
    """Drops answers their device has, and those of devices away; a floor stays, so that none is judged anew."""
    found = session.rows(
        "SELECT a.device_id, a.incarnation, max(a.n) FROM applied_change AS a "
        "LEFT JOIN device_contact AS k ON k.device_id = a.device_id "
        "WHERE k.incarnation = a.incarnation AND a.n <= k.settled_to AND a.received_at < ? "
        "OR (k.device_id IS NULL OR k.seen_at < ? OR k.incarnation <> a.incarnation) AND a.received_at < ? "
        "GROUP BY a.device_id, a.incarnation",
        (ago["outcomes"], ago["away"], ago["unclaimed"]),
    )
    count = 0
    for device_id, incarnation, n in found:
        of_it = "device_id = ? AND incarnation = ? AND n <= ? AND received_at < ?"
        count += _drop(session, "applied_change", of_it, (device_id, incarnation, n, ago["outcomes"]))
        session.run(
            "INSERT INTO settled_floor (device_id, incarnation, n) VALUES (?, ?, ?) "
            "ON CONFLICT (device_id, incarnation) DO UPDATE SET n = CASE WHEN excluded.n > settled_floor.n "
            "THEN excluded.n ELSE settled_floor.n END",
            (device_id, incarnation, n),
        )
    return count


def _drop_restores(session: Session, before: int) -> dict[str, int]:
    """Drops what came back after restores that lie long behind."""
    old = "epoch IN (SELECT epoch FROM restoration WHERE at < ?)"
    tables = ("returned_change", "device_return", "row_after_backup")
    counts = {table: _drop(session, table, old, (before,)) for table in tables}
    counts["known_before"] = _drop(session, "known_before", "why IS NULL AND noted_at < ?", (before,))
    return counts | {"restoration": _drop(session, "restoration", "at < ?", (before,))}


def _cut_audit(tx: WriteTransaction, before: int) -> int:
    """Cuts the beginning of the audit log; the hash of the last entry cut stays, so that the rest still follows."""
    last = tx.session.first("SELECT max(n) FROM audit_entry WHERE at < ?", (before,))
    if last is None or last[0] is None:
        return 0
    found = tx.session.first("SELECT hash FROM audit_entry WHERE n = ?", (last[0],))
    assert found is not None  # noqa: S101 - just found
    tx.session.run(
        "UPDATE store_info SET audit_cut = ?, audit_cut_hash = ? WHERE one = 1", (last[0], bytes(found[0]))
    )
    return _drop(tx.session, "audit_entry", "n <= ?", (last[0],))


def _drop(session: Session, table: str, condition: str, about: tuple[object, ...]) -> int:
    found = session.first(f"SELECT count(*) FROM {table} WHERE {condition}", about)  # noqa: S608 - constants
    count = int(found[0]) if found else 0
    if count:
        session.run(f"DELETE FROM {table} WHERE {condition}", about)  # noqa: S608 - constants
    return count
