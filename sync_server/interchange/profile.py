"""Mapping profiles: a TOML file that says which columns of which foreign files become which columns of the contract.

Owns the form of profiles and the sentences about broken ones. Must not know the data; `mapping.py` applies them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.shapes import currency_problem
from sync_server.interchange.columns import CONTRACT_VERSION, IMPORTED, KEY, columns_of, file_name
from sync_server.interchange.csv_file import CHARSETS, UTF_8

OWN = "fieldrep"
"""The profile of the contract itself: nothing to map."""

Spec = str | Mapping[str, object]
"""How one column is filled: the name of a column, or a table with one way of `WAYS` and any of `TURNS`."""

WAYS = frozenset({"column", "is", "text", "digest", "number_within", "from", "most_in"})
TURNS = frozenset({"part", "map", "spelled_as", "if", "otherwise"})
_BESIDE = {"from": {"match", "key", "take"}, "most_in": {"match", "key", "take", "ties_to_latest"}}
PARTS = ("given_name", "family_name", "day", "lower")


@dataclass(frozen=True, slots=True)
class RecordSpec:
    """How rows of one file become rows of one entity.

    Attributes:
        columns: per column of the contract, how it is filled; `key` is among them.
        when: columns of which at least one must hold something, or else the row makes no record.
        once: whether several rows may make the same record; the first one counts.
    """

    entity: str
    file: str
    columns: Mapping[str, Spec]
    when: tuple[str, ...] = ()
    once: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """One mapping profile.

    Attributes:
        source: the name space of its keys; two profiles with the same source speak of the same records.
        currency: of amounts in rows that name none.
        charset: of its files.
        ignored: per file, columns that are known and not taken.
    """

    name: str
    source: str
    records: tuple[RecordSpec, ...]
    ignored: Mapping[str, frozenset[str]] = field(default_factory=dict)
    currency: str = "EUR"
    charset: str = UTF_8
    optional: bool = False


def built_in() -> list[str]:
    """The names of the profiles that come with the server."""
    folder = resources.files("sync_server.interchange") / "profiles"
    names = (entry.name for entry in folder.iterdir())
    return sorted([OWN, *(name.removesuffix(".toml") for name in names if name.endswith(".toml"))])


def load_profile(name: str) -> Profile:
    """A built-in profile by its name, or one from a `.toml` file.

    Raises:
        KnownError: `import_invalid`, when there is none or it is not valid.
    """
    if name == OWN:
        return own_profile()
    if name in built_in():
        entry = resources.files("sync_server.interchange") / "profiles" / f"{name}.toml"
        return read_profile(entry.read_text(encoding="utf-8"), name)
    if name.endswith(".toml"):
        try:
            return read_profile(Path(name).read_text(encoding="utf-8"), Path(name).stem)
        except FileNotFoundError as error:
            raise _invalid(name, "cannot be read: there is no such file. Check the path") from error
        except OSError as error:
            raise _invalid(
                name, f"cannot be read ({error.strerror}). Check the path and its rights"
            ) from error
        except UnicodeDecodeError as error:
            raise _invalid(name, "is not UTF-8 text. Save it as UTF-8") from error
    names = ", ".join(built_in())
    raise KnownError(
        Code.IMPORT_INVALID,
        f"There is no profile “{name[:60]}”. Known are: {names}; or name a profile file that ends in .toml.",
    )


def own_profile() -> Profile:
    """The contract as a profile: every column is filled by the column of the same name."""
    records = (
        RecordSpec(entity.name, file_name(entity), {KEY: KEY, **{name: name for name in columns_of(entity)}})
        for entity in IMPORTED
    )
    return Profile(OWN, OWN, tuple(records), optional=True)


def read_profile(text: str, name: str) -> Profile:
    """A profile from its TOML text.

    Raises:
        KnownError: `import_invalid`, naming what is wrong.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _invalid(name, f"is not valid TOML ({error})") from error
    unknown = content.keys() - {"contract", "source", "currency", "charset", "ignore", "records", "title"}
    if unknown:
        raise _invalid(name, f"has an unknown entry “{min(unknown)}”")
    if content.get("contract") != CONTRACT_VERSION:
        raise _invalid(
            name, f"is for version {content.get('contract')} of the contract, this is {CONTRACT_VERSION}"
        )
    records = content.get("records")
    if not isinstance(records, list) or not records:
        raise _invalid(name, "names no records")
    currency = _text(content, "currency", name) if "currency" in content else "EUR"
    if problem := currency_problem(currency):
        raise _invalid(name, f"has an amount's currency that is none: {problem}")
    charset = _text(content, "charset", name).lower() if "charset" in content else UTF_8
    if charset not in CHARSETS:
        raise _invalid(name, f"names the charset “{charset[:40]}”. Known are: {', '.join(CHARSETS)}")
    return Profile(
        name=name,
        source=_text(content, "source", name),
        currency=currency,
        charset=charset,
        ignored={file: frozenset(columns) for file, columns in dict(content.get("ignore", {})).items()},
        records=tuple(_record(name, record) for record in records),
    )


