"""Where a profile lies on disk: the folder of one person's replica, key file, settings, lock and logs.

Owns names and access rights of files, on every system. Must not know what is inside any of them.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from fieldrep.contract.errors import Code, KnownError

HOME_VARIABLE = "FIELDREP_HOME"
FOLDER_MODE = 0o700
FILE_MODE = 0o600


@dataclass(frozen=True, slots=True)
class Profile:
    """One profile folder; nobody but its owner may look inside."""

    folder: Path

    @property
    def replica(self) -> Path:
        """The encrypted replica."""
        return self.folder / "replica.db"

    @property
    def key_file(self) -> Path:
        """How the replica's key is kept: a name in the keyring, or the key wrapped by a passphrase."""
        return self.folder / "key.json"

    @property
    def settings(self) -> Path:
        """What this person chose about the window."""
        return self.folder / "settings.json"

    @property
    def lock(self) -> Path:
        """Held by the one program that has the profile open."""
        return self.folder / "profile.lock"

    @property
    def wiping(self) -> Path:
        """There while the profile is being wiped, and until its server was told so."""
        return self.folder / "wiping.json"

    @property
    def files(self) -> tuple[Path, ...]:
        """What nothing else may be written over, with what lies beside under these names."""
        return self.replica, self.key_file, self.settings, self.lock, self.wiping

    @property
    def logs(self) -> Path:
        """The folder of the log files."""
        return self.folder / "logs"

    def make(self) -> None:
        """Makes the folder, for its owner alone.

        Raises:
            KnownError: `disk_error`, when it cannot be made.
        """
        try:
            self.folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            if os.name == "posix":
                self.folder.chmod(FOLDER_MODE)
        except OSError as error:
            raise KnownError(
                Code.DISK_ERROR,
                f"The profile folder {self.folder} cannot be used ({error.strerror or error}). "
                f"Free the place, or name another folder in {HOME_VARIABLE}.",
            ) from error


def default_profile() -> Profile:
    """The profile that `FIELDREP_HOME` names, else the one in this person's data folder."""
    named = os.environ.get(HOME_VARIABLE)
    return Profile(Path(named).expanduser() if named else data_folder() / "FieldRep")


def data_folder() -> Path:
    """The folder in which the system wants programs to keep a person's data."""
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    if sys.platform == "darwin":
        return home / "Library" / "Application Support"
    return Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")


def write_private(path: Path, content: bytes) -> None:
    """Writes a small file whole or not at all, readable by its owner alone.

    Raises:
        OSError: when the disk refuses; the file is then as it was.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(fresh, flags, FILE_MODE), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
