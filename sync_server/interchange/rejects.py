"""Rejects: what an import did not take, where it stands in the file, and what to do about it.

Owns the rejects file. It is read in a spreadsheet by the person who repairs the source, so its cells are kept from
being taken for formulas. Must not know how rows are read or stored.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from fieldrep.contract.errors import Code, KnownError

COLUMNS = ("file", "row", "column", "value", "problem", "what_to_do")
SHOWN = 10
LONGEST_VALUE = 200
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
_BLANKS = " \u00a0\u3000\ufeff"


class CellError(ValueError):
    """A cell that cannot be taken: what is wrong and what to do, each a sentence.

    Attributes:
        column: of the contract; whoever knows it says so.
        value: what the cell holds.
    """

    def __init__(self, problem: str, what_to_do: str, *, column: str = "", value: str = "") -> None:
        super().__init__(f"{problem} {what_to_do}")
        self.problem = problem
        self.what_to_do = what_to_do
        self.column = column
        self.value = value


class RowUnread(CellError):
    """What is looked for may stand in a row that cannot be read."""


@dataclass(frozen=True, slots=True)
class Reject:
    """One thing not taken.

    Attributes:
        row: counted as a spreadsheet does, the header being row 1; 0 for the file as a whole.
        column: as the file's header names it; "" for the row as a whole.
        value: what the cell holds, cut to a readable length.
        to_end: the file cannot be read from this row on; how many rows follow is not known.
    """

    file: str
    row: int
    column: str
    value: str
    problem: str
    what_to_do: str
    to_end: bool = False

    @property
    def sentence(self) -> str:
        """The reject as one line for a person."""
        column = f", column {self.column}" if self.column else ""
        value = f" (“{self.value}”)" if self.value else ""
        return f"{self.file}, row {self.row}{column}{value}: {self.problem} {self.what_to_do}"


OnReject = Callable[[Reject], None]


def shortened(value: str) -> str:
    """A value as a reject shows it: at most 200 characters, nothing a file or a terminal cannot show."""
    text = value if len(value) <= LONGEST_VALUE else value[:LONGEST_VALUE] + "…"
    text = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(letter if letter.isprintable() or letter == " " else "�" for letter in text)


def neutral(text: str) -> str:
    """A cell that no spreadsheet takes for a formula; an apostrophe in front says it is text."""
    return f"'{text}" if text.lstrip(_BLANKS).startswith(_FORMULA_STARTS) else text


class RejectLog:
    """Counts rejects, keeps the first few to show, and writes all of them to the rejects file when there is one.

    A row from which several records are made is read once for each; what is wrong with a cell of it is told once.
    `unread` names, per file that could not be read to its end, the first row not read; each is told of once.
    """

    def __init__(self, path: Path | None) -> None:
        self.count = 0
        self.first: list[Reject] = []
        self.unread: dict[str, int] = {}
        self._path = path
        self._file: IO[str] | None = None
        self._told: dict[tuple[str, str], bytearray] = {}

    def __enter__(self) -> Self:
        if self._path is not None:
            try:
                handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            except OSError as error:
                raise KnownError(
                    Code.DISK_ERROR,
                    f"The rejects file {self._path} cannot be written ({error.strerror}). Name another one.",
                ) from error
            self._file = os.fdopen(handle, "w", encoding="utf-8", newline="")
            csv.writer(self._file).writerow(COLUMNS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            with self._said():
                self._file.close()

    def __call__(self, reject: Reject) -> None:
        if reject.to_end:
            if reject.file in self.unread:
                return
            self.unread[reject.file] = reject.row
        if self._is_told(reject):
            return
        self.count += 1
        if len(self.first) < SHOWN:
            self.first.append(reject)
        if self._file is not None:
            texts = (reject.column, reject.value, reject.problem, reject.what_to_do)
            with self._said():
                csv.writer(self._file).writerow((neutral(reject.file), reject.row, *map(neutral, texts)))

    def _is_told(self, reject: Reject) -> bool:
        """Whether this cell was told of before; one bit per row and column, since every row may be wrong."""
        if not reject.row:
            return False
        bits = self._told.setdefault((reject.file, reject.column), bytearray())
        at, bit = reject.row >> 3, 1 << (reject.row & 7)
        if at >= len(bits):
            bits.extend(bytes(max(at + 1 - len(bits), len(bits))))
        told = bool(bits[at] & bit)
        bits[at] |= bit
        return told

    @contextmanager
    def _said(self) -> Iterator[None]:
        """A disk that refuses becomes a sentence; what was committed before is not taken twice by the next run."""
        try:
            yield
        except OSError as error:
            raise KnownError(
                Code.DISK_ERROR,
                f"The rejects file {self._path} cannot be written ({error.strerror}). Free space or name another "
                "file, and import again; what was taken already stays as it is.",
            ) from error
