"""A bundle: exchange messages in one file for a stick, encrypted for one end and signed by the other.

Owns the layout (PROTOCOL.md, section 12) and the choice of algorithms: HPKE (RFC 9180) with X25519, HKDF-SHA256 and
ChaCha20-Poly1305 for each part, Ed25519 (RFC 8032) over the whole. Works on open streams; must not know files, replicas
or what the messages say. Nothing of a bundle is believed before `check` has read it to its end.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, BinaryIO, Literal

import msgspec
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.frame import MAX_INFLATED

BUNDLE_VERSION = 1
FILE_MARK = b"FILE"
"""What begins a part about the body of an attachment; such parts come after all others."""
SEED_BYTES = 32
PUBLIC_BYTES = 64

_MAGIC = b"FRB1"
_LENGTH = struct.Struct(">I")
_SIGNATURE = 64
_MOST_HEADER = 1_000
_MOST_PART = MAX_INFLATED + 4_096
_READ = 1 << 20
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)

_Id = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]


class Header(msgspec.Struct, frozen=True):
    """What a stranger can read of a bundle: random ids, and nothing else.

    Attributes:
        bundle_id: of this file.
        answers: the bundle a reply answers; empty in a request.
    """

    version: int
    kind: Literal["request", "reply"]
    server_id: _Id
    device_id: _Id
    bundle_id: _Id
    answers: Annotated[bytes, msgspec.Meta(max_length=16)] = b""


class Standing(msgspec.Struct, frozen=True):
    """The first part: where the replica stood when it wrote its request. The reply says it back.

    Attributes:
        cursor: how far the replica was; it may have asked from the beginning all the same.
        afresh: it asked for all records anew, because the two sides had differed.
    """

    incarnation: _Id
    epoch: Annotated[bytes, msgspec.Meta(max_length=16)]
    cursor: Annotated[bytes, msgspec.Meta(max_length=1_000)]
    afresh: bool = False


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """What one end shows of itself: the key that proves its signature, and the one to encrypt for it."""

    signing: bytes
    sealing: bytes

    @classmethod
    def of(cls, shown: bytes) -> PublicKeys:
        """The keys as one end registered them with the other.

        Raises:
            KnownError: `not_enrolled`, when that end showed no keys for bundles.
        """
        if len(shown) != PUBLIC_BYTES:
            raise KnownError(
                Code.NOT_ENROLLED,
                "This laptop was enrolled without keys for files. Enrol it again to carry changes by file.",
            )
        return cls(shown[:32], shown[32:])

    def proves(self, message: bytes, signature: bytes) -> bool:
        """Whether that end signed the message."""
        try:
            Ed25519PublicKey.from_public_bytes(self.signing).verify(signature, message)
        except InvalidSignature:
            return False
        return True


class Keys:
    """One end's key pairs, both derived from one secret seed."""

    def __init__(self, seed: bytes) -> None:
        self._signing = Ed25519PrivateKey.from_private_bytes(_derived(seed, b"FieldRep bundle signing"))
        self.sealing = X25519PrivateKey.from_private_bytes(_derived(seed, b"FieldRep bundle sealing"))

    def sign(self, message: bytes) -> bytes:
        """The signature of this end."""
        return self._signing.sign(message)

    @property
    def public(self) -> bytes:
        """What the other end is given: 32 bytes that prove a signature, 32 bytes to encrypt for."""
        return self._signing.public_key().public_bytes_raw() + self.sealing.public_key().public_bytes_raw()


class BundleWriter:
    """Writes a bundle part by part; without `finish` it is worth nothing to anybody."""

    def __init__(self, out: BinaryIO, header: Header, keys: Keys, reader: PublicKeys) -> None:
        self._out, self._keys, self._count = out, keys, 0
        self._reader = X25519PublicKey.from_public_bytes(reader.sealing)
        self._hash = hashlib.sha256()
        self._head = msgspec.msgpack.encode(header)
        self._put(_MAGIC + _LENGTH.pack(len(self._head)) + self._head)

    def add(self, message: bytes) -> None:
        """Seals one part for the reader and writes it."""
        part = _SUITE.encrypt(message, self._reader, info=_place(self._head, self._count))
        self._put(_LENGTH.pack(len(part)) + part)
        self._count += 1

    def finish(self) -> None:
        """Closes the bundle with the number of its parts and the signature over all before."""
        self._put(_LENGTH.pack(0) + _LENGTH.pack(self._count))
        self._out.write(self._keys.sign(_signed(self._hash.digest())))

    def _put(self, piece: bytes) -> None:
        self._hash.update(piece)
        self._out.write(piece)


