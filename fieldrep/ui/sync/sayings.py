"""How sync reads: tiles, states and the rows of its tables. Wording only."""

from datetime import date, tzinfo

from fieldrep.contract.counts import counted
from fieldrep.domain.queue_age import queue_warning, waited
from fieldrep.queries.conflicts import ConflictGroup
from fieldrep.queries.sync_history import SentChange
from fieldrep.queries.sync_page import RefusedRow, SyncOverview, WaitingChange
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.syncing import Line
from fieldrep.ui.widgets.gridmodel import Cell, GridRow
from fieldrep.ui.widgets.linerow import LineView
from fieldrep.ui.widgets.syncpill import SyncMode
from fieldrep.ui.widgets.tile import TileView
from fieldrep.ui.words import day_and_time, size

ICONS = {
    "account": "building-2",
    "contact": "user",
    "site": "map-pin",
    "activity": "notebook-pen",
    "sales_order": "shopping-cart",
    "document_line": "shopping-cart",
    "conflict": "git-merge",
}
_STATES = {
    "ready": Cell("Ready"),
    "sent": Cell("Sent, answer to come", Tone.ACCENT),
    "doomed": Cell("Builds on a refused change", Tone.DANGER),
    "aside": Cell("Being corrected, not sent", Tone.WARNING),
    "held_back": Cell("Waits for the server's update", Tone.WARNING),
    "waits": Cell("Waits for another laptop", Tone.WARNING),
    "doomed, waits": Cell("Builds on a refused change", Tone.DANGER),
}
_HANDED = {
    "": Cell("Needs you", Tone.DANGER),
    "open": Cell("With the admin", Tone.INFO),
    "closed": Cell("Answered", Tone.SUCCESS),
}
_OUTCOMES = {
    "accepted": Cell("Accepted", Tone.SUCCESS),
    "merged": Cell("Merged", Tone.INFO),
    "held": Cell("Proposed, not decided", Tone.WARNING),
    "taken": Cell("Proposed, taken", Tone.SUCCESS),
    "declined": Cell("Proposed, declined", Tone.INFO),
    "partly": Cell("Proposed, decided", Tone.INFO),
    "refused": Cell("Refused", Tone.DANGER),
}


def tiles(
    view: SyncOverview, line: Line, next_words: str, today: date, zone: tzinfo, now: int, beside: str = ""
) -> tuple[TileView, ...]:
    """Connection, to send, last sync, needs you."""
    return (
        _connection(line, next_words),
        _to_send(view, today, zone, now),
        _last(view, today, zone, live=line.live, beside=beside),
        _needs(view),
    )


def _connection(line: Line, next_words: str) -> TileView:
    if line.mode is SyncMode.SYNCING:
        words = f"{line.done:,} of {counted(line.total, 'record')}" if line.total else "Asking the server"
        return TileView("Connection", "Syncing", words, Tone.ACCENT.value)
    if line.mode is SyncMode.OFFLINE:
        return TileView("Connection", "Offline", next_words, Tone.WARNING.value)
    if line.paused:
        return TileView("Connection", "Paused", next_words, Tone.WARNING.value)
    return TileView("Connection", "Live" if line.live else "Online", next_words)


def _to_send(view: SyncOverview, today: date, zone: tzinfo, now: int) -> TileView:
    if not view.waiting:
        if view.untaken:
            return TileView("To send", "Nothing", "All but what was refused is with the office")
        return TileView("To send", "Nothing", "Everything you did is with the office", Tone.SUCCESS.value)
    oldest = day_and_time(view.oldest_waiting_at, today, zone) if view.oldest_waiting_at else ""
    if queue_warning(view.oldest_waiting_at, now):
        assert view.oldest_waiting_at is not None  # noqa: S101 - the warning is about it
        late = f"oldest waits {waited(view.oldest_waiting_at, now)}"
        return TileView("To send", counted(view.waiting, "change"), late, Tone.DANGER.value)
    note = " · ".join(part for part in (size(view.waiting_bytes), oldest and f"oldest {oldest}") if part)
    return TileView("To send", counted(view.waiting, "change"), note)


def _last(view: SyncOverview, today: date, zone: tzinfo, *, live: bool, beside: str) -> TileView:
    count = sum(rows for _, rows in view.rows)
    if view.last_sync_at is None:
        return TileView("Last full sync", "Not yet", f"{counted(count, 'record')} so far")
    here = f"{counted(count, 'record')} on this laptop"
    if live:
        return TileView("Last full sync", "Up to date", here)
    words = day_and_time(view.last_sync_at, today, zone)
    note = " · ".join(part for part in (here, beside) if part)
    return TileView("Last full sync", words[:1].upper() + words[1:], note)


