"""The Sync page with one conflict to decide."""

from PySide6.QtWidgets import (
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from fieldrep.ui.page import Page
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.badge import Badge
from fieldrep.ui.widgets.card import Card, Heading, Scroll
from fieldrep.ui.widgets.mergetable import MergeTable
from fieldrep.ui.widgets.mergeview import MergeRow, MergeView, Pick
from fieldrep.ui.widgets.recordheader import HeaderAction, HeaderView, RecordHeader
from fieldrep.ui.widgets.tabs import Tab, Tabs
from fieldrep.ui.widgets.tile import Tile, TileView


def sample_conflict() -> MergeView:
    return MergeView(
        "Account Blue Harbor Hotels was changed in two places",
        "1 of 2 conflicts",
        "You: Thu 16:31  ·  Office, P. de Wit: Thu 17:05",
        (
            MergeRow(
                "phone",
                "Phone",
                "+31 10 411 2200",
                "+31 10 411 2299",
                "+31 10 411 2200",
                Pick.MINE,
                clash=False,
            ),
            MergeRow("window", "Delivery window", "07:00 – 10:00", "06:00 – 09:00", "08:00 – 11:00"),
            MergeRow("note", "Note", "", "Ring at gate B", "Use loading dock 4", joinable=True),
        ),
    )


class SyncGallery(Page):
    def __init__(self) -> None:
        super().__init__()
        self.log: list[object] = []
        self.header = RecordHeader(
            name="sync_header", primary=HeaderAction("try_now", "Try now", "refresh-cw", "F9"), avatar=False
        )
        facts = ("Everything you do is saved on this laptop first. Nothing is lost while offline.",)
        self.header.set(HeaderView("Sync", facts))
        self.merge = MergeTable(name="conflict")
        self.merge.set(sample_conflict())
        self.merge.applied.connect(self.log.append)
        self.merge.postponed.connect(lambda: self.log.append("later"))
        tabs = (
            Tab("overview", "Overview", lambda: Scroll(self._overview(), name="overview")),
            Tab("history", "History", QWidget),
        )
        self.tabs = Tabs(tabs, name="sync_tabs")
        self.tabs.set_bar_margins(24, 24)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 16, 0, 0)
        head = QHBoxLayout()
        head.setContentsMargins(24, 0, 24, 0)
        head.addWidget(self.header)
        whole.addLayout(head)
        whole.addWidget(self.tabs, 1)

    def _overview(self) -> QWidget:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(24, 14, 24, 16)
        column.setSpacing(14)
        tiles = QHBoxLayout()
        tiles.setSpacing(12)
        for view in (
            TileView("Connection", "Offline", "Next try in 4 min · automatic", str(Tone.WARNING)),
            TileView("To send", "14 changes", "312 KB, about 6 s on 4G"),
            TileView("Last full sync", "Today 07:42", "10,000 accounts · 4,212 prices"),
            TileView("Needs you", "2 conflicts", "1 order refused", str(Tone.DANGER)),
        ):
            tiles.addWidget(Tile(view))
        column.addLayout(tiles)
        column.addWidget(self.merge)
        waiting = Card(padding=16)
        waiting.body.addWidget(Heading("Waiting to be sent", Badge("14", Tone.WARNING)))
        column.addWidget(waiting)
        column.addStretch(1)
        return body
