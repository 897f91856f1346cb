"""The Sync page, the frame, the palette, forms, duplicates and any rows: what they say about what is here."""

from __future__ import annotations

import pytest

from fieldrep.commands.accounts import create_account, edit_account
from fieldrep.commands.conflicts import resolve_conflict
from fieldrep.commands.order_lines import NewLine
from fieldrep.commands.orders import create_order, edit_order, submit_order
from fieldrep.commands.refused import correct_order, discard_refused, hand_over, send_again
from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.change import Refused
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import RowId, id_text
from fieldrep.contract.messages import ExchangeReply, Verdict
from fieldrep.domain.days import day_of, zone_named
from fieldrep.domain.duplicates import Party
from fieldrep.queries.account import account_overview
from fieldrep.queries.accounts import AccountsQuestion, account_rows, find_accounts
from fieldrep.queries.duplicates import possible_accounts, possible_contacts
from fieldrep.queries.forms import choices, record_form
from fieldrep.queries.palette import find_records, recent_records
from fieldrep.queries.records import record, records, row_counts
from fieldrep.queries.shell import shell_state
from fieldrep.queries.sync_page import RefusedRow, SyncPage, sync_page
from fieldrep.store.incoming.apply import apply_reply
from fieldrep.store.outgoing.pending import decode_image, encode_image
from fieldrep.store.replica import Replica
from tests.helpers.small_company import ANKE, AURORA, BAKKER, HARBOR, NOW, OAT, PIET, conflict, row_id
from tests.helpers.small_company import order as draft

ZONE = zone_named("Europe/Amsterdam")


def page(replica: Replica) -> SyncPage:
    with replica.read() as reader:
        return sync_page(reader, zone=ZONE)


def refuse(
    replica: Replica, code: Code, sentence: str, entity: str, about: bytes, field: str = ""
) -> RefusedRow:
    """The server's answer to everything that waits: the oldest change is not taken."""
    waiting = replica.waiting(100, 10**6)
    outcome = Refused(waiting[0].n, code, sentence, entity, about, field)
    state = replica.state()
    reply = ExchangeReply(
        verdict=Verdict.CONTINUE,
        server_id=b"s" * 16,
        epoch=b"e" * 16,
        server_time=NOW,
        outcomes=(outcome,),
        cursor=state.cursor,
    )
    apply_reply(replica, reply, waiting[:1])
    (refused,) = page(replica).refused
    return refused


def test_what_waits_is_listed_oldest_first_with_its_records(replica: Replica) -> None:
    create_order(replica, account_id=AURORA, lines=[NewLine(sku="210034")])
    edit_account(replica, row_id=AURORA, phone="1")
    found = page(replica)
    assert [(row.label, row.state) for row in found.waiting] == [
        ("Order AV1-000001 for Aurora Dairy B.V.", "ready"),
        ("Edit Aurora Dairy B.V.", "ready"),
    ]
    assert [(name.title, name.label) for name in found.waiting[0].records] == [
        ("Order", "AV1-000001 · Aurora Dairy B.V."),
        ("Line", "Butter salted 250 g · Aurora Dairy B.V."),
    ]
    assert found.overview.waiting_bytes == sum(row.size for row in found.waiting) > 0
    assert (found.overview.waiting, found.overview.oldest_waiting_at) == (2, NOW)
    assert dict(found.overview.rows)["Accounts"] == 3


def test_of_a_long_queue_the_oldest_are_listed_and_all_are_counted(replica: Replica) -> None:
    for at in range(501):
        edit_account(replica, row_id=HARBOR, note=f"Note {at}")
    conflict(replica, "clash")
    decided = resolve_conflict(replica, row_id=row_id("clash"), choose="mine")
    found = page(replica)
    assert (len(found.waiting), found.queued, found.overview.waiting) == (500, 502, 502)
    ((row,),) = [group.conflicts for group in found.conflicts]
    assert row.decided_n == decided.change_n, "it can be taken back, listed or not"


def test_what_an_older_server_cannot_take_yet_says_so_and_is_not_offered(replica: Replica) -> None:
    edit_account(replica, row_id=AURORA, phone="1")
    replica.change_state(server_schema=0)
    assert [row.state for row in page(replica).waiting] == ["held_back"]
    assert (replica.waiting(10, 10**6), replica.depth(), replica.held_back()) == ([], 0, 1)
    replica.change_state(server_schema=1)
    assert [row.state for row in page(replica).waiting] == ["ready"]
    assert replica.depth() == 1


