"""Makes the golden messages of the present protocol version: `python -m tests.golden`.

Until the first release they may be made again when a message changes (`--again`); afterwards a new version gets a new
folder, and the old ones stay.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from fieldrep.contract.messages import PROTOCOL_VERSION
from tests.golden.described import FOLDER, as_text, read
from tests.golden.scenario import messages


def main() -> int:
    """Writes each message and what it says; an existing folder is left alone unless it is to be made again."""
    folder = FOLDER / f"v{PROTOCOL_VERSION}"
    if folder.exists():
        if "--again" not in sys.argv:
            sys.stderr.write(f"{folder.name} is there; golden messages stay as they are.\n")
            return 1
        shutil.rmtree(folder)
    folder.mkdir()
    with tempfile.TemporaryDirectory() as place:
        made = dict(messages(Path(place)))
    seeds = made["11-file.seeds"]
    for name, body in made.items():
        (folder / name).write_bytes(body)
        if not name.endswith(".seeds"):
            (folder / f"{name}.json").write_text(as_text(read(name, body, seeds)), encoding="utf-8")
    sys.stdout.write(f"{len(made)} files in {folder.name}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
