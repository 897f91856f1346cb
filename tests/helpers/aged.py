"""A program of another age: `python -m tests.helpers.aged VERSION PROGRAM ARGUMENT…` runs it with an older catalogue.

The newest of three versions is the whole catalogue; the older ones lack what came later. Owns which fields count as
newer. The catalogue is cut before anything else is loaded, so all of the program, its tables' statements included,
follows from the older one.
"""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from types import MappingProxyType

from fieldrep.contract.entities import accounts, orders, products
from fieldrep.contract.entity import SYSTEM_FIELDS, Entity

NEWEST = 3
SINCE = {
    (accounts.Contact, "birthday"): 3,
    (accounts.Account, "visit_minutes"): 3,
    (accounts.Account, "website"): 2,
}
"""In which version a field came."""

WHOLE_SINCE = {
    "fieldrep": {products.ProductUom: 2, orders.DiscountPolicy: 3},
    "fieldrep-server": {accounts.AccountContact: 2},
}
"""In which version a kind of record came: one that older devices are sent, and one that older servers are offered."""

OLD_PROTOCOL = "0"
"""Not a version of the catalogue: the newest one, with a protocol that nobody serves any more."""


def _age(version: int, program: str) -> None:
    """Cuts the declarations to what a version knew, and marks what came later than the first."""
    whole = {declaration: since for kinds in WHOLE_SINCE.values() for declaration, since in kinds.items()}
    for declaration in {declaration for declaration, _ in SINCE} | set(whole):
        described: Entity = vars(declaration)["__entity__"]
        fields = {
            name: replace(field, since=SINCE.get((declaration, name), whole.get(declaration, 1)))
            for name, field in described.fields.items()
        }
        kept = {
            name: field for name, field in fields.items() if field.since <= version or declaration in whole
        }
        cut = replace(
            described, fields=MappingProxyType(kept), columns=(*SYSTEM_FIELDS.values(), *kept.values())
        )
        declaration.__entity__ = cut

    from fieldrep.contract import catalogue

    catalogue.SCHEMA_VERSION = version
    gone = {vars(one)["__entity__"].name for one, since in WHOLE_SINCE[program].items() if since > version}
    catalogue.ENTITIES = tuple(one for one in catalogue.ENTITIES if one.name not in gone)
    catalogue.CATALOGUE = MappingProxyType({one.name: one for one in catalogue.ENTITIES})


def main() -> None:
    """Ages the catalogue, then becomes the program."""
    version, program, *arguments = sys.argv[1:]
    _age(NEWEST if version == OLD_PROTOCOL else int(version), program)
    if version == OLD_PROTOCOL:
        from fieldrep.contract import messages

        messages.PROTOCOL_VERSION = 0
    sys.argv = [program, *arguments]
    if program == "fieldrep-server":
        from sync_server.app import main as serve

        serve()
    else:
        _converse()


def _converse() -> None:
    """Runs one command of the client after another: a line of JSON with its words, a line with what came of it."""
    from fieldrep.cli import main as run

    for line in sys.stdin:
        out, err, code = io.StringIO(), io.StringIO(), 0
        with redirect_stdout(out), redirect_stderr(err):
            try:
                run(json.loads(line))
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else 0
        print(json.dumps([code, out.getvalue(), err.getvalue()]), flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
