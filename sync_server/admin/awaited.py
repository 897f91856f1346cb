"""What a restore comes to, in words: how each device stands, who is awaited, how the waiting ends, what may be missing.

Says only what the store's report holds. Must not know a command.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from fieldrep.contract.counts import counted
from sync_server.store.restoring.returns import AWAITED, UNSETTLED, DeviceReturn, RestoreReport

MOST_NAMED = 10
"""Devices and people in a sentence; the tables have all."""

_STATES = {
    "not_seen": "not seen yet",
    "giving_back": "giving back",
    "waits": "waits for others",
    "done": "done",
    "unknown": "unknown here",
}
_STANDING = {"locked": ", locked", "wipe": ", to be wiped"}
_GONE = {"wipe": "to be wiped, lost", "wiped": "wiped"}

_UNLOCK = "A locked one gives back once it is unlocked: fieldrep-server device unlock DEVICE."
_ENDS = (
    "It is done when all have synced. Where one never comes back, fieldrep-server device revoke DEVICE ends the "
    "waiting."
)
_UNLOCK_UNKNOWN = "A locked one is let in by no link before it is unlocked: fieldrep-server device unlock ID."
_WAITING = (
    "{wait} on their laptops for what others have not given back yet, and are taken by themselves once these have. "
    "When nobody is left who may bring it, they are judged without it: what is refused then stays there, with all that "
    "was entered."
)
_TRY_AGAIN = (
    "Something came since these offered what waits on them; they have to sync once more, and others wait for that. "
    "Where one never comes back, fieldrep-server device revoke DEVICE ends the waiting:"
)
_NEW_LINK = (
    "Each needs a new link from fieldrep-server enroll LOGIN and then brings its work along; where one never comes, "
    "fieldrep-server device revoke ID ends the waiting."
)
_UNSURE = (
    "The store before could not tell who had been enrolled or added after the backup: there may be laptops that are "
    "not listed here, and a new link brings their work along. One of them may have been locked or withdrawn: give no "
    "link before its person has it in hand."
)

_MISSING = "; what only {they} had sent after the backup may be missing."
_ABSENT: tuple[tuple[Callable[[DeviceReturn], bool], str], ...] = (
    (lambda one: one.state == "replaced", "{were} withdrawn and replaced" + _MISSING),
    (
        lambda one: one.state == "withdrawn" and one.stands not in _GONE,
        "{were} withdrawn before {they} had given everything back" + _MISSING,
    ),
    (
        lambda one: one.state == "withdrawn" and one.stands in _GONE,
        "{were} wiped, or given up as lost, before {they} had given everything back" + _MISSING,
    ),
    (
        lambda one: one.repaired,
        "{were} repaired after damage; what only a damaged file had may be missing.",
    ),
)
"""Devices that are not awaited and may not have given everything back: which, and what is said of them."""


def conclusion(found: RestoreReport) -> list[str]:
    """What the report comes to, line by line: who is awaited, how the waiting ends, and what may or must be missing."""
    here = [device for device in found.devices if device.state in AWAITED and device.state != "unknown"]
    waiting = _waiting(found)
    gone = [_named(device) for device in found.devices if device.state == "unknown"]
    lost = _lost(found)
    said = _awaited(here) if here else []
    if not found.devices:
        said = ["No device had been enrolled when the backup was made, and none has come since."]
    elif not here and not gone and not waiting:
        all_here = "Every device was here and has given back all it keeps."
        said = ["No device is awaited any more." if lost or not found.knew_all else all_here]
    return [*said, *waiting, *unknown_here(gone, found.people), *lost, *([] if found.knew_all else [_UNSURE])]


def _lost(found: RestoreReport) -> list[str]:
    said = []
    for is_meant, sentence in _ABSENT:
        if count := sum(map(is_meant, found.devices)):
            were = counted(count, "device was", "devices were")
            said.append(sentence.format(were=were, they="it" if count == 1 else "they"))
    if missing := sum(len(device.missing) for device in found.devices):
        are = counted(missing, "change is", "changes are")
        said.append(f"{are} missing for good: their laptops no longer keep them.")
    return said


def _awaited(devices: list[DeviceReturn]) -> list[str]:
    has = counted(len(devices), "device has", "devices have")
    locked = any(one.stands == "locked" for one in devices)
    return [
        f"{has} not given everything back yet:",
        *_devices_named([_named(device) for device in devices]),
        *([_UNLOCK] if locked else []),
        _ENDS,
        *_perhaps(devices),
    ]


def _waiting(found: RestoreReport) -> list[str]:
    """What is said of changes that came back before the records they need."""
    count = sum(len(device.waits) for device in found.devices if device.state in UNSETTLED)
    again = [_named(device) for device in found.devices if device.tries_again]
    said = [_WAITING.format(wait=counted(count, "change waits", "changes wait"))] if count else []
    return [*said, *([_TRY_AGAIN, *_devices_named(again)] if again else [])]


def _perhaps(devices: list[DeviceReturn]) -> list[str]:
    """Which of those that are awaited may have been replaced."""
    named = [
        f"    {one.login}'s “{one.device}” ({one.number_prefix}) by the one of id {one.replaced_by}"
        for one in devices
        if one.replaced_by
    ]
    if not named:
        return []
    return [
        "Perhaps replaced, for another of that person and name was enrolled afterwards:",
        *_first_of(named),
        "Revoke it only where it was: two laptops may have one name.",
    ]


def state_told(device: DeviceReturn) -> str:
    """How a device stands in the report."""
    if device.state in ("withdrawn", "replaced"):
        replaced = ", replaced by another" if device.state == "replaced" else ""
        return _GONE.get(device.stands, "withdrawn") + replaced
    standing = _STANDING.get(device.stands, "") if device.state in UNSETTLED else ""
    return _STATES[device.state] + standing


def device_cell(name: str, number_prefix: str) -> str:
    """A device in a table: its name may be another's as well, its number prefix is its own."""
    return f"{name} ({number_prefix})" if number_prefix else name


