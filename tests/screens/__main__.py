"""Pictures of every registered page: `python -m tests.screens --out DIR`. Light and dark, at 1x and 2x.

Fails when a page needs more than the first window size or when a label is cut off.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

SCALES = (1, 2)


def _shoot(out: Path, scale: int) -> int:
    environment = os.environ | {
        "QT_QPA_PLATFORM": "offscreen",
        "QT_SCALE_FACTOR": str(scale),
        "QT_ENABLE_HIGHDPI_SCALING": "1",
    }
    command = [sys.executable, "-m", "tests.screens.shoot", str(out), str(scale)]
    return subprocess.run(command, env=environment).returncode


def main() -> int:
    parser = argparse.ArgumentParser(prog="screens", description="Screenshots of every page.")
    parser.add_argument("--out", type=Path, default=Path("build/screens"), help="folder for the pictures")
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    codes = [_shoot(out, scale) for scale in SCALES]
    print(f"{len(list(out.glob('*.png')))} pictures in {out}")
    return max(codes)


if __name__ == "__main__":
    raise SystemExit(main())
