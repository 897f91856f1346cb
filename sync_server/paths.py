"""Where the server keeps its things on disk: the data folder, the default store, and what it remembers between runs.

Owns names and access rights of files. Must not know what is inside a store.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec

from fieldrep.contract.errors import Code, KnownError

HOME_VARIABLE = "FIELDREP_SERVER_HOME"
FOLDER_MODE = 0o700
FILE_MODE = 0o600


class Remembered(msgspec.Struct, frozen=True):
    """What later commands need to know of earlier ones.

    Attributes:
        database: the address of the central store, "" for the default one in the folder.
        address: where devices reach the server, as it last said itself.
        fingerprint: the SHA-256 of the certificate it last served with, "" without one.
    """

    database: str = ""
    address: str = ""
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class ServerHome:
    """The server's data folder; nobody but its owner may look inside."""

    folder: Path

    @property
    def default_database(self) -> str:
        """The address of the store that lies in the folder."""
        return f"sqlite:///{self.folder / 'central.db'}"

    @property
    def files(self) -> tuple[Path, ...]:
        """What of the folder is the server's own, but for a store in another place."""
        return self.folder / "central.db", self._file

    @property
    def _file(self) -> Path:
        return self.folder / "server.json"

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
            raise self._unusable(error) from error

    def remembered(self) -> Remembered:
        """What earlier commands left; nothing in a new folder.

        Raises:
            KnownError: `disk_error`, when the file cannot be read as what it should be.
        """
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=Remembered)
        except FileNotFoundError:
            return Remembered()
        except OSError as error:
            raise self._unusable(error) from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise KnownError(
                Code.DISK_ERROR,
                f"{self._file} is damaged ({error}). Delete it and name the store again with "
                "fieldrep-server init --database URL.",
            ) from error

    def remember(self, remembered: Remembered) -> None:
        """Keeps it, whole or not at all.

        Raises:
            KnownError: `disk_error`, when the disk refuses.
        """
        fresh = self._file.with_name(f".{self._file.name}.{os.getpid()}.new")
        try:
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE), "wb") as file:
                file.write(msgspec.json.encode(remembered))
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._file)
        except OSError as error:
            fresh.unlink(missing_ok=True)
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> KnownError:
        return KnownError(
            Code.DISK_ERROR,
            f"The data folder {self.folder} cannot be used ({error.strerror or error}). "
            f"Free the place, or name another folder in {HOME_VARIABLE}.",
        )


def server_home() -> ServerHome:
    """The folder that `FIELDREP_SERVER_HOME` names, else the one where the system wants a program's data."""
    named = os.environ.get(HOME_VARIABLE)
    if named:
        return ServerHome(Path(named).expanduser().absolute())
    home = Path.home()
    if sys.platform == "win32":
        data = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
        return ServerHome(data / "FieldRep Server")
    if sys.platform == "darwin":
        return ServerHome(home / "Library" / "Application Support" / "FieldRep Server")
    return ServerHome(Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share") / "fieldrep-server")
