"""Applying a profile: the cells of one row of a foreign file become the cells of one row of the contract.

Owns the meaning of each way to fill a column, and the small tables that look into other files. Must not know what a
value means to the catalogue, nor the store.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from hashlib import sha1

from fieldrep.contract.errors import Code, KnownError
from sync_server.interchange.columns import KEY
from sync_server.interchange.csv_file import CsvFile
from sync_server.interchange.profile import RecordSpec, Spec
from sync_server.interchange.rejects import CellError, Reject, RowUnread

Cells = Sequence[str]
Fill = Callable[[Cells], str]

_PLACE = re.compile(r"\{([^{}]+)\}")
_WORDS = re.compile(r"[^\W_]+")


def same_words(text: str) -> str:
    """What two spellings of an address have in common: letters and digits, without case and leading zeros."""
    return " ".join(word.lstrip("0") for word in _WORDS.findall(text.casefold()))


def given_and_family_name(text: str) -> tuple[str, str]:
    """A person's name in two parts; the family name is the last word with the small words before it."""
    words = text.split()
    first = len(words) - 1
    while first > 1 and words[first - 1].islower():
        first -= 1
    return " ".join(words[:first]), " ".join(words[first:])


_PARTS: Mapping[str, Callable[[str], str]] = {
    "given_name": lambda text: given_and_family_name(text)[0],
    "family_name": lambda text: given_and_family_name(text)[1],
    "day": lambda text: text.strip()[:10],
    "lower": str.lower,
}


class Doubtful(str):
    """What follows from rows of which one cannot be read: it counts for a new record and changes none."""

    __slots__ = ()


class Lookups:
    """The other files of the folder, read once per question and kept as a table of key to value.

    Args:
        imported: the files whose rows become records; what cannot be read of them is rejected there.
    """

    def __init__(self, files: Mapping[str, CsvFile], imported: Collection[str]) -> None:
        self._files = files
        self._imported = imported
        self._unread_rows: dict[str, set[int]] = {}
        self._tables: dict[tuple[str, ...], dict[str, str]] = {}

    def table(self, file: str, key: str, take: str) -> dict[str, str]:
        """The value of column `take` by column `key`; of several rows the first that holds something counts."""
        question = ("from", file, key, take)
        if question not in self._tables:
            found: dict[str, str] = {}
            for found_key, value in self._pairs(file, key, take):
                found[found_key] = found.get(found_key) or value
            self._tables[question] = found
        return self._tables[question]

    def most(self, file: str, key: str, take: str, latest: str) -> dict[str, str]:
        """The value that stands most often beside each key; among equals the one of the row with the latest day.

        It is `Doubtful` where the rows that cannot be read may have made another of it.
        """
        question = ("most_in", file, key, take, latest)
        if question not in self._tables:
            self._tables[question] = self._count(file, key, take, latest)
        return self._tables[question]

    def _count(self, file: str, key: str, take: str, latest: str) -> dict[str, str]:
        times: Counter[tuple[str, str]] = Counter()
        last: dict[tuple[str, str], str] = {}
        source = self.file(file)
        columns = [source.position(name) for name in (key, take, *([latest] if latest else []))]
        for row in source.rows(self._unread):
            pair = (row.cells[columns[0]].strip(), row.cells[columns[1]].strip())
            times[pair] += 1
            if latest:
                last[pair] = max(last.get(pair, ""), row.cells[columns[2]].strip())
        ranked = sorted(times, key=_number_or_text)
        ranked.sort(key=lambda pair: (times[pair], last.get(pair, "")), reverse=True)
        winners: dict[str, str] = {}
        leads: dict[str, list[int]] = {}
        for pair in ranked:
            winners.setdefault(*pair)
            leads.setdefault(pair[0], []).append(times[pair])
        unread = len(self._unread_rows.get(file, ()))
        for found_key, (first, *others) in leads.items() if unread else ():
            if first - max(others, default=0) <= unread:
                winners[found_key] = Doubtful(winners[found_key])
        return winners

    def _pairs(self, file: str, key: str, take: str) -> list[tuple[str, str]]:
        source = self.file(file)
        at, value = source.position(key), source.position(take)
        return [(row.cells[at].strip(), row.cells[value].strip()) for row in source.rows(self._unread)]

    def found(self, file: str, table: Mapping[str, str], key: str) -> str:
        """What a table of a file holds beside a key, "" for nothing.

        Raises:
            RowUnread: when the key may stand in a row of the file that could not be read, and is in no other.
        """
        if key and key not in table and file in self._unread_rows:
            problem = f"{file} has a row that cannot be read, and this one may refer to it."
            raise RowUnread(
                problem, "Repair that row; it has a line of its own among the rejects.", value=key
            )
        return table.get(key, "")

    def file(self, name: str) -> CsvFile:
        """A file of the folder.

        Raises:
            KnownError: `import_invalid`, when it is not there.
        """
        if name not in self._files:
            raise KnownError(
                Code.IMPORT_INVALID,
                f"The folder has no file {name}, which the profile needs. Nothing was imported.",
            )
        return self._files[name]

    def _unread(self, reject: Reject) -> None:
        """A row that cannot be read of a file that is only looked into: every row that needs it would be wrong.

        Raises:
            KnownError: `import_invalid`, naming the row.
        """
        self._unread_rows.setdefault(reject.file, set()).add(reject.row)
        if reject.file not in self._imported:
            raise KnownError(Code.IMPORT_INVALID, f"{reject.sentence} Nothing was imported.")


