"""Everything FieldRep must survive, part by part: `python3 run.py torture [--tier quick|release] [--out FILE]`.

Ends with 1 when anything was lost, doubled or differs. The report is Markdown in FILE, or on the terminal, and JSON
beside FILE. A run that was broken off goes on where it was: a part in that JSON that went well with the same tier and
the same programs is kept and not run again; a part that went wrong is. Simulated histories go on at their next seed.
`--keep` keeps what went well with other programs too, and the report says with which; `--anew` runs again all that is
asked for.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.torture.parts import PARTS, TIERS, Place
from tests.torture.report import Part, Report, as_json, as_markdown, commit, kept, state


def arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="run.py torture", description=__doc__)
    parser.add_argument("--tier", choices=TIERS, default="quick", help="how much of everything")
    parser.add_argument("--out", type=Path, help="where the report is written; JSON goes beside it")
    parser.add_argument(
        "--keep", action="store_true", help="keep what went well with other states of the programs too"
    )
    parser.add_argument(
        "--anew", action="store_true", help="run again what is asked for, though it went well"
    )
    parser.add_argument(
        "parts", nargs="*", choices=[[], *PARTS], metavar="PART", help=f"of {', '.join(PARTS)}"
    )
    return parser.parse_args(words)


def before(asked: argparse.Namespace) -> dict[str, Part]:
    """The parts of an earlier report that stand and are not run again."""
    again = (asked.parts or PARTS) if asked.anew else ()
    parts = kept(asked.out.with_suffix(".json"), asked.tier, asked.keep) if asked.out else []
    return {part.asked: part for part in parts if part.asked not in again}


def run(name: str, tier: str, out: Path | None) -> Part:
    """One part, in a folder that is gone afterwards; what it has of seeds stays beside the report until it is done."""
    started, tried_with = time.monotonic(), (commit(), state(), time.strftime("%Y-%m-%d"))
    with tempfile.TemporaryDirectory(prefix=f"fieldrep-{name}-") as folder:
        seeds = out.with_suffix(f".{name}.json") if out else Path(folder) / "seeds.json"
        part = PARTS[name](TIERS[tier], Place(Path(folder), seeds))
        if not part.wrong:
            seeds.unlink(missing_ok=True)
    part.asked, part.seconds = name, round(time.monotonic() - started, 1)
    part.commit, part.state, part.date = tried_with
    return part


def told(part: Part, again: bool) -> str:
    """A part in one line."""
    came = f"left out: {part.left_out}" if part.left_out else f"{part.tries:,} tries, {len(part.wrong)} wrong"
    kept_from = f", kept from {'before' if part.state == state() else f'commit {part.commit}'}" * again
    return f"{part.name}: {came}, {part.seconds:.0f} s{kept_from}\n"


def main(words: list[str]) -> int:
    """Runs the parts and writes the report, after each part what is known by then.

    Ended from outside it takes down what it started, the servers and their folders, as it does with Ctrl+C.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    asked = arguments(words)
    known = before(asked)
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
