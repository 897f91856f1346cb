"""What is wrong with the line, in words: every way in which a request does not reach the server has a sentence.

Each says what it is, that nothing is lost, and what to do. Owns the telling apart: a name nobody knows, a server that
is down, a sign-in page, a proxy, a certificate, a clock, an address that is none. Must not
send anything.
"""

from __future__ import annotations

import errno
import socket
import ssl
import urllib.parse
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import requests
import urllib3.exceptions

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.hosts import is_loopback

SAFE = "Everything is safe here and goes out later."
_NOTHING_SENT = "Nothing was sent; what you do is kept here."

_NO_NETWORK = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL})
_NOT_YET_VALID, _EXPIRED = 9, 10
_WRONG_NAME = frozenset({62, 63, 64})
_UNKNOWN_ISSUER = frozenset({2, 18, 19, 20, 21, 24, 26, 27})
_BUSY_GATEWAY = frozenset({429, 502, 503, 504})
_LONGEST_SHOWN = 120


def explained(error: BaseException, url: str, proxy: str, now: float) -> KnownError:
    """The sentence for what kept a request from its answer.

    Args:
        url: the server's address.
        proxy: the address of the proxy on the way, "" for none.
        now: the laptop's clock, in seconds, which certificates are judged by.
    """
    causes = list(_causes(error))
    if (refusal := _tunnel_refusal(causes)) or any(
        isinstance(one, urllib3.exceptions.ProxyError) for one in causes
    ):
        return proxy_refuses(url, proxy, refusal)
    if _is_about_trust(causes):
        return _certificate(causes, url, now)
    if any(isinstance(one, socket.gaierror | urllib3.exceptions.NameResolutionError) for one in causes):
        return KnownError(
            Code.NAME_UNKNOWN,
            f"This network does not know the name {_host(url)}. Are you online? On a guest network, sign in with a "
            f"browser first; if the name is misspelt, ask your admin for a new link. {SAFE}",
        )
    numbers = {one.errno for one in causes if isinstance(one, OSError)}
    if errno.ECONNREFUSED in numbers:
        return _offline(
            f"{url} cannot be reached: the computer is there, but no server is running on it. Tell your admin if it "
            "stays so."
        )
    if numbers & _NO_NETWORK:
        return _offline(f"{url} cannot be reached: this laptop has no network now.")
    if any(_is_unanswered(one) for one in causes):
        return _offline(
            f"{url} cannot be reached: nothing answers there. Is this laptop on the right network?"
        )
    if any(isinstance(one, TimeoutError | urllib3.exceptions.TimeoutError) for one in causes):
        return _offline(f"{url} stopped answering.")
    return _offline(f"The line to {url} broke.")


def stranger(status: int, headers: Mapping[str, str], url: str) -> KnownError:
    """The sentence for an answer that no FieldRep server gave."""
    if 300 <= status < 400:
        return _sign_in(url, _host(headers.get("Location", "")))
    if status == 407:
        return proxy_refuses(url, "", "407")
    if status in (200, 203, 401, 403, 451, 511):
        return _sign_in(url, "")
    if status in _BUSY_GATEWAY:
        return KnownError(
            Code.SERVER_BUSY,
            f"What stands in front of {_host(url)} says that the server is down or busy ({status}). {SAFE} Tell your "
            "admin if it stays so.",
            retry_after=retry_after(headers),
        )
    if status >= 500:
        return KnownError(
            Code.SERVER_BUSY,
            f"{_host(url)} failed with an error that is not the server's own ({status}). {SAFE} Tell your admin.",
        )
    return KnownError(
        Code.NOT_A_SERVER,
        f"Something answers at {url}, but it is no FieldRep server ({status}). Nothing was applied or lost; ask your "
        "admin for the right address.",
    )


def check_address(url: str) -> None:
    """Refuses addresses over which a secret must not travel.

    Raises:
        KnownError: `link_invalid` for no address at all, `plain_http` for HTTP beyond this machine.
    """
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise KnownError(Code.LINK_INVALID, f"“{url[:80]}” is not a server address; it begins with https://.")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise KnownError(
            Code.PLAIN_HTTP,
            f"{url} is not encrypted. FieldRep speaks plain HTTP to this machine only; use https://.",
        )


def retry_after(headers: Mapping[str, str]) -> int:
    """The seconds a server asks for, 0 when it names none that can be read."""
    said = headers.get("Retry-After", "").strip()
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 10 else 0


