"""Search knows exactly the words of the rows, whichever way they came, changed or went."""

from __future__ import annotations

import pytest

from fieldrep.contract.change import Accepted, Outcome, Refused
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.messages import ExchangeReply
from fieldrep.contract.scope import account_key
from fieldrep.queries.matching import matches
from fieldrep.store.incoming.apply import apply_reply, start_over
from fieldrep.store.outgoing import outbox
from fieldrep.store.repairing.pages import USABLE
from fieldrep.store.replica import Replica
from fieldrep.store.undo import undo
from fieldrep.store.verify import verify
from tests.helpers.search_words import wrong_words
from tests.unit.store.answers import central_row, reply, row_id

SHOP = ("account", central_row("account", 1, 10, name="Corner Shop", note="closed on Mondays"))
MILL = ("account", central_row("account", 2, 11, name="Old Mill", phone="020 123"))
ANNA = ("contact", central_row("contact", 3, 12, account_id=row_id(1), family_name="Andersen"))


@pytest.fixture
def whole(replica: Replica) -> Replica:
    apply_reply(replica, reply(SHOP, MILL, ANNA))
    assert agrees(replica)
    return replica


def agrees(replica: Replica) -> bool:
    with replica.read() as reader:
        named = [finding for finding in verify(reader) if finding.check == "search"]
    return not wrong_words(replica) and not named


def save(replica: Replica) -> int:
    """Two edits of a row, one that comes back to where it was, and a new row edited at once."""
    with replica.begin("edit_account", "Edit") as unit:
        unit.update("account", row_id(1), {"note": "open on Mondays"})
        unit.update("account", row_id(1), {"note": "open on Mondays now", "phone": "030 1"})
        unit.update("account", row_id(2), {"phone": "040 2"})
        unit.update("account", row_id(2), {"phone": "020 123"})
        made = unit.create("account", {"name": "Brewery"}, row_id(9))
        unit.update("account", made, {"name": "New Brewery"})
    assert unit.change_n is not None
    return unit.change_n


def answer(replica: Replica, outcome: Outcome, answered: ExchangeReply) -> None:
    with replica.read() as reader:
        sent = outbox.waiting(reader.driver, 100, 10**6)
    assert [change.n for change in sent] == [outcome.n]
    apply_reply(replica, answered, sent)


def test_a_save_and_its_undo_leave_search_with_the_words_of_the_rows(whole: Replica) -> None:
    n = save(whole)
    assert agrees(whole)
    with whole.begin("undo", "Undo") as unit:
        undo(unit, n)
    assert agrees(whole)


def test_rows_of_a_delta_change_their_words_in_any_order(whole: Replica) -> None:
    later = ("account", SHOP[1] | {"name": "Käsehof", "revision": 30})
    sooner = ("account", MILL[1] | {"name": "New Mill", "phone": None, "revision": 20})
    new = ("account", central_row("account", 9, 25, name="Brewery"))
    apply_reply(whole, reply(later, new, sooner, holds=[later, new, sooner, ANNA], cursor=b"2"))
    assert agrees(whole)


@pytest.mark.parametrize("refused", [False, True])
def test_an_answered_change_leaves_search_with_the_words_of_the_rows(whole: Replica, refused: bool) -> None:
    n = save(whole)
    theirs = ("account", SHOP[1] | {"note": "moved to the harbour", "revision": 40})
    made = ("account", central_row("account", 9, 40, name="New Brewery"))
    rows = [theirs] if refused else [theirs, made]
    outcome = Refused(n, Code.OUT_OF_SCOPE, "No.") if refused else Accepted(n, 40)
    holds = [*rows, MILL, ANNA]
    answer(whole, outcome, reply(*rows, holds=holds, outcomes=[outcome], cursor=b"2"))
    assert agrees(whole)


def test_an_arriving_row_that_is_pending_but_not_here_is_found(whole: Replica) -> None:
    save(whole)
    with (
        whole.write() as connection
    ):  # as a restored store may leave it: the change offered again, its row gone
        connection.execute(
            "INSERT INTO account_search (account_search, rowid, name, number, phone, email, note) "
            "SELECT 'delete', row_no, name, number, phone, email, note FROM account WHERE id = ?",
            (row_id(9),),
        )
        connection.execute("DELETE FROM account WHERE id = ?", (row_id(9),))
    made = ("account", central_row("account", 9, 40, name="New Brewery"))
    apply_reply(whole, reply(made, holds=[SHOP, MILL, ANNA, made], cursor=b"2"))
    assert agrees(whole)


def test_what_leaves_takes_its_words_along(whole: Replica) -> None:
    save(whole)
    apply_reply(whole, reply(holds=[MILL], leaves=[account_key(row_id(1))], cursor=b"2"))
    assert agrees(whole)
    start_over(whole)
    assert agrees(whole)
    whole.took_bulk = True
    whole.tidy()
    assert agrees(whole)


def finds(replica: Replica, word: str) -> bool:
    with replica.read() as reader:
        return bool(matches(reader, "account", word).keys)


