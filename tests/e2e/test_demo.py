"""The demo as a newcomer starts it, without a window: real programs, a real server, two real devices.

Owns what the demo promises on its first and second start; must not import the programs.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
DEMO = CHECKOUT / "packaging" / "demo.py"


def start(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "FIELDREP_DEMO_HOME": str(home)}
    return subprocess.run(
        [sys.executable, str(DEMO), *words], env=environment, capture_output=True, text=True, encoding="utf-8"
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "new"


@pytest.fixture(scope="module")
def starts(home: Path) -> list[str]:
    """What the first and the second start printed."""
    printed = []
    for _ in range(2):
        done = start(home, "--headless")
        assert done.returncode == 0, done.stdout + done.stderr
        printed.append(done.stdout)
    return printed


def last_receipts(printed: str) -> dict[str, dict[str, object]]:
    found = re.findall(r"^Receipt of (\S+): (\{.*?^\})$", printed, re.MULTILINE | re.DOTALL)
    return {who: json.loads(receipt) for who, receipt in found}


def accounts_shown(printed: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in printed.splitlines() if line.startswith('{"id"')]


def test_two_devices_that_edited_one_account_end_with_both_edits_and_proven_receipts(
    starts: list[str],
) -> None:
    receipts = last_receipts(starts[0])
    assert set(receipts) == {"anke.visser", "piet.dewit"}
    for receipt in receipts.values():
        assert receipt["digests_equal"] is True
        assert receipt["mine"] == receipt["theirs"]
        assert receipt["waiting"] == 0
    (account,) = accounts_shown(starts[0])
    number = re.search(r'"phone": "(\+31 20 555 (\d+))"', starts[0])
    assert number
    assert account["phone"] == number[1]
    assert str(account["note"]).endswith(f"stand {number[2]}.")


def test_the_rep_holds_her_customers_and_the_manager_more(starts: list[str]) -> None:
    rep, manager = (last_receipts(starts[0])[who]["mine"] for who in ("anke.visser", "piet.dewit"))
    assert isinstance(rep, dict)
    assert isinstance(manager, dict)
    assert 0 < rep["count"] < manager["count"]


def test_the_second_start_makes_nothing_anew_and_keeps_what_was_edited(starts: list[str]) -> None:
    assert "Making the demo company" in starts[0]
    assert "Enrolling" in starts[0]
    assert "Making the demo company" not in starts[1]
    assert "Enrolling" not in starts[1]
    (before,), (after,) = accounts_shown(starts[0]), accounts_shown(starts[1])
    assert after["id"] == before["id"]
    assert isinstance(after["revision"], int)
    assert isinstance(before["revision"], int)
    assert after["revision"] > before["revision"]


def test_a_start_after_somebody_deleted_that_account_edits_another(home: Path, starts: list[str]) -> None:
    (before,) = accounts_shown(starts[1])
    profile = {"FIELDREP_HOME": str(home / "laptop"), "FIELDREP_PASSPHRASE_FILE": str(home / "passphrase")}
    delete = "from fieldrep.start import main; main()"
    words = ["do", "archive_account", json.dumps({"id": before["id"]})]
    subprocess.run([sys.executable, "-c", delete, *words], env={**os.environ, **profile}, check=True)
    again = start(home, "--headless")
    assert again.returncode == 0, again.stdout + again.stderr
    (after,) = accounts_shown(again.stdout)
    assert after["id"] != before["id"]


@pytest.mark.skipif(os.name == "nt", reason="Windows ends a program without asking it")
def test_a_demo_that_is_ended_from_outside_closes_its_window_and_its_server(
    home: Path, starts: list[str]
) -> None:
    demo = subprocess.Popen(
        [sys.executable, "-u", str(DEMO)],
        env={**os.environ, "FIELDREP_DEMO_HOME": str(home), "QT_QPA_PLATFORM": "offscreen"},
        stdout=subprocess.PIPE,
        text=True,
    )
    with demo:
        assert demo.stdout is not None
        assert "Opening the window of anke.visser" in demo.stdout.readline()
        demo.terminate()
        assert demo.wait() == 143
    of_this_demo = [
        one
        for one in psutil.process_iter(["environ"])
        if (one.info["environ"] or {}).get("FIELDREP_DEMO_HOME") == str(home)
    ]
    assert of_this_demo == []
    with socket.socket() as free:
        assert free.connect_ex(("127.0.0.1", int((home / "port").read_text()))) != 0


def test_the_demo_says_so_when_its_port_is_taken(home: Path, starts: list[str]) -> None:
    port = int((home / "port").read_text())
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        done = start(home, "--headless")
    assert done.returncode == 1
    assert f"Port {port}" in done.stderr
    assert "Close it and start again" in done.stderr
