"""The Accounts page: the list with its search, chips and sorts, and the record of the account that is current.

Owns how list and record follow each other. The list is read a window at a time; the order is found once per question.
The record is loaded and put together once the list stands, and follows what is typed once no key comes for a moment,
so that the list need not wait for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from fieldrep.contract.ids import RowId
from fieldrep.queries.account_page import WINDOW, ListAnswer, read_list
from fieldrep.queries.accounts import AccountChip, AccountRow, account_rows
from fieldrep.ui.account.actions import actions_on, leave_box, may_close
from fieldrep.ui.account.listing import CHIPS, SORTS, WORDS, question_of, row_view
from fieldrep.ui.desk import Desk, sentence_of
from fieldrep.ui.page import Action, Page
from fieldrep.ui.runner import REST_MS, Notice
from fieldrep.ui.style.fonts import scaled
from fieldrep.ui.style.theme import look_changed
from fieldrep.ui.style.tokens import LIST_PANE_MAX
from fieldrep.ui.widgets.button import Button
from fieldrep.ui.widgets.keycap import KeyHint
from fieldrep.ui.widgets.recordlist import RecordList

if TYPE_CHECKING:
    from fieldrep.ui.account.record import AccountRecord
    from fieldrep.ui.forms.editor import RecordEditor

_REST_MS = 160
"""How long no list comes, so that nobody types, until the record beside it is loaded."""
_LIST_IN_LARGE = 424
_LIST = 366  # so that the five chips stand beside each other
_MATTER = frozenset(
    {"account", "attachment", "site", "contact", "account_contact", "activity", "sales_order", "document_line",
     "ar_document", "conflict", "duplicate_candidate"}
)  # fmt: skip


_CHOOSING = ("1", "2", "3", "4")
_FORMS = frozenset({"log", "edit", "contact", "site"})
"""What a place may ask for beside the account: one of the record's forms."""


