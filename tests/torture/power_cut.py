"""The power goes in the middle of a working day: what was not yet synced to the disk is there or not, by chance.

Run as a program: `python -m tests.torture.power_cut FOLDER [POINTS]`. strace records every write and sync of a day on
a real replica and a real central store. Then the files are built again as a disk may hold them after a cut: what was
synced is there, and of the writes since each one is kept or dropped at random. Both stores must open and be sound, and
all that a person had seen as saved must be there. Names of files are taken to be in order and lasting.
"""

from __future__ import annotations

import random
import re
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.torture.day import Day
from tests.torture.killed_at_steps import forked, judged, tell
from tests.torture.traced import traced

CALLS = "openat,close,write,pwrite64,fdatasync,fsync,ftruncate,unlink,rename"
LINE = re.compile(r"^(?P<pid>\d+)\s+(?P<call>\w+)\((?P<rest>.*)\)\s+=\s+(?P<result>-?\d+)")
HEX = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


@dataclass
class Image:
    """One file as the disk may hold it: what is certain, and the writes since the last sync."""

    certain: bytearray = field(default_factory=bytearray)
    since: list[tuple[int, bytes | None]] = field(default_factory=list)

    def write(self, at: int, content: bytes | None) -> None:
        """A write at a place; None cuts the file off there."""
        self.since.append((at, content))

    def sync(self) -> None:
        """All writes so far are on the disk."""
        for at, content in self.since:
            put(self.certain, at, content)
        self.since.clear()

    def after_a_cut(self, chance: random.Random) -> bytes:
        """One of the forms the file may have."""
        content = bytearray(self.certain)
        keep = chance.choice((0.0, 0.5, 0.9, 1.0))
        for at, part in self.since:
            if chance.random() < keep:
                put(content, at, part)
        return bytes(content)


def put(content: bytearray, at: int, part: bytes | None) -> None:
    """Writes into a file's content, or cuts it off."""
    if part is None:
        del content[at:]
        content.extend(bytes(at - len(content)))
        return
    if len(content) < at:
        content.extend(bytes(at - len(content)))
    content[at : at + len(part)] = part


@dataclass
class Disk:
    """The folder of a day, call by call."""

    folder: Path
    images: dict[str, Image]
    handles: dict[str, tuple[str, bool]] = field(default_factory=dict)
    written: int = 0

    def play(self, line: str) -> None:
        """What one call does to the disk."""
        found = LINE.match(line)
        if found is None or int(found["result"]) < 0:
            return
        call, rest = found["call"], found["rest"]
        if call == "openat":
            self._open(rest, found["result"])
        elif call in ("unlink", "rename"):
            self._name(call, [text(part) for part in HEX.findall(rest)])
        else:
            self._handle(call, rest)

    def _open(self, rest: str, handle: str) -> None:
        name = self._ours(text(HEX.findall(rest)[0]))
        if name is None:
            self.handles.pop(handle, None)
            return
        image = self.images.setdefault(name, Image())
        if "O_TRUNC" in rest:
            image.write(0, None)
        self.handles[handle] = (name, "O_APPEND" in rest)

    def _name(self, call: str, names: list[str]) -> None:
        first = self._ours(names[0])
        if first is None or first not in self.images:
            return
        image = self.images.pop(first)
        second = self._ours(names[-1])
        if call == "rename" and second is not None:
            self.images[second] = image
            self.handles = {
                handle: (second if name == first else name, append)
                for handle, (name, append) in self.handles.items()
            }

    def _handle(self, call: str, rest: str) -> None:
        handle = rest.split(",", maxsplit=1)[0].strip()
        if handle not in self.handles:
            return
        name, append = self.handles[handle]
        image = self.images.get(name)
        if call == "close":
            del self.handles[handle]
        elif image is None:
            return
        elif call in ("fdatasync", "fsync"):
            image.sync()
        elif call == "ftruncate":
            image.write(int(rest.split(",")[1]), None)
        else:
            content = bytes.fromhex(HEX.findall(rest)[0].replace("\\x", ""))
            at = int(rest.rsplit(",", 1)[1]) if call == "pwrite64" else self._end(image) if append else 0
            image.write(at, content)
            self.written += 1
            if append:
                image.sync()  # what a person has seen, she has seen

    def _end(self, image: Image) -> int:
        content = bytearray(image.certain)
        for at, part in image.since:
            put(content, at, part)
        return len(content)

    def _ours(self, path: str) -> str | None:
        """The name within the folder; the shared index of the log lives in memory alone."""
        if not path.startswith(f"{self.folder}/") or path.endswith("-shm"):
            return None
        return path.removeprefix(f"{self.folder}/")


def text(hexed: str) -> str:
    return bytes.fromhex(hexed.replace("\\x", "")).decode(errors="surrogateescape")


def recorded(folder: Path, log: Path) -> list[str]:
    """The calls of a quiet day, in order."""
    words = ("-xx", "-s", "10000000", "-e", f"trace={CALLS}", "-o", str(log))
    assert traced(Day(folder).work, *words) == 0
    return log.read_text(encoding="ascii").splitlines()


def main(root: Path, points: int) -> int:
    """Cuts the power at that many moments; on how many something was wrong afterwards."""
    start, day = root / "start", root / "day"
    start.mkdir(parents=True)
    assert forked(Day(start).prepare) == 0
    shutil.copytree(start, day)
    held = {file.name: Image(bytearray(file.read_bytes())) for file in day.iterdir() if file.is_file()}
    lines = recorded(day, root / "calls")
    chance = random.Random(points)
    cuts = set(chance.sample(range(len(lines)), min(points, len(lines))))
    disk, bad = Disk(day, held), 0
    for number, line in enumerate(lines):
        disk.play(line)
        if number not in cuts:
            continue
        folder = root / f"cut {number}"
        folder.mkdir()
        for name, image in disk.images.items():
            if not name.endswith("-shm") and "/" not in name:
                (folder / name).write_bytes(image.after_a_cut(chance))
        wrong = judged(folder, "look")
        bad += bool(wrong)
        if wrong:
            tell(cut=number, of=len(lines), wrong=wrong)
        shutil.rmtree(folder)
    whole = root / "whole"
    whole.mkdir()
    for name, image in disk.images.items():
        image.sync()
        if "/" not in name:
            (whole / name).write_bytes(bytes(image.certain))
    wrong = judged(whole, "judge")
    tell(points=len(cuts), calls=len(lines), writes=disk.written, bad=bad, uncut=wrong)
    return bad + bool(wrong)


if __name__ == "__main__":
    sys.exit(1 if main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 400) else 0)