_Named = tuple[str, str, int | None, str, str]
"""A device's login, name, when it was last seen, number prefix or else id, and how it stands."""


def _named(one: DeviceReturn) -> _Named:
    called = one.number_prefix or f"id {one.device_id}"
    return (one.login, one.device, one.last_seen_at, called, _STANDING.get(one.stands, ""))


def unknown_here(devices: Sequence[_Named], people: Sequence[tuple[str, str]]) -> list[str]:
    """Who came after the backup and is unknown to the restored store, and what to do; nothing where there is nobody."""
    said = []
    if people:
        named = ", ".join(f"{login} ({name})" for login, name in people[:MOST_NAMED]) + rest_of(people)
        said.append(
            f"Added after the backup and unknown here: {named}. Where they still belong, fieldrep-server user add "
            "LOGIN with the same login lets them go on."
        )
    if devices:
        said += [
            "Enrolled after the backup and unknown here:",
            *_devices_named(devices),
            _NEW_LINK,
            *([_UNLOCK_UNKNOWN] if any(standing for *_, standing in devices) else []),
        ]
    return said


def _devices_named(devices: Sequence[_Named]) -> list[str]:
    return _first_of([_device_named(*device) for device in devices])


def _device_named(login: str, name: str, seen: int | None, called: str, standing: str) -> str:
    last = f"last seen {moment_words(seen)}" if seen else "never seen"
    return f"    {login}'s “{name}” ({called}, {last}{standing})"


def _first_of(lines: list[str]) -> list[str]:
    return lines[:MOST_NAMED] + [f"   {rest}" for rest in [rest_of(lines)] if rest]


def rest_of(all_of_them: Sequence[object]) -> str:
    """How many more there are than are named."""
    return f" and {len(all_of_them) - MOST_NAMED:,} more" if len(all_of_them) > MOST_NAMED else ""


def moment_words(instant: int) -> str:
    """An instant as the report says it."""
    return datetime.fromtimestamp(instant // 1000, UTC).strftime("%Y-%m-%d %H:%MZ")
