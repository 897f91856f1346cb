"""The audit log on the command line: who did what and when, in words and to be parsed, and what is asked wrongly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.e2e.device_command import DeviceCommand
from tests.e2e.server_command import ServerCommand
from tests.e2e.test_serving import serving


@dataclass
class Office:
    server: ServerCommand
    rita: DeviceCommand


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    server, rita = ServerCommand(tmp_path / "server"), DeviceCommand(tmp_path / "rita")
    server.set_up()
    server("user", "add", "rita", "--name", "Rita Reiter")
    with serving(server):
        rita("enroll", server("enroll", "rita").split()[-1])
        rita("sync")
        yield Office(server, rita)


def test_the_history_of_a_record_tells_who_entered_what_and_what_was_there_before(office: Office) -> None:
    server, rita = office.server, office.rita
    shop = rita.do("create_account", name="Corner Shop", phone="1")["id"]
    rita("sync")
    rita.do("edit_account", id=shop, phone="2", note="rings\x1b[31m\nat night")
    rita.do("create_contact", account_id=shop, family_name="Evers")
    rita("sync")
    server("user", "add", "boss", "--role", "manager")
    server("account", "move", shop, "--owner", "boss")

    told = server.json("audit", "--record", shop)
    assert told["more"] == 0
    assert [(one["action"], one["who"]) for one in told["entries"]] == [
        ("move_account", "fieldrep-server"),
        ("edit_account", "rita"),
        ("create_account", "rita"),
    ]
    edited = told["entries"][1]
    assert edited["row_id"] == shop
    assert edited["device_id"] == rita.json("status")["device"]
    assert edited["detail"][0]["fields"]["phone"] == ["1", "2"]

    lines = server("audit", "--record", shop).splitlines()
    assert "    Phone: “2”, before “1”" in lines
    assert "    Phone: “1”" in lines
    assert "    Owner: “Boss”, before “Rita Reiter”" in lines
    assert any("edit_account" in line and "Account “Corner Shop”" in line for line in lines)
    assert "    Note: “rings\N{REPLACEMENT CHARACTER}[31m at night”" in lines
    assert "no account “K-9”" in server.refused("audit", "--record", "K-9")


def test_what_an_admin_did_to_a_laptop_is_found_by_laptop_person_action_and_time(office: Office) -> None:
    server, device = office.server, office.rita.json("status")["device"]
    server("device", "lock", device)
    server("device", "unlock", device)

    told = server.json(
        "audit", "--device", device, "--action", "lock_device,unlock_device", "--action", "tidy"
    )
    assert [one["action"] for one in told["entries"]] == ["unlock_device", "lock_device"]
    assert told["entries"][0]["at"].startswith(f"{datetime.now(UTC):%Y-%m-%d}")
    of_rita = server.json("audit", "--user", "rita")["entries"]
    acts = ["unlock_device", "lock_device", "enrol_device", "make_enrollment_code", "add_user"]
    assert [one["action"] for one in of_rita] == acts

    hour = timedelta(hours=1)
    assert server.json("audit", "--since", (datetime.now(UTC) - hour).isoformat())["entries"]
    assert "still to come" in server.refused(
        "audit", "--since", (datetime.now(UTC) + hour).isoformat(), code=2
    )
    assert "is no time" in server.refused("audit", "--since", "yesterday", code=2)


def test_of_more_than_were_asked_for_it_says_how_many_and_where_to_go_on(office: Office) -> None:
    server = office.server
    everything = server.json("audit")["entries"]
    first = server.json("audit", "--limit", "2")
    assert (first["entries"], first["more"]) == (everything[:2], len(everything) - 2)
    last = str(everything[1]["n"])
    assert f"and {first['more']} more; --before {last} goes on with them." in server("audit", "--limit", "2")
    assert server.json("audit", "--before", last) == {"entries": everything[2:], "more": 0}


def test_an_action_nobody_knows_is_refused_with_those_there_are(office: Office) -> None:
    refused = office.server.refused("audit", "--action", "notice_copies")
    assert "no action “notice_copies”. There are: " in refused
    assert "notice_copy, " in refused
    assert "No such entry" in office.server("audit", "--action", "notice_copy")
    assert office.server.json("audit", "--action", "notice_copy") == {"entries": [], "more": 0}
    assert "no device “D9”" in office.server.refused("audit", "--device", "D9")
    assert "no user “nobody”" in office.server.refused("audit", "--user", "nobody")
