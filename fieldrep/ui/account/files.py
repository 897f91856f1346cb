"""The Files tab of an account: its photos and documents and those of its visits, contacts, addresses and orders.

Owns adding (by dialog, drop or paste, several at once) and where a file is asked for. What comes from outside is read
by workers and decoded in a process of its own; what is left out of a photo is said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QImage, QKeySequence, QShortcut
from PySide6.QtWidgets import QFileDialog, QHBoxLayout

from fieldrep.commands.attachments import add_attachment
from fieldrep.commands.done import Done
from fieldrep.contract.counts import counted
from fieldrep.contract.ids import RowId, id_text, parse_id
from fieldrep.domain.days import day_of
from fieldrep.domain.files import PICTURES
from fieldrep.queries.attachments import AccountFiles, AttachmentRow, FileOwner, files_of_account, thumbs
from fieldrep.ui.account.tabs import TableTab
from fieldrep.ui.account.viewer import FileViewer, Place, Seen, seen
from fieldrep.ui.desk import Desk, sentence_of
from fieldrep.ui.pictures import file_of, image_of
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.banner import Banner
from fieldrep.ui.widgets.choice import Select
from fieldrep.ui.widgets.gridmodel import Cell, Column, GridRow
from fieldrep.ui.widgets.photostrip import Photo, PhotoStrip
from fieldrep.ui.widgets.text import Text
from fieldrep.ui.words import short_day, size

if TYPE_CHECKING:
    from fieldrep.pictures.decoder import Decoder

_KINDS = {"image/jpeg": "Photo", "image/png": "Picture", "application/pdf": "PDF"}
_RAW = ("image/png", "image/jpeg")
"""What other programs put on the clipboard as it is: taken like any other file."""

_PRIVATE = "Places, cameras and words noted in JPEG, PNG and WebP photos are left out when they are added."
_MOST_SAID = 4


class FilesTab(TableTab):
    """`opened` and `added` are answered here: a file is seen and chosen without leaving the tab."""

    def __init__(self, desk: Desk) -> None:
        columns = (
            Column("name", "File"),
            Column("belongs", "Belongs to", 190, hide_below=760),
            Column("kind", "Kind", 80),
            Column("size", "Size", 80, numeric=True),
            Column("by", "Added by", 140, hide_below=900),
            Column("day", "Added", 100, hide_below=620),
            Column("state", "Where", 190),
        )
        empty = ("No files yet", "Add a photo of the shelf or a signed document, drop it here, or paste it.")
        super().__init__(desk, "files", "Photos and documents", columns, empty, "Add file")
        self.setAcceptDrops(True)
        self.say_note(_PRIVATE)
        self.refused = Banner(name="files_refused")
        self.noted = Banner(name="files_noted")
        self.belongs = Select(name="files_owner", label="New files belong to")
        self.strip = PhotoStrip(name="files_photos", label="Photos")
        self._lay_out()
        self.rows_by_id: dict[RowId, AttachmentRow] = {}
        self.viewer: FileViewer | None = None
        self._wanted: RowId | None = None
        self._owners: tuple[FileOwner, ...] = ()
        self._told: list[str] = []
        self._notes: Counter[str] = Counter()
        self._warnings: list[str] = []
        self.added.connect(self.ask_which)
        self.opened.connect(self.open_file)
        self.strip.opened.connect(self.open_file)
        paste = QShortcut(QKeySequence(QKeySequence.StandardKey.Paste), self)
        paste.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        paste.activated.connect(lambda: self.take(QGuiApplication.clipboard().mimeData()))
        desk.sync_stood.connect(self._on_sync)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(Text("New files belong to", "small", "text2"))
        row.addWidget(self.belongs)
        row.addStretch(1)
        self.belongs.setMinimumWidth(260)
        self._column.insertWidget(1, self.refused)
        self._column.insertWidget(2, self.noted)
        self._column.insertLayout(5, row)
        self._column.insertWidget(6, self.strip)

    def load(self, account_id: RowId) -> None:
        """What was said about files of one account is not said of another, and nothing is added to the one before."""
        if account_id != self.account_id:
            self._begin_adding()
            self._wanted = None
            self._owners = ()
            self.belongs.clear()
        super().load(account_id)

    def question(self) -> tuple[Callable[..., Any], dict[str, Any]]:
        return files_of_account, {}

    def show_answer(self, answer: AccountFiles) -> None:
        self.rows_by_id = {row.id: row for row in answer.rows}
        self.rows.set_rows([self._row(row) for row in answer.rows])
        if answer.owners != self._owners:
            chosen, self._owners = self.belongs.key(), answer.owners
            self.belongs.set_choices([(_key(owner), _words(owner)) for owner in answer.owners], chosen)
        if any(row.has_thumb for row in answer.rows):
            self._desk.runner.query(
                thumbs,
                asker=self,
                lane="thumbs",
                done=self._show_pictures,
                account_id=self.account_id,
                decode=partial(_decoded, self._desk.decoder),
            )
        else:
            self._show_pictures({})

    def _row(self, row: AttachmentRow) -> GridRow:
        day = short_day(day_of(row.added_at, self._desk.zone), self._desk.today())
        kind = _KINDS.get(row.media_type, "Other")
        belongs = f"{row.owner_kind} {row.owner}" if row.owner_kind else "Account"
        cells = (
            Cell(row.name),
            Cell(belongs),
            Cell(kind),
            Cell(size(row.size)),
            Cell(row.added_by),
            Cell(day),
        )
        return GridRow(row.id, (*cells, state_of(row)))

    def _show_pictures(self, pictures: Mapping[RowId, QImage]) -> None:
        missing = sum(row.has_thumb and row.id not in pictures for row in self.rows_by_id.values())
        unread = f" {counted(missing, 'small picture')} could not be read."
        self.say_note(_PRIVATE + (unread if missing else ""))
        self.strip.set(
            [
                Photo(row.id, row.name, pictures[row.id])
                for row in self.rows_by_id.values()
                if row.id in pictures
            ]
        )

    def _on_sync(self, _stood: object) -> None:
        """A file may have gone up; no record changes by that."""
        if self.account_id is not None and self.isVisible():
            self.load(self.account_id)

    # Adding

    def ask_which(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, "Add photos or documents")
        self.add([Path(name) for name in names])

    def add(self, paths: list[Path]) -> None:
        """Adds files one after the other; the sentences about those that may not be added stay on the tab."""
        self._begin_adding()
        for path in paths:
            self._add(path.name, len(paths), path=str(path))

    def take(self, found: QMimeData | None) -> None:
        """What was dropped or pasted: files, or a picture that lies in none."""
        if found is None:
            return
        paths = [Path(url.toLocalFile()) for url in found.urls() if url.isLocalFile()]
        raw = next((kind for kind in _RAW if found.hasFormat(kind)), "")
        if paths:
            self.add(paths)
        elif raw:
            body = bytes(found.data(raw).data())
            self._add_picture(lambda: body, raw.rpartition("/")[2].replace("jpeg", "jpg"))
        elif found.hasImage() and isinstance(image := found.imageData(), QImage):
            self._add_picture(lambda: file_of(image), "jpg")
        else:
            self.refused.say(
                "There is nothing to add",
                "Copy a picture or files first, then paste them here.",
                Tone.WARNING,
            )

    def _add_picture(self, body_from: Callable[[], bytes], ending: str) -> None:
        self._begin_adding()
        name = f"Pasted {self._desk.today().isoformat()}.{ending}"
        self._add(name, 1, name=name, body_from=body_from)

    def _begin_adding(self) -> None:
        for said in (self._told, self._notes, self._warnings):
            said.clear()
        self.refused.clear()
        self.noted.clear()

    def _add(self, called: str, count: int, **what: Any) -> None:
        """Starts one command; the file is read and its small picture made on the thread of commands."""
        field, _, owner = (self.belongs.key() or f"account_id {id_text(self.account_id or b'')}").partition(
            " "
        )
        what.update({field: parse_id(owner), "pictures": self._desk.decoder})
        self._desk.runner.command(
            partial(add_attachment, **what),
            done=partial(self._on_added, self.account_id),
            failed=lambda error: self._on_refused(called, count, error),
        )

    def _on_added(self, account_id: RowId | None, done: Done) -> None:
        """What was left out of photos, counted, and the files that may still name a place, by name."""
        if account_id != self.account_id:
            return
        self._notes.update([done.note] if done.note else [])
        self._warnings += [done.warning] if done.warning else []
        several = sum(self._notes.values()) > 1
        lines = self._warnings[:_MOST_SAID]
        if more := len(self._warnings) - len(lines):
            lines.append(f"So are {more} more of them.")
        lines += [
            f"{counted(count, 'photo')}: {note}" if several else note for note, count in self._notes.items()
        ]
        if self._warnings:
            self.noted.say("Some files may name a place", "\n".join(lines), Tone.WARNING)
        elif lines:
            self.noted.say("Added without what the camera noted", "\n".join(lines), Tone.INFO)

    def _on_refused(self, called: str, count: int, error: Exception) -> None:
        self._told.append(sentence_of(error) if count == 1 else f"{called}: {sentence_of(error)}")
        title = (
            "This file was not added"
            if count == 1
            else f"{len(self._told)} of {counted(count, 'file')} not added"
        )
        self.refused.say(title, "\n".join(self._told), Tone.DANGER)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        found = event.mimeData()
        if any(url.isLocalFile() for url in found.urls()) or found.hasImage():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.take(event.mimeData())
        event.acceptProposedAction()

    # Seeing

    def open_file(self, key: object) -> None:
        """Shows a file, brought from the office when it is not here; where there is no line it comes later."""
        row = self.rows_by_id.get(cast("RowId", key))
        if row is None:
            return
        self._wanted = row.id
        decoder = self._desk.decoder
        self._desk.runner.control(
            lambda _: seen(self._desk.carrier.bring_file(row.id), decoder),
            done=lambda found: self._show(row, found),
            failed=lambda error: self._not_here(row, error),
            asker=self,
        )

    def _not_here(self, row: AttachmentRow, error: Exception) -> None:
        if row.id != self._wanted:
            return
        later = "" if row.state in ("here", "waiting") else " It is asked for again with the next sync."
        if self.viewer is not None and self.viewer.isVisible():
            self.viewer.show_absent(row, sentence_of(error) + later, self._place(row))
        else:
            self.refused.say("This file cannot be shown", sentence_of(error) + later, Tone.WARNING)
        self._reload()

    def _show(self, row: AttachmentRow, found: Seen) -> None:
        """Of several asked for one after the other, the last; of one that was closed meanwhile, nothing."""
        if row.id != self._wanted:
            return
        self.refused.clear()
        if self.viewer is None:
            self.viewer = FileViewer(self.window())
            self.viewer.stepped.connect(self._step)
            self.viewer.closed.connect(self._on_closed)
        self.viewer.show_file(row, found, self._place(row))
        self._reload()

    def _pictures(self) -> list[RowId]:
        """Those that are leafed through, in the order of the list."""
        return [row.id for row in self.rows_by_id.values() if row.media_type in PICTURES]

    def _place(self, row: AttachmentRow) -> Place:
        pictures = self._pictures()
        return Place(pictures.index(row.id), len(pictures)) if row.id in pictures else Place()

    def _step(self, step: int) -> None:
        """From the picture asked for last, which may be on its way still."""
        pictures = self._pictures()
        at = pictures.index(self._wanted) + step if self._wanted in pictures else -1
        if 0 <= at < len(pictures):
            self.open_file(pictures[at])

    def _on_closed(self) -> None:
        self._wanted = None

    def _reload(self) -> None:
        if self.account_id is not None:
            self.load(self.account_id)


def _decoded(decoder: Decoder, small: Sequence[bytes]) -> list[QImage | None]:
    """For a worker."""
    return [None if pixels is None else image_of(pixels) for pixels in decoder.small_ones(small)]


def _key(owner: FileOwner) -> str:
    return f"{owner.field} {id_text(owner.id)}"


def _words(owner: FileOwner) -> str:
    return "This account" if owner.field == "account_id" else f"{owner.title} {owner.label}"


_IN_TIME = "once it has reached the office. No record says whether it has."


def state_of(row: AttachmentRow) -> Cell:
    """Where the body of a file stands."""
    if row.state == "waiting":
        if row.refused:
            return Cell("Not taken yet", Tone.DANGER, tip=row.refused)
        gone = f", {size(row.so_far)} sent" if row.so_far else ""
        return Cell(f"Waiting to sync{gone}", Tone.WARNING)
    if row.state == "wanted":
        return Cell("Asked for", Tone.INFO, tip=f"It comes with a sync, {_IN_TIME}")
    if row.state == "partly":
        return Cell(f"{size(row.so_far)} here")
    if row.state == "here":
        return Cell("On this laptop")
    return Cell("Not on this laptop", tip=f"Open it to have it brought here, {_IN_TIME}")
