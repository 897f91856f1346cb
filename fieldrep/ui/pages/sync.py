"""The Sync page: how sync stands, what waits, what needs a decision, what was refused, what was sent.

Owns the reading of all of it in one trip and the forms for refused changes. Sync itself is the desk's.
"""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from fieldrep.commands.refused import correct_order, stop_correcting
from fieldrep.commands.undo import undo
from fieldrep.queries.attachments import AttachmentRow, travelling
from fieldrep.queries.pairs import PairRow, open_pairs
from fieldrep.queries.proposals import OwnProposal, own_proposals
from fieldrep.queries.refused_form import RefusedForm, refused_form
from fieldrep.queries.sync_history import SyncHistory, sync_history
from fieldrep.queries.sync_page import SyncPage as SyncRows
from fieldrep.queries.sync_page import WaitingChange, sync_page
from fieldrep.ui.conflicts import ConflictPanel
from fieldrep.ui.desk import Desk, sentence_of
from fieldrep.ui.forms.editor import RecordEditor
from fieldrep.ui.page import Action, Page, Place
from fieldrep.ui.pairs import PairPanel
from fieldrep.ui.runner import Notice
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.sync.diagnostics import DiagnosticsExport
from fieldrep.ui.sync.files import TravellingTab
from fieldrep.ui.sync.history import HistoryTab
from fieldrep.ui.sync.mending import mending_form
from fieldrep.ui.sync.opening import Opener
from fieldrep.ui.sync.pairs import PairsTab
from fieldrep.ui.sync.proposals import ProposalsTab
from fieldrep.ui.sync.refused import RefusedTab
from fieldrep.ui.sync.storage import StorageTab
from fieldrep.ui.sync.tabs import ConflictsTab, OverviewTab, WaitingTab
from fieldrep.ui.widgets.banner import Banner
from fieldrep.ui.widgets.keycap import KeyHint
from fieldrep.ui.widgets.recordheader import HeaderAction, HeaderView, RecordHeader
from fieldrep.ui.widgets.tabs import Tab, Tabs

_WAITING_HINTS = (KeyHint("Enter", "Open"), KeyHint("Del", "Take back"))
_TRY_NOW = HeaderAction("try_now", "Try now", "refresh-cw", "F9")
_EXPORT = HeaderAction("diagnostics", "Export diagnostics", "download")
_INTO_LIST = (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter)
_PROMISE = "Everything you do is saved on this laptop first. Nothing is lost while offline."


