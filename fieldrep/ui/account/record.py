"""AccountRecord: one account beside the list: header, tabs, what changed elsewhere, its conflicts, and its forms.

Owns which account is shown and which form is open. Everything it does is a command or a query of the desk.
"""

from functools import partial
from typing import cast

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from fieldrep.commands.accounts import archive_account, restore_account
from fieldrep.commands.activities import complete_task
from fieldrep.commands.done import Done
from fieldrep.contract.fields import Value
from fieldrep.contract.ids import RowId
from fieldrep.queries.forms import RecordForm, record_form
from fieldrep.queries.missing import MissingFact
from fieldrep.queries.whole_account import RecordAnswer, read_record
from fieldrep.ui.account import sayings
from fieldrep.ui.account.actions import archive_words, record_header
from fieldrep.ui.account.changes import News
from fieldrep.ui.account.files import FilesTab
from fieldrep.ui.account.merged import MergedQuestion
from fieldrep.ui.account.overview import Overview
from fieldrep.ui.account.tabs import AddressesTab, ContactsTab, InvoicesTab, NotesTab, OrdersTab, RecordTab
from fieldrep.ui.conflicts import ConflictPanel
from fieldrep.ui.desk import Desk, sentence_of
from fieldrep.ui.forms.editor import FormSpec, RecordEditor
from fieldrep.ui.forms.specs import activity_form, contact_form, edit_account_form, new_account, site_form
from fieldrep.ui.page import Place
from fieldrep.ui.pairs import PairPanel
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.banner import Banner
from fieldrep.ui.widgets.emptystate import EmptyState
from fieldrep.ui.widgets.tabs import Tab, Tabs


