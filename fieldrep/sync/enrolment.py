"""Enrolment: a one-time link of the admin admits this installation as a device.

The link is `fieldrep://enroll?server=ADDRESS&code=CODE&fp=SHA256`; the fingerprint is there when the server's
certificate is its own. A link that was answered but whose answer was lost may be used again from the same profile.
"""

from __future__ import annotations

import platform
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass

from fieldrep import __version__
from fieldrep.contract.bundle import SEED_BYTES, Keys
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import Incarnation
from fieldrep.contract.messages import PROTOCOL_VERSION, EnrollReply, EnrollRequest
from fieldrep.store.replica import Replica
from fieldrep.sync.transport import HttpBearer, check_address


@dataclass(frozen=True, slots=True)
class EnrolmentLink:
    """What an enrolment link says."""

    server: str
    code: str
    fingerprint: str = ""


def parse_link(text: str) -> EnrolmentLink:
    """The parts of an enrolment link.

    Raises:
        KnownError: `link_invalid`, with a sentence that says how a link looks.
    """
    wrong = KnownError(
        Code.LINK_INVALID,
        "This is not an enrolment link. Paste the whole link your admin sent; it begins with fieldrep://enroll.",
    )
    try:
        parts = urllib.parse.urlsplit(text.strip())
        query = urllib.parse.parse_qs(parts.query, strict_parsing=True, max_num_fields=10)
    except ValueError as error:
        raise wrong from error
    server, code = query.get("server", [""])[0], query.get("code", [""])[0]
    fingerprint = query.get("fp", [""])[0].replace(":", "").lower()
    if parts.scheme != "fieldrep" or parts.netloc != "enroll" or not server or not code:
        raise wrong
    if fingerprint and (len(fingerprint) != 64 or set(fingerprint) - set("0123456789abcdef")):
        raise wrong
    check_address(server)
    return EnrolmentLink(server, code, fingerprint)


def enrol(
    replica: Replica, text: str, randomness: Callable[[int], bytes], device_name: str = ""
) -> EnrollReply:
    """Enrols the profile of `replica` with a link; afterwards it can sync.

    Raises:
        KnownError: `already_enrolled`, a code about the link, or what the line says.
    """
    link = parse_link(text)
    if replica.state().device_id:
        raise KnownError(
            Code.ALREADY_ENROLLED,
            "This profile is enrolled already. Use another profile folder for another device.",
        )
    key = device_keys(replica, randomness)
    request = EnrollRequest(
        code=link.code,
        device_name=device_name or platform.node()[:120] or "Laptop",
        os=f"{platform.system()} {platform.release()}"[:120],
        app_version=__version__,
        protocol=PROTOCOL_VERSION,
        public_key=key.public,
    )
    bearer = HttpBearer(link.server, fingerprint=link.fingerprint)
    try:
        reply = bearer.enroll(request)
    except KnownError as error:
        if error.code is not Code.OFFLINE:
            raise
        sentence = (
            f"{link.server} cannot be reached, so nothing was enrolled. Is it running, and this computer "
        )
        raise KnownError(
            Code.OFFLINE, sentence + "on its network? The link stays good; use it again."
        ) from error
    finally:
        bearer.close()
    replica.enrolled(reply, link.server, link.fingerprint, Incarnation(randomness(16)))
    return reply


def device_keys(replica: Replica, randomness: Callable[[int], bytes]) -> Keys:
    """This installation's keys; their seed is made once and kept inside the encrypted replica."""
    kept = replica.secret("device_key")
    if not kept:
        kept = randomness(SEED_BYTES).hex()
        replica.keep_secret("device_key", kept)
    return Keys(bytes.fromhex(kept))
