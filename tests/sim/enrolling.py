"""How laptops come to belong to somebody: a one-time code of the office admits each as a device.

Must not know what laptops do afterwards.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fieldrep.contract.messages import PROTOCOL_VERSION, EnrollRequest
from fieldrep.sync.enrolment import device_keys
from sync_server.store.credentials import admit, make_code
from tests.sim.central import Central
from tests.sim.laptop import Laptop


@dataclass
class Enrolling:
    """The office's side of admitting laptops, in one history."""

    central: Central
    folder: Path
    now: Callable[[], int]
    seed: int

    def enrol(self, name: str, user_id: bytes, skew: int) -> Laptop:
        """A new laptop for a user."""
        laptop = Laptop(name, self.folder / name, self.now, skew, self.seed)
        public = device_keys(laptop.replica, laptop.replica.randomness).public
        asked = EnrollRequest(self._code(name, user_id), name, "sim", "1", PROTOCOL_VERSION, public)
        reply = admit(self.central.database, asked)
        chance = random.Random(f"incarnation/{name}/{self.seed}")
        laptop.replica.enrolled(reply, "http://127.0.0.1:1", "", chance.randbytes(16))
        laptop.user, laptop.device, laptop.token = reply.user_id, reply.device_id, reply.token
        self.central.names[reply.device_id] = name
        self.central.learn()
        return laptop

    def _code(self, name: str, user_id: bytes) -> str:
        with self.central.database.write("enrolment") as tx:
            return make_code(tx, random.Random(f"code/{name}/{self.seed}").randbytes, user_id)
