"""The table of faults in PROTOCOL.md: every test it names is there, and every fault names one."""

from __future__ import annotations

import re

from tests.arch.tracked import CHECKOUT

TEXT = (CHECKOUT / "fieldrep" / "contract" / "PROTOCOL.md").read_text(encoding="utf-8")
TABLE = TEXT[TEXT.index("## 12. Faults") :]
ROWS = [line for line in TABLE.splitlines() if line.startswith("| ") and not line.startswith("| Fault |")]
NAMED = re.compile(r"`([a-z0-9_/]+\.py)::(test_[a-z0-9_]+)`")


def test_every_fault_of_the_protocol_names_a_test() -> None:
    assert len(ROWS) > 20
    assert [row[:60] for row in ROWS if not NAMED.search(row)] == []


def test_every_test_the_protocol_names_is_there() -> None:
    missing = []
    for module, name in NAMED.findall(TABLE):
        path = CHECKOUT / "tests" / module
        if not path.is_file() or f"def {name}(" not in path.read_text(encoding="utf-8"):
            missing.append(f"{module}::{name}")
    assert missing == []
