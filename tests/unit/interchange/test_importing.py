"""An import as a whole: what it creates, what it leaves alone, and what it rejects with place, value and advice."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import NO_ROW
from fieldrep.domain.money import line_amount
from sync_server.interchange.loading import Loader
from sync_server.interchange.records import Record
from sync_server.interchange.templates import write_templates
from tests.unit.interchange.folder import Folder


def counts(report: object) -> dict[str, tuple[int, int, int, int]]:
    found = report.counts  # type: ignore[attr-defined]
    return {name: (c.created, c.updated, c.unchanged, c.rejected) for name, c in found.items()}


def test_references_defaults_and_keys_arrive(two_accounts: Folder) -> None:
    assert counts(two_accounts.load()) == {"user": (1, 0, 0, 0), "account": (2, 0, 0, 0)}
    shop, inn = two_accounts.rows("account")
    [user] = two_accounts.rows("user")
    assert (shop["name"], shop["phone"], shop["tier"]) == ("Corner Shop", "030 1", "key")
    assert shop["owner_user_id"] == user["id"]
    assert (inn["tier"], inn["currency"], inn["erp_ref"]) == ("standard", "EUR", "a2")


def test_a_second_run_changes_nothing_not_even_a_revision(two_accounts: Folder) -> None:
    two_accounts.load()
    before = (two_accounts.rows("account"), two_accounts.store.info())
    assert counts(two_accounts.load()) == {"user": (0, 0, 1, 0), "account": (0, 0, 2, 0)}
    assert (two_accounts.rows("account"), two_accounts.store.info()) == before


def test_what_people_changed_stays_until_the_source_itself_changes_it(two_accounts: Folder) -> None:
    two_accounts.load()
    two_accounts.edit("account", "a1", phone="030 999", name="Corner Shop & Sons")
    assert counts(two_accounts.load())["account"] == (0, 0, 2, 0)
    assert two_accounts.row("account", "a1")["phone"] == "030 999"

    two_accounts.write("account.csv", "key,name,phone\na1,Corner Shop,030 777\n")
    assert counts(two_accounts.load())["account"] == (0, 1, 0, 0)
    shop = two_accounts.row("account", "a1")
    assert (shop["phone"], shop["name"]) == ("030 777", "Corner Shop & Sons")
    assert shop["owner_user_id"] is not None, "a column that is not in the file is not spoken of"


@pytest.mark.parametrize("file", ["user.csv", "account.csv"])
def test_a_file_that_cannot_be_read_to_its_end_stops_the_import_before_anything_is_written(
    two_accounts: Folder, file: str
) -> None:
    two_accounts.load()
    before = (two_accounts.rows("account"), two_accounts.rows("user"), two_accounts.store.info())
    content = (two_accounts.path / file).read_text().splitlines()
    two_accounts.write(file, "\n".join([content[0], 'zz,"Oak Deli', *content[1:], ""]))
    with pytest.raises(KnownError) as caught:
        two_accounts.load()
    assert caught.value.code is Code.IMPORT_INVALID
    assert f"{file}, row 2: A quotation mark opens in this row and is never closed" in caught.value.sentence
    assert caught.value.sentence.endswith("Close the quotation mark and import again. Nothing was imported.")
    assert (two_accounts.rows("account"), two_accounts.rows("user"), two_accounts.store.info()) == before


def test_a_dry_run_says_the_same_and_changes_nothing(two_accounts: Folder) -> None:
    before = two_accounts.store.info()
    dry = two_accounts.load(dry_run=True)
    assert two_accounts.rows("account") == []
    assert two_accounts.store.info() == before
    assert counts(dry) == counts(two_accounts.load())


@pytest.mark.parametrize("transaction", [1, 3, 10_000])
def test_orders_carry_the_exact_sum_of_their_lines_however_the_transactions_fall(
    two_accounts: Folder, transaction: int
) -> None:
    orders = [f"o{n},a1,EUR,completed,12.50\n" for n in range(7)]
    lines = [(f"l{n}", f"o{n % 7}", n // 7 + 1, 3 + n % 4, f"{n}.335", f"0.{n % 9}5") for n in range(40)]
    two_accounts.write(
        "sales_order.csv", "key,account_key,currency,status,freight_amount\n" + "".join(orders)
    )
    two_accounts.write(
        "document_line.csv",
        "key,order_key,seq,qty,unit_price,discount_rate\n"
        + "".join(",".join(map(str, x)) + "\n" for x in lines),
    )
    assert two_accounts.load(transaction=transaction).rejects == 0
    for order in two_accounts.rows("sales_order"):
        own = [line for line in lines if line[1] == order["erp_ref"]]
        goods = sum(
            line_amount(qty * 10**6, round(float(price) * 10**6), round(float(off) * 10**6), "EUR")
            for *_, qty, price, off in own
        )
        assert (order["goods_amount"], order["total_amount"]) == (goods, goods + 1250)
    assert {line["account_id"] for line in two_accounts.rows("document_line")} == {
        two_accounts.row("account", "a1")["id"]
    }

    two_accounts.write("document_line.csv", "key,order_key,seq,qty,unit_price\nl0,o0,1,1,10\nl7,o0,2,0,9\n")
    before = two_accounts.row("sales_order", "o0")["goods_amount"]
    two_accounts.load(transaction=transaction)
    gone = sum(
        line_amount(q * 10**6, p, d, "EUR") for q, p, d in ((3, 335_000, 50_000), (6, 7_335_000, 750_000))
    )
    now = sum(
        line_amount(q * 10**6, p, d, "EUR") for q, p, d in ((1, 10_000_000, 50_000), (0, 9_000_000, 750_000))
    )
    assert two_accounts.row("sales_order", "o0")["goods_amount"] == before - gone + now


@pytest.mark.parametrize(
    ("row", "column", "says"),
    [
        ("a3,,1,u1,key", "name", "Account needs a name"),
        ("a3,=1+1,1,u1,key", "name", "looks like a formula"),
        ("a3,Shop,1,u9,key", "owner_user_key", "There is no user with this key"),
        ("a3,Shop,1,u1,golden", "tier", "must be one of key, growth, standard"),
        (",Shop,1,u1,key", "key", "The row has no key"),
        ("a1,Shop,1,u1,key", "key", "stands in an earlier row already"),
        ("id:17,Shop,1,u1,key", "key", "is not a record id"),
        (f"{'k' * 500},Shop,1,u1,key", "key", "500 characters long"),
        (f"a3,{'n' * 1000},1,u1,key", "name", "1,000 characters long"),
    ],
)
def test_a_row_that_cannot_be_taken_names_file_row_column_value_and_what_to_do(
    two_accounts: Folder, tmp_path: Path, row: str, column: str, says: str
) -> None:
    text = (two_accounts.path / "account.csv").read_text() + row + "\n"
    two_accounts.write("account.csv", text)
    reject = two_accounts.only_reject(rejects=tmp_path / "rejects.csv")
    assert (reject.file, reject.row, reject.column) == ("account.csv", 4, column)
    assert says in reject.problem
    assert reject.what_to_do
    assert len(two_accounts.rows("account")) == 2, "the good rows are taken"

    with (tmp_path / "rejects.csv").open(encoding="utf-8", newline="") as file:
        [written] = csv.DictReader(file)
    assert (written["file"], written["row"], written["column"]) == ("account.csv", "4", column)
    assert not written["value"].startswith("=")
    assert len(written["value"]) < 300


@pytest.mark.parametrize(
    ("column", "cell", "says"),
    [
        ("currency", "ZZZ", "“ZZZ” is no currency"),
        ("currency", "eur", "write it EUR"),
        ("consent", '"{""email"":""maybe""}"', "“email” must be true, false, or the day"),
        ("consent", '"{""email"":0.5}"', "holds the decimal fraction 0.5"),
    ],
)
def test_a_value_of_another_shape_is_rejected(
    two_accounts: Folder, column: str, cell: str, says: str
) -> None:
    two_accounts.write("account.csv", f"key,name,{column}\na3,Shop,{cell}\n")
    reject = two_accounts.only_reject()
    assert (reject.column, reject.row) == (column, 2)
    assert says in reject.problem


def test_a_child_of_a_rejected_parent_is_rejected_and_points_to_it(two_accounts: Folder) -> None:
    two_accounts.write("account.csv", "key,name\na1,\na2,Harbour Inn\n")
    two_accounts.write("site.csv", "key,account_key,kind,city\ns1,a1,bill,Köln\ns2,a2,bill,Bonn\n")
    report = two_accounts.load()
    assert [(r.file, r.row, r.column) for r in report.first] == [
        ("account.csv", 2, "name"),
        ("site.csv", 2, "account_key"),
    ]
    assert "was not taken itself" in report.first[1].problem
    assert [site["city"] for site in two_accounts.rows("site")] == ["Bonn"]


def test_people_may_stand_before_their_manager_and_a_circle_is_refused(folder: Folder) -> None:
    people = "".join(f"u{n},p{n},P {n},u{min(n + 1, 90)}\n" for n in [*range(90), *range(91, 2_500)])
    folder.write(
        "user.csv", f"key,login,name,manager_key\n{people}u90,boss,Boss,\nx,x,X,y\ny,y,Y,x\nz,z,Z,z\n"
    )
    report = folder.load()
    assert counts(report)["user"] == (2_500, 0, 0, 3)
    assert {reject.column for reject in report.first} == {"manager_key"}
    assert all("circle" in reject.problem for reject in report.first)
    assert folder.row("user", "u0")["manager_id"] == folder.row("user", "u1")["id"]


def test_a_circle_made_by_a_later_file_is_refused(folder: Folder) -> None:
    folder.write("user.csv", "key,login,name,manager_key\na,a,A,\nb,b,B,a\n")
    folder.load()
    folder.write("user.csv", "key,login,name,manager_key\na,a,A,b\n")
    assert "comes back to it" in folder.only_reject().problem
    assert folder.row("user", "a")["manager_id"] is None


def test_two_people_cannot_have_one_login(folder: Folder) -> None:
    folder.write("user.csv", "key,login,name\n1,ana,Ana\n2,ana,Anna\n")
    reject = folder.only_reject()
    assert (reject.row, reject.column, reject.value) == (3, "login", "ana")
    assert "Another user has this Login already" in reject.problem


def test_what_a_record_belongs_to_cannot_change_afterwards(two_accounts: Folder) -> None:
    two_accounts.write("site.csv", "key,account_key,kind,city\ns1,a1,bill,Köln\n")
    two_accounts.load()
    two_accounts.write("site.csv", "key,account_key,kind,city\ns1,a2,bill,Köln\n")
    reject = two_accounts.only_reject()
    assert (reject.column, reject.row) == ("account_key", 2)
    assert "cannot change" in reject.problem


def test_territories_carry_the_path_of_their_codes(folder: Folder) -> None:
    folder.write("territory.csv", "key,code,name,parent_key\n3,MUC,Munich,2\n2,BY,Bavaria,1\n1,DE,Germany,\n")
    folder.load()
    assert [row["path"] for row in folder.rows("territory")] == ["DE", "DE/BY", "DE/BY/MUC"]


def test_an_activity_that_belongs_to_nobody_is_rejected(folder: Folder) -> None:
    folder.write("activity.csv", "key,kind,subject\n1,note,Hello\n")
    assert folder.only_reject().column == "account_key or assignee_key"


def test_totals_beyond_what_a_store_can_hold_are_rejected(two_accounts: Folder) -> None:
    two_accounts.write("sales_order.csv", "key,account_key,currency,status\no,a1,EUR,completed\n")
    two_accounts.write(
        "document_line.csv",
        "key,order_key,seq,qty,unit_price\n1,o,1,1000000,900000\n2,o,2,1000000,900000\n"
        "3,o,3,1000000000,1000000\n",
    )
    report = two_accounts.load()
    assert [reject.row for reject in report.first] == [3, 4]
    assert two_accounts.row("sales_order", "o")["total_amount"] == 900_000 * 1_000_000 * 100


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("account.csv", "key,nam\na,b\n", "Did you mean “name”"),
        ("account.csv", "key,name,revision\na,b,7\n", "“revision” that is not known"),
        ("account.csv", "name\nb\n", "has no column “key”"),
        ("accounts.csv", "key,name\na,b\n", "accounts.csv is not a file of the contract"),
        ("sales_order.csv", "key,total_amount\na,1\n", "“total_amount” that is not known"),
    ],
)
def test_a_folder_that_does_not_fit_the_contract_is_refused_before_anything_is_written(
    two_accounts: Folder, name: str, content: str, says: str
) -> None:
    two_accounts.write(name, content)
    with pytest.raises(KnownError, match=says) as caught:
        two_accounts.load()
    assert caught.value.code is Code.IMPORT_INVALID
    assert two_accounts.rows("user") == []


def test_a_missing_and_an_empty_folder_get_a_sentence(folder: Folder) -> None:
    with pytest.raises(KnownError, match=r"has no account\.csv"):
        folder.load()
    folder.path.rmdir()
    with pytest.raises(KnownError, match="cannot be read"):
        folder.load()
    folder.path.write_text("a file")
    with pytest.raises(KnownError, match="is not a folder"):
        folder.load()


def test_rejects_that_cannot_be_written_are_said_before_anything_is_imported(
    two_accounts: Folder, tmp_path: Path
) -> None:
    with pytest.raises(KnownError, match="rejects file"):
        two_accounts.load(rejects=tmp_path / "nowhere" / "rejects.csv")
    assert two_accounts.rows("account") == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no disk that is always full")
def test_a_full_disk_under_the_rejects_file_is_a_sentence(two_accounts: Folder) -> None:
    two_accounts.write("site.csv", "key,account_key,kind,city\n1,nobody,bill,Bonn\n")
    with pytest.raises(KnownError, match="cannot be written"):
        two_accounts.load(rejects=Path("/dev/full"))
    assert two_accounts.load().rejects == 1, "the store is not locked"


def test_the_rejects_may_lie_in_the_folder_but_never_take_the_place_of_a_file(two_accounts: Folder) -> None:
    for _ in range(2):
        assert two_accounts.load(rejects=two_accounts.path / "rejects.csv").rejects == 0
    before = (two_accounts.path / "account.csv").read_bytes()
    with pytest.raises(KnownError, match="one of the files to import"):
        two_accounts.load(rejects=two_accounts.path / "account.csv")
    assert (two_accounts.path / "account.csv").read_bytes() == before


def test_progress_never_goes_back_and_ends_at_the_end(two_accounts: Folder) -> None:
    rows = "".join(f"a{n},Shop {n}\n" for n in range(5_000))
    two_accounts.write("account.csv", "key,name\n" + rows)
    told: list[tuple[int, int]] = []
    two_accounts.load(progress=lambda done, total: told.append((done, total)))
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1] == sum(path.stat().st_size for path in two_accounts.path.iterdir())
    assert len(told) >= 5


def test_an_import_that_breaks_off_leaves_only_whole_transactions(
    two_accounts: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "".join(f"a{n},Shop {n}\n" for n in range(5_000))
    two_accounts.write("account.csv", "key,name\n" + rows)

    def break_off(done: int, _total: int) -> None:
        if done > 40_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        two_accounts.load(progress=break_off, transaction=1_000)
    taken = len(two_accounts.rows("account"))
    assert taken > 0
    assert taken % 1_000 in (0, 999), "one user counts as well"
    assert counts(two_accounts.load())["account"] == (5_000 - taken, 0, taken, 0)


def test_the_templates_are_files_of_the_contract_and_are_never_written_over(folder: Folder) -> None:
    assert write_templates(folder.path) == len(list(folder.path.glob("*.csv"))) == 17
    assert counts(folder.load()) == {}
    with pytest.raises(KnownError, match="is there already"):
        write_templates(folder.path)


def test_an_error_inside_a_load_rolls_the_open_transaction_back(two_accounts: Folder) -> None:
    def breaks() -> Iterator[Record]:
        yield Record(CATALOGUE["user"], NO_ROW, {"login": "x", "name": "X"})
        raise RuntimeError

    with pytest.raises(RuntimeError), Loader(two_accounts.store, print) as loader:
        loader.load(CATALOGUE["user"], breaks())
    assert two_accounts.rows("user") == []
    assert two_accounts.load().rejects == 0, "the store is not locked"


def test_a_chain_of_managers_without_end_in_sight_is_refused(folder: Folder) -> None:
    people = "".join(f"u{n},p{n},P {n},u{n - 1}\n" for n in range(1, 110))
    folder.write("user.csv", f"key,login,name,manager_key\nu0,p0,P 0,\n{people}")
    report = folder.load()
    assert "is longer than 100" in report.first[0].problem
    assert counts(report)["user"] == (100, 0, 0, 10)