def _number_or_text(pair: tuple[str, str]) -> tuple[int, str]:
    value = pair[1]
    return (int(value), "") if value.isascii() and value.isdigit() else (10**18, value)


class Mapper:
    """Fills the columns of one kind of record from the rows of one file.

    Attributes:
        names: the columns of the contract it fills, the key aside.
        origins: per column of the contract the columns of the file, for rejects.
    """

    def __init__(self, spec: RecordSpec, file: CsvFile, lookups: Lookups, *, optional: bool) -> None:
        self._file = file
        self._lookups = lookups
        self._row_lost = False
        columns = {
            name: how
            for name, how in spec.columns.items()
            if name == KEY or not (optional and isinstance(how, str) and how not in file.header)
        }
        self._key = self._fill(columns.pop(KEY))
        self.names = tuple(columns)
        self._in_doubt = tuple(at for at, how in enumerate(columns.values()) if _may_doubt(how))
        self._fills = tuple((name, self._fill(how)) for name, how in columns.items())
        self._when = tuple(file.position(name) for name in spec.when)
        self.origins = {name: ", ".join(columns_read(how)) or name for name, how in spec.columns.items()}

    def wants(self, cells: Cells) -> bool:
        """Whether the row makes a record at all."""
        return not self._when or any(cells[position].strip() for position in self._when)

    def key(self, cells: Cells) -> str:
        """The external key of the record.

        Raises:
            CellError: when it was counted over rows of which one cannot be read.
        """
        key = self._key(cells)
        if isinstance(key, Doubtful):
            problem = "The key is counted over rows of which one cannot be read."
            raise CellError(problem, "Repair that row first.", column=KEY, value=key)
        return key.strip()

    def texts(self, cells: Cells) -> list[str]:
        """The cells of the contract's row, in the order of `names`.

        Raises:
            CellError: when a map has no entry for what the cell holds.
        """
        texts: list[str] = []
        for name, fill in self._fills:
            try:
                texts.append(fill(cells))
            except CellError as error:
                error.column = name
                self.lose_row()
                raise
        return texts

    def lose_row(self) -> None:
        """A row was not read: the numbers of those after it may be wrong."""
        self._row_lost = True

    def doubtful(self, texts: Sequence[str]) -> list[int]:
        """Which of the texts follow from rows of which one cannot be read."""
        return [at for at in self._in_doubt if isinstance(texts[at], Doubtful)]

    def _fill(self, spec: Spec) -> Fill:
        if isinstance(spec, str):
            position = self._file.position(spec)
            return lambda cells: cells[position]
        fill = self._way(spec)
        if "part" in spec:
            fill = _then(_PARTS[str(spec["part"])], fill)
        if "map" in spec:
            fill = _then(_mapped(dict(spec["map"])), fill)  # type: ignore[call-overload]
        if "spelled_as" in spec:
            fill = _spelled(fill, self._fill(_spec(spec["spelled_as"])))
        otherwise = self._fill(_spec(spec["otherwise"])) if "otherwise" in spec else _empty
        if "if" in spec:
            fill = _conditional(self._fill(_spec(spec["if"])), fill)
        return _first(fill, otherwise) if "otherwise" in spec else fill

    def _way(self, spec: Mapping[str, object]) -> Fill:
        if "column" in spec:
            return self._fill(str(spec["column"]))
        if "is" in spec:
            constant = str(spec["is"])
            return lambda _cells: constant
        if "text" in spec:
            return self._template(str(spec["text"]))
        if "digest" in spec:
            fills = [self._fill(str(name)) for name in list(spec["digest"])]  # type: ignore[call-overload]
            return lambda cells: _digest([fill(cells) for fill in fills])
        if "number_within" in spec:
            number = _numbered(self._fill(str(spec["number_within"])))
            return lambda cells: Doubtful(number(cells)) if self._row_lost else number(cells)
        match, take = str(spec["match"]), str(spec["take"])
        asked = self._fill(match)
        key = str(spec.get("key", match))
        if "from" in spec:
            file = str(spec["from"])
            table = self._lookups.table(file, key, take)
            return lambda cells: self._lookups.found(file, table, asked(cells).strip())
        counted = str(spec["most_in"])
        most = self._lookups.most(counted, key, take, str(spec.get("ties_to_latest", "")))
        return lambda cells: self._lookups.found(counted, most, asked(cells).strip())

    def _template(self, template: str) -> Fill:
        """A text with `{Column}` places; empty when all its columns are."""
        parts = _PLACE.split(template)
        fills = [(parts[at], self._fill(parts[at + 1])) for at in range(0, len(parts) - 1, 2)]
        tail = parts[-1]

        def fill(cells: Cells) -> str:
            values = [(before, value(cells).strip()) for before, value in fills]
            if not any(value for _, value in values):
                return ""
            return ("".join(before + value for before, value in values) + tail).strip()

        return fill


