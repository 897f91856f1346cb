"""Programs of other ages: the laptop's own code once more, in this process, over a catalogue that knows less.

Owns which fields and kinds of records an older program does not know. Whatever of the client depends on the catalogue
is loaded anew for each age, its statements included; errors, changes and the driver are the same for all. Must not know
what is done with a program.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

_CATALOGUE = "fieldrep.contract.catalogue"
_ENTITIES = "fieldrep.contract.entities"
_IMPORTS = re.compile(r"^from (fieldrep[.\w]*) import (\([^)]*\)|[^\n]*)", re.MULTILINE)
_AS_IT_IS = "fieldrep.store.schema"
"""The tables of a replica: every program finds those of the newest."""

_MAIN = (
    "fieldrep.contract.messages",
    "fieldrep.store.replica",
    "fieldrep.sync.engine",
    "fieldrep.sync.bundle",
)

NEWEST = 1
"""The version of the catalogue that the office has."""

SINCE: Mapping[tuple[str, str], int] = {
    ("activity", "channel"): 1,
    ("sales_order", "note"): 1,
    ("site", "street"): 0,
    ("account", "tier"): -1,
    ("sales_order", "po_ref"): -1,
}
"""In which version a field came; the others were always there. None of these is searched: the tables of search are made
for all fields there are."""

LATER: Mapping[tuple[str, str], int] = {("account", "note"): 2, ("contact", "email"): 2, ("site", "city"): 2}
"""Fields of which a program that is ahead of the office says that they came with its own version."""

WHOLE_SINCE: Mapping[str, int] = {"duplicate_candidate": 0, "discount_policy": 1}
"""In which version a kind of record came."""


@dataclass(frozen=True)
class Program:
    """What a laptop runs.

    Attributes:
        schema: the version of its catalogue.
        protocol: the version of its messages; 0 is not served any more.
        modules: its own, by name.
    """

    name: str
    schema: int
    protocol: int
    modules: Mapping[str, ModuleType]

    @property
    def messages(self) -> Any:
        """How it reads and writes what travels."""
        return self.modules["fieldrep.contract.messages"]

    @property
    def is_newest(self) -> bool:
        """Whether it is as old as the office was in the beginning."""
        return self.schema == NEWEST

    @property
    def is_served(self) -> bool:
        """Whether the office still answers it with more than outcomes."""
        return self.protocol > 0

    def open(self, *words: Any) -> Any:
        """The replica, as this program opens it."""
        return self.modules["fieldrep.store.replica"].Replica.open(*words)

    def sync(self, replica: Any, line: Any) -> Any:
        """One sync of this program; gives its receipt."""
        return self.modules["fieldrep.sync.engine"].sync(replica, line)

    def write_request(self, replica: Any, out: Any, **limits: int) -> Any:
        """A file for the office, as this program writes it."""
        return self.modules["fieldrep.sync.bundle"].write_request(replica, out, **limits)

    def read_reply(self, replica: Any, source: Any) -> Any:
        """Takes the office's answer from a file, as this program does; gives its receipt."""
        return self.modules["fieldrep.sync.bundle"].read_reply(replica, source)

    def knows(self, entity: str, name: str = "") -> bool:
        """Whether it knows a kind of record, or a field of it."""
        return max(WHOLE_SINCE.get(entity, -9), SINCE.get((entity, name), -9)) <= self.schema


AGES: Mapping[str, tuple[int, int]] = {
    "not served": (-2, 0),
    "three back": (-2, 1),
    "two back": (-1, 1),
    "one back": (0, 1),
    "newest": (NEWEST, 1),
    "ahead": (NEWEST + 1, 1),
}
"""Version of the catalogue and of the protocol, oldest first: programs are only ever replaced by later ones."""


@cache
def program(age: str) -> Program:
    """The program of an age; those of one process share it."""
    schema, protocol = AGES[age]
    for name in _MAIN:
        import_module(name)
    if age == "newest":
        return Program(age, schema, protocol, sys.modules)
    with _set_aside() as own:
        _cut(schema)
        modules = {name: import_module(name) for name in own}
    vars(modules["fieldrep.sync.handshake"])["PROTOCOL_VERSION"] = protocol
    return Program(age, schema, protocol, MappingProxyType(modules))


def _cut(schema: int) -> None:
    """Loads a catalogue without what came after a version."""
    declared: list[Any] = [
        one
        for kinds in ("accounts", "decisions", "duplicates", "files", "orders", "people", "products")
        for one in vars(import_module(f"{_ENTITIES}.{kinds}")).values()
        if isinstance(one, type) and "__entity__" in vars(one)
    ]
    for one in declared:
        entity = one.__entity__
        gone = [name for name in entity.fields if SINCE.get((entity.name, name), schema) > schema]
        fields = {
            name: replace(field, since=LATER.get((entity.name, name), field.since))
            for name, field in entity.fields.items()
            if name not in gone
        }
        columns = tuple(fields.get(field.name, field) for field in entity.columns if field.name not in gone)
        one.__entity__ = replace(entity, fields=MappingProxyType(fields), columns=columns)
    catalogue: Any = import_module(_CATALOGUE)
    known = [one for one in catalogue.ENTITIES if WHOLE_SINCE.get(one.name, schema) <= schema]
    catalogue.SCHEMA_VERSION, catalogue.ENTITIES = schema, tuple(known)
    catalogue.CATALOGUE = MappingProxyType({one.name: one for one in known})


@contextmanager
def _set_aside() -> Iterator[list[str]]:
    """Within this, what depends on the catalogue is loaded anew; afterwards this process has its own again."""
    own = [name for name in sys.modules if name in _dependent()]
    kept = {name: sys.modules.pop(name) for name in own}
    for name in own:
        vars(_parent(name)).pop(name.rpartition(".")[2], None)
    try:
        yield own
    finally:
        for name, module in kept.items():
            sys.modules[name] = module
        for name, module in kept.items():
            setattr(_parent(name), name.rpartition(".")[2], module)


def _parent(name: str) -> ModuleType:
    return sys.modules.get(name.rpartition(".")[0]) or ModuleType("set aside")


@cache
def _dependent() -> frozenset[str]:
    """The modules that a sync needs, and that follow from the catalogue; what else is loaded here is left alone."""
    needs: dict[str, set[str]] = {}
    ahead = list(_MAIN)
    while ahead:
        name = ahead.pop()
        module = sys.modules.get(name)
        if name not in needs and module is not None and module.__file__ and name != _AS_IT_IS:
            needs[name] = {one for one in _needed(Path(module.__file__)) if one in sys.modules}
            ahead += needs[name]
    found = {name for name in needs if name == _CATALOGUE or name.startswith(_ENTITIES)}
    while more := {name for name in needs if needs[name] & found} - found:
        found |= more
    return frozenset(found)


def _needed(file: Path) -> set[str]:
    """What a module imports at its beginning."""
    needed = set()
    for module, names in _IMPORTS.findall(file.read_text(encoding="utf-8")):
        words = re.findall(r"\w+", names)
        needed |= {module, *(f"{module}.{word}" for word in words)}
    return needed
