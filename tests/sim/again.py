"""Each seed played twice, compared by the hash of its log: `python -m tests.sim.again SEEDS STEPS`."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from tests.sim.places import memory
from tests.sim.play import make_store, play
from tests.store_suite.databases import databases


def main(seeds: int, steps: int) -> int:
    """How many seeds went otherwise the second time."""
    differ = 0
    with tempfile.TemporaryDirectory(prefix="fieldrep-again-", dir=memory()) as name:
        folder = Path(name)
        (folder / "stores").mkdir()
        with databases(folder / "stores", make_store) as stores:
            for seed in range(1, seeds + 1):
                prints = []
                for time in ("once", "again"):
                    place = folder / f"{seed} {time}"
                    place.mkdir()
                    history = play(seed, place, steps=steps, url=stores.new("sqlite"))
                    history.close()
                    prints.append(history.fingerprint())
                same = prints[0] == prints[1]
                differ += not same
                print(json.dumps({"seed": seed, "same": same, "log": prints[0]}), flush=True)
    return differ


if __name__ == "__main__":
    sys.exit(min(main(int(sys.argv[1]), int(sys.argv[2])), 1))
