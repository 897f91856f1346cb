"""Ctrl+C at any moment of a command, from its first import to its last word: one sentence or nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fieldrep.contract.errors import STOPPED
from tests.e2e import device_command, server_command

STARTS = {"fieldrep": device_command.START, "fieldrep-server": server_command.START}
LISTENS = """
import signal

signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever started the tests may pass it over
"""
WAITS = f"""
{LISTENS}
print("here", flush=True)
signal.pause()
"""
AT_ITS_END = """
import atexit, signal

@atexit.register
def wait():
    print("here", flush=True)
    signal.pause()
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Nothing waits for a signal there.")


def interrupted(program: str, folder: Path, *words: str) -> tuple[int, str, str]:
    """A command stopped where something in the folder says that it is there: its code and what it printed."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(folder),
        "FIELDREP_HOME": str(folder / "client"),
        "FIELDREP_SERVER_HOME": str(folder / "server"),
    }
    process = subprocess.Popen(
        [sys.executable, "-c", STARTS[program], *words],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    before = ""
    while (line := process.stdout.readline()) not in ("here\n", ""):
        before += line
    process.send_signal(signal.SIGINT)
    said, complained = process.communicate(timeout=60)
    return process.returncode, before + said, complained


@pytest.mark.parametrize(
    ("program", "words"),
    [("fieldrep", ["sync"]), ("fieldrep", []), ("fieldrep-server", ["serve"]), ("fieldrep-server", ["init"])],
)
def test_who_stops_a_command_while_it_loads_reads_one_sentence(
    program: str, words: list[str], tmp_path: Path
) -> None:
    (tmp_path / "click.py").write_text(WAITS)
    assert interrupted(program, tmp_path, *words) == (1, "", f"{STOPPED}\n")


def test_who_stops_a_command_while_it_loads_what_it_alone_needs_reads_the_same(tmp_path: Path) -> None:
    (tmp_path / "uvicorn.py").write_text(WAITS)
    code, _, said = interrupted("fieldrep-server", tmp_path, "serve")
    assert (code, said.strip()) == (1, STOPPED)


@pytest.mark.parametrize("program", STARTS)
def test_a_command_stopped_after_its_last_word_says_no_more(program: str, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(AT_ITS_END)
    code, said, complained = interrupted(program, tmp_path, "--version")
    assert (code, complained) == (-signal.SIGINT, "")
    assert "version" in said


def test_who_stops_the_server_as_soon_as_it_serves_reads_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(LISTENS)
    start = [sys.executable, "-c", STARTS["fieldrep-server"]]
    environment = {
        **os.environ,
        "PYTHONPATH": str(tmp_path),
        "FIELDREP_SERVER_HOME": str(tmp_path / "server"),
    }
    subprocess.run([*start, "init"], env=environment, check=True, capture_output=True)
    process = subprocess.Popen(
        [*start, "serve", "--port", "0"],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("Serving on")
    process.send_signal(signal.SIGINT)
    _, complained = process.communicate(timeout=60)
    assert (process.returncode, complained.strip()) == (1, STOPPED)
