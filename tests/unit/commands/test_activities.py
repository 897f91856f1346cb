"""Commands on activities: logging, completing, correcting; and what stays as first written."""

from __future__ import annotations

import pytest

from fieldrep.commands.activities import (
    archive_activity,
    complete_task,
    correct_note,
    edit_activity,
    log_activity,
)
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import Value
from fieldrep.contract.ids import RowId
from fieldrep.store.replica import Replica
from tests.helpers.small_company import ANKE, AURORA, DAY, NOW, PIET, Ticking, row_id


def activity(replica: Replica, wanted: RowId | None) -> dict[str, Value]:
    assert wanted is not None
    with replica.read() as reader:
        found = reader.row("activity", wanted)
    assert found is not None
    return found


def test_a_note_without_a_subject_takes_the_first_line_of_its_text(replica: Replica) -> None:
    text = "Wants the oat range\nin two stores before December"
    row = activity(replica, log_activity(replica, account_id=AURORA, body=text).id)
    assert (row["kind"], row["subject"], row["body"]) == ("note", "Wants the oat range", text)
    assert (row["happened_at"], row["assignee_id"]) == (NOW, ANKE)


def test_a_long_first_line_is_cut_where_a_subject_ends(replica: Replica) -> None:
    row = activity(replica, log_activity(replica, account_id=AURORA, body="word " * 60).id)
    subject = row["subject"]
    assert isinstance(subject, str)
    assert len(subject) <= 80
    assert subject.endswith("word…")


def test_a_task_did_not_happen_yet(replica: Replica) -> None:
    done = log_activity(replica, kind="task", account_id=AURORA, subject="Call back", due_at=NOW + DAY)
    row = activity(replica, done.id)
    assert (row["happened_at"], row["due_at"], row["done_at"]) == (None, NOW + DAY, None)


def test_an_activity_says_something(replica: Replica) -> None:
    with pytest.raises(KnownError) as raised:
        log_activity(replica, account_id=AURORA, body="  \n ")
    assert (raised.value.code, raised.value.field) == (Code.REQUIRED, "subject")


def test_a_task_is_completed_once(replica: Replica, clock: Ticking) -> None:
    clock.now = NOW + 5
    complete_task(replica, row_id=row_id("task"))
    assert activity(replica, row_id("task"))["done_at"] == NOW + 5
    with pytest.raises(KnownError, match="done already"):
        complete_task(replica, row_id=row_id("task"))


def test_a_call_is_nothing_to_complete(replica: Replica) -> None:
    with pytest.raises(KnownError, match="only tasks and promises"):
        complete_task(replica, row_id=row_id("call"))


def test_what_was_written_stays_and_its_correction_stands_beside_it(replica: Replica) -> None:
    with pytest.raises(KnownError) as raised:
        edit_activity(replica, row_id=row_id("note"), body="Something else")
    assert raised.value.code is Code.APPEND_ONLY
    made = correct_note(replica, row_id=row_id("note"), body="Wants a trial in three stores.")
    correction = activity(replica, made.id)
    assert (correction["replaces_id"], correction["account_id"]) == (row_id("note"), AURORA)
    assert activity(replica, row_id("note"))["body"] == "Wants a trial in two stores."


def test_a_subject_may_still_be_corrected(replica: Replica) -> None:
    edit_activity(replica, row_id=row_id("note"), subject="Trial in two stores")
    assert activity(replica, row_id("note"))["subject"] == "Trial in two stores"


def test_a_reminder_for_a_colleague_needs_an_account(replica: Replica) -> None:
    with pytest.raises(KnownError, match="needs an account"):
        log_activity(replica, kind="task", subject="Look at this", assignee_id=PIET)
    assert log_activity(replica, kind="task", subject="Look", assignee_id=PIET, account_id=AURORA).changed


def test_an_unknown_kind_is_answered_with_the_known_ones(replica: Replica) -> None:
    with pytest.raises(KnownError, match="must be one of note, call"):
        log_activity(replica, kind="shout", subject="Hey", account_id=AURORA)


def test_an_archived_activity_leaves_the_timeline(replica: Replica) -> None:
    archive_activity(replica, row_id=row_id("call"))
    assert activity(replica, row_id("call"))["archived"] == 1
