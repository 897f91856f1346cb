"""Drafts of forms: kept without a change, dropped by the command that saves the form and by no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fieldrep.commands.accounts import create_account, edit_account
from fieldrep.commands.activities import log_activity
from fieldrep.commands.contacts import create_contact, edit_contact
from fieldrep.commands.drafts import drop_draft, keep_draft, kept_draft
from fieldrep.commands.sites import create_site, edit_site
from fieldrep.contract.errors import KnownError
from fieldrep.store.replica import Replica
from tests.helpers.small_company import AURORA, BAKKER, NOW

FORM = ("a form", "of a record")


def first_site(replica: Replica) -> bytes:
    with replica.read() as reader:
        return reader.rows("SELECT id FROM site WHERE account_id = ?", (AURORA,))[0][0]


SAVES: dict[str, Callable[[Replica, Any], object]] = {
    "create_account": lambda replica, draft: create_account(replica, name="Nieuw Hof", draft=draft),
    "edit_account": lambda replica, draft: edit_account(replica, row_id=AURORA, phone="1", draft=draft),
    "create_contact": lambda replica, draft: create_contact(
        replica, account_id=AURORA, family_name="Vos", draft=draft
    ),
    "edit_contact": lambda replica, draft: edit_contact(replica, row_id=BAKKER, phone="1", draft=draft),
    "create_site": lambda replica, draft: create_site(
        replica, account_id=AURORA, city="Delft", draft=draft
    ),
    "edit_site": lambda replica, draft: edit_site(
        replica, row_id=first_site(replica), city="Delft", draft=draft
    ),
    "log_activity": lambda replica, draft: log_activity(
        replica, account_id=AURORA, subject="Called", draft=draft
    ),
}  # fmt: skip


def test_a_draft_is_kept_with_its_time_and_is_no_change(replica: Replica) -> None:
    keep_draft(replica, draft=FORM, text="first")
    keep_draft(replica, draft=FORM, text="second")
    draft = kept_draft(replica, draft=FORM)
    assert draft is not None
    assert (draft.text, draft.saved_at) == ("second", NOW)
    assert kept_draft(replica, draft=("a form", "of another record")) is None
    assert replica.depth() == 0
    drop_draft(replica, draft=FORM)
    assert kept_draft(replica, draft=FORM) is None


@pytest.mark.parametrize("save", SAVES.values(), ids=SAVES)
def test_the_command_that_saves_a_form_drops_its_draft(
    replica: Replica, save: Callable[[Replica, Any], object]
) -> None:
    keep_draft(replica, draft=FORM, text="typed")
    save(replica, None)
    assert kept_draft(replica, draft=FORM) is not None
    save(replica, FORM)
    assert kept_draft(replica, draft=FORM) is None


def test_a_refused_command_leaves_the_draft(replica: Replica) -> None:
    keep_draft(replica, draft=FORM, text="typed")
    with pytest.raises(KnownError):
        create_contact(replica, account_id=AURORA, family_name="", draft=FORM)
    assert kept_draft(replica, draft=FORM) is not None
