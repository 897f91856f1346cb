"""Commands a script may give again: what is so already is no failure, and every one tells what it changed as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.server_command import ServerCommand
from tests.helpers.served import served
from tests.store_suite.databases import KINDS, Databases

ACCOUNTS = "key,name,number,owner_user_key\n1,Corner Shop,K-1,id:{owner}\n"


@pytest.fixture(params=KINDS)
def company(
    request: pytest.FixtureRequest, empty_databases: Databases, tmp_path: Path
) -> Iterator[ServerCommand]:
    """A store with two people, a territory and an account of the first."""
    made = ServerCommand(tmp_path / "server")
    made("init", "--database", empty_databases.empty(request.param))
    ana = made.json("user", "add", "ana")
    made("user", "add", "ben")
    made("territory", "add", "NB", "--name", "Brabant")
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "account.csv").write_text(ACCOUNTS.format(owner=ana["id"]), encoding="utf-8")
    made("import", "fieldrep", folder)
    return made


MOVED = ("account", "move", "K-1", "--owner", "ben", "--territory", "NB")
ASSIGNED = ("territory", "assign", "NB", "ben", "--kind", "cover", "--from", "2026-12-01")
SAID_AGAIN = (
    (ASSIGNED, "“ben” covers Brabant already.", {"login": "ben", "from": "2026-12-01", "to": None}),
    (MOVED, "Corner Shop is there already; nothing was moved.", {"owner": "ben", "territory": "NB"}),
    (("territory", "unassign", "NB", "ben"), "“ben” is not assigned to Brabant.", {"code": "NB"}),
    (("user", "disable", "ben"), "“ben” is disabled already.", {"login": "ben", "active": False}),
    (("user", "enable", "ben"), "“ben” is not disabled.", {"login": "ben", "active": True}),
    (("user", "role", "ben", "tech"), "“ben” is tech already.", {"role": "tech"}),
    (("user", "manager", "ben", "ana"), "“ben” reports there already.", {"manager": "ana"}),
    (("user", "zone", "ben", "Asia/Tokyo"), "“ben” has that time zone already.", {"zone": "Asia/Tokyo"}),
)


def test_a_command_given_again_ends_well_and_says_that_it_is_so_already(company: ServerCommand) -> None:
    for words, sentence, result in SAID_AGAIN:
        first = company.json(*words)
        assert first["changed"] is True, words
        assert first.items() >= result.items()
        before = company.json("user", "list"), company.json("territory", "list")
        assert company.json(*words) == {**first, "changed": False}
        assert company(*words) == f"{sentence}\n"
        assert (company.json("user", "list"), company.json("territory", "list")) == before
        assert "no user “nobody”" in company.refused(*("nobody" if w == "ben" else w for w in words))


def test_a_moved_account_is_told_as_it_now_is(company: ServerCommand) -> None:
    moved = company.json("account", "move", "K-1", "--territory", "NB")
    named = {"name": "Corner Shop", "owner": "ana", "territory": "NB"}
    assert moved == {"changed": True, "id": moved["id"], **named}
    assert company("account", "move", moved["id"], "--owner", "ben") == "Corner Shop now belongs to ben.\n"
    [row] = company.rows(company.home / "all.jsonl")["account"]
    assert row["id"] == moved["id"]


def test_nothing_is_given_to_somebody_who_is_disabled_nor_previewed(company: ServerCommand) -> None:
    company("user", "disable", "ben")
    before = company.rows(company.home / "before.jsonl")
    for words in (MOVED, ASSIGNED):
        for preview in ((), ("scope", "preview")):
            sentence = company.refused(*preview, *words)
            assert "“ben” is disabled; fieldrep-server user enable ben" in sentence
    assert company.rows(company.home / "after.jsonl") == before
    company("account", "move", "K-1", "--territory", "NB")
    company("user", "enable", "ben")
    company(*MOVED)
    company(*ASSIGNED)


def test_a_preview_of_what_is_so_already_is_no_failure_and_takes_json_behind_the_change_as_well(
    company: ServerCommand,
) -> None:
    told = company.json("scope", "preview", *MOVED)
    assert [one["login"] for one in told["people"]] == ["ana", "ben"]
    assert json.loads(company("scope", "preview", "--json", *MOVED)) == told
    company(*MOVED)
    assert "nothing was moved" in company("scope", "preview", *MOVED)
    assert company.json("scope", "preview", *MOVED)["people"] == []


def test_a_device_withdrawn_twice_is_withdrawn(tmp_path: Path) -> None:
    with served(tmp_path) as office, office.device(office.make("user", login="ana", name="Ana"), "one"):
        server = ServerCommand(tmp_path / "home")
        server("init", "--database", office.database.url)
        [device] = server.json("device", "list")
        words = ("device", "revoke", device["id"])
        withdrawn = {"changed": True, "id": device["id"], "state": "withdrawn"}
        assert server.json(*words) == withdrawn
        assert server.json(*words) == {**withdrawn, "changed": False}
        assert server(*words) == "This device is withdrawn already.\n"
        assert "no such device" in server.refused("device", "revoke", "00000000-0000-7000-8000-000000000000")
