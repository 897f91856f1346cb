"""The file format of a sync by stick: whole, from its signer, for its reader, or refused."""

from __future__ import annotations

import io
import random

import pytest

from fieldrep.contract import bundle
from fieldrep.contract.bundle import BundleWriter, Header, Keys, PublicKeys
from fieldrep.contract.errors import Code, KnownError

LAPTOP, SERVER, STRANGER = (Keys(bytes([number]) * 32) for number in (1, 2, 3))
HEADER = Header(bundle.BUNDLE_VERSION, "request", b"s" * 16, b"d" * 16, b"b" * 16)
PARTS = (b"where it stood", b"", b"Confectionery for Herberg De Toren" * 30)


def written(
    parts: tuple[bytes, ...] = PARTS, *, signer: Keys = LAPTOP, reader: Keys = SERVER, header: Header = HEADER
) -> bytes:
    out = io.BytesIO()
    writer = BundleWriter(out, header, signer, PublicKeys.of(reader.public))
    for part in parts:
        writer.add(part)
    writer.finish()
    return out.getvalue()


def proven(source: io.BytesIO) -> int:
    """What both sides do before they open any part."""
    bundle.read_header(source)
    return bundle.check(source, PublicKeys.of(LAPTOP.public))


def opened(whole: bytes, *, signer: Keys = LAPTOP, reader: Keys = SERVER) -> tuple[bytes, ...]:
    source = io.BytesIO(whole)
    bundle.read_header(source)
    count = bundle.check(source, PublicKeys.of(signer.public))
    parts = tuple(bundle.parts(source, reader))
    assert count == len(parts)
    return parts


def test_what_was_written_is_read_and_none_of_it_can_be_seen_from_outside() -> None:
    whole = written()
    assert opened(whole) == PARTS
    assert bundle.read_header(io.BytesIO(whole)) == HEADER
    assert not [part for part in PARTS if part and part in whole]


def test_a_file_that_is_cut_anywhere_is_refused() -> None:
    whole = written()
    for length in range(len(whole)):
        with pytest.raises(KnownError) as refused:
            opened(whole[:length])
        assert refused.value.code in (Code.BUNDLE_DAMAGED, Code.NOT_A_BUNDLE)


def test_a_file_altered_at_any_byte_is_refused_before_any_part_is_opened() -> None:
    whole = written()
    for place in range(len(whole)):
        altered = bytearray(whole)
        altered[place] ^= 1 + place % 255
        with pytest.raises(KnownError):
            proven(io.BytesIO(bytes(altered)))
    with pytest.raises(KnownError):
        opened(whole + b"\0")


@pytest.mark.parametrize("signer", [SERVER, STRANGER])
def test_a_file_that_somebody_else_signed_is_refused(signer: Keys) -> None:
    with pytest.raises(KnownError, match="signature"):
        opened(written(signer=signer))


def test_a_file_for_somebody_else_cannot_be_opened() -> None:
    with pytest.raises(KnownError, match="cannot be opened here"):
        opened(written(), reader=STRANGER)


def test_parts_belong_to_their_place_in_their_own_file() -> None:
    """Even who may sign cannot pass a part of one file off as another's, or change their order."""
    one = written((b"a" * 40, b"b" * 40))
    head = 8 + int.from_bytes(one[4:8], "big")
    sealed = 4 + int.from_bytes(one[head : head + 4], "big")
    swapped = one[:head] + one[head + sealed : head + 2 * sealed] + one[head : head + sealed]
    swapped += one[head + 2 * sealed :]
    with pytest.raises(KnownError, match="cannot be opened here"):
        tuple(bundle.parts(io.BytesIO(swapped), SERVER))
    other = written(header=Header(1, "request", b"s" * 16, b"d" * 16, b"c" * 16))
    grafted = other[:head] + one[head:]
    with pytest.raises(KnownError, match="cannot be opened here"):
        tuple(bundle.parts(io.BytesIO(grafted), SERVER))


@pytest.mark.parametrize("seed", range(20))
def test_garbage_ends_in_a_sentence(seed: int) -> None:
    chance = random.Random(seed)
    garbage = chance.choice((b"", b"FRB1", b"FRB1\0\0\0\5", b"FRB1\xff\xff\xff\xff")) + chance.randbytes(200)
    with pytest.raises(KnownError):
        opened(garbage)


def test_a_file_of_another_version_asks_for_an_update() -> None:
    with pytest.raises(KnownError) as refused:
        opened(written(header=Header(2, "request", b"s" * 16, b"d" * 16, b"b" * 16)))
    assert refused.value.code is Code.UPGRADE_NEEDED
