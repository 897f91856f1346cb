"""Enrolment links: what an admin gives to a person, and where the server is reached.

The form is `fieldrep://enroll?server=ADDRESS&code=CODE&fp=SHA256`, read by the client's enrolment.
"""

from __future__ import annotations

import hashlib
import socket
import ssl
import warnings
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlencode, urlsplit

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.hosts import is_loopback

if TYPE_CHECKING:
    from cryptography import x509

DEFAULT_PORT = 8765
DEFAULT_ADDRESS = f"http://127.0.0.1:{DEFAULT_PORT}"


def enrolment_link(address: str, code: str, fingerprint: str) -> str:
    """The link that admits one device once."""
    words = {"server": address, "code": code}
    if fingerprint:
        words["fp"] = fingerprint
    return "fieldrep://enroll?" + urlencode(words)


def checked_address(text: str) -> str:
    """An address devices can reach, without a slash at its end.

    Raises:
        KnownError: `wrong_usage`, or `plain_http` for an address no device would take.
    """
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise KnownError(
            Code.WRONG_USAGE, f"“{text[:80]}” is no address; write it like https://sync.example.com."
        )
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise KnownError(
            Code.PLAIN_HTTP,
            f"{text[:80]} is not encrypted, and devices speak plain HTTP to their own machine only.",
        )
    return text.rstrip("/")


def same_listener(address: str, served: str) -> bool:
    """Whether an address of devices reaches the very server that served as `served`, under whatever name.

    Another port is another program, such as a proxy with a certificate of its own.
    """
    parts, known = urlsplit(address), urlsplit(served)
    return (parts.scheme, _port(parts)) == (known.scheme, _port(known))


def _port(parts: SplitResult) -> int:
    return parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)


def reachable(listening: str) -> str:
    """The address others use for one the server listens on; a wildcard becomes this machine's name."""
    parts = urlsplit(listening)
    if parts.hostname in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        return f"{parts.scheme}://{socket.gethostname()}:{parts.port}"
    return listening


def fingerprint_to_pin(certificate: Path) -> str:
    """The SHA-256 of the first certificate of a PEM file, "" when every system trusts it anyway.

    A certificate of a public authority is renewed every few weeks, so that a device must not pin it.

    Raises:
        KnownError: `certificate`, when the file holds none.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    try:
        chain = x509.load_pem_x509_certificates(certificate.read_bytes())
    except (OSError, ValueError) as error:
        raise KnownError(
            Code.CERTIFICATE,
            f"{certificate} holds no certificate in PEM form ({error}). Name the right file.",
        ) from error
    if _publicly_trusted(chain):
        return ""
    return hashlib.sha256(chain[0].public_bytes(Encoding.DER)).hexdigest()


def _publicly_trusted(chain: list[x509.Certificate]) -> bool:
    from cryptography import x509
    from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

    authorities = _authorities()
    if not authorities:
        return False
    try:
        names = chain[0].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        subject = x509.DNSName(names.get_values_for_type(x509.DNSName)[0])
        verifier = PolicyBuilder().store(Store(authorities)).build_server_verifier(subject)
        verifier.verify(chain[0], chain[1:])
    except (VerificationError, x509.ExtensionNotFound, IndexError, ValueError):
        return False
    return True


def _authorities() -> list[x509.Certificate]:
    """The authorities this machine trusts; an old one that is not read any more vouches for nobody."""
    from cryptography import x509
    from cryptography.utils import CryptographyDeprecationWarning

    found = []
    with warnings.catch_warnings():
        # of certificates of this machine's own list, about which nobody who starts a server can do anything
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        for authority in ssl.create_default_context().get_ca_certs(binary_form=True):
            try:
                found.append(x509.load_der_x509_certificate(authority))
            except ValueError:
                continue
    return found
