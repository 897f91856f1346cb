"""The profile folder: key vault, lock, settings and logs. No key in the open, one program, its owner alone."""

from __future__ import annotations

import json
import logging
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend

from fieldrep.contract.errors import Code, KnownError
from fieldrep.logs import start_logging
from fieldrep.paths import Profile, default_profile
from fieldrep.secrets import PASSPHRASE_VARIABLE, KeyVault
from fieldrep.settings import Settings, load_settings, save_settings
from fieldrep.store.lock import FileLock
from fieldrep.store.replica import Replica
from tests.unit.store.conftest import FixedClock

PHRASE = "correct horse battery"
posix_only = pytest.mark.skipif(os.name != "posix", reason="Windows keeps rights in the folder's access list")


class RememberingKeyring(KeyringBackend):
    """A keyring of a desktop, in memory: the port at which the vault meets the system."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))


@pytest.fixture
def desktop_keyring() -> Iterator[RememberingKeyring]:
    before, fresh = keyring.get_keyring(), RememberingKeyring()
    keyring.set_keyring(fresh)
    yield fresh
    keyring.set_keyring(before)


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return Profile(tmp_path / "profile")


def code_of(error: pytest.ExceptionInfo[KnownError]) -> Code:
    assert error.value.sentence.endswith(".") or error.value.sentence.endswith(").")
    return error.value.code


def test_a_key_wrapped_by_a_passphrase_opens_with_it_alone(profile: Profile) -> None:
    key = KeyVault(profile).create(PHRASE)
    assert len(key) == 32
    assert KeyVault(profile).needs_passphrase
    assert KeyVault(profile).unlock(PHRASE) == key
    with pytest.raises(KnownError) as caught:
        KeyVault(profile).unlock("correct horse batterie")
    assert code_of(caught) is Code.WRONG_PASSPHRASE
    with pytest.raises(KnownError) as caught:
        KeyVault(profile).unlock()
    assert code_of(caught) is Code.WRONG_PASSPHRASE


def test_the_key_lies_nowhere_in_the_open(profile: Profile) -> None:
    key = KeyVault(profile).create(PHRASE)
    content = profile.key_file.read_bytes()
    assert key not in content
    assert key.hex().encode() not in content.lower()
    assert json.loads(content)["memory_kib"] >= 64 * 1024


def test_the_keyring_keeps_the_key_when_there_is_one(
    profile: Profile, desktop_keyring: RememberingKeyring
) -> None:
    key = KeyVault(profile).create()
    assert KeyVault(profile).unlock() == key
    assert list(desktop_keyring.kept.values()) == [key.hex()]
    assert key.hex().encode() not in profile.key_file.read_bytes()
    desktop_keyring.kept.clear()
    with pytest.raises(KnownError) as caught:
        KeyVault(profile).unlock()
    assert code_of(caught) is Code.NO_KEY


def test_without_keyring_and_passphrase_there_is_no_key_and_no_file(profile: Profile) -> None:
    with pytest.raises(KnownError) as caught:
        KeyVault(profile).create()
    assert code_of(caught) is Code.NO_KEY
    assert not profile.key_file.exists()


def test_a_passphrase_file_unlocks_without_a_person(
    profile: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "phrase"
    file.write_text(PHRASE + "\n", encoding="utf-8")
    monkeypatch.setenv(PASSPHRASE_VARIABLE, str(file))
    key = KeyVault(profile).create()
    assert not KeyVault(profile).needs_passphrase
    assert KeyVault(profile).unlock() == key
    file.unlink()
    with pytest.raises(KnownError) as caught:
        KeyVault(profile).unlock()
    assert code_of(caught) is Code.WRONG_PASSPHRASE


@pytest.mark.parametrize("phrase", ["", "short", "x" * 2000])
def test_a_passphrase_of_a_wrong_length_is_refused(profile: Profile, phrase: str) -> None:
    with pytest.raises(KnownError) as caught:
        KeyVault(profile).create(phrase)
    assert code_of(caught) is Code.INVALID_VALUE
    assert not profile.key_file.exists()


def test_a_damaged_key_file_says_what_to_do(profile: Profile) -> None:
    KeyVault(profile).create(PHRASE)
    profile.key_file.write_bytes(b"{")
    with pytest.raises(KnownError) as caught:
        KeyVault(profile).unlock(PHRASE)
    assert code_of(caught) is Code.NO_KEY


def test_a_profile_has_one_key(profile: Profile) -> None:
    KeyVault(profile).create(PHRASE)
    with pytest.raises(KnownError) as caught:
        KeyVault(profile).create(PHRASE)
    assert code_of(caught) is Code.ALREADY_ENROLLED


@posix_only
def test_nobody_else_may_read_anything_in_the_profile(profile: Profile) -> None:
    before = os.umask(0)
    try:
        key = KeyVault(profile).create(PHRASE)
        save_settings(profile.settings, Settings(theme="dark"))
        start_logging(profile)
        logging.getLogger("fieldrep.test").info("started")
        with Replica.open(profile, key, FixedClock(), os.urandom, create=True) as replica:
            replica.change_state(login="x")
            kinds = {path: stat.S_IMODE(path.stat().st_mode) for path in profile.folder.rglob("*")}
    finally:
        os.umask(before)
        stop_logging()
    assert stat.S_IMODE(profile.folder.stat().st_mode) == 0o700
    assert {"replica.db", "replica.db-wal", "key.json", "settings.json", "fieldrep.log"} <= {
        p.name for p in kinds
    }
    assert {path.name: mode for path, mode in kinds.items() if mode & 0o077} == {}


def stop_logging() -> None:
    root = logging.getLogger()
    for handler in list(root.handlers):
        if type(handler).__module__ == "fieldrep.logs":
            root.removeHandler(handler)
            handler.close()


def test_a_log_line_is_json_and_an_errors_text_stays_out_of_it(profile: Profile) -> None:
    profile.make()
    start_logging(profile)
    try:
        try:
            raise ValueError("customer's secret")
        except ValueError:
            logging.getLogger("fieldrep.test").exception("save failed\nfake line", extra={"change_n": 5})
    finally:
        stop_logging()
    (line,) = (profile.logs / "fieldrep.log").read_text(encoding="utf-8").splitlines()
    found = json.loads(line)
    assert (found["event"], found["change_n"], found["level"]) == ("save failed\nfake line", 5, "error")
    assert found["error"].startswith("ValueError at test_profile.py")
    assert "secret" not in line


def test_settings_survive_and_a_damaged_file_means_defaults(profile: Profile) -> None:
    profile.make()
    assert load_settings(profile.settings) == Settings()
    chosen = Settings(theme="dark", recent=("a", "b"))
    save_settings(profile.settings, chosen)
    assert load_settings(profile.settings) == chosen
    profile.settings.write_text('{"theme":"pink","page":"orders","later":1}', encoding="utf-8")
    assert load_settings(profile.settings) == Settings(page="orders")
    profile.settings.write_bytes(b"\xff{")
    assert load_settings(profile.settings) == Settings()


def test_the_environment_names_the_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIELDREP_HOME", str(tmp_path / "here"))
    assert default_profile().replica == tmp_path / "here" / "replica.db"
    monkeypatch.delenv("FIELDREP_HOME")
    assert default_profile().folder.name == "FieldRep"


def test_a_profile_folder_that_cannot_be_made_is_named_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(KnownError) as caught:
        Profile(tmp_path / "file" / "profile").make()
    assert code_of(caught) is Code.DISK_ERROR


HOLD = "import sys, pathlib; from fieldrep.store.lock import FileLock; lock = FileLock(pathlib.Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"  # noqa: E501


def test_the_lock_admits_one_program_and_dies_with_it(tmp_path: Path) -> None:
    path = tmp_path / "profile.lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(KnownError) as caught:
            FileLock(path)
        assert code_of(caught) is Code.ALREADY_OPEN
    finally:
        holder.kill()
        holder.wait()
        holder.stdin.close()
        holder.stdout.close()
    FileLock(path).release()
