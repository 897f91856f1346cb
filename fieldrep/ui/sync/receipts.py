"""How a receipt reads: the columns and rows of the list of syncs, and the figures of one. Wording only."""

from datetime import date, tzinfo

from fieldrep.domain.queue_age import clock_words
from fieldrep.queries.sync_history import KeptReceipt, Receipt, Way
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.gridmodel import Cell, Column, GridRow
from fieldrep.ui.words import day_and_time

_NARROW = 1000
"""Below it the sentence, which names what is not nothing, needs the room of the figures beside it."""

COLUMNS = (
    Column("when", "When", 140),
    Column("way", "Way", 80, hide_below=_NARROW),
    Column("sent", "Sent", 64, numeric=True),
    Column("accepted", "Accepted", 84, numeric=True, hide_below=_NARROW),
    Column("merged", "Merged", 76, numeric=True, hide_below=_NARROW),
    Column("refused", "Refused", 80, numeric=True),
    Column("waiting", "Waiting", 80, numeric=True, hide_below=_NARROW),
    Column("received", "Received", 88, numeric=True),
    Column("equal", "Both sides", 120),
    Column("sentence", "What it did"),
)
_WAYS = {Way.LINE: "By line", Way.STICK: "By stick"}
_EQUAL = {
    True: Cell("Equal", Tone.SUCCESS),
    False: Cell("Differ", Tone.DANGER),
    None: Cell("Not compared"),
}


def row(kept: KeptReceipt, today: date, zone: tzinfo) -> GridRow:
    """A sync in the list."""
    receipt = kept.receipt
    counts = (
        _sent(receipt),
        receipt.accepted,
        receipt.merged,
        receipt.refused,
        receipt.waiting,
        receipt.pulled,
    )
    return GridRow(
        kept.no,
        (
            Cell(day_and_time(kept.at, today, zone)),
            Cell(_WAYS[kept.way]),
            *(Cell(f"{count:,}") for count in counts),
            Cell("Broke off", Tone.WARNING) if kept.code else _EQUAL[receipt.digests_equal],
            Cell(receipt.sentence, tip=receipt.sentence),
        ),
    )


def title(kept: KeptReceipt, today: date, zone: tzinfo) -> str:
    """What the page of one receipt is called."""
    when = day_and_time(kept.at, today, zone)
    return f"{when[:1].upper()}{when[1:]}, {_WAYS[kept.way].lower()}"


def figures(receipt: Receipt) -> list[tuple[str, str]]:
    """All of a receipt's numbers with their names; always the same ones."""
    equal = {True: "yes", False: "no", None: "not compared"}[receipt.digests_equal]
    return [
        ("Sent", f"{_sent(receipt):,}"),
        ("Accepted", f"{receipt.accepted:,}"),
        ("Merged", f"{receipt.merged:,}"),
        ("Proposed", f"{receipt.held:,}"),
        ("Conflicts", f"{receipt.conflicts:,}"),
        ("Refused", f"{receipt.refused:,}"),
        ("Given back", f"{receipt.returned:,}"),
        ("Waiting", f"{receipt.waiting:,}"),
        ("Held back", f"{receipt.held_back:,}"),
        ("Waiting for others", f"{receipt.told_to_wait:,}"),
        ("Files sent", f"{receipt.files_sent:,}"),
        ("Files received", f"{receipt.files_brought:,}"),
        ("Files waiting", f"{receipt.files_waiting:,}"),
        ("Received", f"{receipt.pulled:,}"),
        ("Entered", f"{receipt.entered:,}"),
        ("Left", f"{receipt.left:,}"),
        ("Repaired", f"{receipt.repaired:,}"),
        ("Both sides equal", equal),
        ("Records here", f"{receipt.mine.count:,}"),
        ("At the office", f"{receipt.theirs.count:,}" if receipt.theirs else "–"),
        ("Began anew", "yes" if receipt.started_over else "no"),
        ("Exchanges", f"{receipt.exchanges:,}"),
        ("Clock", clock_words(receipt.clock_off_by) or "right"),
    ]


def contact_words(contact_at: int, newest: int, today: date, zone: tzinfo) -> str:
    """The last contact, where it is later than the newest receipt."""
    if contact_at <= newest:
        return ""
    return f"Last in contact {day_and_time(contact_at, today, zone)}, nothing new on either side"


def _sent(receipt: Receipt) -> int:
    return receipt.accepted + receipt.merged + receipt.held
