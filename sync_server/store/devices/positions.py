"""Where each device stood in the feed, and when: what it showed to have and what it was given, exchange by exchange.

Owns the table `device_position`. A row is kept only of an exchange that brings a device further, so an idle sync leaves
none; what a device held after one is told by what it showed at the next. Must not read a record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from fieldrep.contract.catalogue import SCHEMA_VERSION
from fieldrep.contract.digest import Digest
from fieldrep.contract.messages import Handshake
from sync_server.store.devices.cursor import is_at_rest, reached
from sync_server.store.reading import Reader
from sync_server.store.session import Session

EMPTIED = -1
_COLUMNS = (
    "device_id",
    "at",
    "shown",
    "given",
    "whole",
    "schema",
    "told_at",
    "digest_count",
    "digest_total",
)
_AGAIN = "ON CONFLICT (device_id, at) DO UPDATE SET given = excluded.given, whole = excluded.whole"
_MOST_CLOCK = 2**62


@dataclass(frozen=True, slots=True)
class Position:
    """One exchange that brought a device further.

    Attributes:
        shown: the state of the store it showed to have; 0 for none, `EMPTIED` when it was told to fetch all afresh.
        given: the state the reply led to.
        whole: whether the reply was all of it; otherwise more replies were to follow.
        digest: of the device's own rows at `shown`, as it told; None where it cannot be compared.
        schema: of the device's catalogue.
        told_at: the device's clock, by which a request that arrives once more, or late, is known.
    """

    at: int
    shown: int
    given: int
    whole: bool = True
    digest: Digest | None = None
    schema: int = SCHEMA_VERSION
    told_at: int = 0


@dataclass(frozen=True, slots=True)
class Stand:
    """What a device held of the store at a moment.

    Attributes:
        revision: the state of the store it had.
        since: when it was given that state; 0 when it had it before it was enrolled as this device, or never had any.
        shown: it has shown since to have had exactly that; otherwise the last reply may not have arrived.
        on_its_way_to: the state of which it had been given a part already, None for none such.
        digest: of its own rows at that state, as it told.
    """

    revision: int
    since: int
    shown: bool
    on_its_way_to: int | None = None
    digest: Digest | None = None


def position_of(
    handshake: Handshake, present: int, given: int, at: int, *, whole: bool = True, afresh: bool = False
) -> Position | None:
    """What to keep of an exchange, None for one that brings nothing new.

    `afresh`: the device is told to let go of all it has.
    """
    shown = EMPTIED if afresh else reached(handshake.cursor, present)
    # in the middle of a step it says nothing that could be compared
    comparable = is_at_rest(handshake.cursor, present) and not afresh
    digest = handshake.digest if comparable else None
    if shown == given:
        return None
    return Position(at, shown, given, whole, digest, handshake.schema, handshake.device_clock)


def keep_position(session: Session, device_id: bytes, position: Position) -> None:
    """Writes it; of two exchanges in the same millisecond the first says where they began."""
    keep_positions(session, {device_id: position})


def keep_positions(session: Session, positions: Mapping[bytes, Position]) -> None:
    """As `keep_position`, for several devices."""
    rows = [
        (
            device_id,
            position.at,
            position.shown,
            position.given,
            int(position.whole),
            position.schema,
            max(-_MOST_CLOCK, min(_MOST_CLOCK, position.told_at)),
            position.digest.count if position.digest else None,
            position.digest.total if position.digest else None,
        )
        for device_id, position in positions.items()
    ]
    session.put_many("device_position", _COLUMNS, rows, _AGAIN)


def first_given(reader: Reader, device_id: bytes) -> int:
    """The first state a device was given, as far back as is kept; 0 for none."""
    found = reader.session.first("SELECT min(given) FROM device_position WHERE device_id = ?", (device_id,))
    return int(found[0] or 0) if found else 0


def cut(session: Session, before: int) -> int:
    """Drops positions older than an instant; of each device the last one before it stays, for it counted on."""
    older = (
        "at < (SELECT max(l.at) FROM device_position AS l "
        "WHERE l.device_id = device_position.device_id AND l.at <= ?)"
    )
    found = session.first(f"SELECT count(*) FROM device_position WHERE {older}", (before,))  # noqa: S608 - a constant
    session.run(f"DELETE FROM device_position WHERE {older}", (before,))  # noqa: S608 - a constant
    return int(found[0]) if found else 0


def stand_at(reader: Reader, device_id: bytes, moment: int) -> Stand:
    """What a device held at a moment.

    A state it has shown came with the last reply that led there. A request that arrives long after it was made says
    nothing of what the device has by then.
    """
    positions = _positions(reader, device_id)
    held = Stand(0, 0, shown=True)
    if not positions:
        return held
    for step in _steps(positions, _contact(reader, device_id)):
        if step.since <= moment:
            held = step
    open_replies = [p for p in positions if held.since <= p.at <= moment and p.given > held.revision]
    if not open_replies:
        return held
    last = open_replies[-1]
    if not last.whole:
        return replace(held, on_its_way_to=last.given)
    # without anything before it, a device that begins again shows that nothing came
    later = (p.shown for p in positions if p.at > last.at)
    lost = any(0 < shown < last.given or shown == held.revision for shown in later)
    return held if lost else Stand(last.given, last.at, shown=False)


def _steps(positions: list[Position], contact: Position | None) -> Iterator[Stand]:
    """The states a device has shown to have, in order, each since the reply that brought it."""
    seen: dict[int, int] = {}
    digests: dict[int, Digest] = {}
    for one in (*positions, *((contact,) if contact else ())):
        if one.shown > 0:
            seen[one.shown] = min(one.at, seen.get(one.shown, one.at))
            if one.digest is not None:
                digests[one.shown] = one.digest
    before = 0
    for shown in sorted(seen):
        brought = (p.at for p in positions if p.whole and before < p.given <= shown and p.at <= seen[shown])
        # what it shows at its first contact it has brought along from an earlier enrolment
        otherwise = 0 if shown == positions[0].shown else seen[shown]
        yield Stand(shown, max(brought, default=otherwise), shown=True, digest=digests.get(shown))
        before = shown


def _positions(reader: Reader, device_id: bytes) -> list[Position]:
    """All that is kept of a device, in order, without requests that arrived once more or after newer ones."""
    sql = (
        "SELECT at, shown, given, whole, schema, told_at, digest_count, digest_total FROM device_position "
        "WHERE device_id = ? ORDER BY at"
    )
    kept: list[Position] = []
    told: set[int] = set()
    for at, shown, given, whole, schema, told_at, count, total in reader.rows(sql, (device_id,)):
        digest = _digest(count, total) if schema == SCHEMA_VERSION else None
        one = Position(at, shown, given, bool(whole), digest, schema, told_at)
        if not told_at or not (told_at in told or _is_late(one, kept)):
            kept.append(one)
            told.add(told_at)
    return kept


def _is_late(one: Position, kept: list[Position]) -> bool:
    """Whether it was made before the last one: the device's clock was behind, and it shows nothing newer."""
    return bool(kept) and one.told_at < kept[-1].told_at and 0 <= one.shown <= kept[-1].shown


def _contact(reader: Reader, device_id: bytes) -> Position | None:
    """The newest state a device has shown to have; its digest may be that of an older version of the catalogue."""
    sql = "SELECT seen_at, revision FROM device_contact WHERE device_id = ?"
    found = reader.session.first(sql, (device_id,))
    return None if found is None else Position(found[0], found[1], found[1])


def _digest(count: int | None, total: int | None) -> Digest | None:
    return None if count is None or total is None else Digest(count, total)
