"""The Storage tab of the Sync page: what FieldRep takes on this disk, and how many records of each kind lie here."""

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from fieldrep.contract.counts import counted
from fieldrep.queries.storage import Part, Storage, storage
from fieldrep.ui.desk import Desk, sentence_of
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.banner import Banner
from fieldrep.ui.widgets.card import Heading
from fieldrep.ui.widgets.gridmodel import Cell, Column, GridRow
from fieldrep.ui.widgets.table import Table
from fieldrep.ui.widgets.text import Text
from fieldrep.ui.widgets.tile import Tile, TileView
from fieldrep.ui.words import size

_SCARCE = 1_000_000_000
"""So little free room is said in amber: photos alone may need it in a week."""

_NOTE = (
    "A photo taken here is kept until the office has confirmed it whole, and then as long as its account is here. How "
    "many of the others come by themselves is chosen under Files."
)


class StorageTab(QWidget):
    """Reads the figures when it is looked at: what search takes is counted block by block."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("sync_storage")
        self._desk = desk
        self.tiles = [Tile(TileView("", "")) for _ in range(4)]
        self.problem = Banner(name="sync_storage_unread")
        self.parts = Table(
            (Column("what", "What"), Column("count", "Number", 110, numeric=True),
             Column("size", "Size", 110, numeric=True)),
            name="sync_storage_parts",
            label="What takes room",
        )  # fmt: skip
        self.kinds = Table(
            (Column("kind", "Kind"), Column("count", "Number", 110, numeric=True)),
            name="sync_storage_kinds",
            label="Records by kind",
        )
        note = Text(_NOTE, "small", "text2")
        note.setWordWrap(True)
        top, below = QHBoxLayout(), QHBoxLayout()
        top.setSpacing(12)
        below.setSpacing(24)
        for number, tile in enumerate(self.tiles):
            tile.setObjectName(f"sync_storage_tile_{number}")
            top.addWidget(tile, 1)
        for title, table, share in (("What takes room", self.parts, 3), ("Records by kind", self.kinds, 2)):
            side = QVBoxLayout()
            side.setSpacing(2)
            side.addWidget(Heading(title))
            side.addWidget(table, 1)
            below.addLayout(side, share)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 14, 24, 16)
        column.setSpacing(12)
        column.addWidget(self.problem)
        column.addLayout(top)
        column.addLayout(below, 1)
        column.addWidget(note)

    def ask(self) -> None:
        """Reads the figures anew."""
        self._desk.runner.query(storage, asker=self, done=self.set, failed=self._on_failed)

    def set(self, found: Storage) -> None:
        self.problem.clear()
        for tile, view in zip(self.tiles, _tiles(found), strict=True):
            tile.set(view)
        self.parts.set_rows(_parts(found))
        kinds = [(plural, count) for plural, count in found.kinds if count]
        self.kinds.set_rows([GridRow(kind, (Cell(kind), Cell(f"{count:,}"))) for kind, count in kinds])

    def _on_failed(self, error: Exception) -> None:
        self.problem.say("This could not be read", sentence_of(error), Tone.DANGER)


def _tiles(found: Storage) -> tuple[TileView, ...]:
    records = f"{counted(found.records.count, 'record')}, with their indexes"
    return (
        TileView(
            "On this disk", size(found.total), f"Database {size(found.file)}, its log {size(found.log)}"
        ),
        TileView("Records", size(found.records.size), records),
        _photos(found),
        _free(found.disk_free),
    )


def _photos(found: Storage) -> TileView:
    photos, up = found.photos, found.going_up
    title = "Photos and documents"
    if not photos.count:
        return TileView(title, "None", "None is held here")
    here = f"{counted(photos.count, 'file')} here"
    if up.count:
        return TileView(title, size(photos.size), f"{here}, {up.count:,} to go up", Tone.WARNING.value)
    return TileView(title, size(photos.size), f"{here}, all are with the office")


def _free(free: int | None) -> TileView:
    if free is None:
        return TileView("Free on this disk", "Not known", "The disk does not say")
    if free < _SCARCE:
        return TileView("Free on this disk", size(free), "Room is getting scarce", Tone.WARNING.value)
    return TileView("Free on this disk", size(free), "Room enough")


def _parts(found: Storage) -> list[GridRow]:
    rows = (
        ("records", "Records and their indexes", found.records),
        ("search", "Search", Part(0, found.search)),
        ("photos", "Photos and documents held here", found.photos),
        ("going_up", "Of these still to go up", found.going_up),
        ("arriving", "Photos and documents arriving", found.arriving),
        ("waiting", "Changes that wait", found.waiting),
        ("sent", "Sent changes", found.sent),
        ("refused", "Refused changes", found.refused),
        ("drafts", "Drafts", found.drafts),
        ("receipts", "Receipts of syncs", found.receipts),
        ("unused", "Kept free for what comes", Part(0, found.unused)),
        ("log", "Log and reserve beside the database", Part(0, found.log)),
    )
    without = ("search", "unused", "log")
    return [
        GridRow(key, (Cell(words), Cell("" if key in without else f"{part.count:,}"), Cell(size(part.size))))
        for key, words, part in rows
    ]
