"""Histories in which each laptop exports itself after every step, and the central store is asked for it at the end.

What the store tells must be the very bytes, unless it says itself that it cannot know. Owns that comparison; the
history is any other's.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from fieldrep.contract.errors import Code, KnownError
from fieldrep.store.export import export_lines
from sync_server.store.past.replay import past_of
from tests.sim.judge.oracle import Wrong
from tests.sim.judge.watch import LEAVING
from tests.sim.laptop import Laptop
from tests.sim.play import START, History


@dataclass
class Told(History):
    """A history, and what the laptops held moment by moment."""

    moments: dict[tuple[str, int], tuple[bytes, bytes]] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)

    def note(self, text: str) -> None:
        super().note(text)
        for laptop in self.laptops:
            if not laptop.off:
                self._export(laptop)

    def sync(self, laptop: Laptop, *how: Any) -> str:
        """What counts of a moment is what a laptop held in the end."""
        told = super().sync(laptop, *how)
        self._export(laptop)
        return told

    def _export(self, laptop: Laptop) -> None:
        """Keeps what a laptop holds, where nothing waits on it and nothing is half arrived."""
        key, state = (laptop.name, self.now()), laptop.replica.state()
        self.moments.pop(key, None)
        waits = laptop.replica.depth() or laptop.numbers(LEAVING)
        plain = laptop.program.is_newest  # an older one holds less of each record than the store can tell
        if plain and state.complete and laptop.whole and state.epoch == self.central.epoch and not waits:
            with laptop.replica.read() as reader:
                self.moments[key] = laptop.device, b"".join(export_lines(reader))

    def ask_for_all(self) -> None:
        """Asks for every moment.

        Raises:
            Wrong: where the store tells something else and does not say that it may be so.
        """
        for (name, at), (device, lines) in self.moments.items():
            told = self._ask(device, at, lines)
            self.answers[told] += 1
            if told == "other":
                raise Wrong(
                    f"{name} held something else {(at - START) // 60_000} minutes after the beginning"
                )

    def _ask(self, device: bytes, at: int, lines: bytes) -> str:
        with self.central.database.read() as reader:
            try:
                stand, past = past_of(reader, device, at)
            except KnownError as error:
                # a restored store does not know who enrolled since its backup
                strange = error.code is Code.NOT_FOUND and not self.central.knows(device)
                return "not kept" if strange or error.code is Code.NOT_KEPT else "other"
            told = b"".join(past.lines()) if stand.revision else b""
            if told == lines:
                return "equal" if stand.digest in (None, past.digest) else "other"
        return "other" if stand.shown and stand.on_its_way_to is None else "not sure"
