"""What travels around exchanges over a real line: enrolments, problems, files, waits, a laptop's end; and on a stick.

Owns that history. Must not know how messages are kept or compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from fieldrep.commands.attachments import add_attachment
from fieldrep.contract.bundle import Keys
from fieldrep.contract.files import FileRequest
from fieldrep.contract.ids import RowId
from fieldrep.contract.messages import PROTOCOL_VERSION, EnrollReply, EnrollRequest, ExchangeRequest
from fieldrep.paths import Profile
from fieldrep.store.file_queue import wish
from fieldrep.store.files import take_part
from fieldrep.store.incoming.quarantine import set_aside
from fieldrep.store.state import COUNT_ANEW
from fieldrep.store.wiping import marker_of
from fieldrep.sync.wiping import prepare
from sync_server.store.devices.credentials import make_code, revoke
from sync_server.store.devices.cursor import Cursor, encode_cursor
from sync_server.store.devices.wiping import order_wipe
from sync_server.store.upkeep.retention import set_rule, tidy
from tests.golden.tapped import Line, Message, asking, carried, company
from tests.helpers.served import serving
from tests.store_suite.laptop import Laptop
from tests.store_suite.world import World

TEXT = b"The shop's own words, as they stand on the paper.\n"


def around(folder: Path) -> Iterator[Message]:
    """Every message of this history by its file's name."""
    kept: list[Message] = []
    with company(folder / "around") as world:
        desk = Laptop(folder / "around", world, world.user("ana"), "desk")
        ana = Laptop(folder / "around", world, desk.admission.user_id, "ana", seed=1)
        with serving(world.database) as address:
            _enrolments(Line(address, "", kept), world)
            file = _files(Line(address, desk.admission.token, kept), desk)
            ana.sync()
            line = Line(address, ana.admission.token, kept)
            _waits_for_news(line, ana)
            kept += _on_a_stick(ana, file)
            ana.sync()
            waits = line.waits(ana)
        kept.append(("36-the-server-stops.wait", waits.read()))
        with serving(world.database) as address:
            _ends(Line(address, ana.admission.token, kept), ana, desk)
        for laptop in (desk, ana):
            laptop.replica.close()
    yield from kept


def _enrolments(line: Line, world: World) -> None:
    """A laptop is enrolled, its link used again, and it is enrolled twice more with what it holds."""

    def request(number: int) -> EnrollRequest:
        with world.write() as tx:
            code = make_code(tx, world.randomness, rita)
        key = Keys(bytes([number] * 32)).public
        return EnrollRequest(code, "Rita's laptop", "Windows 11", "1.0", PROTOCOL_VERSION, key)

    rita = world.user("rita")
    first = request(0)
    admitted = msgspec.json.decode(line.enroll("27-enrolled", first), type=EnrollReply)
    line.enroll("28-link-used", msgspec.structs.replace(first, public_key=Keys(bytes([9] * 32)).public))
    was: list[tuple[bytes, bytes]] = []
    for number in (1, 2):
        was.insert(0, (admitted.device_id, world.randomness(16)))
        (device, incarnation), *earlier = was
        again = msgspec.structs.replace(
            request(number),
            server_id=admitted.server_id,
            user_id=rita,
            former_device=device,
            former_incarnation=incarnation,
            earlier=tuple(earlier),
        )
        admitted = msgspec.json.decode(line.enroll(f"29-enrolled-again-{number}", again), type=EnrollReply)


def _added(laptop: Laptop, name: str) -> RowId:
    """A document on a new account."""
    account = laptop.create("Aurora")
    body = name.encode() + b": " + TEXT
    added = add_attachment(laptop.replica, account_id=account, name=name, body_from=lambda: body).id
    assert added is not None
    return added


def _files(line: Line, desk: Laptop) -> RowId:
    """A document goes up and comes down again; one that is not there is refused."""
    file = _added(desk, "Paper.txt")
    desk.sync()
    body = b"Paper.txt: " + TEXT
    line.file("30-file-asked-about", FileRequest(row_id=file, at=0, part=b""))
    line.file("31-file-up", FileRequest(row_id=file, at=0, part=body[:20]))
    line.file("31-file-up-to-its-end", FileRequest(row_id=file, at=20, part=body[20:]))
    line.file("32-file-down", FileRequest(row_id=file, at=0))
    line.file("33-no-such-file", FileRequest(row_id=b"\x7f" * 16, at=0))
    return file


def _waits_for_news(line: Line, ana: Laptop) -> None:
    waits = line.waits(ana)
    ana.world.account(ana.admission.user_id, name="From the office")
    line.kept.append(("34-something-new.wait", waits.read()))


def _on_a_stick(ana: Laptop, file: RowId) -> list[Message]:
    """All is asked for afresh; two documents go up, one of them unknown by now, and the end of a third is wanted."""
    gone, paper = _added(ana, "Gone.txt"), b"Paper.txt: " + TEXT
    ana.sync()
    ana.world.change("attachment", gone, archived=1)
    with ana.world.write() as tx:
        set_rule(tx, "archived", 7)
    ana.world.clock.pass_days(8)
    tidy(ana.world.database)
    _added(ana, "Carried.txt")
    with ana.replica.read() as reader:
        row = reader.row("attachment", file)
    assert row is not None
    take_part(ana.replica, str(row["sha256"]), len(paper), 0, paper[:10])
    wish(ana.replica, file)
    ana.replica.change_state(examined_at=COUNT_ANEW)
    return carried("35-stick", ana)


def _ends(line: Line, ana: Laptop, desk: Laptop) -> None:
    """One laptop shows more than the store has and is withdrawn; the other is lost and says what went with it."""
    desks = Line(line.address, desk.admission.token, line.kept)
    told = msgspec.structs.replace(asking(desk).handshake, cursor=encode_cursor(Cursor(2**40, 2**40)))
    desks.exchange("37-the-store-is-behind", ExchangeRequest(told))
    with desk.world.write() as tx:
        revoke(tx, desk.admission.device_id, "sold")
    desks.exchange("38-withdrawn", asking(desk))
    with ana.world.write() as tx:
        order_wipe(tx, ana.admission.device_id, lost=True)
    line.exchange("39-lost", asking(ana))
    _added(ana, "Never sent.txt")
    ana.create("Set aside")
    last = ana.replica.waiting(10, 1_000_000)[-1]
    set_aside(ana.replica, last.n, "The server fails on it.")
    with ana.replica.write() as connection:
        connection.execute("INSERT INTO draft (kind, key, text, saved_at) VALUES ('order', 'x', '{}', 1)")
    prepare(ana.replica)
    marker = marker_of(Profile(ana.replica.folder))
    assert marker is not None
    line.wiped("40-wiped", marker.receipt)