def proxy_refuses(url: str, proxy: str, status: str) -> KnownError:
    """The sentence for a proxy that lets nothing through, with the status it gave, if any."""
    named = f"The proxy {_host(proxy)}" if proxy else "A proxy on this network"
    if status == "407":
        told = f"{named} wants a name and a password before it lets FieldRep through to {_host(url)}."
        todo = "Put them into this computer's proxy settings (HTTPS_PROXY), or use another network."
    elif status:
        told = f"{named} does not let FieldRep through to {_host(url)} ({status})."
        todo = "Ask whoever runs this network to allow it, or use another network."
    else:
        told = f"{named} cannot be reached."
        todo = "Check this computer's proxy settings (HTTPS_PROXY), or use another network."
    return KnownError(Code.PROXY_REFUSES, f"{told} {todo} {_NOTHING_SENT}")


def _sign_in(url: str, sent_to: str) -> KnownError:
    where = f"; it sends you to {sent_to}" if sent_to and sent_to != _host(url) else ""
    return KnownError(
        Code.SIGN_IN_NEEDED,
        f"Something else answered for {url}{where}: perhaps this network wants you to sign in first. Nothing was "
        "applied or lost; open a browser, sign in, and try again.",
    )


def _certificate(causes: list[BaseException], url: str, now: float) -> KnownError:
    found = next((one for one in causes if isinstance(one, ssl.SSLCertVerificationError)), None)
    number = getattr(found, "verify_code", 0)
    name, today = _host(url), _day(now)
    if number == _NOT_YET_VALID:
        return KnownError(
            Code.CLOCK_WRONG,
            f"This laptop's clock says {today}, and by that the certificate of {name} is not valid yet. Set the clock "
            f"right and try again. {_NOTHING_SENT}",
        )
    if number == _EXPIRED:
        return KnownError(
            Code.CLOCK_WRONG if _is_absurd(now) else Code.CERTIFICATE,
            f"The certificate of {name} has expired, going by this laptop's clock ({today}). If that date is wrong, "
            f"set the clock; if it is right, your admin must renew the certificate. {_NOTHING_SENT}",
        )
    if number in _WRONG_NAME:
        told = f"What answers for {name} shows a certificate of another name."
        todo = "On a hotel or guest network, sign in there first; else tell your admin."
    elif any("ingerprint" in str(one) for one in causes):
        told = f"What answers for {name} does not show the certificate your enrolment link named."
        todo = (
            "On a hotel or guest network, sign in there first; if your admin changed it, ask for a new link."
        )
    elif number in _UNKNOWN_ISSUER:
        told = f"Nobody this laptop trusts vouches for the certificate of {name}."
        todo = "On a hotel or guest network, sign in there first; else your admin must install the company's authority."
    else:
        told = f"{name} does not prove to be your server: no encrypted line can be made with it."
        todo = "On a hotel or guest network, sign in there first; else tell your admin."
    return KnownError(Code.CERTIFICATE, f"{told} {todo} {_NOTHING_SENT}")


def _is_about_trust(causes: list[BaseException]) -> bool:
    """Whether the certificate or the encryption is at fault, and not a line that broke beneath it."""
    broken = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
    if any(isinstance(one, broken) for one in causes):
        return False
    untrusted = (requests.exceptions.SSLError, urllib3.exceptions.SSLError, ssl.SSLError)
    return any(isinstance(one, untrusted) for one in causes)


def _is_unanswered(error: BaseException) -> bool:
    """Whether nothing answered where a connection was asked for; one that was refused says why instead."""
    if isinstance(error, urllib3.exceptions.NewConnectionError):
        return False
    return isinstance(error, requests.ConnectTimeout | urllib3.exceptions.ConnectTimeoutError)


def _offline(sentence: str) -> KnownError:
    return KnownError(Code.OFFLINE, f"{sentence} {SAFE}")


def _tunnel_refusal(causes: list[BaseException]) -> str:
    """The status with which a proxy refused to connect, "" when none did."""
    for one in causes:
        _, said, rest = str(one).partition("Tunnel connection failed: ")
        if said and isinstance(one, OSError):
            return rest[:3]
    return ""


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and everything it was made of, each once."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop(0)
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]


def _host(url: str) -> str:
    """The name in an address, without what may be secret in it."""
    try:
        name = urllib.parse.urlsplit(url).hostname or ""
    except ValueError:
        name = ""
    return "".join(letter for letter in name if letter.isprintable())[:_LONGEST_SHOWN]


def _day(now: float) -> str:
    try:
        return f"{datetime.fromtimestamp(now, UTC):%d %B %Y}".lstrip("0")
    except (OverflowError, ValueError, OSError):
        return "a day that cannot be"


_RELEASED, _FAR = 1_767_225_600, 2_240_611_200
"""2026, before which no laptop runs this program, and 2041."""


def _is_absurd(now: float) -> bool:
    return not _RELEASED <= now < _FAR
