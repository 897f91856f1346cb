"""Duplicates and merges by command line: what an import raises, what a merge does and says, and taking it back."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.server_command import ServerCommand

ACCOUNTS = """key,name,number,phone,email,owner_user_key
1,Corner Shop,K-1,030 123 45 67,,id:{ana}
2,"Corner Shop, Ltd.",K-2,030 1234567,shop@corner.example,id:{ben}
3,Harbour Inn,K-3,,,id:{ben}
"""
ORDERS = "key,account_key,currency,status,number_official\no1,1,EUR,confirmed,A-1\no2,2,EUR,confirmed,A-2\n"
SITES = "key,account_key,kind,city\ns1,1,bill,Kiel\ns2,2,bill,Kiel\n"


class Company:
    """Two reps with a customer each that are one, as the ERP lists them."""

    def __init__(self, folder: Path) -> None:
        self.server = ServerCommand(folder / "server")
        self.files = folder / "files"
        self.files.mkdir()
        self.folder = folder
        self.server.set_up()
        ana, ben = (self.server.json("user", "add", login)["id"] for login in ("ana", "ben"))
        self.write("account", ACCOUNTS.format(ana=ana, ben=ben))
        self.write("sales_order", ORDERS)
        self.write("site", SITES)
        self.load()

    def write(self, name: str, text: str) -> None:
        (self.files / f"{name}.csv").write_text(text)

    def load(self) -> Any:
        return self.server.json("import", "fieldrep", self.files)

    def rows(self, entity: str, *words: str) -> list[dict[str, Any]]:
        name = "-".join(("rows", entity, *words)) + f"{len(list(self.folder.iterdir()))}.jsonl"
        found: list[dict[str, Any]] = self.server.rows(self.folder / name, *words).get(entity, [])
        return found

    def account(self, number: str) -> dict[str, Any]:
        return next(row for row in self.rows("account") if row["number"] == number)


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path)


def test_an_import_raises_the_pairs_that_look_alike_once(company: Company) -> None:
    (pair,) = company.server.json("duplicates", "list")
    assert (pair["one"], pair["other"], pair["score"]) in {
        ("Corner Shop", "Corner Shop, Ltd.", 99),
        ("Corner Shop, Ltd.", "Corner Shop", 99),
    }
    assert pair["why"] == "Same name, same city; Same phone number"
    company.load()
    assert len(company.server.json("duplicates", "list")) == 1
    assert "Corner Shop" in company.server("duplicates", "list")


def test_a_merge_is_previewed_done_and_taken_back(company: Company) -> None:
    before = company.rows("account"), company.rows("sales_order"), company.rows("site")
    told = company.server.json("merge", "K-1", "K-2", "--preview")
    assert (told["done"], told["follow"]) == (False, {"site": 1, "sales_order": 1})
    assert told["no_longer_held_by"] == ["ben"]
    assert {one["field"]: one["from"] for one in told["fields"]}["email"] == "merged"
    assert company.rows("account") == before[0], "a preview changes nothing"
    words = company.server("merge", "K-1", "K-2", "--preview")
    assert "would become part of Corner Shop" in words
    assert "1 order" in words
    assert "Owner: “Ana” (survivor, not “Ben”)" in words
    assert "Email: “shop@corner.example” (merged)" in words
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-|[{}\[\]]", words), "no ids, and no signs of JSON"
    done = company.server.json("merge", "K-1", "K-2", "--take", "phone")
    assert {**told, "done": True, "fields": []} == {**done, "fields": []}
    row, stub = company.account("K-1"), company.account("K-2")
    assert (row["email"], row["phone"]) == ("shop@corner.example", "030 1234567")
    assert (stub["archived"], stub["merged_into_id"]) == (True, row["id"])
    assert {order["account_id"] for order in company.rows("sales_order")} == {row["id"]}
    assert company.server.json("duplicates", "list") == []
    assert [pair["status"] for pair in company.server.json("duplicates", "list", "--all")] == ["merged"]
    assert [one["name"] for one in company.rows("account", "--user", "ben")] == ["Harbour Inn"]
    company.server("verify")
    assert company.server.json("unmerge", "K-2", "--preview")["done"] is False
    assert company.account("K-2")["archived"] is True
    assert company.server.json("unmerge", "K-2")["back"] == {"site": 1, "sales_order": 1}
    now = company.rows("account"), company.rows("sales_order"), company.rows("site")
    assert _without_revisions(now) == _without_revisions(before)
    company.server("verify")


def test_undoing_a_merge_names_what_was_entered_meanwhile_and_stays(company: Company) -> None:
    company.server("merge", "K-1", "K-2")
    accounts = (company.files / "account.csv").read_text()
    company.write("account", accounts.replace("1,Corner Shop,", "1,Corner Store,"))
    assert company.load()["rejects"] == 0
    words = company.server("unmerge", "K-2", "--preview")
    assert "Entered since the merge, and staying with Corner Store: Name." in words
    assert company.server.json("unmerge", "K-2")["stay_fields"] == ["name"]


def _without_revisions(tables: tuple[list[dict[str, Any]], ...]) -> list[list[dict[str, Any]]]:
    return [[{n: v for n, v in row.items() if n != "revision"} for row in rows] for rows in tables]


def test_an_import_brings_what_belongs_to_the_merged_record_to_the_survivor(company: Company) -> None:
    company.server("merge", "K-1", "K-2")
    company.write("sales_order", ORDERS + "o3,2,EUR,confirmed,A-3\n")
    company.write(
        "account", (company.files / "account.csv").read_text().replace("Corner Shop, Ltd.", "Corner GmbH")
    )
    report = company.load()
    assert report["rejects"] == 0, report
    assert {order["account_id"] for order in company.rows("sales_order")} == {company.account("K-1")["id"]}
    assert company.account("K-2")["name"] == "Corner GmbH", (
        "what the ERP says of the merged record stays with it"
    )
    assert company.account("K-1")["name"] == "Corner Shop"
    company.server("verify")


def test_what_cannot_be_merged_or_taken_back_says_why(company: Company) -> None:
    assert "no account “K-9”" in company.server.refused("merge", "K-1", "K-9")
    assert "one record already" in company.server.refused("merge", "K-1", "K-1")
    assert "cannot be taken" in company.server.refused("merge", "K-1", "K-2", "--take", "owner_user_id")
    assert "not merged" in company.server.refused("unmerge", "K-2")
    company.server("merge", "K-1", "K-2")
    assert "one record already" in company.server.refused("merge", "K-2", "K-1")
    assert "merged into another account" in company.server.refused("account", "move", "K-2", "--owner", "ben")
    company.server("merge", "K-3", "K-1")
    assert "Undo that merge first" in company.server.refused("unmerge", "K-2")
