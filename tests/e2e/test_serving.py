"""The server as a process: where it listens, what it refuses, and that links name where it was last reached."""

from __future__ import annotations

import hashlib
import re
import socket
import ssl
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from sync_server.admin.link import fingerprint_to_pin
from sync_server.app import serve
from sync_server.paths import HOME_VARIABLE
from tests.e2e.server_command import PROGRAM, ServerCommand
from tests.e2e.test_server_commands import link_parts
from tests.helpers.programs import AGED, running

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what the server must refuse


def health(address: str, trusting: ssl.SSLContext | None = None) -> int:
    """The status of the server's health page."""
    with urllib.request.urlopen(f"{address}/v1/health", context=trusting) as reply:  # noqa: S310 - our own server
        return int(reply.status)


@contextmanager
def serving(server: ServerCommand, *words: str | Path, age: int | None = None) -> Iterator[str]:
    """A running server, of an age if one is given; its address, and it is ended as a service manager does."""
    module, first = (PROGRAM, ()) if age is None else (AGED, (str(age), "fieldrep-server"))
    with running(module, (*first, "serve", "--port", "0", *words), server.environment) as program:
        line = program.first_line()
        assert line.startswith("Serving on http"), (line, program.said("err"))
        yield line.removeprefix("Serving on ").strip()
        program.process.terminate()
        program.process.join(60)
        assert not program.process.is_alive(), "it does not end"
        complaints = program.said("err")
        assert "Traceback" not in complaints, complaints
        assert "graceful" not in complaints, "it waited for somebody who waits for news"


@pytest.fixture
def ready(server: ServerCommand) -> ServerCommand:
    server.set_up()
    server("user", "add", "ana.berg")
    return server


def test_it_answers_on_loopback_and_links_name_where_it_listens(ready: ServerCommand) -> None:
    with serving(ready) as address:
        assert health(address) == 200
        assert link_parts(ready("enroll", "ana.berg")) | {"code": ""} == {"server": address, "code": ""}
    assert link_parts(ready("enroll", "ana.berg"))["server"] == address, "it will be there again"
    told = ready.finish("enroll", "ana.berg").stderr
    assert (
        f"It leads to {address}, where the server served last. Only this computer reaches that address."
        in told
    )
    assert "give --server here" in told


def test_each_line_of_the_log_begins_with_its_moment(ready: ServerCommand) -> None:
    with running(PROGRAM, ("serve", "--port", "0"), ready.environment) as program:
        port = int(program.first_line().rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), 30) as line:
            line.sendall(b"no request\r\n\r\n")
            assert line.recv(100)
        program.process.terminate()
        program.process.join(60)
        (said,) = program.said("err").splitlines()
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ WARNING Invalid HTTP request received\.", said)


def test_the_unit_in_the_readme_starts_the_server_with_options_that_it_has() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    (started,) = re.findall(r"^ +ExecStart=\S+/fieldrep-server serve (.+)$", readme, re.MULTILINE)
    has = {option for one in serve.params for option in one.opts}
    asked = {word for word in started.split() if word.startswith("--")}
    assert asked
    assert asked <= has
    assert f"{HOME_VARIABLE}=/" in readme


def test_plain_http_off_loopback_and_half_a_certificate_are_refused(
    ready: ServerCommand, tmp_path: Path
) -> None:
    assert "Plain HTTP" in ready.refused("serve", "--host", EVERYWHERE, "--port", "0")
    cert = tmp_path / "cert.pem"
    cert.write_text("no certificate")
    assert "--tls-key" in ready.refused("serve", "--tls-cert", cert, code=2)
    assert "Name a certificate in PEM form" in ready.refused(
        "serve", "--port", "0", "--tls-cert", cert, "--tls-key", cert
    )
    ready.refused("serve", "--tls-cert", tmp_path / "missing.pem", code=2)
    assert "is no address" in ready.refused("serve", "--port", "0", "--address", "nowhere", code=2)


def test_a_port_in_use_is_a_sentence(ready: ServerCommand) -> None:
    with serving(ready) as address:
        port = address.rpartition(":")[2]
        assert f"127.0.0.1:{port} cannot be used" in ready.refused("serve", "--port", port)


def test_with_a_certificate_of_its_own_links_carry_its_fingerprint(
    ready: ServerCommand, tmp_path: Path
) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("localhost", "127.0.0.1")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    cert.write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
    key.write_bytes(issued.private_key_pem.bytes())
    words = ("--tls-cert", cert, "--tls-key", key, "--address", "https://localhost:9999/")
    with serving(ready, *words) as address:
        context = ssl.create_default_context()
        authority.configure_trust(context)
        assert health(address, context) == 200
    leaf = x509.load_pem_x509_certificate(issued.cert_chain_pems[0].bytes())
    link = link_parts(ready("enroll", "ana.berg"))
    assert link["server"] == "https://localhost:9999"
    assert link["fp"] == hashlib.sha256(leaf.public_bytes(Encoding.DER)).hexdigest()
    other = link_parts(ready("enroll", "ana.berg", "--server", "https://elsewhere.example"))
    assert "fp" not in other, "the fingerprint belongs to the server it was taken from"
    assert (
        "names no certificate"
        in ready.finish("enroll", "ana.berg", "--server", "https://elsewhere.example").stderr
    )
    by_number = link_parts(ready("enroll", "ana.berg", "--server", "https://127.0.0.1:9999"))
    assert by_number["fp"] == link["fp"], "the same listener under another name"


def test_a_key_of_another_certificate_and_a_foreign_address_are_sentences_before_it_serves(
    ready: ServerCommand, tmp_path: Path
) -> None:
    authority = trustme.CA()
    for name in ("one", "two"):
        issued = authority.issue_cert("localhost")
        (tmp_path / f"{name}.pem").write_bytes(issued.cert_chain_pems[0].bytes())
        (tmp_path / f"{name}.key").write_bytes(issued.private_key_pem.bytes())
    cert, key = ("--tls-cert", tmp_path / "one.pem"), ("--tls-key", tmp_path / "two.key")
    said = ready.refused("serve", "--port", "0", *cert, *key)
    assert "two.key cannot be used together" in said
    assert "Serving" not in said
    matching = ("--tls-key", tmp_path / "one.key")
    said = ready.refused("serve", "--host", "192.0.2.1", "--port", "0", *cert, *matching)
    assert "Name an address of this machine with --host" in said


def test_the_machines_own_list_of_authorities_gives_no_warning(tmp_path: Path) -> None:
    cert = tmp_path / "cert.pem"
    cert.write_bytes(trustme.CA().issue_cert("localhost").cert_chain_pems[0].bytes())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(fingerprint_to_pin(cert)) == 64
