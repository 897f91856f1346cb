"""Makes the golden messages of the present protocol version: `python -m tests.golden`.

Those that are there stay as they are, what new scenes say is added. Until the first release all may be made again when
a message changes (`--again`); afterwards a new version gets a new folder, and the old ones stay.
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
    """Writes each message that is not there yet, and what it says; all of them when they are to be made again."""
    folder = FOLDER / f"v{PROTOCOL_VERSION}"
    if "--again" in sys.argv:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        made = [(folder / name, body) for name, body in messages(Path(place))]
    new = [(path, body) for path, body in made if not path.exists()]
    for path, body in new:
        path.write_bytes(body)
    for path, _ in new:
        if path.suffix != ".seeds":
            path.with_name(f"{path.name}.json").write_text(as_text(read(path)), encoding="utf-8")
    sys.stdout.write(f"{len(new)} new of {len(made)} messages in {folder.name}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
