"""Commands on accounts, sites and contacts: what a person enters becomes one change, or a sentence and no change."""

from __future__ import annotations

import pytest

from fieldrep.commands.accounts import archive_account, create_account, edit_account, restore_account
from fieldrep.commands.contacts import create_contact, edit_contact, link_contact, unlink_contact
from fieldrep.commands.sites import archive_site, create_site, edit_site
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import Value
from fieldrep.contract.ids import RowId
from fieldrep.store.outgoing import outbox
from fieldrep.store.replica import Replica
from tests.helpers.small_company import AURORA, BAKKER, HARBOR, OAT, row_id


def row(replica: Replica, entity: str, wanted: RowId | None) -> dict[str, Value]:
    assert wanted is not None
    with replica.read() as reader:
        found = reader.row(entity, wanted)
    assert found is not None
    return found


def waiting(replica: Replica) -> list[tuple[str, str, int]]:
    with replica.read() as reader:
        return [
            (entry.command, entry.label, len(entry.change.edits)) for entry in outbox.entries(reader.driver)
        ]


def test_a_new_account_with_site_and_contact_is_one_change(replica: Replica) -> None:
    made = create_account(
        replica,
        name="  Neue Welt ",
        site={"city": "Bonn"},
        contact={"family_name": "Li", "given_name": "Ada"},
    )
    account = row(replica, "account", made.ids["account"])
    assert (account["name"], account["lifecycle"]) == ("Neue Welt", "prospect")
    assert row(replica, "site", made.ids["site"])["account_id"] == made.id
    assert row(replica, "contact", made.ids["contact"])["family_name"] == "Li"
    assert waiting(replica) == [("create_account", "New account Neue Welt", 3)]
    assert made.entities == {"account", "site", "contact"}


def test_an_edit_touches_only_the_fields_it_names(replica: Replica) -> None:
    before = row(replica, "account", AURORA)
    done = edit_account(replica, row_id=AURORA, phone="+31 10 1", note="New note")
    after = row(replica, "account", AURORA)
    differing = {name for name in after if after[name] != before[name]}
    assert differing == {"phone", "note", "changed_at", "changed_by"}
    assert done.changed
    assert waiting(replica) == [("edit_account", "Edit Aurora Dairy B.V.", 1)]


def test_an_edit_to_the_same_values_changes_and_sends_nothing(replica: Replica) -> None:
    done = edit_account(replica, row_id=AURORA, phone="+31 10 411 2200 ")
    assert not done.changed
    assert done.entities == frozenset()
    assert waiting(replica) == []


def test_a_name_cannot_make_what_stands_beside_it_read_backwards(replica: Replica) -> None:
    edit_account(replica, row_id=AURORA, name="\u202elive\u202c \u2067مخبز\u2069", note="\u202eas typed")
    after = row(replica, "account", AURORA)
    assert (after["name"], after["note"]) == ("live مخبز", "\u202eas typed")


@pytest.mark.parametrize(
    ("fields", "code", "words"),
    [
        ({"phoen": "1"}, Code.UNKNOWN_FIELD, "Did you mean “phone”?"),
        ({"number": "1"}, Code.FIELD_PROTECTED, "not entered here"),
        ({"owner_user_id": BAKKER}, Code.FIELD_PROTECTED, "not entered here"),
        ({"revision": 9}, Code.FIELD_PROTECTED, "not entered here"),
        ({"name": ""}, Code.REQUIRED, "needs a name"),
        ({"name": "   "}, Code.REQUIRED, "needs a name"),
        ({"name": "x" * 10_000_000}, Code.INVALID_VALUE, "10,000,000 characters"),
        ({"name": "a\ud800"}, Code.INVALID_VALUE, "lone surrogate"),
        ({"name": "a\x00"}, Code.INVALID_VALUE, "NUL"),
        ({"name": "\u200b\u2060"}, Code.REQUIRED, "needs a name"),
        ({"visit_minutes": 1.5}, Code.INVALID_VALUE, "whole number"),
        ({"email": "info"}, Code.INVALID_VALUE, "name@company.com"),
        ({"tier": "gold"}, Code.INVALID_VALUE, "must be one of"),
        ({"parent_id": OAT}, Code.NOT_FOUND, "There is no account"),
    ],
)
def test_what_does_not_fit_gets_a_sentence_and_changes_nothing(
    replica: Replica, fields: dict[str, Value], code: Code, words: str
) -> None:
    before = row(replica, "account", AURORA)
    with pytest.raises(KnownError) as raised:
        edit_account(replica, row_id=AURORA, phone="+31 changed", **fields)
    assert raised.value.code is code
    assert words in raised.value.sentence
    assert raised.value.field == next(iter(fields))
    assert row(replica, "account", AURORA) == before
    assert waiting(replica) == []


