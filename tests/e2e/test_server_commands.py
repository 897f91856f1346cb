"""Administration by command line: what each command does, what it prints to be parsed, and how it refuses."""

from __future__ import annotations

import json
import os
import re
import stat
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from fieldrep.contract.ids import id_text
from fieldrep.contract.messages import PROTOCOL_VERSION, EnrollRequest
from sync_server.store.database import Database
from sync_server.store.devices.credentials import admit, identify
from tests.e2e.server_command import ServerCommand


@pytest.fixture
def server(tmp_path: Path) -> ServerCommand:
    return ServerCommand(tmp_path / "server")


ACCOUNTS = "key,name,number,owner_user_key\n1,Corner Shop,K-1,id:{owner}\n2,Harbour Inn,K-2,\n"


@pytest.fixture
def company(server: ServerCommand, tmp_path: Path) -> ServerCommand:
    """A store with two people, their manager and two accounts, one of them owned."""
    server.set_up()
    server("user", "add", "boss", "--role", "manager")
    ana = server.json("user", "add", "ana.berg", "--manager", "boss", "--email", "ana@firm.example")
    server("user", "add", "ben.vos", "--name", "Ben Vos")
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "account.csv").write_text(ACCOUNTS.format(owner=ana["id"]))
    server("import", "fieldrep", folder)
    return server


@pytest.fixture
def store(company: ServerCommand) -> Iterator[Database]:
    database = opened(company)
    yield database
    database.close()


def held(server: ServerCommand, login: str, tmp_path: Path) -> set[str]:
    """The names of the accounts a person may hold."""
    rows = server.rows(tmp_path / "held.jsonl", "--user", login)
    return {row["name"] for row in rows.get("account", [])}


def test_without_a_store_every_command_says_how_to_make_one(server: ServerCommand, tmp_path: Path) -> None:
    for words in (["user", "list"], ["verify"], ["export", str(tmp_path / "x")], ["demo-company"], ["serve"]):
        assert "fieldrep-server init" in server.refused(*words)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes of this kind")
def test_the_data_folder_is_its_owners_alone(tmp_path: Path) -> None:
    company = ServerCommand(tmp_path / "server")
    company.set_up()
    company("user", "add", "ana.berg")
    assert stat.S_IMODE(company.home.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in company.home.iterdir()} == {0}


def test_people_are_added_listed_and_disabled(company: ServerCommand) -> None:
    people = {person["login"]: person for person in company.json("user", "list")}
    assert (people["ana.berg"]["name"], people["ana.berg"]["manager"]) == ("Ana Berg", "boss")
    assert "already" in company.refused("user", "add", "ana.berg")
    assert "no user “nobody”" in company.refused("user", "add", "new", "--manager", "nobody")
    said = company("user", "disable", "ben.vos")
    assert "from its next request on. What a device holds stays on it" in said
    assert company.json("user", "list")[1]["active"] is False
    assert "disabled already" in company("user", "disable", "ben.vos")
    assert re.search(r"^ben\.vos +Ben Vos +rep +- +- +no ", company("user", "list"), re.MULTILINE)


def test_a_person_has_a_time_zone_of_his_own_or_that_of_the_laptop(company: ServerCommand) -> None:
    company("user", "add", "kim", "--zone", "America/New_York")
    zones = {person["login"]: person["zone"] for person in company.json("user", "list")}
    assert (zones["kim"], zones["ana.berg"]) == ("America/New_York", None)
    assert "those of Europe/Berlin" in company("user", "zone", "kim", "Europe/Berlin")
    assert "like Europe/Amsterdam" in company.refused("user", "zone", "kim", "Mars/Base")
    assert "those of the laptop" in company("user", "zone", "kim")
    assert "that time zone already" in company("user", "zone", "kim")


def test_an_account_moves_to_another_owner_and_the_manager_keeps_it(
    company: ServerCommand, tmp_path: Path
) -> None:
    assert held(company, "ana.berg", tmp_path) == held(company, "boss", tmp_path) == {"Corner Shop"}
    company("account", "move", "K-1", "--owner", "ben.vos")
    company("account", "move", "K-2", "--owner", "ana.berg")
    assert held(company, "ben.vos", tmp_path) == {"Corner Shop"}
    assert held(company, "ana.berg", tmp_path) == held(company, "boss", tmp_path) == {"Harbour Inn"}
    assert "no account “K-9”" in company.refused("account", "move", "K-9", "--owner", "ben.vos")
    assert "Name the new owner" in company.refused("account", "move", "K-1", code=2)


