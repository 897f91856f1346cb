"""What was saved is found at once, though search is told of many saves together; no order of things loses a word."""

# ruff: noqa: S608 - the names in these texts come from the catalogue alone

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path

import pytest

from fieldrep.contract.errors import KnownError
from fieldrep.contract.scope import account_key
from fieldrep.domain.duplicates import Party
from fieldrep.queries.duplicates import possible_accounts
from fieldrep.queries.matching import matches
from fieldrep.store import search, search_due
from fieldrep.store.incoming.apply import apply_reply, start_over
from fieldrep.store.outgoing import outbox
from fieldrep.store.reader import Reader
from fieldrep.store.replica import Replica
from fieldrep.store.statements import statements_named
from fieldrep.store.undo import undo
from fieldrep.store.verify import verify
from tests.helpers.search_words import wrong_words
from tests.unit.store.answers import Row, central_row, reply, row_id
from tests.unit.store.conftest import enrol, open_replica

WORDS = ("Harbour", "Łódź", "Mill", "Käsehof", "Mill Harbour", "Straße 5", "O'Brien & Sons", "")
DOINGS = ("edit", "edit", "edit", "create", "undo", "arrive", "leave", "again", "tidy", "over")
ASKED = ("har", "lodz", "mill", "mill har", "strasse", "o b", "kase", "5", "nothing")


def due_rows(replica: Replica) -> int:
    with replica.read() as reader:
        return int(reader.rows("SELECT count(*) FROM search_due")[0][0])


def edit(replica: Replica, number: int, **values: str | None) -> None:
    with replica.begin("edit_account", "Edit") as unit:
        unit.update("account", row_id(number), values)


def finds(reader: Reader, typed: str) -> list[int]:
    return sorted(matches(reader, "account", typed).keys)


def expected(reader: Reader, typed: str) -> list[int]:
    """What a search table finds that was made of the rows just now."""
    texts = statements_named("account")
    rows = reader.rows(f"SELECT row_no, {', '.join(texts.searched)} FROM account ORDER BY row_no")
    aside = search.table_aside(reader.driver, texts, rows)
    sql = "SELECT rowid FROM account_search WHERE account_search MATCH ?"
    return sorted(row_no for (row_no,) in aside.execute(sql, (search.match_query(typed),)))


class Life:
    """A replica to which saves, answers and restarts happen in any order, and the rows the office has."""

    def __init__(self, path: Path, seed: int) -> None:
        self.dice = random.Random(seed)
        self.path = path
        self.replica = open_replica(path)
        enrol(self.replica)
        self.office: dict[int, Row] = {}
        self.revision = 10
        self.arrive(*range(1, 5))

    def step(self) -> None:
        number = self.dice.randint(1, 6)
        what = self.dice.choice(DOINGS)
        if what == "edit" and number in self.office:
            changed = {self.dice.choice(("note", "phone")): self.words() or None, "name": self.words() or "x"}
            edit(self.replica, number, **changed)
        elif what == "create":
            with self.replica.begin("create_account", "New") as unit:
                unit.create("account", {"name": self.words() or "x"})
        elif what == "undo":
            with self.replica.read() as reader:
                waiting = outbox.waiting(reader.driver, 100, 10**6)
            if waiting:
                # what was changed again since, or has left, is refused
                with suppress(KnownError), self.replica.begin("undo", "Undo") as unit:
                    undo(unit, self.dice.choice(waiting).n)
        elif what == "arrive":
            self.arrive(number)
        elif what == "leave":
            self.office.pop(number, None)
            self.answer(leaves=number)
        elif what == "again":
            self.replica.close()
            self.replica = open_replica(
                self.path, seed=self.revision * 100 + self.dice.randrange(100), create=False
            )
        elif what == "tidy":
            self.replica.tidy()
        elif what == "over":
            start_over(self.replica)
            self.arrive(*self.office)

    def words(self) -> str:
        return self.dice.choice(WORDS)

    def arrive(self, *numbers: int) -> None:
        for number in numbers:
            self.revision += 1
            said = {"name": self.words() or "x", "note": self.words() or None}
            self.office[number] = central_row("account", number, self.revision, **said)
        self.answer(*numbers)

    def answer(self, *numbers: int, leaves: int = 0) -> None:
        rows = [("account", self.office[number]) for number in numbers]
        holds = [("account", row) for row in self.office.values()]
        gone = [account_key(row_id(leaves))] if leaves else []
        cursor = b"%d" % self.revision
        apply_reply(self.replica, reply(*rows, holds=holds, leaves=gone, cursor=cursor))


