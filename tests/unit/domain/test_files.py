"""Names and kinds of files from anywhere: whatever a name says, it is one plain file in one folder."""

from __future__ import annotations

import pytest

from fieldrep.domain.files import media_type_of, safe_name

HOSTILE_NAMES = (
    "../../etc/passwd", "..\\..\\boot.ini", "/etc/shadow", "C:\\Windows\\system.ini", "C:evil.txt", "\\\\host\\x",
    "CON", "con.jpg", "PRN.pdf", "AUX", "NUL.tar.gz", "COM1.png", "LPT9.txt", "COM¹.txt", "CONIN$", "con .txt",
    "a\x00b.jpg", "\x00", "line\nbreak.jpg", "tab\t.png", "\x1b[31mred.pdf", "rtl\u202egnp.exe", "zero\u200bwidth.jpg",
    ".", "..", "...", "", " ", " .jpg ", ".hidden", "trailing. ", "trailing...", "photo.jpg:stream", "a|b", "a?b*c",
    "<script>.html", 'quo"te.jpg', "half\ud800pair.jpg", "x" * 5_000, "y" * 300 + ".jpeg", "." + "z" * 500,
    "\ufeffbom.jpg", "a/", "a\\",
)  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_hostile_name_becomes_one_plain_file_name(name: str) -> None:
    plain = safe_name(name)
    assert 0 < len(plain) <= 120
    assert plain == plain.strip(" .")
    assert not set(plain) & set('<>:"/\\|?*')
    assert plain.isprintable()
    plain.encode()
    first = plain.split(".")[0].rstrip().lower()
    assert first not in {"con", "prn", "aux", "nul", "com1", "com¹", "lpt9", "conin$"}
    assert safe_name(plain) == plain


def test_an_ordinary_name_stays_as_it_is() -> None:
    for name in ("Regal Köln 3.jpg", "Vertrag 2026-11-20.pdf", "写真.png", "archive.tar.gz", "README"):
        assert safe_name(name) == name


HOSTILE_BODIES = {
    b"MZ\x90\x00 an executable": "application/octet-stream",
    b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>": "application/octet-stream",
    b"<html><script>x()</script></html>": "application/octet-stream",
    b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>": "application/octet-stream",
    b"#!/bin/sh\nrm -rf /": "application/octet-stream",
    b"\x7fELF": "application/octet-stream",
    b"PK\x03\x04": "application/octet-stream",
    b" \xff\xd8\xff": "application/octet-stream",
    b"\xff\xd8": "application/octet-stream",
    b"": "application/octet-stream",
    b"GIF89a": "application/octet-stream",
    b"\xff\xd8\xff\xe0 and then <script>": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"%PDF-1.7": "application/pdf",
}


@pytest.mark.parametrize("body", HOSTILE_BODIES)
def test_a_file_is_what_its_first_bytes_say(body: bytes) -> None:
    assert media_type_of(body) == HOSTILE_BODIES[body]
