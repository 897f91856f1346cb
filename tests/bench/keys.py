"""A keyring in a file, for programs under measurement: a passphrase would add its own deliberate slowness."""

from __future__ import annotations

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend

FILE_VARIABLE = "FIELDREP_BENCH_KEYS"


class FileKeyring(KeyringBackend):
    """Keeps throwaway keys of throwaway profiles."""

    priority = 1  # type: ignore[assignment]

    def get_password(self, service: str, username: str) -> str | None:
        return self._all().get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        _file().write_text(json.dumps({**self._all(), f"{service}/{username}": password}), encoding="utf-8")

    def delete_password(self, service: str, username: str) -> None:
        kept = {name: key for name, key in self._all().items() if name != f"{service}/{username}"}
        _file().write_text(json.dumps(kept), encoding="utf-8")

    @staticmethod
    def _all() -> dict[str, str]:
        return json.loads(_file().read_text(encoding="utf-8")) if _file().exists() else {}


def _file() -> Path:
    return Path(os.environ[FILE_VARIABLE])
