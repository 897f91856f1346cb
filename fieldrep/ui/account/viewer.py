"""The viewer of one file: its picture where it is one that decodes within bounds, the ways to save it and to the next.

Owns the layer, and the words for what a photo tells beside its picture. Nothing but a picture is ever opened here;
decoding is asked for by a worker (`seen`) and done in a process of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
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

_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
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


@dataclass(frozen=True, slots=True)
class Place:
    """Where a picture stands among those that can be leafed through; `of` is 0 for what is not among them."""

    at: int = 0
    of: int = 0


class FileViewer(Layer):
    """One picture, or the words why there is none, and the way to save it.

    `stepped` asks for the previous picture with -1 and for the next with 1; never beyond the first and the last.
    """

    stepped = Signal(int)

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
        self._back = Button("Previous", icon="chevron-left", variant="ghost", name="file_previous")
        self._back.setToolTip("←")
        self._back.clicked.connect(lambda: self._step(-1))
        self._on = Button("Next", icon="chevron-right", variant="ghost", name="file_next")
        self._on.setToolTip("→")
        self._on.clicked.connect(lambda: self._step(1))
        self.standing = Text("", "caption", "text2", figures=True)
        self._place = Place()
        row = QHBoxLayout()
        row.addWidget(self._back)
        row.addWidget(self.standing)
        row.addWidget(self._on)
        row.addStretch(1)
        row.addWidget(self._save)
        row.addWidget(self._close)
        for button in self._buttons():
            button.installEventFilter(self)
        self.body.setContentsMargins(20, 16, 20, 16)
        self.body.setSpacing(12)
        for widget in (self.title, self.picture, self.words, self.tells):
            self.body.addWidget(widget)
        self.body.addLayout(row)

    def _buttons(self) -> tuple[Button, ...]:
        return self._back, self._on, self._save, self._close

    def first_focus(self) -> QWidget:
        return self._close

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes round the buttons that can be pressed."""
        among = [button for button in self._buttons() if button.isEnabled() and not button.isHidden()]
        at = next((n for n, button in enumerate(among) if button.hasFocus()), -1 if forward else 0)
        among[(at + (1 if forward else -1)) % len(among)].setFocus(Qt.FocusReason.TabFocusReason)
        return True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The arrows leaf; without this a button would take them to go to its neighbour."""
        if (
            event.type() == QEvent.Type.KeyPress
            and isinstance(event, QKeyEvent)
            and watched in self._buttons()
        ):
            step = _STEPS.get(Qt.Key(event.key()), 0)
            if step and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
                self._step(-step if self.isRightToLeft() else step)
                return True
        return super().eventFilter(watched, event)

    def _step(self, step: int) -> None:
        if self._place.of and 0 <= self._place.at + step < self._place.of:
            self.stepped.emit(step)

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

    def show_file(self, row: AttachmentRow, found: Seen, place: Place) -> None:
        self._set(row, found, place)
        if found.image is None:
            why = found.why if row.media_type in PICTURES else "This kind of file is not opened here."
            self.words.setText(f"{why} Save it, and open it only if you know who it is from.")
        self._stand()

    def show_absent(self, row: AttachmentRow, sentence: str, place: Place) -> None:
        """A picture on the way that is not here, with the reason; those beside it are a key away."""
        self._set(row, Seen(b"", None, sentence, ""), place)
        self.words.setText(sentence)
        self._stand()

    def _set(self, row: AttachmentRow, found: Seen, place: Place) -> None:
        self._body, self._name, image = found.body, row.name, found.image
        self.title.setText(row.name)
        self.tells.setText(found.tells)
        self.tells.setVisible(bool(found.tells))
        self.picture.setVisible(image is not None)
        self.picture.setPixmap(QPixmap.fromImage(image or QImage()))
        self.picture.setAccessibleName(row.name)
        self.words.setVisible(image is None)
        self._save.setEnabled(bool(found.body))
        self._show_place(place)

    def _show_place(self, place: Place) -> None:
        """Where it stands, and the ways on; the focus does not stay on a button that leads nowhere any more."""
        self._place = place
        several = place.of > 1
        self.standing.setText(f"{place.at + 1:,} of {place.of:,}" if several else "")
        focused = next((button for button in (self._back, self._on) if button.hasFocus()), None)
        for button, leads in ((self._back, place.at > 0), (self._on, place.at < place.of - 1)):
            button.setVisible(several)
            button.setEnabled(several and leads)
        if focused is not None and not focused.isEnabled():
            other = self._on if focused is self._back else self._back
            (other if other.isEnabled() else self._close).setFocus(Qt.FocusReason.OtherFocusReason)

    def _stand(self) -> None:
        """On the screen; one that stands there keeps its focus."""
        if self.isVisible():
            self.body.activate()
            self.place()
        else:
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
