"""The preview of a change of scope by command line: the same command, told of and not made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.server_command import ServerCommand
from tests.helpers.served import served

ACCOUNTS = "key,name,number,owner_user_key\n1,Corner Shop,K-1,id:{owner}\n2,Harbour Inn,K-2,id:{owner}\n"


@pytest.fixture
def server(tmp_path: Path) -> ServerCommand:
    made = ServerCommand(tmp_path / "server")
    made.set_up()
    made("user", "add", "boss", "--role", "manager")
    ana = made.json("user", "add", "ana", "--manager", "boss")
    made("user", "add", "ben", "--name", "Ben")
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "account.csv").write_text(ACCOUNTS.format(owner=ana["id"]), encoding="utf-8")
    made("import", "fieldrep", folder)
    return made


def test_a_preview_tells_what_a_change_would_move_and_changes_nothing(server: ServerCommand) -> None:
    change = ("account", "move", "K-1", "--owner", "ben")
    told = json.loads(server("scope", "preview", "--json", *change))
    people = {one["login"]: one for one in told["people"]}
    assert people["ben"]["gains"]["accounts"] == people["ana"]["loses"]["accounts"] == 1
    assert people["boss"]["loses"]["entities"]["account"]["rows"] == 1, "his manager loses it with him"
    assert people["ben"]["gains"]["bytes"] > 0
    text = server("scope", "preview", *change)
    assert "Ben (ben) would gain 1 account, 1 record of " in text
    assert text.splitlines()[0].endswith("bytes: 1 account.")
    assert "Nothing was changed." in text
    assert json.loads(server("scope", "preview", "--json", *change)) == told, "so nothing was changed"
    server(*change)
    assert "nothing was moved" in server("scope", "preview", *change)


def test_a_cover_that_begins_later_is_previewed_for_the_day_it_begins(server: ServerCommand) -> None:
    server("territory", "add", "NB")
    server("account", "move", "K-1", "--territory", "NB")
    change = ("territory", "assign", "NB", "ben")
    later = (*change, "--from", "2999-12-01", "--to", "2999-12-10")
    told = json.loads(server("scope", "preview", "--json", *later))
    assert told["on"] == "2999-12-01"
    assert {one["login"]: one["gains"]["accounts"] for one in told["people"]} == {"ben": 1}
    text = server("scope", "preview", *later)
    assert text.startswith(
        "Not before 2999-12-01; on that day, as things stand now:\nBen (ben) would gain 1 account"
    )
    assert server(*later) == "ben covers NB from 2999-12-01 on, until 2999-12-10.\n"
    past = (*change, "--from", "2025-01-01", "--to", "2025-01-31")
    assert "Nobody would gain or lose anything. Nothing" in server("scope", "preview", *past)
    assert server(*past) == "ben covers NB until 2025-01-31, which is over: nobody gains anything by it.\n"
    told = json.loads(server("scope", "preview", "--json", *change))
    assert (told["on"], [one["login"] for one in told["people"]]) == (None, ["ben"])
    assert server(*change) == "ben covers NB.\n"


def test_a_cover_that_runs_gets_another_last_day_and_not_a_second_term(server: ServerCommand) -> None:
    server("territory", "add", "NB")
    server("account", "move", "K-1", "--territory", "NB")
    cover = ("territory", "assign", "NB", "ben", "--kind", "cover")
    assert server(*cover, "--to", "2999-12-30") == "ben covers NB, until 2999-12-30.\n"
    assert server(*cover, "--to", "2999-12-25") == "ben covers NB, until 2999-12-25.\n"
    assert server.json("territory", "list")[0]["covered_by"] == [
        {"login": "ben", "kind": "cover", "from": None, "to": "2999-12-25"}
    ]
    assert server.json(*cover, "--to", "2999-12-25")["changed"] is False
    over = (*cover, "--to", "2025-01-31")
    told = json.loads(server("scope", "preview", "--json", *over))
    assert {one["login"]: one["loses"]["accounts"] for one in told["people"]} == {"ben": 1}
    assert server(*over) == "ben covers NB until 2025-01-31, which is over: the cover that ran has ended.\n"
    server("territory", "assign", "NB", "ben")
    told = server(*cover, "--from", "2999-01-01", "--to", "2999-02-01")
    assert told.endswith(
        "Beside that the territory is covered as primary; territory unassign ends all of it.\n"
    )


def test_a_running_cover_that_is_to_end_sooner_is_previewed_for_the_day_on_which_it_is_over(
    server: ServerCommand,
) -> None:
    server("territory", "add", "NB")
    server("account", "move", "K-1", "--territory", "NB")
    cover = ("territory", "assign", "NB", "ben", "--kind", "cover")
    server(*cover, "--to", "2999-12-30")
    sooner = json.loads(server("scope", "preview", "--json", *cover, "--to", "2999-12-25"))
    assert sooner["on"] == "2999-12-26"
    assert {one["login"]: one["loses"]["accounts"] for one in sooner["people"]} == {"ben": 1}
    longer = server("scope", "preview", *cover, "--to", "3000-01-10")
    assert longer == "Nobody would gain or lose anything. Nothing was changed.\n", "he goes on holding it"


def test_a_preview_tells_devices_of_one_name_apart(tmp_path: Path) -> None:
    with served(tmp_path) as office:
        ana = office.make("user", login="ana", name="Ana")
        office.make("user", login="ben", name="Ben")
        office.make("account", name="Shop", number="K-1", owner_user_id=ana)
        with office.device(ana, "one"), office.device(ana, "two"):
            server = ServerCommand(tmp_path / "home")
            server("init", "--database", office.database.url)
            text = server("scope", "preview", "account", "move", "K-1", "--owner", "ben")
            assert "(D1, active): " in text
            assert "(D2, active): " in text


def test_only_changes_of_scope_can_be_previewed(server: ServerCommand, tmp_path: Path) -> None:
    assert "account move" in server.refused("scope", "preview", "backup", tmp_path / "b", code=2)
    assert not (tmp_path / "b").exists()


def test_a_persons_role_and_manager_can_change_and_never_in_a_circle(server: ServerCommand) -> None:
    server("user", "role", "ana", "tech")
    server("user", "manager", "ben", "ana")
    assert "reports to" in server.refused("user", "manager", "boss", "ben")
    server("user", "manager", "ben")
    rows = {row["login"]: row for row in server.json("user", "list")}
    assert (rows["ana"]["role"], rows["ben"]["manager"]) == ("tech", None)