def read_header(source: BinaryIO) -> Header:
    """Who a bundle is from and for, as it says itself; proves nothing yet.

    Raises:
        KnownError: `not_a_bundle`, `bundle_damaged` or `upgrade_needed`.
    """
    source.seek(0)
    return _header(_head(source))


def check(source: BinaryIO, signer: PublicKeys) -> int:
    """Reads a bundle to its end and proves that it is whole and the signer's; gives the number of its parts.

    Raises:
        KnownError: `not_a_bundle` or `bundle_damaged`.
    """
    source.seek(0)
    head, found = _head(source), hashlib.sha256()
    found.update(_MAGIC + _LENGTH.pack(len(head)) + head)
    count = 0
    while length := _length(source, found):
        if length > _MOST_PART:
            raise _damaged("one of its parts is longer than any that is written")
        while length:
            piece = _exactly(source, min(length, _READ))
            found.update(piece)
            length -= len(piece)
        count += 1
    told = _length(source, found)
    signature = _exactly(source, _SIGNATURE)
    if source.read(1):
        raise _damaged("something was added to it")
    if not signer.proves(_signed(found.digest()), signature):
        raise _damaged("its signature does not match")
    if told != count:
        raise _damaged("it counts its parts wrongly")
    return count


def parts(source: BinaryIO, keys: Keys) -> Iterator[bytes]:
    """The parts of a bundle that was checked, opened one after the other.

    Raises:
        KnownError: `bundle_damaged`, also when the file went away or changed since it was checked.
    """
    source.seek(0)
    head, number = _head(source), 0
    while length := _LENGTH.unpack(_exactly(source, _LENGTH.size))[0]:
        if length > _MOST_PART:
            raise _damaged("one of its parts is longer than any that is written")
        part = _exactly(source, length)
        try:
            yield _SUITE.decrypt(part, keys.sealing, info=_place(head, number))
        except InvalidTag as error:
            raise _damaged("a part of it cannot be opened here") from error
        number += 1


def standing_of(part: bytes) -> Standing:
    """The first part of a bundle.

    Raises:
        KnownError: `bundle_damaged`.
    """
    try:
        return msgspec.msgpack.decode(part, type=Standing)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise _damaged("it does not say what it answers") from error


def _derived(seed: bytes, what_for: bytes) -> bytes:
    if len(seed) != SEED_BYTES:
        raise ValueError("a seed has 32 bytes")
    return HKDF(SHA256(), 32, salt=None, info=what_for).derive(seed)


def _place(head: bytes, number: int) -> bytes:
    """What binds a part to its bundle and its place in it."""
    return b"FieldRep bundle part" + hashlib.sha256(head).digest() + _LENGTH.pack(number)


def _signed(digest: bytes) -> bytes:
    return b"FieldRep bundle" + digest


def _head(source: BinaryIO) -> bytes:
    start = source.read(len(_MAGIC))
    if start != _MAGIC:
        raise KnownError(
            Code.NOT_A_BUNDLE, "This is not a file of FieldRep's. Choose the one that was written to carry."
        )
    length = _LENGTH.unpack(_exactly(source, _LENGTH.size))[0]
    if length > _MOST_HEADER:
        raise _damaged("it does not say whom it is for")
    return _exactly(source, length)


def _header(head: bytes) -> Header:
    try:
        header = msgspec.msgpack.decode(head, type=Header)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise _damaged("it does not say whom it is for") from error
    if header.version != BUNDLE_VERSION:
        raise KnownError(
            Code.UPGRADE_NEEDED,
            "This file was written by another version of FieldRep. Update both sides and write it again.",
        )
    return header


def _length(source: BinaryIO, found: hashlib._Hash) -> int:
    raw = _exactly(source, _LENGTH.size)
    found.update(raw)
    return int(_LENGTH.unpack(raw)[0])


def _exactly(source: BinaryIO, length: int) -> bytes:
    piece = source.read(length)
    if len(piece) != length:
        raise _damaged("it ends too early")
    return piece


def _damaged(why: str) -> KnownError:
    return KnownError(
        Code.BUNDLE_DAMAGED,
        f"This file is not whole or was altered: {why}. Nothing was changed; copy it to the stick again.",
    )