class AccountRecord(QWidget):
    """`made` says the id of an account just created; `account_wanted` one to show instead."""

    wanted = Signal(object)
    said = Signal(str, object)
    made = Signal(object)
    account_wanted = Signal(object)
    state_changed = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("account_record")
        self._desk = desk
        self.answer: RecordAnswer | None = None
        self.account_id: RowId | None = None
        self.editor: RecordEditor | None = None
        self._saved_unread = False
        self._edits: str | None = None  # the field of a form that waits until what was saved is read
        self._stack = QStackedWidget()
        self._tab_bodies: dict[str, RecordTab] = {}
        self._stack.addWidget(QWidget())  # until it is known whether there is anything to show
        self._build()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)

    def _build(self) -> None:
        self.empty = EmptyState(name="account_none")
        self.header = record_header()
        self.header.acted.connect(self.act)
        self.banner = Banner(name="account_banner")
        self.news = News(self.banner)
        self.banner.acted.connect(self.news.clear)
        self.conflicts = ConflictPanel(self._desk, name="account_conflict")
        self.conflicts.decided.connect(self.said)
        self.conflicts.postponed.connect(self.state_changed)
        self.pairs = PairPanel(self._desk, name="account_pair", folded=True)
        self.pairs.decided.connect(self.said)
        self.merged = MergedQuestion(self._desk, name="account_merged")
        self.merged.said.connect(self.said)
        self.overview = Overview(self._desk)
        self.overview.merged_opened.connect(self.merged.ask)
        self._desk.sync_stood.connect(self.overview.follow_sync)
        self.overview.log_wanted.connect(self.log_activity)
        self.overview.task_done.connect(self._complete)
        self.overview.contact_opened.connect(self.edit_contact)
        self.overview.missing_wanted.connect(self._fill_in)
        self.overview.entry_opened.connect(self._open_entry)
        self._build_tabs()
        self.conflicts.left.connect(self.tabs.bar.setFocus)
        self._lay_out()

    def _build_tabs(self) -> None:
        self.tabs = Tabs(
            (
                Tab("overview", "Overview", lambda: self.overview),
                Tab("contacts", "Contacts", lambda: self._tab("contacts", ContactsTab)),
                Tab("orders", "Orders", lambda: self._tab("orders", OrdersTab)),
                Tab("invoices", "Invoices", lambda: self._tab("invoices", InvoicesTab)),
                Tab("notes", "Notes", lambda: self._tab("notes", NotesTab)),
                Tab("addresses", "Addresses", lambda: self._tab("addresses", AddressesTab)),
                Tab("files", "Files", lambda: self._tab("files", FilesTab)),
            ),
            name="account_tabs",
        )
        self.tabs.set_bar_margins(20, 20)
        self.tabs.opened.connect(self._on_tab)

    def _lay_out(self) -> None:
        self._record = QWidget()
        above = QVBoxLayout()
        above.setContentsMargins(20, 0, 20, 0)
        above.setSpacing(10)
        for widget in (self.header, self.banner, self.merged, self.conflicts, self.pairs):
            above.addWidget(widget)
        column = QVBoxLayout(self._record)
        column.setContentsMargins(0, 16, 0, 0)
        column.setSpacing(8)
        column.addLayout(above)
        column.addWidget(self.tabs, 1)
        for page in (self.empty, self._record):
            self._stack.addWidget(page)

    def _tab(self, key: str, kind: type[RecordTab]) -> RecordTab:
        tab = kind(self._desk)  # type: ignore[call-arg]
        self._tab_bodies[key] = tab
        opens = {
            "contacts": self.edit_contact,
            "orders": lambda key: self.wanted.emit(Place("orders", ("order", key))),
            "addresses": self.edit_site,
        }
        adds = {
            "contacts": self.add_contact,
            "orders": self.new_order,
            "notes": self.log_activity,
            "addresses": self.add_site,
        }
        if key in opens:
            tab.opened.connect(opens[key])
        if key in adds:
            tab.added.connect(adds[key])
        if isinstance(tab, NotesTab):
            tab.standing_wanted.connect(lambda: self.edit("note"))
        return tab

    # What is shown

    def show_nothing(self) -> None:
        self.account_id = None
        self._stand_empty("No account chosen", "Choose one in the list, or make a new one.")

    def _stand_empty(self, title: str, words: str) -> None:
        self.answer = None
        self.empty.say(title, words, icon="building-2")
        if self.editor is None:
            self._stack.setCurrentWidget(self.empty)
        self.state_changed.emit()

    def show_account(self, account_id: RowId) -> None:
        """Another one; while something is typed into a form it stays the one that it was."""
        if self.editor is not None:
            if self.editor.form.changed():
                if account_id != self.account_id:
                    self.said.emit(sayings.FORM_FIRST, None)
                return
            self.editor.leave()
        if account_id != self.account_id:
            self.news.clear()
            self.merged.clear()
            self.account_id = account_id
            self._saved_unread, self._edits = False, None
        self.reload()

    def reload(self) -> None:
        if self.account_id is None:
            return
        self._desk.runner.query(
            read_record,
            asker=self,
            done=self._on_answer,
            failed=self._on_failed,
            account_id=self.account_id,
            now=self._desk.now(),
            zone=self._desk.zone,
        )

    def _on_answer(self, answer: RecordAnswer | None) -> None:
        self._saved_unread = False
        if self.account_id is None:
            return  # nothing is chosen since
        if answer is None:
            self._edits = None
            # it may come again: after a repair, or when it is hers once more
            self._stand_empty(*sayings.GONE)
            return
        before, self.answer = self.answer, answer
        if before is not None and before.overview.header.id == answer.overview.header.id:
            self._tell_changes(before, answer)
        view = answer.overview
        self._desk.customer = (view.header.id, view.header.name)
        self.header.set(sayings.header_view(view.header, view.invoices.overdue_count))
        self.header.say("archive", archive_words(archived=view.header.archived))
        for key, count in sayings.tab_counts(answer).items():
            self.tabs.set_count(key, count or None)
        self.overview.set(answer)
        self.conflicts.offer(answer.conflicts)
        self.pairs.set(answer.pairs, view.header.id)
        if answer.leaving:
            self.banner.say("Moved away", answer.leaving, Tone.WARNING)
        if answer.merged_from:
            self._say_merged(answer.merged_from, view.header.id, view.header.name)
        self._on_tab(self.tabs.key())
        if self.editor is None:
            self._stack.setCurrentWidget(self._record)
        if self._edits is not None:
            self.edit(self._edits)
        self.state_changed.emit()

    def _say_merged(self, name: str, survivor: RowId, now: str) -> None:
        """The account asked for is part of this one since: this one is shown, in the list as well."""
        self.banner.say(
            f"{name} is part of {now} now",
            "The two were merged; all that belonged to it is here.",
            action="Got it",
        )
        self.account_id = survivor
        self.account_wanted.emit(survivor)

    def _tell_changes(self, before: RecordAnswer, now: RecordAnswer) -> None:
        """Says what somebody else changed in the open record; one's own changes need no telling."""
        self.news.check(now.form)
        who = now.overview.age.changed_by
        if now.overview.age.changed_here or who == self._desk.person:
            return
        who = who or "The office"
        told = self.news.tell(before.form, now.form, who)
        if told and self.editor is not None and self.editor.spec.name == "edit_account":
            self.editor.meanwhile(now.form.values, who)

    def _on_failed(self, error: Exception) -> None:
        self._saved_unread, self._edits = False, None
        self.banner.say("This account could not be read", sentence_of(error), Tone.DANGER)

    def _on_tab(self, key: str) -> None:
        tab = self._tab_bodies.get(key)
        if tab is not None and self.account_id is not None:
            tab.load(self.account_id)

    # What can be done

    def act(self, key: str) -> None:
        """The header's buttons and menu."""
        {
            "new_order": self.new_order,
            "edit": self.edit,
            "log": self.log_activity,
            "contact": self.add_contact,
            "site": self.add_site,
            "archive": self._archive,
        }[key]()

    def new_order(self) -> None:
        if self.account_id is not None:
            self.wanted.emit(Place("orders", ("new", self.account_id)))

    def new_account(self) -> None:
        self._open_editor(new_account(), {"tier": "standard"})

    def edit(self, field: str = "") -> None:
        """The account's form; right after a save it waits until that is read, so as not to show the values before."""
        if self.answer is None:
            return
        self._edits = field if self._saved_unread else None
        if self._saved_unread:
            return
        form = self.answer.form
        if form.read_only_reason:
            self.said.emit(form.read_only_reason, None)
            return
        self._open_editor(edit_account_form(form.id, form.label), form.values, field)

    def log_activity(self) -> None:
        if self.answer is not None:
            head = self.answer.overview.header
            start: dict[str, Value] = {"kind": "call", "happened_at": self._desk.now()}
            self._open_editor(activity_form(head.id, head.name), start, "subject")

    def add_contact(self) -> None:
        if self.answer is not None:
            head = self.answer.overview.header
            self._open_editor(contact_form(None, head.id, head.name), {})

    def add_site(self) -> None:
        if self.answer is not None:
            head = self.answer.overview.header
            self._open_editor(site_form(None, head.id, head.name), {"kind": "ship"})

    def edit_contact(self, row_id: object) -> None:
        self._edit_child("contact", cast("RowId", row_id))

    def edit_site(self, row_id: object) -> None:
        self._edit_child("site", cast("RowId", row_id))

    def _edit_child(self, entity: str, row_id: RowId) -> None:
        self._desk.runner.query(
            record_form, asker=self, lane="form", entity=entity, row_id=row_id,
            done=partial(self._open_child, self.account_id),
        )  # fmt: skip

    def _open_child(self, of: RowId | None, form: RecordForm | None) -> None:
        if form is None or self.answer is None or of != self.account_id:
            return
        if form.read_only_reason:
            self.said.emit(form.read_only_reason, None)
            return
        head = self.answer.overview.header
        make = contact_form if form.entity == "contact" else site_form
        self._open_editor(make(form.id, head.id, head.name), form.values)

    def _archive(self) -> None:
        if self.answer is None:
            return
        head = self.answer.overview.header
        command = restore_account if head.archived else archive_account
        self._desk.runner.command(
            command, initiator=self, done=self._say_done, failed=self._say_failed, row_id=head.id
        )

    def _complete(self, row_id: object) -> None:
        self._desk.runner.command(
            complete_task, initiator=self, done=self._say_done, failed=self._say_failed, row_id=row_id
        )

    def _fill_in(self, fact: object) -> None:
        missing = cast("MissingFact", fact)
        {"contact": self.add_contact, "site": self.add_site}.get(
            missing.entity, lambda: self.edit(missing.field)
        )()

    def _open_entry(self, key: object) -> None:
        entity, row_id = cast("tuple[str, RowId]", key)
        if entity == "sales_order":
            self.wanted.emit(Place("orders", ("order", row_id)))
        elif entity == "ar_document":
            self.tabs.open("invoices")
        else:
            self.tabs.open("notes")

    # Forms

    def _open_editor(self, spec: FormSpec, values: object, field: str = "") -> None:
        if self.editor is not None:
            if self.editor.form.changed():
                self.said.emit(sayings.FORM_FIRST, None)
                return
            self.editor.leave()
        self._edits = None
        self.editor = RecordEditor(self._desk, spec, cast("dict[str, Value]", values))
        self.editor.saved.connect(self._on_saved)
        self.editor.left.connect(self._close_editor)
        self.editor.same_wanted.connect(self._open_same)
        self._stack.addWidget(self.editor)
        self._stack.setCurrentWidget(self.editor)
        self.editor.focus_first(field)
        self.state_changed.emit()

    def _close_editor(self) -> None:
        if self.editor is None:
            return
        editor, self.editor = self.editor, None
        had_focus = editor.isAncestorOf(self.focusWidget()) if self.focusWidget() else False
        self._stack.setCurrentWidget(self._record if self.answer is not None else self.empty)
        self._stack.removeWidget(editor)
        editor.hide()
        editor.deleteLater()
        if had_focus or editor.hasFocus():
            self.tabs.bar.setFocus(Qt.FocusReason.OtherFocusReason)
        self.state_changed.emit()

    def _on_saved(self, outcome: object) -> None:
        done = cast("Done", outcome)
        created = done.ids.get("account")
        self._close_editor()
        self._say_done(done)
        if created is not None:
            self.made.emit(created)
        else:
            self._saved_unread = True
            self.reload()

    def _open_same(self, found: object) -> None:
        """Somebody was about to enter what is here already: its account instead, with what was typed given up."""
        if self.editor is not None:
            self.editor.leave()
        self.account_wanted.emit(found.account_id)  # type: ignore[attr-defined]

    def _say_done(self, done: Done) -> None:
        if done.changed:
            self.said.emit(done.told, done.change_n or None)

    def _say_failed(self, error: Exception) -> None:
        self.said.emit(sentence_of(error), None)