class AccountsPage(Page):
    """A target is ("account", id), or an account's id alone; ("new", None) begins another account."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("accounts_page")
        self._desk = desk
        self._answer: ListAnswer | None = None
        self._target: RowId | None = None
        self._asking = False
        self.list = RecordList(WORDS, CHIPS, SORTS, name="accounts")
        self.list.wanted.connect(lambda _: self._ask())
        self.list.more_wanted.connect(self._more)
        self.list.current.connect(self._follow)
        self.list.opened.connect(self._open)
        self.list.retried.connect(self._ask)
        self.list.search.textEdited.connect(self._on_typed)
        self.new_button = Button("New account", icon="plus", variant="ghost", name="accounts_new")
        self.new_button.clicked.connect(self._new_account)
        self._then = ""
        self._enters = False
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.timeout.connect(self._load_record)
        self._record: AccountRecord | None = None
        self._loaded = False
        self._pair_hinted = False
        cast("QApplication", QApplication.instance()).focusChanged.connect(self._on_focus)
        self._lay_out()
        self._ask()

    def _lay_out(self) -> None:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 8)
        column.setSpacing(4)
        column.addWidget(self.list, 1)
        column.addWidget(self.new_button, 0, Qt.AlignmentFlag.AlignHCenter)
        self._left = left
        self._size_list()
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setObjectName("accounts_split")
        split.setHandleWidth(1)
        split.setChildrenCollapsible(False)
        beside = QWidget()
        self._beside = QHBoxLayout(beside)
        self._beside.setContentsMargins(0, 0, 0, 0)
        split.addWidget(left)
        split.addWidget(beside)
        split.setSizes([min(scaled(_LIST), _LIST_IN_LARGE), 1000])
        split.setStretchFactor(1, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(split)

    def _size_list(self) -> None:
        self._left.setMinimumWidth(min(scaled(_LIST), _LIST_IN_LARGE))
        self._left.setMaximumWidth(scaled(LIST_PANE_MAX))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if look_changed(self, event):
            self._size_list()

    # The record

    @property
    def record(self) -> AccountRecord:
        """The account beside the list, as somebody acts on it: what the list came to is shown first, and it is put
        together now when nobody can wait until the list stands.
        """
        record = self._record if self._record is not None else self._put_together()
        self.list.settle()
        return record

    def _put_together(self) -> AccountRecord:
        from fieldrep.ui.account.record import AccountRecord

        self._record = record = AccountRecord(self._desk)
        record.wanted.connect(self.wanted)
        record.said.connect(self.said)
        record.made.connect(self._go_to)
        record.account_wanted.connect(self._go_to)
        record.state_changed.connect(self.hints_changed)
        record.state_changed.connect(self._do_then)
        record.state_changed.connect(self._enter)
        QTimer.singleShot(0, record, self._place_record)
        return record

    def _place_record(self) -> None:
        """A turn after it was built, so that keys pressed meanwhile come between."""
        self._beside.addWidget(self.record)
        self._show_first(self.record)

    def _load_record(self) -> None:
        """What it is made of is loaded by a reader, while the list can be used already; nobody typed for a moment."""
        if self._record is None and self._loaded:
            self._put_together()
        elif self._record is None:
            self._desk.runner.query(_load, asker=self, lane="load", done=self._on_loaded)

    def _on_loaded(self, _: object) -> None:
        self._loaded = True
        if not self._rest.isActive():
            self._load_record()

    def _show_first(self, record: AccountRecord) -> None:
        """The list came to an account before there was anything to show it in."""
        key = self.list.current_key()
        if self._target is None and key is not None:
            self._show(key)
        elif self._answer is not None and not self._answer.rows:
            record.show_nothing()

    def _new_account(self) -> None:
        self.record.new_account()

    def _editor(self) -> RecordEditor | None:
        return self._record.editor if self._record is not None else None

    # The list

    def _ask(self, *, keep: bool = False) -> None:
        """`keep` is a refresh: the current account and the scroll stay."""
        keep = self.list.loading(keep=keep)
        self._asking = True
        shown = len(self.list.model.rows()) if keep else 0
        self._desk.runner.query(
            read_list,
            asker=self,
            lane="list",
            done=lambda answer: self._on_list(answer, keep=keep),
            failed=self._on_list_failed,
            question=question_of(self.list.state()),
            today=self._desk.today(),
            wanted=self._target,
            at_least=max(shown, WINDOW),
        )

    def _on_list(self, answer: ListAnswer, *, keep: bool) -> None:
        self._answer, self._asking = answer, False
        views, of = self._views(answer.rows), answer.found
        # a wanted account stands beside the list, whether the list shows it or not
        self.list.set_rows(views, of.count, more=of.more, keep=keep, follow=self._target is None)
        if answer.rows and self.isVisible():
            self._take_focus()
        if self._target is not None:
            found, self._target = self.list.select(self._target), None
            if not found and self.list.state().chip != AccountChip.ALL.value:
                self._target = self.record.account_id
                self.list.choose_chip(AccountChip.ALL.value)
        elif not keep and not answer.rows and self._record is not None and self._record.editor is None:
            self._record.show_nothing()
        if self._record is None:
            self._rest.start(REST_MS if self.list.search.hasFocus() else _REST_MS)

    def _on_typed(self) -> None:
        """Somebody looks for another account than the one just opened."""
        self._target = None
        if self._record is None:
            self._rest.start(REST_MS)

    def _on_list_failed(self, error: Exception) -> None:
        self._asking = False
        self.list.failed(sentence_of(error))

    def _take_focus(self) -> None:
        """At the start nothing has the focus, or the search until the list is here: the list takes it, unless
        something was typed or lies over the page."""
        focused = self.window().focusWidget()
        waits = focused is self.list.search and not self.list.search.text() and not self.list.sought
        if focused is None or waits or focused.objectName() == "command_field":
            self.list.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _list_pane(self) -> QWidget:
        """What is typed before the list is here looks for an account."""
        return self.list.view if self.list.model.rowCount() else self.list.search

    def _more(self, have: int) -> None:
        if self._answer is None:
            return
        keys = self._answer.found.keys[have : have + WINDOW]
        question = self._answer.found.question
        self._desk.runner.query(
            account_rows,
            asker=self,
            lane="more",
            done=lambda rows: self._on_more(question, rows),
            keys=keys,
            today=self._desk.today(),
        )

    def _on_more(self, question: object, rows: Sequence[AccountRow]) -> None:
        if self._answer is not None and self._answer.found.question == question:
            self.list.append_rows(self._views(rows))

    def _views(self, rows: Sequence[AccountRow]) -> list:
        today, zone = self._desk.today(), self._desk.zone
        return [row_view(row, today, zone) for row in rows]

    def _follow(self, key: object) -> None:
        """The list moved; when it only came to the account that is shown, a form there stays open."""
        if self._record is not None and key != self._record.account_id:
            self._show(key)

    def _show(self, key: object) -> None:
        if key != self.record.account_id:
            self._then, self._enters = "", False
        self.record.show_account(cast("RowId", key))
        self.list.select(self.record.account_id)  # where something is typed it is still the one before
        if self.isVisibleTo(self.window()):
            self.visited.emit(("account", self.record.account_id))

    def _open(self, key: object) -> None:
        """Enter: into the record; until it stands the list has the focus, so that no key goes into the search."""
        if key != self.record.account_id or self.record.editor is not None:
            self._show(key)
        self.list.view.setFocus(Qt.FocusReason.OtherFocusReason)
        self._enters = True
        self._enter()

    def _enter(self) -> None:
        """Into the record somebody opened, if it stands and nobody went elsewhere meanwhile."""
        if self._enters and self.record.tabs.bar.isVisibleTo(self):
            self._enters = False
            if self.window().focusWidget() is self.list.view:
                self.record.tabs.bar.setFocus(Qt.FocusReason.OtherFocusReason)

    def _go_to(self, account_id: object) -> None:
        """Show an account wherever it stands; a search that hides it is cleared."""
        self.record.show_account(cast("RowId", account_id))
        self._target = self.record.account_id
        self.visited.emit(("account", self._target))
        if not self._asking and self.list.select(self._target):
            self._target = None
        elif not self.list.clear_search():
            self._ask()

    # What the shell asks

    def show_target(self, target: object) -> None:
        kind, key = target if isinstance(target, tuple) else ("account", target)
        self._then = kind if kind in _FORMS else ""
        if kind == "new":
            self.record.new_account()
        elif key is not None and key != self.record.account_id:
            self._go_to(key)
        else:
            self._do_then()

    def keeps(self, target: object) -> bool:
        return not (isinstance(target, tuple) and target[0] in {*_FORMS, "new"})

    def _do_then(self) -> None:
        """What somebody came for from another page, or pressed before the account was read, once it is."""
        answer = self.record.answer if self._then else None
        if answer is not None and answer.overview.header.id == self.record.account_id:
            then, self._then = self._then, ""
            self.record.act(then)

    def on_notice(self, notice: Notice) -> None:
        if notice.entities & _MATTER:
            self._ask(keep=True)
            if self._record is not None:
                self._record.reload()

    def hints(self) -> Sequence[KeyHint]:
        if self._editor() is not None:
            return (KeyHint("Ctrl Enter", "Save"), KeyHint("Esc", "Cancel"))
        if self._at_pair():
            return self.record.pairs.hints()
        search = KeyHint("/", "Search")
        opens = (KeyHint("Enter", "Open"),) if self.list.current_key() is not None else ()
        if self._record is None or self._record.answer is None:
            return (search, *opens)
        deciding = self._record.conflicts.hints()[:1]
        return (
            *(hint for hint in deciding if hint.keys.startswith("1")),
            search,
            *opens,
            KeyHint("E", "Edit"),
            KeyHint("A", "Log activity"),
            KeyHint("Ctrl N", "New order"),
        )

    def things_to_do(self) -> Sequence[Action]:
        if (editor := self.record.editor) is not None:
            group = editor.spec.title
            return (
                Action("submit", editor.spec.save, "check", editor.submit, group=group),
                Action("save", editor.spec.save, "check", editor.submit, group=group),
            )
        new = Action("new_account", "New account", "building-2", self.record.new_account, group="Accounts")
        return (*actions_on(self.record, at_pair=self._at_pair(), open_form=self._open_form), new)

    def _open_form(self, form: str) -> None:
        self._then = form
        self._do_then()

    def _at_pair(self) -> bool:
        if self._record is None:
            return False
        pairs = self._record.pairs
        return pairs.isAncestorOf(QApplication.focusWidget() or self) and self._record.conflicts.isHidden()

    def _on_focus(self) -> None:
        """The keys that decide a pair are named while the focus is in it."""
        if self._pair_hinted != self._at_pair():
            self._pair_hinted = not self._pair_hinted
            self.hints_changed.emit()

    def panes(self) -> Sequence[QWidget]:
        record = self._record
        if record is None:
            return (self._list_pane(),)
        if record.editor is not None:
            return (self._list_pane(), record.editor)
        above = tuple(one for one in (record.conflicts, record.pairs) if not one.isHidden())
        return (self._list_pane(), *above, record.tabs.bar, record.tabs.stack)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The keys that choose work from anywhere while the record's conflict is in sight; they apply nothing."""
        record = self._record
        chooses = record is not None and record.editor is None and event.text() in _CHOOSING
        if record is None or not chooses or not record.conflicts.take_key(event):
            super().keyPressEvent(event)

    def focus_search(self) -> None:
        self.list.focus_search()

    def leave(self) -> None:
        if (editor := self._editor()) is not None:
            editor.draft.keep_now()

    def may_close(self) -> bool:
        return may_close(self._record)

    def step_back(self) -> bool:
        if (editor := self._editor()) is not None:
            editor.cancel()
            if self._editor() is None:
                self.list.view.setFocus(Qt.FocusReason.OtherFocusReason)
            return True
        return leave_box(self._record) or self.list.clear_search()


def _load(_: object) -> None:
    """On a reader's thread: the modules of the record."""
    import fieldrep.ui.account.record  # noqa: F401
