"""The replica's key: made once at random, kept in the system's keyring or wrapped by a passphrase, never in the open.

Owns the key file. There is no third way: without a keyring and without a passphrase there is no replica.
Must not know what the key opens.
"""

from __future__ import annotations

import os
import unicodedata
from base64 import b64decode, b64encode
from contextlib import suppress
from pathlib import Path
from typing import Literal

import msgspec

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import Randomness
from fieldrep.paths import Profile, write_private

PASSPHRASE_VARIABLE = "FIELDREP_PASSPHRASE_FILE"  # noqa: S105 - the name of a variable
SERVICE = "FieldRep"
KEY_BYTES = 32
SHORTEST_PASSPHRASE = 8
LONGEST_PASSPHRASE = 1024
BEGIN_ANEW = (
    "If there is none, begin anew (fieldrep repair --set-aside, then a new link of your admin). The old files are "
    "kept, but what was not sent from here is readable only with their key."
)
_MEMORY_KIB, _ROUNDS, _LANES = 64 * 1024, 3, 1
_OPEN_BACKENDS = ("keyrings.alt.", "keyring.backends.null.", "keyring.backends.fail.")
"""Keyrings that keep secrets in the open, or not at all."""


class KeyFile(msgspec.Struct, frozen=True, kw_only=True):
    """What the key file says: where the key is, and for a passphrase everything but the passphrase."""

    profile: str
    kept: Literal["keyring", "passphrase"]
    salt: str = ""
    nonce: str = ""
    sealed: str = ""
    memory_kib: int = _MEMORY_KIB
    rounds: int = _ROUNDS
    lanes: int = _LANES


class KeyVault:
    """Keeps the key of one profile."""

    def __init__(self, profile: Profile, randomness: Randomness = os.urandom) -> None:
        self._profile = profile
        self._randomness = randomness

    @property
    def exists(self) -> bool:
        """Whether a key was made for this profile."""
        return self._profile.key_file.exists()

    @property
    def missing(self) -> bool:
        """Whether a replica lies here whose key is gone: a new key would not open it."""
        return not self.exists and self.has_data

    @property
    def has_data(self) -> bool:
        """Whether a replica lies here."""
        replica = self._profile.replica
        return replica.exists() and replica.stat().st_size > 0

    @property
    def needs_passphrase(self) -> bool:
        """Whether a person must enter a passphrase: the key is wrapped by one, and no file names it."""
        return self.exists and self._read().kept == "passphrase" and not os.environ.get(PASSPHRASE_VARIABLE)

    def create(self, passphrase: str | None = None) -> bytes:
        """Makes the key of a new profile; with a passphrase (given or in the named file) wrapped by it.

        Raises:
            KnownError: `no_key` when there is neither keyring nor passphrase or the key of a replica is gone,
                `invalid_value` for a passphrase that is too short, `already_enrolled` when the profile has a key,
                `disk_error`.
        """
        if self.missing:
            raise self.is_missing()
        if self.exists:
            raise KnownError(Code.ALREADY_ENROLLED, "This profile has a key already. Unlock it instead.")
        self._profile.make()
        key = self._randomness(KEY_BYTES)
        self._keep(key, self._randomness(16).hex(), passphrase if passphrase is not None else _from_file())
        return key

    def unlock(self, passphrase: str | None = None) -> bytes:
        """The key.

        Raises:
            KnownError: `no_key` when there is none or the keyring does not give it, `wrong_passphrase`.
        """
        kept = self._read()
        if kept.kept == "keyring":
            return _from_keyring(kept.profile)
        phrase = passphrase if passphrase is not None else _from_file()
        if phrase is None:
            raise KnownError(
                Code.WRONG_PASSPHRASE,
                "This profile is locked by a passphrase. Enter it, or name a file that holds it in "
                f"{PASSPHRASE_VARIABLE}.",
            )
        return _unwrap(kept, phrase)

    def _keep(self, key: bytes, profile: str, passphrase: str | None) -> None:
        if passphrase is None:
            _into_keyring(profile, key)
            content = KeyFile(profile=profile, kept="keyring")
        else:
            content = self._wrap(key, profile, passphrase)
        try:
            write_private(self._profile.key_file, msgspec.json.encode(content) + b"\n")
        except OSError as error:
            raise KnownError(
                Code.DISK_ERROR,
                f"The key file cannot be written ({error.strerror or error}). Nothing was changed.",
            ) from error

    def _wrap(self, key: bytes, profile: str, passphrase: str) -> KeyFile:
        if not SHORTEST_PASSPHRASE <= len(passphrase) <= LONGEST_PASSPHRASE:
            raise KnownError(
                Code.INVALID_VALUE,
                f"A passphrase needs {SHORTEST_PASSPHRASE} to {LONGEST_PASSPHRASE:,} characters; a few words are best.",
                field="passphrase",
            )
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        salt, nonce = self._randomness(16), self._randomness(12)
        shell = KeyFile(profile=profile, kept="passphrase", salt=_text(salt), nonce=_text(nonce))
        sealed = AESGCM(_stretch(shell, passphrase)).encrypt(nonce, key, profile.encode())
        return msgspec.structs.replace(shell, sealed=_text(sealed))

    def _read(self) -> KeyFile:
        try:
            return msgspec.json.decode(self._profile.key_file.read_bytes(), type=KeyFile)
        except FileNotFoundError:
            if self.missing:
                raise self.is_missing() from None
            raise KnownError(
                Code.NO_KEY, "This profile has no key yet. Enrol it with a link of your admin first."
            ) from None
        except (OSError, msgspec.DecodeError, ValueError) as error:
            raise KnownError(
                Code.NO_KEY,
                f"The key file {self._profile.key_file} cannot be read. Restore it from a backup of this computer. "
                + BEGIN_ANEW,
            ) from error

    def is_missing(self) -> KnownError:
        """The sentence for a replica whose key is gone."""
        return KnownError(
            Code.NO_KEY,
            f"The key file {self._profile.key_file} is missing, and nothing else opens the data here. "
            f"Restore it from a backup of this computer. {BEGIN_ANEW}",
        )


