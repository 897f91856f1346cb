"""Mapping profiles: what each way to fill a column does, and what a broken profile is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from fieldrep.contract.errors import KnownError
from sync_server.interchange.mapping import given_and_family_name, same_words
from sync_server.interchange.profile import built_in, load_profile, read_profile
from tests.unit.interchange.folder import Folder

HEAD = 'contract = 1\nsource = "old"\n'
CUSTOMER = (
    HEAD
    + '[ignore]\n"C.csv" = ["Town"]\n[[records]]\nentity = "account"\nfile = "C.csv"\n[records.columns]\nkey = "Id"\n'
)


def imported(folder: Folder, column: str, spec: str, **files: str) -> list[object]:
    """What one way to fill a column makes of the files, per account."""
    for name, content in files.items():
        folder.write(f"{name}.csv", content)
    profile = read_profile(CUSTOMER + f'name = "Name"\n{column} = {spec}\n', "old")
    report = folder.load(profile)
    assert report.rejects == 0, report.first
    return [row[column] for row in folder.rows("account")]


CUSTOMERS = "Id,Name,Town\n1,Ana,bonn\n2,Ben,\n"


def test_files_of_another_charset_are_read_in_the_one_the_profile_names_and_in_no_other(
    folder: Folder,
) -> None:
    (folder.path / "C.csv").write_bytes(
        "Id,Name,Town\n1,Café Łódź,\n2,Bäcker,\n".encode("windows-1250", "replace")
    )
    text = CUSTOMER + 'name = "Name"\n'
    report = folder.load(read_profile(text, "old"), dry_run=True)
    assert [reject.row for reject in report.first] == [2, 3]
    assert "the byte E9 after “Caf”, which is not UTF-8" in report.first[0].problem
    assert folder.load(read_profile('charset = "Windows-1250"\n' + text, "old")).rejects == 0
    assert {row["name"] for row in folder.rows("account")} == {"Café Łódź", "Bäcker"}


def test_a_byte_that_the_named_charset_does_not_have_is_named(folder: Folder) -> None:
    (folder.path / "C.csv").write_bytes(b"Id,Name,Town\n1,A\x81,\n")
    (reject,) = folder.load(
        read_profile('charset = "windows-1252"\n' + CUSTOMER + 'name = "Name"\n', "old")
    ).first
    assert (reject.row, reject.column) == (2, "Name")
    assert "the byte 81 after “A”, which is not WINDOWS-1252" in reject.problem


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("\ufeffId,Kürzel\n".encode(), "C.csv is in UTF-8, as the mark at its beginning says"),
        ("Id,Kürzel\n".encode("utf-16"), "C.csv is in UTF-16, not WINDOWS-1252 text. Save it as"),
        (b"Id,K\x81rzel\n", "which is not WINDOWS-1252 text. Save it as"),
        (b"Id;Name\n", "Save it as “CSV (comma separated)” in windows-1252 and import again."),
    ],
)
def test_a_file_that_is_not_in_the_charset_of_its_profile_is_told_what_it_is_in(
    folder: Folder, content: bytes, says: str
) -> None:
    (folder.path / "C.csv").write_bytes(content)
    profile = read_profile('charset = "windows-1252"\n' + CUSTOMER + 'name = "Name"\n', "old")
    with pytest.raises(KnownError) as refused:
        folder.load(profile)
    assert says in refused.value.sentence
    assert "windows-1252" in refused.value.sentence
    assert "CSV UTF-8" not in refused.value.sentence
    assert refused.value.sentence.endswith("Nothing was imported.")


def test_a_row_that_makes_several_records_is_rejected_once_for_each_wrong_cell(folder: Folder) -> None:
    site = '[[records]]\nentity = "site"\nfile = "C.csv"\n[records.columns]\nkey = "Id"\ncity = "Town"\n'
    profile = read_profile(
        CUSTOMER.replace('[ignore]\n"C.csv" = ["Town"]\n', "") + f'name = "Name"\n{site}', "old"
    )
    rows = b"1,A\xe4,Bonn\n2,Ben\n3,,Bonn\n" + b"9,\x00,Bonn\n" * 20
    (folder.path / "C.csv").write_bytes(b"Id,Name,Town\n" + rows)
    report = folder.load(profile)
    told = [(reject.row, reject.column, reject.problem[:20]) for reject in report.first[:3]]
    assert told[:2] == [(2, "Name", "The cell holds the b"), (3, "", "The row has 2 cells,")]
    assert told[2][:2] == (4, "Name")
    assert report.rejects == 24, "one per wrong cell, two for the row whose records lack different things"
    assert report.counts["site"].rejected == 23, "each record that was not made is counted"


@pytest.mark.parametrize(
    ("spec", "made"),
    [
        ('"Town"', ["bonn", None]),
        ('{ is = "x" }', ["x", "x"]),
        ('{ text = "{Name}, {Town}" }', ["Ana, bonn", "Ben,"]),
        ('{ text = "in {Town}" }', ["in bonn", None]),
        ('{ column = "Name", part = "lower" }', ["ana", "ben"]),
        ('{ column = "Town", otherwise = { is = "nowhere" } }', ["bonn", "nowhere"]),
        ('{ is = "yes", if = "Town" }', ["yes", None]),
        ('{ is = "yes", if = "Town", otherwise = "Name" }', ["yes", "Ben"]),
        ('{ column = "Name", map = { Ana = "A", "*" = "?" } }', ["A", "?"]),
        ('{ number_within = "Town" }', ["1", "1"]),
    ],
)
def test_a_column_is_filled_as_the_profile_says(folder: Folder, spec: str, made: list[str]) -> None:
    assert imported(folder, "phone", spec, C=CUSTOMERS) == made


def test_a_column_is_looked_up_in_another_file(folder: Folder) -> None:
    towns = "Key,Long\nbonn,Bonn am Rhein\nbonn,second\n"
    spec = '{ from = "T.csv", match = "Town", key = "Key", take = "Long" }'
    assert imported(folder, "phone", spec, C=CUSTOMERS, T=towns) == ["Bonn am Rhein", None]


def test_a_file_only_looked_into_that_cannot_be_read_to_its_end_stops_the_import_before_it_begins(
    folder: Folder,
) -> None:
    spec = '{ from = "T.csv", match = "Town", key = "Key", take = "Long" }'
    with pytest.raises(KnownError, match=r"T\.csv, row 3: A quotation mark opens .* Nothing was imported\."):
        imported(folder, "phone", spec, C=CUSTOMERS, T='Key,Long\nbonn,Bonn\nulm,"Ulm\nkiel,Kiel\n')
    assert folder.rows("account") == []


def test_what_is_looked_up_in_a_row_that_cannot_be_read_stays_as_it_is_in_the_store(folder: Folder) -> None:
    site = (
        '[[records]]\nentity = "site"\nfile = "S.csv"\n[records.columns]\nkey = "Key"\naccount_key = "Id"\n'
    )
    region = 'city = "City"\nregion = { from = "C.csv", match = "Id", take = "Town" }\n'
    head = CUSTOMER.replace('[ignore]\n"C.csv" = ["Town"]\n', "")
    profile = read_profile(head + f'name = "Name"\n{site}{region}', "old")
    folder.write("C.csv", "Id,Name,Town\n1,Ana,bonn\n2,Ben,ulm\n")
    folder.write("S.csv", "Key,Id,City\ns1,1,Bonn\ns2,2,Ulm\n")
    assert folder.load(profile).rejects == 0
    folder.write("C.csv", "Id,Name,Town\n1,A\0na,bonn\n2,Ben,kiel\n")
    report = folder.load(profile)
    assert [row["region"] for row in folder.rows("site")] == ["bonn", "kiel"], "nothing was taken off"
    assert [(reject.file, reject.row) for reject in report.first] == [("C.csv", 2), ("S.csv", 2)]
    assert "C.csv has a row that cannot be read" in report.first[1].problem


@pytest.mark.parametrize(
    ("orders", "winner"),
    [
        ("1,7,2024-01-01\n1,8,2024-01-02\n1,8,2024-01-03\n", "8"),
        ("1,8,2024-01-09\n1,7,2024-01-02\n1,7,2024-01-03\n1,8,2024-01-01\n", "8"),
        ("1,10,2024-01-01\n1,9,2024-01-01\n", "9"),
        ("1,9,2024-01-01\n1,10,2024-01-01\n", "9"),
    ],
)
def test_the_most_frequent_wins_then_the_latest_then_the_lowest_number(
    folder: Folder, orders: str, winner: str
) -> None:
    spec = '{ most_in = "O.csv", match = "Id", take = "By", ties_to_latest = "On" }'
    assert imported(folder, "phone", spec, C=CUSTOMERS, O="Id,By,On\n" + orders) == [winner, None]


def test_what_is_counted_may_have_another_name_in_the_other_file(folder: Folder) -> None:
    orders = "Customer,By\n2,7\n1,8\n1,8\n1,7\n"
    spec = '{ most_in = "O.csv", match = "Id", key = "Customer", take = "By" }'
    assert imported(folder, "phone", spec, C=CUSTOMERS, O=orders) == ["8", "7"]


def test_what_is_counted_by_a_column_that_the_other_file_lacks_is_a_sentence(folder: Folder) -> None:
    spec = '{ most_in = "O.csv", match = "Id", take = "By" }'
    with pytest.raises(
        KnownError, match=r"O\.csv has a column “Customer” that is not known\. Known are: By, Id\."
    ):
        imported(folder, "phone", spec, C=CUSTOMERS, O="Customer,By\n2,7\n")
    with pytest.raises(KnownError, match=r"O\.csv has no column “Id”\. Its header names: By\."):
        imported(folder, "phone", spec, C=CUSTOMERS, O="By\n7\n")
    assert folder.rows("account") == []


def test_a_spelling_gives_way_to_a_better_one_only_when_the_words_are_the_same(folder: Folder) -> None:
    better = "Id,Name\n1,BONN\n2,Köln\n"
    spec = '{ column = "Town", spelled_as = { from = "B.csv", match = "Id", take = "Name" } }'
    customers = "Id,Name,Town\n1,Ana,bonn\n2,Ben,Koeln\n"
    assert imported(folder, "phone", spec, C=customers, B=better) == ["BONN", "Koeln"]
    assert same_words("67, avenue de l-Europe") == same_words("67 avenue de l'Europe")
    assert same_words("05022 Berguvsvägen \u00a08") == same_words("5022 berguvsvägen 8")
    assert same_words("Hauptstr. 29") != same_words("Hauptstr. 31")


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Maria Anders", ("Maria", "Anders")),
        ("José Pedro Freyre", ("José Pedro", "Freyre")),
        ("Isabel de Castro", ("Isabel", "de Castro")),
        ("Jan van der Berg", ("Jan", "van der Berg")),
        ("Val2", ("", "Val2")),
        ("", ("", "")),
    ],
)
def test_a_name_has_a_given_and_a_family_part(name: str, parts: tuple[str, str]) -> None:
    assert given_and_family_name(name) == parts


def test_a_value_that_a_map_does_not_know_is_rejected_with_what_it_knows(folder: Folder) -> None:
    folder.write("C.csv", "Id,Name,Kind\n1,Ana,x\n")
    profile = read_profile(
        CUSTOMER + 'name = "Name"\ntier = { column = "Kind", map = { a = "key" } }\n', "old"
    )
    [reject] = folder.load(profile).first
    assert (reject.column, reject.value, reject.row) == ("Kind", "x", 2)
    assert "“a”" in reject.what_to_do


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("contract = [", "not valid TOML"),
        ('source = "x"\n', "version None of the contract, this is 1"),
        (HEAD, "names no records"),
        (HEAD + 'colour = "red"\n', "unknown entry “colour”"),
        (HEAD + 'charset = "utf-16"\nrecords = [{}]\n', "names the charset “utf-16”. Known are: utf-8, "),
        (HEAD + 'currency = "ZZZ"\nrecords = [{}]\n', "“ZZZ” is no currency"),
        (CUSTOMER.replace("account", "device"), "which cannot be imported"),
        (CUSTOMER.replace('key = "Id"', 'name = "Id"'), "without a key"),
        (CUSTOMER + 'nam = "Name"\n', "fills “nam”, which is no column of account.csv"),
        (CUSTOMER + "name = 7\n", "neither a column nor a table"),
        (CUSTOMER + 'name = { is = "a", column = "b" }\n', "exactly one of these ways"),
        (CUSTOMER + 'name = { column = "b", colour = "c" }\n', "unknown word “colour”"),
        (CUSTOMER + 'name = { column = "b", part = "half" }\n', "unknown part"),
        (CUSTOMER + 'name = { from = "b", take = "c" }\n', "lacks “match”"),
        (CUSTOMER + 'name = { is = "b", otherwise = { } }\n', "exactly one of these ways"),
        (CUSTOMER.replace('source = "old"', ""), "must say its source"),
        (CUSTOMER.replace('file = "C.csv"', ""), "must say its file"),
    ],
)
def test_a_broken_profile_is_told_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(KnownError, match=says):
        read_profile(text, "old")


def test_every_built_in_profile_is_valid_and_an_unknown_name_lists_them() -> None:
    assert [load_profile(name).name for name in built_in()] == ["fieldrep", "northwind"]
    with pytest.raises(KnownError, match="Known are: fieldrep, northwind"):
        load_profile("../northwind")


def test_a_profile_file_that_cannot_be_read_says_why_and_what_to_check(tmp_path: Path) -> None:
    with pytest.raises(KnownError) as missing:
        load_profile("nowhere.toml")
    assert missing.value.sentence == (
        "The profile “nowhere.toml” cannot be read: there is no such file. Check the path. Nothing was imported."
    )
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(
        KnownError, match=r"cannot be read \([^\[]+\)\. Check the path and its rights\. Nothing"
    ):
        load_profile(str(tmp_path / "folder.toml"))
    (tmp_path / "latin.toml").write_bytes(b'title = "K\xf6ln"')
    with pytest.raises(KnownError, match=r"is not UTF-8 text\. Save it as UTF-8\. Nothing"):
        load_profile(str(tmp_path / "latin.toml"))
