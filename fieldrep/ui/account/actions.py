"""What can be done with the account that is shown: its actions, as the palette and the keys offer them.

Owns which there are and when. What each does is the record's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from fieldrep.ui.page import Action
from fieldrep.ui.widgets.recordheader import HeaderAction, RecordHeader

if TYPE_CHECKING:
    from fieldrep.ui.account.record import AccountRecord


def archive_words(*, archived: bool) -> str:
    """What the archive's entry does to an account."""
    return "Restore account" if archived else "Archive account"


def record_header() -> RecordHeader:
    """The head of an account, with its buttons and menu."""
    return RecordHeader(
        name="account_header",
        primary=HeaderAction("new_order", "New order", "plus", "Ctrl N"),
        secondary=HeaderAction("edit", "Edit", "pencil", "E"),
        more=(
            HeaderAction("log", "Log activity", keys="A"),
            HeaderAction("contact", "Add contact"),
            HeaderAction("site", "Add address"),
            HeaderAction("archive", archive_words(archived=False)),
        ),
    )


def actions_on(record: AccountRecord, *, at_pair: bool, open_form: Callable[[str], None]) -> Iterator[Action]:
    """The actions of a record, in the order they are offered.

    Args:
        at_pair: the focus is in its possible duplicate.
        open_form: opens one of its forms, as soon as the account is read.
    """
    on = f"Actions on {record.header.name()}" if record.answer else "Actions"
    coming = record.account_id is not None and not record.empty.isVisibleTo(record)
    why = "" if record.answer or coming else "Choose an account first."
    if record.answer and not record.conflicts.isHidden():
        yield Action("submit", "Apply merge", "git-merge", record.conflicts.apply, group=on)
    if record.answer and not record.pairs.isHidden():
        yield _about_pair(record, on, at_pair=at_pair)
        yield Action("keep_apart", "Not a duplicate", "copy-x", record.pairs.keep_apart, group=on)
    for key, title, icon, act in (
        ("new_order", "New order", "shopping-cart", record.new_order),
        ("log_activity", "Log activity", "phone", partial(open_form, "log")),
        ("edit_record", "Edit account", "pencil", partial(open_form, "edit")),
        ("add_contact", "Add contact", "user-plus", partial(open_form, "contact")),
        ("add_site", "Add address", "map-pin-plus", partial(open_form, "site")),
    ):
        yield Action(key, title, icon, act, group=on, why_not=why)
    if record.answer:
        archived = record.answer.overview.header.archived
        icon = "archive-restore" if archived else "archive"
        words = archive_words(archived=archived)
        yield Action("archive", words, icon, partial(record.act, "archive"), group=on)
    if record.answer or not coming:
        menu = record.header.open_menu
        yield Action("record_menu", "Record actions", "ellipsis", menu, group=on, why_not=why)


def _about_pair(record: AccountRecord, group: str, *, at_pair: bool) -> Action:
    """Ctrl+Enter merges only for somebody who is at the choices, never as a key pressed twice elsewhere."""
    pairs = record.pairs
    if pairs.folded():
        return Action(
            "compare_pair", "Compare the possible duplicate", "git-merge", pairs.unfold, group=group
        )
    key = "submit" if at_pair else "merge_pair"
    return Action(key, "Merge the possible duplicate", "git-merge", pairs.apply, group=group)


def may_close(record: AccountRecord | None) -> bool:
    """Whether closing the window loses nothing typed into a form of the account or for one of its conflicts."""
    if record is None:
        return True
    return record.editor.may_close() if record.editor is not None else record.conflicts.may_close()


def leave_box(record: AccountRecord | None) -> bool:
    """Esc in the box of another value for a conflict; False where nobody types in it."""
    return record is not None and record.conflicts.table.step_back()