def test_a_conflict_shows_both_values_with_who_and_when(replica: Replica) -> None:
    conflict(replica, "clash")
    conflict(replica, "owner", field="owner_user_id", mine_value=f'"{id_text(PIET)}"', base_value="null",
             theirs_value=f'"{id_text(ANKE)}"', critical=1)  # fmt: skip
    (group,) = page(replica).conflicts
    assert group.record.label == "Aurora Dairy B.V."
    rows = {row.field: row for row in group.conflicts}
    phone = rows["phone"]
    assert (phone.before, phone.mine.text, phone.theirs.text) == (
        "+31 10 411 2211",
        "+31 10 411 2299",
        "+31 10 411 2200",
    )
    assert (phone.mine.by, phone.mine.at, phone.mine.device) == (
        "Anke Visser",
        NOW - 3_600_000,
        "Anke's laptop",
    )
    assert (phone.theirs.by, phone.theirs.at) == ("Piet de Wit", NOW - 1_800_000)
    assert (phone.mine_is_me, phone.now, phone.field_title) == (True, "+31 10 411 2200", "Phone")
    owner = rows["owner_user_id"]
    assert (owner.before, owner.mine.text, owner.theirs.text) == ("–", "Piet de Wit", "Anke Visser")
    assert owner.critical


def sides(replica: Replica) -> tuple[tuple[str, str], tuple[str, str], tuple[str, str] | None]:
    ((clash,),) = (group.conflicts for group in page(replica).conflicts)
    former = (clash.former.by, clash.former.text) if clash.former else None
    return (clash.mine.by, clash.mine.text), (clash.theirs.by, clash.theirs.text), former


def standing(replica: Replica, phone: str, by: bytes | None) -> None:
    """What a pull brings: the account was changed last by that person."""
    with replica.write() as driver:
        driver.execute("UPDATE account SET phone = ?, changed_by = ? WHERE id = ?", (phone, by, AURORA))


def test_what_i_enter_after_a_conflict_arose_is_mine_and_theirs_stays(replica: Replica) -> None:
    conflict(replica, "clash")
    edit_account(replica, row_id=AURORA, phone="+31 10 411 9999")
    edit_account(replica, row_id=AURORA, note="Closed on Mondays")
    assert sides(replica) == (("Anke Visser", "+31 10 411 9999"), ("Piet de Wit", "+31 10 411 2200"), None)


def test_what_each_enters_after_a_conflict_arose_stands_under_his_own_name(replica: Replica) -> None:
    conflict(replica, "clash", mine_by=PIET, theirs_by=ANKE)
    standing(replica, "0611 mine", PIET)
    assert sides(replica) == (("Piet de Wit", "0611 mine"), ("Anke Visser", "+31 10 411 2200"), None)
    edit_account(replica, row_id=AURORA, phone="0622 mine")
    assert sides(replica) == (("Piet de Wit", "+31 10 411 2299"), ("Anke Visser", "0622 mine"), None)


def test_a_third_value_is_not_laid_to_one_of_the_two_and_the_replaced_one_is_still_shown(
    replica: Replica,
) -> None:
    conflict(replica, "clash")
    standing(replica, "0633", ANKE)  # who wrote another field last, or from elsewhere
    mine, former = ("Anke Visser", "+31 10 411 2299"), ("Piet de Wit", "+31 10 411 2200")
    assert sides(replica) == (mine, ("somebody since", "0633"), former)


def test_a_decision_made_here_stays_visible_until_it_is_sent(replica: Replica) -> None:
    clash = conflict(replica, "clash")
    decided = resolve_conflict(replica, row_id=clash, choose="other", value="77")
    found = page(replica)
    (row,) = found.conflicts[0].conflicts
    assert (row.chosen, row.now, row.decided_n) == ("other", "77", decided.change_n)
    assert found.overview.conflicts == 0


def test_a_refused_change_shows_its_reason_and_everything_that_was_entered(replica: Replica) -> None:
    edit_account(replica, row_id=AURORA, phone="+31 1", note="New")
    refused = refuse(replica, Code.INVALID_VALUE, "Phone: too short.", "account", AURORA, "phone")
    assert (refused.sentence, refused.field_title, refused.code) == (
        "Phone: too short.",
        "Phone",
        "invalid_value",
    )
    assert refused.record is not None
    assert refused.record.label == "Aurora Dairy B.V."
    assert {(value.field_title, value.before, value.after) for value in refused.entered} == {
        ("Phone", "+31 10 411 2200", "+31 1"),
        ("Note", "Ring at gate B", "New"),
    }
    assert refused.can_send_again


def test_a_refused_change_is_corrected_and_sent_again(replica: Replica) -> None:
    edit_account(replica, row_id=AURORA, phone="+31 1", note="New")
    refused = refuse(replica, Code.INVALID_VALUE, "Phone: too short.", "account", AURORA, "phone")
    with pytest.raises(KnownError, match="has no field"):
        send_again(replica, key=refused.key, fields={"phoen": "1"})
    done = send_again(replica, key=refused.key, fields={"phone": "+31 10 999"})
    assert "refused_change" in done.entities
    found = page(replica)
    assert found.refused == ()
    assert [row.label for row in found.waiting] == ["Edit Aurora Dairy B.V."]
    with replica.read() as reader:
        account = reader.row("account", AURORA)
    assert account is not None
    assert (account["phone"], account["note"]) == ("+31 10 999", "New")


