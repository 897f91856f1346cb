"""Pictures of every page: `python -m tests.screens --out DIR`. Light and dark, at 1x and 2x.

`--contrast` takes them as on a system in high contrast, `--mirrored` from right to left, `--only` some of them.

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


def _shoot(out: Path, scale: int, profiles: Path, wishes: list[str]) -> int:
    environment = os.environ | {
        "QT_QPA_PLATFORM": "offscreen",
        "QT_SCALE_FACTOR": str(scale),
        "QT_ENABLE_HIGHDPI_SCALING": "1",
    }
    command = [sys.executable, "-m", "tests.screens.shoot", str(out), str(scale), str(profiles), *wishes]
    return subprocess.run(command, env=environment).returncode


def main() -> int:
    parser = argparse.ArgumentParser(prog="screens", description="Screenshots of every page.")
    parser.add_argument("--out", type=Path, default=Path("build/screens"), help="folder for the pictures")
    parser.add_argument("--scale", type=int, choices=SCALES, help="only this scale factor")
    parser.add_argument("--only", default="", help="only the scenes whose names begin so")
    parser.add_argument("--contrast", action="store_true", help="as on a system in high contrast")
    parser.add_argument("--mirrored", action="store_true", help="from right to left")
    options = parser.parse_args()
    wishes = [
        f"--only={options.only}",
        *(f"--{one}" for one in ("contrast", "mirrored") if getattr(options, one)),
    ]
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        make_profiles(Path(folder))
        scales = (options.scale,) if options.scale else SCALES
        codes = [_shoot(out, scale, Path(folder), wishes) for scale in scales]
    print(f"{len(list(out.glob('*.png')))} pictures in {out}")
    return max(codes)


if __name__ == "__main__":
    raise SystemExit(main())
