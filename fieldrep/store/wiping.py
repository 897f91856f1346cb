"""The wipe of a profile: the key first, then everything that lies in its folder, and never anything outside it.

Owns the marker that is written before: whoever starts next, a window or a command, finishes what it says before
anything else. It holds no secret, only the signed receipt that the server is to be given. What a person exported lies
where that person put it, and is not touched. Must not know the line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.steps import Step, reached
from fieldrep.contract.wiping import WipeReceipt, destroyed_words
from fieldrep.logs import stop_logging
from fieldrep.paths import Profile, write_private
from fieldrep.secrets import destroy_key
from fieldrep.store.lock import FileLock, Holder
from fieldrep.store.repairing.aside import sync_folder

_KEYS = ("key.json", "key-*.json", ".key.json.*.new")
_DATA = (
    "replica.db*",
    "replica-damaged-*",
    "settings.json",
    ".settings.json.*.new",
    ".wiping.json.*.new",
    ".*.part",
)
_LOGS = "fieldrep.log*"


class Marker(msgspec.Struct, frozen=True, kw_only=True):
    """What is left to do, and all that is left of the profile at the end.

    Attributes:
        done: nothing is left to be destroyed, and the server has not got the receipt yet.
        before: an earlier wipe of this profile, whose receipt its server has not got yet either.
    """

    server_url: str
    fingerprint: str
    receipt: WipeReceipt
    done: bool = False
    before: Marker | None = None

    def wipes(self) -> tuple[Marker, ...]:
        """All of which a server is to be told, the oldest first."""
        return (*(self.before.wipes() if self.before is not None else ()), self)


def marker_of(profile: Profile) -> Marker | None:
    """What the marker says; None where there is none, or one that cannot be read: the server then orders again."""
    try:
        return msgspec.json.decode(profile.wiping.read_bytes(), type=Marker)
    except (OSError, msgspec.DecodeError, ValueError):
        return None


def note(profile: Profile, marker: Marker) -> None:
    """Writes the marker, with one of before that was not told yet; from then on there is no way back.

    Raises:
        KnownError: `disk_error`; nothing is then destroyed.
    """
    before = marker_of(profile)
    if before is not None and before.done:
        marker = msgspec.structs.replace(marker, before=before)
    try:
        _write(profile, marker)
    except OSError as error:
        raise _refused(profile, error) from error
    reached(Step.WIPE_NOTED)


def is_due(profile: Profile) -> bool:
    """Whether a wipe must be finished, or told of, before anything else: unless the profile is somebody's again."""
    marker = marker_of(profile)
    return marker is not None and not (marker.done and profile.key_file.exists())


def finish(profile: Profile, holder: Holder = Holder.COMMAND) -> Marker | None:
    """Destroys what the marker says is still to be destroyed; gives the marker, None where there is none.

    Raises:
        KnownError: `already_open` while another program has the profile open, `disk_error` or `no_key` when something
            cannot be destroyed; the next call goes on.
    """
    marker = marker_of(profile)
    if marker is None or marker.done:
        return marker
    lock = FileLock(profile.lock, holder)
    try:
        _destroy(profile)
        done = msgspec.structs.replace(marker, done=True)
        _write(profile, done)
    except OSError as error:
        raise _refused(profile, error) from error
    finally:
        lock.release()
    return done


def forget(profile: Profile, left: Iterable[Marker] = ()) -> None:
    """The server has the receipts, but for what is `left`: the marker goes, and with it the last trace."""
    marker: Marker | None = None
    for one in left:
        marker = msgspec.structs.replace(one, before=marker)
    with suppress(OSError):
        if marker is not None:
            _write(profile, marker)
        else:
            profile.wiping.unlink(missing_ok=True)


def _write(profile: Profile, marker: Marker) -> None:
    write_private(profile.wiping, msgspec.json.encode(marker) + b"\n")
    sync_folder(profile.folder)


def told_to_the_person(marker: Marker) -> str:
    """The sentence of a window or a command that finds the profile wiped."""
    lost = destroyed_words(marker.receipt.destroyed)
    also = f", with {lost}" if lost else ""
    return (
        f"Your admin had this laptop wiped: its FieldRep data and their key are destroyed{also}. "
        "To use it again, set it up with a new link of your admin."
    )


def _destroy(profile: Profile) -> None:
    """The key first: without it all else is noise, whatever stops the rest."""
    stuck: KnownError | None = None
    for key_file in _named(profile.folder, _KEYS):
        try:
            destroy_key(key_file)
        except KnownError as error:
            stuck = error
    sync_folder(profile.folder)
    reached(Step.KEY_DESTROYED)
    stop_logging()
    for file in _named(profile.folder, _DATA):
        file.unlink(missing_ok=True)
    if profile.logs.is_symlink():
        profile.logs.unlink()
    elif profile.logs.is_dir():
        for file in _named(profile.logs, (_LOGS,)):
            file.unlink(missing_ok=True)
        with suppress(OSError):  # something else lies in it
            profile.logs.rmdir()
    sync_folder(profile.folder)
    if stuck is not None:
        raise stuck
    reached(Step.FILES_DESTROYED)


def _named(folder: Path, patterns: tuple[str, ...]) -> Iterator[Path]:
    """Our files in a folder, by their names; a link is taken for itself, never for what it leads to."""
    for pattern in patterns:
        for path in sorted(folder.glob(pattern)):
            if path.is_symlink() or not path.is_dir():
                yield path


def _refused(profile: Profile, error: OSError) -> KnownError:
    return KnownError(
        Code.DISK_ERROR,
        f"Your admin ordered this laptop to be wiped, and {error.filename or profile.folder} cannot be destroyed "
        f"({error.strerror or error}). Close what uses it and start FieldRep again; it goes on then.",
    )