def _may_doubt(spec: Spec) -> bool:
    return not isinstance(spec, str) and any(way in spec for way in ("most_in", "number_within", "otherwise"))


def columns_read(spec: Spec) -> list[str]:
    """The columns of the row's own file that a spec reads first, for naming them in a reject."""
    if isinstance(spec, str):
        return [spec]
    for way in ("column", "number_within", "match"):
        if way in spec:
            return [str(spec[way])]
    if "digest" in spec:
        return [str(name) for name in list(spec["digest"])]  # type: ignore[call-overload]
    return _PLACE.findall(str(spec.get("text", "")))


def all_columns(spec: Spec) -> set[str]:
    """Every column of the row's own file that a spec reads."""
    columns = set(columns_read(spec))
    if not isinstance(spec, str):
        for word in ("spelled_as", "if", "otherwise"):
            if word in spec:
                columns |= all_columns(_spec(spec[word]))
    return columns


def files_read(spec: Spec) -> Iterator[tuple[str, set[str]]]:
    """The other files a spec looks into, with the columns it reads there."""
    if isinstance(spec, str):
        return
    if "from" in spec:
        yield str(spec["from"]), {str(spec.get("key", spec["match"])), str(spec["take"])}
    if "most_in" in spec:
        latest = {str(spec["ties_to_latest"])} if "ties_to_latest" in spec else set()
        yield str(spec["most_in"]), {str(spec.get("key", spec["match"])), str(spec["take"])} | latest
    for word in ("spelled_as", "if", "otherwise"):
        if word in spec:
            yield from files_read(_spec(spec[word]))


def _spec(value: object) -> Spec:
    return value if isinstance(value, str) else dict(value)  # type: ignore[call-overload]


def _empty(_cells: Cells) -> str:
    return ""


def _then(turn: Callable[[str], str], fill: Fill) -> Fill:
    def turned(cells: Cells) -> str:
        text = fill(cells)
        return Doubtful(turn(text)) if isinstance(text, Doubtful) else turn(text)

    return turned


def _first(fill: Fill, otherwise: Fill) -> Fill:
    """What is filled, else what the profile gives instead; in doubt where a row that cannot be read may say more."""

    def first(cells: Cells) -> str:
        try:
            text = fill(cells)
        except RowUnread:
            return Doubtful(otherwise(cells))
        if text:
            return text
        return Doubtful(otherwise(cells)) if isinstance(text, Doubtful) else otherwise(cells)

    return first


def _conditional(condition: Fill, fill: Fill) -> Fill:
    return lambda cells: fill(cells) if condition(cells).strip() else ""


def _mapped(table: Mapping[str, str]) -> Callable[[str], str]:
    def mapped(cell: str) -> str:
        text = cell.strip()
        if text in table:
            return table[text]
        if "*" in table:
            return table["*"]
        known = ", ".join(f"“{name}”" for name in table)
        raise CellError(
            "The profile has no value for this.", f"Use one of {known}, or add it to the profile.", value=text
        )

    return mapped


def _spelled(fill: Fill, other: Fill) -> Fill:
    def spelled(cells: Cells) -> str:
        text, better = fill(cells), other(cells)
        return better if better and same_words(text) == same_words(better) else text

    return spelled


def _numbered(within: Fill) -> Fill:
    counts: Counter[str] = Counter()

    def number(cells: Cells) -> str:
        group = within(cells).strip()
        counts[group] += 1
        return str(counts[group])

    return number


def _digest(texts: Sequence[str]) -> str:
    joined = "\x1f".join(same_words(text) for text in texts)
    return sha1(joined.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()[:20]
