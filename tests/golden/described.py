"""What a message says, as JSON that people can read and versions can be compared by.

Owns that form alone, with ids as hexadecimal text, and which kinds of golden files there are.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from fieldrep.contract import bundle
from fieldrep.contract.bundle import FILE_MARK, Keys, PublicKeys
from fieldrep.contract.files import decode_file_reply, decode_file_request, encode_file_message
from fieldrep.contract.live import WaitReply
from fieldrep.contract.messages import (
    EnrollReply,
    EnrollRequest,
    Problem,
    decode_reply,
    decode_request,
    encode_reply,
    encode_request,
)
from fieldrep.contract.page import page_columns
from fieldrep.contract.wiping import WipeReceipt

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Kind:
    """How messages of one kind are read and written; those `sealed` travel in an envelope."""

    read: Callable[[bytes], Any]
    write: Callable[[Any], bytes]
    sealed: bool = True


def _json(of: type[msgspec.Struct]) -> Kind:
    return Kind(msgspec.json.Decoder(of).decode, msgspec.json.encode, sealed=False)


KINDS = {
    ".request": Kind(decode_request, encode_request),
    ".reply": Kind(decode_reply, encode_reply),
    ".file-request": Kind(decode_file_request, encode_file_message),
    ".file-reply": Kind(decode_file_reply, encode_file_message),
    ".enroll-request": _json(EnrollRequest),
    ".enroll-reply": _json(EnrollReply),
    ".wait": _json(WaitReply),
    ".wiped": _json(WipeReceipt),
    ".problem": _json(Problem),
}
"""By the ending of a file's name. Besides there are `.request-bundle`, `.reply-bundle` and the `.seeds` for both."""


def plain(value: Any) -> Any:
    """Any value of a message for JSON."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, msgspec.Struct):
        fields = {name: plain(getattr(value, name)) for name in value.__struct_fields__ if name != "columns"}
        return {"": type(value).__name__, **fields}
    return value


def described(message: msgspec.Struct) -> Any:
    """A message, the rows of its pages with the names of their fields."""
    told = plain(message)
    for page, shown in zip(getattr(message, "pages", ()), told.get("pages", ()), strict=True):
        rows = zip(*page_columns(page), strict=True)
        shown["rows"] = [plain(dict(zip(page.fields, row, strict=True))) for row in rows]
    return told


def opened(path: Path) -> list[msgspec.Struct]:
    """The messages in a golden file: one, or those of a bundle."""
    if path.suffix in KINDS:
        return [KINDS[path.suffix].read(path.read_bytes())]
    seeds = path.with_suffix(".seeds").read_bytes()
    device, server = Keys(seeds[:32]), Keys(seeds[32:])
    asks = path.suffix == ".request-bundle"
    signer, reader = (device, server) if asks else (server, device)
    source = io.BytesIO(path.read_bytes())
    header = bundle.read_header(source)
    bundle.check(source, PublicKeys.of(signer.public))
    first, *rest = bundle.parts(source, reader)
    ending = "request" if asks else "reply"
    return [header, bundle.standing_of(first), *(_part(part, ending) for part in rest)]


def _part(part: bytes, ending: str) -> Any:
    if part.startswith(FILE_MARK):
        return KINDS[f".file-{ending}"].read(part[len(FILE_MARK) :])
    return KINDS[f".{ending}"].read(part)


def read(path: Path) -> Any:
    """What a golden file says."""
    told = [described(message) for message in opened(path)]
    return told[0] if path.suffix in KINDS else told


def as_text(told: Any) -> str:
    """The form that is kept beside a golden file."""
    return json.dumps(told, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
