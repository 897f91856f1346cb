"""The pages of a replica's file and of its write-ahead log, each decrypted and proven by itself.

SQLCipher gives nothing more of a file once one page fails. This reads its documented format (AES-256-CBC and an HMAC
for every page) page by page, so that a damaged one costs what lies on it and no more. Must not know any table.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from fieldrep.store.engine import PAGE_BYTES, salt_of
from fieldrep.store.left_open import log_is_missing
from fieldrep.store.repairing.log_sums import checksum

USABLE = PAGE_BYTES - 48
"""Of a page, after its initialisation vector (16 bytes) and its HMAC-SHA256 (32 bytes)."""

_VECTOR, _MAC = 16, 32
_SALT_BYTES = 16
_MASK = 0x3A
_HMAC_ROUNDS = 2
_WAL_HEADER, _FRAME_HEADER = 32, 24
_FRAME = _FRAME_HEADER + PAGE_BYTES
_MAGICS = {0x377F0682: "<", 0x377F0683: ">"}


@dataclass(slots=True)
class Pages:
    """The newest readable form of every page, by number from 1 on.

    Attributes:
        count: pages the file had, as far as file and log show.
        torn: pages of the log that cannot be read, so that an older form of them stands; 1 where all of it is gone.
    """

    path: Path
    key: bytes
    count: int = 0
    torn: int = 0
    _at: dict[int, tuple[bool, int]] = field(default_factory=dict)
    _main: bytes = b""
    _log: bytes = b""
    _mac_key: bytes = b""

    def __post_init__(self) -> None:
        self._mac_key = _mac_key(self.key)
        self._main = _content(self.path)
        self._log = _content(self.path.with_name(self.path.name + "-wal"))
        whole, rest = divmod(len(self._main), PAGE_BYTES)
        self.count = whole + bool(rest)
        self._at = {number: (False, (number - 1) * PAGE_BYTES) for number in range(1, whole + 1)}
        self.torn = int(log_is_missing(self.path))
        for number, offset in _newest_frames(self._log):
            if self._proven(number, self._log, offset):
                self._at[number] = (True, offset)
                self.count = max(self.count, number)
            else:
                self.torn += 1
        first = self.read(1)
        if first is not None:
            self.count = max(self.count, int.from_bytes(first[28:32], "big"))

    def read(self, number: int) -> bytes | None:
        """The page's content, None when it is not there or not as it was written."""
        place = self._at.get(number)
        if place is None:
            return None
        in_log, offset = place
        source = self._log if in_log else self._main
        if not self._proven(number, source, offset):
            return None
        begin = offset + (_SALT_BYTES if number == 1 else 0)
        vector = source[offset + USABLE : offset + USABLE + _VECTOR]
        opened = Cipher(AES(self.key), CBC(vector)).decryptor()
        plain = opened.update(source[begin : offset + USABLE]) + opened.finalize()
        return bytes(_SALT_BYTES) + plain if number == 1 else plain

    def unreadable(self) -> list[int]:
        """The numbers of all pages that cannot be read."""
        return [
            number
            for number in range(1, self.count + 1)
            if (place := self._at.get(number)) is None
            or not self._proven(number, self._log if place[0] else self._main, place[1])
        ]

    def _proven(self, number: int, source: bytes, offset: int) -> bool:
        return _is_proven(self._mac_key, number, source, offset)


def _mac_key(key: bytes) -> bytes:
    masked = bytes(byte ^ _MASK for byte in salt_of(key))
    return hashlib.pbkdf2_hmac("sha512", key, masked, _HMAC_ROUNDS, len(key))


def _is_proven(mac_key: bytes, number: int, source: bytes, offset: int) -> bool:
    begin = offset + (_SALT_BYTES if number == 1 else 0)
    sealed = source[begin : offset + PAGE_BYTES - _MAC] + struct.pack("<I", number)
    mac = source[offset + PAGE_BYTES - _MAC : offset + PAGE_BYTES]
    return hmac.compare_digest(hmac.digest(mac_key, sealed, "sha256"), mac)


def log_is_damaged(path: Path, key: bytes) -> bool:
    """Whether the write-ahead log breaks off before commits that were acknowledged, or is another replica's.

    SQLite takes the first broken frame for the end of the log, as after a power cut, and forgets all that follows. A
    power cut can only break the last transaction; when two or more commits follow the break, or whole ones can be
    proven, the log was damaged later. Its own sums fit without the key, so SQLite would write another replica's pages
    over those of this one.
    """
    log = _content(path.with_name(path.name + "-wal"))
    frames = list(_frames(log))
    if not frames:
        return False
    sound = _sound_frames(log)
    commits = [index for index, (_, _, pages) in enumerate(frames) if pages]
    if sum(index >= sound for index in commits) > 1:
        return True
    mac_key, newest = _mac_key(key), {number: offset for number, offset, _ in frames[:sound]}
    proven = sum(_is_proven(mac_key, number, log, offset) for number, offset in newest.items())
    with path.open("rb") as main:
        fits = proven > 0 or _is_proven(mac_key, 1, main.read(PAGE_BYTES), 0)
    return fits and proven < len(newest)  # else it is the key that is another one


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _frames(log: bytes) -> Iterator[tuple[int, int, int]]:
    """The frames written since the log last began anew: page number, offset of the page, pages after a commit or 0.

    Salts tell them from older ones that still lie behind; where the header is damaged, the frames themselves say which.
    One among them without these salts is damaged itself; whether its number is right shows with its page.
    """
    if len(log) < _WAL_HEADER + _FRAME:
        return
    starts = range(_WAL_HEADER, len(log) - _FRAME + 1, _FRAME)
    written = [log[start + 8 : start + 16] for start in starts]
    salts = log[16:24] if _header_is_sound(log) else max(written[:3], key=written[:3].count)
    last = max((index for index, own in enumerate(written) if own == salts), default=-1)
    for start in starts[: last + 1]:
        number, pages = struct.unpack_from(">II", log, start)
        yield number, start + _FRAME_HEADER, pages


def _header_is_sound(log: bytes) -> bool:
    order = _MAGICS.get(int.from_bytes(log[:4], "big"))
    return order is not None and checksum(order, log[:24], (0, 0)) == struct.unpack(">II", log[24:32])


def _newest_frames(log: bytes) -> Iterator[tuple[int, int]]:
    """Page numbers and offsets in the order written; those after the last commit were never acknowledged."""
    frames = list(_frames(log))
    last = max((index for index, (_, _, pages) in enumerate(frames) if pages), default=-1)
    for number, offset, _ in frames[: last + 1]:
        yield number, offset


def _sound_frames(log: bytes) -> int:
    """How many frames SQLite will take: up to the first whose running checksum is not right."""
    if not _header_is_sound(log):
        return 0
    order = _MAGICS[int.from_bytes(log[:4], "big")]
    salts, sums, sound = log[16:24], struct.unpack(">II", log[24:32]), 0
    for start in range(_WAL_HEADER, len(log) - _FRAME + 1, _FRAME):
        if log[start + 8 : start + 16] != salts:
            break
        sums = checksum(order, log[start : start + 8], (sums[0], sums[1]))
        sums = checksum(order, log[start + _FRAME_HEADER : start + _FRAME], (sums[0], sums[1]))
        if sums != struct.unpack_from(">II", log, start + 16):
            break
        sound += 1
    return sound
