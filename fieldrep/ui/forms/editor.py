"""RecordEditor: a form in place of the record: Save, Cancel, a warning of duplicates, and nothing typed ever lost.

Owns the life of one form: filled, checked, sent as a command, refused with a sentence per field, or left. What a
record's form holds is said by `FormSpec`; the page shows and closes it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import Value
from fieldrep.domain.duplicates import Party, news_of
from fieldrep.queries.duplicates import PossibleDuplicate
from fieldrep.ui.desk import Desk, sentence_of
from fieldrep.ui.forms.draft import FormDraft
from fieldrep.ui.forms.entityform import EntityForm, Section
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.banner import Banner
from fieldrep.ui.widgets.button import Button
from fieldrep.ui.widgets.card import Scroll, line
from fieldrep.ui.widgets.text import ElidedText, Text
from fieldrep.ui.words import day_and_time

DUPLICATES_AFTER_MS = 250
_WIDEST = 760
_GONE = (
    "is not on this laptop any more; it may belong to a colleague now. What you typed is not saved and stays here: "
    "copy it, and pass it on."
)


@dataclass(frozen=True)
class FormSpec:
    """One kind of form.

    Attributes:
        command: called with the values as keyword arguments.
        send: from all values and the touched ones to those arguments, None when there is nothing to save.
        party: who the entered record would be, for the search of duplicates; None for no such search. Of a record that
            is there only what was changed is searched.
        alike: the query that finds possible duplicates of a party.
        check: sentences by field key for what no single field can say.
        draft: under which kind and record what is typed is kept until it is saved; None where nothing is.
        of_record: edits a record that is there, so that only what was touched counts.
    """

    name: str
    title: str
    sections: tuple[Section, ...]
    command: Callable[..., Any]
    send: Callable[[Mapping[str, Value], Mapping[str, Value]], Mapping[str, Any] | None]
    subtitle: str = ""
    save: str = "Save"
    party: Callable[[Mapping[str, str]], Party] | None = None
    alike: Callable[..., tuple[PossibleDuplicate, ...]] | None = None
    but: object = None
    check: Callable[[Mapping[str, str]], Mapping[str, str]] | None = None
    draft: tuple[str, str] | None = None
    of_record: bool = False


class RecordEditor(QWidget):
    """`saved` carries the command's outcome, `left` that the form is done with, `same_wanted` a possible duplicate."""

    saved = Signal(object)
    left = Signal()
    same_wanted = Signal(object)

    def __init__(self, desk: Desk, spec: FormSpec, values: Mapping[str, Value]) -> None:
        super().__init__()
        self.setObjectName(f"{spec.name}_editor")
        self.spec = spec
        self._desk = desk
        self._asked_to_discard = False
        self._found: tuple[PossibleDuplicate, ...] = ()
        self.form = EntityForm(spec.sections, desk.zone, name=spec.name)
        self.form.fill_values(values)
        self.draft = FormDraft(desk, spec.draft, self._texts, self)
        self.back = Banner(name=f"{spec.name}_back")
        self.notice = Banner(name=f"{spec.name}_notice")
        self.duplicate = Banner(name=f"{spec.name}_duplicate")
        self.save_button = Button(spec.save, icon="check", variant="primary", name=f"{spec.name}_save")
        self.save_button.setToolTip("Ctrl Enter")
        self.cancel_button = Button("Cancel", name=f"{spec.name}_cancel")
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DUPLICATES_AFTER_MS)
        self._lay_out()
        self._connect()
        self.draft.look()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(20, 16, 20, 12)
        head.setSpacing(10)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(ElidedText(self.spec.title, "display"))
        if self.spec.subtitle:
            words.addWidget(ElidedText(self.spec.subtitle, "small", "text2"))
        head.addLayout(words, 1)
        head.addWidget(self.cancel_button)
        head.addWidget(self.save_button)
        inner = QWidget()
        inner.setMaximumWidth(_WIDEST)
        column = QVBoxLayout(inner)
        column.setContentsMargins(20, 14, 20, 24)
        column.setSpacing(12)
        for widget in (self.back, self.notice, self.duplicate, self.form):
            column.addWidget(widget)
        column.addWidget(Text("Saved on this laptop at once, sent with the next sync.", "caption", "text3"))
        column.addStretch(1)
        outer = QWidget()
        row = QHBoxLayout(outer)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(inner, 8)
        row.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(head)
        whole.addWidget(line())
        whole.addWidget(Scroll(outer, name=f"{self.spec.name}_scroll"), 1)

    def _connect(self) -> None:
        self.save_button.clicked.connect(self.submit)
        self.cancel_button.clicked.connect(self.cancel)
        self.form.submitted.connect(lambda _: self._send())
        self.duplicate.acted.connect(self._open_duplicate)
        self._timer.timeout.connect(self._seek_duplicates)
        self.draft.found.connect(self._take_up)
        self.draft.refused.connect(self._on_not_kept)
        self.back.acted.connect(self._start_again)
        for field in self.form.fields.values():
            field.edited.connect(self._on_edit)
            field.left.connect(self.draft.keep_now)

    def focus_first(self, key: str = "") -> None:
        self._order_tabs()
        field = self.form.fields.get(key) or next(iter(self.form.fields.values()))
        field.control.setFocus(Qt.FocusReason.OtherFocusReason)

    def _order_tabs(self) -> None:
        """From the last field Tab goes to Save and Cancel, which stand above the form, before it leaves the form."""
        last = list(self.form.fields.values())[-1].control
        self.setTabOrder(last, self.save_button)
        self.setTabOrder(self.save_button, self.cancel_button)

    def submit(self) -> None:
        """Ctrl+Enter: check everything, then save."""
        if self.save_button.isEnabled():
            self.form.submit()

    def may_close(self) -> bool:
        """Whether closing the window loses nothing; asks once, as Esc does."""
        if not self.form.changed() or self._asked_to_discard:
            return True
        self.cancel()
        return False

    def cancel(self) -> None:
        """Esc: leaves at once when nothing was typed, else asks once."""
        if not self.form.changed() or self._asked_to_discard:
            self.leave()
            return
        self._asked_to_discard = True
        count = len(self.form.changed())
        what = "one entry that is" if count == 1 else f"{count} entries that are"
        self.notice.say(
            f"You have {what} not saved",
            "Press Esc again (or close again) to discard, or Ctrl Enter to save.",
            Tone.WARNING,
        )

    def leave(self) -> None:
        """Done with the form on purpose: what is not saved is given up."""
        self.draft.drop()
        self.left.emit()

    def meanwhile(self, values: Mapping[str, Value], who: str) -> None:
        """The record arrived changed while this form is open."""
        clashes = self.form.meanwhile(values)
        if clashes:
            self.notice.say(
                f"{who} changed {', '.join(clashes)} meanwhile",
                "What you typed is kept. Saving puts it in place of the new value.",
                Tone.WARNING,
            )

    def _on_edit(self) -> None:
        self.draft.touch()
        if self._asked_to_discard:
            self._asked_to_discard = False
            self.notice.clear()
        if self.spec.party is not None:
            self._timer.start()

    def _send(self) -> None:
        wrong = self.spec.check(self.form.values()) if self.spec.check else {}
        if wrong:
            self.form.refuse(wrong)
            return
        arguments = self.spec.send(self.form.typed(), self.form.touched())
        if arguments is None:
            self.leave()
            return
        if self.spec.draft is not None:
            arguments = {**arguments, "draft": self.spec.draft}
        self.draft.saving()
        self.save_button.setEnabled(False)
        self._desk.runner.command(
            self.spec.command, initiator=self, done=self._on_saved, failed=self._on_refused, **arguments
        )

    def _on_saved(self, outcome: object) -> None:
        self.save_button.setEnabled(True)
        self.draft.saved()
        self.saved.emit(outcome)

    def _on_refused(self, error: Exception) -> None:
        self.save_button.setEnabled(True)
        self.draft.not_saved()
        if isinstance(error, KnownError) and error.code is Code.NOTHING_TO_CHANGE:
            self.leave()
            return
        if isinstance(error, KnownError) and error.code is Code.NOT_FOUND and error.field == "id":
            self.form.refuse({"": f"{self.spec.subtitle or 'This record'} {_GONE}"})
            return
        field = error.field if isinstance(error, KnownError) else ""
        key = next((key for key in self.form.fields if key.rpartition(".")[2] == field), field)
        self.form.refuse({key: sentence_of(error)})

    # What a crash must not take

    def _texts(self) -> Mapping[str, str]:
        changed = self.form.changed()
        return changed if self.spec.of_record or not changed else self.form.values()

    def _take_up(self, texts: Mapping[str, str], typed_at: int) -> None:
        if not self.form.take_up(texts):
            self.draft.drop()
            return
        when = day_and_time(typed_at, self._desk.today(), self._desk.zone)
        self.back.say(
            f"What you typed {when if when[0].islower() else f'on {when}'} was not saved; it is back",
            "Go on where you were and save it.",
            Tone.INFO,
            action="Show what is saved" if self.spec.of_record else "Start empty",
            icon="undo-2",
        )
        if self.spec.party is not None:
            self._timer.start()

    def _start_again(self) -> None:
        self.draft.drop()
        self.form.start_again()
        self.back.clear()
        self.duplicate.clear()
        self.focus_first()

    def _on_not_kept(self, error: Exception) -> None:
        self.notice.say("What you type is not safe before you save it", sentence_of(error), Tone.WARNING)

    # Who it may be already

    def _seek_duplicates(self) -> None:
        if self.spec.party is None or self.spec.alike is None:
            return
        party = self.spec.party(self.form.values())
        if self.spec.of_record:
            party = news_of(party, self.spec.party(self.form.started()))
        if len(party.name.strip()) < 3 and not party.phone and not party.email and not party.tax_id:
            self._show_duplicates(())
            return
        self._desk.runner.query(
            self.spec.alike, asker=self, done=self._show_duplicates, party=party, but=self.spec.but
        )

    def _show_duplicates(self, found: tuple[PossibleDuplicate, ...]) -> None:
        self._found = found
        if not found:
            self.duplicate.clear()
            return
        first = found[0]
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        place = f", {first.detail}" if first.detail else ""
        self.duplicate.say(
            f"This may be {first.label}{place}{more}",
            f"{'; '.join(first.reasons)}. You can save it anyway.",
            Tone.WARNING,
            action="Open it",
            icon="copy",
        )

    def _open_duplicate(self) -> None:
        if self._found:
            self.same_wanted.emit(self._found[0])
