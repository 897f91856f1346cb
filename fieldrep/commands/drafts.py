"""Commands on drafts: what is typed into an open form is kept on this device until the form is saved or left.

Owns the verbs. A draft is no change: nothing of it enters the outbox or leaves the device. The command that saves a
form is given the form's key and drops the draft in its own unit of work.
"""

from __future__ import annotations

from fieldrep.store import drafts
from fieldrep.store.drafts import Draft, DraftKey
from fieldrep.store.replica import Replica


def keep_draft(replica: Replica, *, draft: DraftKey, text: str) -> None:
    """Keeps the text of a form in place of what was kept of it before."""
    with replica.begin("keep_draft", "Draft") as uow:
        uow.keep_draft(draft, text)


def drop_draft(replica: Replica, *, draft: DraftKey) -> None:
    """Forgets what was kept of a form that is left on purpose."""
    with replica.begin("drop_draft", "Draft") as uow:
        uow.drop_draft(draft)


def kept_draft(replica: Replica, *, draft: DraftKey) -> Draft | None:
    """What was kept of a form; asked in turn with the commands, so that a draft just dropped does not come back."""
    with replica.read() as reader:
        return drafts.find(reader.driver, draft)