def destroy_key(key_file: Path) -> None:
    """Destroys a key: its entry in the keyring, then what the key file says, then the file.

    Raises:
        KnownError: `no_key` when the keyring does not open; the file, which names the entry, then stays.
        OSError: when the disk refuses.
    """
    try:
        kept = msgspec.json.decode(key_file.read_bytes(), type=KeyFile)
    except (OSError, msgspec.DecodeError, ValueError):
        kept = None  # it says nothing of a keyring
    if kept is not None and kept.kept == "keyring":
        _out_of_keyring(kept.profile)
    if not key_file.is_symlink():
        with key_file.open("rb+") as file:
            length = file.seek(0, os.SEEK_END)
            file.seek(0)
            file.write(bytes(length))
            file.flush()
            os.fsync(file.fileno())
    key_file.unlink()


def _from_file() -> str | None:
    """The passphrase in the file that the environment names."""
    named = os.environ.get(PASSPHRASE_VARIABLE)
    if not named:
        return None
    try:
        return Path(named).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise KnownError(
            Code.WRONG_PASSPHRASE, f"The passphrase file that {PASSPHRASE_VARIABLE} names cannot be read."
        ) from error


def _stretch(kept: KeyFile, passphrase: str) -> bytes:
    from argon2.low_level import Type, hash_secret_raw

    try:
        secret = unicodedata.normalize("NFC", passphrase).encode()
    except UnicodeEncodeError as error:
        raise KnownError(Code.WRONG_PASSPHRASE, "The passphrase holds half of a character pair.") from error
    return hash_secret_raw(
        secret, b64decode(kept.salt), kept.rounds, kept.memory_kib, kept.lanes, KEY_BYTES, Type.ID
    )


def _unwrap(kept: KeyFile, passphrase: str) -> bytes:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        sealing = AESGCM(_stretch(kept, passphrase))
        return sealing.decrypt(b64decode(kept.nonce), b64decode(kept.sealed), kept.profile.encode())
    except InvalidTag:
        raise KnownError(
            Code.WRONG_PASSPHRASE,
            "The passphrase is not right. Try again; nothing was changed.",
            field="passphrase",
        ) from None


def _into_keyring(profile: str, key: bytes) -> None:
    import keyring
    from keyring.errors import KeyringError

    backend = keyring.get_keyring()
    name = f"{type(backend).__module__}."
    try:
        if name.startswith(_OPEN_BACKENDS):
            raise KeyringError(name)
        keyring.set_password(SERVICE, profile, key.hex())
        if keyring.get_password(SERVICE, profile) != key.hex():
            raise KeyringError("it did not keep the key")
    except (KeyringError, RuntimeError) as error:
        raise KnownError(
            Code.NO_KEY,
            "This computer has no keyring that can keep the key safely, or it is locked. Unlock it, or choose a "
            f"passphrase (in a program without a window: a file named in {PASSPHRASE_VARIABLE}).",
        ) from error


def _out_of_keyring(profile: str) -> None:
    import keyring
    from keyring.errors import KeyringError, PasswordDeleteError

    nothing = "0" * (2 * KEY_BYTES)
    try:
        if keyring.get_password(SERVICE, profile) is None:
            return
        keyring.set_password(SERVICE, profile, nothing)
        with suppress(PasswordDeleteError):  # some keyrings only write over an entry
            keyring.delete_password(SERVICE, profile)
        if keyring.get_password(SERVICE, profile) not in (None, nothing):
            raise KeyringError("it kept the key")
    except (KeyringError, RuntimeError) as error:
        raise KnownError(
            Code.NO_KEY,
            "Your admin ordered this laptop to be wiped, and the keyring of this computer, which keeps the key, does "
            "not open. Unlock it and start FieldRep again; it goes on then.",
        ) from error


def _from_keyring(profile: str) -> bytes:
    import keyring
    from keyring.errors import KeyringError

    try:
        found = keyring.get_password(SERVICE, profile)
        key = bytes.fromhex(found or "")
    except (KeyringError, RuntimeError, ValueError) as error:
        raise KnownError(
            Code.NO_KEY,
            "The keyring of this computer does not open. Unlock it, then try again; nothing was changed.",
        ) from error
    if len(key) != KEY_BYTES:
        raise KnownError(
            Code.NO_KEY,
            "The keyring of this computer no longer holds the key of this profile. Sign in as the person who enrolled "
            f"it, or restore the keyring from a backup. {BEGIN_ANEW}",
        )
    return key


def _text(raw: bytes) -> str:
    return b64encode(raw).decode()
