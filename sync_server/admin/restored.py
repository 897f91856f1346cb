"""The command that tells what came back since the central store was restored, from whom, and what is missing.

Parses, asks the store, prints. `sync_server/app.py` brings this module in beside `cli.py`, whose group it extends.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

from fieldrep.contract.jsonform import JsonValue
from sync_server.admin.cli import as_json_option, commands
from sync_server.admin.console import central_store, print_json, print_table, say
from sync_server.store.returns import DeviceReturn, RestoreReport, restore_report

_STATES = {"not_seen": "not seen yet", "giving_back": "giving back", "done": "done"}


@commands.command("restore-report")
@as_json_option
def report(*, as_json: bool) -> None:
    """Tells what devices have given back since the last restore, and what is missing.

    A device that was enrolled after the backup was made is unknown to the restored store: it enrols again with a new
    link and then brings its work along.
    """
    with central_store() as database, database.read() as reader:
        found = restore_report(reader)
    if as_json:
        print_json(asdict(found) if found else None)
    elif found is None:
        say("This central store was never restored from a backup.")
    else:
        _print(found)


def _print(found: RestoreReport) -> None:
    say(f"Restored {_moment(found.at)} to the state of revision {found.revision}.")
    if found.devices:
        columns = ("login", "device", "state", "seen", "came_back", "missing", "refused_there")
        print_table(columns, [_row(device) for device in found.devices], as_json=False)
    if found.changes:
        say("")
        columns = ("login", "device", "change", "command", "record", "became", "at")
        rows: list[dict[str, JsonValue]] = [
            {
                "login": change.login,
                "device": change.device,
                "change": change.n,
                "command": change.command,
                "record": f"{change.entity} {change.record or change.row_id}",
                "became": change.result,
                "at": _moment(change.at),
            }
            for change in found.changes
        ]
        print_table(columns, rows, as_json=False)
    say(_conclusion(found))


def _conclusion(found: RestoreReport) -> str:
    missing = sum(len(device.missing) for device in found.devices)
    lost = f" {missing:,} changes are missing for good: their laptops no longer keep them." if missing else ""
    if found.done:
        return f"Every device was here and has given back all it keeps.{lost}"
    left = sum(device.state != "done" for device in found.devices)
    devices = "1 device has" if left == 1 else f"{left:,} devices have"
    return f"{devices} not given everything back yet; it is done when all have synced.{lost}"


def _row(device: DeviceReturn) -> dict[str, JsonValue]:
    return {
        "login": device.login,
        "device": device.device,
        "state": _STATES[device.state],
        "seen": _moment(device.seen_at) if device.seen_at else None,
        "came_back": device.returned,
        "missing": ranges(device.missing) or None,
        "refused_there": ranges(device.refused) or None,
    }


def ranges(numbers: tuple[int, ...]) -> str:
    """Numbers as people write them: 1-3, 7."""
    parts: list[list[int]] = []
    for n in numbers:
        if parts and n == parts[-1][1] + 1:
            parts[-1][1] = n
        else:
            parts.append([n, n])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)


def _moment(instant: int) -> str:
    return datetime.fromtimestamp(instant // 1000, UTC).strftime("%Y-%m-%d %H:%MZ")
