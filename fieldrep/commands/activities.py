"""Commands on activities: logging what was said and done, tasks and their completion, corrections of notes.

Owns the verbs. What somebody wrote is never overwritten: a correction stands beside the first note.
"""

from __future__ import annotations

from collections.abc import Mapping

from fieldrep.commands.archiving import set_archived
from fieldrep.commands.done import Done, done
from fieldrep.commands.entered import entered, label_of, standing
from fieldrep.commands.row_values import ref_of, text_of
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import Value
from fieldrep.contract.ids import RowId
from fieldrep.store.drafts import DraftKey
from fieldrep.store.replica import Replica
from fieldrep.store.unit_of_work import UnitOfWork

TO_DO = frozenset({"task", "promise"})
"""Kinds of activities that are to be done, and so have no moment at which they happened."""

_SUBJECT_LENGTH = 80


def log_activity(
    replica: Replica, *, kind: str = "note", draft: DraftKey | None = None, **fields: Value
) -> Done:
    """Logs a note, call, email, meeting or task; without a subject the first line of the text becomes it."""
    with replica.begin("log_activity", "Log activity") as uow:
        if isinstance(fields.get("account_id"), bytes):
            standing(uow, "account", ref_of(fields, "account_id"))
        values: dict[str, Value] = {"kind": kind, **fields}
        values["subject"] = values.get("subject") or _first_line(values.get("body"))
        values.setdefault("assignee_id", uow.user_id or None)
        if kind not in TO_DO:
            values.setdefault("happened_at", uow.now)
        _check_assignee(uow, values)
        row_id = uow.create("activity", entered(uow, "activity", values, creating=True))
        uow.label = f"{kind.replace('_', ' ').capitalize()} “{label_of('activity', values)}”"
        uow.drop_draft(draft)
    return done("log_activity", uow, row_id, made={"activity": row_id})


def edit_activity(replica: Replica, *, row_id: RowId, **fields: Value) -> Done:
    """Changes subject, times or contact of an activity; its text is corrected with `correct_note`."""
    with replica.begin("edit_activity", "Edit activity") as uow:
        row = standing(uow, "activity", row_id)
        if "body" in fields and row["body"] not in (None, fields["body"]):
            sentence = "What was written stays as it is. Use correct_note to put a better text beside it."
            raise KnownError(Code.APPEND_ONLY, sentence, field="body")
        uow.label = f"Edit “{label_of('activity', row)}”"
        uow.update("activity", row_id, entered(uow, "activity", fields, creating=False))
    return done("edit_activity", uow, row_id)


def correct_note(replica: Replica, *, row_id: RowId, body: str) -> Done:
    """Puts a corrected text beside a note; both stay readable."""
    with replica.begin("correct_note", "Correct note") as uow:
        first = standing(uow, "activity", row_id)
        made = put_beside(uow, first, body)
        uow.label = f"Correct “{label_of('activity', first)}”"
    return done("correct_note", uow, made, made={"activity": made})


def put_beside(uow: UnitOfWork, first: Mapping[str, Value], body: Value) -> RowId:
    """Makes another text of what an activity says; gives the new activity."""
    values = {
        name: first[name]
        for name in ("kind", "account_id", "contact_id", "subject", "happened_at", "channel")
    }
    values |= {"body": body, "replaces_id": first["id"], "assignee_id": uow.user_id or None}
    return uow.create("activity", entered(uow, "activity", values, creating=True))


def complete_task(replica: Replica, *, row_id: RowId, done_at: int | None = None) -> Done:
    """Marks a task or promise as done, now or at a given moment."""
    with replica.begin("complete_task", "Complete task") as uow:
        row = standing(uow, "activity", row_id)
        label = label_of("activity", row)
        if row["kind"] not in TO_DO:
            sentence = f"“{label}” is a {text_of(row, 'kind')}; only tasks and promises are completed."
            raise KnownError(Code.MOVE_NOT_ALLOWED, sentence)
        if row["done_at"] is not None:
            raise KnownError(Code.NOTHING_TO_CHANGE, f"“{label}” is done already.")
        uow.label = f"Task “{label}” completed"
        uow.update("activity", row_id, {"done_at": uow.now if done_at is None else done_at})
    return done("complete_task", uow, row_id)


def archive_activity(replica: Replica, *, row_id: RowId) -> Done:
    """Takes an activity off the timeline."""
    return set_archived(replica, "archive_activity", "activity", row_id, archived=True)


def restore_activity(replica: Replica, *, row_id: RowId) -> Done:
    """Brings an archived activity back."""
    return set_archived(replica, "restore_activity", "activity", row_id, archived=False)


def _first_line(body: Value) -> str:
    if not isinstance(body, str) or not body.strip():
        return ""
    line = body.strip().splitlines()[0].strip()
    return line if len(line) <= _SUBJECT_LENGTH else line[: _SUBJECT_LENGTH - 1].rstrip() + "…"


def _check_assignee(uow: UnitOfWork, values: dict[str, Value]) -> None:
    if values.get("account_id") is None and values.get("assignee_id") not in (None, uow.user_id):
        sentence = "Something for a colleague needs an account; without one it is your own reminder."
        raise KnownError(Code.REQUIRED, sentence, field="account_id")
