"""What a device held, asked for on the command line, is what the device itself exported."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from fieldrep.contract.ids import id_text
from fieldrep.store.export import export_lines
from fieldrep.store.replica import Replica
from fieldrep.sync.engine import sync
from fieldrep.sync.session import bearer_of
from tests.e2e.server_command import ServerCommand
from tests.helpers.served import Served, clock, served


def held(replica: Replica) -> bytes:
    with replica.read() as reader:
        return b"".join(export_lines(reader))


def test_a_device_is_asked_for_by_id_and_by_prefix_in_any_zone(tmp_path: Path) -> None:
    with served(tmp_path) as office:
        ana = office.make("user", login="ana", name="Ana", tz="America/Phoenix")
        shop = office.make("account", name="Shop", owner_user_id=ana)
        with office.device(ana, "ana") as replica:
            _tell_all(office, ana, shop, replica, tmp_path)


def _tell_all(office: Served, ana: bytes, shop: bytes, replica: Replica, folder: Path) -> None:
    server = ServerCommand(folder / "home")
    server("init", "--database", office.database.url)
    bearer = bearer_of(replica)
    sync(replica, bearer)
    first, moment = held(replica), datetime.fromtimestamp(clock() / 1000, UTC)
    office.change("account", shop, name="Corner Shop")
    sync(replica, bearer)
    device = id_text(replica.state().device_id)
    file = folder / "held.jsonl"

    told = server.finish("replay", device, "--at", moment.isoformat(), file)
    assert (told.returncode, file.read_bytes()) == (0, first)
    assert "digest that it took of its own records agrees" in told.stderr
    local = moment.astimezone(ZoneInfo("America/Phoenix")).replace(tzinfo=None)
    assert server("replay", "D1", "--at", local.isoformat()).encode() == first
    now = datetime.now(UTC).isoformat()
    assert server("replay", "D1", "--at", now).encode() == held(replica) != first

    early = (moment - timedelta(days=1)).isoformat()
    assert "was enrolled on" in server.refused("replay", "D1", "--at", early)
    assert "is no time" in server.refused("replay", "D1", "--at", "yesterday", code=2)
    late = (moment + timedelta(days=1)).isoformat()
    assert "still to come" in server.refused("replay", "D1", "--at", late, code=2)
    assert "no device “D9”" in server.refused("replay", "D9", "--at", now)
    assert "no such device" in server.refused("replay", id_text(ana), "--at", now)
