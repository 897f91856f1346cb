"""What is left out of photos: places, cameras, words, previews, what was appended; never a pixel, nor how it lies."""

from __future__ import annotations

import random
import struct

import pytest

from fieldrep.contract.files import hash_of
from fieldrep.domain.metadata import UPRIGHT, Cleaned, cleaned, tells_unseen
from tests.helpers.photos import (
    COMMENT,
    TELLTALE,
    chunk,
    decoded,
    exif,
    jpeg,
    plain,
    png,
    segment,
    webp,
)

MAKERS = {"jpeg": jpeg, "png": png, "webp": webp}


def clean(body: bytes) -> Cleaned:
    found = cleaned(body)
    assert found is not None
    return found


@pytest.mark.parametrize("kind", MAKERS)
def test_nothing_a_camera_wrote_is_left_and_a_second_look_finds_nothing(kind: str) -> None:
    for orientation in range(1, 9):
        found = clean(MAKERS[kind](orientation))
        assert (found.place, found.left_out, found.orientation) == (True, True, orientation)
        assert [told for told in TELLTALE if told in found.body] == []
        assert clean(found.body) == Cleaned(found.body, orientation)


@pytest.mark.parametrize("kind", ["jpeg", "png"])
def test_the_pixels_stay_bit_for_bit_and_the_photo_lies_as_before(kind: str) -> None:
    for orientation in (1, 3, 6):
        body = MAKERS[kind](orientation)
        assert decoded(clean(body).body) == decoded(body)


def test_a_photo_that_tells_nothing_stays_byte_for_byte() -> None:
    for body in (plain("JPG"), plain("PNG"), clean(webp()).body):
        assert clean(body) == Cleaned(body)


def test_what_decoders_need_stays() -> None:
    body = plain("JPG", 64, 48)
    profile, colours = segment(0xE2, b"ICC_PROFILE\0\1\1" + b"p" * 40), segment(0xEE, b"Adobe" + bytes(7))
    kept = clean(body[:2] + profile + segment(0xE2, b"MPF\0" + COMMENT) + colours + body[2:]).body
    assert kept == body[:2] + profile + colours + body[2:]
    drawing = plain("PNG", 64, 48)
    shown = chunk(b"gAMA", struct.pack(">I", 45455)) + chunk(b"pHYs", bytes(9))
    assert clean(drawing[:33] + shown + chunk(b"teSt", COMMENT) + drawing[33:]).body == (
        drawing[:33] + shown + drawing[33:]
    )


def test_words_between_the_scans_of_a_photo_go_as_well_and_its_stuffed_bytes_stay() -> None:
    body = plain("JPG", 64, 48)
    hidden = body[:-2] + b"\xff\x00\xff\xd0\x12" + segment(0xFE, COMMENT) + b"\xff\xd9"
    assert clean(hidden).body == body[:-2] + b"\xff\x00\xff\xd0\x12\xff\xd9"


def test_a_photo_without_a_place_says_so_and_what_stands_upright_says_nothing() -> None:
    found = clean(jpeg(UPRIGHT, place=False))
    assert (found.place, found.left_out) == (False, True)
    assert b"Exif" not in found.body
    assert b"Exif" in clean(jpeg(6)).body


def test_an_orientation_is_read_in_both_orders_of_bytes_and_a_damaged_block_says_nothing() -> None:
    body = plain("JPG", 64, 48)
    for order in "<>":
        block = segment(0xE1, b"Exif\0\0" + exif(8, order=order))
        assert clean(body[:2] + block + body[2:]).orientation == 8
    for block in (b"", b"MM", b"MM\0*\xff\xff\xff\xff", b"II*\0\x08\0\0\0\xff\xff", exif(3)[:20], bytes(300)):
        damaged = body[:2] + segment(0xE1, b"Exif\0\0" + block) + body[2:]
        assert clean(damaged).body in (
            body,
            clean(body[:2] + segment(0xE1, b"Exif\0\0" + exif(3)) + body[2:]).body,
        )


def test_what_is_no_photo_or_a_damaged_one_is_left_alone_and_may_tell_what_nobody_sees() -> None:
    rest = random.Random(4).randbytes(5_000)
    for body in (b"%PDF-1.7", b"", b"MZ" + rest, b"RIFF\4\0\0\0WAVE", b"GIF89a"):
        assert cleaned(body) is None
        assert not tells_unseen(body)
    for body in (b"\xff\xd8\xff" + rest, jpeg()[:40], png()[:60], webp()[:50], b"II*\0" + rest,
                 b"\0\0\0\x18ftypheic" + rest):  # fmt: skip
        assert cleaned(body) is None
        assert tells_unseen(body)


def test_a_photo_behind_bytes_that_are_none_of_its_own_may_tell_what_nobody_sees() -> None:
    told = jpeg()[:2] + segment(0xE1, b"Exif\0\0" + exif(3)) + jpeg()[2:]
    for body in (b"\0\0\0\0" + told, b"dirt" * 9 + told, b"\n" + png()):
        assert cleaned(body) is None
        assert tells_unseen(body)
    assert not tells_unseen(b"%PDF-1.7\n" + b"\xff\xd8\xff\xdb" + bytes(300))


@pytest.mark.parametrize("kind", MAKERS)
def test_no_cut_and_no_altered_byte_is_more_than_no_photo(kind: str) -> None:
    body = MAKERS[kind](6)
    chosen = random.Random(hash_of(body))
    for cut in range(len(body)):
        cleaned(body[:cut])
    for _ in range(400):
        at = chosen.randrange(len(body))
        found = cleaned(body[:at] + chosen.randbytes(1) + body[at + 1 :])
        assert found is None or len(found.body) <= len(body)
