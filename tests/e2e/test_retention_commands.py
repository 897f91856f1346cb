"""Retention by command line: the rules, what an admin says of them, and a tidying that tells what it did."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.server_command import ServerCommand


@pytest.fixture
def server(tmp_path: Path) -> ServerCommand:
    made = ServerCommand(tmp_path / "server")
    made.set_up()
    return made


def test_the_rules_are_listed_and_an_admin_changes_one(server: ServerCommand) -> None:
    before = {rule["rule"]: rule["days"] for rule in server.json("retention", "show")}
    assert (before["archived"], before["tombstones"], before["audit"]) == (365, 180, 730)

    assert "1000 days" in server("retention", "set", "audit", "1000")

    after = {rule["rule"]: rule["days"] for rule in server.json("retention", "show")}
    assert after == before | {"audit": 1000}


def test_a_rule_nobody_knows_is_refused_by_name(server: ServerCommand) -> None:
    refused = server.refused("retention", "set", "everything", "30")
    assert "There are: archived" in refused


def test_tidying_tells_what_it_let_go_of(server: ServerCommand) -> None:
    assert server.json("tidy") == {"purged": 0, "dropped": {}}
    assert "Purged 0 records." in server("tidy")
