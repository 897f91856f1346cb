"""Northwind through the command line: every total equals one computed here from the CSV files with decimals alone.

Shares no code with the import: it reads the files and the export with the standard library.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.server_command import ServerCommand
from tests.store_suite.databases import KINDS, Databases

Rows = dict[str, list[dict[str, Any]]]
CENT = Decimal("0.01")


def source(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def imported(northwind: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[ServerCommand, Rows]:
    """A central store with Northwind in it, and its export."""
    folder = tmp_path_factory.mktemp("northwind")
    server = ServerCommand(folder / "server")
    server.set_up()
    server("import", "northwind", northwind)
    return server, server.rows(folder / "all.jsonl")


@pytest.fixture(scope="module")
def rows(imported: tuple[ServerCommand, Rows]) -> Rows:
    return imported[1]


def by_ref(rows: Rows, entity: str) -> dict[str, dict[str, Any]]:
    return {row["erp_ref"]: row for row in rows[entity]}


def goods_by_order(northwind: Path) -> dict[str, Decimal]:
    """Per order the sum of its lines, each rounded once to a cent, half away from zero."""
    goods: dict[str, Decimal] = defaultdict(Decimal)
    for line in source(northwind, "OrderDetails"):
        exact = Decimal(line["UnitPrice"]) * Decimal(line["Quantity"]) * (1 - Decimal(line["Discount"]))
        goods[line["OrderID"]] += exact.quantize(CENT, ROUND_HALF_UP)
    return goods


def assert_totals(northwind: Path, rows: Rows) -> None:
    goods = goods_by_order(northwind)
    orders = by_ref(rows, "sales_order")
    expected = {
        order["OrderID"]: (goods[order["OrderID"]], Decimal(order["Freight"]))
        for order in source(northwind, "Orders")
    }
    found = {
        ref: (Decimal(order["goods_amount"]).scaleb(-2), Decimal(order["freight_amount"]).scaleb(-2))
        for ref, order in orders.items()
    }
    assert found == expected
    assert len(found) == 830
    for order in orders.values():
        assert order["total_amount"] == order["goods_amount"] + order["freight_amount"] + order["tax_amount"]
    lines = Counter(line["order_id"] for line in rows["document_line"])
    assert sum(lines.values()) == 2155
    amounts: Counter[str] = Counter()
    for line in rows["document_line"]:
        amounts[line["order_id"]] += line["line_amount"]
    assert all(amounts[order["id"]] == order["goods_amount"] for order in orders.values())


@pytest.mark.parametrize("kind", KINDS)
def test_totals_equal_those_of_the_files_on_both_databases(
    northwind: Path, server: ServerCommand, empty_databases: Databases, tmp_path: Path, kind: str
) -> None:
    server("init", "--database", empty_databases.empty(kind))
    server("import", "northwind", northwind)
    rows = server.rows(tmp_path / "all.jsonl")
    assert_totals(northwind, rows)
    assert "sound" in server("verify")


def test_every_line_keeps_its_quantity_price_and_discount(northwind: Path, rows: Rows) -> None:
    orders = {row["id"]: row["erp_ref"] for row in rows["sales_order"]}
    products = {row["id"]: row["erp_ref"] for row in rows["product"]}
    found = Counter(
        (
            orders[line["order_id"]],
            products[line["product_id"]],
            line["qty"],
            line["unit_price"],
            line["discount_rate"],
        )
        for line in rows["document_line"]
    )
    million = 10**6
    assert found == Counter(
        (
            line["OrderID"],
            line["ProductID"],
            int(line["Quantity"]) * million,
            int(Decimal(line["UnitPrice"]) * million),
            int(Decimal(line["Discount"]) * million),
        )
        for line in source(northwind, "OrderDetails")
    )
    for order in rows["sales_order"]:
        own = sorted(line["seq"] for line in rows["document_line"] if line["order_id"] == order["id"])
        assert own == list(range(1, len(own) + 1))


def test_an_account_belongs_to_whoever_took_most_of_its_orders_and_among_equals_the_latest(
    northwind: Path, rows: Rows
) -> None:
    taken: dict[str, Counter[str]] = defaultdict(Counter)
    latest: dict[tuple[str, str], str] = {}
    for order in source(northwind, "Orders"):
        customer, employee = order["CustomerID"], order["EmployeeID"]
        taken[customer][employee] += 1
        latest[customer, employee] = max(latest.get((customer, employee), ""), order["OrderDate"])
    users = {row["id"]: row["erp_ref"] for row in rows["user"]}
    accounts = by_ref(rows, "account")
    assert len(accounts) == 93
    ties = 0
    for customer in source(northwind, "Customers"):
        key = customer["CustomerID"].strip()
        most = max(taken[key].values(), default=0)
        equals = [employee for employee, times in taken[key].items() if times == most]
        ties += len(equals) > 1
        equals.sort(key=int)
        owner = max(equals, key=lambda employee: latest[key, employee], default="2")
        assert users[accounts[key]["owner_user_id"]] == owner, key
        assert accounts[key]["name"] == customer["CompanyName"]
        assert accounts[key]["phone"] == (customer["Phone"] or None)
        assert accounts[key]["lifecycle"] == ("customer" if most else "prospect")
    assert ties == 30


def test_people_report_to_their_managers_and_cover_their_territories(northwind: Path, rows: Rows) -> None:
    users = by_ref(rows, "user")
    names = {row["id"]: row["erp_ref"] for row in rows["user"]}
    for employee in source(northwind, "Employees"):
        user = users[employee["EmployeeID"]]
        assert user["name"] == f"{employee['FirstName']} {employee['LastName']}"
        assert user["login"] == f"{employee['FirstName']}.{employee['LastName']}".lower()
        assert names.get(user["manager_id"], "") == employee["ReportsTo"]
    territories = {row["id"]: row for row in rows["territory"]}
    covered = {
        (names[row["user_id"]], territories[row["territory_id"]]["erp_ref"])
        for row in rows["territory_assignment"]
    }
    assert covered == {
        (row["EmployeeID"], row["TerritoryID"]) for row in source(northwind, "EmployeeTerritories")
    }
    regions = {row["RegionID"]: row["RegionDescription"].strip() for row in source(northwind, "Regions")}
    for territory in source(northwind, "Territories"):
        row = by_ref(rows, "territory")[territory["TerritoryID"]]
        assert territories[row["parent_id"]]["name"] == regions[territory["RegionID"]]
        assert row["path"] == f"{regions[territory['RegionID']]}/{territory['TerritoryID']}"


def test_products_carry_category_supplier_stock_and_price(northwind: Path, rows: Rows) -> None:
    categories = {row["CategoryID"]: row["CategoryName"] for row in source(northwind, "Categories")}
    suppliers = {row["SupplierID"]: row["CompanyName"] for row in source(northwind, "Suppliers")}
    stock = {row["product_id"]: row for row in rows["stock_level"]}
    prices = {row["product_id"]: row["price"] for row in rows["price_list_item"]}
    [price_list] = rows["price_list"]
    assert {row["price_list_id"] for row in rows["account"]} == {price_list["id"]}
    products = by_ref(rows, "product")
    for product in source(northwind, "Products"):
        row = products[product["ProductID"]]
        assert (row["name"], row["family"]) == (product["ProductName"], categories[product["CategoryID"]])
        assert row["supplier"] == suppliers[product["SupplierID"]]
        assert row["status"] == ("discontinued" if product["Discontinued"] == "1" else "active")
        assert stock[row["id"]]["on_hand_qty"] == int(product["UnitsInStock"]) * 10**6
        assert stock[row["id"]]["on_order_qty"] == int(product["UnitsOnOrder"]) * 10**6
        assert prices[row["id"]] == int(Decimal(product["UnitPrice"]) * 10**6)
    assert len(products) == 77


def test_every_order_ships_to_its_own_address_in_the_customers_spelling(northwind: Path, rows: Rows) -> None:
    sites = {row["id"]: row for row in rows["site"]}
    accounts = {row["id"]: row["erp_ref"] for row in rows["account"]}
    orders = by_ref(rows, "sales_order")
    for order in source(northwind, "Orders"):
        site = sites[orders[order["OrderID"]]["ship_site_id"]]
        assert accounts[site["account_id"]] == order["CustomerID"]
        assert site["kind"] == "ship"
        assert site["city"] == order["ShipCity"]
        shipped = orders[order["OrderID"]]
        assert shipped["shipped_on"] == (order["ShippedDate"][:10] or None)
        assert shipped["ordered_on"] == order["OrderDate"][:10]
        assert shipped["status"] == ("completed" if order["ShippedDate"] else "confirmed")
    streets = {(accounts[site["account_id"]], site["kind"]): site for site in rows["site"]}
    assert streets["VINET", "ship"]["street"] == "59 rue de l'Abbaye", "the order says l-Abbaye"
    assert streets["QUICK", "ship"]["postal_code"] == "01307", "the order lost the zero"
    assert streets["CHOPS", "ship"]["street"] == "Hauptstr. 31", "another address than Hauptstr. 29"
    assert sum(site["kind"] == "bill" for site in rows["site"]) == 91, "two customers have no address"


def test_every_customer_has_its_contact(northwind: Path, rows: Rows) -> None:
    contacts = by_ref(rows, "contact")
    roles = {row["contact_id"]: row for row in rows["account_contact"]}
    for customer in source(northwind, "Customers"):
        contact = contacts[customer["CustomerID"].strip()]
        name = " ".join(filter(None, [contact["given_name"], contact["family_name"]]))
        assert name == " ".join(customer["ContactName"].split())
        assert roles[contact["id"]]["role"] == customer["ContactTitle"]
        assert roles[contact["id"]]["is_primary"] is True


def test_a_rep_may_hold_her_own_accounts_only_and_the_manager_all(
    imported: tuple[ServerCommand, Rows], tmp_path: Path
) -> None:
    server, rows = imported
    nancy = next(row["id"] for row in rows["user"] if row["login"] == "nancy.davolio")
    hers = server.rows(tmp_path / "nancy.jsonl", "--user", "nancy.davolio")
    assert {row["owner_user_id"] for row in hers["account"]} == {nancy}
    assert {row["id"] for row in hers["account"]} == {
        row["id"] for row in rows["account"] if row["owner_user_id"] == nancy
    }
    his = server.rows(tmp_path / "andrew.jsonl", "--user", "andrew.fuller")
    assert {row["id"] for row in his["account"]} == {row["id"] for row in rows["account"]}
    assert len(his["document_line"]) == 2155


def test_a_second_import_changes_nothing_and_a_dry_run_changes_nothing(
    northwind: Path, server: ServerCommand, tmp_path: Path
) -> None:
    server.set_up()
    dry = server.json("import", "northwind", northwind, "--dry-run")
    assert server("export", tmp_path / "empty.jsonl").startswith("Wrote 0 records")
    first = server.json("import", "northwind", northwind, "--rejects", tmp_path / "rejects.csv")
    assert first["entities"] == dry["entities"]
    assert (tmp_path / "rejects.csv").read_text() == "file,row,column,value,problem,what_to_do\n"
    server("export", tmp_path / "first.jsonl")
    again = server.json("import", "northwind", northwind)
    assert {name: count["unchanged"] for name, count in again["entities"].items()} == {
        name: count["created"] for name, count in first["entities"].items()
    }
    server("export", tmp_path / "second.jsonl")
    assert (tmp_path / "second.jsonl").read_bytes() == (tmp_path / "first.jsonl").read_bytes()


def test_a_broken_copy_is_taken_as_far_as_it_is_sound(
    northwind: Path, server: ServerCommand, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in northwind.glob("*.csv"):
        (copy / path.name).write_bytes(path.read_bytes())
    orders = (copy / "OrderDetails.csv").read_text(encoding="utf-8").splitlines()
    orders[1] = orders[1].replace("14", "14,00", 1)
    orders[2] = "10248,999,9.8,10,0.0"
    orders[3] = orders[3].rsplit(",", 1)[0] + ",15 %"
    (copy / "OrderDetails.csv").write_text("\n".join(orders), encoding="utf-8")
    server.set_up()
    sentence = server.refused("import", "northwind", copy, "--rejects", tmp_path / "rejects.csv")
    assert sentence.endswith(
        f"3 rows were not taken; everything else was. All are in {tmp_path / 'rejects.csv'}."
    )
    with (tmp_path / "rejects.csv").open(encoding="utf-8", newline="") as file:
        found = {(row["file"], row["row"], row["column"], row["value"]) for row in csv.DictReader(file)}
    assert found == {
        ("OrderDetails.csv", "2", "", "10248,11,14,00,12,0.0"),
        ("OrderDetails.csv", "3", "ProductID", "999"),
        ("OrderDetails.csv", "4", "Discount", "15 %"),
    }
    assert server("verify") == "The central store is sound.\n"
    (copy / "Products.csv").unlink()
    assert "has no Products.csv" in server.refused("import", "northwind", copy)


def broken_copy(northwind: Path, folder: Path, name: str, row: int, old: str, new: str) -> Path:
    """A copy of the files, one of them spoilt in one row."""
    folder.mkdir()
    for path in northwind.glob("*.csv"):
        (folder / path.name).write_bytes(path.read_bytes())
    lines = (folder / name).read_text(encoding="utf-8").split("\n")
    assert old in lines[row - 1], lines[row - 1]
    lines[row - 1] = lines[row - 1].replace(old, new, 1)
    (folder / name).write_text("\n".join(lines), encoding="utf-8")
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_a_broken_copy_takes_nothing_off_the_records_that_are_there(
    northwind: Path, server: ServerCommand, empty_databases: Databases, tmp_path: Path, kind: str
) -> None:
    server("init", "--database", empty_databases.empty(kind))
    server("import", "northwind", northwind)
    server("export", tmp_path / "before.jsonl")
    before = (tmp_path / "before.jsonl").read_bytes()

    quote = broken_copy(northwind, tmp_path / "quote", "Customers.csv", 4, "ANTON,", 'ANTON,"')
    sentence = server.refused("import", "northwind", quote)
    assert sentence.startswith("Customers.csv, row 4: A quotation mark opens in this row and is never closed")
    server("export", tmp_path / "quote.jsonl")
    assert (tmp_path / "quote.jsonl").read_bytes() == before

    spoilt = [
        broken_copy(northwind, tmp_path / "name", "Customers.csv", 2, "Alfreds", "Alf\0reds"),
        broken_copy(northwind, tmp_path / "day", "Orders.csv", 2, "1996", "19\x0096"),
        broken_copy(northwind, tmp_path / "line", "OrderDetails.csv", 2, "10248,11", "10248,1\x001"),
    ]
    for folder in spoilt:
        server.refused("import", "northwind", folder, "--rejects", tmp_path / "rejects.csv")
        server("export", tmp_path / "after.jsonl")
        assert (tmp_path / "after.jsonl").read_bytes() == before, folder.name


@pytest.mark.parametrize("kind", KINDS)
def test_an_order_that_cannot_be_read_keeps_back_itself_and_its_lines_alone(
    northwind: Path,
    server: ServerCommand,
    empty_databases: Databases,
    imported: tuple[ServerCommand, Rows],
    tmp_path: Path,
    kind: str,
) -> None:
    server("init", "--database", empty_databases.empty(kind))
    folder = broken_copy(northwind, tmp_path / "broken", "Orders.csv", 2, "1996", "19\x0096")
    server.refused("import", "northwind", folder, "--rejects", tmp_path / "rejects.csv")
    with (tmp_path / "rejects.csv").open(encoding="utf-8", newline="") as file:
        found = Counter(row["file"] for row in csv.DictReader(file))
    lines = sum(line["OrderID"] == "10248" for line in source(northwind, "OrderDetails"))
    assert found["OrderDetails.csv"] == lines
    assert set(found) == {"Orders.csv", "OrderDetails.csv"}
    rows = server.rows(tmp_path / "all.jsonl")
    ids = {name: {row["id"] for row in rows[name]} for name in rows}
    for entity, wanted in imported[1].items():
        missing = {row.get("erp_ref") for row in wanted if row["id"] not in ids[entity]}
        assert len(missing) == {"sales_order": 1, "document_line": lines}.get(entity, 0), (entity, missing)
    ordered = {order["CustomerID"] for order in source(northwind, "Orders")}
    for ref, account in by_ref(rows, "account").items():
        assert account["lifecycle"] == ("customer" if ref in ordered else "prospect"), ref


def test_what_a_broken_row_left_out_or_in_doubt_comes_with_the_repaired_files(
    northwind: Path, server: ServerCommand, imported: tuple[ServerCommand, Rows], tmp_path: Path
) -> None:
    server.set_up()
    for at, (name, old) in enumerate((("Orders", "1996"), ("OrderDetails", "10248,11"))):
        folder = broken_copy(northwind, tmp_path / str(at), f"{name}.csv", 2, old, old + "\0")
        server.refused("import", "northwind", folder)
    server("import", "northwind", northwind)
    rows = server.rows(tmp_path / "all.jsonl")
    given = (
        "erp_ref",
        "lifecycle",
        "owner_user_id",
        "seq",
        "order_id",
        "status",
        "line_amount",
        "total_amount",
    )
    for entity, wanted in imported[1].items():
        found = {row["id"]: [row.get(name) for name in given] for row in rows[entity]}
        assert found == {row["id"]: [row.get(name) for name in given] for row in wanted}, entity
