"""Reading a CSV file that may be broken in any way: every row comes out whole, or as a reject with a sentence.

Owns encodings, quoting and limits of files; memory stays bounded whatever the file holds. Must not know what the
columns mean.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

from fieldrep.contract.errors import Code, KnownError
from sync_server.interchange.rejects import OnReject, Reject, shortened

LONGEST_LINE = 1_000_000
MOST_COLUMNS = 500
LONGEST_CELL = 131_072
"""The limit of the standard library's reader; longer than any field of the catalogue."""

_BOMS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
_NOT_TEXT = {
    b"PK\x03\x04": "an Excel workbook or a zip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"\x1f\x8b": "compressed with gzip",
    b"\x28\xb5\x2f\xfd": "compressed with zstd",
    b"%PDF": "a PDF document",
}
_SAVE_AGAIN = "Save it as “CSV UTF-8 (comma separated)” and import again."


UTF_8 = "utf-8"
CHARSETS = (
    UTF_8,
    "windows-1250",
    "windows-1251",
    "windows-1252",
    "iso-8859-1",
    "iso-8859-2",
    "iso-8859-15",
    "cp850",
)
"""The charsets a profile may name for its files; without one they are UTF-8."""


class SourceRow(NamedTuple):
    """One row of a file: its number as a spreadsheet counts (the header is row 1), and its cells."""

    number: int
    cells: list[str]


class _LineTooLong(Exception):
    """Raised inside the reader of the standard library, which then starts afresh with the next line."""


@dataclass
class _Lines:
    """The physical lines of a file, with a limit on each, and what the record in hand holds so far."""

    text: io.TextIOWrapper
    quotes: int = 0
    strange: bool = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self.text.readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        self.quotes += line.count('"')
        if len(line) == LONGEST_LINE and line[-1] not in "\r\n":
            self._skip_rest()
            raise _LineTooLong
        if "\x00" in line or not (line.isascii() or _encodes(line)):
            self.strange = True
        return line

    def _skip_rest(self) -> None:
        while True:
            part = self.text.readline(LONGEST_LINE)
            self.quotes += part.count('"')
            if not part or part[-1] in "\r\n":
                return


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _stray(cell: str) -> str:
    """The first byte of a cell that is no UTF-8, with what stands before it, so that it can be found."""
    at = next(place for place, letter in enumerate(cell) if "\ud800" <= letter <= "\udfff")
    before = shortened(cell[max(0, at - 20) : at]).strip()
    return f"the byte {ord(cell[at]) & 0xFF:02X}" + (f" after “{before}”" if before else " at its beginning")