def test_a_refused_change_that_was_handed_over_needs_its_author_no_more(replica: Replica) -> None:
    edit_account(replica, row_id=AURORA, phone="1")
    refused = refuse(replica, Code.OUT_OF_SCOPE, "Not yours.", "account", AURORA)
    assert page(replica).overview.refused == 1
    assert marked(replica) == 1
    hand_over(replica, key=refused.key)
    assert marked(replica) == 0, "a mark asks for a person"
    found = page(replica)
    assert (found.overview.refused, found.overview.handed_over, found.refused[0].handed) == (0, 1, "open")
    with replica.read() as reader:
        shell = shell_state(reader)
    assert (shell.refused, shell.handed_over, shell.answered) == (0, 1, 0)


def marked(replica: Replica) -> int:
    """What Aurora's record and its row in the list say was refused."""
    with replica.read() as reader:
        head = account_overview(reader, account_id=AURORA, now=NOW, zone=ZONE)
        found = find_accounts(reader, question=AccountsQuestion(), today=day_of(NOW, ZONE))
        rows = account_rows(reader, keys=found.keys, today=day_of(NOW, ZONE))
    assert head is not None
    (listed,) = [row.refused for row in rows if row.id == AURORA]
    assert listed == head.header.refused
    return listed


def my_draft(replica: Replica) -> RowId:
    made = draft(replica, "draft", AURORA, "SO-000102", "2026-11-18", "draft", 86_000)
    with replica.write() as connection:
        connection.execute("UPDATE sales_order SET created_by = ? WHERE id = ?", (ANKE, made))
    return made


def at_office(replica: Replica, order_id: bytes, status: str) -> None:
    """The order as the office has it by now, beneath what still waits here."""
    with replica.write() as connection:
        ((image,),) = connection.execute(
            "SELECT image FROM base_row WHERE row_id = ?", (order_id,)
        ).fetchall()
        row = {**(decode_image(CATALOGUE["sales_order"], image) or {}), "status": status}
        connection.execute("UPDATE base_row SET image = ? WHERE row_id = ?", (encode_image(row), order_id))


def test_what_was_entered_in_an_order_the_office_closed_is_not_offered_for_correction(
    replica: Replica,
) -> None:
    order = my_draft(replica)
    edit_order(replica, row_id=order, note="Ring twice")
    edit_order(replica, row_id=order, po_ref="PO 7")
    sentence = "SO-000102 is already cancelled; ask the office."
    assert refuse(replica, Code.READ_ONLY, sentence, "sales_order", order, "note").fixable
    at_office(replica, order, "cancelled")
    (refused,) = page(replica).refused
    assert not refused.fixable
    assert refused.field_title == "", "the sentence is not about the note"
    with pytest.raises(KnownError, match="is cancelled at the office and takes no more changes"):
        correct_order(replica, row_id=order)


def test_what_an_order_is_at_the_office_counts_and_not_what_is_on_its_way(replica: Replica) -> None:
    order = my_draft(replica)
    edit_order(replica, row_id=order, note="Ring twice")
    refuse(replica, Code.INVALID_VALUE, "Note: no.", "sales_order", order, "note")
    submit_order(replica, row_id=order)
    assert not page(replica).refused[0].fixable
    with pytest.raises(KnownError, match="is on its way and the office has not answered yet"):
        correct_order(replica, row_id=order)
    at_office(replica, order, "cancelled")
    with pytest.raises(KnownError, match="is cancelled at the office"):
        correct_order(replica, row_id=order)


def test_a_refused_change_that_is_let_go_is_gone(replica: Replica) -> None:
    made = create_account(replica, name="Neu")
    refused = refuse(replica, Code.OUT_OF_SCOPE, "Not yours.", "account", made.id or b"")
    assert refused.record is not None
    assert refused.record.label == "Neu"
    discard_refused(replica, key=refused.key)
    assert page(replica).refused == ()
    with pytest.raises(KnownError):
        discard_refused(replica, key=refused.key)


def test_the_frame_shows_who_what_waits_and_what_can_be_undone(replica: Replica) -> None:
    conflict(replica, "clash")
    edit_account(replica, row_id=AURORA, phone="1")
    with replica.read() as reader:
        state = shell_state(reader)
    assert (state.user, state.login, state.time_zone) == ("Anke Visser", "anke.visser", "Europe/Amsterdam")
    assert (state.waiting, state.conflicts, state.refused) == (1, 1, 0)
    assert (state.undo_label, state.last_sync_at) == ("Edit Aurora Dairy B.V.", NOW - 65 * 60_000)