class SyncPage(Page):
    """A target is the key of a tab."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("sync_page")
        self._desk = desk
        self._rows: SyncRows | None = None
        self.editor: RecordEditor | None = None
        self.header = RecordHeader(name="sync_header", primary=_TRY_NOW, secondary=_EXPORT, avatar=False)
        self.header.set(HeaderView("Sync", (_PROMISE,)))
        self.export = DiagnosticsExport(desk, self)
        self._opener = Opener(desk)
        self.problem = Banner(name="sync_unread")
        self.overview = OverviewTab(desk)
        self.waiting = WaitingTab()
        self.conflicts = ConflictsTab(desk)
        self.refused = RefusedTab(desk)
        self.pairs = PairsTab(desk)
        self.proposals = ProposalsTab()
        self.files = TravellingTab(desk)
        self.history = HistoryTab(desk)
        self.storage = StorageTab(desk)
        self.tabs = Tabs(
            (
                Tab("overview", "Overview", lambda: self.overview),
                Tab("waiting", "Waiting", lambda: self.waiting),
                Tab("conflicts", "Conflicts", lambda: self.conflicts),
                Tab("refused", "Refused", lambda: self.refused),
                Tab("duplicates", "Duplicates", lambda: self.pairs),
                Tab("proposals", "Proposals", lambda: self.proposals),
                Tab("files", "Files", lambda: self.files),
                Tab("history", "History", lambda: self.history),
                Tab("storage", "Storage", lambda: self.storage),
            ),
            name="sync_tabs",
        )
        self.tabs.set_bar_margins(24, 24)
        self._lay_out()
        self._connect()
        self.reload()

    def _lay_out(self) -> None:
        self._main = QWidget()
        head = QVBoxLayout()
        head.setContentsMargins(24, 0, 24, 0)
        head.setSpacing(10)
        head.addWidget(self.header)
        head.addWidget(self.problem)
        column = QVBoxLayout(self._main)
        column.setContentsMargins(0, 16, 0, 0)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self.tabs, 1)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._main)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._stack)

    def _connect(self) -> None:
        self.header.acted.connect(
            lambda key: self.export.ask_where() if key == "diagnostics" else self._desk.try_sync()
        )
        self.export.said.connect(self.said)
        self.overview.more_wanted.connect(self.tabs.open)
        self.overview.carry.said.connect(self.said)
        for panel in (self.overview.conflict, self.conflicts.panel):
            panel.decided.connect(self.said)
            panel.left.connect(self.tabs.bar.setFocus)
        self.overview.conflict.postponed.connect(self._put_off)
        self.conflicts.panel.postponed.connect(self.conflicts.table.setFocus)
        self.waiting.opened.connect(self._open_waiting)
        self._opener.wanted.connect(self.wanted)
        self._opener.said.connect(self.said)
        self.waiting.undo_wanted.connect(self._take_back)
        self.conflicts.undo_wanted.connect(self._undecide)
        self.refused.said.connect(self.said)
        self.refused.fix_wanted.connect(self._fix)
        self.refused.table.current_changed.connect(lambda _: self.hints_changed.emit())
        self.refused.shown.connect(self.hints_changed)
        self.pairs.panel.decided.connect(self.said)
        self.files.opened.connect(lambda key: self.wanted.emit(Place("accounts", ("account", key))))
        self.pairs.opened.connect(lambda key: self.wanted.emit(Place("accounts", ("account", key))))
        self.tabs.opened.connect(lambda _: self.hints_changed.emit())
        self.tabs.opened.connect(self._ask_shown)
        self.tabs.opened.connect(self._ask_storage)
        for tab in (self.conflicts, self.pairs, self.history):
            tab.shown.connect(self.hints_changed)
        self._desk.sync_stood.connect(self._show_line)
        self._desk.sync_stood.connect(self._ask_shown)

    def _put_off(self) -> None:
        """Decided later: it stays under Conflicts, and the next record is shown."""
        if self.overview.conflict.isHidden():
            self.tabs.bar.setFocus()
        self.hints_changed.emit()

    def reload(self) -> None:
        runner = self._desk.runner
        runner.query(sync_page, asker=self, done=self._on_rows, failed=self._on_failed, zone=self._desk.zone)
        self._ask_history()
        self._ask_files()
        self._ask_storage()
        runner.query(
            own_proposals,
            asker=self,
            done=self._on_proposals,
            failed=self._on_failed,
            zone=self._desk.zone,
        )
        runner.query(
            open_pairs, asker=self, done=self._on_pairs, failed=self._on_failed, zone=self._desk.zone
        )

    def _on_rows(self, rows: SyncRows) -> None:
        self._rows = rows
        self.problem.clear()
        today, zone = self._desk.today(), self._desk.zone
        self.overview.set(rows, today, zone)
        self.waiting.set(rows, today, zone)
        self.conflicts.set(rows.conflicts, today, zone)
        self.refused.set(rows.refused, rows.overview.correcting, today, zone)
        self.tabs.set_count("waiting", rows.queued or None)
        self.tabs.set_count("conflicts", rows.overview.conflicts or None)
        self.tabs.set_count("refused", rows.overview.refused or None)
        self._show_line()
        self.hints_changed.emit()

    def _on_history(self, history: SyncHistory) -> None:
        self.history.set(history, self._desk.today(), self._desk.zone)
        self.hints_changed.emit()

    def _ask_shown(self, _: object = None) -> None:
        """What moves without any record changing: files on their way, and receipts of syncs that failed."""
        if self.isVisible():
            self._ask_files()
            if self.tabs.key() == "history":
                self._ask_history()

    def _ask_storage(self, _: object = None) -> None:
        if self.tabs.key() == "storage":
            self.storage.ask()

    def _ask_history(self) -> None:
        self._desk.runner.query(sync_history, asker=self, done=self._on_history, failed=self._on_failed)

    def _ask_files(self) -> None:
        self._desk.runner.query(travelling, asker=self, done=self._on_files, failed=self._on_failed)

    def _on_files(self, files: Sequence[AttachmentRow]) -> None:
        self.files.set(files)
        self.tabs.set_count("files", len(files) or None)

    def _on_proposals(self, proposals: Sequence[OwnProposal]) -> None:
        self.proposals.set(proposals, self._desk.today(), self._desk.zone)
        self.tabs.set_count("proposals", sum(one.status == "open" for one in proposals) or None)

    def _on_pairs(self, pairs: Sequence[PairRow]) -> None:
        self.pairs.set(pairs)
        self.tabs.set_count("duplicates", len(pairs) or None)

    def _on_failed(self, error: Exception) -> None:
        self.problem.say("This could not be read", sentence_of(error), Tone.DANGER)

    def _show_line(self, _line: object = None) -> None:
        if self._rows is not None:
            line, words = self._desk.sync_line()
            self.history.note_contact(line.contact_at)
            self.overview.set_line(self._rows, line, words, self._desk.today(), self._desk.zone)

    # What can be done

    def _open_waiting(self, n: object) -> None:
        if (change := self._waiting_of(n)) is not None:
            self._opener.open(change)

    def _waiting_of(self, n: object) -> WaitingChange | None:
        return next((one for one in (self._rows.waiting if self._rows else ()) if one.n == n), None)

    def _take_back(self, n: object) -> None:
        change = self._waiting_of(n)
        self._desk.runner.command(
            stop_correcting if change is not None and change.state == "aside" else undo,
            done=lambda done: self.said.emit(done.label, None),
            failed=lambda error: self.said.emit(sentence_of(error), None),
            n=n,
        )

    def _undecide(self, n: object) -> None:
        """The change that decided is taken back, as long as it was not sent."""
        if n is not None:
            self._take_back(n)
        else:
            self.said.emit("This decision is on its way. Ctrl+Z or the record itself changes it.", None)

    def _fix(self, key: int) -> None:
        self._desk.runner.query(
            refused_form, asker=self, done=self._open_editor, failed=self._on_failed, lane="form", key=key
        )

    def _open_editor(self, found: RefusedForm | None) -> None:
        """The record's own form with what was entered, at the field that was refused."""
        if found is None or self.editor is not None:
            return
        if found.entity == "sales_order":
            self._correct_order(found)
            return
        self.editor = RecordEditor(self._desk, mending_form(found), found.values)
        self.editor.saved.connect(self._on_fixed)
        self.editor.left.connect(self._close_editor)
        self._stack.addWidget(self.editor)
        self._stack.setCurrentWidget(self.editor)
        self.editor.focus_first(found.field)
        self.editor.form.refuse({found.field: found.sentence})
        self.hints_changed.emit()

    def _correct_order(self, found: RefusedForm) -> None:
        """The order's own page, with the order as it was entered; it is sent again from there."""
        self._desk.runner.command(
            correct_order,
            done=lambda _: self.wanted.emit(Place("orders", ("order", found.row_id))),
            failed=lambda error: self.said.emit(sentence_of(error), None),
            row_id=found.row_id,
        )

    def _on_fixed(self, _outcome: object) -> None:
        self._close_editor()
        self.said.emit("Corrected. It is sent again with the next sync.", None)

    def _close_editor(self) -> None:
        if self.editor is not None:
            editor, self.editor = self.editor, None
            self._stack.setCurrentWidget(self._main)
            self._stack.removeWidget(editor)
            editor.hide()
            editor.deleteLater()
            self.refused.table.setFocus()
            self.hints_changed.emit()

    # What the shell asks

    def show_target(self, target: object) -> None:
        if isinstance(target, str):
            self.tabs.open(target)

    def on_notice(self, notice: Notice) -> None:
        self.reload()

    def hints(self) -> Sequence[KeyHint]:
        if self.editor is not None:
            return (KeyHint("Ctrl Enter", "Send again"), KeyHint("Esc", "Cancel"))
        panel = self._panel()
        if panel is not None:
            here = panel.hints()
        elif self.tabs.key() == "conflicts" and self.conflicts.decided():
            here = (KeyHint("Del", "Take back the decision"),)
        elif self.tabs.key() == "waiting" and self.waiting.table.grid.rowCount():
            here = _WAITING_HINTS
        elif self.tabs.key() == "refused":
            here = tuple(self.refused.hints())
        elif self.tabs.key() == "history":
            here = tuple(self.history.hints())
        else:
            here = ()
        return (*here, KeyHint("F9", "Try now"))

    def _panel(self) -> ConflictPanel | PairPanel | None:
        """Where something is to be decided on the tab that is shown."""
        panels = (self.overview.conflict, self.conflicts.panel, self.pairs.panel)
        return next((panel for panel in panels if panel.isVisible() and panel.hints()), None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The keys that decide work from anywhere on the tab; Down and Enter lead from the tabs into the list."""
        panel = self._panel() if self.editor is None else None
        if (panel is None or not panel.take_key(event)) and not self._into_list(event):
            super().keyPressEvent(event)

    def _into_list(self, event: QKeyEvent) -> bool:
        shown = (self.waiting.table, self.conflicts.table, self.refused.table, self.history.receipts)
        table = next((one for one in shown if one.isVisible()), None)
        if table is None or not self.tabs.bar.hasFocus() or event.key() not in _INTO_LIST:
            return False
        table.setFocus(Qt.FocusReason.OtherFocusReason)
        if event.key() != Qt.Key.Key_Down:
            table.keyPressEvent(event)
        return True

    def things_to_do(self) -> Sequence[Action]:
        if (editor := self.editor) is not None:
            return (Action("submit", "Send again", "check", editor.submit, group="Sync"),
                    Action("save", "Send again", "check", editor.submit, group="Sync"))  # fmt: skip
        panel = self._panel()
        words = "Merge the possible duplicate" if panel is self.pairs.panel else "Apply merge"
        decide = (Action("submit", words, "git-merge", panel.apply, group="Sync"),) if panel else ()
        shows = [
            ("waiting", "upload"),
            ("conflicts", "git-merge"),
            ("refused", "ban"),
            ("duplicates", "git-merge"),
            ("proposals", "handshake"),
            ("files", "image"),
            ("history", "history"),
            ("storage", "hard-drive"),
        ]
        carry = self.overview.carry
        by_file = (
            Action("carry_out", "Write a file to carry", "upload", carry.ask_where, group="Sync"),
            Action("carry_in", "Read an answer from a file", "download", carry.ask_which, group="Sync"),
            Action("diagnostics", "Export diagnostics", "download", self.export.ask_where, group="Sync"),
        )
        return (
            decide
            + by_file
            + tuple(
                Action(f"sync_{key}", f"Show {key}", icon, lambda key=key: self.tabs.open(key), group="Sync")
                for key, icon in shows
            )
        )

    def panes(self) -> Sequence[QWidget]:
        if self.editor is not None:
            return (self.editor.form, self.editor)
        panel = self._panel()
        return (self.tabs.bar, self.tabs.stack, *((panel,) if panel is not None else ()))

    def leave(self) -> None:
        self.overview.conflict.begin_anew()
        if self.editor is not None:
            self.editor.draft.keep_now()

    def may_close(self) -> bool:
        if self.editor is not None:
            return self.editor.may_close()
        deciding = (("overview", self.overview.conflict), ("conflicts", self.conflicts.panel))
        unsaid = next((key for key, panel in deciding if not panel.may_close()), None)
        if unsaid is not None:
            self.tabs.open(unsaid)
        return unsaid is None

    def step_back(self) -> bool:
        if self.editor is not None:
            self.editor.cancel()
            return True
        if any(panel.table.step_back() for panel in (self.overview.conflict, self.conflicts.panel)):
            return True
        return (self.tabs.key() == "history" and self.history.step_back()) or self.refused.step_back()