def _record(name: str, record: Mapping[str, object]) -> RecordSpec:
    entity = CATALOGUE.get(str(record.get("entity")))
    if entity is None or entity not in IMPORTED:
        raise _invalid(name, f"has records for “{record.get('entity')}”, which cannot be imported")
    columns = record.get("columns")
    if not isinstance(columns, dict) or KEY not in columns:
        raise _invalid(name, f"has {entity.name} records without a key")
    for column, spec in columns.items():
        if column != KEY and column not in columns_of(entity):
            raise _invalid(name, f"fills “{column}”, which is no column of {file_name(entity)}")
        _check_spec(name, f"{entity.name}.{column}", spec)
    when, once = record.get("when", []), record.get("once", False)
    if not isinstance(when, list) or not isinstance(once, bool):
        raise _invalid(name, f"says “when” or “once” of {entity.name} in a way that is not understood")
    return RecordSpec(
        entity.name, _text(record, "file", name), columns, tuple(str(column) for column in when), once
    )


def _check_spec(name: str, place: str, spec: object) -> None:
    if isinstance(spec, str):
        return
    if not isinstance(spec, dict):
        raise _invalid(name, f"fills {place} with something that is neither a column nor a table")
    ways = spec.keys() & WAYS
    if len(ways) != 1:
        raise _invalid(name, f"must fill {place} in exactly one of these ways: {', '.join(sorted(WAYS))}")
    unknown = spec.keys() - WAYS - TURNS - _BESIDE.get(next(iter(ways)), set())
    if unknown:
        raise _invalid(name, f"has an unknown word “{min(unknown)}” at {place}")
    if spec.get("part", PARTS[0]) not in PARTS:
        raise _invalid(name, f"names an unknown part at {place}; known are {', '.join(PARTS)}")
    missing = {"from": {"match", "take"}, "most_in": {"match", "take"}}.get(
        next(iter(ways)), set()
    ) - spec.keys()
    if missing:
        raise _invalid(name, f"lacks “{min(missing)}” at {place}")
    for inner in inner_specs(spec):
        _check_spec(name, place, inner)


def inner_specs(spec: Spec) -> Iterator[Spec]:
    """The specs inside a spec."""
    if isinstance(spec, Mapping):
        for word in ("spelled_as", "if", "otherwise"):
            if word in spec:
                yield spec[word]  # type: ignore[misc]


def _text(content: Mapping[str, object], entry: str, name: str) -> str:
    value = content.get(entry)
    if not isinstance(value, str) or not value:
        raise _invalid(name, f"must say its {entry}")
    return value


def _invalid(name: str, what: str) -> KnownError:
    return KnownError(Code.IMPORT_INVALID, f"The profile “{name}” {what}. Nothing was imported.")