def test_a_territory_gives_its_accounts_to_whoever_covers_it_or_one_above(
    company: ServerCommand, tmp_path: Path
) -> None:
    company("territory", "add", "NL", "--name", "Netherlands")
    company("territory", "add", "NH", "--parent", "NL")
    company("account", "move", "K-2", "--territory", "NH")
    company("territory", "assign", "NL", "ben.vos", "--kind", "cover", "--to", "2999-12-31")
    assert held(company, "ben.vos", tmp_path) == {"Harbour Inn"}
    listed = {territory["code"]: territory for territory in company.json("territory", "list")}
    assert listed["NH"]["path"] == "NL/NH"
    ben = {"login": "ben.vos", "kind": "cover", "from": None, "to": "2999-12-31"}
    assert (listed["NL"]["covered_by"], listed["NH"]["covered_by"]) == ([ben], [])
    assert "ben.vos (cover to 2999-12-31)" in company("territory", "list")
    company("territory", "unassign", "NL", "ben.vos")
    assert held(company, "ben.vos", tmp_path) == set()
    assert "not assigned" in company("territory", "unassign", "NL", "ben.vos")
    assert "no territory “XX”" in company.refused("territory", "assign", "XX", "ben.vos")


def link_parts(text: str) -> dict[str, str]:
    parts = urlsplit(text.strip())
    assert (parts.scheme, parts.netloc) == ("fieldrep", "enroll")
    return {name: values[0] for name, values in parse_qs(parts.query).items()}


def request_for(code: str) -> EnrollRequest:
    return EnrollRequest(code, "Ana's laptop", "Linux 6", "1.0", PROTOCOL_VERSION, b"k" * 32)


def test_a_link_admits_one_device_which_is_listed_and_can_be_withdrawn(
    company: ServerCommand, store: Database
) -> None:
    assert "ana.berg has no device yet" in company("device", "list", "--user", "ana.berg")
    assert "There is no user “ghost”" in company.refused("device", "list", "--user", "ghost")
    link = link_parts(company("enroll", "ana.berg", "--server", "https://sync.firm.example/"))
    assert link["server"] == "https://sync.firm.example"
    store.clock = lambda: int(company.home.stat().st_mtime * 1000)
    reply = admit(store, request_for(link["code"]))
    [device] = company.json("device", "list", "--user", "ana.berg")
    assert (device["id"], device["name"], device["state"]) == (
        id_text(reply.device_id),
        "Ana's laptop",
        "active",
    )
    assert identify(store, reply.token) is not None
    said = company("device", "revoke", device["id"], "--reason", "stolen")
    assert "nothing from its next request on" in said
    assert "stays on it, encrypted, and can be read by whoever can use it until it is wiped" in said
    assert "reaches you only once it is enrolled again with a new link" in said
    assert identify(store, reply.token) is None
    assert company.json("device", "list")[0]["state"] == "withdrawn"
    assert "withdrawn already" in company("device", "revoke", device["id"])
    for named in (device["number_prefix"], device["name"], "d1", "ANA'S LAPTOP"):
        assert "withdrawn already" in company("device", "revoke", named)
    assert "There is no device “7”" in company.refused("device", "revoke", "7")
    assert "no such device" in company.refused("device", "revoke", id_text(bytes(16)))


def test_a_link_names_loopback_until_the_server_has_served_elsewhere(company: ServerCommand) -> None:
    assert link_parts(company.json("enroll", "ana.berg")["link"])["server"] == "http://127.0.0.1:8765"
    assert "though no server has run here yet" in company.finish("enroll", "ana.berg").stderr
    chosen = company.finish("enroll", "ana.berg", "--server", "https://sync.firm.example").stderr
    assert "It leads to" not in chosen, "who names the address knows it"
    assert "no user “nobody”" in company.refused("enroll", "nobody")
    assert "is no address" in company.refused("enroll", "ana.berg", "--server", "sync.firm.example", code=2)
    company.refused("enroll", "ana.berg", "--minutes", "11", code=2)


def test_a_backup_brings_back_what_was_there_under_a_new_epoch(
    company: ServerCommand, tmp_path: Path
) -> None:
    company("export", tmp_path / "before.jsonl")
    before = epoch(company)
    company("backup", tmp_path / "central.backup")
    assert "there already" in company.refused("backup", tmp_path / "central.backup")
    company("user", "add", "late.comer")
    told = company("restore", tmp_path / "central.backup", "--check")
    assert "is sound. It holds the central store at revision" in told
    assert "last changed 20" in told
    assert "late.comer" in company("user", "list"), "nothing was restored"
    company("restore", tmp_path / "central.backup")
    company("export", tmp_path / "after.jsonl")
    assert (tmp_path / "after.jsonl").read_bytes() == (tmp_path / "before.jsonl").read_bytes()
    assert epoch(company) != before
    (tmp_path / "no.backup").write_text("hello")
    for words in ((), ("--check",)):
        assert "is no backup" in company.refused("restore", tmp_path / "no.backup", *words)
    assert company.json("user", "list")[0]["login"] == "ana.berg", "the store is as it was"
    company.refused("restore", tmp_path / "missing", code=2)


def test_nothing_is_written_over_the_store_its_backup_or_what_the_server_remembers(
    company: ServerCommand, tmp_path: Path
) -> None:
    company("backup", tmp_path / "kept")
    company("init", "--database", f"sqlite:///{company.home / 'central.db'}")
    store, remembered = company.home / "central.db", company.home / "server.json"
    for file in (store, tmp_path / "kept", remembered):
        before = file.read_bytes()
        for words in (("export", file), ("import", "fieldrep", tmp_path / "files", "--rejects", file)):
            assert "Name another file" in company.refused(*words), words
        assert file.read_bytes() == before
    for _ in range(2):
        company("export", tmp_path / "again.jsonl")
    assert company.json("verify")["sound"]


