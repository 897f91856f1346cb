"""The viewer of one file: its picture where it is one that decodes within bounds, and the way to save it.

Owns the layer, and the words for what a photo tells beside its picture. Nothing but a picture is ever opened here;
decoding is asked for by a worker (`seen`) and done in a process of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QImage, QKeyEvent, QPixmap
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QWidget

from fieldrep.domain.files import PICTURES, safe_name
from fieldrep.queries.attachments import AttachmentRow
from fieldrep.ui.pictures import image_of
from fieldrep.ui.widgets.button import Button
from fieldrep.ui.widgets.layer import Layer
from fieldrep.ui.widgets.text import Text

if TYPE_CHECKING:
    from fieldrep.pictures.decoder import Decoder

_LARGEST = QSize(900, 560)
_WHY = {
    "none": "This picture is damaged or too large to be shown here.",
    "slow": "This picture took too long to be read, so reading it was stopped.",
    "ended": "This picture brought down the process that was to read it. Nothing else was touched.",
    "absent": "Pictures cannot be shown now: the process that reads them does not start.",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """A body, the picture in it or why there is none, and what it tells beside that."""

    body: bytes
    image: QImage | None
    why: str
    tells: str


def seen(body: bytes, decoder: Decoder) -> Seen:
    """What can be seen of a body; for a worker."""
    from fieldrep.pictures.decoder import Pixels

    made = decoder.shown(body, _LARGEST.width(), _LARGEST.height())
    if isinstance(made, Pixels):
        return Seen(body, image_of(made), "", _tells(body))
    return Seen(body, None, _WHY[made.value], _tells(body))


def _tells(body: bytes) -> str:
    """What a photo says beside its picture, "" for what is no photo."""
    from fieldrep.domain.metadata import cleaned, tells_unseen

    found = cleaned(body)
    if found is None:
        return "It may name the place it was taken at." if tells_unseen(body) else ""
    if found.place:
        return "This photo names the place it was taken at."
    if found.left_out:
        return "This photo holds more than its picture, such as what its camera noted."
    return "This photo names no place and no camera."


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
        self.tells = Text("", "caption", "text2")
        self.tells.setObjectName("file_tells")
        self.tells.setWordWrap(True)
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
        for widget in (self.title, self.picture, self.words, self.tells):
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

    def show_file(self, row: AttachmentRow, found: Seen) -> None:
        self._body, self._name, image = found.body, row.name, found.image
        self.title.setText(row.name)
        self.tells.setText(found.tells)
        self.tells.setVisible(bool(found.tells))
        self.picture.setVisible(image is not None)
        self.picture.setPixmap(QPixmap.fromImage(image or QImage()))
        self.words.setVisible(image is None)
        if image is None:
            why = found.why if row.media_type in PICTURES else "This kind of file is not opened here."
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
