"""Pictures of every page: `python -m tests.screens --out DIR`. Light and dark, at 1x and 2x.

Fails when a page needs more than the first window size or when a label is cut off.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.screens.company import make_profiles

SCALES = (1, 2)


def _shoot(out: Path, scale: int, profiles: Path) -> int:
    environment = os.environ | {
        "QT_QPA_PLATFORM": "offscreen",
        "QT_SCALE_FACTOR": str(scale),
        "QT_ENABLE_HIGHDPI_SCALING": "1",
    }
    command = [sys.executable, "-m", "tests.screens.shoot", str(out), str(scale), str(profiles)]
    return subprocess.run(command, env=environment).returncode


def main() -> int:
    parser = argparse.ArgumentParser(prog="screens", description="Screenshots of every page.")
    parser.add_argument("--out", type=Path, default=Path("build/screens"), help="folder for the pictures")
    parser.add_argument("--scale", type=int, choices=SCALES, help="only this scale factor")
    options = parser.parse_args()
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        make_profiles(Path(folder))
        scales = (options.scale,) if options.scale else SCALES
        codes = [_shoot(out, scale, Path(folder)) for scale in scales]
    print(f"{len(list(out.glob('*.png')))} pictures in {out}")
    return max(codes)


if __name__ == "__main__":
    raise SystemExit(main())