def rename(replica: Replica, name: str) -> None:
    with replica.begin("edit_account", "Edit") as unit:
        unit.update("account", row_id(1), {"name": name})


def test_a_look_right_after_a_save_finds_it(whole: Replica) -> None:
    rename(whole, "Harbour Shop")
    assert finds(whole, "harbour")
    assert not finds(whole, "corner")


def found_of(replica: Replica, word: str) -> list[str]:
    with replica.read() as reader:
        keys = matches(reader, "account", word).keys
        rows = reader.rows("SELECT row_no, name FROM account")
    return sorted(name for row_no, name in rows if row_no in keys)


def named(number: int, name: str) -> tuple[str, dict[str, object]]:
    return "account", central_row("account", number, number, name=name)


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("lodz", ["Hotel Łódź", "Lodz Depot"]),
        ("ŁÓDŹ", ["Hotel Łódź", "Lodz Depot"]),
        ("grosse strasse", ["Große Straße 5", "Grosse Strasse 7"]),
        ("straß", ["Große Straße 5", "Grosse Strasse 7"]),
        ("oresund", ["Oresund Ferries", "Øresund Bro"]),
        ("ørë", ["Oresund Ferries", "Øresund Bro"]),
        ("aeroskobing", ["Ærøskøbing"]),
        ("dok", ["Đokić"]),
        ("þor", ["Thorshavn", "Þórshöfn"]),
        ("oeuvre", ["Œuvre"]),
        ("istanbul", ["istanbul", "ıstanbul"]),
    ],
)
def test_letters_that_a_keyboard_may_not_have_are_found_by_plain_ones_and_the_other_way_round(
    replica: Replica, typed: str, names: list[str]
) -> None:
    known = (
        *("Große Straße 5", "Hotel Łódź", "Lodz Depot", "Øresund Bro", "Oresund Ferries", "Ærøskøbing"),
        *(
            "Đokić",
            "Thorshavn",
            "Þórshöfn",
            "Œuvre",
            "ıstanbul",
            "Corner Shop",
            "istanbul",
            "Grosse Strasse 7",
        ),
    )
    apply_reply(replica, reply(*(named(number, name) for number, name in enumerate(known, 1))))
    assert found_of(replica, typed) == sorted(names)
    assert agrees(replica)


def test_words_with_folded_letters_change_leave_and_come_back_as_others_do(replica: Replica) -> None:
    shop, mill, inn = named(1, "Łódź Shop"), named(2, "Plain Mill"), named(3, "Gasthof Süß")
    apply_reply(replica, reply(shop, mill, inn))
    rename(replica, "Øster Købmand")
    assert (found_of(replica, "lodz"), found_of(replica, "oster")) == ([], ["Øster Købmand"])
    assert agrees(replica)
    with replica.begin("undo", "Undo") as unit:
        undo(unit, 1)
    assert found_of(replica, "lodz") == ["Łódź Shop"]
    later = ("account", inn[1] | {"name": "Gasthof Weiß", "revision": 9})
    apply_reply(replica, reply(later, holds=[shop, mill, later], cursor=b"2"))
    assert (found_of(replica, "suss"), found_of(replica, "weiss")) == ([], ["Gasthof Weiß"])
    assert agrees(replica)
    apply_reply(replica, reply(holds=[shop, mill], leaves=[account_key(row_id(3))], cursor=b"3"))
    assert found_of(replica, "weiss") == []
    assert agrees(replica)
    start_over(replica)
    assert found_of(replica, "lodz") == ["Łódź Shop"], "a row with pending changes stays"
    assert agrees(replica)


def test_a_change_that_grows_while_it_is_corrected_is_found_and_survives_a_rollback(whole: Replica) -> None:
    with whole.begin("edit_account", "Edit") as unit:
        unit.update("account", row_id(1), {"name": "Harbour Shop"})
        unit.hold_back = Refused(0, Code.OUT_OF_SCOPE, "No.")
    rename(whole, "Dockside Shop")
    with pytest.raises(KnownError), whole.begin("edit_account", "Edit") as unit:
        unit.update("account", row_id(1), {"name": "Riverside Shop", "phone": "x" * 1000})
    assert finds(whole, "dockside")
    assert agrees(whole)


def test_every_leaf_of_a_search_table_fits_into_one_page_of_the_file(replica: Replica) -> None:
    notes = [
        f"{number:05d} " + " ".join(f"w{number * 37 + step}" for step in range(40)) for number in range(300)
    ]
    rows = [
        ("account", central_row("account", number + 1, number + 1, name=f"Shop {number}", note=note))
        for number, note in enumerate(notes)
    ]
    apply_reply(replica, reply(*rows))
    with replica.read() as reader:
        leaves = [size for (size,) in reader.rows("SELECT length(block) FROM account_search_data")]
    # of a page: its own header, the row's length and number, the two lengths before the leaf
    room = USABLE - 35 - 4
    assert sum(size > room // 2 for size in leaves) > 10
    assert max(leaves) <= room
