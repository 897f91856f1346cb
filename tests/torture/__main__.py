"""Everything FieldRep must survive, part by part: `python3 run.py torture [--tier quick|release] [--out FILE]`.

Ends with 1 when anything was lost, doubled or differs. The report is Markdown in FILE, or on the terminal, and JSON
beside FILE. A run that was broken off goes on where it was: a part in that JSON that went well with the same tier and
the same programs is kept and not run again; a part that went wrong is. Simulated histories go on at their next seed.
`--anew` runs all.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.torture.parts import PARTS, TIERS, Place
from tests.torture.report import Part, Report, as_json, as_markdown, kept


def arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="run.py torture", description=__doc__)
    parser.add_argument("--tier", choices=TIERS, default="quick", help="how much of everything")
    parser.add_argument("--out", type=Path, help="where the report is written; JSON goes beside it")
    parser.add_argument("--anew", action="store_true", help="keep nothing of an earlier report")
    parser.add_argument(
        "parts", nargs="*", choices=[[], *PARTS], metavar="PART", help=f"of {', '.join(PARTS)}"
    )
    return parser.parse_args(words)


def run(name: str, tier: str, out: Path | None) -> Part:
    """One part, in a folder that is gone afterwards; what it has of seeds stays beside the report until it is done."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix=f"fieldrep-{name}-") as folder:
        seeds = out.with_suffix(f".{name}.json") if out else Path(folder) / "seeds.json"
        part = PARTS[name](TIERS[tier], Place(Path(folder), seeds))
        if not part.wrong:
            seeds.unlink(missing_ok=True)
    part.asked, part.seconds = name, round(time.monotonic() - started, 1)
    return part


def told(part: Part, again: bool) -> str:
    """A part in one line."""
    came = f"left out: {part.left_out}" if part.left_out else f"{part.tries:,} tries, {len(part.wrong)} wrong"
    return f"{part.name}: {came}, {part.seconds:.0f} s{', kept from before' if again else ''}\n"


def main(words: list[str]) -> int:
    """Runs the parts and writes the report, after each part what is known by then.

    Ended from outside it takes down what it started, the servers and their folders, as it does with Ctrl+C.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    asked = arguments(words)
    before = kept(asked.out.with_suffix(".json"), asked.tier) if asked.out and not asked.anew else []
    known = {part.asked: part for part in before}
    report = Report(asked.tier, wanted=tuple(PARTS))
    for name in asked.parts or PARTS:
        part, again = known.get(name) or run(name, asked.tier, asked.out), name in known
        known[name] = part
        report.parts = [known[one] for one in PARTS if one in known]
        sys.stdout.write(told(part, again))
        sys.stdout.flush()
        if asked.out:
            asked.out.write_text(as_markdown(report), encoding="utf-8")
            asked.out.with_suffix(".json").write_text(as_json(report), encoding="utf-8")
    if not asked.out:
        sys.stdout.write(f"\n{as_markdown(report)}")
    return int(bool(report.losses))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