def opened(server: ServerCommand) -> Database:
    return Database.open(server.url, lambda: 1_900_000_000_000, os.urandom)


def epoch(server: ServerCommand) -> bytes:
    with closing(opened(server)) as database:
        return database.info().epoch


def test_verify_names_an_altered_row(company: ServerCommand) -> None:
    assert company.json("verify") == {"sound": True, "faults": []}
    with closing(opened(company)) as database, database.beside() as session:
        session.run("UPDATE account SET name = 'Somebody else' WHERE number = 'K-1'")
    sentence = company.refused("verify")
    assert sentence.startswith("Account ")
    assert "altered outside FieldRep" in sentence
    assert sentence.endswith("for whoever looks into it.")
    faults = json.loads(company("verify", "--json", code=1))
    assert faults["sound"] is False
    assert faults["faults"]


def test_a_file_that_was_not_read_to_its_end_imports_nothing_and_names_the_row(
    company: ServerCommand, tmp_path: Path
) -> None:
    rows = 'key,name\n3,Elm Deli\n4\n5,"Oak Deli\n6,Ash Deli\n7,Fir Deli\n'
    (tmp_path / "files" / "account.csv").write_text(rows)
    words = ("import", "fieldrep", tmp_path / "files")
    for more in ((), ("--dry-run",)):
        sentence = company.refused(*words, *more, "--rejects", tmp_path / "rejects.csv")
        assert sentence.startswith(
            "account.csv, row 4: A quotation mark opens in this row and is never closed"
        )
        assert sentence.endswith("Nothing was imported.")
    assert not (tmp_path / "rejects.csv").exists()


def test_a_dry_run_with_rejects_says_what_would_be_and_not_that_anything_was_taken(
    company: ServerCommand, tmp_path: Path
) -> None:
    company("export", tmp_path / "before.jsonl")
    (tmp_path / "files" / "account.csv").write_text("key,name\n1,Corner Store\n3,Elm Deli\n4,\n")
    words = ("import", "fieldrep", tmp_path / "files")
    dry = company.finish(*words, "--dry-run")
    assert dry.returncode == 1
    assert dry.stdout == (
        "account: 1 would be created, 1 would be updated, 1 would be rejected\n"
        "This was a dry run: nothing was changed.\n"
    )
    assert "1 row would not be taken; everything else would be. Name a file" in dry.stderr
    company("export", tmp_path / "after.jsonl")
    assert (tmp_path / "after.jsonl").read_bytes() == (tmp_path / "before.jsonl").read_bytes()
    made = company.finish(*words)
    assert made.stdout == "account: 1 created, 1 updated, 1 rejected\n"
    assert "1 row was not taken; everything else was. Name a file" in made.stderr


def test_an_export_that_cannot_be_written_is_a_sentence(company: ServerCommand, tmp_path: Path) -> None:
    assert "cannot be written" in company.refused("export", tmp_path / "nowhere" / "x.jsonl")
    assert "no user “nobody”" in company.refused("export", tmp_path / "x.jsonl", "--user", "nobody")
    assert not (tmp_path / "x.jsonl").exists()


def test_wrong_usage_ends_with_2_and_a_wrong_address_names_the_right_forms(server: ServerCommand) -> None:
    server.refused("bogus", code=2)
    server.refused("user", "add", code=2)
    assert "sqlite:///path" in server.refused("init", "--database", "mysql://x", code=2)


def test_the_store_may_lie_elsewhere_and_later_commands_find_it(
    server: ServerCommand, tmp_path: Path
) -> None:
    server("init", "--database", f"sqlite:///{tmp_path / 'other.db'}")
    server("user", "add", "ana.berg")
    assert (tmp_path / "other.db").exists()
    assert not (server.home / "central.db").exists()
    assert [person["login"] for person in server.json("user", "list")] == ["ana.berg"]


def test_the_demo_company_is_made_once(server: ServerCommand) -> None:
    server.set_up()
    said = server("demo-company", "--seed", "3", "--today", "2026-03-02")
    assert "2,000 accounts" in said
    assert "anke.visser" in said
    assert "nothing was changed" in server("demo-company", "--seed", "3")
    assert "holds records already" in server.refused("demo-company", "--seed", "4")
    assert server("verify") == "The central store is sound.\n"


def test_templates_are_written_and_a_broken_folder_is_a_sentence(
    company: ServerCommand, tmp_path: Path
) -> None:
    assert "17 templates" in company("import-templates", tmp_path / "templates")
    assert "is there already" in company.refused("import-templates", tmp_path / "templates")
    company("import", "fieldrep", tmp_path / "templates")
    assert "cannot be read" in company.refused("import", "fieldrep", tmp_path / "nowhere")
    assert "no profile “nope”" in company.refused("import", "nope", tmp_path)
