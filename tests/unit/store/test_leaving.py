"""What leaves is gone: from lists, from search, from every page of the file, and the file shrinks."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from fieldrep.contract.catalogue import ENTITIES
from fieldrep.contract.change import Accepted
from fieldrep.contract.entity import Entity
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.scope import account_key, row_key
from fieldrep.store.incoming.apply import apply_reply
from fieldrep.store.replica import Replica
from fieldrep.store.verify import verify
from tests.unit.store.answers import central_row, reply, row_id
from tests.unit.store.conftest import KEY, USER, FixedClock, enrol, open_replica

STAYS = [("account", central_row("account", 1_000 + one, 10, name="Remaining Shop")) for one in range(50)]
"""They lie between those that go, in the same pages."""

GONE = 300
PHOTO = {"name": "shelf.jpg", "media_type": "image/jpeg", "size": 9, "sha256": "0" * 64}
RESERVED = 48
"""Bytes at the end of each page: the vector and the checksum."""


def plain_pages(path: Path) -> bytes:
    """The whole file decrypted page by page, as somebody with the key could read it."""
    data, found = path.read_bytes(), bytearray()
    for start in range(0, len(data), 4096):
        page = data[start : start + 4096]
        body = page[16 if start == 0 else 0 : 4096 - RESERVED]
        vector = page[4096 - RESERVED :][:16]
        cipher = Cipher(algorithms.AES(KEY), modes.CBC(vector)).decryptor()
        found += cipher.update(body) + cipher.finalize()
    return bytes(found)


def rows_of(number: int) -> list[tuple[str, dict[str, object]]]:
    """An account with two people, all with words found nowhere else."""
    account = central_row(
        "account", number, 10, name=f"Vanishing{number} Trading", note="zinnobergruen " * 20
    )
    people = [
        central_row(
            "contact",
            number * 10 + one,
            10,
            account_id=row_id(number),
            family_name=f"Quendolin{number}x{one}",
        )
        for one in (1, 2)
    ]
    return [("account", account), *(("contact", person) for person in people)]


def test_rows_that_leave_are_in_no_page_of_the_file_and_the_file_shrinks(tmp_path: Path) -> None:
    path = tmp_path / "replica.db"
    with open_replica(path) as replica:
        enrol(replica)
        replica.tidy()
        empty = path.stat().st_size
        going = [row for number in range(100, 100 + GONE) for row in rows_of(number)]
        mixed = [
            row for place, row in enumerate(going) for row in (row, *STAYS[place // 18 : place // 18 + 1])
        ]
        rows = sorted({id(row): row for row in mixed}.values(), key=lambda row: row[0])
        apply_reply(replica, reply(*rows))
        replica.tidy()
        full = path.stat().st_size
        assert b"Vanishing150" in plain_pages(path), "the test can see what is there"
        keys = [account_key(row_id(number)) for number in range(100, 100 + GONE)]
        applied = apply_reply(replica, reply(holds=STAYS, leaves=keys, cursor=b"2"))
        assert applied.left == GONE * 3
        replica.tidy()
        with replica.read() as reader:
            assert verify(reader) == []
            assert reader.rows("SELECT DISTINCT name, count(*) FROM account") == [("Remaining Shop", 50)]
    assert path.stat().st_size - empty < (full - empty) / 5
    left = plain_pages(path).lower()
    assert b"remaining shop" in left
    for word in (b"vanishing", b"quendolin", b"zinnobergruen"):
        assert word not in left


def test_a_row_made_here_that_left_before_it_came_back_is_read_only_until_all_is_answered(
    replica: Replica,
) -> None:
    owner = central_row("user", 7, 10, name="Sam Post", login="sam")
    shop = central_row("account", 1, 10, name="Shop")
    apply_reply(replica, reply(("user", owner), ("account", shop)))
    with replica.begin("create_contact", "New") as unit:
        person = unit.create("contact", {"account_id": row_id(1), "family_name": "New"})
    first = unit.change_n
    sent = replica.waiting(10, 10_000)
    with replica.begin("edit_contact", "Edit") as unit:
        unit.update("contact", person, {"phone": "meanwhile"})
    assert first is not None
    second = unit.change_n
    assert second is not None
    gone = reply(
        holds=[("user", owner)],
        outcomes=[Accepted(first, 20)],
        leaves=[account_key(row_id(1))],
        moved_to=[row_id(7)],
        cursor=b"2",
    )
    apply_reply(replica, gone, sent)
    with replica.read() as reader:
        row = reader.row("contact", person)
    assert row is not None
    assert row["phone"] == "meanwhile", "I7: what was entered stays in sight"
    with pytest.raises(KnownError) as caught, replica.begin("edit_contact", "Edit") as unit:
        unit.update("contact", person, {"phone": "too late"})
    assert caught.value.code is Code.READ_ONLY
    assert "moved to Sam Post" in caught.value.sentence
    answered = reply(holds=[("user", owner)], outcomes=[Accepted(second, 30)], cursor=b"3")
    apply_reply(replica, answered, replica.waiting(10, 10_000))
    with replica.read() as reader:
        assert reader.row("contact", person) is None
        assert verify(reader) == []


def test_what_is_offered_again_after_a_restore_is_not_counted_again(
    replica: Replica, clock: FixedClock
) -> None:
    shop = ("account", central_row("account", 1, 10, created_by=USER))
    apply_reply(replica, reply(shop))
    with replica.begin("edit_account", "Edit") as unit:
        unit.update("account", row_id(1), {"phone": "1"})
    n = unit.change_n
    assert n is not None
    done = ("account", central_row("account", 1, 20, created_by=USER, phone="1"))
    told = apply_reply(
        replica, reply(done, outcomes=[Accepted(n, 20)], cursor=b"2"), replica.waiting(9, 9_999)
    )
    assert (told.accepted, told.returned) == (1, 0)
    apply_reply(replica, reply(shop, epoch=b"f" * 16, cursor=b"3"))
    assert replica.state().offered_to == n
    again = reply(done, outcomes=[Accepted(n, 20)], epoch=b"f" * 16, cursor=b"4")
    told = apply_reply(replica, again, replica.waiting(9, 9_999))
    assert (told.accepted, told.returned) == (0, 1)
    assert replica.state().offered_to == 0


@pytest.mark.parametrize(
    "entity", [one for one in ENTITIES if one.scope.user], ids=lambda entity: entity.name
)
def test_what_leaves_with_a_person_is_found_without_reading_all_records(
    replica: Replica, entity: Entity
) -> None:
    scope = entity.scope
    condition = f"{scope.user} = ?" + (f" AND {scope.account} IS NULL" if scope.account else "")
    with replica.read() as reader:
        plan = reader.rows(f"EXPLAIN QUERY PLAN SELECT row_no FROM {entity.table} WHERE {condition}", (USER,))  # noqa: S608
    assert f"USING INDEX {entity.table}_by_{scope.user}" in str(plan) or "USING COVERING INDEX" in str(plan)


def test_an_order_that_leaves_its_account_takes_its_lines_along_though_their_leaves_are_still_to_come(
    replica: Replica,
) -> None:
    shop = ("account", central_row("account", 1, 10, name="Shop"))
    head = ("sales_order", central_row("sales_order", 3, 10, account_id=row_id(1), currency="EUR"))
    line = {"order_id": row_id(3), "account_id": row_id(1), "kind": "item"}
    lines = [("document_line", central_row("document_line", 4 + seq, 10, **line, seq=seq)) for seq in (1, 2)]
    apply_reply(replica, reply(shop, head, *lines))
    leaves = [row_key(row_id(number), row_id(1)) for number in (3, 5, 6)]
    told = apply_reply(replica, reply(leaves=leaves[:1], more=True, cursor=b"2"))
    with replica.read() as reader:
        assert reader.rows("SELECT id FROM document_line") == [], (
            "I8: a line is never there without its order"
        )
    assert told.left == 3
    told = apply_reply(replica, reply(holds=[shop], leaves=leaves[1:], cursor=b"3"))
    assert (told.left, told.digest.count) == (0, 1)
    with replica.read() as reader:
        assert verify(reader) == []


def test_a_photo_taken_of_a_visit_that_has_left_its_account_meanwhile_waits_for_its_answer_and_goes(
    replica: Replica,
) -> None:
    shop = ("account", central_row("account", 1, 10, name="Shop"))
    visit = ("activity", central_row("activity", 3, 10, account_id=row_id(1), subject="Visit"))
    apply_reply(replica, reply(shop, visit))
    with replica.begin("add_file", "Photo") as unit:
        about = {"account_id": row_id(1), "activity_id": row_id(3)}
        photo = unit.create("attachment", {**about, **PHOTO})
    apply_reply(replica, reply(holds=[shop], leaves=[row_key(row_id(3), row_id(1))], cursor=b"2"))
    with replica.read() as reader:
        assert reader.row("activity", row_id(3)) is None
        assert reader.rows("SELECT row_id FROM base_row WHERE standing = 1") == [(photo,)]
    sent = replica.waiting(9, 9_999)
    apply_reply(replica, reply(holds=[shop], outcomes=[Accepted(sent[0].n, 20)], cursor=b"3"), sent)
    with replica.read() as reader:
        assert reader.row("attachment", photo) is None
        assert verify(reader) == []


def test_a_photo_of_a_visit_that_moved_to_another_account_held_here_stays_as_it_is(replica: Replica) -> None:
    shops = [("account", central_row("account", number, 10, name="Shop")) for number in (1, 2)]
    visit = central_row("activity", 3, 10, account_id=row_id(1), subject="Visit")
    apply_reply(replica, reply(*shops, ("activity", visit)))
    with replica.begin("add_file", "Photo") as unit:
        unit.create("attachment", {"account_id": row_id(1), "activity_id": row_id(3), **PHOTO})
    moved = ("activity", visit | {"account_id": row_id(2), "revision": 20})
    left = [row_key(row_id(3), row_id(1))]
    told = apply_reply(replica, reply(moved, holds=[*shops, moved], leaves=left, cursor=b"2"))
    assert told.left == 0
    with replica.read() as reader:
        assert reader.rows("SELECT count(*) FROM base_row WHERE standing > 0") == [(0,)]
        assert verify(reader) == []
