"""Everything FieldRep must survive, part by part: `python3 run.py torture [--tier quick|release] [--out FILE]`.

Ends with 1 when anything was lost, doubled or differs. The report is Markdown in FILE, or on the terminal, and JSON
beside FILE.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.torture.parts import PARTS, TIERS
from tests.torture.report import Report, as_json, as_markdown


def arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="run.py torture", description=__doc__)
    parser.add_argument("--tier", choices=TIERS, default="quick", help="how much of everything")
    parser.add_argument("--out", type=Path, help="where the report is written; JSON goes beside it")
    parser.add_argument(
        "parts", nargs="*", choices=[[], *PARTS], metavar="PART", help=f"of {', '.join(PARTS)}"
    )
    return parser.parse_args(words)


def main(words: list[str]) -> int:
    """Runs the parts and writes the report, after each part what is known by then."""
    asked, begun = arguments(words), time.monotonic()
    report = Report(asked.tier)
    for name in asked.parts or PARTS:
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix=f"fieldrep-{name}-") as folder:
            part = PARTS[name](TIERS[asked.tier], Path(folder))
        part.seconds = round(time.monotonic() - started, 1)
        report.parts.append(part)
        report.seconds = time.monotonic() - begun
        came = (
            f"left out: {part.left_out}"
            if part.left_out
            else f"{part.tries:,} tries, {len(part.wrong)} wrong"
        )
        sys.stdout.write(f"{part.name}: {came}, {part.seconds:.0f} s\n")
        sys.stdout.flush()
        if asked.out:
            asked.out.write_text(as_markdown(report), encoding="utf-8")
            asked.out.with_suffix(".json").write_text(as_json(report), encoding="utf-8")
    if not asked.out:
        sys.stdout.write(f"\n{as_markdown(report)}")
    return int(bool(report.losses))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