def test_an_account_that_is_not_here_is_named_in_the_sentence(replica: Replica) -> None:
    with pytest.raises(KnownError, match="There is no account"):
        edit_account(replica, row_id=row_id("nobody"), phone="1")


def test_an_archived_account_is_restored_before_it_is_edited(replica: Replica) -> None:
    archive_account(replica, row_id=AURORA)
    with pytest.raises(KnownError, match="restore it first"):
        edit_account(replica, row_id=AURORA, phone="1")
    with pytest.raises(KnownError, match="restore it first"):
        create_site(replica, account_id=AURORA, city="Delft")
    restore_account(replica, row_id=AURORA)
    assert edit_account(replica, row_id=AURORA, phone="1").changed
    with pytest.raises(KnownError, match="is not archived"):
        restore_account(replica, row_id=AURORA)


def test_a_site_keeps_its_account(replica: Replica) -> None:
    made = create_site(replica, account_id=AURORA, city="Delft", kind="service")
    edit_site(replica, row_id=made.ids["site"], street="Markt 1")
    with pytest.raises(KnownError, match="cannot change") as raised:
        edit_site(replica, row_id=made.ids["site"], account_id=HARBOR)
    assert raised.value.code is Code.FIELD_PROTECTED
    assert row(replica, "site", made.ids["site"])["account_id"] == AURORA
    archive_site(replica, row_id=made.ids["site"])
    assert row(replica, "site", made.ids["site"])["archived"] == 1


def test_a_new_main_contact_takes_the_place_of_the_former_one_in_the_same_change(replica: Replica) -> None:
    made = create_contact(replica, account_id=AURORA, family_name="Nova", role="Owner", is_main=True)
    assert row(replica, "account_contact", row_id("bakker main"))["is_primary"] == 0
    link = row(replica, "account_contact", made.ids["account_contact"])
    assert (link["is_primary"], link["role"], link["contact_id"]) == (1, "Owner", made.id)
    assert [edits for _, _, edits in waiting(replica)] == [3]


def test_a_contact_is_linked_to_a_second_account_and_unlinked_again(replica: Replica) -> None:
    made = link_contact(replica, account_id=HARBOR, contact_id=BAKKER, role="Adviser")
    unlink_contact(replica, row_id=made.ids["account_contact"])
    assert row(replica, "account_contact", made.ids["account_contact"])["archived"] == 1


def test_a_contact_needs_a_last_name_and_a_known_account(replica: Replica) -> None:
    with pytest.raises(KnownError) as raised:
        create_contact(replica, account_id=AURORA, given_name="Ada")
    assert (raised.value.code, raised.value.field) == (Code.REQUIRED, "family_name")
    with pytest.raises(KnownError, match="There is no account"):
        create_contact(replica, account_id=row_id("nobody"), family_name="X")


def test_a_contact_is_edited_field_by_field(replica: Replica) -> None:
    edit_contact(replica, row_id=BAKKER, opt_out=1)
    contact = row(replica, "contact", BAKKER)
    assert (contact["opt_out"], contact["email"]) == (1, "jan@aurora.example")


def test_an_account_is_never_its_own_parent_nor_its_parents_parent(replica: Replica) -> None:
    first = create_account(replica, name="First").id
    second = create_account(replica, name="Second", parent_id=first).id
    assert first is not None

    for account, parent in ((first, first), (first, second)):
        with pytest.raises(KnownError) as refused:
            edit_account(replica, row_id=account, parent_id=parent)
        assert refused.value.field == "parent_id"