def test_the_palette_groups_what_it_finds(replica: Replica) -> None:
    with replica.read() as reader:
        found = {
            group.heading: [hit.title for hit in group.hits] for group in find_records(reader, typed="aur")
        }
        oat = {group.heading: group.hits[0] for group in find_records(reader, typed="oat")}
        assert find_records(reader, typed="  ") == ()
    assert found["Accounts"] == ["Aurora Dairy B.V."]
    assert found["Contacts"] == ["Jan Bakker"]
    assert found["Orders"][0] == "SO-000140 Aurora Dairy B.V."
    assert (oat["Products"].id, oat["Products"].detail) == (OAT, "401120 · Drinks")
    assert oat["Activities"].detail == "Note · Aurora Dairy B.V."
    assert oat["Activities"].account_id == AURORA


def test_an_empty_palette_offers_what_was_opened_and_who_was_met(replica: Replica) -> None:
    with replica.read() as reader:
        (group,) = recent_records(
            reader, opened=[("product", OAT), ("contact", BAKKER), ("account", row_id("x"))]
        )
        (newest,) = recent_records(reader)
    assert [hit.title for hit in group.hits] == ["Oat drink barista 1 l", "Jan Bakker"]
    assert [hit.title for hit in newest.hits] == ["Aurora Dairy B.V."]


def test_a_form_starts_from_the_record_and_names_what_may_be_written(replica: Replica) -> None:
    conflict(replica, "clash")
    with replica.read() as reader:
        form = record_form(reader, entity="account", row_id=AURORA)
        users = choices(reader, entity="user")
        sites = choices(reader, entity="site", account_id=AURORA)
        assert record_form(reader, entity="account", row_id=row_id("nobody")) is None
    assert form is not None
    assert form.values["phone"] == "+31 10 411 2200"
    assert {"phone", "name", "note"} <= form.writable
    assert form.writable.isdisjoint({"number", "owner_user_id", "price_list_id"})
    assert (form.conflicts, form.waiting, form.read_only_reason) == ({"phone"}, False, "")
    assert [choice.label for choice in users] == ["Anke Visser", "Piet de Wit"]
    assert sites[0].label == "Wijnhaven 62, Rotterdam"


@pytest.mark.parametrize(
    ("party", "found"),
    [
        (Party("Aurora Dairy"), ["Aurora Dairy B.V."]),
        (Party("aurora diary bv", "Rotterdam"), ["Aurora Dairy B.V."]),
        (Party("Someone else", phone="0031 10 4112200"), ["Aurora Dairy B.V."]),
        (Party("Someone else", email="INFO@aurora.example"), ["Aurora Dairy B.V."]),
        (Party("Someone else", tax_id="nl812345678b01"), ["Aurora Dairy B.V."]),
        (Party("Blue Harbour Hotel", "Hamburg"), ["Blue Harbor Hotels"]),
        (Party("Quite New Company"), []),
        (Party(""), []),
    ],
)
def test_a_new_account_is_warned_of_its_likely_twin(replica: Replica, party: Party, found: list[str]) -> None:
    with replica.read() as reader:
        assert [row.label for row in possible_accounts(reader, party=party)] == found


def test_a_record_is_not_its_own_twin(replica: Replica) -> None:
    with replica.read() as reader:
        assert possible_accounts(reader, party=Party("Aurora Dairy B.V."), but=AURORA) == ()
        assert [row.label for row in possible_contacts(reader, party=Party("Jan Baker"))] == ["Jan Bakker"]
        assert possible_contacts(reader, party=Party("Jan Bakker"), but=BAKKER) == ()


def test_rows_are_shown_by_id_and_by_the_values_of_fields(replica: Replica) -> None:
    with replica.read() as reader:
        assert record(reader, entity="account", row_id=HARBOR)["name"] == "Blue Harbor Hotels"
        rows = list(records(reader, entity="account", where=[("tier", "key"), ("archived", "false")]))
        assert [row["id"] for row in rows] == [id_text(AURORA)]
        assert [row["name"] for row in records(reader, entity="account", where=[("number", "null")])] == [
            "Oak & Öl GmbH"
        ]
        assert row_counts(reader)["account"] == 3
        for where, code in (
            (("bogus", "1"), Code.UNKNOWN_FIELD),
            (("visit_minutes", "x"), Code.INVALID_VALUE),
            (("id", "x"), Code.INVALID_VALUE),
        ):
            with pytest.raises(KnownError) as raised:
                list(records(reader, entity="account", where=[where]))
            assert raised.value.code is code
        with pytest.raises(KnownError):
            record(reader, entity="account", row_id=row_id("nobody"))
