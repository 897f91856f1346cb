"""The viewer of one file: its picture where it is one that decodes within bounds, and the way to save it.

Owns the layer. Nothing but a picture is ever opened here; decoding is for a worker (`seen`).
"""

from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QImage, QKeyEvent, QPixmap
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QWidget

from fieldrep.domain.files import PICTURES, safe_name
from fieldrep.queries.attachments import AttachmentRow
from fieldrep.ui.pictures import picture_of
from fieldrep.ui.widgets.button import Button
from fieldrep.ui.widgets.layer import Layer
from fieldrep.ui.widgets.text import Text

_LARGEST = QSize(900, 560)


def seen(body: bytes) -> tuple[bytes, QImage | None]:
    """A body and the picture it is, None when it is none; for a worker."""
    return body, picture_of(body, _LARGEST)


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

    def show_file(self, row: AttachmentRow, body: bytes, image: QImage | None) -> None:
        """`image` is what `seen` made of the body."""
        self._body, self._name = body, row.name
        self.title.setText(row.name)
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
