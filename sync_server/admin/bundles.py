"""`fieldrep-server bundle in`: takes a file that a device wrote and writes the answer to another one.

Owns the order of checks: whose file it is, whether it is whole, only then what it says. A file that fails any of them
leaves the store as it was, and a device that is not admitted gets no answer at all (I5, I18).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import click
import msgspec

from fieldrep.contract import bundle
from fieldrep.contract.bundle import FILE_MARK, BundleWriter, Header, Keys, PublicKeys, Standing
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.files import FileRequest, decode_file_request, encode_file_message
from fieldrep.contract.messages import ExchangeReply, ExchangeRequest, decode_request, encode_reply
from fieldrep.contract.steps import Step, reached
from fieldrep.contract.whole_file import whole_file
from sync_server.admin.cli import as_json_option, commands
from sync_server.admin.console import OutFile, central_store, print_json, say
from sync_server.reconcile.bundle import answer
from sync_server.reconcile.files import answers_about_files
from sync_server.store.bundle_key import known_keys
from sync_server.store.credentials import DeviceIdentity, device_and_key
from sync_server.store.database import Database

MOST_BYTES = 256 * 1024 * 1024
"""Of all requests in one file; a year of a busy device is a hundredth of it."""


_AGAIN = (
    "What the file asked for may be done already; run this again with room for the answer, and it is answered in the "
    "same way."
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A file that was checked: from whom, and what it says; its parts about files are read while they are answered."""

    header: Header
    standing: Standing
    device: DeviceIdentity
    reader: PublicKeys
    keys: Keys
    requests: list[ExchangeRequest]
    about_files: Iterable[bytes] = ()


@dataclass(slots=True)
class Answered:
    """What an answer holds."""

    login: str
    changes: int
    verdict: str = ""
    sentence: str = ""
    accepted: int = 0
    merged: int = 0
    held: int = 0
    refused: int = 0
    records: int = 0
    files: int = 0

    def count(self, reply: ExchangeReply) -> None:
        """Adds one reply."""
        if not self.verdict:
            self.verdict, self.sentence = reply.verdict.value, reply.sentence
        for outcome in reply.outcomes:
            name = type(outcome).__name__.lower()
            setattr(self, name, getattr(self, name) + 1)
        self.records += sum(page.count for page in reply.pages)


@commands.group("bundle")
def bundle_commands() -> None:
    """Files of devices that no network reaches."""


@bundle_commands.command("in")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--reply",
    "reply_file",
    required=True,
    type=OutFile(),
    help="Where the answer is written; it replaces an older one.",
)
@as_json_option
def bundle_in(file: Path, reply_file: Path, as_json: bool) -> None:
    """Takes FILE, which a device wrote with `fieldrep bundle out`, and writes the answer for it.

    The same FILE may be taken again: what it asks for is done once, and answered in the same way.
    """
    if reply_file.resolve() == file.resolve():
        raise KnownError(Code.WRONG_USAGE, "Name another file for the answer than the one that is read.")
    with central_store() as database, file.open("rb") as source:
        asked = open_request(database, source)
        with whole_file(reply_file, _AGAIN) as out:
            answered = write_answer(database, asked, out)
    if as_json:
        print_json({"ok": True, **{name: getattr(answered, name) for name in Answered.__slots__}})
        return
    taken = answered.accepted + answered.merged + answered.held
    came = "file" if answered.files == 1 else "files"
    files = f", {answered.files:,} {came} arrived" if answered.files else ""
    go_back = "record goes" if answered.records == 1 else "records go"
    say(
        f"From {answered.login}: {taken:,} taken, {answered.refused:,} refused{files}; {answered.records:,} "
        f"{go_back} back in {reply_file}. On the device: fieldrep bundle in {reply_file.name}"
    )
    if answered.sentence:
        say(answered.sentence)


def open_request(database: Database, source: BinaryIO) -> Asked:
    """What a device's file says, once it is proven to be whole and from a device that is admitted here.

    Raises:
        KnownError: `not_a_bundle`, `wrong_bundle`, `different_server`, `unauthorised`, `device_locked`,
            `bundle_damaged`, `damaged_message`, `too_large`.
    """
    header = bundle.read_header(source)
    if header.kind != "request":
        raise KnownError(Code.WRONG_BUNDLE, "This file is an answer for a device: fieldrep bundle in FILE.")
    with database.read() as reader:
        if header.server_id != reader.info().server_id:
            raise KnownError(Code.DIFFERENT_SERVER, "This file is for another server. Nothing was changed.")
        keys, found = known_keys(reader), device_and_key(reader, header.device_id)
    if found is None:
        raise KnownError(
            Code.UNAUTHORISED,
            "The device that wrote this file is not admitted here (any more). Nothing was taken, and there is no "
            "answer for it.",
        )
    device, shown = found
    if device.state == "locked":
        raise KnownError(
            Code.DEVICE_LOCKED,
            "The laptop that wrote this file is locked. Nothing was taken, and there is no answer for it. Once it is "
            "unlocked (fieldrep-server device unlock DEVICE), take the file again.",
        )
    sender = PublicKeys.of(shown)
    bundle.check(source, sender)
    parts = bundle.parts(source, keys)
    standing = bundle.standing_of(next(parts, b""))
    requests, first = _requests(parts)
    return Asked(header, standing, device, sender, keys, requests, chain(first, parts))


def write_answer(database: Database, asked: Asked, out: BinaryIO) -> Answered:
    """Takes what was asked and writes the answer to an open stream.

    Raises:
        KnownError: `device_revoked` or `device_locked`, when that happened meanwhile; what was written is then worth
            nothing.
    """
    head = asked.header
    header = Header(
        bundle.BUNDLE_VERSION,
        "reply",
        head.server_id,
        head.device_id,
        database.randomness(16),
        head.bundle_id,
    )
    writer = BundleWriter(out, header, asked.keys, asked.reader)
    writer.add(msgspec.msgpack.encode(asked.standing))
    answered = Answered(asked.device.login, sum(len(request.changes) for request in asked.requests))
    for reply in answer(database, asked.device, asked.requests):
        writer.add(encode_reply(reply))
        answered.count(reply)
    for about in answers_about_files(database, asked.device, map(_about_file, asked.about_files)):
        writer.add(FILE_MARK + encode_file_message(about))
        answered.files += about.whole and not about.part
    reached(Step.CARRIED_ANSWER)
    writer.finish()
    return answered


def _about_file(part: bytes) -> FileRequest:
    if not part.startswith(FILE_MARK):
        raise KnownError(Code.DAMAGED_MESSAGE, "This file goes on with something else than files.")
    return decode_file_request(part[len(FILE_MARK) :])


def _requests(parts: Iterator[bytes]) -> tuple[list[ExchangeRequest], list[bytes]]:
    """The requests of a file, and the first part about the body of an attachment, which come after them."""
    found: list[ExchangeRequest] = []
    first: list[bytes] = []
    size = 0
    for part in parts:
        if part.startswith(FILE_MARK):
            first.append(part)
            break
        size += len(part)
        if size > MOST_BYTES:
            raise KnownError(
                Code.TOO_LARGE, "This file holds more than any device writes. Nothing was taken."
            )
        found.append(decode_request(part))
    if not found:
        raise KnownError(
            Code.BUNDLE_DAMAGED, "This file asks for nothing. Write it again; nothing was changed."
        )
    return found, first
