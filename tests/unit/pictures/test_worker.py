"""The process that decodes, by itself: what the system and its watchdog keep it from, and that it outlives nobody.

Owns what only Linux can show; the rest is `test_decoder.py`'s.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from fieldrep.pictures.decoder import Decoder, Why
from tests.helpers.photos import COMMENT, endless, plain, segment

BOUND = "from fieldrep.pictures.worker import _bind; _bind(); "
IMPATIENT = "import fieldrep.pictures.worker as worker; worker.MOST_SECONDS = 1; worker.main()"
PARENT = """
import sys, psutil
sys.path.insert(0, {here!r})
from fieldrep.pictures.decoder import Decoder
from tests.helpers.photos import plain
decoder = Decoder()
decoder.shown(plain(), 90, 90)
print(psutil.Process().children()[0].pid, flush=True)
sys.stdin.read()
"""
HERE = str(Path(__file__).parents[3])


def run(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": HERE}
    return subprocess.run(
        [sys.executable, "-c", program], cwd=folder, env=environment, capture_output=True, text=True
    )


def test_once_bound_it_can_write_no_file_and_take_no_endless_memory(tmp_path: Path) -> None:
    written = run(BOUND + "import os; os.write(os.open('picture', os.O_CREAT | os.O_WRONLY), b'x')", tmp_path)
    assert "File too large" in written.stderr
    assert [file.read_bytes() for file in tmp_path.iterdir()] in ([], [b""])
    assert "MemoryError" in run(BOUND + "bytearray(2_000_000_000)", tmp_path).stderr
    assert run(BOUND + "bytearray(300_000_000)", tmp_path).returncode == 0


def test_its_own_watchdog_ends_it_when_nobody_else_does() -> None:
    decoder = Decoder([sys.executable, "-c", IMPATIENT], seconds=240)
    assert decoder.shown(endless(), 900, 560) is Why.ENDED
    decoder.close()


def test_it_ends_with_the_program_that_started_it() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT.format(here=HERE)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        try:
            process = psutil.Process(int(parent.stdout.readline()))
        finally:
            parent.kill()
    assert process.wait(60) is None


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="only Linux lists what a process has open")
def test_while_it_decodes_it_holds_pipes_alone_and_nothing_lies_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TMPDIR", "TEMP", "TMP", "HOME", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    decoder = Decoder(seconds=240)
    decoder.shown(plain(), 90, 90)
    body = endless()
    body = body[:2] + segment(0xFE, COMMENT) + body[2:]
    asking = threading.Thread(target=decoder.shown, args=(body, 900, 560))
    assert decoder._process is not None
    process = psutil.Process(decoder._process._popen.pid)
    before = process.cpu_times().user
    asking.start()
    while process.cpu_times().user < before + 0.5:
        assert asking.is_alive()
    held = [str(link.readlink()) for link in Path(f"/proc/{process.pid}/fd").iterdir()]
    assert {place.partition(":")[0] for place in held} == {"pipe", "/dev/null"}
    told = (COMMENT, body[-60:-20])
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert [(file, word) for file in files for word in told if word in file.read_bytes()] == []
    decoder.close()
    asking.join()
    assert not process.is_running()
