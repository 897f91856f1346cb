"""An import: a folder of CSV files through a profile into the central store, with counts, rejects and progress.

The page to read first of this package. Owns the order of the steps; each step has its own module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from fieldrep.contract.catalogue import CATALOGUE, ENTITIES
from fieldrep.contract.entity import Entity
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import RowId
from sync_server.interchange.columns import KEY
from sync_server.interchange.csv_file import CsvFile, SourceRow
from sync_server.interchange.loading import TRANSACTION, Count, Loader
from sync_server.interchange.mapping import Lookups, Mapper, all_columns, files_read
from sync_server.interchange.profile import Profile, RecordSpec
from sync_server.interchange.records import Origin, Record, RecordBuilder
from sync_server.interchange.rejects import CellError, Reject, RejectLog, shortened
from sync_server.store.database import Database

REJECTS_NAME = "rejects.csv"
"""A file of this name may lie among the others; it is not read."""

OnProgress = Callable[[int, int], None]
"""Told the bytes read so far and the bytes there are to read."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or with a dry run would have done.

    Attributes:
        counts: per entity, in the order of the catalogue.
        rejects: how many things were not taken.
        first: the first few of them.
        unread: per file that could not be read to its end, the first row not read.
    """

    profile: str
    dry_run: bool
    counts: dict[str, Count]
    rejects: int
    first: tuple[Reject, ...]
    unread: dict[str, int]


def import_folder(
    database: Database,
    profile: Profile,
    folder: Path,
    *,
    rejects: Path | None = None,
    dry_run: bool = False,
    progress: OnProgress = lambda _done, _total: None,
    transaction: int = TRANSACTION,
) -> ImportReport:
    """Reads the folder's files as the profile says and settles every record with the store.

    Raises:
        KnownError: before anything is written, when the folder or a file cannot be read as the profile says.
    """
    files = open_files(profile, folder)
    _check_rejects(rejects, files)
    for file in files.values():
        file.check_end()
    lookups = Lookups(files, {spec.file for spec in profile.records})
    steps = [
        (CATALOGUE[spec.entity], spec, Mapper(spec, files[spec.file], lookups, optional=profile.optional))
        for spec in in_order(profile)
        if spec.file in files
    ]
    total = sum(files[spec.file].size for _, spec, _ in steps)
    done = 0
    with (
        RejectLog(rejects) as log,
        Loader(database, log, dry_run=dry_run, transaction=transaction, source=profile.name) as loader,
    ):
        for entity, spec, mapper in steps:
            source = _Source(profile, spec, entity, files[spec.file], mapper, loader)
            loader.load(entity, source.records(partial(_told, progress, done, total)))
            done += files[spec.file].size
            progress(done, total)
    counts = {entity.name: loader.counts[entity.name] for entity in ENTITIES if entity.name in loader.counts}
    return ImportReport(profile.name, dry_run, counts, log.count, tuple(log.first), log.unread)


def _check_rejects(rejects: Path | None, files: dict[str, CsvFile]) -> None:
    """The rejects file must not be one of those it is about."""
    if rejects is not None and any(rejects.resolve() == file.path.resolve() for file in files.values()):
        raise KnownError(
            Code.IMPORT_INVALID,
            f"{rejects} is one of the files to import. Name another file for the rejects.",
        )


def _told(progress: OnProgress, before: int, total: int, at: int) -> None:
    progress(before + at, total)


def in_order(profile: Profile) -> list[RecordSpec]:
    """The profile's records, parents before children."""
    place = {entity.name: position for position, entity in enumerate(ENTITIES)}
    return sorted(profile.records, key=lambda spec: place[spec.entity])


def open_files(profile: Profile, folder: Path) -> dict[str, CsvFile]:
    """The files of the folder that the profile reads, their headers checked.

    Raises:
        KnownError: `import_invalid`, when the folder, a file or a column is not as the profile says.
    """
    known = _columns_by_file(profile)
    there = _csv_files(folder)
    if profile.optional:
        _check_names(there.keys() - {REJECTS_NAME}, set(known))
    missing = sorted(known.keys() - there.keys())
    if (missing and not profile.optional) or not (known.keys() & there.keys()):
        raise KnownError(
            Code.IMPORT_INVALID,
            f"{folder} has no {missing[0]}. The profile “{profile.name}” reads: {', '.join(sorted(known))}.",
        )
    files = {name: CsvFile(there[name], profile.charset) for name in known if name in there}
    for name, file in files.items():
        file.check_columns(known[name] | profile.ignored.get(name, frozenset()))
    return files


def _csv_files(folder: Path) -> dict[str, Path]:
    try:
        return {path.name: path for path in sorted(folder.iterdir()) if path.suffix.lower() == ".csv"}
    except NotADirectoryError:
        problem = "is not a folder"
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
    raise KnownError(Code.IMPORT_INVALID, f"{folder} {problem}. Name the folder with the CSV files.")


def _columns_by_file(profile: Profile) -> dict[str, set[str]]:
    columns: dict[str, set[str]] = {}
    for spec in profile.records:
        own = columns.setdefault(spec.file, set())
        own.update(spec.when)
        for how in spec.columns.values():
            own |= all_columns(how)
            for file, read in files_read(how):
                columns.setdefault(file, set()).update(read)
    return columns


def _check_names(there: set[str], known: set[str]) -> None:
    """A file nobody reads would silently lose data."""
    for name in sorted(there - known):
        raise KnownError(
            Code.IMPORT_INVALID,
            f"{shortened(name)} is not a file of the contract. Its files are: {', '.join(sorted(known))}. "
            "Rename it or move it away. Nothing was imported.",
        )


class _Source:
    """The records that one file makes for one entity."""

    def __init__(
        self,
        profile: Profile,
        spec: RecordSpec,
        entity: Entity,
        file: CsvFile,
        mapper: Mapper,
        loader: Loader,
    ) -> None:
        self._spec = spec
        self._entity = entity
        self._file = file
        self._mapper = mapper
        self._loader = loader
        self._builder = RecordBuilder(entity, mapper.names, profile.source, profile.currency)

    def records(self, at: Callable[[int], None]) -> Iterator[Record]:
        """Every record that can be made; the rest is rejected."""
        for row in self._file.rows(self._broken, at):
            if not self._mapper.wants(row.cells):
                continue
            record = self._record(row)
            if record is not None:
                yield record

    def _record(self, row: SourceRow) -> Record | None:
        row_id: RowId | None = None
        try:
            key = self._mapper.key(row.cells)
            texts = self._mapper.texts(row.cells)
            row_id = self._builder.row_id(key)
            if not self._loader.first_time(self._entity, row_id):
                if self._spec.once:
                    return None
                row_id = None
                what = "Give every row its own key; the first one counts."
                raise CellError(
                    "The key stands in an earlier row already.", what, column=KEY, value=shortened(key)
                )
            record = self._builder.build(key, texts, self._mapper.doubtful(texts))
        except CellError as error:
            column = self._mapper.origins.get(error.column, error.column)
            reject = Reject(
                self._file.name, row.number, column, shortened(error.value), error.problem, error.what_to_do
            )
            self._loader.refuse(self._entity, reject, row_id)
            return None
        record.origin = Origin(self._file.name, row.number, self._mapper.origins)
        return record

    def _broken(self, reject: Reject) -> None:
        self._mapper.lose_row()
        self._loader.refuse(self._entity, reject)
