"""How laptops come to belong to somebody: a one-time code of the office admits each as a device.

Must not know what laptops do afterwards.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.messages import PROTOCOL_VERSION, EnrollRequest
from fieldrep.store.replica import NEXT_DEVICE_KEY
from fieldrep.sync.enrolment import device_keys
from sync_server.store.devices.credentials import admit, make_code
from tests.sim.central import Central
from tests.sim.judge.oracle import Wrong
from tests.sim.laptop import Laptop

LOCKED = "its link is refused: locked"


@dataclass
class Enrolling:
    """The office's side of admitting laptops, in one history."""

    central: Central
    folder: Path
    now: Callable[[], int]
    seed: int
    codes: int = 0

    def enrol(self, name: str, user_id: bytes, skew: int, folder: Path | None = None) -> Laptop:
        """A new laptop for a user, in a folder of its own or in one that another left behind."""
        laptop = Laptop(name, folder or self.folder / name, self.now, skew, self.seed)
        public = device_keys(laptop.replica, laptop.replica.randomness).public
        asked = EnrollRequest(self._code(name, user_id), name, "sim", "1", PROTOCOL_VERSION, public)
        reply = admit(self.central.database, asked)
        chance = random.Random(f"incarnation/{name}/{self.seed}")
        laptop.replica.enrolled(reply, "http://127.0.0.1:1", "", chance.randbytes(16))
        laptop.user, laptop.device, laptop.token = reply.user_id, reply.device_id, reply.token
        self.central.names[reply.device_id] = name
        self.central.learn()
        return laptop

    def again(self, laptop: Laptop) -> str:
        """A laptop that is admitted no longer becomes a new device in place, with everything that is on it."""
        replica, state = laptop.replica, laptop.replica.state()
        name = f"{laptop.name}.{len(laptop.formers) + 1}"
        asked = EnrollRequest(
            self._code(name, laptop.user),
            name,
            "sim",
            "1",
            PROTOCOL_VERSION,
            device_keys(replica, replica.randomness, NEXT_DEVICE_KEY).public,
            server_id=state.server_id,
            user_id=state.user_id,
            former_device=state.device_id,
            former_incarnation=state.incarnation,
            earlier=replica.formers(),
        )
        is_locked = self.central.standing.shut.get(laptop.device) == "locked"  # over a restore, too
        was = (state.device_id, *laptop.formers) if state.device_id else self._met_as(state.incarnation)
        try:
            reply = admit(self.central.database, asked)
        except KnownError as error:
            if not is_locked or error.code is not Code.DEVICE_LOCKED:
                raise
            return LOCKED
        if is_locked:
            raise Wrong(f"I18: {laptop.name} is locked, and was admitted as another device")
        incarnation = random.Random(f"incarnation/{name}/{self.seed}").randbytes(16)
        replica.enrolled(reply, "http://127.0.0.1:1", "", incarnation)
        laptop.formers.insert(0, laptop.device)
        laptop.device, laptop.token = reply.device_id, reply.token
        self.central.copies.was[reply.device_id] = was
        self.central.names[reply.device_id] = name
        self.central.learn()
        return name

    def _met_as(self, incarnation: bytes) -> tuple[bytes, ...]:
        """Which device the store was last spoken to under an incarnation, and those that one was before."""
        _, met = self.central.sql.rows("SELECT device_id, incarnation FROM device_contact")
        found = [bytes(device) for device, told in met if told and bytes(told) == incarnation]
        return (*found, *(former for one in found for former in self.central.copies.was.get(one, ())))

    def _code(self, name: str, user_id: bytes) -> str:
        self.codes += 1
        with self.central.database.write("enrolment") as tx:
            return make_code(tx, random.Random(f"code/{name}/{self.codes}/{self.seed}").randbytes, user_id)