class CsvFile:
    """One CSV file with a header row; opened afresh for every pass."""

    def __init__(self, path: Path, charset: str = UTF_8) -> None:
        self.path = path
        self._charset = charset
        self.name = path.name
        self.header = self._read_header()

    @property
    def size(self) -> int:
        """Bytes, for the progress bar."""
        return self.path.stat().st_size

    def position(self, column: str) -> int:
        """Where a column stands.

        Raises:
            KnownError: `import_invalid`, with a sentence that lists what there is.
        """
        try:
            return self.header.index(column)
        except ValueError:
            there = ", ".join(self.header)
            raise KnownError(
                Code.IMPORT_INVALID,
                f"{self.name} has no column “{column}”. Its header names: {there}. Nothing was imported.",
            ) from None

    def check_columns(self, known: set[str]) -> None:
        """Refuses a file with columns nobody knows: a mistyped header would silently lose data.

        Raises:
            KnownError: `import_invalid`, naming the column and the likely one.
        """
        for name in self.header:
            if name not in known:
                close = get_close_matches(name, known, 1, 0.6)
                hint = f" Did you mean “{close[0]}”?" if close else f" Known are: {', '.join(sorted(known))}."
                raise KnownError(
                    Code.IMPORT_INVALID,
                    f"{self.name} has a column “{shortened(name)}” that is not known.{hint} Nothing was imported.",
                )

    def check_end(self) -> None:
        """Refuses a file that cannot be read to its end: what refers to the rows behind would lose them in the store.

        Raises:
            KnownError: `import_invalid`, naming the row from which on nothing can be trusted.
        """

        def refuse(broken: Reject) -> None:
            if broken.to_end:
                problem = f"{self.name}, row {broken.row:,}: {broken.problem} {broken.what_to_do}"
                raise KnownError(Code.IMPORT_INVALID, f"{problem} Nothing was imported.")

        for _ in self.rows(refuse):
            pass

    def rows(self, reject: OnReject, at: Callable[[int], None] | None = None) -> Iterator[SourceRow]:
        """Every whole row; all else goes to `reject`. `at` is told the bytes read every thousand rows."""
        with self._open() as text:
            lines = _Lines(text)
            reader = csv.reader(lines, strict=True)
            next(reader)
            number = 1
            while True:
                number += 1
                lines.quotes, lines.strange = 0, False
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except (csv.Error, _LineTooLong) as error:
                    if self._cut(number, lines, error, reject):
                        return
                    continue
                if at is not None and number % 1000 == 0:
                    at(text.buffer.tell())  # type: ignore[attr-defined]
                if self._is_whole(number, cells, lines.strange, reject):
                    yield SourceRow(number, cells)

    def _cut(self, number: int, lines: _Lines, error: Exception, reject: OnReject) -> bool:
        """Rejects a row that cannot be read; whether nothing after it can be trusted."""
        if lines.quotes % 2:
            problem = (
                f"A quotation mark opens in this row and is never closed, or its cell is longer than "
                f"{LONGEST_CELL:,} characters. This row and all rows after it were not read."
            )
            what = "Close the quotation mark and import again."
            reject(Reject(self.name, number, "", "", problem, what, to_end=True))
            return True
        if isinstance(error, _LineTooLong) or "field limit" in str(error):
            problem = f"A cell is longer than {LONGEST_CELL:,} characters, far more than any field holds."
            reject(Reject(self.name, number, "", "", problem, "Shorten the cell and import again."))
        else:
            problem = "The quotation marks of this row do not match."
            what = "Put each cell with a quotation mark in quotation marks and write every inner one twice."
            reject(Reject(self.name, number, "", "", problem, what))
        return False

    def _is_whole(self, number: int, cells: list[str], strange: bool, reject: OnReject) -> bool:
        if len(cells) != len(self.header):
            if not any(cells):
                return False
            problem = f"The row has {len(cells):,} cells, the header names {len(self.header)} columns."
            what = "Put cells that hold a comma in quotation marks; leave empty cells empty, not out."
            reject(Reject(self.name, number, "", shortened(",".join(cells[:20])), problem, what))
            return False
        if strange:
            for column, cell in zip(self.header, cells, strict=True):
                if not _encodes(cell):
                    problem = f"The cell holds {_stray(cell)}, which is not {self._charset.upper()}."
                    what = (
                        _SAVE_AGAIN
                        if self._charset == UTF_8
                        else "Correct it, or the charset of the profile."
                    )
                elif "\x00" in cell:
                    problem, what = "The cell holds a NUL character.", "Remove it from the cell."
                else:
                    continue
                reject(Reject(self.name, number, column, shortened(cell), problem, what))
                return False
        return any(cells)

    def _open(self) -> io.TextIOWrapper:
        try:
            raw = self.path.open("rb")
        except OSError as error:
            raise KnownError(
                Code.IMPORT_INVALID,
                f"{self.path} cannot be read ({error.strerror}). Check the path and its rights.",
            ) from error
        encoding = "utf-8-sig" if self._charset == UTF_8 else self._charset
        return io.TextIOWrapper(raw, encoding=encoding, errors="surrogateescape", newline="")

    def _read_header(self) -> tuple[str, ...]:
        with self._open() as text:
            self._check_text(text.buffer.peek(4096)[:4096])  # type: ignore[attr-defined]
            try:
                header = tuple(name.strip() for name in next(csv.reader(_Lines(text), strict=True), ()))
            except (csv.Error, _LineTooLong):
                raise self._invalid("has a header row that cannot be read") from None
        self._check_header(header)
        return header

    def _check_text(self, head: bytes) -> None:
        wanted = self._charset.upper()
        for mark, what in {**_NOT_TEXT, **_BOMS}.items():
            if head.startswith(mark):
                raise self._invalid(f"is {'in ' if what.startswith('UTF') else ''}{what}, not {wanted} text")
        if head.count(0) * 4 > len(head):
            raise self._invalid(f"is in UTF-16, not {wanted} text")
        if self._charset != UTF_8 and head.startswith(codecs.BOM_UTF8):
            raise KnownError(
                Code.IMPORT_INVALID,
                f"{self.name} is in UTF-8, as the mark at its beginning says, but the profile names the charset "
                f"{self._charset} for its files. Take the charset out of the profile, or save the file in that one. "
                "Nothing was imported.",
            )

    def _check_header(self, header: tuple[str, ...]) -> None:
        if not any(header):
            raise self._invalid("is empty; its first row must name the columns")
        if len(header) > MOST_COLUMNS:
            raise self._invalid(f"has {len(header):,} columns; at most {MOST_COLUMNS} are read")
        if "" in header:
            raise self._invalid(f"has no name for column {header.index('') + 1}")
        twice = [name for name, times in Counter(header).items() if times > 1]
        if twice:
            raise self._invalid(f"names the column “{shortened(twice[0])}” twice")
        strange = [name for name in header if "\x00" in name or not _encodes(name)]
        if strange:
            wanted = self._charset.upper()
            raise self._invalid(f"has the column name “{shortened(strange[0])}”, which is not {wanted} text")
        if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
            raise self._invalid("separates its columns with semicolons or tabs, not with commas")

    def _invalid(self, what: str) -> KnownError:
        other = f"Save it as “CSV (comma separated)” in {self._charset} and import again."
        again = _SAVE_AGAIN if self._charset == UTF_8 else other
        return KnownError(Code.IMPORT_INVALID, f"{self.name} {what}. {again} Nothing was imported.")
