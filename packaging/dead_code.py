"""Names the functions, methods and classes that nothing in the product uses.

Owns what is tolerated and why. Reads the product alone: code that only a test calls is dead. Fields are not
judged, because the codec, the tables and the exports read them by the catalogue.
"""

from __future__ import annotations

import re
import sys
from fnmatch import fnmatch
from pathlib import Path

from vulture import Vulture
from vulture.core import Item

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ("fieldrep", "sync_server", "packaging", "run.py")
JUDGED = {"function", "method", "class", "property", "import", "unreachable_code"}
REGISTERED_BY = [
    "@*.command",
    "@*.command(*",
    "@*.group",
    "@*.group(*",
    "@*.register",
    "@*.setter",
    "@override",
]

# (file, name) patterns -> who calls it
TOLERATED = {
    ("fieldrep/ui/*", "[a-z]*[A-Z]*"): "Qt calls what a widget or a model overrides",
    ("fieldrep/contract/*.py", "_missing_"): "an enumeration asks it for a value of a newer program",
    ("packaging/wheel_contents.py", "*"): "hatchling loads and calls the hook",
}


def is_tolerated(item: Item) -> bool:
    file = Path(item.filename).resolve().relative_to(ROOT).as_posix()
    return any(fnmatch(file, files) and fnmatch(item.name, names) for files, names in TOLERATED)


def main() -> int:
    vulture = Vulture(ignore_decorators=REGISTERED_BY)
    vulture.scavenge([str(ROOT / top) for top in PRODUCT], exclude=["*/migrations/*"])
    dead = [item for item in vulture.get_unused_code() if item.typ in JUDGED and not is_tolerated(item)]
    for item in dead:
        kind = re.sub("_", " ", item.typ)
        print(
            f"{Path(item.filename).resolve().relative_to(ROOT)}:{item.first_lineno}: unused {kind} '{item.name}'"
        )
    return 1 if dead or vulture.exit_code not in (0, 3) else 0


if __name__ == "__main__":
    sys.exit(main())
