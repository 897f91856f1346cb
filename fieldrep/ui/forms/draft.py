"""FormDraft: what is typed into an open form is kept soon after the last key, and offered again after a crash.

Owns when a draft is kept and dropped. What the texts are is the form's; saving the form drops the draft by itself.
"""

import json
from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, QTimer, Signal

from fieldrep.commands.drafts import drop_draft, keep_draft, kept_draft
from fieldrep.ui.desk import Desk

KEPT_AFTER_MS = 400


class FormDraft(QObject):
    """`found` says the texts of the last time and when they were typed; `refused` why nothing can be kept.

    Without a key nothing is kept.
    """

    found = Signal(object, object)
    refused = Signal(object)

    def __init__(
        self,
        desk: Desk,
        key: tuple[str, str] | None,
        texts: Callable[[], Mapping[str, str]],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._desk, self._key, self._texts = desk, key, texts
        self._typed = self._kept = self._saving = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(KEPT_AFTER_MS)
        self._soon.timeout.connect(self.keep_now)

    def look(self) -> None:
        """Ask for what was kept of this form."""
        if self._key is not None:
            self._desk.runner.command(
                kept_draft, initiator=self, done=self._on_found, failed=self.refused.emit, draft=self._key
            )

    def touch(self) -> None:
        """Somebody typed."""
        if self._key is not None and not self._saving:
            self._typed = True
            self._soon.start()

    def keep_now(self) -> None:
        """Keeps what was typed since the last time; a form put back as it was needs no draft."""
        if not self._typed:
            return
        self._put_off()
        texts = self._texts()
        if not texts:
            self.drop()
            return
        self._kept = True
        self._desk.runner.command(
            keep_draft,
            initiator=self,
            failed=self.refused.emit,
            draft=self._key,
            text=json.dumps(dict(texts), sort_keys=True),
        )

    def drop(self) -> None:
        """The form is left on purpose, or begun again."""
        self._put_off()
        if self._kept:
            self._kept = False
            self._desk.runner.command(drop_draft, initiator=self, draft=self._key)

    def saving(self) -> None:
        """The command that saves the form is under way and drops the draft with it; nothing is kept after it."""
        self._put_off()
        self._saving = True

    def saved(self) -> None:
        self._kept = False

    def not_saved(self) -> None:
        """The command was refused, and with it everything it did."""
        self._saving = False
        self.touch()

    def _put_off(self) -> None:
        self._typed = False
        self._soon.stop()

    def _on_found(self, draft: object) -> None:
        if draft is not None:
            self._kept = True
            self.found.emit(json.loads(draft.text), draft.saved_at)  # type: ignore[attr-defined]
