"""What a message says, as JSON that people can read and versions can be compared by.

Owns that form alone, with ids as hexadecimal text.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import msgspec

from fieldrep.contract import bundle
from fieldrep.contract.bundle import Keys, PublicKeys
from fieldrep.contract.messages import ExchangeReply, ExchangeRequest, decode_reply, decode_request
from fieldrep.contract.page import page_columns

FOLDER = Path(__file__).parent


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


def described(message: ExchangeRequest | ExchangeReply) -> Any:
    """A request or reply, the rows of its pages with the names of their fields."""
    told = plain(message)
    for page, shown in zip(getattr(message, "pages", ()), told.get("pages", ()), strict=True):
        rows = zip(*page_columns(page), strict=True)
        shown["rows"] = [plain(dict(zip(page.fields, row, strict=True))) for row in rows]
    return told


def read(name: str, body: bytes, seeds: bytes = b"") -> Any:
    """What the bytes of a golden file say."""
    if name.endswith(".request"):
        return described(decode_request(body))
    if name.endswith(".reply"):
        return described(decode_reply(body))
    device, server = Keys(seeds[:32]), Keys(seeds[32:])
    signer, reader = (device, server) if name.endswith(".request-bundle") else (server, device)
    source = io.BytesIO(body)
    header = bundle.read_header(source)
    bundle.check(source, PublicKeys.of(signer.public))
    first, *rest = bundle.parts(source, reader)
    decode = decode_request if header.kind == "request" else decode_reply
    return [plain(header), plain(bundle.standing_of(first)), *(described(decode(part)) for part in rest)]


def as_text(told: Any) -> str:
    """The form that is kept beside a golden file."""
    return json.dumps(told, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
