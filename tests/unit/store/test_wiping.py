"""What a wipe destroys of a profile, and in which order; what stands in its way stops it until the next start."""

from __future__ import annotations

from collections.abc import Iterator

import keyring
import pytest
from keyring.errors import KeyringError, PasswordDeleteError

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.wiping import Destroyed, WipeReceipt, destroyed_words
from fieldrep.paths import Profile
from fieldrep.secrets import KeyVault
from fieldrep.store.lock import FileLock
from fieldrep.store.wiping import Marker, finish, forget, is_due, marker_of, note
from tests.unit.store.test_profile import PHRASE, RememberingKeyring, posix_only, profile

__all__ = ["profile"]

MARKER = Marker(
    server_url="https://sync.example",
    fingerprint="",
    receipt=WipeReceipt(bytes(16), bytes(16), Destroyed(drafts=1), bytes(64)),
)


class DesktopKeyring(RememberingKeyring):
    """One that forgets when asked to, and may be locked."""

    locked = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise KeyringError("locked")
        return super().get_password(service, username)

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError(username)


@pytest.fixture
def desktop() -> Iterator[DesktopKeyring]:
    before, fresh = keyring.get_keyring(), DesktopKeyring()
    keyring.set_keyring(fresh)
    yield fresh
    keyring.set_keyring(before)


def names(profile: Profile) -> set[str]:
    return {path.name for path in profile.folder.iterdir()}


def test_the_entry_of_the_keyring_goes_with_the_files(profile: Profile, desktop: DesktopKeyring) -> None:
    KeyVault(profile).create()
    assert desktop.kept
    profile.replica.write_bytes(b"sealed")
    note(profile, MARKER)
    assert is_due(profile)
    finish(profile)
    assert desktop.kept == {}
    assert names(profile) == {"profile.lock", "wiping.json"}
    told = marker_of(profile)
    assert told is not None
    assert told.done
    forget(profile)
    assert not is_due(profile)


def test_a_keyring_that_only_writes_over_keeps_nothing_of_the_key(profile: Profile) -> None:
    before, over = keyring.get_keyring(), RememberingKeyring()
    keyring.set_keyring(over)
    try:
        key = KeyVault(profile).create()
        note(profile, MARKER)
        finish(profile)
    finally:
        keyring.set_keyring(before)
    assert key.hex() not in over.kept.values()


def test_a_locked_keyring_saves_no_file_and_the_next_start_goes_on(
    profile: Profile, desktop: DesktopKeyring
) -> None:
    KeyVault(profile).create()
    profile.replica.write_bytes(b"sealed")
    note(profile, MARKER)
    desktop.locked = True
    with pytest.raises(KnownError) as caught:
        finish(profile)
    assert caught.value.code is Code.NO_KEY
    assert names(profile) == {"key.json", "profile.lock", "wiping.json"}
    assert is_due(profile)
    desktop.locked = False
    finish(profile)
    assert desktop.kept == {}
    assert names(profile) == {"profile.lock", "wiping.json"}


@posix_only
def test_what_the_key_file_said_is_written_over(profile: Profile) -> None:
    KeyVault(profile).create(PHRASE)
    again = profile.folder.parent / "another name of the same bytes"
    again.hardlink_to(profile.key_file)
    assert b"sealed" in again.read_bytes()
    note(profile, MARKER)
    finish(profile)
    assert set(again.read_bytes()) == {0}


def test_set_aside_and_damaged_copies_go_too_and_nothing_else(profile: Profile) -> None:
    profile.make()
    profile.logs.mkdir()
    ours = (
        "replica.db", "replica.db-wal", "replica.db-shm", "replica.db.reserve", "replica-damaged-20260101-000000.db",
        "replica.db.repaired-x", "key-20260101-000000.json", "settings.json", ".settings.json.12.new",
        ".export.jsonl.12.part", "logs/fieldrep.log", "logs/fieldrep.log.1",
    )  # fmt: skip
    theirs = ("holiday.jpg", "replicas.txt", "logs/other.txt")
    for name in (*ours, *theirs):
        (profile.folder / name).write_bytes(b"{}")
    note(profile, MARKER)
    finish(profile)
    left = {
        str(path.relative_to(profile.folder).as_posix())
        for path in profile.folder.rglob("*")
        if path.is_file()
    }
    assert left == {*theirs, "profile.lock", "wiping.json"}


def test_nothing_is_destroyed_under_an_open_program_or_by_a_marker_that_cannot_be_read(
    profile: Profile,
) -> None:
    profile.make()
    profile.replica.write_bytes(b"sealed")
    note(profile, MARKER)
    lock = FileLock(profile.lock)
    with pytest.raises(KnownError) as caught:
        finish(profile)
    assert caught.value.code is Code.ALREADY_OPEN
    lock.release()
    profile.wiping.write_bytes(b'{"server_url": ')
    assert finish(profile) is None
    assert profile.replica.exists()


def test_a_profile_that_is_somebodys_again_is_left_alone(profile: Profile) -> None:
    note_done = Marker(server_url=MARKER.server_url, fingerprint="", receipt=MARKER.receipt, done=True)
    profile.make()
    note(profile, note_done)
    assert is_due(profile)
    KeyVault(profile).create(PHRASE)
    assert not is_due(profile)
    finish(profile)
    assert profile.key_file.exists()


def test_what_was_destroyed_is_said_in_words() -> None:
    assert destroyed_words(Destroyed()) == ""
    assert destroyed_words(Destroyed(changes=1)) == "1 unsent change"
    words = "2 unsent changes, 3 refused changes, 1 draft and 1,200 photos or documents not sent"
    assert destroyed_words(Destroyed(changes=2, refused=3, drafts=1, files=1_200)) == words
