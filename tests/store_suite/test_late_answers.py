"""An answer on a stick that is read late: what it says of files may be of a time before their records came."""

from __future__ import annotations

from pathlib import Path

from fieldrep.commands.attachments import add_attachment
from fieldrep.sync.files import bring, carry
from sync_server.store.files import set_quota
from tests.store_suite.file_line import FileLine, bytes_of, rows_of
from tests.store_suite.laptop import Laptop, go_back, office, with_shop
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


def limit(world: World, **quotas: int) -> None:
    with world.write() as tx:
        for name, size in quotas.items():
            set_quota(tx.session, name, size)
