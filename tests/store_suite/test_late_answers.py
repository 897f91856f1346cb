"""An answer on a stick that is read late: what it says of files may be of a time before their records came."""

from __future__ import annotations

from pathlib import Path

from fieldrep.commands.attachments import add_attachment
from fieldrep.contract.files import PART
from fieldrep.sync.files import bring, carry
from sync_server.store.files import set_quota
from tests.store_suite.file_line import SIZE, FileLine, added, bytes_of, rows_of
from tests.store_suite.laptop import Laptop, go_back, keep, office, with_shop
from tests.store_suite.world import World


def test_that_a_file_was_unknown_lets_go_of_nothing_once_its_record_has_come_and_moved_on(
    world: World, tmp_path: Path
) -> None:
    ben = Laptop(tmp_path, world, world.user("ben"), "ben")
    ana, shop = with_shop(tmp_path, world)
    body = bytes_of(1, 100)
    path = tmp_path / "shelf.jpg"
    path.write_bytes(body)
    row_id = add_attachment(ana.replica, account_id=shop, path=str(path)).id
    assert row_id is not None
    go_back(world, tmp_path)
    answer = office(world, ana.out())
    ana.into(answer)
    assert [row.state for row in rows_of(ana)] == ["waiting"]
    assert ana.sync().accepted == 1
    world.change("account", shop, owner_user_id=ben.admission.user_id)
    assert ana.sync().left > 0
    ana.into(answer)
    assert carry(ana.replica, FileLine(ana)).sent == 1
    assert ben.sync().whole
    assert bring(ben.replica, FileLine(ben), row_id) == body
    for laptop in (ana, ben):
        laptop.replica.close()


def test_a_late_answer_does_not_say_again_why_a_file_was_not_taken_then(world: World, tmp_path: Path) -> None:
    ana, shop = with_shop(tmp_path, world)
    path = tmp_path / "shelf.jpg"
    path.write_bytes(bytes_of(1, 100))
    add_attachment(ana.replica, account_id=shop, path=str(path))
    ana.sync()
    limit(world, person=10)
    answer = office(world, ana.out())
    limit(world, person=10**9, company=10)
    ana.create("Newer")
    ana.sync()
    carry(ana.replica, FileLine(ana))
    (said,) = [row.refused for row in rows_of(ana)]
    assert "company" in said
    ana.into(answer)
    assert [row.refused for row in rows_of(ana)] == [said]
    ana.replica.close()


def test_a_late_answer_does_not_make_a_laptop_send_what_a_line_has_sent_since(
    world: World, ana: Laptop, tmp_path: Path
) -> None:
    added(ana, tmp_path, bytes_of(1))
    keep(world, tmp_path)
    sent_but_for_the_rest(ana)
    go_back(world, tmp_path)
    ana.sync()
    answer = office(world, ana.out())
    ana.into(answer)
    assert len(ana.out()) > SIZE, "the restored store has nothing of it"
    sent_but_for_the_rest(ana)
    ana.create("Newer")
    ana.sync()
    ana.into(answer)
    assert len(ana.out()) < PART


def sent_but_for_the_rest(laptop: Laptop) -> None:
    """The line breaks before the last part of the file."""
    line = FileLine(laptop)
    line.breaks_at = 2 * PART
    carry(laptop.replica, line)


def limit(world: World, **quotas: int) -> None:
    with world.write() as tx:
        for name, size in quotas.items():
            set_quota(tx.session, name, size)