@pytest.mark.parametrize("seed", range(8))
def test_whatever_happens_a_search_finds_what_the_rows_say_now(tmp_path: Path, seed: int) -> None:
    life = Life(tmp_path / "replica.db", seed)
    waited = 0
    for _ in range(60):
        life.step()
        waited += bool(due_rows(life.replica))
        with life.replica.read() as reader:
            for typed in ASKED:
                assert finds(reader, typed) == expected(reader, typed), typed
            assert [finding for finding in verify(reader) if finding.check == "search"] == []
    assert waited > 5
    assert wrong_words(life.replica) == []
    life.replica.close()


@pytest.fixture
def shop(replica: Replica) -> Replica:
    apply_reply(replica, reply(("account", central_row("account", 1, 10, name="Corner Shop"))))
    return replica


def test_a_snapshot_finds_what_it_holds_though_a_save_and_a_telling_come_after_it(shop: Replica) -> None:
    edit(shop, 1, name="Harbour Shop")
    with shop.read() as reader:
        assert finds(reader, "harbour") == [1]
        edit(shop, 1, name="Dockside Shop")
        with shop.write():
            pass
        assert (finds(reader, "harbour"), finds(reader, "corner"), finds(reader, "dockside")) == ([1], [], [])
    with shop.read() as reader:
        assert (finds(reader, "harbour"), finds(reader, "dockside")) == ([], [1])


def test_a_customer_entered_a_moment_ago_is_named_as_a_possible_duplicate(shop: Replica) -> None:
    with shop.begin("create_account", "New") as unit:
        unit.create("account", {"name": "Harbour Bakery"}, row_id(9))
    with shop.read() as reader:
        (possible,) = possible_accounts(reader, party=Party("Harbour Bakery"))
    assert possible.id == row_id(9)


def test_one_change_in_so_many_tells_search_of_all(shop: Replica) -> None:
    due = []
    for number in range(1, search_due.MOST_DUE + 2):
        edit(shop, 1, note=f"visit {number}")
        due.append(due_rows(shop))
    assert due == [*range(1, search_due.MOST_DUE), 0, 1]
    assert wrong_words(shop) == []


def test_a_list_keeps_to_its_limit_when_rows_are_due(replica: Replica) -> None:
    rows = [
        ("account", central_row("account", number, number, name=f"Shop {number}")) for number in range(1, 9)
    ]
    apply_reply(replica, reply(*rows))
    for number in (1, 2, 8):
        edit(replica, number, phone="1")
    edit(replica, 3, name="Mill")
    with replica.read() as reader:
        assert search_due.hits(reader, "account", "shop", 4) == [1, 2, 4, 5]
        assert search_due.hits(reader, "account", "shop", 100) == [1, 2, 4, 5, 6, 7, 8]


def save_and_fail(replica: Replica) -> None:
    with replica.begin("edit_account", "Edit") as unit:
        unit.update("account", row_id(1), {"name": "Harbour Shop"})
        unit.finish(1)
        raise ZeroDivisionError


def test_a_save_taken_back_leaves_nothing_due(shop: Replica) -> None:
    with pytest.raises(ZeroDivisionError):
        save_and_fail(shop)
    assert due_rows(shop) == 0
    with shop.read() as reader:
        assert finds(reader, "corner") == [1]
