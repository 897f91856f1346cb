"""Broken files of every kind: whole rows come out, the rest is rejected with its place, nothing ends in a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldrep.contract.errors import Code, KnownError
from sync_server.interchange.csv_file import LONGEST_LINE, CsvFile
from sync_server.interchange.rejects import Reject


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "account.csv"


def read(path: Path, content: bytes) -> tuple[list[tuple[int, list[str]]], list[Reject]]:
    path.write_bytes(content)
    rejects: list[Reject] = []
    rows = [(row.number, row.cells) for row in CsvFile(path).rows(rejects.append)]
    return rows, rejects


def test_a_byte_order_mark_is_no_part_of_the_first_column(path: Path) -> None:
    rows, rejects = read(path, b"\xef\xbb\xbfkey,name\r\na,Caf\xc3\xa9\r\n")
    assert CsvFile(path).header == ("key", "name")
    assert rows == [(2, ["a", "Café"])]
    assert rejects == []


@pytest.mark.parametrize("content", ["key,name\ra,b\r", "key,name\na,b", "key,name\r\na,b\r\n\r\n,\r\n"])
def test_every_kind_of_line_end_is_read_and_empty_rows_are_none(path: Path, content: str) -> None:
    assert read(path, content.encode()) == ([(2, ["a", "b"])], [])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("key,name\na,b\n".encode("utf-16"), "is in UTF-16, not UTF-8 text"),
        ("key,name\na,b\n".encode("utf-16-le"), "is in UTF-16, not UTF-8 text"),
        ("key,name\na,b\n".encode("utf-32"), "is in UTF-32, not UTF-8 text"),
        (b"PK\x03\x04...", "is an Excel workbook"),
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"key,name,key\n", "names the column “key” twice"),
        (b"key,,name\n", "no name for column 2"),
        (b"key;name\n", "with semicolons or tabs"),
        (b"key\tname\n", "with semicolons or tabs"),
        (b'"key,name\n' + b"a,b\n" * 9, "a header row that cannot be read"),
        (b"k\x00ey,name\n", "column name “k�ey”"),
        (b"k\xffey,name\n", "column name “k.ey”"),
        (b",".join(b"c%d" % n for n in range(1_000_000)), "a header row that cannot be read"),
        (b",".join(b"c%d" % n for n in range(600)), "has 600 columns"),
        (b"x" * (LONGEST_LINE + 5), "a header row that cannot be read"),
    ],
)
def test_a_file_that_is_no_csv_in_utf8_gets_a_sentence(path: Path, content: bytes, says: str) -> None:
    path.write_bytes(content)
    with pytest.raises(KnownError, match=says) as caught:
        CsvFile(path)
    assert caught.value.code is Code.IMPORT_INVALID
    assert caught.value.sentence.endswith("Nothing was imported.")


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (b"a", "has 1 cells, the header names 2"),
        (b"a,b,c", "has 3 cells, the header names 2"),
        (b"a" + b",b" * 100_000, "has 100,001 cells"),
        (b"a,b\x00c", "holds a NUL"),
        (b"a,b\xff", "not UTF-8"),
        (b"a,\xed\xa0\x80", "not UTF-8"),
        (b'a,"b" c', "quotation marks of this row do not match"),
        (b"a," + b"x" * 200_000, "longer than 131,072 characters"),
        (b"a," + b"x" * 10_000_000, "longer than 131,072 characters"),
        (b'a,"' + b"x" * 10_000_000 + b'"', "longer than 131,072 characters"),
    ],
)
def test_a_broken_row_is_rejected_and_the_rows_around_it_are_read(path: Path, row: bytes, says: str) -> None:
    rows, rejects = read(path, b"key,name\n1,one\n" + row + b"\n2,two\n")
    assert rows == [(2, ["1", "one"]), (4, ["2", "two"])]
    [reject] = rejects
    assert says in reject.problem
    assert (reject.file, reject.row) == ("account.csv", 3)
    assert len(reject.value) < 300
    assert reject.what_to_do


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        (b"Caf\xe9 Rose", "the byte E9 after “Caf”, which is not UTF-8"),
        (b"\xfcber\x00", "the byte FC at its beginning, which is not UTF-8"),
        (b"Caf\xc3\xa9 \x80", "the byte 80 after “Café”, which is not UTF-8"),
    ],
)
def test_a_byte_that_is_no_utf8_is_named_with_its_row_its_column_and_what_to_do(
    path: Path, cell: bytes, says: str
) -> None:
    rows, [reject] = read(path, b"key,name\n1,one\n2," + cell + b"\n")
    assert [row[0] for row in rows] == [2]
    assert says in reject.problem
    assert (reject.row, reject.column) == (3, "name")
    assert "CSV UTF-8" in reject.what_to_do


@pytest.mark.parametrize("lines", [1, 40_000])
def test_a_quotation_mark_never_closed_ends_the_file_and_nothing_after_it_is_taken_for_a_row(
    path: Path, lines: int
) -> None:
    rows, rejects = read(path, b'key,name\n1,one\n2,"two\n' + b"3,three\n" * lines)
    assert rows == [(2, ["1", "one"])]
    [reject] = rejects
    assert "never closed" in reject.problem
    assert "all rows after it were not read" in reject.problem
    assert (reject.row, reject.to_end) == (3, True)


def test_a_row_of_several_lines_counts_as_one_row(path: Path) -> None:
    rows, rejects = read(path, b'key,name\n1,"a\nb\nc"\n2,two\n3\n')
    assert rows == [(2, ["1", "a\nb\nc"]), (3, ["2", "two"])]
    assert rejects[0].row == 4


def test_an_unknown_column_is_refused_with_the_likely_one(path: Path) -> None:
    path.write_bytes(b"key,phon\n")
    with pytest.raises(KnownError, match=r"“phon” that is not known\. Did you mean “phone”"):
        CsvFile(path).check_columns({"key", "phone", "name"})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_no_bytes_whatsoever_end_in_anything_but_rows_rejects_or_a_sentence(
    path: Path, content: bytes
) -> None:
    try:
        rows, _ = read(path, b"key,name\n" + content)
    except KnownError:
        return
    assert all(len(cells) == 2 and "\x00" not in "".join(cells) for _, cells in rows)
    assert all("".join(cells).encode() is not None for _, cells in rows)
