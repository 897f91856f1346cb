"""The server's program: the command line with everything it can do, and nothing else.

The composition root: the only module that knows administration, interchange and HTTP, which do not know each other.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import structs

from fieldrep.contract.counts import counted
from fieldrep.contract.jsonform import JsonValue
from sync_server.admin import (
    audit,
    bundles,
    discounts,
    duplicates,
    files,
    orders,
    refused,
    replay,
    restored,
    retention,
    scope,
    territories,
    upkeep,
    wiping,
)
from sync_server.admin.cli import commands
from sync_server.admin.console import (
    OutFile,
    central_store,
    complain,
    home,
    print_json,
    say,
    stop,
    system_clock,
)
from sync_server.admin.link import DEFAULT_PORT, checked_address, fingerprint_to_pin, reachable
from sync_server.paths import ServerHome

if TYPE_CHECKING:
    from sync_server.interchange.importing import ImportReport
    from sync_server.interchange.loading import Count

STEPS = 1_000
"""Of the progress bar."""

MOST_PROCESSES = 64
_BESIDE = (sys.executable, "-P", "-c", "from sync_server.start import main; main()", "serve-beside")
"""The command of one of several server processes; nothing is loaded from the folder it was called in."""

AN_EXISTING_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@commands.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=DEFAULT_PORT, show_default=True, type=click.IntRange(0, 65_535))
@click.option("--tls-cert", type=AN_EXISTING_FILE, help="The certificate chain, PEM.")
@click.option("--tls-key", type=AN_EXISTING_FILE, help="The certificate's key, PEM.")
@click.option(
    "--address", help="How devices reach this server, when that differs, like https://sync.example.com."
)
@click.option(
    "--processes",
    default=1,
    show_default=True,
    type=click.IntRange(1, MOST_PROCESSES),
    help="How many server processes share the work, one for each processor say; more than one wants PostgreSQL.",
)
def serve(
    host: str, port: int, tls_cert: Path | None, tls_key: Path | None, address: str | None, processes: int
) -> None:
    """Runs the sync server until it is interrupted. Off loopback it wants a certificate."""
    from sync_server.http.log_lines import with_moments
    from sync_server.http.processes import serve_together
    from sync_server.http.serve import Place
    from sync_server.http.serve import serve as serve_alone
    from sync_server.store.upkeep.daily import tidied_daily

    found = home()
    known_as = checked_address(address) if address else ""
    with_moments()
    place = Place(host, port, tls_cert, tls_key)

    def announce(listening: str) -> None:
        _remember_address(found, known_as or reachable(listening), tls_cert)
        say(f"Serving on {listening}")

    with central_store() as database, tidied_daily(database):
        if processes == 1:
            serve_alone(database, place, announce)
        else:
            serve_together(database, place, processes, _BESIDE, announce)


@commands.command("serve-beside", hidden=True)
@click.option("--socket", "number", required=True, type=int)
@click.option("--processes", required=True, type=int)
@click.option("--tls-cert", type=AN_EXISTING_FILE)
@click.option("--tls-key", type=AN_EXISTING_FILE)
def serve_beside(number: int, processes: int, tls_cert: Path | None, tls_key: Path | None) -> None:
    """One of several server processes; `serve` starts it, and it ends with its standard input."""
    from sync_server.http.log_lines import with_moments
    from sync_server.http.processes import serve_as_one_of
    from sync_server.http.serve import Place

    with_moments()
    with central_store() as database:
        serve_as_one_of(database, Place("", 0, tls_cert, tls_key), processes, number)


def _remember_address(found: ServerHome, address: str, tls_cert: Path | None) -> None:
    """Enrolment links name the address the server last had."""
    remembered = found.remembered()
    fingerprint = fingerprint_to_pin(tls_cert) if tls_cert else ""
    now = structs.replace(remembered, address=address, fingerprint=fingerprint)
    if now != remembered:
        found.remember(now)


@commands.command("import")
@click.argument("profile")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would happen and change nothing.")
@click.option(
    "--rejects", type=OutFile(), help="Write what was not taken, and what to do about it, to this CSV file."
)
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def import_(profile: str, folder: Path, dry_run: bool, rejects: Path | None, as_json: bool) -> None:
    """Imports the CSV files of FOLDER as PROFILE says.

    PROFILE is `fieldrep` for files in the form of the contract, another built-in profile such as `northwind`, or a
    profile file that ends in .toml. A second import of the same files changes nothing.
    """
    from sync_server.interchange.importing import import_folder
    from sync_server.interchange.profile import load_profile

    with central_store() as database:
        chosen = load_profile(profile)
        with click.progressbar(
            length=STEPS, label="Importing", file=sys.stderr, hidden=not sys.stderr.isatty()
        ) as bar:
            report = import_folder(
                database,
                chosen,
                folder,
                rejects=rejects,
                dry_run=dry_run,
                progress=lambda done, total: bar.update(done * STEPS // max(total, 1) - bar.pos),
            )
        if not dry_run:
            database.analyze()
    if as_json:
        print_json(_as_json(report))
    else:
        _print_counts(report.counts, dry_run=dry_run)
        if dry_run:
            say("This was a dry run: nothing was changed.")
    if report.rejects:
        _complain_about(report, rejects)
        stop()


def _as_json(report: ImportReport) -> JsonValue:
    counts: dict[str, JsonValue] = {
        name: {
            "created": count.created,
            "updated": count.updated,
            "unchanged": count.unchanged,
            "rejected": count.rejected,
        }
        for name, count in report.counts.items()
    }
    return {
        "profile": report.profile,
        "dry_run": report.dry_run,
        "rejects": report.rejects,
        "unread": {**report.unread},
        "entities": counts,
    }


def _print_counts(counts: dict[str, Count], *, dry_run: bool) -> None:
    would = "would be " if dry_run else ""
    for name, count in counts.items():
        parts = [f"{count.created:,} {would}created"]
        parts += [f"{count.updated:,} {would}updated"] if count.updated else []
        parts += [f"{count.unchanged:,} unchanged"] if count.unchanged else []
        parts += [f"{count.rejected:,} {would}rejected"] if count.rejected else []
        say(f"{name}: {', '.join(parts)}")


def _complain_about(report: ImportReport, rejects: Path | None) -> None:
    for reject in report.first:
        complain(reject.sentence)
    rest = report.rejects - len(report.first)
    more = f" The first {len(report.first)} stand above." if rest else ""
    where = f" All are in {rejects}." if rejects else " Name a file with --rejects to have them all."
    complain(f"{_what_is_missing(report)}{more}{where}")


def _what_is_missing(report: ImportReport) -> str:
    """What was not taken, in whole; that all else was is said only where every file was read to its end."""
    count = report.rejects - len(report.unread)
    rows = counted(count, "row")
    if report.dry_run:
        not_taken, rest = f"{rows} would not be taken", "everything else would be"
    else:
        not_taken, rest = f"{rows} {'was' if count == 1 else 'were'} not taken", "everything else was"
    if not report.unread:
        return f"{not_taken}; {rest}."
    cut = " and ".join(f"{file} cannot be read from row {row:,} on" for file, row in report.unread.items())
    others = f" Besides, {not_taken}." if count else ""
    return f"{cut}: that row and all rows after it are missing, however many there are.{others}"


@commands.command("import-templates")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def import_templates(folder: Path) -> None:
    """Writes an empty CSV file with its header for every kind of record that can be imported."""
    from sync_server.interchange.profile import built_in
    from sync_server.interchange.templates import write_templates

    count = write_templates(folder)
    say(
        f"Wrote {count} templates to {folder}, for the profile fieldrep. All profiles: {', '.join(built_in())}."
    )


@commands.command("demo-company")
@click.option(
    "--seed", default=1, show_default=True, type=click.IntRange(0), help="Another number, another company."
)
@click.option(
    "--today", type=click.DateTime(["%Y-%m-%d"]), help="The day its dates are relative to; today by default."
)
def demo_company(seed: int, today: datetime | None) -> None:
    """Fills an empty central store with a believable company: a food wholesaler with its reps and customers."""
    from sync_server.interchange.demo.company import seed_company

    with central_store() as database:
        counts = seed_company(database, seed, _day(today))
        database.analyze()
    if not counts:
        say("The demo company is there already; nothing was changed.")
        return
    records = sum(count.created for count in counts.values())
    say(
        f"Made the demo company with {counted(counts['account'].created, 'account')} and {counted(records, 'record')}. "
        "Its sales manager is piet.dewit, one of his reps is anke.visser."
    )


def _day(given: datetime | None) -> date:
    if given is not None:
        return given.date()
    return datetime.fromtimestamp(system_clock() / 1000, UTC).date()


def main() -> None:
    """The console script `fieldrep-server`."""
    os.umask(0o077)
    commands(prog_name="fieldrep-server")


__all__ = [
    "audit",
    "bundles",
    "commands",
    "discounts",
    "duplicates",
    "files",
    "main",
    "orders",
    "refused",
    "replay",
    "restored",
    "retention",
    "scope",
    "territories",
    "upkeep",
    "wiping",
]
