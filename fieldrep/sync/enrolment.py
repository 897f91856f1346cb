"""Enrolment: a one-time link of the admin admits this installation as a device.

The link is `fieldrep://enroll?server=ADDRESS&code=CODE&fp=SHA256`; the fingerprint is there when the server's
certificate is its own. A link that was answered but whose answer was lost may be used again from the same profile.
A profile whose server said that it admits it no longer (a copy, a withdrawn device), or whose server has moved or shows
another certificate, enrols again in place and keeps what it holds. Nothing is sent before that is clear.
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
from fieldrep.store.replica import DEVICE_KEY, NEXT_DEVICE_KEY, TOKEN, Replica
from fieldrep.sync.line import check_address
from fieldrep.sync.session import server_answers
from fieldrep.sync.transport import HttpBearer


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
    """Enrols the profile of `replica` with a link; afterwards it can sync, and what waited goes out.

    Without a name it is called as it was, or as the computer is.

    Raises:
        KnownError: `already_enrolled` unless its server said that it admits it no longer, `other_user` when the link is
            not for the person whose data it holds, a code about the link, or what the line says.
    """
    link = parse_link(text)
    state = replica.state()
    if state.enrolled:
        _require_barred(replica, link)
    key = device_keys(replica, randomness, NEXT_DEVICE_KEY if state.enrolled else DEVICE_KEY)
    request = EnrollRequest(
        code=link.code,
        device_name=device_name or _name_so_far(replica) or platform.node()[:120] or "Laptop",
        os=f"{platform.system()} {platform.release()}"[:120],
        app_version=__version__,
        protocol=PROTOCOL_VERSION,
        public_key=key.public,
        server_id=state.server_id,
        user_id=state.user_id,
        former_device=state.device_id,
        former_incarnation=state.incarnation,
        earlier=replica.formers(),
    )
    bearer = HttpBearer(link.server, fingerprint=link.fingerprint)
    try:
        reply = bearer.enroll(request)
    except KnownError as error:
        if error.code is Code.OTHER_USER:
            raise KnownError(Code.OTHER_USER, _for_somebody_else(replica)) from error
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


def _name_so_far(replica: Replica) -> str:
    """What the device is called that this profile is, "" where its record is not here."""
    device_id = replica.state().device_id
    with replica.read() as reader:
        device = reader.row("device", device_id) if device_id else None
    return str(device["name"] or "") if device else ""


def _require_barred(replica: Replica, link: EnrolmentLink) -> None:
    """Only a profile that its server admits no longer enrols again; a link alone says nothing of that.

    Raises:
        KnownError: `already_enrolled`.
    """
    state = replica.state()
    if state.barred or not replica.secret(TOKEN):
        return  # a repair saved who it is, but not what proves it
    known = (state.server_url, state.fingerprint)
    if (link.server, link.fingerprint) != known and not server_answers(*known):
        return  # the server has moved or has another certificate; the link's one says whether it is the same
    raise KnownError(
        Code.ALREADY_ENROLLED,
        f"This profile is enrolled already, for {state.user_name} at {state.server_url}. Nothing was sent or changed, "
        "and the link stays good. If this laptop is a copy of another one, or was withdrawn, sync first (fieldrep "
        "sync): once the server has said so, the link enrols it again in place. Another device needs another profile "
        "folder (FIELDREP_HOME names it).",
    )


def _for_somebody_else(replica: Replica) -> str:
    state, depth = replica.state(), replica.depth()
    work = f", {depth:,} of them not sent yet" if depth else ""
    return (
        f"This link is for somebody else, and this profile holds the records and changes of {state.user_name}{work}. "
        f"Nothing was changed, and the link stays good. Ask your admin for a link for {state.login}; whoever this link "
        "is for enrols with another profile folder (FIELDREP_HOME names it)."
    )


def device_keys(replica: Replica, randomness: Callable[[int], bytes], name: str = DEVICE_KEY) -> Keys:
    """This installation's keys; their seed is made once and kept inside the encrypted replica."""
    kept = replica.secret(name)
    if not kept:
        kept = randomness(SEED_BYTES).hex()
        replica.keep_secret(name, kept)
    return Keys(bytes.fromhex(kept))
