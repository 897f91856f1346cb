"""Pictures decoded in a process of their own: real hostile ones, and processes that hang, end or lie.

Owns no timing: a test waits for what happened, and a limit is short only where it must be met.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import QBuffer
from PySide6.QtGui import QImage, QImageReader

from fieldrep.contract.files import MAX_FILE, MAX_THUMB
from fieldrep.domain.metadata import cleaned
from fieldrep.pictures.decoder import Decoder, Pixels, Why
from tests.helpers.photos import decoded, encoded, endless, hostile, jpeg, plain, png

WIDE, TALL = 900, 560
HIDDEN = [sys.executable, "-c", "from fieldrep.start import main; main()", "decode-pictures"]
READY = "import sys; out = sys.stdout.buffer; out.write(b'\\0\\0\\0\\1\\x80'); out.flush(); "


@pytest.fixture
def decoder() -> Iterator[Decoder]:
    decoder = Decoder(seconds=240)
    yield decoder
    decoder.close()


def process_of(decoder: Decoder) -> psutil.Process:
    """The process that decodes for it."""
    assert decoder._process is not None
    return psutil.Process(decoder._process._popen.pid)


def size(made: Pixels | Why) -> tuple[int, int]:
    assert isinstance(made, Pixels), made
    return made.wide, made.tall


def is_like(one: QImage, other: QImage) -> bool:
    """Whether two pictures are the same but for what a JPEG loses."""
    if one.size() != other.size():
        return False
    places = [(x, y) for x in range(2, one.width(), 5) for y in range(2, one.height(), 5)]
    far = (abs(one.pixelColor(*at).red() - other.pixelColor(*at).red()) > 80 for at in places)
    return sum(far) < len(places) // 20


def upright_by_qt(body: bytes) -> QImage:
    buffer = QBuffer()
    buffer.setData(body)
    reader = QImageReader(buffer)
    reader.setAutoTransform(True)
    return reader.read()


def test_no_hostile_picture_is_decoded_costs_memory_or_ends_the_process(decoder: Decoder) -> None:
    assert size(decoder.shown(plain(), WIDE, TALL)) == (640, 480)
    own, process = psutil.Process().memory_info().rss, process_of(decoder)
    for name, body in hostile().items():
        assert decoder.shown(body, WIDE, TALL) is Why.NONE, name
        assert decoder.thumb(body) == b"", name
        assert decoder.upright(body, 6) == b"", name
        assert decoder.small_ones([body[:MAX_THUMB]]) == [None], name
    assert process_of(decoder) == process, "each was judged before a pixel was decoded"
    assert process.memory_info().rss < 200_000_000
    assert psutil.Process().memory_info().rss - own < 100_000_000


def test_cut_pictures_and_polyglots_end_in_a_picture_or_in_none(decoder: Decoder) -> None:
    for body in (plain("JPG"), plain("PNG")):
        for cut in range(0, len(body), max(1, len(body) // 25)):
            made = decoder.shown(body[:cut], WIDE, TALL)
            assert made is Why.NONE or size(made) == (640, 480)
        for seed in range(40):
            altered, chosen = bytearray(body), random.Random(seed)
            for _ in range(5):
                altered[chosen.randrange(3, len(body))] = chosen.randrange(256)
            made = decoder.shown(bytes(altered), WIDE, TALL)
            assert isinstance(made, Why) or made.wide <= WIDE
        assert size(decoder.shown(body + b"<script>alert(1)</script>", WIDE, TALL)) == (640, 480)
    assert size(decoder.shown(plain("JPG", 4000, 3000), WIDE, TALL)) == (746, 560)


def test_small_pictures_are_small_flat_and_made_of_pictures_alone(decoder: Decoder) -> None:
    noise = QImage(1600, 1200, QImage.Format.Format_RGB32)
    bits = noise.bits()
    bits[:] = random.Random(1).randbytes(len(bits))
    for body in (plain("JPG", 4000, 3000), plain("PNG", 30, 3000), encoded(noise, "JPG")):
        thumb = decoder.thumb(body)
        assert 0 < len(thumb) <= MAX_THUMB
        (shown,) = decoder.small_ones([thumb])
        assert shown is not None
        assert shown.wide <= 160
        assert shown.tall <= 120
    assert decoder.small_ones([plain("JPG", 1200, 900)[:MAX_THUMB]]) == [None], "a record's picture is small"


def test_photos_are_turned_as_every_orientation_asks_and_say_nothing_more_about_it(
    decoder: Decoder,
) -> None:
    for orientation in range(2, 9):
        wanted = upright_by_qt(jpeg(orientation))
        assert is_like(wanted, decoded(jpeg())) is False
        for make in (jpeg, png):
            found = cleaned(make(orientation))
            assert found is not None
            turned = decoder.upright(found.body, orientation)
            assert is_like(decoded(turned), wanted), (make, orientation)
            again = cleaned(turned)
            assert again is not None
            assert (again.body, again.orientation) == (turned, 1)
    found = cleaned(jpeg(6, wide=4000, tall=3000))
    assert found is not None
    assert size(decoder.shown(found.body, WIDE, TALL)) == (420, 560), (
        "where it cannot be turned it is shown so"
    )


def test_a_picture_its_decoder_cannot_get_done_with_is_stopped_and_not_tried_again() -> None:
    decoder = Decoder(seconds=1)
    body = endless()
    assert len(body) < MAX_FILE
    assert decoder.shown(body, WIDE, TALL) is Why.SLOW
    assert decoder._process is None
    decoder._seconds = 60.0
    assert size(decoder.shown(plain(), WIDE, TALL)) == (640, 480), "the next one is decoded by a new process"
    process = process_of(decoder)
    assert decoder.shown(body, WIDE, TALL) is Why.SLOW
    assert process_of(decoder) == process, "it was not given to it"
    decoder.close()
    assert not process.is_running()


@pytest.mark.parametrize("fault", [signal.SIGSEGV, signal.SIGKILL])
def test_a_decoder_that_crashes_takes_nothing_with_it_and_leaves_nothing_behind(
    fault: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    decoder = Decoder(seconds=60)
    decoder.shown(plain(), WIDE, TALL)
    process = process_of(decoder)
    process.suspend()
    answers: list[Pixels | Why] = []
    asking = threading.Thread(target=lambda: answers.append(decoder.shown(jpeg(), WIDE, TALL)))
    asking.start()
    while decoder._uses < 2:
        assert asking.is_alive()
    os.kill(process.pid, fault)
    if fault is not signal.SIGKILL:
        process.resume()
    asking.join()
    assert answers == [Why.ENDED]
    assert size(decoder.shown(plain("PNG"), WIDE, TALL)) == (640, 480)
    assert list(tmp_path.iterdir()) == [], "no dump of its memory"
    decoder.close()


def test_who_stops_looking_waits_for_no_picture_and_what_is_added_goes_on() -> None:
    decoder = Decoder(seconds=240)
    decoder.shown(plain(), WIDE, TALL)
    answers: list[Pixels | Why] = []
    asking = threading.Thread(target=lambda: answers.append(decoder.shown(endless(), WIDE, TALL)))
    asking.start()
    while decoder._uses < 2:
        assert asking.is_alive()
    decoder.stop_showing()
    asking.join()
    assert answers == [Why.ABSENT]
    assert decoder.shown(plain(), WIDE, TALL) is Why.ABSENT
    assert decoder.thumb(plain()) != b""
    decoder.close()


def test_a_process_that_hangs_ends_or_lies_is_judged_like_anything_from_outside() -> None:
    huge = "out.write(b'\\xff\\xff\\xff\\xff'); out.flush(); sys.stdin.buffer.read()"
    cases = {
        READY + "import time; time.sleep(3600)": Why.SLOW,
        READY + "sys.stdin.buffer.read(9)": Why.ENDED,
        READY + "out.write(bytes(99)); out.flush(); sys.stdin.buffer.read()": Why.ENDED,
        READY + huge: Why.ENDED,
        "import sys": Why.ABSENT,
    }
    for program, why in cases.items():
        decoder = Decoder([sys.executable, "-c", program], seconds=1 if why is Why.SLOW else 60)
        assert decoder.shown(plain(), WIDE, TALL) is why, program
        assert decoder.thumb(jpeg()) == b""
        decoder.close()
    assert Decoder(["/no/such/program"]).shown(plain(), WIDE, TALL) is Why.ABSENT


def test_pixels_that_do_not_fit_are_none() -> None:
    for wide, tall, given in ((901, 1, 3604), (0, 0, 0), (10, 10, 399), (-1, 4, 16)):
        answer = (
            "import msgspec; from fieldrep.pictures.frames import Answer, write_frame; write_frame(out, "
            f"Answer(wide={wide}, tall={tall}, made=bytes({given}))); sys.stdin.buffer.read()"
        )
        decoder = Decoder([sys.executable, "-c", READY + answer])
        assert decoder.shown(plain(), WIDE, TALL) is Why.NONE
        decoder.close()


def test_small_pictures_that_take_the_process_down_do_not_hold_up_a_whole_list() -> None:
    starts = Path(os.environ["FIELDREP_HOME"]).with_name("starts")
    starts.unlink(missing_ok=True)
    program = f"open({str(starts)!r}, 'a').write('x'); " + READY + "sys.stdin.buffer.read(9)"
    decoder = Decoder([sys.executable, "-c", program])
    small = [plain("JPG", 20 + number, 20) for number in range(9)]
    assert decoder.small_ones(small) == [None] * 9
    assert starts.read_text() == "xx"
    decoder.close()


def test_one_process_serves_a_batch_and_ends_when_nobody_asks(decoder: Decoder) -> None:
    decoder.shown(plain(), WIDE, TALL)
    first = process_of(decoder)
    thumbs = [decoder.thumb(plain("JPG", 200 + number, 100)) for number in range(5)]
    assert None not in decoder.small_ones(thumbs)
    assert process_of(decoder) == first
    decoder.close()
    assert decoder.shown(plain(), WIDE, TALL) is Why.ABSENT
    short = Decoder(idle=0.05)
    assert size(short.shown(plain(), WIDE, TALL)) == (640, 480)
    while short._process is not None:
        others = threading.active_count() > 1
        assert others or short._process is None, "nobody will end it"
    assert size(short.shown(plain(), WIDE, TALL)) == (640, 480)
    short.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no resource limits")
def test_the_process_is_bound_and_is_given_no_name_key_or_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIELDREP_PASSPHRASE", "open sesame")
    decoder = Decoder()
    decoder.shown(plain(), WIDE, TALL)
    process = process_of(decoder)
    assert [process.rlimit(limit)[1] for limit in (psutil.RLIMIT_FSIZE, psutil.RLIMIT_CORE)] == [0, 1]
    assert 0 < process.rlimit(psutil.RLIMIT_DATA)[1] <= 1_500_000_000
    assert 0 < process.rlimit(psutil.RLIMIT_CPU)[0] < 3_600
    assert process.open_files() == []
    assert "FIELDREP" not in str(process.environ())
    assert not any("open sesame" in word for word in (*process.cmdline(), *process.environ().values()))
    decoder.close()


def test_the_hidden_command_of_a_packaged_program_decodes_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    from fieldrep.pictures.decoder import start_command

    packaged = Decoder(HIDDEN)
    assert size(packaged.shown(plain(), WIDE, TALL)) == (640, 480)
    packaged.close()
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert start_command() == [sys.executable, HIDDEN[-1]]
