"""The running checksum of SQLite's write-ahead log, a page at a time instead of a word at a time.

Two sums take a pair of words each step: first += left + second, then second += right + first, modulo 2^32. A step is
linear, so the words of a page are spread over the lanes of one long number and added up by halves: what the earlier
half came to goes through as many steps as the later half has. Must not know what a page holds.
"""

from __future__ import annotations

import struct
from array import array

Sums = tuple[int, int]
_WORD = 0xFFFFFFFF
_LANE = 128
"""Bits of a lane: four words while reading, and room for products while adding up."""
_MOST_LANES = 256
"""A page of 4096 bytes."""


def _masks() -> dict[int, int]:
    found = {1: _WORD}
    while (lanes := max(found)) < _MOST_LANES:
        found[2 * lanes] = found[lanes] | found[lanes] << lanes * _LANE
    return found


def _steps() -> dict[int, tuple[int, int, int]]:
    """What 1, 2, 4 … steps without words make of two sums: a first + b second, and b first + c second."""
    found, (a, b, c) = {1: (1, 1, 2)}, (1, 1, 2)
    while (steps := max(found)) < 2 * _MOST_LANES:
        a, b, c = (a * a + b * b) & _WORD, b * (a + c) & _WORD, (b * b + c * c) & _WORD
        found[2 * steps] = a, b, c
    return found


_MASKS, _STEPS = _masks(), _steps()


def checksum(order: str, content: bytes, sums: Sums) -> Sums:
    """The sums after `content`, whose words are in little ("<") or big (">") order."""
    lanes = len(content) // 16
    if len(content) % 16 or lanes not in _MASKS:
        return _word_by_word(order, content, sums)
    if order == ">":
        words = array("I", content)
        words.byteswap()
        content = words.tobytes()
    packed, mask = int.from_bytes(content, "little"), _MASKS[lanes]
    one, two, three = packed & mask, packed >> 32 & mask, packed >> 64 & mask
    first = 2 * one + two + three
    second = one + two + (packed >> 96 & mask) + first
    steps = 2 * lanes
    while lanes > 1:
        mask, lanes = _MASKS[lanes], lanes // 2
        half, cut = _MASKS[lanes], lanes * _LANE
        first, second = first & mask, second & mask
        a, b, c = _STEPS[2 * lanes]
        left, right = first & half, second & half
        first, second = a * left + b * right + (first >> cut), b * left + c * right + (second >> cut)
    a, b, c = _STEPS[steps]
    return (a * sums[0] + b * sums[1] + first) & _WORD, (b * sums[0] + c * sums[1] + second) & _WORD


def _word_by_word(order: str, content: bytes, sums: Sums) -> Sums:
    first, second = sums
    words = iter(struct.unpack(f"{order}{len(content) // 4}I", content))
    for left in words:
        first = (first + left + second) & _WORD
        second = (second + next(words) + first) & _WORD
    return first, second
