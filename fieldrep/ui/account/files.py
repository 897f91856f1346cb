"""The Files tab of an account: its photos and documents, adding one by dialog or drop, seeing and saving one.

Owns the dialogs and the viewer. What is no picture that decodes within bounds is never opened here, only saved.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage, QKeyEvent, QPixmap
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QWidget

from fieldrep.commands.attachments import add_attachment
from fieldrep.contract.ids import RowId
from fieldrep.domain.days import day_of
from fieldrep.domain.files import PICTURES, safe_name
from fieldrep.queries.attachments import AttachmentRow, attachments
from fieldrep.ui.account.tabs import TableTab
from fieldrep.ui.desk import Desk, sentence_of
from fieldrep.ui.pictures import picture_of
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.banner import Banner
from fieldrep.ui.widgets.button import Button
from fieldrep.ui.widgets.gridmodel import Cell, Column, GridRow
from fieldrep.ui.widgets.layer import Layer
from fieldrep.ui.widgets.text import Text
from fieldrep.ui.words import short_day, size

_KINDS = {"image/jpeg": "Photo", "image/png": "Picture", "application/pdf": "PDF"}
_LARGEST = QSize(900, 560)


class FileViewer(Layer):
    """One picture, or the words why there is none, and the way to save it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, name="file_viewer", width=960, top=48)
        self._body, self._name = b"", ""
        self.title = Text("", "strong")
        self.picture = QLabel()
        self.picture.setObjectName("file_picture")
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.words = Text("", "body", "text2")
        self.words.setWordWrap(True)
        self._save = Button("Save as", icon="download", name="file_save")
        self._save.clicked.connect(self._on_save)
        self._close = Button("Close", name="file_close")
        self._close.clicked.connect(self.close_layer)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self._save)
        row.addWidget(self._close)
        self.body.setContentsMargins(20, 16, 20, 16)
        self.body.setSpacing(12)
        for widget in (self.title, self.picture, self.words):
            self.body.addWidget(widget)
        self.body.addLayout(row)

    def first_focus(self) -> QWidget:
        return self._close

    def event(self, event: QEvent) -> bool:
        """Escape belongs to the viewer while it is open, not to the page behind it."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Escape
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_layer()
            return
        super().keyPressEvent(event)

    def show_file(self, row: AttachmentRow, body: bytes) -> None:
        self._body, self._name = body, row.name
        self.title.setText(row.name)
        image = picture_of(body, _LARGEST)
        self.picture.setVisible(image is not None)
        self.picture.setPixmap(QPixmap.fromImage(image or QImage()))
        self.words.setVisible(image is None)
        if image is None:
            why = (
                "This picture is damaged or too large to be shown here."
                if row.media_type in PICTURES
                else "This kind of file is not opened here."
            )
            self.words.setText(f"{why} Save it, and open it only if you know who it is from.")
        self.open()

    def _on_save(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Save the file", safe_name(self._name))
        if not name:
            return
        try:
            Path(name).write_bytes(self._body)
        except OSError as error:
            self.words.setText(
                f"{Path(name).name} could not be written ({error.strerror}). Choose another place."
            )
            self.words.show()
            return
        self.close_layer()


class FilesTab(TableTab):
    """`opened` and `added` are answered here: a file is seen and chosen without leaving the tab."""

    def __init__(self, desk: Desk) -> None:
        columns = (
            Column("name", "File", 260),
            Column("kind", "Kind", 90),
            Column("size", "Size", 90, numeric=True),
            Column("by", "Added by", 150, hide_below=720),
            Column("day", "Added", 110, hide_below=620),
            Column("state", "", 190),
        )
        empty = ("No files yet", "Add a photo of the shelf or a signed document, or drop it here.")
        super().__init__(desk, "files", "Photos and documents", columns, empty, "Add file")
        self.setAcceptDrops(True)
        self.refused = Banner(name="files_refused")
        self._column.insertWidget(1, self.refused)
        self.rows_by_id: dict[RowId, AttachmentRow] = {}
        self.viewer: FileViewer | None = None
        self.added.connect(self.ask_which)
        self.opened.connect(self.open_file)
        desk.sync_stood.connect(self._on_sync)

    def question(self) -> tuple[Callable[..., Any], dict[str, Any]]:
        return attachments, {}

    def show_answer(self, answer: tuple[AttachmentRow, ...]) -> None:
        self.rows_by_id = {row.id: row for row in answer}
        self.rows.set_rows([self._row(row) for row in answer])

    def _row(self, row: AttachmentRow) -> GridRow:
        day = short_day(day_of(row.added_at, self._desk.zone), self._desk.today())
        kind = _KINDS.get(row.media_type, "Other")
        cells = (Cell(row.name), Cell(kind), Cell(size(row.size)), Cell(row.added_by), Cell(day))
        return GridRow(row.id, (*cells, _state(row)))

    def _on_sync(self, _stood: object) -> None:
        """A file may have gone up; no record changes by that."""
        if self.account_id is not None and self.isVisible():
            self.load(self.account_id)

    # Adding

    def ask_which(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, "Add photos or documents")
        self.add([Path(name) for name in names])

    def add(self, paths: list[Path]) -> None:
        """Adds files one after the other; the sentence about one that may not be added stays on the tab."""
        if paths:
            self.refused.clear()
        for path in paths:
            self._desk.runner.command(
                add_attachment,
                initiator=None,
                failed=self._on_refused,
                account_id=self.account_id,
                path=str(path),
            )

    def _on_refused(self, error: Exception) -> None:
        self.refused.say("This file was not added", sentence_of(error), Tone.DANGER)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.add([Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()])
        event.acceptProposedAction()

    # Seeing

    def open_file(self, key: object) -> None:
        """Shows a file, brought from the office when it is not here."""
        row = self.rows_by_id.get(cast("RowId", key))
        if row is None:
            return
        self._desk.runner.control(
            lambda _: self._desk.carrier.bring_file(row.id),
            done=lambda body: self._show(row, body),
            failed=lambda error: self.refused.say(
                "This file cannot be shown", sentence_of(error), Tone.WARNING
            ),
            asker=self,
        )

    def _show(self, row: AttachmentRow, body: bytes) -> None:
        self.refused.clear()
        if self.viewer is None:
            self.viewer = FileViewer(self.window())
        self.viewer.show_file(row, body)
        if self.account_id is not None:
            self.load(self.account_id)


def _state(row: AttachmentRow) -> Cell:
    if row.state == "waiting":
        gone = f", {size(row.so_far)} sent" if row.so_far else ""
        return Cell(f"Waiting to sync{gone}", Tone.WARNING)
    if row.state == "partly":
        return Cell(f"{size(row.so_far)} here")
    return Cell("On this laptop" if row.state == "here" else "In the office")
