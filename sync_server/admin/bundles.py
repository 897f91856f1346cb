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
from fieldrep.contract.counts import counted
from fieldrep.contract.errors import BARRED, Code, KnownError
from fieldrep.contract.files import FileRequest, decode_file_request, encode_file_message
from fieldrep.contract.ids import id_text
from fieldrep.contract.messages import (
    ExchangeReply,
    ExchangeRequest,
    Verdict,
    decode_request,
    encode_reply,
)
from fieldrep.contract.steps import Step, reached
from fieldrep.contract.whole_file import whole_file
from sync_server.admin.cli import as_json_option, commands
from sync_server.admin.console import OutFile, central_store, complain, print_json, say, stop
from sync_server.admin.naming import device_words
from sync_server.reconcile.bundle import answer
from sync_server.reconcile.files import answers_about_files
from sync_server.store.bundle_key import known_keys
from sync_server.store.database import Database
from sync_server.store.devices.credentials import DeviceIdentity, device_and_key
from sync_server.store.reading import Reader

MOST_BYTES = 256 * 1024 * 1024
"""Of all requests in one file; a year of a busy device is a hundredth of it."""


_AGAIN = (
    "What the file asked for may be done already; run this again with room for the answer, and it is answered in the "
    "same way."
)
_TELLS = {
    Verdict.START_OVER: (
        "It had not heard of the last restore: with the answer it starts over, and its next file or sync brings what "
        "waits and what the store lacks."
    ),
    Verdict.TOO_OLD: "It was away very long, so its records are fetched afresh.",
    Verdict.UPGRADE: (
        "Its app and the server are of different ages. What was done there was received; the answer tells it to be "
        "updated."
    ),
    Verdict.WIPE: "It is ordered to be wiped: the answer tells it so, and it obeys once all it has is sent.",
    Verdict.ENROL_AGAIN: (
        "There are two of this installation, and the other one has synced since: nothing was taken. The answer tells "
        "it so, and then a new link (fieldrep-server enroll {login}) makes it a device of its own and lets its work in."
    ),
}
"""What the admin is told of a reply, in place of the sentence in it, which is for the person at the laptop."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A file that was checked: from whom, and what it says; its parts about files are read while they are answered.

    Attributes:
        which: the device in words.
    """

    header: Header
    standing: Standing
    device: DeviceIdentity
    which: str
    reader: PublicKeys
    keys: Keys
    requests: list[ExchangeRequest]
    about_files: Iterable[bytes] = ()


@dataclass(slots=True)
class Answered:
    """What an answer holds; its sentence is for the admin."""

    login: str
    device_id: str
    changes: int
    verdict: str = ""
    sentence: str = ""
    accepted: int = 0
    merged: int = 0
    held: int = 0
    refused: int = 0
    waits: int = 0
    records: int = 0
    files: int = 0

    def count(self, reply: ExchangeReply) -> None:
        """Adds one reply."""
        if not self.verdict:
            self.verdict = reply.verdict.value
            self.sentence = _TELLS.get(reply.verdict, reply.sentence).format(login=self.login)
        for outcome in reply.outcomes:
            name = type(outcome).__name__.lower()
            setattr(self, name, getattr(self, name) + 1)
        self.records += sum(page.count for page in reply.pages)

    @property
    def done(self) -> bool:
        """Whether the file could be taken at all; a copy's is only answered."""
        return self.verdict != Verdict.ENROL_AGAIN


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

    The same FILE may be taken again: what it asks for is done once, and answered in the same way. Of a device that is
    locked, withdrawn, wiped or a copy nothing is taken, and this ends with 1; a copy gets an answer that tells it so.
    """
    if reply_file.resolve() == file.resolve():
        raise KnownError(Code.WRONG_USAGE, "Name another file for the answer than the one that is read.")
    with central_store() as database, file.open("rb") as source:
        asked = open_request(database, source)
        with whole_file(reply_file, _AGAIN) as out:
            answered = write_answer(database, asked, out)
    if as_json:
        print_json({"ok": answered.done, **{name: getattr(answered, name) for name in Answered.__slots__}})
    else:
        say(f"{asked.which}: {_told(answered, reply_file)}")
        if answered.sentence:
            (say if answered.done else complain)(answered.sentence)
        say(f"On the device: fieldrep bundle in {reply_file.name}")
    if not answered.done:
        stop()


def _told(answered: Answered, file: Path) -> str:
    """What was taken of a file, and what the answer brings."""
    taken = answered.accepted + answered.merged + answered.held
    came = f", {counted(answered.files, 'file')} arrived" if answered.files else ""
    if answered.records:
        back = f"{counted(answered.records, 'record goes', 'records go')} back in {file}."
    elif answered.sentence:
        back = f"{file} only tells it what follows."
    else:
        what = "what became of it" if answered.changes else "so"
        back = f"nothing new goes back; {file} says {what}."
    return f"{taken:,} taken, {answered.refused:,} refused{came}; {back}"


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
            raise _shut_out(reader, header.device_id, Code.UNAUTHORISED)
        device, shown = found
        if device.state == "locked":
            raise _shut_out(reader, header.device_id, Code.DEVICE_LOCKED)
        which = device_words(reader, header.device_id)
    sender = PublicKeys.of(shown)
    bundle.check(source, sender)
    parts = bundle.parts(source, keys)
    standing = bundle.standing_of(next(parts, b""))
    requests, first = _requests(parts)
    return Asked(header, standing, device, which, sender, keys, requests, chain(first, parts))


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
    changes = sum(len(request.changes) for request in asked.requests)
    answered = Answered(asked.device.login, id_text(asked.device.device_id), changes)
    try:
        for reply in answer(database, asked.device, asked.requests):
            writer.add(encode_reply(reply))
            answered.count(reply)
        for about in answers_about_files(database, asked.device, map(_about_file, asked.about_files)):
            writer.add(FILE_MARK + encode_file_message(about))
            answered.files += about.whole and not about.part
    except KnownError as error:
        if error.code not in BARRED:
            raise
        with database.read() as reader:
            raise _shut_out(reader, asked.device.device_id, error.code) from error
    reached(Step.CARRIED_ANSWER)
    writer.finish()
    return answered


def _shut_out(reader: Reader, device_id: bytes, code: Code) -> KnownError:
    """What is said of a file of a device of which nothing is taken, and what lets its work in."""
    device = reader.row("device", device_id)
    if device is None:
        return KnownError(
            code,
            "The device that wrote this file is not known here (any more). Nothing was taken, and there is no answer "
            "for it. Where it is one of yours, it enrols again with a new link (fieldrep-server enroll LOGIN) and "
            "brings its work along.",
        )
    user = reader.row("user", device["user_id"]) if isinstance(device["user_id"], bytes) else None
    login = str(user["login"]) if user else "LOGIN"
    enable = "" if user is None or user["active"] else f"fieldrep-server user enable {login}, then "
    link = f"({enable}fieldrep-server enroll {login})"
    how, next_step = {
        "locked": (
            "is locked",
            f"Once it is unlocked (fieldrep-server device unlock {device['number_prefix']!s}), take the file again.",
        ),
        "wipe": ("is to be wiped as lost", "It hears of that over a line only."),
        "wiped": ("is wiped", "fieldrep-server device list says when that was, and what was lost with it."),
    }.get(
        str(device["state"]),
        ("is withdrawn", f"It enrols again with a new link {link} and brings its work along."),
    )
    return KnownError(
        code,
        f"{device_words(reader, device_id)} wrote this file and {how}. Nothing was taken, and there is no answer for "
        f"it. {next_step}",
    )


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