def _needs(view: SyncOverview) -> TileView:
    refused = f"{counted(view.refused, 'change')} refused" if view.refused else ""
    correcting = counted(view.correcting, "correction") if view.correcting else ""
    others = " · ".join(
        part
        for part in (
            f"{view.handed_over} with the admin" if view.handed_over else "",
            f"{view.answered} answered" if view.answered else "",
        )
        if part
    )
    if view.conflicts:
        return TileView(
            "Needs you",
            counted(view.conflicts, "conflict"),
            refused or correcting or others,
            Tone.DANGER.value,
        )
    if view.refused:
        return TileView("Needs you", refused, "Read why, then fix it or let it go", Tone.DANGER.value)
    if correcting:
        note = "Under Waiting: finish it and send it again"
        return TileView("Needs you", correcting, note, Tone.DANGER.value)
    words = f"Refused: {others}" if others else "No conflicts, nothing refused"
    return TileView("Needs you", "Nothing", words, Tone.SUCCESS.value)


def nothing_waits(view: SyncOverview) -> str:
    """Behind "Nothing waits"."""
    if view.untaken:
        return "All but what was refused is with the office; that stands under Refused."
    return "Everything you did is with the office."


def waiting_line(change: WaitingChange, today: date, zone: tzinfo) -> LineView:
    about = change.records[0] if change.records else None
    icon = ICONS.get(about.entity if about else "", "upload")
    note = day_and_time(change.made_at, today, zone)
    return LineView(icon, change.label, note, right=_STATES[change.state].text, tone=Tone.ACCENT)


def waiting_row(change: WaitingChange, today: date, zone: tzinfo) -> GridRow:
    about = change.records[0] if change.records else None
    record = f"{about.title} {about.label}".strip() if about else ""
    if len(change.records) > 1:
        record = f"{record}, and {len(change.records) - 1} more"
    made = day_and_time(change.made_at, today, zone)
    return GridRow(
        change.n,
        (Cell(change.label), Cell(record), Cell(made), Cell(size(change.size)), _STATES[change.state]),
    )


def conflict_row(group: ConflictGroup, me: str, today: date, zone: tzinfo) -> GridRow:
    rows = group.conflicts
    fields = ", ".join(row.field_title for row in rows)
    sides = [side for row in rows for side in (row.mine, row.theirs)]
    people = list(dict.fromkeys("you" if side.by == me else side.by or "the office" for side in sides))
    newest = max((side.at for side in sides if side.at), default=None)
    open_ones = sum(not row.chosen for row in rows)
    state = (
        Cell(f"{open_ones} to decide", Tone.DANGER)
        if open_ones
        else Cell("Decided, waiting to sync", Tone.WARNING)
    )
    when = day_and_time(newest, today, zone) if newest else ""
    name = f"{group.record.title} {group.record.label}"
    return GridRow(group.record.id, (Cell(name), Cell(fields), Cell(" and ".join(people)), Cell(when), state))


def refused_row(row: RefusedRow, today: date, zone: tzinfo) -> GridRow:
    return GridRow(row.key, (Cell(row.label), Cell(row.sentence, tip=row.sentence),
                             Cell(day_and_time(row.refused_at, today, zone)), _HANDED[row.handed]))  # fmt: skip


def handed_words(row: RefusedRow) -> str:
    """How a refused change stands with the admin."""
    if row.handed == "open":
        return " The admin has it, or gets it with the next sync; the answer comes here."
    return f" The admin answered: {row.answer}" if row.handed else ""


def sent_row(sent: SentChange, today: date, zone: tzinfo) -> GridRow:
    return GridRow(
        sent.n,
        (
            Cell(sent.label),
            Cell(day_and_time(sent.made_at, today, zone)),
            _OUTCOMES[sent.outcome],
            Cell(sent.note),
        ),
    )


def refused_text(row: RefusedRow, today: date, zone: tzinfo) -> str:
    """A refused change as text, for a mail to the office or a file."""
    lines = [
        row.label,
        f"Refused {day_and_time(row.refused_at, today, zone)}: {row.sentence} [{row.code}]",
        "",
    ]
    lines += [
        f"{value.record.title} {value.record.label} · {value.field_title}: {value.after}"
        for value in row.entered
    ]
    return "\n".join(lines) + "\n"
